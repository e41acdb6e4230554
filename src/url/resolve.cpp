// References on pages made absolute, by RFC 3986 section 5.2. Not libcurl's own resolution: that re-encodes the text,
// and links are to stay readable.
#include <algorithm>

#include "core/unicode.hpp"
#include "url/url.hpp"

namespace meter::url {
namespace {

/// RFC 3986 appendix B, without validation. Views into the text that was split.
struct Reference {
    std::string_view scheme, authority, path, query, fragment;
    bool has_scheme = false, has_authority = false, has_query = false, has_fragment = false;
};

bool is_scheme(std::string_view text) noexcept {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    });
}

bool is_web_scheme(std::string_view scheme) noexcept {
    return core::ascii_iequals(scheme, "http") || core::ascii_iequals(scheme, "https");
}

Reference split_reference(std::string_view text) {
    Reference out;
    if (const std::size_t mark = text.find('#'); mark != std::string_view::npos) {
        out.fragment = text.substr(mark + 1);
        out.has_fragment = true;
        text = text.substr(0, mark);
    }
    if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
        out.query = text.substr(mark + 1);
        out.has_query = true;
        text = text.substr(0, mark);
    }
    if (const std::size_t colon = text.find(':'); colon != std::string_view::npos && is_scheme(text.substr(0, colon))) {
        out.scheme = text.substr(0, colon);
        out.has_scheme = true;
        text.remove_prefix(colon + 1);
    }
    if (text.starts_with("//")) {
        text.remove_prefix(2);
        out.authority = text.substr(0, text.find('/'));
        out.has_authority = true;
        text.remove_prefix(out.authority.size());
    }
    out.path = text;
    return out;
}

// RFC 3986 5.2.4 for absolute paths, in one pass: ".." takes the last segment of the output back.
std::string remove_dot_segments(std::string_view path) {
    if (path.find("/.") == std::string_view::npos) return std::string(path);
    std::string out;
    out.reserve(path.size());
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash before each segment
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view segment = path.substr(0, end);
        path.remove_prefix(end);
        if (segment == "..") out.resize(out.empty() ? 0 : out.rfind('/'));
        if (segment != "." && segment != "..")
            out.append(1, '/').append(segment);
        else if (path.empty())
            out.push_back('/');
    }
    return out;
}

std::string absolute_path(std::string_view path) {
    return path.starts_with('/') ? remove_dot_segments(path) : std::string(path);
}

// RFC 3986 5.2.3
std::string merge_paths(const Reference& base, std::string_view path) {
    if (base.path.empty()) return "/" + std::string(path);
    return std::string(base.path.substr(0, base.path.rfind('/') + 1)).append(path);
}

// RFC 3986 5.3; spaces are encoded, all else stays as written.
std::string join_url(std::string_view scheme, std::string_view authority, std::string_view path,
                     const Reference& query_from, const Reference& fragment_from) {
    std::string out;
    out.reserve(scheme.size() + authority.size() + path.size() + query_from.query.size() +
                fragment_from.fragment.size() + 5);
    out.append(scheme).append("://").append(authority);
    const auto append = [&](std::string_view text) {
        for (std::size_t space = text.find(' '); space != std::string_view::npos; space = text.find(' ')) {
            out.append(text.substr(0, space)).append("%20");
            text.remove_prefix(space + 1);
        }
        out.append(text);
    };
    append(path);
    if (query_from.has_query) append(std::string_view("?")), append(query_from.query);
    if (fragment_from.has_fragment) append(std::string_view("#")), append(fragment_from.fragment);
    return out;
}

/// White space and control characters at both ends go, and tabs and line breaks inside (URL Standard, basic URL
/// parser, steps 1 to 3). A view into the text, or into `storage` when something was left out inside.
std::string_view clean_reference(std::string_view text, std::string& storage) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
    for (std::size_t before = text.size() + 1; text.size() < before;) {
        before = text.size();
        text = core::trim(text);
        while (!text.empty() && is_control(text.front())) text.remove_prefix(1);
        while (!text.empty() && is_control(text.back())) text.remove_suffix(1);
    }
    const auto is_left_out = [](char c) { return c == '\t' || c == '\n' || c == '\r'; };
    if (std::none_of(text.begin(), text.end(), is_left_out)) return text;
    storage = text;
    std::erase_if(storage, is_left_out);
    return storage;
}

}  // namespace

std::string resolve(std::string_view base_text, std::string_view reference_text) {
    std::string reference_storage, base_storage;
    const std::string_view cleaned = clean_reference(reference_text, reference_storage);
    Reference reference = split_reference(cleaned);
    if (reference.has_scheme) {
        if (!is_web_scheme(reference.scheme)) return std::string(cleaned);
        if (reference.has_authority)
            return join_url(reference.scheme, reference.authority, absolute_path(reference.path), reference, reference);
    }
    const Reference base = split_reference(clean_reference(base_text, base_storage));
    if (!is_web_scheme(base.scheme) || !base.has_authority || base.authority.empty()) return std::string(cleaned);
    if (reference.has_scheme) {
        // "http:g" with the scheme of the base is a relative reference, as RFC 3986 5.2.2 allows and browsers do.
        if (!core::ascii_iequals(reference.scheme, base.scheme)) return std::string(cleaned);
        reference.has_scheme = false;
    }
    if (reference.has_authority)
        return join_url(base.scheme, reference.authority, absolute_path(reference.path), reference, reference);
    if (reference.path.empty())
        return join_url(base.scheme, base.authority, base.path, reference.has_query ? reference : base, reference);
    const std::string path = remove_dot_segments(reference.path.starts_with('/') ? std::string(reference.path)
                                                                                 : merge_paths(base, reference.path));
    return join_url(base.scheme, base.authority, path, reference, reference);
}

}  // namespace meter::url
