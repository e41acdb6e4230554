// Sizes: what a hostile server may make us read, decode and keep.
#include "fetch/fault_server.hpp"
#include "fetch/fixture.hpp"
#ifdef METER_TEST_ZLIB
#include <zlib.h>
#endif

using namespace meter;
using namespace meter::testing;

namespace {

void check_too_large(const Result<Response>& result) {
    const Error error = failure_of(result);
    CHECK(error.code == ErrorCode::too_large);
    CHECK(error.message == "Page too large");
}

FaultServer::Handler coded(std::string coding, std::string bytes) {
    return [=](Peer& peer, const Received&) { peer.answer(200, bytes, "Content-Encoding: " + coding + "\r\n"); };
}

/// "brotli says hello hello hello hello hello", by brotli 1.0.9 -q 11.
const std::string brotli_text(
    "\x1f\x28\x00\xf8\x8d\x94\x6e\xde\x44\x2d\x56\x86\x26\xa7\xd9\xde\xd2\xe8\x96\x2c\xec\xd4\x01\xea\xc0\xdd\x6a\x2a"
    "\x09",
    29);

#ifdef METER_TEST_ZLIB
/// `window` 15: zlib ("deflate"), 31: gzip, -15: raw deflate.
std::string compress(std::string_view text, int window) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

/// Deflate without output: empty stored blocks, for ever.
std::string empty_blocks(std::size_t count) {
    std::string out("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
    for (std::size_t i = 0; i < count; ++i) out.append("\x00\x00\x00\xff\xff", 5);
    return out;
}

std::string as_chunks(std::string_view bytes, std::size_t size) {
    std::string out;
    char head[32];
    while (!bytes.empty()) {
        const auto piece = bytes.substr(0, size);
        std::snprintf(head, sizeof head, "%zx\r\n", piece.size());
        out.append(head).append(piece).append("\r\n");
        bytes.remove_prefix(piece.size());
    }
    return out + "0\r\n\r\n";
}
#endif

}  // namespace

TEST_SUITE("fetch.limits") {
    TEST_CASE("a body is kept up to its limit and refused, not cut, beyond") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        for (const std::size_t size : {4095u, 4096u, 4097u}) {
            CAPTURE(size);
            server.on("/sized", [size](Peer& peer, const Received&) { peer.answer(200, std::string(size, 'x')); });
            Request request;
            request.url = server.url("/sized");
            request.max_body_bytes = 4096;
            const auto response = fetcher->fetch(request, {});
            if (size > 4096) {
                check_too_large(response);
            } else {
                REQUIRE(response);
                CHECK(response->body.size() == size);
            }
        }
    }

    TEST_CASE("an endless body and a huge announced one end as too large") {
        FaultServer server;
        FetchOptions options = loopback_options();
        options.max_wire_bytes = options.max_body_bytes = 1u << 20;
        const auto fetcher = open_fetcher(options);
        check_too_large(get(*fetcher, server.url("/endless")));
        check_too_large(get(*fetcher, server.url("/huge")));
        CHECK(server.wait_until([&] { return server.open() == 0; }));
        CHECK(get(*fetcher, server.url("/ok")));
    }

    TEST_CASE("a request may allow more than the fetcher's default") {
        FaultServer server;
        FetchOptions options = loopback_options();
        options.max_body_bytes = 1024;
        const auto fetcher = open_fetcher(options);
        server.on("/sized", [](Peer& peer, const Received&) { peer.answer(200, std::string(5000, 'x')); });
        check_too_large(get(*fetcher, server.url("/sized")));
        Request request;
        request.url = server.url("/sized");
        request.max_body_bytes = 5000;
        CHECK(fetcher->fetch(request, {}));
    }

    TEST_CASE("headers without end are refused, in one answer or in many interim ones or in one line") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        for (const std::string_view path : {"/header_flood", "/interim_flood", "/long_header"}) {
            CAPTURE(path);
            check_too_large(get(*fetcher, server.url(path)));
        }
        CHECK(get(*fetcher, server.url("/ok")));
    }

    TEST_CASE("header bytes are limited by the option") {
        FaultServer server;
        server.on("/headers", [](Peer& peer, const Received&) {
            std::string lines;
            for (int i = 0; i < 20; ++i) lines += "X-Filler: " + std::string(90, 'x') + "\r\n";
            peer.answer(200, "fine", lines);
        });
        FetchOptions options = loopback_options();
        options.max_header_bytes = 1024;
        check_too_large(get(*open_fetcher(options), server.url("/headers")));
        options.max_header_bytes = 4096;
        CHECK(get(*open_fetcher(options), server.url("/headers")));
    }

    TEST_CASE("a brotli body is decoded") {
        FaultServer server;
        server.on("/br", coded("br", brotli_text));
        const auto response = get(*open_fetcher(), server.url("/br"));
        REQUIRE(response);
        CHECK(response->body == "brotli says hello hello hello hello hello");
        CHECK(response->wire_bytes == brotli_text.size());
    }

#ifdef METER_TEST_ZLIB
    TEST_CASE("gzip and both kinds of deflate are decoded and counted before and after") {
        FaultServer server;
        std::string text;
        for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i) + "\n";
        const auto fetcher = open_fetcher();
        struct Row {
            std::string coding;
            int window;
        };
        for (const Row& row : {Row{"gzip", 31}, Row{"deflate", 15}, Row{"deflate", -15}, Row{"x-gzip", 31}}) {
            CAPTURE(row.coding);
            const std::string packed = compress(text, row.window);
            server.on("/packed", coded(row.coding, packed));
            const auto response = get(*fetcher, server.url("/packed"));
            REQUIRE(response);
            CHECK(response->body == text);
            CHECK(response->wire_bytes == packed.size());
        }
    }

    TEST_CASE("a gzip bomb is refused by its ratio, with a length or in chunks") {
        FaultServer server;
        const std::string bomb = compress(std::string(24u << 20, '\0'), 31);
        server.on("/bomb", coded("gzip", bomb));
        server.on("/chunked_bomb", [bomb](Peer& peer, const Received&) {
            peer.send("HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
                      as_chunks(bomb, 1000));
        });
        const auto fetcher = open_fetcher();
        check_too_large(get(*fetcher, server.url("/bomb")));
        check_too_large(get(*fetcher, server.url("/chunked_bomb")));
    }

    TEST_CASE("a bomb is refused by its size where the ratio allows it") {
        FaultServer server;
        server.on("/bomb", coded("gzip", compress(std::string(24u << 20, '\0'), 31)));
        FetchOptions options = loopback_options();
        options.max_decode_ratio = 100'000;
        options.max_body_bytes = 16u << 20;
        check_too_large(get(*open_fetcher(options), server.url("/bomb")));
        options.max_body_bytes = 32u << 20;
        const auto whole = get(*open_fetcher(options), server.url("/bomb"));
        REQUIRE(whole);
        CHECK(whole->body.size() == 24u << 20);
    }

    TEST_CASE("a high ratio is no reason below a megabyte, and a modest one none above") {
        FaultServer server;
        const auto fetcher = open_fetcher();
        server.on("/small", coded("gzip", compress(std::string(1u << 20, '\0'), 31)));
        CHECK(get(*fetcher, server.url("/small")));
        std::string text;
        for (long i = 0; i < 300'000; ++i) text += std::to_string(i * 7919) + (i % 9 ? " " : "\n");
        server.on("/large", [packed = compress(text, 31)](Peer& peer, const Received&) {
            peer.send("HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
                      as_chunks(packed, 7000));
        });
        const auto response = get(*fetcher, server.url("/large"));
        REQUIRE(response);
        CHECK(response->body == text);
    }

    TEST_CASE("compressed bytes that decode to nothing count as received") {
        FaultServer server;
        server.on("/nothing", coded("gzip", empty_blocks(400'000)));
        server.on("/nothing_for_ever", [](Peer& peer, const Received&) {
            peer.close();
            peer.send("HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n\r\n");
            const std::string blocks = empty_blocks(10'000).substr(10);
            if (peer.send(empty_blocks(1)))
                while (peer.send(blocks)) {
                }
        });
        FetchOptions options = loopback_options();
        options.max_wire_bytes = 1u << 20;
        const auto fetcher = open_fetcher(options);
        check_too_large(get(*fetcher, server.url("/nothing")));
        check_too_large(get(*fetcher, server.url("/nothing_for_ever")));
    }

    TEST_CASE("an encoding announced twice is one layer each and refused") {
        FaultServer server;
        const std::string twice = compress(compress("text", 31), 31);
        server.on("/twice", [twice](Peer& peer, const Received&) {
            peer.answer(200, twice, "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n");
        });
        server.on("/identity", [](Peer& peer, const Received&) {
            peer.answer(200, compress("text", 31), "Content-Encoding: identity, gzip\r\n");
        });
        const auto fetcher = open_fetcher();
        CHECK(failure_of(get(*fetcher, server.url("/twice"))).message ==
              "Connection failed: unsupported content encoding");
        const auto plain = get(*fetcher, server.url("/identity"));
        REQUIRE(plain);
        CHECK(plain->body == "text");
    }
#else
    TEST_CASE("bodies made with zlib") {
        MESSAGE("skipped: built without zlib");
    }
#endif
}
