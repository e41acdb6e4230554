#include "nodes/csv.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/unicode.hpp"
#include "meter/json.hpp"

namespace meter::nodes {
namespace {

constexpr std::size_t csv_columns = 10'000;

void csv_append_field(std::string& out, std::string_view text) {
    // A byte order mark that belongs to the first name would be taken for that of the file.
    if (text.find_first_of(",\"\r\n") == text.npos && !text.starts_with("\xEF\xBB\xBF")) {
        out.append(text);
        return;
    }
    out.push_back('"');
    for (const char c : text) {
        if (c == '"') out.push_back('"');
        out.push_back(c);
    }
    out.push_back('"');
}

}  // namespace

Error CsvReader::error(std::string_view what) const {
    return {ErrorCode::parse, "CSV record " + std::to_string(record_ + 1) + " " + std::string(what)};
}

Result<void> CsvReader::feed(std::string_view bytes, const Emit& emit) {
    if (!begun_) {
        const std::size_t part = std::min(bytes.size(), 3 - head_.size());
        head_.append(bytes.substr(0, part));
        bytes.remove_prefix(part);
        if (head_.size() < 3) return {};
        if (auto taken = take_head(emit); !taken) return taken;
    }
    for (const char c : bytes)
        if (auto taken = take(c, emit); !taken) return taken;
    return {};
}

/// A byte order mark in front is no part of the first name.
Result<void> CsvReader::take_head(const Emit& emit) {
    begun_ = true;
    if (head_ == "\xEF\xBB\xBF") return {};
    for (const char c : head_)
        if (auto taken = take(c, emit); !taken) return taken;
    return {};
}

Result<void> CsvReader::put(char c) {
    if (++record_bytes_ > limit_)
        return Error{ErrorCode::too_large, "CSV record " + std::to_string(record_ + 1) + " is longer than " +
                                               std::to_string(limit_) + " bytes"};
    field_.push_back(c);
    return {};
}

void CsvReader::end_field() {
    fields_.push_back(std::exchange(field_, {}));
    state_ = State::field_start;
}

Result<void> CsvReader::take(char c, const Emit& emit) {
    if (state_ == State::quoted) {
        if (c != '"') return put(c);
        state_ = State::quote_in_quoted;
        return {};
    }
    if (state_ == State::carriage_return && c != '\n') return error("has a carriage return without a line feed");
    if (c == '\r' || c == '\n') {
        if (c == '\r') {
            state_ = state_ == State::field_start && !touched_ ? State::field_start : State::carriage_return;
            return {};
        }
        if (!touched_) return {};  // an empty line
        end_field();
        return end_record(emit);
    }
    touched_ = true;
    if (c == ',') {
        if (fields_.size() + 1 >= csv_columns) return error("has too many fields");
        if (++record_bytes_ > limit_) return put(c);
        end_field();
        return {};
    }
    if (c == '"') {
        if (state_ == State::field_start) {
            state_ = State::quoted;
            return {};
        }
        if (state_ != State::quote_in_quoted) return error("has a quote inside of a field without quotes");
        state_ = State::quoted;
        return put(c);
    }
    if (state_ == State::quote_in_quoted) return error("has text behind a closing quote");
    state_ = State::bare;
    return put(c);
}

Result<void> CsvReader::end_record(const Emit& emit) {
    for (const auto& field : fields_)
        if (!core::is_valid_utf8(field)) return error("is no UTF-8");
    auto fields = std::exchange(fields_, {});
    record_bytes_ = 0;
    touched_ = false;
    if (names_.empty()) {
        std::set<std::string_view> seen;
        for (const auto& name : fields)
            if (!seen.insert(name).second) return error("names the column \"" + name + "\" twice");
        names_ = std::move(fields);
        ++record_;
        return {};
    }
    if (fields.size() > names_.size()) return error("has more fields than the header");
    Object item;
    for (std::size_t i = 0; i < fields.size(); ++i) item.append(names_[i], std::move(fields[i]));
    ++record_;
    return emit(Value(std::move(item)));
}

Result<void> CsvReader::finish(const Emit& emit) {
    if (!begun_)
        if (auto taken = take_head(emit); !taken) return taken;
    if (state_ == State::quoted) return error("ends inside of quotes");
    if (state_ == State::carriage_return) return error("has a carriage return without a line feed");
    if (!touched_) return {};
    end_field();
    return end_record(emit);
}

void CsvWriter::write_header(std::string& out) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i > 0) out.push_back(',');
        csv_append_field(out, columns_[i]);
    }
    if (columns_.size() == 1 && columns_.front().empty()) out.append("\"\"");  // an empty line is no record
    out.append("\r\n");
    has_header_ = true;
}

Result<void> CsvWriter::write(const Value& item, std::string& out) {
    ++items_;
    const Object* object = item.if_object();
    if (object == nullptr || object->empty())
        return Error{ErrorCode::invalid_argument,
                     "Item " + std::to_string(items_) + " is no object with members, which CSV needs"};
    if (!has_header_) {
        if (columns_.empty())
            for (const auto& [name, value] : *object) columns_.push_back(name);
        write_header(out);
    }
    std::size_t known = 0;
    const std::size_t before = out.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (i > 0) out.push_back(',');
        const Value* value = object->find(columns_[i]);
        if (value == nullptr) continue;
        ++known;
        if (value->is_null()) continue;
        csv_append_field(out, value->if_string() != nullptr ? *value->if_string() : to_json(*value));
    }
    // A single empty field would be an empty line.
    if (out.size() == before) out.append("\"\"");
    out.append("\r\n");
    if (known == object->size()) return {};
    for (const auto& [name, value] : *object)
        if (std::find(columns_.begin(), columns_.end(), name) == columns_.end())
            return Error{ErrorCode::invalid_argument,
                         "Item " + std::to_string(items_) + " has the member \"" + name +
                             "\", which the CSV header lacks; name all in config.columns",
                         "config.columns"};
    return {};
}

void CsvWriter::finish(std::string& out) {
    if (!has_header_ && !columns_.empty()) write_header(out);
}

}  // namespace meter::nodes
