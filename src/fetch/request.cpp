#include "fetch/request.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/unicode.hpp"
#include "fetch/policy.hpp"

namespace meter {
namespace fetch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_time = std::chrono::minutes(10);
constexpr std::size_t least_body = 1u << 10;
constexpr std::size_t most_body = 1u << 30;
constexpr int most_redirects = 50;
constexpr int most_retries = 10;

/// Framing and the connection are libcurl's business (RFC 9110 7.6.1): a second opinion on them splits requests.
constexpr std::array<std::string_view, 10> connection_fields{
    "connection", "content-length",    "expect",  "http2-settings",  "keep-alive", "te",
    "trailer",    "transfer-encoding", "upgrade", "proxy-connection"};

Error bad_field(std::string_view field, std::string_view message) {
    return {ErrorCode::invalid_argument, std::string(message), std::string(field), false};
}

bool is_control(char c) noexcept {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

/// RFC 9110 5.6.2.
bool is_token_char(char c) noexcept {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.find(c) != marks.npos;
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_field_value(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(), is_control);
}

template <class T>
Result<void> check_range(std::string_view field, T value, T least, T most) {
    if (value >= least && value <= most) return {};
    return bad_field(field, std::string(field) + " is out of range");
}

bool has_header(const std::vector<Header>& headers, std::string_view name) {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const Header& header) { return core::ascii_iequals(header.first, name); });
}

}  // namespace

Result<void> check_request(const Request& request) {
    if (!is_known_method(request.method)) return bad_field("method", "Unknown method");
    if (request.method == "HEAD" && !request.body.empty()) return bad_field("body", "A HEAD request has no body");
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name)) return bad_field(name, "Malformed header name");
        if (!is_field_value(value)) return bad_field(name, "Control character in a header value");
        const std::string lower = core::ascii_lower(name);
        if (std::find(connection_fields.begin(), connection_fields.end(), lower) != connection_fields.end())
            return bad_field(name, "Header is set by the fetcher");
    }
    // Zero, and -1 for the counts, mean the fetcher's own value.
    if (request.timeout != milliseconds(0))
        if (auto ok = check_range("timeout", request.timeout, milliseconds(1), longest_time); !ok) return ok;
    if (request.max_body_bytes != 0)
        if (auto ok = check_range("max_body_bytes", request.max_body_bytes, least_body, most_body); !ok) return ok;
    if (auto ok = check_range("max_redirects", request.max_redirects, -1, most_redirects); !ok) return ok;
    return check_range("max_retries", request.max_retries, -1, most_retries);
}

std::vector<std::string> header_lines(const std::vector<Header>& headers, std::string_view user_agent, bool has_body) {
    std::vector<std::string> lines;
    lines.reserve(headers.size() + 4);
    for (const auto& [name, value] : headers) {
        // libcurl takes "Name:" for "do not send it", and "Name;" for an empty value.
        const auto text = core::trim(value);
        lines.push_back(text.empty() ? name + ";" : name + ": " + std::string(text));
    }
    const auto add_default = [&](std::string_view name, std::string_view value) {
        if (!has_header(headers, name)) lines.push_back(std::string(name) + ": " + std::string(value));
    };
    add_default("User-Agent", user_agent);
    add_default("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    if (has_body) {
        lines.emplace_back("Expect:");  // no 100-continue round trip
        if (!has_header(headers, "Content-Type")) lines.emplace_back("Content-Type:");
    }
    return lines;
}

}  // namespace fetch

Result<void> validate(const FetchOptions& options) {
    using namespace fetch;
    struct Row {
        std::string_view field;
        std::int64_t value, least, most;
    };
    const auto bytes = [](std::size_t count) { return static_cast<std::int64_t>(std::min(count, most_body + 1)); };
    const std::int64_t longest = longest_time.count();
    const std::array rows{
        Row{"connect_timeout", options.connect_timeout.count(), 1, longest},
        Row{"timeout", options.timeout.count(), 1, longest},
        Row{"max_wire_bytes", bytes(options.max_wire_bytes), least_body, most_body},
        Row{"max_body_bytes", bytes(options.max_body_bytes), least_body, most_body},
        Row{"max_header_bytes", bytes(options.max_header_bytes), 1 << 10, 1 << 20},
        Row{"max_decode_ratio", options.max_decode_ratio, 2, 100'000},
        Row{"max_redirects", options.max_redirects, 0, most_redirects},
        Row{"max_retries", options.max_retries, 0, most_retries},
        Row{"first_retry_delay", options.first_retry_delay.count(), 0, 60'000},
        Row{"per_host", options.per_host, 1, 1000},
        Row{"per_host_delay", options.per_host_delay.count(), 0, longest},
    };
    for (const Row& row : rows)
        if (auto ok = check_range(row.field, row.value, row.least, row.most); !ok) return ok;
    if (!is_field_value(options.user_agent)) return bad_field("user_agent", "Control character in user_agent");
    if (options.ca_file.find('\0') != std::string::npos) return bad_field("ca_file", "NUL in ca_file");
    return {};
}

}  // namespace meter
