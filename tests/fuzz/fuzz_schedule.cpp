// A cron expression, a NUL byte, a time zone: refused, or with due times that grow and repeat themselves.
#include <string>

#include "fuzzing.hpp"
#include "meter/cron.hpp"
#include "schedule/closing_rule.hpp"

using meter::fuzzing::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const std::string_view text = meter::fuzzing::take_part(rest, '\0');
    const auto now = meter::TimePoint{std::chrono::seconds{1'736'937'000}};
    auto cron = meter::Cron::parse(text, rest);
    if (!cron) cron = meter::Cron::parse(text);
    if (!cron) {
        expect(!cron.error().subject.empty(), "a refusal names what is wrong");
    } else {
        const auto runs = meter::next_runs(*cron, now, 6);
        expect(runs.size() == 6, "what is accepted runs");
        for (std::size_t i = 0; i < runs.size(); ++i) {
            expect(runs[i] > (i == 0 ? now : runs[i - 1]), "due times grow");
            expect(runs[i].time_since_epoch() % std::chrono::minutes{1} == std::chrono::milliseconds{0}, "on a minute");
            const auto before = cron->next_after(runs[i] - std::chrono::milliseconds{1});
            expect(before == runs[i], "a due time is the next one just before it");
        }
    }
    if (const auto rule = meter::schedule::ClosingRule::parse(text)) {
        // A rule without changes of the clock has one stretch, up to the end of time.
        constexpr std::chrono::sys_seconds ever{std::chrono::sys_days{std::chrono::year{20000} / 1 / 1}};
        auto when = std::chrono::floor<std::chrono::seconds>(now);
        for (int i = 0; i < 6 && when < ever; ++i) {
            const auto span = rule->at(when);
            expect(span.begin <= when && when < span.end, "a stretch holds the moment asked about");
            when = span.end;
        }
    }
    return 0;
}
