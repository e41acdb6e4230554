#include "store/sql/connection.hpp"

namespace meter::sql {

Row::~Row() = default;
Connection::~Connection() = default;
Database::~Database() = default;

}  // namespace meter::sql
