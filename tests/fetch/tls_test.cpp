#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "fetch/fault_server.hpp"
#include "fetch/fixture.hpp"

using namespace meter;
using namespace meter::testing;

namespace {

struct SslFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class TlsWire final : public Wire {
public:
    explicit TlsWire(std::unique_ptr<SSL, SslFree> ssl) : ssl_(std::move(ssl)) {}
    ~TlsWire() override { SSL_shutdown(ssl_.get()); }

    bool send(std::string_view bytes) override {
        return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
    }
    std::string receive() override {
        std::string chunk(16384, '\0');
        const int got = SSL_read(ssl_.get(), chunk.data(), static_cast<int>(chunk.size()));
        chunk.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return chunk;
    }

private:
    std::unique_ptr<SSL, SslFree> ssl_;
};

/// A key and a certificate signed by itself for 127.0.0.1, and the server's side of handshakes with them.
class Identity {
public:
    Identity() {
        key_.reset(EVP_EC_gen("P-256"));
        certificate_.reset(X509_new());
        X509* const made = certificate_.get();
        X509_set_version(made, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
        X509_gmtime_adj(X509_getm_notBefore(made), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made), 3600);
        X509_set_pubkey(made, key_.get());
        X509_NAME* const name = X509_get_subject_name(made);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(made, name);
        X509_EXTENSION* const names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
        X509_add_ext(made, names, -1);
        X509_EXTENSION_free(names);
        REQUIRE(X509_sign(made, key_.get(), EVP_sha256()) > 0);

        context_.reset(SSL_CTX_new(TLS_server_method()));
        REQUIRE(SSL_CTX_use_certificate(context_.get(), made) == 1);
        REQUIRE(SSL_CTX_use_PrivateKey(context_.get(), key_.get()) == 1);
        SSL_CTX_set_mode(context_.get(), SSL_MODE_AUTO_RETRY);

        char path[] = "/tmp/meter_tls_XXXXXX";
        const int fd = ::mkstemp(path);
        REQUIRE(fd >= 0);
        std::FILE* const file = ::fdopen(fd, "w");
        PEM_write_X509(file, made);
        std::fclose(file);
        pem_file_ = path;
    }
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;
    ~Identity() { ::unlink(pem_file_.c_str()); }

    const std::string& pem_file() const { return pem_file_; }
    int handshakes() const { return handshakes_; }
    int resumed() const { return resumed_; }

    Wrap wrap() {
        return [this](int socket) -> std::unique_ptr<Wire> {
            std::unique_ptr<SSL, SslFree> ssl(SSL_new(context_.get()));
            SSL_set_fd(ssl.get(), socket);
            if (SSL_accept(ssl.get()) != 1) return nullptr;
            ++handshakes_;
            if (SSL_session_reused(ssl.get())) ++resumed_;
            return std::make_unique<TlsWire>(std::move(ssl));
        };
    }

private:
    std::unique_ptr<EVP_PKEY, SslFree> key_;
    std::unique_ptr<X509, SslFree> certificate_;
    std::unique_ptr<SSL_CTX, SslFree> context_;
    std::string pem_file_;
    std::atomic<int> handshakes_{0};
    std::atomic<int> resumed_{0};
};

}  // namespace

TEST_SUITE("fetch.tls") {
    TEST_CASE("a certificate that nobody vouches for is refused, without a second try") {
        Identity identity;
        FaultServer server("127.0.0.1", identity.wrap());
        FetchOptions options = loopback_options();
        options.max_retries = 3;
        const Error error = failure_of(get(*open_fetcher(options), server.url("/ok", "https")));
        CHECK(error.code == ErrorCode::network);
        CHECK(error.message == "Connection failed: TLS error");
        CHECK(server.wait_until([&] { return server.connections() == 1 && server.open() == 0; }));
        CHECK(server.requests().empty());
    }

    TEST_CASE("a certificate from the given file is trusted, for its names only") {
        Identity identity;
        FaultServer server("127.0.0.1", identity.wrap());
        FaultServer other("127.0.0.2", identity.wrap());
        FetchOptions options = loopback_options();
        options.ca_file = identity.pem_file();
        const auto fetcher = open_fetcher(options);
        const auto response = get(*fetcher, server.url("/ok", "https"));
        REQUIRE(response);
        CHECK(response->body == "fine");
        CHECK(failure_of(get(*fetcher, other.url("/ok", "https"))).message == "Connection failed: TLS error");
        CHECK(other.requests().empty());
    }

    TEST_CASE("verification can be switched off") {
        Identity identity;
        FaultServer server("127.0.0.1", identity.wrap());
        FetchOptions options = loopback_options();
        options.verify_tls = false;
        CHECK(get(*open_fetcher(options), server.url("/ok", "https")));
    }

    TEST_CASE("a kept connection needs one handshake, a new one resumes the session") {
        Identity identity;
        FaultServer server("127.0.0.1", identity.wrap());
        server.on("/last", [](Peer& peer, const Received&) {
            peer.answer(200, "bye", "Connection: close\r\n");
            peer.close();
        });
        FetchOptions options = loopback_options();
        options.ca_file = identity.pem_file();
        const auto fetcher = open_fetcher(options);
        for (int i = 0; i < 5; ++i) REQUIRE(get(*fetcher, server.url("/ok", "https")));
        CHECK(identity.handshakes() == 1);
        for (int i = 0; i < 5; ++i) REQUIRE(get(*fetcher, server.url("/last", "https")));
        CHECK(identity.handshakes() == 5);
        CHECK(identity.resumed() == 4);
    }

    TEST_CASE("from https to http is another origin") {
        Identity identity;
        FaultServer plain;
        FaultServer server("127.0.0.1", identity.wrap());
        server.on("/down",
                  [&](Peer& peer, const Received&) { peer.answer(302, "", "Location: " + plain.url("/ok") + "\r\n"); });
        FetchOptions options = loopback_options();
        options.ca_file = identity.pem_file();
        Request request;
        request.url = server.url("/down", "https");
        request.headers = {{"Authorization", "Bearer t"}};
        REQUIRE(open_fetcher(options)->fetch(request, {}));
        CHECK(server.requests("/down").at(0).header("authorization") == "Bearer t");
        CHECK(plain.requests("/ok").at(0).count("authorization") == 0);
    }
}
