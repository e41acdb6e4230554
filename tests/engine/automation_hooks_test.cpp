#include <doctest/doctest.h>

#include "meter/automation.hpp"
#include "meter/engine.hpp"
#include "meter/testing/manual_clock.hpp"
#include "meter/testing/scripted_fetcher.hpp"
#include "meter/webhook.hpp"

using namespace meter;
using namespace std::chrono_literals;

namespace {

struct HookBench {
    std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>(TimePoint{1'753'790'400s});
    std::unique_ptr<Engine> engine =
        Engine::open({.fetcher = std::make_shared<testing::ScriptedFetcher>(), .clock = clock, .jobs = {.workers = 0}})
            .value();
    AutomationCaller owner{.account_id = "mine", .user_id = "me", .organization_id = "ours"};
    std::string id =
        create(R"([{"id":"in","nodeId":"webhook-trigger","config":{"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
                               {"id":"keep","nodeId":"merge","config":{"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
                               {"id":"bare","nodeId":"webhook-trigger"}])");

    std::string create(std::string nodes) {
        AutomationRequest request;
        request.name = "Hooked";
        request.status = AutomationStatus::active;
        request.graph.nodes = std::move(nodes);
        return engine->automations().create(request, owner).value().automation_id;
    }
    Result<std::optional<AutomationCaller>> open(std::string_view node, const HookProof& proof) {
        return engine->automations().open_hook(id, node, proof);
    }
};

constexpr std::string_view hook_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

}  // namespace

TEST_SUITE("engine.automation_hooks") {
    TEST_CASE("the secret opens the hook for its owner, and nothing like it does") {
        HookBench bench;
        const auto opened = bench.open("in", {.secret = hook_secret});
        REQUIRE(opened);
        REQUIRE(*opened);
        CHECK((*opened)->account_id == "mine");
        CHECK((*opened)->user_id == "me");
        for (const std::string_view secret : {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "x"}) {
            CAPTURE(secret);
            CHECK_FALSE(*bench.open("in", {.secret = secret}));
        }
    }

    TEST_CASE("a signature opens it for five minutes") {
        HookBench bench;
        // The vector of the Standard Webhooks reference libraries.
        const std::string body = R"({"test": 2432232314})";
        const HookProof proof{.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                              .timestamp = "1614265330",
                              .signatures = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                              .body = body};
        CHECK_FALSE(*bench.open("in", proof));
        struct Row {
            std::chrono::seconds now;
            bool good;
        };
        for (const Row& row : {Row{1'614'265'330s, true}, Row{1'614'265'630s, true}, Row{1'614'265'631s, false},
                               Row{1'614'265'030s, true}, Row{1'614'265'029s, false}}) {
            CAPTURE(row.now.count());
            HookBench at;
            at.clock->set(TimePoint{row.now});
            CHECK(at.open("in", proof)->has_value() == row.good);
            HookProof other = proof;
            other.body = "{}";
            CHECK_FALSE(*at.open("in", other));
        }
    }

    TEST_CASE("only webhook triggers with a secret, of active automations, are there") {
        HookBench bench;
        for (const std::string_view node : {"keep", "bare", "gone", ""}) {
            CAPTURE(node);
            const auto opened = bench.open(node, {.secret = hook_secret});
            REQUIRE_FALSE(opened);
            CHECK(opened.error().message == "Webhook not found");
        }
        const auto bad = bench.create(R"([{"id":"in","nodeId":"webhook-trigger","config":{"secret":" x"}}])");
        CHECK(bench.engine->automations().open_hook(bad, "in", {.secret = " x"}).error().message ==
              "Webhook not found");
        for (const auto status : {AutomationStatus::draft, AutomationStatus::paused, AutomationStatus::archived}) {
            REQUIRE(bench.engine->automations().set_status(bench.id, status, bench.owner));
            CHECK(bench.open("in", {.secret = hook_secret}).error().code == ErrorCode::not_found);
        }
        REQUIRE(bench.engine->automations().set_status(bench.id, AutomationStatus::active, bench.owner));
        CHECK(*bench.open("in", {.secret = hook_secret}));
        CHECK_FALSE(bench.engine->automations().open_hook("wf_tmpl_webhookToDatabase", "hook", {}));
    }
}
