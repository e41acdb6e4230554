// http-request: one request for each item that arrives, or one when nothing leads to the node.
#include <algorithm>

#include "core/path.hpp"
#include "core/unicode.hpp"
#include "meter/json.hpp"
#include "nodes/builtin.hpp"
#include "url/url.hpp"

namespace meter::nodes {
namespace {

/// What the placeholders of one request stand for.
class HttpTexts {
public:
    HttpTexts(const NodeContext& context, const Value& item) : context_(context), item_(item) {}

    /// Errors: invalid_argument about `member`.
    Result<std::string> fill(std::string_view text, std::string_view member, bool encode) const {
        auto filled = fill_placeholders(text, [&](std::string_view name) -> std::optional<std::string> {
            auto value = value_of(name);
            return value && encode ? std::optional(url::percent_encode(*value)) : value;
        });
        if (!filled) return config_error(member, filled.error().message);
        return filled;
    }

    /// The texts in a value, one by one, so that no item can add members to a JSON body.
    Result<void> fill_texts(Value& value, std::string_view member) const {
        std::vector<Value*> open{&value};
        while (!open.empty()) {
            Value* one = open.back();
            open.pop_back();
            if (std::string* text = one->if_string()) {
                auto filled = fill(*text, member, false);
                if (!filled) return filled.error();
                *text = *std::move(filled);
            } else if (Value::Array* list = one->if_array()) {
                for (Value& inner : *list) open.push_back(&inner);
            } else if (Object* object = one->if_object()) {
                for (auto& [name, inner] : *object) open.push_back(&inner);
            }
        }
        return {};
    }

private:
    std::optional<std::string> value_of(std::string_view name) const {
        if (name == "executionId") return context_.execution_id;
        if (name == "date") return format_time(context_.started_at).substr(0, 10);
        const Value* root = name.starts_with("item.") ? &item_ : &context_.trigger_inputs;
        if (!name.starts_with("item.") && !name.starts_with("trigger.")) return std::nullopt;
        const Value* value = core::find_path(*root, name.substr(name.find('.') + 1));
        if (value == nullptr || value->is_null()) return std::nullopt;
        return value->if_string() != nullptr ? *value->if_string() : to_json(*value);
    }

    const NodeContext& context_;
    const Value& item_;
};

const Connection* http_connection(const NodeContext& context) {
    const std::string name = config_text(context.config, "connection");
    return name.empty() ? nullptr : context.connections.find(name);
}

/// Adds `query` behind the query of the URL, before its fragment. An array gives its name several times.
Result<void> http_add_query(std::string& address, const Value& config, const HttpTexts& texts) {
    const Value* query = config.find("query");
    const Object* members = query != nullptr ? query->if_object() : nullptr;
    if (members == nullptr || members->empty()) return {};
    const auto hash = address.find('#');
    const std::string fragment = hash == address.npos ? "" : address.substr(hash);
    if (hash != address.npos) address.resize(hash);
    char mark = address.find('?') == address.npos ? '?' : '&';
    for (const auto& [name, given] : *members) {
        const Value::Array one{given};
        for (const Value& value : given.if_array() != nullptr ? *given.if_array() : one) {
            if (value.is_null()) continue;
            auto text =
                texts.fill(value.if_string() != nullptr ? *value.if_string() : to_json(value), "query." + name, false);
            if (!text) return text.error();
            address += mark + url::percent_encode(name) + "=" + url::percent_encode(*text);
            mark = '&';
        }
    }
    address += fragment;
    return {};
}

/// The connection's headers go to its own origin only, and do not replace those of the node.
Result<void> http_add_credentials(Request& request, const Connection& connection) {
    const auto target = url::parse_url(request.url);
    const auto base = url::parse_url(connection.text("base_url"));
    if (!target) return target.error();
    if (!base) return config_error("connection", "has no valid base_url");
    if (url::origin(*target) != url::origin(*base))
        return config_error("url", "leads away from the connection's base_url");
    const std::string_view host = connection.text("private_host");
    if (!host.empty() && (host == base->host || host == base->host + ":" + std::to_string(base->port)))
        request.private_origin = url::origin(*base);
    const Value* headers = connection.find("headers");
    if (headers == nullptr || headers->if_object() == nullptr) return {};
    for (const auto& [name, value] : *headers->if_object()) {
        const auto same = [&name = name](const Header& header) { return core::ascii_iequals(header.first, name); };
        if (std::none_of(request.headers.begin(), request.headers.end(), same))
            request.headers.emplace_back(name, *value.if_string());
    }
    return {};
}

Result<Request> http_make_request(const NodeContext& context, const Value& item) {
    const HttpTexts texts(context, item);
    const Connection* connection = http_connection(context);
    Request request;
    if (const auto method = config_text(context.config, "method"); !method.empty()) request.method = method;
    auto address = texts.fill(config_text(context.config, "url"), "url", true);
    if (!address) return address.error();
    request.url = *address;
    if (connection != nullptr) request.url = url::resolve(connection->text("base_url"), request.url);
    if (auto ok = http_add_query(request.url, context.config, texts); !ok) return ok.error();
    if (const Value* headers = context.config.find("headers"); headers != nullptr && headers->is_object())
        for (const auto& [name, value] : *headers->if_object()) {
            auto text = texts.fill(*value.if_string(), "headers." + name, false);
            if (!text) return text.error();
            request.headers.emplace_back(name, *std::move(text));
        }
    if (connection != nullptr)
        if (auto ok = http_add_credentials(request, *connection); !ok) return ok.error();
    const Value* body = context.config.find("body");
    if (body == nullptr || body->is_null()) return request;
    Value filled = *body;
    if (auto ok = texts.fill_texts(filled, "body"); !ok) return ok.error();
    request.body = filled.if_string() != nullptr ? *filled.if_string() : to_json(filled);
    const auto is_type = [](const Header& header) { return core::ascii_iequals(header.first, "content-type"); };
    if (!body->is_string() && std::none_of(request.headers.begin(), request.headers.end(), is_type))
        request.headers.emplace_back("Content-Type", "application/json");
    return request;
}

bool http_is_json(std::string_view content_type) {
    const std::string type = core::ascii_lower(core::trim(content_type.substr(0, content_type.find(';'))));
    return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

/// The URL without its query, which may carry keys: for messages.
std::string http_place(std::string_view address) {
    return std::string(address.substr(0, address.find_first_of("?#")));
}

Result<void> http_emit(const NodeContext& context, const Request& request, Response response, ItemSink& out) {
    if (response.status >= 400)
        return Error{ErrorCode::network, "HTTP " + std::to_string(response.status) + " from " + http_place(request.url),
                     http_place(request.url), response.status == 429 || response.status >= 500};
    const Value* path = context.config.find("itemsPath");
    const bool wants_items = path != nullptr && path->is_string();
    Value body(core::sanitize_utf8(response.body));
    if (wants_items || http_is_json(response.header("content-type"))) {
        auto parsed = parse_json(response.body);
        if (!parsed)
            return Error{parsed.error().code, "Answer of " + http_place(request.url) + ": " + parsed.error().message,
                         http_place(request.url)};
        body = *std::move(parsed);
    }
    if (!wants_items)
        return out.push(output_port, Object{{"status", response.status},
                                            {"url", response.url},
                                            {"contentType", std::string(response.header("content-type"))},
                                            {"body", std::move(body)}});
    const Value* found = core::find_path(body, *path->if_string());
    if (found == nullptr)
        return Error{ErrorCode::parse, "config.itemsPath leads nowhere in the answer of " + http_place(request.url),
                     "config.itemsPath"};
    if (found->if_array() == nullptr) return out.push(output_port, *found);
    for (const Value& item : *found->if_array())
        if (auto pushed = out.push(output_port, item); !pushed) return pushed;
    return {};
}

Result<void> http_run_one(const NodeContext& context, const Value& item, ItemSink& out) {
    const auto request = http_make_request(context, item);
    if (!request) return request.error();
    auto response = context.fetcher.fetch(*request, context.stop);
    if (!response) {
        Error error = response.error();
        error.subject = http_place(request->url);
        return error;
    }
    return http_emit(context, *request, *std::move(response), out);
}

}  // namespace

NodeType http_request_type(const NodeOptions&) {
    NodeType type;
    type.node_id = "http-request";
    type.label = "HTTP request";
    type.description =
        "Sends one request for each item, or one when nothing leads to it, and emits the answers or the items in them.";
    type.category = "network";
    type.kind = NodeKind::action;
    type.connection_type = "http";
    type.config_schema = literal(R"({"type": "object", "required": ["url"], "properties": {
        "method": {"type": "string", "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], "default": "GET"},
        "url": {"type": "string", "minLength": 1, "maxLength": 4096,
                "description": "May use {{item.<path>}}, {{trigger.<path>}}, {{executionId}} and {{date}}"},
        "headers": {"type": "object"},
        "query": {"type": "object"},
        "body": {"description": "Text as it is, anything else as JSON"},
        "itemsPath": {"type": "string", "maxLength": 500, "description": "Dotted path to the items in a JSON answer"},
        "connection": {"type": "string", "description": "Its headers are sent to its own origin only"}}})");
    type.default_config = literal(R"({"method": "GET"})");
    type.check = [](const Value& config) -> Result<void> {
        if (const Value* headers = config.find("headers"); headers != nullptr && headers->is_object())
            for (const auto& [name, value] : *headers->if_object())
                if (!value.is_string()) return config_error("headers." + name, "must be a string");
        const std::string address = config_text(config, "url");
        if (address.find("{{") == address.npos && config_text(config, "connection").empty())
            if (auto valid = url::validate_url(address); !valid)
                return Error{ErrorCode::invalid_argument, "config.url is no absolute http or https URL", "config.url"};
        return {};
    };
    type.run = [](NodeContext& context, ItemSource& in, ItemSink& out) -> Result<void> {
        if (!context.has_inputs) return http_run_one(context, Value(Object{}), out);
        return each_item(in, context, [&](const Value& item) { return http_run_one(context, item, out); });
    };
    return type;
}

}  // namespace meter::nodes
