#include "tracker.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <utility>

namespace {

// Prices are numbers, so that a change can be told in per cent; a product is known by its name.
constexpr const char* price_schema = R"({"name": "string", "price": "number"})";
constexpr const char* price_key = R"(["name"])";

std::string name_of(const meter::Value& item) {
    const meter::Value* name = item.find("name");
    return name == nullptr || name->if_string() == nullptr ? "?" : *name->if_string();
}

double price_in(const meter::Value& holder, std::string_view member) {
    const meter::Value* price = holder.find(member);
    return price == nullptr ? 0 : price->to_double();
}

std::vector<meter::Value> items_in(const std::string& json) {
    const auto parsed = meter::parse_json(json);
    const auto* items = parsed ? parsed->if_array() : nullptr;
    return items == nullptr ? std::vector<meter::Value>{} : *items;
}

/// A line of the changelog has modified items among the new and the removed ones too: they are told once.
void append_events(std::vector<PriceEvent>& events, const meter::ChangelogRow& row) {
    std::set<std::string> told;
    const auto add = [&](PriceEvent::Kind kind, const std::string& product, double before, double after) {
        events.push_back({kind, row.completed_at, row.url, product, before, after});
        told.insert(product);
    };
    for (const auto& modified : items_in(row.change.modified_items)) {
        const auto* fields = modified.find("fields");
        const auto* price = fields == nullptr ? nullptr : fields->find("price");
        if (const auto* item = modified.find("item"); item != nullptr && price != nullptr)
            add(PriceEvent::Kind::repriced, name_of(*item), price_in(*price, "old"), price_in(*price, "new"));
    }
    for (const auto& item : items_in(row.change.new_items))
        if (!told.contains(name_of(item))) add(PriceEvent::Kind::appeared, name_of(item), 0, price_in(item, "price"));
    for (const auto& item : items_in(row.change.removed_items))
        if (!told.contains(name_of(item))) add(PriceEvent::Kind::vanished, name_of(item), price_in(item, "price"), 0);
}

std::string two_decimals(double price) {
    char text[64];
    std::snprintf(text, sizeof text, "%.2f", price);
    return price == 0 ? "?" : text;
}

}  // namespace

std::string to_text(const PriceEvent& event) {
    std::string text = meter::format_time(event.at) + "  " + event.product;
    if (event.kind == PriceEvent::Kind::appeared) text += ": new, " + two_decimals(event.after);
    if (event.kind == PriceEvent::Kind::vanished) text += ": gone, was " + two_decimals(event.before);
    if (event.kind == PriceEvent::Kind::repriced) {
        text += ": " + two_decimals(event.before) + " -> " + two_decimals(event.after);
        const double percent = event.before > 0 ? std::round((event.after / event.before - 1) * 100) : 0;
        if (percent != 0) text += (percent > 0 ? " (+" : " (") + std::to_string(static_cast<int>(percent)) + " %)";
    }
    return text + "  " + event.page;
}

meter::Result<PriceTracker> PriceTracker::open(meter::EngineOptions options) {
    auto engine = meter::Engine::open(std::move(options));
    if (!engine) return engine.error();
    return PriceTracker(*std::move(engine));
}

meter::Result<TrackedPage> PriceTracker::watch(const std::string& url, std::chrono::seconds every,
                                               const std::optional<meter::Value>& plan) {
    meter::WatchRequest request;
    request.strategy.url = url;
    request.strategy.name = "Prices of " + url.substr(0, 150);
    request.strategy.description = "product names and prices";
    request.strategy.strategy = plan;
    request.strategy.output_schema = meter::parse_json(price_schema).value();
    request.strategy.key = meter::parse_json(price_key).value();
    request.interval_seconds = every.count();
    const auto made = engine_->create_watch(request);
    if (!made) return made.error();
    return TrackedPage{url, made->schedule.schedule_id, "ok"};
}

meter::Result<std::vector<TrackedPage>> PriceTracker::pages() {
    const auto schedules = engine_->list_schedules();
    if (!schedules) return schedules.error();
    std::vector<TrackedPage> pages;
    for (const auto& schedule : *schedules) {
        std::string health(meter::to_string(schedule.health.state));
        if (schedule.health.state != meter::HealthState::ok) health += " x " + std::to_string(schedule.health.count);
        pages.push_back({schedule.url.value_or(""), schedule.schedule_id, health});
    }
    return pages;
}

meter::Result<std::vector<PriceEvent>> PriceTracker::news() {
    const auto tracked = pages();
    if (!tracked) return tracked.error();
    std::vector<PriceEvent> events;
    for (const auto& page : *tracked) {
        const auto fresh = engine_->schedule_changes(page.schedule_id);  // what is told becomes seen
        if (!fresh) return fresh.error();
        if (fresh->changes.empty()) continue;
        std::set<std::string> jobs;
        for (const auto& change : fresh->changes) jobs.insert(change.job_id);
        const auto log = engine_->schedule_changelog(page.schedule_id, {.range = {.limit = 100}});
        if (!log) return log.error();
        for (auto row = log->entries.rbegin(); row != log->entries.rend(); ++row)  // newest first there
            if (jobs.contains(row->job_id)) append_events(events, *row);
    }
    return events;
}
