#include "extract/url_template.hpp"

#include <algorithm>
#include <span>

#include "core/path.hpp"

namespace meter::detail {
namespace {

constexpr std::string_view template_open = "{{url";
constexpr std::string_view template_close = "}}";

/// What stands between "{{" and "}}": url, url.host, url.path.N, url.query.NAME.
std::optional<TemplatePart> read_placeholder(std::string_view inner) noexcept {
    using Kind = TemplatePart::Kind;
    constexpr std::string_view path = "url.path.";
    constexpr std::string_view query = "url.query.";
    if (inner == "url") return TemplatePart{Kind::url};
    if (inner == "url.host") return TemplatePart{Kind::host};
    if (inner.starts_with(path)) {
        if (const auto index = core::array_index(inner.substr(path.size())))
            return TemplatePart{Kind::path, {}, *index};
        return std::nullopt;
    }
    if (inner.starts_with(query) && inner.size() > query.size())
        return TemplatePart{Kind::query, inner.substr(query.size())};
    return std::nullopt;
}

/// Splits parts at `separator` in their literals.
std::vector<std::vector<TemplatePart>> split_parts(std::span<const TemplatePart> parts, char separator) {
    std::vector<std::vector<TemplatePart>> segments(1);
    for (const TemplatePart& part : parts) {
        if (part.kind != TemplatePart::Kind::literal) {
            segments.back().push_back(part);
            continue;
        }
        std::string_view text = part.text;
        while (true) {
            const std::size_t end = text.find(separator);
            if (const std::string_view piece = text.substr(0, end); !piece.empty())
                segments.back().push_back({TemplatePart::Kind::literal, piece});
            if (end == std::string_view::npos) break;
            segments.emplace_back();
            text.remove_prefix(end + 1);
        }
    }
    return segments;
}

/// Leftmost match of pieces against one segment or host; a wildcard takes at least one character.
bool match_segment(const std::vector<TemplatePart>& pieces, std::string_view text, TemplateBindings& bindings) {
    const TemplatePart* wildcard = nullptr;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (pieces[i].kind != TemplatePart::Kind::literal) {
            if (wildcard != nullptr) return false;  // two in a row: no telling where one ends
            wildcard = &pieces[i];
            continue;
        }
        const std::string_view literal = pieces[i].text;
        if (wildcard == nullptr) {
            if (!text.starts_with(literal)) return false;
            text.remove_prefix(literal.size());
            continue;
        }
        const bool last = i + 1 == pieces.size();
        if (last && (text.size() <= literal.size() || !text.ends_with(literal))) return false;
        const std::size_t found = last ? text.size() - literal.size() : text.find(literal, 1);
        if (found == std::string_view::npos) return false;
        bindings.emplace_back(*wildcard, url::percent_decode(text.substr(0, found)));
        text.remove_prefix(found + literal.size());
        wildcard = nullptr;
    }
    if (wildcard == nullptr) return text.empty();
    if (text.empty()) return false;
    bindings.emplace_back(*wildcard, url::percent_decode(text));
    return true;
}

}  // namespace

bool is_template(std::string_view text) noexcept {
    return text.find(template_open) != std::string_view::npos;
}

Result<std::vector<TemplatePart>> parse_template(std::string_view text) {
    std::vector<TemplatePart> parts;
    while (!text.empty()) {
        const std::size_t open = text.find(template_open);
        if (open > 0) parts.push_back({TemplatePart::Kind::literal, text.substr(0, open)});
        if (open == std::string_view::npos) break;
        text.remove_prefix(open);
        const std::size_t close = text.find(template_close);
        const std::string_view shown = text.substr(0, std::min<std::size_t>(close, 60));
        if (close == std::string_view::npos)
            return Error{ErrorCode::invalid_argument, "unclosed placeholder " + std::string(shown)};
        const auto part = read_placeholder(text.substr(2, close - 2));
        if (!part)
            return Error{ErrorCode::invalid_argument,
                         "unknown placeholder " + std::string(shown) +
                             "}}; one of {{url}}, {{url.host}}, {{url.path.N}}, {{url.query.NAME}}"};
        parts.push_back(*part);
        text.remove_prefix(close + template_close.size());
    }
    return parts;
}

std::size_t template_path_end(std::string_view text) noexcept {
    std::size_t at = 0;
    while (true) {
        const std::size_t mark = text.find_first_of("?#", at);
        if (mark == std::string_view::npos) return mark;
        const std::size_t open = text.find(template_open, at);
        if (open > mark) return mark;
        const std::size_t close = text.find(template_close, open);
        if (close == std::string_view::npos) return mark;
        at = close + template_close.size();
    }
}

bool same_placeholder(const TemplatePart& a, const TemplatePart& b) noexcept {
    return a.kind == b.kind && a.index == b.index && a.text == b.text;
}

TemplateValues::TemplateValues(std::string_view job_url, const url::Url& url)
    : url_(job_url.substr(0, job_url.find('#'))),
      host_(url.host),
      path_(url::path_segments(url)),
      query_(url::query_members(url.query)) {}

void TemplateValues::replace_page(TemplateBindings bindings) {
    bindings_ = std::move(bindings);
}

std::optional<std::string> TemplateValues::find(const TemplatePart& part) const {
    std::optional<std::string> value;
    if (bindings_) {
        for (const auto& [bound, text] : *bindings_)
            if (same_placeholder(bound, part)) value = text;
        if (!value && part.kind == TemplatePart::Kind::query) value = find_in_page(part);
    } else {
        value = find_in_page(part);
    }
    const bool moves = value && (value->empty() || *value == "." || *value == "..");
    return moves && part.kind == TemplatePart::Kind::path ? std::nullopt : value;
}

std::optional<std::string> TemplateValues::find_in_page(const TemplatePart& part) const {
    switch (part.kind) {
        case TemplatePart::Kind::url:
            return url_;
        case TemplatePart::Kind::host:
            return host_;
        case TemplatePart::Kind::path:
            return part.index < path_.size() ? std::optional(path_[part.index]) : std::nullopt;
        case TemplatePart::Kind::query:
            for (const auto& [name, value] : query_)
                if (name == part.text) return value;
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

std::optional<std::string> render_text(std::string_view text, const TemplateValues& values) {
    if (!is_template(text)) return std::string(text);
    const auto parts = parse_template(text);
    if (!parts) return std::nullopt;
    std::string out;
    for (const TemplatePart& part : *parts) {
        if (part.kind == TemplatePart::Kind::literal) {
            out.append(part.text);
            continue;
        }
        const auto value = values.find(part);
        if (!value) return std::nullopt;
        out.append(*value);
    }
    return out;
}

std::optional<std::string> render_endpoint(std::string_view text, const TemplateValues& values) {
    const auto parts = parse_template(text);
    if (!parts) return std::nullopt;
    std::string out;
    for (const TemplatePart& part : *parts) {
        using Kind = TemplatePart::Kind;
        if (part.kind == Kind::literal) {
            out.append(part.text);
            continue;
        }
        const auto value = values.find(part);
        if (!value) return std::nullopt;
        const bool verbatim = part.kind == Kind::host || (part.kind == Kind::url && out.empty());
        out.append(verbatim ? *value : url::percent_encode(*value));
    }
    return out;
}

std::optional<std::string> normalize_endpoint(std::string_view endpoint) {
    const auto parts = parse_template(endpoint);
    if (!parts || parts->empty()) return std::nullopt;
    if (parts->front().kind == TemplatePart::Kind::url) return std::string(endpoint);

    // A word that is fine anywhere in a URL stands in for each placeholder while libcurl reads it.
    std::string stand_in = "placeholder0x";
    while (endpoint.find(stand_in) != std::string_view::npos) stand_in += "x";
    std::string text;
    std::vector<std::string> placeholders;
    const char* at = endpoint.data();
    for (std::size_t i = 0; i < parts->size(); ++i) {
        const TemplatePart& part = (*parts)[i];
        if (part.kind == TemplatePart::Kind::literal) {
            text.append(part.text);
            at = part.text.data() + part.text.size();
            continue;
        }
        const char* close =
            endpoint.data() + endpoint.find(template_close, static_cast<std::size_t>(at - endpoint.data()));
        placeholders.emplace_back(at, close + template_close.size());
        at = close + template_close.size();
        text.append(stand_in);
    }
    const auto url = url::parse_url(text);
    if (!url) return std::nullopt;

    std::string out;
    const std::string normal = url::to_string(*url, false);
    std::string_view rest = normal;
    for (const std::string& placeholder : placeholders) {
        const std::size_t found = rest.find(stand_in);
        if (found == std::string_view::npos) return std::nullopt;  // dropped with a dot segment
        out.append(rest.substr(0, found)).append(placeholder);
        rest.remove_prefix(found + stand_in.size());
    }
    return out.append(rest);
}

std::optional<TemplateBindings> match_endpoint(std::string_view endpoint, const url::Url& url) {
    const auto parts = parse_template(endpoint);
    if (!parts || parts->empty() || parts->front().kind == TemplatePart::Kind::url) return std::nullopt;
    // Both sides piece by piece between slashes: "https:", "", host, path segments.
    const auto pieces = split_parts(*parts, '/');
    url::Url bare = url;
    bare.user.clear();
    bare.query.clear();
    bare.has_query = false;
    const std::string text = url::to_string(bare, false);
    std::string_view rest = text;
    TemplateBindings bindings;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const std::size_t end = rest.find('/');
        const bool last = i + 1 == pieces.size();
        if ((end == std::string_view::npos) != last) return std::nullopt;
        if (!match_segment(pieces[i], rest.substr(0, end), bindings)) return std::nullopt;
        if (!last) rest.remove_prefix(end + 1);
    }
    return bindings;
}

}  // namespace meter::detail
