#include "json/wire_parts.hpp"

#include <algorithm>

#include "core/url_text.hpp"

namespace meter::json {
namespace {

constexpr std::size_t most_list_urls = 10'000;
constexpr std::size_t most_key_fields = 10;
constexpr TextLength webhook_secret_length{0, 256};

}  // namespace

Value without_nulls(Value value) {
    Object* object = value.if_object();
    if (object == nullptr) return value;
    Object kept;
    for (auto& [name, member] : *object)
        if (!member.is_null()) kept.append(name, std::move(member));
    return kept;
}

bool is_parameter(const Value& value) {
    if (value.is_scalar()) return true;
    const Value::Array* array = value.if_array();
    return array != nullptr && std::all_of(array->begin(), array->end(),
                                           [](const Value& one) { return one.is_scalar() && !one.is_null(); });
}

std::optional<Value> read_parameters(Members& in, std::string_view name) {
    const Object* parameters = in.object(name);
    if (parameters == nullptr) return std::nullopt;
    for (const auto& [parameter, value] : *parameters) {
        if (is_parameter(value)) continue;
        in.fail(std::string(name) + "." + parameter, "must be a scalar, an array of scalars or null");
        return std::nullopt;
    }
    return *in.find(name);
}

void drop_nulls(Object& object, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names)
        if (const Value* value = object.find(name); value != nullptr && value->is_null()) object.erase(name);
}

std::vector<std::string> read_urls(Members& in) {
    const Value::Array* array = in.array("urls", 1, most_list_urls);
    std::vector<std::string> urls;
    if (array == nullptr) return urls;
    urls.reserve(array->size());
    for (const Value& value : *array) {
        const std::string path = "urls." + std::to_string(urls.size());
        const std::string* text = value.if_string();
        if (text == nullptr) {
            in.fail({ErrorCode::invalid_argument, path + " must be a string", path});
            return urls;
        }
        urls.push_back(*text);
    }
    for (std::size_t i = 0; i < urls.size() && !in.error(); ++i)
        if (auto valid = core::validate_url(urls[i]); !valid)
            in.fail({valid.error().code, valid.error().message, "urls." + std::to_string(i)});
    return urls;
}

std::optional<Value> read_ignore(Members& in) {
    if (in.is_null("ignore")) return Value();
    if (in.object("ignore") == nullptr) return std::nullopt;
    return without_nulls(*in.find("ignore"));
}

std::optional<Value> read_key(Members& in) {
    if (in.is_null("key")) return Value();
    if (in.array("key", 0, most_key_fields) == nullptr) return std::nullopt;
    return *in.find("key");
}

std::optional<Value> read_filter_config(Members& in) {
    if (in.is_null("filter_config") || in.object("filter_config") == nullptr) return std::nullopt;
    Value config = without_nulls(*in.find("filter_config"));
    Value* conditions = config.if_object()->find("conditions");
    if (Value::Array* list = conditions == nullptr ? nullptr : conditions->if_array())
        for (Value& condition : *list) condition = without_nulls(std::move(condition));
    return config;
}

WebhookRequest read_webhook(Members& in) {
    WebhookRequest webhook;
    if (const auto type = in.word("webhook_type", {"standard", "slack", "slack_workflow", "discord", "email"}))
        webhook.type = static_cast<WebhookType>(*type);
    if (const auto on = in.word("webhook_on", {"all", "changes"})) webhook.on = static_cast<WebhookOn>(*on);
    if (in.object("webhook_metadata") != nullptr) webhook.metadata = *in.find("webhook_metadata");
    webhook.secret = in.text("webhook_secret", webhook_secret_length);
    webhook.url = in.text("webhook_url");
    return webhook;
}

}  // namespace meter::json
