#include "migrate/yaml.hpp"

#ifdef METER_WITH_YAML

#include <yaml.h>

#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

namespace meter::server {
namespace {

constexpr std::size_t deepest_yaml = 32;
constexpr std::size_t most_yaml_nodes = 1'000'000;
constexpr std::size_t most_yaml_members = 1'000;  // of one mapping: looked up one after the other
constexpr std::size_t most_yaml_documents = 100'000;

struct ParserDeleter {
    void operator()(yaml_parser_t* parser) const noexcept {
        yaml_parser_delete(parser);
        delete parser;
    }
};

/// One event; freed with it.
class YamlEvent {
public:
    YamlEvent() = default;
    YamlEvent(const YamlEvent&) = delete;
    YamlEvent& operator=(const YamlEvent&) = delete;
    ~YamlEvent() {
        if (filled_) yaml_event_delete(&event_);
    }
    bool read_from(yaml_parser_t& parser) {
        filled_ = yaml_parser_parse(&parser, &event_) != 0;
        return filled_;
    }
    const yaml_event_t& operator*() const noexcept { return event_; }
    const yaml_event_t* operator->() const noexcept { return &event_; }
    int line() const noexcept { return static_cast<int>(event_.start_mark.line) + 1; }

private:
    yaml_event_t event_{};
    bool filled_ = false;
};

/// A plain scalar means what it looks like (YAML 1.2 section 10.3.2).
Value plain_scalar(std::string_view text) {
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
    for (const std::string_view word : {"true", "True", "TRUE", "yes", "Yes", "YES"})
        if (text == word) return true;
    for (const std::string_view word : {"false", "False", "FALSE", "no", "No", "NO"})
        if (text == word) return false;
    const char* end = text.data() + text.size();
    std::int64_t integer = 0;
    if (const auto read = std::from_chars(text.data(), end, integer); read.ec == std::errc() && read.ptr == end)
        return integer;
    double number = 0;
    const bool looks_like_one =
        (text.front() >= '0' && text.front() <= '9') || text.front() == '-' || text.front() == '.';
    if (looks_like_one)
        if (const auto read = std::from_chars(text.data(), end, number);
            read.ec == std::errc() && read.ptr == end && std::isfinite(number))
            return number;
    return text;
}

/// Tags that mean no more than what is written.
bool is_known_tag(const yaml_char_t* tag) {
    if (tag == nullptr) return true;
    const std::string_view text = reinterpret_cast<const char*>(tag);
    for (const std::string_view known :
         {YAML_NULL_TAG, YAML_BOOL_TAG, YAML_STR_TAG, YAML_INT_TAG, YAML_FLOAT_TAG, YAML_SEQ_TAG, YAML_MAP_TAG, "!"})
        if (text == known) return true;
    return false;
}

/// Puts one document together. What is open is a stack here, so that depth costs no call stack.
class DocumentBuilder {
public:
    explicit DocumentBuilder(int line) { document_.line = line; }

    void refuse(int line, std::string_view why) {
        if (document_.refused.empty()) document_.refused = "line " + std::to_string(line) + ": " + std::string(why);
    }
    bool open(bool mapping, int line) {
        if (expects_key()) refuse(line, "a key must be a text");
        open_.push_back({mapping ? Value(Object{}) : Value(Value::Array{}), std::nullopt});
        return open_.size() <= deepest_yaml;
    }
    void close() {
        Value value = std::move(open_.back().value);
        open_.pop_back();
        add(std::move(value));
    }
    void scalar(const yaml_event_t& event, int line) {
        const std::string_view text(reinterpret_cast<const char*>(event.data.scalar.value), event.data.scalar.length);
        if (expects_key()) {
            if (text == "<<") refuse(line, "merge keys are not read; write their members out");
            open_.back().key = std::string(text);
            return;
        }
        add(event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain_scalar(text) : Value(text));
    }
    void alias(int line) {
        refuse(line, "aliases are not read; write out what they stand for");
        if (expects_key())
            open_.back().key = "";
        else
            add({});
    }
    YamlDocument finish() && { return std::move(document_); }

private:
    struct Open {
        Value value;
        std::optional<std::string> key;
    };
    bool expects_key() const { return !open_.empty() && open_.back().value.is_object() && !open_.back().key; }
    void add(Value value) {
        if (open_.empty()) {
            document_.value = std::move(value);
        } else if (Value::Array* array = open_.back().value.if_array()) {
            array->push_back(std::move(value));
        } else if (open_.back().key) {
            Object& members = *open_.back().value.if_object();
            const std::string key = *std::exchange(open_.back().key, std::nullopt);
            if (members.size() < most_yaml_members)
                members.set(key, std::move(value));
            else
                refuse(document_.line, "a mapping has more than 1000 members");
        } else {  // stood where a key should: refused already
            open_.back().key = "";
        }
    }

    YamlDocument document_;
    std::vector<Open> open_;
};

Error yaml_error(const yaml_parser_t& parser) {
    const std::string what = parser.problem != nullptr ? parser.problem : "cannot be read";
    return {ErrorCode::parse, "line " + std::to_string(parser.problem_mark.line + 1) + ": " + what};
}

}  // namespace

Result<std::vector<YamlDocument>> read_yaml(std::string_view text) {
    std::unique_ptr<yaml_parser_t, ParserDeleter> parser(new yaml_parser_t{});
    if (yaml_parser_initialize(parser.get()) == 0) return Error{ErrorCode::internal, "libyaml could not be started"};
    yaml_parser_set_encoding(parser.get(), YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
    std::vector<YamlDocument> documents;
    std::optional<DocumentBuilder> building;
    for (std::size_t nodes = 0;;) {
        YamlEvent event;
        if (!event.read_from(*parser)) return yaml_error(*parser);
        if (++nodes > most_yaml_nodes) return Error{ErrorCode::too_large, "The file has more than 1000000 parts"};
        switch (event->type) {
            case YAML_STREAM_END_EVENT:
                return documents;
            case YAML_DOCUMENT_START_EVENT:
                building.emplace(event.line());
                break;
            case YAML_DOCUMENT_END_EVENT:
                if (documents.size() == most_yaml_documents)
                    return Error{ErrorCode::too_large, "The file has more than 100000 documents"};
                documents.push_back(std::move(*building).finish());
                building.reset();
                break;
            case YAML_SCALAR_EVENT:
                if (!is_known_tag(event->data.scalar.tag)) building->refuse(event.line(), "tags are not read");
                building->scalar(*event, event.line());
                break;
            case YAML_ALIAS_EVENT:
                building->alias(event.line());
                break;
            case YAML_SEQUENCE_START_EVENT:
            case YAML_MAPPING_START_EVENT:
                if (!is_known_tag(event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.tag
                                                                           : event->data.mapping_start.tag))
                    building->refuse(event.line(), "tags are not read");
                if (!building->open(event->type == YAML_MAPPING_START_EVENT, event.line()))
                    return Error{ErrorCode::too_large,
                                 "line " + std::to_string(event.line()) + ": more than 32 levels"};
                break;
            case YAML_SEQUENCE_END_EVENT:
            case YAML_MAPPING_END_EVENT:
                building->close();
                break;
            case YAML_NO_EVENT:
            case YAML_STREAM_START_EVENT:
                break;
        }
    }
}

}  // namespace meter::server

#else

namespace meter::server {

Result<std::vector<YamlDocument>> read_yaml(std::string_view) {
    return Error{ErrorCode::unsupported, "This build reads no YAML: it was made with METER_WITH_YAML off"};
}

}  // namespace meter::server

#endif
