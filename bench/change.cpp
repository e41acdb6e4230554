// Finding what changed: 10,000 items against shuffled and edited ones, two texts of 5 MB; cron. Figures, no ratios: the
// limits that they are held to are printed beside them.
#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "measure.hpp"
#include "meter/change.hpp"
#include "meter/cron.hpp"
#include "meter/keyword_filter.hpp"

namespace {

using meter::Object;
using meter::Value;

std::vector<Value> records(int count) {
    std::vector<Value> items;
    for (int i = 0; i < count; ++i)
        items.emplace_back(Object{{"name", "Product and thing number " + std::to_string(i)},
                                  {"url", "https://shop.test/p/" + std::to_string(i)},
                                  {"price", "$" + std::to_string(10 + i % 90) + ".99"},
                                  {"stock", i % 3 == 0},
                                  {"rating", i % 50 * 0.1},
                                  {"tags", Value::Array{"tools", "sale", i % 7}}});
    return items;
}

std::vector<Value> edited(std::vector<Value> items, bool identified) {
    std::mt19937 random(1);
    for (std::size_t i = 0; i < items.size(); i += 3)
        items[i].if_object()->set("price", "$" + std::to_string(random() % 100) + ".49");
    if (!identified)
        for (Value& item : items) item.if_object()->erase("url"), item.if_object()->erase("name");
    std::shuffle(items.begin(), items.end(), random);
    return items;
}

std::string text(std::size_t bytes, unsigned seed) {
    std::mt19937 random(seed);
    std::string words;
    while (words.size() < bytes) {
        for (auto n = 2 + random() % 8; n > 0; --n) words.push_back(static_cast<char>('a' + random() % 26));
        words += random() % 12 == 0 ? ". " : " ";
    }
    return words;
}

template <class Work>
void figure(const char* name, double limit_ms, Work work) {
    work();
    std::vector<double> samples;
    for (int i = 0; i < 7; ++i) {
        const double start = bench::cpu_seconds();
        work();
        samples.push_back((bench::cpu_seconds() - start) * 1e3);
    }
    const auto s = bench::summary(samples);
    std::printf("  %-52s %9.3f %9.3f %9.3f ms (limit %g)\n", name, s.min, s.median, s.max, limit_ms);
}

}  // namespace

int main() {
    std::puts("change detection (7 rounds, CPU time: min / median / max)");
    std::size_t kept = 0;  // keeps the work from being optimised away

    const auto items = records(10'000);
    const auto shuffled = edited(items, true);
    figure("diff: 10,000 items, shuffled, a third edited", 200,
           [&] { kept += meter::diff(items, shuffled).texts.size(); });
    const auto anonymous = edited(items, false);
    auto others = anonymous;
    std::reverse(others.begin(), others.end());
    for (Value& item : others) item.if_object()->set("rating", -1);
    figure("diff: 10,000 items without identity, all edited", 200,
           [&] { kept += meter::diff(anonymous, others).texts.size(); });
    figure("differs: the verdict alone", 200, [&] { kept += meter::differs(items, shuffled) ? 1 : 0; });
    const auto rules = meter::ChangeRules::parse(Object{{"fields", Value::Array{"rating"}},
                                                        {"values", Value::Array{Object{{"regex", "\\d+ views"}}}},
                                                        {"tolerance", Object{{"price", 1}}}},
                                                 Value::Array{"url"})
                           .value();
    figure("diff: the first, with noise rules", 200, [&] { kept += meter::diff(items, shuffled, rules).texts.size(); });
    figure("similarity: the same", 200, [&] { kept += meter::similarity(items, shuffled) > 0 ? 1 : 0; });

    const std::vector<Value> text_a{Object{{"content", text(5'000'000, 1)}}},
        text_b{Object{{"content", text(5'000'000, 2)}}};
    figure("compare: two texts of 5 MB", 2000, [&] {
        kept += meter::compare({"a", text_a}, {"b", text_b}).changes.size();
    });
    const auto filter = meter::KeywordFilter::parse("+zebra -\"a b c\" tool* sale").value();
    figure("keyword filter: 10,000 items", 200, [&] { kept += meter::matching_items(filter, items).size(); });

    const auto now = meter::parse_time("2025-01-15T10:30:00Z").value();
    figure("cron: 1,000 expressions that never match refused", 1000, [&] {
        for (int i = 0; i < 1000; ++i) kept += meter::Cron::parse("0 0 31 2,4,6,9,11 *") ? 1 : 0;
    });
    const auto berlin = meter::Cron::parse("30 2 * * 1-5", "Europe/Berlin").value();
    figure("cron: next 1,000 runs in a time zone", 100, [&] { kept += meter::next_runs(berlin, now, 1000).size(); });
    std::printf("  (%zu)\n\n", kept);
}
