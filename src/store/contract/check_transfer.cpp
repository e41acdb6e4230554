#include <algorithm>
#include <utility>

#include "meter/json.hpp"
#include "store/contract/report.hpp"

namespace meter::testing {
namespace {

std::vector<StoreRecord> all_records(ContractReport& report, Store& store) {
    std::vector<StoreRecord> records;
    report.take(store.export_records([&](const StoreRecord& record) -> Result<void> {
        records.push_back(record);
        return {};
    }),
                "export_records()");
    return records;
}

std::string text_of(const std::vector<StoreRecord>& records) {
    std::string text;
    for (const StoreRecord& record : records) text += record.kind + to_json(Value(record.members)) + '\n';
    return text;
}

/// Gives the first so many records, and then an error or the end.
class ListedRecords final : public RecordSource {
public:
    ListedRecords(std::vector<StoreRecord> records, std::size_t most, bool fails)
        : records_(std::move(records)), most_(most), fails_(fails) {}

    Result<void> rewind() override {
        at_ = 0;
        return {};
    }
    Result<std::optional<StoreRecord>> next() override {
        if (at_ < std::min(most_, records_.size())) return std::optional(records_[at_++]);
        if (fails_) return Error{ErrorCode::invalid_argument, "line 3: wrong", "name"};
        return std::optional<StoreRecord>{};
    }

private:
    const std::vector<StoreRecord> records_;
    const std::size_t most_;
    const bool fails_;
    std::size_t at_ = 0;
};

}  // namespace

void check_transfer(ContractReport& report, Store& full, Store& empty) {
    const auto offered = full.export_records([](const StoreRecord&) -> Result<void> { return {}; });
    if (!offered && offered.error().code == ErrorCode::unsupported) return;
    const auto records = all_records(report, full);
    report.expect(all_records(report, empty).empty(), "export_records() of an empty store hands out nothing");
    for (const StoreRecord& record : records) {
        const auto valid = validate(record);
        report.expect(valid.has_value(), "export_records() hands out what validate() passes: " + record.kind + ": " +
                                             (valid ? "" : valid.error().message));
    }
    if (records.empty()) return;

    const auto refused = full.export_records([](const StoreRecord&) -> Result<void> {
        return Error{ErrorCode::cancelled, "enough"};
    });
    report.expect_error(refused, ErrorCode::cancelled, "export_records() ends with the error of its sink");
    ListedRecords broken(records, records.size() / 2, true);
    const auto failed = empty.import_records(broken);
    report.expect(!failed && failed.error().message == "line 3: wrong" && failed.error().subject == "name",
                  "import_records() ends with the error of its source");
    report.expect(all_records(report, empty).empty(), "an import that fails leaves nothing");

    ListedRecords twice(records, records.size(), false);
    report.expect_error(full.import_records(twice), ErrorCode::conflict,
                        "import_records() into a store with something in it is a conflict");
    report.expect(text_of(all_records(report, full)) == text_of(records), "a refused import changes nothing");
    ListedRecords whole(records, records.size(), false);
    report.take(empty.import_records(whole), "import_records()");
    report.expect(text_of(all_records(report, empty)) == text_of(records),
                  "what was exported and imported is exported the same");
    const auto findings = report.take(empty.check(), "check()");
    report.expect(findings.empty(), "what was imported is whole: " + (findings.empty() ? "" : findings.front()));
}

void check_unfit_records(ContractReport& report, Store& full, Store& empty) {
    const Strategy strategy = add_strategy(report, full, "acme", 1);
    add_job(report, full, strategy, 10);
    add_schedule(report, full, strategy, 20, 1'000);
    const auto offered = full.export_records([](const StoreRecord&) -> Result<void> { return {}; });
    if (!offered && offered.error().code == ErrorCode::unsupported) return;
    const auto records = all_records(report, full);

    const auto refuses = [&](std::string_view promise, const std::function<bool(StoreRecord&)>& keep) {
        std::vector<StoreRecord> changed;
        for (StoreRecord record : records)
            if (keep(record)) changed.push_back(std::move(record));
        ListedRecords source(changed, changed.size(), false);
        report.expect_error(empty.import_records(source), ErrorCode::conflict, promise);
        report.expect(all_records(report, empty).empty(), "a refused import leaves nothing");
    };
    refuses("a job without its strategy is a conflict",
            [](const StoreRecord& record) { return record.kind != "strategy"; });
    for (const std::string_view kind : {"job", "schedule", "strategy"})
        refuses("a record that refers to another account's is a conflict", [&](StoreRecord& record) {
            if (record.kind == kind) record.members.set("account_id", "other");
            return true;
        });
    refuses("a completed job without results is a conflict", [](StoreRecord& record) {
        if (record.kind == "job") record.members.set("status", "completed");
        return true;
    });
    std::vector<StoreRecord> doubled = records;
    doubled.push_back(records.back());
    ListedRecords source(doubled, doubled.size(), false);
    report.expect_error(empty.import_records(source), ErrorCode::conflict,
                        "a record that is there twice is a conflict");
}

}  // namespace meter::testing
