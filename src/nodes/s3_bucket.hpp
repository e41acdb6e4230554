// One bucket of an S3-compatible object store, by path-style addresses.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/node.hpp"
#include "nodes/aws_signature.hpp"
#include "url/url.hpp"

namespace meter::nodes {

/// Errors: invalid_argument, "config.bucket" or "config.key".
Result<void> check_bucket_name(std::string_view name);
Result<void> check_object_key(std::string_view key);

/// "/bucket/a%20b/c": the path of an object.
std::string object_path(std::string_view bucket, std::string_view key);

class S3Bucket {
public:
    /// Errors: invalid_argument when the connection's endpoint is none.
    static Result<S3Bucket> open(const NodeContext& context, const Connection& connection, std::string bucket);

    using Query = std::vector<std::pair<std::string, std::string>>;

    /// Sends one signed request. What is no success is an error, but for the statuses 200, 206 and `also`. Redirects
    /// are not followed. Errors: not_found, blocked, network, and those of the fetcher; the message has the service's
    /// code.
    Result<Response> send(std::string_view method, const std::string& key, const Query& query,
                          const std::vector<Header>& headers, std::string body, std::stop_token stop,
                          int also = 0) const;

    const std::string& name() const noexcept { return bucket_; }

private:
    S3Bucket(const NodeContext& context, url::Url endpoint, std::string bucket)
        : context_(&context), endpoint_(std::move(endpoint)), bucket_(std::move(bucket)) {}

    const NodeContext* context_;
    url::Url endpoint_;
    std::string bucket_;
    std::string private_origin_;
    std::string session_token_;
    AwsCredentials credentials_;
};

/// The text of the first element of this name in a small XML answer, entities decoded; nullopt when there is none.
std::optional<std::string> xml_element(std::string_view xml, std::string_view name);

/// Uploads an object whose size is not known before: in one piece when it turns out small, in parts otherwise. Nothing
/// is to be seen of it before complete().
class S3Upload {
public:
    S3Upload(const S3Bucket& bucket, std::string key, std::string content_type, std::size_t part_bytes,
             std::stop_token stop)
        : bucket_(bucket),
          key_(std::move(key)),
          content_type_(std::move(content_type)),
          part_bytes_(part_bytes),
          stop_(std::move(stop)) {}

    /// Takes the bytes out of `bytes`.
    Result<void> put(std::string& bytes);
    Result<void> complete();
    /// Gives up parts that were sent. Best effort.
    void abandon();

private:
    Result<void> send_part(std::string part);

    const S3Bucket& bucket_;
    const std::string key_, content_type_;
    const std::size_t part_bytes_;
    const std::stop_token stop_;
    std::string pending_;
    std::string upload_id_;
    std::vector<std::string> etags_;
};

}  // namespace meter::nodes
