#include "nodes/records.hpp"

#include <array>
#include <utility>

#include "core/unicode.hpp"
#include "meter/json.hpp"
#include "nodes/csv.hpp"

namespace meter::nodes {
namespace {

Error record_too_large(std::uint64_t record, std::size_t limit) {
    return {ErrorCode::too_large,
            "Record " + std::to_string(record) + " is longer than " + std::to_string(limit) + " bytes"};
}

/// Reads one record as JSON and hands it over.
Result<void> emit_json(std::string_view text, std::uint64_t record, const RecordReader::Emit& emit) {
    auto value = parse_json(text, {.max_depth = 64, .max_bytes = text.size()});
    if (!value) return Error{value.error().code, "Record " + std::to_string(record) + ": " + value.error().message};
    return emit(*std::move(value));
}

class LineReader final : public RecordReader {
public:
    explicit LineReader(std::size_t limit) : limit_(limit) {}

    Result<void> feed(std::string_view bytes, const Emit& emit) override {
        while (!bytes.empty()) {
            const auto end = bytes.find('\n');
            if (line_.size() + std::min(end, bytes.size()) > limit_) return record_too_large(record_ + 1, limit_);
            line_.append(bytes.substr(0, end));
            if (end == bytes.npos) return {};
            bytes.remove_prefix(end + 1);
            if (auto taken = take(emit); !taken) return taken;
        }
        return {};
    }

    Result<void> finish(const Emit& emit) override { return take(emit); }

private:
    Result<void> take(const Emit& emit) {
        ++record_;
        std::string_view line = line_;
        if (record_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
        line = core::trim(line);
        auto outcome = line.empty() ? Result<void>() : emit_json(line, record_, emit);
        line_.clear();
        return outcome;
    }

    const std::size_t limit_;
    std::string line_;
    std::uint64_t record_ = 0;
};

/// Finds the elements of the outermost array by counting brackets outside of strings; what is between them is left to
/// the JSON parser, so that only whole values are held.
class JsonReader final : public RecordReader {
public:
    explicit JsonReader(std::size_t limit) : limit_(limit) {}

    Result<void> feed(std::string_view bytes, const Emit& emit) override {
        for (const char c : bytes)
            if (auto taken = take(c, emit); !taken) return taken;
        return {};
    }

    Result<void> finish(const Emit& emit) override {
        if (state_ == State::start) return Error{ErrorCode::parse, "The JSON text is empty"};
        if (state_ == State::single) return emit_json(text_, 1, emit);
        if (state_ != State::end) return Error{ErrorCode::parse, "The JSON array has no end"};
        return {};
    }

private:
    enum class State { start, single, first, element, after, next, end };

    static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

    Result<void> take(char c, const Emit& emit) {
        if (state_ == State::element || state_ == State::single) return take_inside(c, emit);
        if (is_blank(c)) return {};
        if (state_ == State::start) {
            if (c == '[')
                state_ = State::first;
            else
                return begin(c, State::single);
            return {};
        }
        if (state_ == State::first && c == ']') {
            state_ = State::end;
            return {};
        }
        if (state_ == State::end) return Error{ErrorCode::parse, "There is more after the JSON array"};
        return begin(c, State::element);
    }

    Result<void> begin(char c, State state) {
        state_ = state;
        text_.clear();
        depth_ = 0;
        in_string_ = escaped_ = false;
        return take_inside(c, {});
    }

    Result<void> take_inside(char c, const Emit& emit) {
        if (state_ == State::element && !in_string_ && depth_ == 0 && (c == ',' || c == ']') && !text_.empty()) {
            state_ = c == ',' ? State::next : State::end;
            return emit_json(text_, ++record_, emit);
        }
        if (text_.size() >= limit_) return record_too_large(record_ + 1, limit_);
        text_.push_back(c);
        if (in_string_) {
            if (escaped_)
                escaped_ = false;
            else if (c == '\\')
                escaped_ = true;
            else if (c == '"')
                in_string_ = false;
        } else if (c == '"') {
            in_string_ = true;
        } else if (c == '[' || c == '{') {
            ++depth_;
        } else if ((c == ']' || c == '}') && depth_ > 0) {
            --depth_;
        }
        return {};
    }

    const std::size_t limit_;
    State state_ = State::start;
    std::string text_;
    std::uint64_t depth_ = 0;
    std::uint64_t record_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
};

class LineWriter final : public RecordWriter {
public:
    Result<void> write(const Value& item, std::string& out) override {
        out.append(to_json(item)).push_back('\n');
        return {};
    }
    void finish(std::string&) override {}
};

class JsonWriter final : public RecordWriter {
public:
    Result<void> write(const Value& item, std::string& out) override {
        out.append(first_ ? "[\n" : ",\n").append(to_json(item));
        first_ = false;
        return {};
    }
    void finish(std::string& out) override { out.append(first_ ? "[]\n" : "\n]\n"); }

private:
    bool first_ = true;
};

}  // namespace

RecordReader::~RecordReader() = default;
RecordWriter::~RecordWriter() = default;

std::optional<RecordFormat> parse_record_format(std::string_view name) noexcept {
    if (name == "json") return RecordFormat::json;
    if (name == "jsonl") return RecordFormat::jsonl;
    if (name == "csv") return RecordFormat::csv;
    return std::nullopt;
}

std::optional<RecordFormat> record_format_of(std::string_view file_name) noexcept {
    if (file_name.ends_with(".json")) return RecordFormat::json;
    if (file_name.ends_with(".jsonl") || file_name.ends_with(".ndjson")) return RecordFormat::jsonl;
    if (file_name.ends_with(".csv")) return RecordFormat::csv;
    return std::nullopt;
}

std::string_view content_type_of(RecordFormat format) noexcept {
    if (format == RecordFormat::csv) return "text/csv; charset=utf-8";
    return format == RecordFormat::json ? "application/json" : "application/x-ndjson";
}

std::unique_ptr<RecordReader> make_record_reader(RecordFormat format, std::size_t max_record_bytes) {
    if (format == RecordFormat::csv) return std::make_unique<CsvReader>(max_record_bytes);
    if (format == RecordFormat::json) return std::make_unique<JsonReader>(max_record_bytes);
    return std::make_unique<LineReader>(max_record_bytes);
}

std::unique_ptr<RecordWriter> make_record_writer(RecordFormat format, std::vector<std::string> columns) {
    if (format == RecordFormat::csv) return std::make_unique<CsvWriter>(std::move(columns));
    if (format == RecordFormat::json) return std::make_unique<JsonWriter>();
    return std::make_unique<LineWriter>();
}

}  // namespace meter::nodes
