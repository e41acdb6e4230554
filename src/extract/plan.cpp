#include "extract/plan.hpp"

#include <string>
#include <utility>

#include "extract/member.hpp"

namespace meter {
namespace {

constexpr std::size_t plan_max_depth = 64;

/// Is the value nested at most this deep? Checked once, so that what reads a plan may recurse over it.
bool plan_depth_allowed(const Value& definition) {
    std::vector<std::pair<const Value*, std::size_t>> open{{&definition, 1}};
    while (!open.empty()) {
        const auto [value, depth] = open.back();
        open.pop_back();
        if (value->is_scalar()) continue;
        if (depth > plan_max_depth) return false;
        if (const auto* array = value->if_array())
            for (const Value& member : *array) open.emplace_back(&member, depth + 1);
        if (const auto* object = value->if_object())
            for (const auto& [key, member] : *object) open.emplace_back(&member, depth + 1);
    }
    return true;
}

/// Does a css plan take its items from a script?
bool plan_is_embedded(const Object& definition) {
    const Value* container = definition.find("container");
    const Object* object = container == nullptr ? nullptr : container->if_object();
    return object != nullptr && detail::plan_member(*object, "script") != nullptr;
}

template <class Compiled>
Result<void> plan_store(Plan::Impl& impl, ScraperType type, Result<Compiled> compiled) {
    if (!compiled) return compiled.error();
    impl.type = type;
    impl.compiled = std::move(*compiled);
    return {};
}

}  // namespace

Result<Plan> Plan::parse(const Value& definition) {
    const Object* object = definition.if_object();
    if (object == nullptr) return detail::plan_error("strategy", "must be an object");
    if (!plan_depth_allowed(definition)) return detail::plan_error("strategy", "nested deeper than 64 levels");
    const auto type = detail::plan_string(*object, "type", "strategy", "css");
    if (!type) return type.error();

    auto impl = std::make_shared<Impl>(Impl{ScraperType::css, nullptr, detail::ContentPlan{}});
    Result<void> stored;
    if (*type == "css" && plan_is_embedded(*object))
        stored = plan_store(*impl, ScraperType::css, detail::parse_embedded_plan(*object));
    else if (*type == "css")
        stored = plan_store(*impl, ScraperType::css, detail::parse_css_plan(*object));
    else if (*type == "api")
        stored = plan_store(*impl, ScraperType::api, detail::parse_api_plan(*object));
    else if (*type == "content")
        stored = plan_store(*impl, ScraperType::content, detail::parse_content_plan(*object));
    else
        stored = detail::plan_error("strategy.type", "must be css, api or content");
    if (!stored) return stored.error();

    if (detail::plan_member(*object, "type") != nullptr) {
        impl->definition = definition;
    } else {
        Object with_type{{"type", *type}};
        for (const auto& [key, value] : *object)
            if (key != "type") with_type.append(key, value);
        impl->definition = std::move(with_type);
    }
    return Plan(std::move(impl));
}

ScraperType Plan::scraper_type() const noexcept {
    return impl_->type;
}

const Value& Plan::definition() const noexcept {
    return impl_->definition;
}

std::vector<std::string> Plan::field_names() const {
    std::vector<std::string> names;
    const auto add_all = [&](const detail::JsonSource& source) {
        for (const auto& [name, path] : source.fields) names.push_back(name);
    };
    if (const auto* css = std::get_if<detail::CssPlan>(&impl_->compiled))
        for (const detail::CssField& field : css->fields) names.push_back(field.name);
    if (const auto* embedded = std::get_if<detail::EmbeddedPlan>(&impl_->compiled)) add_all(embedded->source);
    if (const auto* api = std::get_if<detail::ApiPlan>(&impl_->compiled)) add_all(api->source);
    return names;
}

Value Plan::api_parameters() const {
    const auto* api = std::get_if<detail::ApiPlan>(&impl_->compiled);
    return api == nullptr ? Value() : detail::captured_parameters(*api);
}

Plan::Plan(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Plan::Plan(const Plan&) = default;
Plan& Plan::operator=(const Plan&) = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;
Plan::~Plan() = default;

}  // namespace meter
