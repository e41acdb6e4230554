// Everything of a store as one text file, and back: for moving to another machine or another kind of store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>

#include "meter/export.hpp"
#include "meter/result.hpp"

namespace meter {

class Store;

// The file is JSON Lines in UTF-8: first {"kind":"meter_export","format":1}, then a line for each record, which is an
// object with its `kind` and its members (meter/store_record.hpp), last {"kind":"end","records":n}. Accounts, ids,
// times and order stay what they are, so what is imported into an empty store and exported again is the same to the
// byte. It holds the secrets of webhooks, cookies and headers of fetches, and the hashes of API keys.

/// Writes everything as it is at one moment; how many records. Memory: that of the largest record, a few times over.
/// The store stays in use meanwhile. Errors: unsupported; store, also when `out` takes no more.
METER_EXPORT Result<std::int64_t> export_store(Store& store, std::ostream& out);

struct ImportOptions {
    /// Longest line; reading it needs many times as much memory. Pages and results of the longest that the defaults
    /// allow fit in. [1 KiB, 2 GiB)
    std::size_t max_line_bytes = 64u << 20;
};

/// Fills an empty store from such a file, all of it or nothing; how many records. `in` must be seekable: a store may
/// have to read it again. Every record is checked as the API checks what callers send.
/// Errors: invalid_argument, invalid_url, too_large and the like about a line: the message begins with "line 12: ", the
/// subject is the member; conflict when the store is not empty or records do not fit together; unsupported for a newer
/// format; store.
METER_EXPORT Result<std::int64_t> import_store(Store& store, std::istream& in, const ImportOptions& options = {});

}  // namespace meter
