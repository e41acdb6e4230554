#include "store/sql/connection.hpp"

namespace meter::sql {

Row::~Row() = default;
Connection::~Connection() = default;
Database::~Database() = default;

Result<void> Database::back_up(const std::string&) {
    return Error{ErrorCode::unsupported, "There is no file to back up; use the means of the database"};
}

}  // namespace meter::sql
