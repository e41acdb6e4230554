#include "nodes/aws_signature.hpp"

#include <algorithm>

#include "core/hash.hpp"
#include "core/unicode.hpp"
#include "url/url.hpp"

namespace meter::nodes {
namespace {

constexpr std::string_view aws_algorithm = "AWS4-HMAC-SHA256";

std::string aws_hmac(std::string_view key, std::string_view text) {
    const auto digest = core::hmac_sha256(key, text);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string aws_time(TimePoint time) {
    std::string text = format_time(time);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string aws_query(std::vector<std::pair<std::string, std::string>> query) {
    for (auto& [name, value] : query) {
        name = url::percent_encode(name);
        value = url::percent_encode(value);
    }
    std::sort(query.begin(), query.end());
    std::string text;
    for (const auto& [name, value] : query) text += (text.empty() ? "" : "&") + name + "=" + value;
    return text;
}

std::string aws_authorization(const AwsRequest& request, const AwsCredentials& credentials, std::string_view time) {
    auto headers = request.headers;
    std::sort(headers.begin(), headers.end());
    std::string names, lines;
    for (const auto& [name, value] : headers) {
        names += (names.empty() ? "" : ";") + name;
        lines += name + ":" + core::collapse_space(value) + "\n";
    }
    const std::string canonical = request.method + "\n" + request.path + "\n" + aws_query(request.query) + "\n" +
                                  lines + "\n" + names + "\n" + request.content_hash;
    const std::string day(time.substr(0, 8));
    const std::string scope = day + "/" + credentials.region + "/" + credentials.service + "/aws4_request";
    const std::string text =
        std::string(aws_algorithm) + "\n" + std::string(time) + "\n" + scope + "\n" + core::sha256_hex(canonical);

    std::string key = aws_hmac("AWS4" + credentials.secret_access_key, day);
    for (const std::string_view part : {std::string_view(credentials.region), std::string_view(credentials.service),
                                        std::string_view("aws4_request")})
        key = aws_hmac(key, part);
    return std::string(aws_algorithm) + " Credential=" + credentials.access_key_id + "/" + scope +
           ",SignedHeaders=" + names + ",Signature=" + core::to_hex(aws_hmac(key, text));
}

}  // namespace meter::nodes
