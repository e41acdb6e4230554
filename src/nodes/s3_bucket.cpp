#include "nodes/s3_bucket.hpp"

#include <algorithm>
#include <array>

#include "core/hash.hpp"
#include "core/unicode.hpp"
#include "nodes/builtin.hpp"

namespace meter::nodes {
namespace {

constexpr std::size_t s3_most_parts = 10'000;  // Amazon's limit
constexpr std::size_t s3_key_bytes = 1024;
constexpr std::size_t s3_answer_bytes = 1u << 20;
constexpr std::chrono::minutes s3_timeout{5};

constexpr std::array<std::pair<std::string_view, char>, 5> s3_entities{
    {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};

std::string xml_escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto found =
            std::find_if(s3_entities.begin(), s3_entities.end(), [&](const auto& e) { return e.second == c; });
        if (found != s3_entities.end())
            out += found->first;
        else
            out += c;
    }
    return out;
}

std::string xml_unescape(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto found = std::find_if(s3_entities.begin(), s3_entities.end(),
                                        [&](const auto& e) { return text.starts_with(e.first); });
        out += found != s3_entities.end() ? found->second : text.front();
        text.remove_prefix(found != s3_entities.end() ? found->first.size() : 1);
    }
    return out;
}

/// "S3: 403 AccessDenied" for what the service refused.
Error s3_refusal(const Response& response) {
    std::string code = xml_element(response.body, "Code").value_or("");
    const bool plain = !code.empty() && code.size() <= 60 && std::all_of(code.begin(), code.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    if (!plain) code = "";
    if (response.status >= 300 && response.status < 400) code = "(a redirect: the bucket is elsewhere)";
    Error error{ErrorCode::network, "S3: status " + std::to_string(response.status) + (code.empty() ? "" : " " + code)};
    if (response.status == 404) error.code = ErrorCode::not_found;
    if (response.status == 401 || response.status == 403) error.code = ErrorCode::blocked;
    error.retryable = response.status >= 500 || response.status == 408 || response.status == 429;
    return error;
}

}  // namespace

std::optional<std::string> xml_element(std::string_view xml, std::string_view name) {
    const std::string open = "<" + std::string(name) + ">", close = "</" + std::string(name) + ">";
    const auto begin = xml.find(open);
    if (begin == xml.npos) return std::nullopt;
    const auto end = xml.find(close, begin);
    if (end == xml.npos) return std::nullopt;
    return xml_unescape(xml.substr(begin + open.size(), end - begin - open.size()));
}

Result<void> check_bucket_name(std::string_view name) {
    constexpr std::string_view marks = "._-";
    const bool fits = name.size() >= 3 && name.size() <= 255 && std::all_of(name.begin(), name.end(), [&](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                 marks.find(c) != marks.npos;
                      });
    if (!fits || name.front() == '.')
        return config_error("bucket", "must have 3 to 255 letters, digits, dots or dashes");
    return {};
}

Result<void> check_object_key(std::string_view key) {
    const bool has_control =
        std::any_of(key.begin(), key.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (key.empty() || key.size() > s3_key_bytes || has_control || !core::is_valid_utf8(key))
        return config_error("key", "must have 1 to 1024 bytes of UTF-8 without control characters");
    // Such names mean another object to whatever normalises URLs on the way.
    for (std::size_t at = 0; at <= key.size();) {
        const auto end = std::min(key.find('/', at), key.size());
        const auto name = key.substr(at, end - at);
        if (name == "." || name == ".." || (name.empty() && end != key.size()))
            return config_error("key", "must not have empty names, \".\" or \"..\" between slashes");
        at = end + 1;
    }
    return {};
}

std::string object_path(std::string_view bucket, std::string_view key) {
    std::string path = "/" + std::string(bucket) + "/";
    for (std::size_t at = 0; at <= key.size();) {
        const auto end = std::min(key.find('/', at), key.size());
        path += url::percent_encode(key.substr(at, end - at));
        if (end != key.size()) path += '/';
        at = end + 1;
    }
    return path;
}

Result<S3Bucket> S3Bucket::open(const NodeContext& context, const Connection& connection, std::string bucket) {
    std::string region(connection.text("region"));
    if (region.empty()) region = "us-east-1";
    std::string address(connection.text("endpoint"));
    if (address.empty()) address = "https://s3." + region + ".amazonaws.com";
    auto endpoint = url::parse_url(address);
    if (!endpoint || endpoint->path != "/" || endpoint->has_query || !endpoint->user.empty())
        return config_error("connection", "has an endpoint that is more or less than scheme, host and port");
    S3Bucket one(context, *std::move(endpoint), std::move(bucket));
    const std::string_view host = connection.text("private_host");
    if (!host.empty() &&
        (host == one.endpoint_.host || host == one.endpoint_.host + ":" + std::to_string(one.endpoint_.port)))
        one.private_origin_ = url::origin(one.endpoint_);
    one.session_token_ = connection.text("session_token");
    one.credentials_ = {std::string(connection.text("access_key_id")),
                        std::string(connection.text("secret_access_key")), region, "s3"};
    return one;
}

Result<Response> S3Bucket::send(std::string_view method, const std::string& key, const Query& query,
                                const std::vector<Header>& headers, std::string body, std::stop_token stop,
                                int also) const {
    url::Url target = endpoint_;
    target.path = object_path(bucket_, key);
    target.query = aws_query(query);
    target.has_query = !query.empty();
    const bool has_default_port = target.port == (target.scheme == "https" ? 443 : 80);
    const std::string time = aws_time(context_->clock.now());

    AwsRequest signing{std::string(method), target.path, query, headers, core::sha256_hex(body)};
    signing.headers.emplace_back("host",
                                 has_default_port ? target.host : target.host + ":" + std::to_string(target.port));
    signing.headers.emplace_back("x-amz-content-sha256", signing.content_hash);
    signing.headers.emplace_back("x-amz-date", time);
    if (!session_token_.empty()) signing.headers.emplace_back("x-amz-security-token", session_token_);

    Request request;
    request.method = method;
    request.url = url::to_string(target, false);
    for (const auto& header : signing.headers)
        if (header.first != "host") request.headers.push_back(header);
    request.headers.emplace_back("authorization", aws_authorization(signing, credentials_, time));
    request.headers.emplace_back("accept", "*/*");
    request.body = std::move(body);
    request.timeout = s3_timeout;
    request.max_redirects = 0;
    request.private_origin = private_origin_;
    auto response = context_->fetcher.fetch(request, stop);
    if (!response) {
        Error error = response.error();
        if (error.code != ErrorCode::cancelled) error.message = "S3: " + error.message;
        error.subject = "config.connection";
        return error;
    }
    if (response->status == 200 || response->status == 204 || response->status == 206 || response->status == also)
        return response;
    return s3_refusal(*response);
}

Result<void> S3Upload::put(std::string& bytes) {
    pending_.append(bytes);
    bytes.clear();
    while (pending_.size() > part_bytes_) {
        if (auto sent = send_part(pending_.substr(0, part_bytes_)); !sent) return sent;
        pending_.erase(0, part_bytes_);
    }
    return {};
}

Result<void> S3Upload::send_part(std::string part) {
    if (upload_id_.empty()) {
        auto begun = bucket_.send("POST", key_, {{"uploads", ""}}, {{"content-type", content_type_}}, {}, stop_);
        if (!begun) return begun.error();
        upload_id_ = xml_element(begun->body.substr(0, s3_answer_bytes), "UploadId").value_or("");
        if (upload_id_.empty()) return Error{ErrorCode::parse, "S3: the answer has no upload id"};
    }
    if (etags_.size() >= s3_most_parts) return Error{ErrorCode::too_large, "S3: the object has more than 10,000 parts"};
    const auto sent =
        bucket_.send("PUT", key_, {{"partNumber", std::to_string(etags_.size() + 1)}, {"uploadId", upload_id_}}, {},
                     std::move(part), stop_);
    if (!sent) return sent.error();
    etags_.emplace_back(sent->header("etag"));
    if (etags_.back().empty()) return Error{ErrorCode::parse, "S3: the answer to a part has no ETag"};
    return {};
}

Result<void> S3Upload::complete() {
    if (upload_id_.empty()) {
        const auto sent = bucket_.send("PUT", key_, {}, {{"content-type", content_type_}}, std::move(pending_), stop_);
        return sent ? Result<void>() : Result<void>(sent.error());
    }
    if (!pending_.empty())
        if (auto sent = send_part(std::move(pending_)); !sent) return sent;
    std::string body = "<CompleteMultipartUpload>";
    for (std::size_t i = 0; i < etags_.size(); ++i)
        body += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + xml_escape(etags_[i]) +
                "</ETag></Part>";
    body += "</CompleteMultipartUpload>";
    const auto done = bucket_.send("POST", key_, {{"uploadId", upload_id_}}, {{"content-type", "application/xml"}},
                                   std::move(body), stop_);
    if (!done) return done.error();
    // The service may find an error after it has sent the status.
    if (done->body.find("<Error>") != std::string::npos) return s3_refusal(*done);
    upload_id_.clear();
    return {};
}

void S3Upload::abandon() {
    // Not with `stop_`: it may be what led here.
    if (!upload_id_.empty()) (void)bucket_.send("DELETE", key_, {{"uploadId", upload_id_}}, {}, {}, {});
}

}  // namespace meter::nodes
