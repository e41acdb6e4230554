#include "meter/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "json/members.hpp"
#include "meter/json.hpp"

namespace meter {
namespace {

constexpr std::size_t connection_name_length = 100;
constexpr std::size_t connection_secret_length = 4;  // shorter ones would tear holes into every other text
constexpr std::size_t connection_text_length = 16'384;

/// Members that say where and who. Everything else that is text is a secret.
constexpr std::array<std::string_view, 17> connection_open_members{
    "type", "host",   "port",     "socket",  "database", "user",    "username", "path",        "region",
    "tls",  "bucket", "endpoint", "sslmode", "ca_file",  "timeout", "base_url", "private_host"};

bool connection_name_fits(std::string_view name) {
    constexpr std::string_view marks = "_.-";
    return !name.empty() && name.size() <= connection_name_length && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != marks.npos;
    });
}

void connection_texts(json::Members& in, std::initializer_list<std::string_view> names) {
    for (const auto name : names) in.text(name, {0, connection_text_length});
}

void connection_check_headers(json::Members& in) {
    const Object* headers = in.object("headers");
    if (headers == nullptr) return;
    for (const auto& [name, value] : *headers)
        if (!value.is_string()) in.fail("headers." + name, "must be a string");
}

/// `private_host` opens the gate for one host: the one the same connection names.
void connection_check_private_host(json::Members& in, std::string_view url_member) {
    const auto host = in.text("private_host", {1, 300});
    if (host && !in.has(url_member)) in.fail(url_member, "must be given with private_host");
}

void connection_check(json::Members& in, std::string_view type) {
    if (type == "sqlite") {
        in.require({"path"});
        in.text("path", {1, 4096});
    } else if (type == "postgres") {
        in.require({"host", "database"});
        connection_texts(in, {"host", "database", "user", "password", "ca_file"});
        in.integer("port", 1, 65535);
        in.word("sslmode", {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"});
    } else if (type == "mysql") {
        in.require({"database"});
        connection_texts(in, {"host", "socket", "database", "user", "password", "ca_file"});
        if (in.has("host") == in.has("socket")) in.fail("host", "or socket must be given, and not both");
        in.integer("port", 1, 65535);
        in.flag("tls");
    } else if (type == "s3") {
        in.require({"access_key_id", "secret_access_key"});
        connection_texts(in, {"access_key_id", "secret_access_key", "session_token", "region"});
        in.url("endpoint");
        connection_check_private_host(in, "endpoint");
    } else if (type == "http") {
        in.require({"base_url"});
        in.url("base_url");
        connection_check_headers(in);
        connection_check_private_host(in, "base_url");
    }
}

/// Walks the members without recursion; arrays and objects inside of secret members are secret all through.
void connection_collect_secrets(const Object& members, std::vector<std::string>& secrets) {
    std::vector<const Value*> open;
    for (const auto& [name, value] : members)
        if (std::find(connection_open_members.begin(), connection_open_members.end(), name) ==
            connection_open_members.end())
            open.push_back(&value);
    while (!open.empty()) {
        const Value* value = open.back();
        open.pop_back();
        if (const auto* text = value->if_string(); text != nullptr && text->size() >= connection_secret_length) {
            secrets.push_back(*text);
            std::string literal;  // as it looks within JSON texts
            append_json_string(literal, *text);
            if (literal.size() != text->size() + 2) secrets.push_back(literal.substr(1, literal.size() - 2));
        }
        if (const auto* array = value->if_array())
            for (const Value& one : *array) open.push_back(&one);
        if (const auto* object = value->if_object())
            for (const auto& [name, one] : *object) open.push_back(&one);
    }
}

}  // namespace

Connection::Connection(std::string name, std::string type, Object members)
    : name_(std::move(name)), type_(std::move(type)), members_(std::move(members)) {}

std::string_view Connection::text(std::string_view member) const noexcept {
    const Value* value = members_.find(member);
    const std::string* text = value != nullptr ? value->if_string() : nullptr;
    return text != nullptr ? std::string_view(*text) : std::string_view();
}

std::int64_t Connection::integer(std::string_view member, std::int64_t fallback) const noexcept {
    const Value* value = members_.find(member);
    const std::int64_t* number = value != nullptr ? value->if_integer() : nullptr;
    return number != nullptr ? *number : fallback;
}

bool Connection::flag(std::string_view member, bool fallback) const noexcept {
    const Value* value = members_.find(member);
    const bool* flag = value != nullptr ? value->if_bool() : nullptr;
    return flag != nullptr ? *flag : fallback;
}

Result<Connections> Connections::parse(const Value& config) {
    const Object* all = config.if_object();
    if (all == nullptr) return Error{ErrorCode::invalid_argument, "connections must be an object", "connections"};
    Connections connections;
    for (const auto& [name, definition] : *all) {
        const std::string path = "connections." + name;
        if (!connection_name_fits(name))
            return Error{ErrorCode::invalid_argument,
                         "A connection's name has 1 to 100 letters, digits, underscores, dots or dashes", path};
        json::Members in(definition, json::Nulls::dropped, path);
        in.require({"type"});
        const auto type = in.text("type", {1, 100});
        if (type) connection_check(in, *type);
        if (in.error()) return *in.error();
        connection_collect_secrets(*definition.if_object(), connections.secrets_);
        connections.by_name_.emplace(name, Connection(name, *type, *definition.if_object()));
    }
    auto& secrets = connections.secrets_;
    std::sort(secrets.begin(), secrets.end(),
              [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() > b.size() : a < b; });
    secrets.erase(std::unique(secrets.begin(), secrets.end()), secrets.end());
    return connections;
}

const Connection* Connections::find(std::string_view name) const noexcept {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
}

std::vector<std::string> Connections::names() const {
    std::vector<std::string> names;
    for (const auto& [name, connection] : by_name_) names.push_back(name);
    return names;
}

std::string Connections::redact(std::string text) const {
    for (const std::string& secret : secrets_)
        for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at + 3))
            text.replace(at, secret.size(), "***");
    return text;
}

}  // namespace meter
