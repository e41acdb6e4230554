// AWS Signature Version 4. Ours, because libcurl 7.88 neither sorts the query nor signs the hash of the content. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/fetcher.hpp"
#include "meter/time.hpp"

namespace meter::nodes {

struct AwsCredentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string region;
    std::string service;
};

struct AwsRequest {
    std::string method;
    std::string path;                                        ///< percent-encoded, as it is sent
    std::vector<std::pair<std::string, std::string>> query;  ///< decoded
    std::vector<Header> headers;                             ///< all that are signed, names in lower case, each once
    std::string content_hash;                                ///< SHA-256 of the body in hex
};

/// "20130524T000000Z": the x-amz-date header.
std::string aws_time(TimePoint time);

/// The query as it is signed and sent: sorted, everything but unreserved characters encoded.
std::string aws_query(std::vector<std::pair<std::string, std::string>> query);

/// The Authorization header of a request at `time` (as aws_time() has it).
/// Source: "Signature Version 4 signing process", Amazon S3 API reference.
std::string aws_authorization(const AwsRequest& request, const AwsCredentials& credentials, std::string_view time);

}  // namespace meter::nodes
