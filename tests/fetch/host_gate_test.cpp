#include "fetch/host_gate.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace meter::fetch;
using namespace std::chrono_literals;

namespace {

Steady in(std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

}  // namespace

TEST_SUITE("fetch.host_gate") {
    TEST_CASE("never more callers of a host inside than the limit, and all get in") {
        HostGate gate(3, 0ms);
        std::atomic<int> inside{0}, most{0}, entered{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < 16; ++i)
            threads.emplace_back([&] {
                for (int round = 0; round < 200; ++round) {
                    const auto slot = gate.enter("a:80", in(30s), {});
                    if (!slot) continue;
                    const int now = ++inside;
                    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                    }
                    ++entered;
                    std::this_thread::yield();
                    --inside;
                }
            });
        for (auto& thread : threads) thread.join();
        CHECK(entered == 16 * 200);
        CHECK(most <= 3);
        CHECK(gate.size() == 0);
    }

    TEST_CASE("another host is not held up by a full one") {
        HostGate gate(1, 0ms);
        const auto first = gate.enter("a:80", in(1s), {});
        CHECK(first);
        CHECK(gate.enter("b:80", in(1s), {}));
        CHECK(gate.enter("a:81", in(1s), {}));
        CHECK_FALSE(gate.enter("a:80", in(5ms), {}));
    }

    TEST_CASE("those who wait are let in in the order they came") {
        HostGate gate(1, 0ms);
        std::vector<int> order;  // written inside the gate, so one at a time
        std::vector<std::thread> threads;
        {
            const auto held = gate.enter("a:80", in(1s), {});
            for (int i = 0; i < 8; ++i) {
                threads.emplace_back([&, i] {
                    const auto slot = gate.enter("a:80", in(30s), {});
                    order.push_back(i);
                });
                while (gate.waiting("a:80") != static_cast<std::size_t>(i + 1)) std::this_thread::yield();
            }
        }
        for (auto& thread : threads) thread.join();
        CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
    }

    TEST_CASE("a stop ends the wait and gives the turn to the next") {
        HostGate gate(1, 0ms);
        auto held = std::make_unique<HostGate::Slot>(*gate.enter("a:80", in(1s), {}));
        std::stop_source stop;
        std::atomic<bool> got_in{false}, gave_up{false};
        std::thread stopped([&] { gave_up = !gate.enter("a:80", in(30s), stop.get_token()); });
        while (gate.waiting("a:80") != 1) std::this_thread::yield();
        std::thread next([&] { got_in = gate.enter("a:80", in(30s), {}).has_value(); });
        while (gate.waiting("a:80") != 2) std::this_thread::yield();
        stop.request_stop();
        stopped.join();
        CHECK(gave_up);
        held.reset();
        next.join();
        CHECK(got_in);
        CHECK(gate.size() == 0);
    }

    TEST_CASE("a stop requested before is not let in, even with a place free") {
        HostGate gate(1, 0ms);
        std::stop_source stop;
        stop.request_stop();
        CHECK_FALSE(gate.enter("a:80", in(1s), stop.get_token()));
        CHECK(gate.size() == 0);
    }

    TEST_CASE("two starts on one host are at least the delay apart") {
        HostGate gate(4, 30ms);
        std::vector<Steady> starts;
        for (int i = 0; i < 4; ++i) {
            REQUIRE(gate.enter("a:80", in(30s), {}));
            starts.push_back(std::chrono::steady_clock::now());
        }
        // Each start is noted after it was allowed, so the first gap may look shorter by that much.
        CHECK(starts[3] - starts[0] >= 60ms);
        CHECK_FALSE(gate.enter("a:80", in(1ms), {}));
    }

    TEST_CASE("a held host begins nothing before the moment named, others do") {
        HostGate gate(4, 0ms);
        const auto until = in(40ms);
        gate.hold("a:80", until);
        CHECK(gate.enter("b:80", in(1s), {}));
        CHECK_FALSE(gate.enter("a:80", in(1ms), {}));
        CHECK(gate.enter("a:80", in(30s), {}));
        CHECK(std::chrono::steady_clock::now() >= until);
    }

    TEST_CASE("hosts that are done with do not stay in memory") {
        HostGate gate(1, 1ms);
        for (int i = 0; i < 20'000; ++i) REQUIRE(gate.enter("h" + std::to_string(i) + ":80", in(1s), {}));
        CHECK(gate.size() < 15'000);
    }
}
