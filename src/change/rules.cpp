// Reading noise rules (wire contract 12.7).
#include "change/rules.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace meter {
namespace {

constexpr std::size_t rules_max = 100;
constexpr std::size_t rules_max_keys = 10;
constexpr std::size_t rules_max_name = 512;

Error rules_error(std::string member, std::string_view why) {
    std::string message = member + ": " + std::string(why);
    return Error{ErrorCode::invalid_argument, std::move(message), std::move(member)};
}

/// The member, or null pointer when it is absent or null.
const Value* rules_member(const Value& object, std::string_view name) {
    const Value* value = object.find(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::string> rules_name(const Value& value, std::string member) {
    const std::string* name = value.if_string();
    if (name == nullptr || name->empty()) return rules_error(std::move(member), "must be a non-empty string");
    if (name->size() > rules_max_name) return rules_error(std::move(member), "must be at most 512 bytes long");
    return *name;
}

Result<std::vector<std::string>> rules_names(const Value& list, const std::string& member, std::size_t most) {
    const auto* array = list.if_array();
    if (array == nullptr) return rules_error(member, "must be an array of field names");
    if (array->size() > most) return rules_error(member, "must have at most " + std::to_string(most) + " names");
    std::vector<std::string> names;
    for (std::size_t i = 0; i < array->size(); ++i) {
        auto name = rules_name((*array)[i], member + "." + std::to_string(i));
        if (!name) return name.error();
        names.push_back(std::move(*name));
    }
    return names;
}

Result<ChangeRules::Impl::TextRule> rules_text_rule(const Value& value, const std::string& member) {
    if (!value.is_object()) return rules_error(member, "must be an object with a regex");
    ChangeRules::Impl::TextRule rule;
    if (const Value* field = rules_member(value, "field")) {
        auto name = rules_name(*field, member + ".field");
        if (!name) return name.error();
        rule.field = std::move(*name);
    }
    const Value* regex = rules_member(value, "regex");
    const std::string* pattern = regex == nullptr ? nullptr : regex->if_string();
    if (pattern == nullptr || pattern->empty()) return rules_error(member + ".regex", "must be a non-empty string");
    auto compiled = core::Regex::parse(*pattern);
    if (!compiled) return rules_error(member + ".regex", "is no regular expression: " + compiled.error().message);
    rule.regex = std::move(*compiled);
    return rule;
}

Result<void> rules_read_values(const Value& values, std::vector<ChangeRules::Impl::TextRule>& texts) {
    const auto* array = values.if_array();
    if (array == nullptr) return rules_error("ignore.values", "must be an array");
    if (array->size() > rules_max) return rules_error("ignore.values", "must have at most 100 entries");
    for (std::size_t i = 0; i < array->size(); ++i) {
        auto rule = rules_text_rule((*array)[i], "ignore.values." + std::to_string(i));
        if (!rule) return rule.error();
        texts.push_back(std::move(*rule));
    }
    return {};
}

Result<void> rules_read_tolerance(const Value& tolerance, std::vector<ChangeRules::Impl::Tolerance>& tolerances) {
    const Object* object = tolerance.if_object();
    if (object == nullptr) return rules_error("ignore.tolerance", "must be an object of numbers");
    if (object->size() > rules_max) return rules_error("ignore.tolerance", "must have at most 100 members");
    for (const auto& [name, most] : *object) {
        if (name.empty() || name.size() > rules_max_name)
            return rules_error("ignore.tolerance", "must have field names of 1 to 512 bytes");
        if (!most.is_number() || !std::isfinite(most.to_double()) || most.to_double() < 0)
            return rules_error("ignore.tolerance." + name, "must be a number of at least 0");
        tolerances.push_back({name, most.to_double()});
    }
    return {};
}

}  // namespace

Result<ChangeRules> ChangeRules::parse(const Value& ignore, const Value& key) {
    auto impl = std::make_shared<Impl>();
    impl->ignore = ignore;
    impl->key = key;
    if (!ignore.is_null()) {
        if (!ignore.is_object()) return rules_error("ignore", "must be an object");
        if (const Value* fields = rules_member(ignore, "fields")) {
            auto names = rules_names(*fields, "ignore.fields", rules_max);
            if (!names) return names.error();
            impl->fields = std::move(*names);
        }
        if (const Value* values = rules_member(ignore, "values")) {
            auto read = rules_read_values(*values, impl->texts);
            if (!read) return read.error();
        }
        if (const Value* tolerance = rules_member(ignore, "tolerance")) {
            auto read = rules_read_tolerance(*tolerance, impl->tolerances);
            if (!read) return read.error();
        }
    }
    if (!key.is_null()) {
        auto names = rules_names(key, "key", rules_max_keys);
        if (!names) return names.error();
        impl->key_fields = std::move(*names);
    }
    return ChangeRules(std::move(impl));
}

bool ChangeRules::empty() const noexcept {
    return !impl_->changes_items() && impl_->tolerances.empty() && impl_->key_fields.empty();
}

const Value& ChangeRules::ignore() const noexcept {
    return impl_->ignore;
}

const Value& ChangeRules::key() const noexcept {
    return impl_->key;
}

ChangeRules::ChangeRules() {
    static const auto none = std::make_shared<const Impl>();
    impl_ = none;
}

ChangeRules::ChangeRules(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
ChangeRules::ChangeRules(const ChangeRules&) = default;
ChangeRules& ChangeRules::operator=(const ChangeRules&) = default;
ChangeRules::ChangeRules(ChangeRules&&) noexcept = default;
ChangeRules& ChangeRules::operator=(ChangeRules&&) noexcept = default;
ChangeRules::~ChangeRules() = default;

}  // namespace meter
