// The members of a config that say how records are written: shared by files and objects.
#pragma once

#include <string>
#include <string_view>

#include "nodes/builtin.hpp"
#include "nodes/records.hpp"

namespace meter::nodes {

/// `format`, or what the name's end says. Errors: invalid_argument, "config.format".
Result<RecordFormat> config_format(const Value& config, std::string_view name_member);

/// `columns`, for CSV.
std::vector<std::string> config_columns(const Value& config);

/// Counts and writes what passes: bytes are handed to `put` in pieces of about `piece` bytes.
class RecordOutput {
public:
    using Put = std::function<Result<void>(std::string&)>;

    RecordOutput(std::unique_ptr<RecordWriter> writer, std::size_t piece, Put put)
        : writer_(std::move(writer)), piece_(piece), put_(std::move(put)) {}

    Result<void> write(const Value& item);
    /// Hands over the rest, which may be empty.
    Result<void> finish();

    std::int64_t rows() const noexcept { return rows_; }
    std::int64_t bytes() const noexcept { return bytes_; }

private:
    std::unique_ptr<RecordWriter> writer_;
    const std::size_t piece_;
    const Put put_;  ///< takes the bytes out of the buffer, all or part of them
    std::string buffer_;
    std::int64_t rows_ = 0;
    std::int64_t bytes_ = 0;
};

}  // namespace meter::nodes
