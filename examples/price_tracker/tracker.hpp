// A price tracker: pages of shops are watched, and what changes becomes a feed.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "meter/meter.hpp"

/// One line of the feed.
struct PriceEvent {
    enum class Kind { appeared, vanished, repriced } kind = Kind::repriced;
    meter::TimePoint at{};
    std::string page;  ///< URL
    std::string product;
    double before = 0, after = 0;  ///< 0: unknown
};

/// "2026-01-15T10:00:00Z  Kettle: 24.50 -> 21.00 (-14 %)  https://shop.example/"
std::string to_text(const PriceEvent& event);

struct TrackedPage {
    std::string url;
    std::string schedule_id;
    std::string health;  ///< "ok", or how it fails and how often
};

/// Everything is kept in the engine's store, what the feed has told included: who starts it again after a crash misses
/// nothing and sees nothing twice. Threads: one.
class PriceTracker {
public:
    static meter::Result<PriceTracker> open(meter::EngineOptions options);

    /// Watches a page. Without a plan one is made from the page. Errors: those of Engine::create_watch().
    meter::Result<TrackedPage> watch(const std::string& url, std::chrono::seconds every,
                                     const std::optional<meter::Value>& plan = {});
    meter::Result<std::vector<TrackedPage>> pages();
    /// What happened since the last call, oldest first for each page.
    meter::Result<std::vector<PriceEvent>> news();

    meter::Engine& engine() noexcept { return *engine_; }

private:
    explicit PriceTracker(std::unique_ptr<meter::Engine> engine) : engine_(std::move(engine)) {}
    std::unique_ptr<meter::Engine> engine_;
};
