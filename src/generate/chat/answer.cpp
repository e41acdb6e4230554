#include "generate/chat/answer.hpp"

#include <algorithm>
#include <utility>

#include "core/unicode.hpp"
#include "generate/words.hpp"
#include "meter/extract.hpp"
#include "meter/json.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_answer_depth = 32;
constexpr std::size_t max_free_fields = 40;
constexpr std::size_t max_looked_at = 400;  // fields of an answer

Error bad_answer(std::string what) {
    return Error{ErrorCode::parse, std::move(what), "model"};
}

/// The text of the first choice.
const std::string* completion_text(const Value& answer) {
    const Value* choices = answer.find("choices");
    const auto* list = choices != nullptr ? choices->if_array() : nullptr;
    if (list == nullptr || list->empty()) return nullptr;
    const Value* message = list->front().find("message");
    const Value* content = message != nullptr ? message->find("content") : nullptr;
    return content != nullptr ? content->if_string() : nullptr;
}

/// From the first brace behind a train of thought to the last one.
std::string_view object_in(std::string_view text) {
    constexpr std::string_view end_of_thought = "</think>";
    if (const std::size_t end = text.rfind(end_of_thought); end != std::string_view::npos)
        text.remove_prefix(end + end_of_thought.size());
    const std::size_t begin = text.find('{'), end = text.rfind('}');
    return begin < end && end != std::string_view::npos ? text.substr(begin, end - begin + 1) : std::string_view();
}

std::string snake_name(std::string_view name) {
    std::string out;
    for (const std::string& word : words_of(name)) {
        if (out.size() + word.size() > 60) break;
        out += (out.empty() ? "" : "_") + word;
    }
    return out;
}

/// The wanted field that a name stands for; empty when there is none.
std::string wanted_name(std::string_view name, const Intent& intent, bool any_name) {
    for (const WantedField& field : intent.fields)
        if (field.name == name) return field.name;
    const std::string snake = snake_name(name);
    if (snake.empty()) return {};
    for (const WantedField& field : intent.fields)
        if (snake_name(field.name) == snake || singular(snake_name(field.name)) == singular(snake)) return field.name;
    return any_name ? snake : std::string();
}

/// The members of `from` named, when they are of a kind that plans take there.
Object known_members(const Value& from, std::initializer_list<std::string_view> names) {
    Object kept;
    for (const std::string_view name : names)
        if (const Value* value = from.find(name);
            value != nullptr && !value->is_array() && !value->is_object() && !value->is_null())
            kept.set(std::string(name), *value);
    return kept;
}

}  // namespace

Result<Value> read_chat_answer(std::string_view body, const Intent& intent, bool any_name) {
    const auto answer = parse_json(body, {.max_depth = max_answer_depth});
    if (!answer) return bad_answer("no JSON: " + answer.error().message);
    const std::string* text = completion_text(*answer);
    if (text == nullptr) return bad_answer("no chat completion");
    const auto plan = parse_json(object_in(*text), {.max_depth = max_answer_depth});
    if (!plan) return bad_answer("the text holds no JSON object");
    const Value* container = plan->find("container");
    const Value* fields = plan->find("fields");
    if (container == nullptr || fields == nullptr || !fields->is_object()) return bad_answer("no plan");
    Object kept;
    std::size_t looked_at = 0;
    for (const auto& [name, field] : *fields->if_object()) {
        if (++looked_at > max_looked_at) break;
        const std::string wanted = wanted_name(name, intent, any_name);
        if (wanted.empty() || kept.contains(wanted) || kept.size() >= intent.fields.size() + max_free_fields) continue;
        Object definition = field.if_string() != nullptr
                                ? Object{{"selector", field}}
                                : known_members(field, {"selector", "attribute", "all", "regex", "decimal"});
        if (!definition.contains("selector") && !definition.contains("attribute")) continue;
        kept.set(wanted, std::move(definition));
    }
    if (kept.empty()) return bad_answer("no wanted field");
    Object box = container->if_string() != nullptr ? Object{{"selector", *container}}
                                                   : known_members(*container, {"selector", "limit"});
    const Value* selector = box.find("selector");
    if (selector == nullptr || selector->if_string() == nullptr) return bad_answer("no container");
    Value definition = Object{{"type", "css"}, {"container", std::move(box)}, {"fields", std::move(kept)}};
    if (const auto valid = Plan::parse(definition); !valid)
        return bad_answer(valid.error().subject + ": " + valid.error().message);
    return definition;
}

}  // namespace meter::generate
