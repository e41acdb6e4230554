#include "blocking_calls.hpp"

#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

using namespace meter::server;

TEST_SUITE("server.blocking_calls") {
    TEST_CASE("there are as many places as were asked for") {
        BlockingCalls calls(2);
        const auto peer = std::make_shared<Peer>();
        auto one = calls.enter(peer);
        const auto two = calls.enter(nullptr);
        REQUIRE(one);
        REQUIRE(two);
        CHECK_FALSE(calls.enter(peer));
        CHECK_FALSE(one->token().stop_requested());
        one.reset();
        CHECK(calls.enter(peer));
    }

    TEST_CASE("a wait whose caller hung up makes room when it is needed, and no earlier") {
        BlockingCalls calls(1);
        const auto gone = std::make_shared<Peer>();
        gone->gone = true;
        std::mutex mutex;
        std::condition_variable entered;
        bool inside = false;
        std::jthread waiter([&] {
            const auto place = calls.enter(gone);
            {
                const std::lock_guard lock(mutex);
                inside = true;
            }
            entered.notify_one();
            std::mutex own;
            std::unique_lock lock(own);
            std::condition_variable_any never;
            never.wait(lock, place->token(), [] { return false; });
        });
        {
            std::unique_lock lock(mutex);
            entered.wait(lock, [&] { return inside; });
        }
        CHECK(calls.enter(std::make_shared<Peer>()));
    }

    TEST_CASE("stop ends every wait and lets nobody in") {
        BlockingCalls calls(2);
        const auto place = calls.enter(nullptr);
        REQUIRE(place);
        calls.stop();
        CHECK(place->token().stop_requested());
        CHECK_FALSE(calls.enter(nullptr));
    }
}
