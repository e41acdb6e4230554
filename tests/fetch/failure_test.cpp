#include "fetch/failure.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace meter;
using namespace meter::fetch;

TEST_SUITE("fetch.failure") {
    TEST_CASE("every failure has the text of the wire contract and the right to another try") {
        struct Row {
            CURLcode code;
            Progress progress;
            ErrorCode kind;
            std::string_view message;
            Blame blame;
        };
        Progress sent;
        sent.request_sent = true;
        Progress refused;
        refused.blocked = true;
        Progress refused_once = refused;
        refused_once.socket_open = true;
        refused_once.os_errno = ECONNREFUSED;
        Progress resolving;
        resolving.resolving = true;
        Progress unreachable;
        unreachable.os_errno = EHOSTUNREACH;
        Progress unheard;
        unheard.os_errno = ETIMEDOUT;

        constexpr std::string_view no_answer = "Connection timeout: target site did not respond";
        constexpr std::string_view unresolved = "Connection failed: could not resolve host";
        constexpr std::string_view tls = "Connection failed: TLS error";
        using enum ErrorCode;
        const Row rows[] = {
            {CURLE_COULDNT_RESOLVE_HOST, resolving, network, unresolved, Blame::fatal},
            {CURLE_OPERATION_TIMEDOUT, resolving, network, unresolved, Blame::fatal},
            {CURLE_COULDNT_CONNECT, {}, network, "Connection failed: connection refused", Blame::connect},
            {CURLE_COULDNT_CONNECT, refused_once, network, "Connection failed: connection refused", Blame::connect},
            {CURLE_COULDNT_CONNECT, unreachable, network, "Connection failed: host unreachable", Blame::connect},
            {CURLE_COULDNT_CONNECT, unheard, timeout, no_answer, Blame::connect},
            {CURLE_COULDNT_CONNECT, refused, blocked, "URL not allowed by server policy", Blame::fatal},
            {CURLE_OPERATION_TIMEDOUT, {}, timeout, no_answer, Blame::connect},
            {CURLE_OPERATION_TIMEDOUT, sent, timeout, no_answer, Blame::fatal},
            {CURLE_SSL_CONNECT_ERROR, {}, network, tls, Blame::fatal},
            {CURLE_PEER_FAILED_VERIFICATION, {}, network, tls, Blame::fatal},
            {CURLE_SSL_CACERT_BADFILE, {}, network, tls, Blame::fatal},
            {CURLE_GOT_NOTHING, sent, network, "Connection failed: empty reply", Blame::exchange},
            {CURLE_RECV_ERROR, sent, network, "Connection failed: connection reset", Blame::exchange},
            {CURLE_SEND_ERROR, sent, network, "Connection failed: connection reset", Blame::exchange},
            {CURLE_PARTIAL_FILE, sent, network, "Connection failed: connection closed early", Blame::exchange},
            {CURLE_HTTP2_STREAM, sent, network, "Connection failed: HTTP/2 error", Blame::exchange},
            {CURLE_BAD_CONTENT_ENCODING, sent, network, "Connection failed: malformed content encoding", Blame::fatal},
            {CURLE_WEIRD_SERVER_REPLY, sent, network, "Connection failed: malformed answer", Blame::fatal},
            {CURLE_OUT_OF_MEMORY, sent, too_large, "Page too large", Blame::fatal},
            {CURLE_OUT_OF_MEMORY, {}, internal, "Out of memory", Blame::fatal},
            {CURLE_URL_MALFORMAT, {}, invalid_url, "Invalid URL format", Blame::fatal},
        };
        for (const Row& row : rows) {
            CAPTURE(static_cast<int>(row.code));
            const Failure failure = describe(row.code, row.progress, "http://a/");
            CHECK(failure.error.code == row.kind);
            CHECK(failure.error.message == row.message);
            CHECK(failure.error.subject == "http://a/");
            CHECK((failure.blame == row.blame));
        }
    }

    TEST_CASE("a code without a rule of its own still says what happened") {
        const Failure failure = describe(CURLE_READ_ERROR, {}, "http://a/");
        CHECK(failure.error.code == ErrorCode::network);
        CHECK(failure.error.message.starts_with("Connection failed: "));
        CHECK(failure.error.message.size() > std::string_view("Connection failed: ").size());
    }
}
