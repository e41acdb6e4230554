// The request of an api plan for one job URL: retargeting and overrides (wire contract 8.6).
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/path.hpp"
#include "core/unicode.hpp"
#include "extract/plan.hpp"
#include "extract/url_template.hpp"
#include "meter/extract.hpp"
#include "meter/json.hpp"
#include "url/url.hpp"

namespace meter {
namespace detail {
namespace {

constexpr std::size_t api_max_parameters = 1'000;

Error url_mismatch(std::string_view job_url) {
    return {ErrorCode::unprocessable, "Extraction failed: URL does not match the strategy", std::string(job_url)};
}

std::string query_text(const Value& scalar) {
    const std::string* text = scalar.if_string();
    return text != nullptr ? *text : to_json(scalar);
}

void append_query(std::string& out, const std::string& name, const Value& value) {
    if (value.is_null()) return;
    if (const auto* array = value.if_array()) {
        for (const Value& member : *array) append_query(out, name, member);
        return;
    }
    if (!out.empty()) out.push_back('&');
    out.append(url::percent_encode(name)).append(1, '=').append(url::percent_encode(query_text(value)));
}

/// A place inside a body: a member of an object or array that exists.
struct BodyPlace {
    Value* parent = nullptr;
    std::string key = {};   ///< parent is an object
    std::size_t index = 0;  ///< parent is an array

    Value& value() const {
        if (auto* array = parent->if_array()) return (*array)[index];
        return *parent->if_object()->find(key);
    }
    void erase() const {
        if (auto* array = parent->if_array())
            array->erase(array->begin() + static_cast<std::ptrdiff_t>(index));
        else
            parent->if_object()->erase(key);
    }
};

/// As core::find_path(), but tells where the value is, and finds only what parameters may name: scalars and arrays.
std::optional<BodyPlace> find_body_place(Value& body, std::string_view dotted) {
    Value* here = &body;
    while (true) {
        const std::size_t dot = dotted.find('.');
        std::string_view segment = dotted.substr(0, dot);
        BodyPlace place{here};
        if (auto* object = here->if_object()) {
            const bool literal = object->contains(dotted);
            if (literal) segment = dotted;
            Value* member = object->find(segment);
            if (member == nullptr) return std::nullopt;
            place.key = std::string(segment);
            if (literal || dot == std::string_view::npos)
                return member->is_object() ? std::nullopt : std::optional(std::move(place));
            here = member;
        } else if (auto* array = here->if_array()) {
            const auto index = core::array_index(segment);
            if (!index || *index >= array->size()) return std::nullopt;
            place.index = *index;
            if (dot == std::string_view::npos)
                return (*array)[*index].is_object() ? std::nullopt : std::optional(std::move(place));
            here = &(*array)[*index];
        } else {
            return std::nullopt;
        }
        dotted.remove_prefix(dot + 1);
    }
}

Result<void> check_parameters(const Value& parameters) {
    if (parameters.is_null()) return {};
    const Object* object = parameters.if_object();
    if (object == nullptr) return Error{ErrorCode::invalid_argument, "parameters: must be an object", "parameters"};
    if (object->size() > api_max_parameters)
        return Error{ErrorCode::invalid_argument, "parameters: at most 1000 names are allowed", "parameters"};
    for (const auto& [name, value] : *object) {
        const auto* array = value.if_array();
        const bool allowed = array != nullptr ? std::all_of(array->begin(), array->end(),
                                                            [](const Value& member) { return member.is_scalar(); })
                                              : value.is_scalar();
        const std::string at = "parameters." + name;
        if (!allowed) return Error{ErrorCode::invalid_argument, at + ": must be a scalar or an array of scalars", at};
    }
    return {};
}

/// One request being built.
class ApiRequestBuilder {
public:
    ApiRequestBuilder(const ApiPlan& plan, std::string_view job_url, const url::Url& url)
        : plan_(plan), url_(url), values_(job_url, url), body_(plan.body) {}

    std::optional<Request> build(const Object& parameters) {
        if (!choose_endpoint()) return std::nullopt;
        override_query(parameters);
        if (!render_body(parameters)) return std::nullopt;

        Request request;
        request.method = plan_.method;
        request.headers = plan_.headers;
        std::string query;
        for (const QueryMember& member : query_) {
            Value value = member.value;
            if (member.captured && !render(value)) return std::nullopt;
            append_query(query, member.name, value);
        }
        request.url = std::move(endpoint_);
        if (!query.empty()) request.url.append(1, '?').append(query);
        write_body(request);
        return request;
    }

private:
    struct QueryMember {
        std::string name;
        Value value;
        bool captured;  ///< its strings may hold placeholders; those of callers never do
    };

    /// Finds out which URL is called, and fills the query with what comes before the parameters.
    bool choose_endpoint() {
        auto bindings = match_endpoint(plan_.endpoint, url_);
        if (bindings) {
            // The direct case: the job URL is the endpoint's own. Where placeholders of the endpoint took just what
            // stands at the same place of the job URL, it is the page's URL as well and has all its parts.
            const bool page =
                !bindings->empty() && std::all_of(bindings->begin(), bindings->end(), [&](const auto& binding) {
                    return values_.find(binding.first) == binding.second;
                });
            if (!page) values_.replace_page(std::move(*bindings));
            url::Url bare = url_;
            bare.query.clear();
            bare.has_query = false;
            endpoint_ = url::to_string(bare, false);
        } else {
            const auto rendered = render_endpoint(plan_.endpoint, values_);
            if (!rendered) return false;
            const auto url = url::parse_url(*rendered);
            if (!url) return false;
            // {{url}} brings a query of its own.
            const std::size_t mark = rendered->find('?');
            endpoint_ = rendered->substr(0, mark);
            if (mark != std::string::npos) lay_over(url::query_members(std::string_view(*rendered).substr(mark + 1)));
        }
        for (const auto& [name, value] : plan_.query) set_query(name, value, true);
        if (bindings) lay_over(values_.query());
        return true;
    }

    QueryMember* find_query(std::string_view name) {
        const auto found =
            std::find_if(query_.begin(), query_.end(), [&](const QueryMember& member) { return member.name == name; });
        return found == query_.end() ? nullptr : &*found;
    }

    void set_query(const std::string& name, const Value& value, bool captured) {
        if (QueryMember* member = find_query(name))
            *member = {name, value, captured};
        else
            query_.push_back({name, value, captured});
    }

    /// Lays the members of a query over what is there.
    void lay_over(const std::vector<std::pair<std::string, std::string>>& members) {
        std::vector<std::pair<std::string, Value>> grouped;
        for (const auto& [name, value] : members) add_query_member(grouped, name, value);
        for (const auto& [name, value] : grouped) set_query(name, value, false);
    }

    std::optional<BodyPlace> body_place(const std::string& name) {
        if (plan_.body_type == ApiPlan::Body::json) return find_body_place(body_, name);
        if (plan_.body_type == ApiPlan::Body::form && body_.if_object()->contains(name)) return BodyPlace{&body_, name};
        return std::nullopt;
    }

    /// Names of the query, and names of neither query nor body: those go to the query for GET and forms, and to the top
    /// level of a JSON body.
    void override_query(const Object& parameters) {
        for (const auto& [name, value] : parameters) {
            if (find_query(name) == nullptr) {
                const bool json_object = plan_.body_type == ApiPlan::Body::json && body_.is_object();
                if (value.is_null() || json_object || body_place(name)) continue;
            }
            set_query(name, value, false);
        }
    }

    bool render_body(const Object& parameters) {
        if (plan_.body_type == ApiPlan::Body::none) return true;
        // Overridden members first, so that a placeholder without a value does not matter there.
        for (const auto& [name, value] : parameters)
            if (const auto place = body_place(name)) place->value() = nullptr;
        if (!render(body_)) return false;

        std::vector<std::string_view> removed;
        for (const auto& [name, value] : parameters) {
            const auto place = body_place(name);
            if (place && value.is_null())
                removed.push_back(name);
            else if (place)
                place->value() = value;
            else if (goes_to_body_top(name, value))
                body_.if_object()->set(name, value);
        }
        // From the last, so that positions in arrays stay what their names say.
        for (auto name = removed.rbegin(); name != removed.rend(); ++name)
            if (const auto place = body_place(std::string(*name))) place->erase();
        return true;
    }

    bool goes_to_body_top(const std::string& name, const Value& value) {
        return plan_.body_type == ApiPlan::Body::json && body_.is_object() && !value.is_null() &&
               find_query(name) == nullptr;
    }

    /// Fills placeholders in every string. Recursion is bounded: plans are at most 64 levels deep.
    bool render(Value& value) {
        if (std::string* text = value.if_string()) {
            if (!is_template(*text)) return true;
            auto rendered = render_text(*text, values_);
            if (!rendered) return false;
            *text = std::move(*rendered);
            return true;
        }
        if (auto* array = value.if_array())
            return std::all_of(array->begin(), array->end(), [&](Value& member) { return render(member); });
        if (auto* object = value.if_object())
            return std::all_of(object->begin(), object->end(), [&](auto& member) { return render(member.second); });
        return true;
    }

    void write_body(Request& request) {
        if (plan_.body_type == ApiPlan::Body::none) return;
        const bool form = plan_.body_type == ApiPlan::Body::form;
        if (form) {
            for (const auto& [name, value] : *body_.if_object()) append_query(request.body, name, value);
        } else {
            request.body = to_json(body_);
        }
        const bool typed = std::any_of(request.headers.begin(), request.headers.end(), [](const Header& header) {
            return core::ascii_iequals(header.first, "content-type");
        });
        if (!typed)
            request.headers.emplace_back("Content-Type",
                                         form ? "application/x-www-form-urlencoded" : "application/json");
    }

    const ApiPlan& plan_;
    const url::Url& url_;
    TemplateValues values_;
    std::string endpoint_;
    std::vector<QueryMember> query_;
    Value body_;
};

}  // namespace
}  // namespace detail

Result<Request> api_request(const Plan& plan, std::string_view job_url, const Value& parameters) {
    const auto* api = std::get_if<detail::ApiPlan>(&plan.impl().compiled);
    if (api == nullptr) return Error{ErrorCode::invalid_argument, "strategy: not an api plan", "strategy"};
    auto checked = detail::check_parameters(parameters);
    if (!checked) return checked.error();
    const auto url = url::parse_url(job_url);
    if (!url) return url.error();
    static const Object none;
    const Object* given = parameters.if_object();
    auto request = detail::ApiRequestBuilder(*api, job_url, *url).build(given != nullptr ? *given : none);
    if (!request) return detail::url_mismatch(job_url);
    return std::move(*request);
}

}  // namespace meter
