#include "meter/transfer.hpp"

#include <array>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "engine/import_checks.hpp"
#include "json/record_values.hpp"
#include "meter/json.hpp"
#include "meter/store.hpp"

namespace meter {
namespace {

constexpr std::int64_t export_format = 1;
constexpr std::string_view head_kind = "meter_export";
constexpr std::string_view end_kind = "end";

Error write_failure() {
    return {ErrorCode::store, "The export could not be written; is the disk full?", {}, true};
}

/// Lines of a stream, without their ends, each at most so long.
class BoundedLines {
public:
    BoundedLines(std::istream& in, std::size_t longest) : in_(in), longest_(longest) {}

    Result<void> rewind() {
        buffer_.clear();
        at_ = 0;
        in_.clear();
        in_.seekg(0);
        if (in_) return {};
        return Error{ErrorCode::store, "The file cannot be read from its beginning"};
    }

    /// False at the end. A last line without an end counts. Errors: too_large, store.
    Result<bool> next(std::string& line) {
        line.clear();
        for (;;) {
            const auto end = buffer_.find('\n', at_);
            const auto piece = std::string_view(buffer_).substr(at_, end == std::string::npos ? end : end - at_);
            if (line.size() + piece.size() > longest_)
                return Error{ErrorCode::too_large, "is longer than " + std::to_string(longest_) + " bytes"};
            line += piece;
            if (end != std::string::npos) {
                at_ = end + 1;
                return true;
            }
            buffer_.resize(chunk_bytes);
            in_.read(buffer_.data(), static_cast<std::streamsize>(chunk_bytes));
            buffer_.resize(static_cast<std::size_t>(in_.gcount()));
            at_ = 0;
            if (in_.bad()) return Error{ErrorCode::store, "The file cannot be read"};
            if (buffer_.empty()) return !line.empty();
        }
    }

private:
    static constexpr std::size_t chunk_bytes = 64 << 10;

    std::istream& in_;
    const std::size_t longest_;
    std::string buffer_;
    std::size_t at_ = 0;
};

/// The records of a file, each checked before it is handed out.
class FileRecords final : public RecordSource {
public:
    FileRecords(std::istream& in, const ImportOptions& options)
        : options_(options), lines_(in, options.max_line_bytes) {}

    Result<void> rewind() override {
        line_ = 0;
        records_ = 0;
        named_ = ended_ = false;
        checks_ = {};
        if (auto begun = lines_.rewind(); !begun) return begun;
        const auto head = read_line();
        if (!head) return at_line(head.error());
        return check_head(*head);
    }

    Result<std::optional<StoreRecord>> next() override {
        auto line = read_line();
        if (!line) return at_line(line.error());
        if (!*line)
            return at_line({ErrorCode::invalid_argument, "the file ends here, without its last line: it is not whole"});
        Object* members = (*line)->if_object();
        const Value* kind = members == nullptr ? nullptr : members->find("kind");
        if (kind == nullptr || kind->if_string() == nullptr)
            return at_line({ErrorCode::invalid_argument, "is no object with a kind", "kind"});
        StoreRecord record{*kind->if_string(), {}};
        if (record.kind == end_kind) return finish(**line);
        members->erase("kind");
        record.members = std::move(*members);
        if (auto valid = validate(record); !valid) return at_line(valid.error());
        if (auto valid = checks_.check(record, line_); !valid) return at_line(valid.error(), checks_.error_line());
        ++records_;
        return std::optional(std::move(record));
    }

    std::int64_t records() const noexcept { return records_; }

    /// Names the line of the record that was handed out last, when an error is not about a line yet.
    Error of_store(Error error) const {
        if (named_ || ended_ || line_ == 0) return error;
        if (error.code == ErrorCode::conflict)
            error.message = "is there twice, or refers to something that is not (" + error.message + ")";
        error.message.insert(0, "line " + std::to_string(line_) + ": ");
        return error;
    }

private:
    /// nullopt at the end of the file. Errors: parse, too_large, store.
    Result<std::optional<Value>> read_line() {
        const auto more = lines_.next(text_);
        ++line_;
        if (!more) return more.error();
        if (!*more) return std::optional<Value>{};
        auto value = parse_json(text_, {.max_depth = json::record_depth + 2, .max_bytes = options_.max_line_bytes});
        if (!value) return value.error();
        return std::optional(*std::move(value));
    }

    Result<void> check_head(const std::optional<Value>& head) {
        const Value* kind = head ? head->find("kind") : nullptr;
        const Value* format = head ? head->find("format") : nullptr;
        if (kind == nullptr || *kind != Value(head_kind) || format == nullptr || !format->is_integer())
            return at_line({ErrorCode::invalid_argument, "this is no export of meter", "kind"});
        if (*format->if_integer() != export_format)
            return at_line({ErrorCode::unsupported,
                            "the export has format " + std::to_string(*format->if_integer()) +
                                ", this program knows format " + std::to_string(export_format),
                            "format"});
        return {};
    }

    Result<std::optional<StoreRecord>> finish(const Value& line) {
        if (auto valid = checks_.finish(); !valid) return at_line(valid.error(), checks_.error_line());
        const Value* records = line.find("records");
        if (records == nullptr || *records != Value(records_))
            return at_line({ErrorCode::invalid_argument,
                            "the file should have " + (records == nullptr ? "?" : to_json(*records)) +
                                " records and has " + std::to_string(records_),
                            "records"});
        const auto more = read_line();
        if (!more) return at_line(more.error());
        if (*more) return at_line({ErrorCode::invalid_argument, "there is something behind the last line"});
        ended_ = true;
        return std::optional<StoreRecord>{};
    }

    Error at_line(Error error, std::int64_t line = 0) {
        named_ = true;
        error.message.insert(0, "line " + std::to_string(line == 0 ? line_ : line) + ": ");
        return error;
    }

    const ImportOptions options_;
    BoundedLines lines_;
    ImportChecks checks_;
    std::string text_;
    std::int64_t line_ = 0;
    std::int64_t records_ = 0;
    bool named_ = false;  ///< an error that names its line was handed out
    bool ended_ = false;
};

}  // namespace

Result<std::int64_t> export_store(Store& store, std::ostream& out) {
    std::int64_t records = 0;
    out << to_json(Object{{"kind", head_kind}, {"format", export_format}}) << '\n';
    const auto done = store.export_records([&](const StoreRecord& record) -> Result<void> {
        Object line{{"kind", record.kind}};
        for (const auto& [name, value] : record.members) line.append(name, value);
        out << to_json(Value(std::move(line))) << '\n';
        ++records;
        if (!out) return write_failure();
        return {};
    });
    if (!done) return done.error();
    out << to_json(Object{{"kind", end_kind}, {"records", records}}) << '\n';
    if (!out.flush()) return write_failure();
    return records;
}

Result<std::int64_t> import_store(Store& store, std::istream& in, const ImportOptions& options) {
    constexpr std::size_t least = 1 << 10, most = (std::size_t{2} << 30) - 1;
    if (options.max_line_bytes < least || options.max_line_bytes > most)
        return Error{ErrorCode::invalid_argument, "max_line_bytes must be from 1 KiB to 2 GiB", "max_line_bytes"};
    FileRecords records(in, options);
    if (const auto done = store.import_records(records); !done) return records.of_store(done.error());
    return records.records();
}

}  // namespace meter
