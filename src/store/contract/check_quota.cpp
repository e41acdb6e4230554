#include <atomic>

#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

void create_at(ContractReport& report, Store& store, std::string account_id, std::int64_t number,
               std::int64_t created_at, std::string_view reservation = "") {
    const Strategy strategy = sample_strategy(std::move(account_id), number, moment(created_at));
    report.take(
        store.strategies().insert(strategy, sample_event(strategy, "created", number), std::nullopt, reservation),
        "insert()");
}

}  // namespace

void check_quota(ContractReport& report, Store& store) {
    auto& strategies = store.strategies();
    const auto usage = [&](std::int64_t window_start, std::int64_t now) {
        return report.take(strategies.quota_usage("acme", moment(window_start), moment(now)), "quota_usage()");
    };
    const auto reserve = [&](std::int64_t now, std::int64_t expires_at, std::int64_t limit) {
        return report.take(strategies.reserve_quota("acme", moment(0), moment(now), moment(expires_at), limit),
                           "reserve_quota()");
    };
    report.expect(usage(0, 100).used == 0 && !usage(0, 100).oldest, "nothing is used at first");
    create_at(report, store, "acme", 1, 10);
    create_at(report, store, "acme", 2, 20);
    create_at(report, store, "other", 3, 20);
    report.expect(usage(0, 100).used == 2, "creations of the account are counted");
    report.expect(usage(0, 100).oldest == moment(10), "the oldest counted creation is known");
    report.expect(usage(10, 100).used == 2 && usage(11, 100).used == 1, "the window includes its first moment");
    report.expect(usage(11, 100).oldest == moment(20), "the oldest creation is one inside the window");
    const Strategy first = sample_strategy("acme", 1);
    report.take(strategies.remove("acme", first.strategy_id, sample_event(first, "deleted", 4)), "remove()");
    report.expect(usage(0, 100).used == 2, "a deleted strategy still counts");

    const auto reserved = reserve(100, 200, 3);
    if (!report.expect(reserved.has_value(), "a free slot is reserved")) return;
    report.expect(usage(0, 199).used == 3, "a reservation counts while it is alive");
    report.expect(usage(0, 200).used == 2, "a reservation ends at its expiry");
    report.expect(!reserve(100, 200, 3), "no slot is reserved beyond the limit");
    report.expect(reserve(200, 300, 3).has_value(), "an expired reservation gives its slot back");
    const auto unlimited = reserve(100, 400, -1);
    report.expect(unlimited && *unlimited != *reserved, "without limit there is always another slot");
    report.expect(usage(0, 350).used == 3, "a reservation without limit counts too");
    report.take(strategies.release_quota(unlimited.value_or("")), "release_quota()");
    report.expect(usage(0, 350).used == 2, "release_quota() gives the slot back");
    report.take(strategies.release_quota(unlimited.value_or("")), "release_quota() of an unknown reservation");
    report.take(strategies.release_quota(""), "release_quota() of no reservation");

    const auto used = reserve(350, 500, 3);
    create_at(report, store, "acme", 5, 350, used.value_or(""));
    report.expect(usage(0, 350).used == 3, "insert() turns the reservation into one creation");
    report.take(strategies.release_quota(used.value_or("")), "release_quota()");
    report.expect(usage(0, 350).used == 3, "a used reservation cannot be given back");
    report.expect(!reserve(350, 500, 0) && !reserve(350, 500, 3), "a limit that is reached reserves nothing");
}

void check_last_quota_slot(ContractReport& report, Store& store) {
    create_at(report, store, "acme", 1, 10);
    std::atomic<int> reserved{0};
    std::atomic<int> failed{0};
    in_parallel(8, [&](int) {
        const auto slot = store.strategies().reserve_quota("acme", moment(0), moment(100), moment(1'000), 2);
        if (!slot)
            ++failed;
        else if (*slot)
            ++reserved;
    });
    report.expect(failed == 0, "concurrent reservations do not fail");
    report.expect(reserved == 1, "of eight callers exactly one gets the last slot");
}

}  // namespace meter::testing
