#include "store/sqlite/guarded.hpp"

#include <sqlite3.h>

namespace meter::sqlite {

Error error_of(const SQLite::Exception& failure, std::string_view subject) {
    const auto store_error = [&](std::string_view sentence, bool retryable) {
        std::string message(sentence);
        message.append(" (").append(failure.what()).append(")");
        return Error{ErrorCode::store, std::move(message), std::string(subject), retryable};
    };
    switch (failure.getErrorCode() & 0xff) {  // the low byte of an extended code is the primary one
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return store_error("The database is in use by another process; try again", true);
        case SQLITE_FULL:
            return store_error("The disk is full; free some space", true);
        case SQLITE_IOERR:
            return store_error("The database file could not be read or written", true);
        case SQLITE_NOMEM:
            return store_error("Out of memory", true);
        case SQLITE_TOOBIG:
            return Error{ErrorCode::too_large, "Too long to be stored", std::string(subject)};
        case SQLITE_CONSTRAINT:
            return Error{ErrorCode::conflict, failure.what(), std::string(subject)};
        case SQLITE_CORRUPT:
            return store_error("The database file is damaged; restore a backup", false);
        case SQLITE_NOTADB:
            return store_error("The file is not a database", false);
        case SQLITE_READONLY:
            return store_error("The database file may not be written; check its owner and mode", false);
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return store_error("The database file cannot be opened; check its directory, owner and mode", false);
        default:
            return store_error("The database refused the operation", false);
    }
}

}  // namespace meter::sqlite
