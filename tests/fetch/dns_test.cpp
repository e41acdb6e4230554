// Names whose answers are set by the test: rotating, rebinding and aliased ones (the `dns` rows of the ssrf suite).
//
// getaddrinfo() of this program is ours: the dynamic linker finds it before libc's, and libcurl's resolver threads
// call it. Names that no test has set go on to libc.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "fetch/fault_server.hpp"
#include "fetch/fixture.hpp"

using namespace meter;
using namespace meter::testing;

namespace {

using Addresses = std::vector<std::string>;

/// What names resolve to: each lookup takes the next answer, the last one stays.
class ScriptedNames {
public:
    static ScriptedNames& instance() {
        static ScriptedNames names;
        return names;
    }
    void set(const std::string& name, std::vector<Addresses> answers) {
        const std::lock_guard lock(mutex_);
        scripts_[name] = std::move(answers);
        lookups_[name] = 0;
    }
    std::size_t lookups(const std::string& name) {
        const std::lock_guard lock(mutex_);
        return lookups_[name];
    }
    bool next(const std::string& name, Addresses& addresses) {
        const std::lock_guard lock(mutex_);
        const auto script = scripts_.find(name);
        if (script == scripts_.end()) return false;
        const std::size_t number = lookups_[name]++;
        addresses = script->second[number % script->second.size()];
        return true;
    }

private:
    std::mutex mutex_;
    std::map<std::string, std::vector<Addresses>> scripts_;
    std::map<std::string, std::size_t> lookups_;
};

using Resolver = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

/// Numeric answers come from libc itself, joined into one list as freeaddrinfo() expects it.
int resolve_all(Resolver real, const Addresses& addresses, const char* service, const addrinfo* hints,
                addrinfo** result) {
    addrinfo numeric{};
    if (hints) numeric = *hints;
    numeric.ai_flags = AI_NUMERICHOST;
    numeric.ai_family = AF_UNSPEC;
    *result = nullptr;
    addrinfo** end = result;
    for (const std::string& address : addresses) {
        if (const int failed = real(address.c_str(), service, &numeric, end); failed != 0) return failed;
        while (*end) end = &(*end)->ai_next;
    }
    return 0;
}

/// The real gate, with one loopback address let through: a public host, as far as the fetcher can tell.
fetch::Seams allow_127_0_0_2() {
    fetch::Seams seams;
    seams.is_allowed = [](const sockaddr* address) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
        return (address->sa_family == AF_INET && v4->sin_addr.s_addr == htonl(0x7f000002)) ||
               url::is_global_address(address);
    };
    return seams;
}

}  // namespace

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
    static const auto real = reinterpret_cast<Resolver>(dlsym(RTLD_NEXT, "getaddrinfo"));
    Addresses addresses;
    if (name && ScriptedNames::instance().next(name, addresses))
        return resolve_all(real, addresses, service, hints, result);
    return real(name, service, hints, result);
}

TEST_SUITE("fetch.dns") {
    TEST_CASE("a name that changes its answer between fetches never leads to a denied address") {
        FaultServer server("127.0.0.2");
        FaultServer canary("127.0.0.3", {}, server.port());
        ScriptedNames::instance().set("rebind.test", {{"127.0.0.2"}, {"127.0.0.3"}});
        const std::string url = "http://rebind.test:" + std::to_string(server.port()) + "/ok";
        FetchOptions options = loopback_options();
        options.allow_private_networks = false;
        int fetched = 0;
        int blocked = 0;
        for (int i = 0; i < 200; ++i) {
            const auto fetcher = open_fetcher(options, allow_127_0_0_2());  // a new one keeps no answer
            const auto result = get(*fetcher, url);
            if (result)
                ++fetched;
            else if (result.error().code == ErrorCode::blocked)
                ++blocked;
        }
        CHECK(fetched == 100);
        CHECK(blocked == 100);
        CHECK(ScriptedNames::instance().lookups("rebind.test") == 200);
        CHECK(canary.connections() == 0);
    }

    TEST_CASE("of several addresses only the allowed ones are connected to") {
        FaultServer server("127.0.0.2");
        FaultServer canary("127.0.0.3", {}, server.port());
        ScriptedNames::instance().set("multi.test", {{"127.0.0.3", "127.0.0.2"}, {"127.0.0.2", "127.0.0.3"}});
        FetchOptions options = loopback_options();
        options.allow_private_networks = false;
        for (int i = 0; i < 20; ++i) {
            const auto fetcher = open_fetcher(options, allow_127_0_0_2());
            const auto result = get(*fetcher, "http://multi.test:" + std::to_string(server.port()) + "/ok");
            if (!result) CHECK(result.error().code == ErrorCode::blocked);
        }
        CHECK(server.connections() > 0);
        CHECK(canary.connections() == 0);
    }

    TEST_CASE("a name that stands for this machine is refused") {
        FaultServer canary;
        ScriptedNames::instance().set("cname.test", {{"127.0.0.1"}, {"::1"}, {"::ffff:127.0.0.1", "127.0.0.1"}});
        for (int i = 0; i < 3; ++i) {
            const auto fetcher = make_fetcher().value();
            const Error error = failure_of(get(*fetcher, "http://cname.test:" + std::to_string(canary.port()) + "/"));
            CHECK(error.code == ErrorCode::blocked);
        }
        CHECK(ScriptedNames::instance().lookups("cname.test") == 3);
        CHECK(canary.connections() == 0);
    }
}
