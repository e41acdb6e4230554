// CSV by RFC 4180: records end with CRLF or LF, fields may be quoted, quotes in them are doubled. UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nodes/records.hpp"

namespace meter::nodes {

class CsvReader final : public RecordReader {
public:
    explicit CsvReader(std::size_t limit) : limit_(limit) {}

    Result<void> feed(std::string_view bytes, const Emit& emit) override;
    Result<void> finish(const Emit& emit) override;

private:
    enum class State { field_start, bare, quoted, quote_in_quoted, carriage_return };

    Result<void> take_head(const Emit& emit);
    Result<void> take(char c, const Emit& emit);
    Result<void> end_record(const Emit& emit);
    void end_field();
    Result<void> put(char c);
    Error error(std::string_view what) const;

    const std::size_t limit_;
    State state_ = State::field_start;
    std::string field_;
    std::vector<std::string> fields_;
    std::size_t record_bytes_ = 0;
    std::vector<std::string> names_;  // the header; empty before it
    std::uint64_t record_ = 0;        // ended ones
    bool touched_ = false;            // is there anything of the next record?
    std::string head_;                // the first three bytes
    bool begun_ = false;              // have they been looked at?
};

class CsvWriter final : public RecordWriter {
public:
    explicit CsvWriter(std::vector<std::string> columns) : columns_(std::move(columns)) {}

    Result<void> write(const Value& item, std::string& out) override;
    void finish(std::string& out) override;

private:
    void write_header(std::string& out);

    std::vector<std::string> columns_;
    bool has_header_ = false;
    std::uint64_t items_ = 0;
};

}  // namespace meter::nodes
