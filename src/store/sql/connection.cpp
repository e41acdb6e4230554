#include "store/sql/connection.hpp"

namespace meter::sql {

Row::~Row() = default;
Connection::~Connection() = default;
Database::~Database() = default;

Result<void> Database::run_select(std::string_view operation, const Work& work) {
    return run_read(operation, work);
}

Result<void> Database::back_up(const std::string&) {
    return Error{ErrorCode::unsupported, "There is no file to back up; use the means of the database"};
}

}  // namespace meter::sql
