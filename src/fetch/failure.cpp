#include "fetch/failure.hpp"

#include <cerrno>

namespace meter::fetch {
namespace {

bool is_tls_code(CURLcode code) noexcept {
    switch (code) {
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ENGINE_NOTFOUND:
        case CURLE_SSL_ENGINE_SETFAILED:
        case CURLE_SSL_ENGINE_INITFAILED:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_USE_SSL_FAILED:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_SHUTDOWN_FAILED:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_CLIENTCERT:
            return true;
        default:
            return false;
    }
}

Failure connect_failure(const Progress& progress, std::string_view url) {
    // A name with a refused and an allowed address may connect to the allowed one. Only when nothing but refused
    // addresses were left is the failure the gate's.
    if (progress.blocked && !progress.socket_open) return {blocked_error(url), Blame::fatal};
    switch (progress.os_errno) {
        case ETIMEDOUT:
            return {timeout_error(url), Blame::connect};
        case ENETUNREACH:
        case EHOSTUNREACH:
            return {network_error("host unreachable", url), Blame::connect};
        case 0:
        case ECONNREFUSED:
            return {network_error("connection refused", url), Blame::connect};
        default:
            return {network_error("could not connect", url), Blame::connect};
    }
}

}  // namespace

Error timeout_error(std::string_view url) {
    return {ErrorCode::timeout, "Connection timeout: target site did not respond", std::string(url), true};
}

Error blocked_error(std::string_view url) {
    return {ErrorCode::blocked, "URL not allowed by server policy", std::string(url), false};
}

Error too_large_error(std::string_view url) {
    return {ErrorCode::too_large, "Page too large", std::string(url), false};
}

Error cancelled_error(std::string_view url) {
    return {ErrorCode::cancelled, "Cancelled", std::string(url), false};
}

Error network_error(std::string_view reason, std::string_view url, bool retryable) {
    return {ErrorCode::network, "Connection failed: " + std::string(reason), std::string(url), retryable};
}

Failure describe(CURLcode code, const Progress& progress, std::string_view url) {
    if (is_tls_code(code)) return {network_error("TLS error", url, false), Blame::fatal};
    // Name resolution is not tried again: the resolver has its own retries.
    const Failure unresolved{network_error("could not resolve host", url), Blame::fatal};
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return unresolved;
        case CURLE_COULDNT_CONNECT:
            return connect_failure(progress, url);
        case CURLE_OPERATION_TIMEDOUT:
            if (progress.resolving) return unresolved;
            // After the request: less than the lowest speed. The site answers, only too slowly to be worth a retry.
            return {timeout_error(url), progress.request_sent ? Blame::fatal : Blame::connect};
        case CURLE_GOT_NOTHING:
            return {network_error("empty reply", url), Blame::exchange};
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
            return {network_error("connection reset", url), Blame::exchange};
        case CURLE_PARTIAL_FILE:
            return {network_error("connection closed early", url), Blame::exchange};
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return {network_error("HTTP/2 error", url), Blame::exchange};
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_WRITE_ERROR:  // libcurl's decoders use both; refusals of our own callbacks never come here
            return {network_error("malformed content encoding", url, false), Blame::fatal};
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_HTTP_RETURNED_ERROR:
            return {network_error("malformed answer", url, false), Blame::fatal};
        case CURLE_URL_MALFORMAT:
            return {{ErrorCode::invalid_url, "Invalid URL format", std::string(url), false}, Blame::fatal};
        case CURLE_FILESIZE_EXCEEDED:
            return {too_large_error(url), Blame::fatal};
        case CURLE_OUT_OF_MEMORY:
            // libcurl's own cap on one header line (100 KiB) ends as this code.
            if (progress.request_sent && !progress.head_done) return {too_large_error(url), Blame::fatal};
            return {{ErrorCode::internal, "Out of memory", std::string(url), true}, Blame::fatal};
        default:
            return {network_error(curl_easy_strerror(code), url), Blame::fatal};
    }
}

}  // namespace meter::fetch
