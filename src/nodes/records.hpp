// Records in bytes: JSON, JSON lines and CSV, read and written piece by piece.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter::nodes {

enum class RecordFormat { json, jsonl, csv };

/// "json", "jsonl" or "csv"; nullopt for anything else.
std::optional<RecordFormat> parse_record_format(std::string_view name) noexcept;
/// By the end of a file name (.json, .jsonl, .ndjson, .csv).
std::optional<RecordFormat> record_format_of(std::string_view file_name) noexcept;
std::string_view content_type_of(RecordFormat format) noexcept;

/// Takes bytes in pieces of any size and gives items. Holds one record at a time, and no more than its limit.
class RecordReader {
public:
    using Emit = std::function<Result<void>(Value)>;

    virtual ~RecordReader();
    /// Errors: parse (with the place), too_large, those of `emit`. After an error the reader is of no more use.
    virtual Result<void> feed(std::string_view bytes, const Emit& emit) = 0;
    /// The end of the bytes.
    virtual Result<void> finish(const Emit& emit) = 0;
};

/// json: the elements of one array, or any other value as the only item. jsonl: a value on each line, empty lines do
/// not count. csv: RFC 4180; the first record names the members, all values are texts, a short record lacks members.
std::unique_ptr<RecordReader> make_record_reader(RecordFormat format, std::size_t max_record_bytes);

/// Makes bytes of items.
class RecordWriter {
public:
    virtual ~RecordWriter();
    /// Appends to `out`. Errors: invalid_argument for an item the format has no form for.
    virtual Result<void> write(const Value& item, std::string& out) = 0;
    virtual void finish(std::string& out) = 0;
};

/// csv: the columns are `columns`, or without any the members of the first item; an item with another member is
/// refused. null is an empty field, arrays and objects are JSON.
std::unique_ptr<RecordWriter> make_record_writer(RecordFormat format, std::vector<std::string> columns);

}  // namespace meter::nodes
