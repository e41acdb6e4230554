#include "json/object_writer.hpp"

#include <utility>

#include "json/number_text.hpp"
#include "meter/json.hpp"

namespace meter::json {

void ObjectWriter::begin(std::string_view name) {
    if (text_.empty()) text_.reserve(512);
    text_.push_back(text_.empty() ? '{' : ',');
    text_.append(1, '"').append(name).append("\":");
}

ObjectWriter& ObjectWriter::text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(text_, value);
    return *this;
}

ObjectWriter& ObjectWriter::text_or_null(std::string_view name, const std::optional<std::string>& value) {
    return value ? text(name, *value) : json(name, "null");
}

ObjectWriter& ObjectWriter::texts(std::string_view name, const std::vector<std::string>& values) {
    begin(name);
    text_.push_back('[');
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) text_.push_back(',');
        append_json_string(text_, values[i]);
    }
    text_.push_back(']');
    return *this;
}

ObjectWriter& ObjectWriter::json(std::string_view name, std::string_view value) {
    begin(name);
    text_.append(value);
    return *this;
}

ObjectWriter& ObjectWriter::json_or_null(std::string_view name, const std::optional<std::string>& value) {
    return json(name, value ? std::string_view(*value) : "null");
}

ObjectWriter& ObjectWriter::integer(std::string_view name, std::int64_t value) {
    begin(name);
    append_number(text_, value);
    return *this;
}

ObjectWriter& ObjectWriter::integer_or_null(std::string_view name, const std::optional<std::int64_t>& value) {
    return value ? integer(name, *value) : json(name, "null");
}

ObjectWriter& ObjectWriter::number(std::string_view name, double value) {
    begin(name);
    append_number(text_, value);
    return *this;
}

ObjectWriter& ObjectWriter::flag(std::string_view name, bool value) {
    return json(name, value ? "true" : "false");
}

ObjectWriter& ObjectWriter::flag_or_null(std::string_view name, const std::optional<bool>& value) {
    return value ? flag(name, *value) : json(name, "null");
}

ObjectWriter& ObjectWriter::time(std::string_view name, TimePoint value) {
    return text(name, format_time(value));
}

ObjectWriter& ObjectWriter::time_or_null(std::string_view name, const std::optional<TimePoint>& value) {
    return value ? time(name, *value) : json(name, "null");
}

std::string ObjectWriter::finish() && {
    if (text_.empty()) text_.push_back('{');
    text_.push_back('}');
    return std::move(text_);
}

}  // namespace meter::json
