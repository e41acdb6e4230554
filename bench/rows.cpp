// Rows through the store against SQLite's C API with the same schema, pragmas, statements and transactions: jobs
// queued, 1,000 a transaction, and results stored with their baseline, one job a transaction. Argument: an empty
// folder.
#include <sqlite3.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "measure.hpp"
#include "meter/json.hpp"
#include "meter/store.hpp"

namespace {

constexpr int transactions = 20;
constexpr int jobs_in_one = 1'000;
constexpr int results_stored = 1'000;
constexpr meter::TimePoint now{std::chrono::milliseconds{1'767'225'600'000}};
const std::string account = "default";
const std::string results = [] {
    std::string json = "[";
    for (int i = 0; i < 20; ++i)
        json +=
            std::string(i > 0 ? "," : "") + R"({"name":"Product & thing number )" + std::to_string(i) +
            R"(","url":"http://127.0.0.1/p/1","price":"$10.99","image":"http://127.0.0.1/img/1.jpg","stock":"In stock"})";
    return json + "]";
}();
const std::string signature = R"({"fields":{"image":["string"],"name":["string"],"price":["string"]},"version":1})";
const std::string field_counts = R"({"image":20,"name":20,"price":20,"stock":20,"url":20})";
const std::string hash(64, 'a');

std::string id_of(int number) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "01946a2b-0000-7000-8000-%012d", number);
    return text.data();
}

const std::string strategy_id = id_of(0);

std::vector<std::vector<meter::Job>> make_jobs() {
    std::vector<std::vector<meter::Job>> all(transactions);
    int number = 0;
    for (auto& jobs : all)
        for (int i = 0; i < jobs_in_one; ++i) {
            meter::Job job;
            job.job_id = id_of(++number);
            job.account_id = account;
            job.strategy_id = strategy_id;
            job.url = "http://127.0.0.1/" + std::to_string(number) + ".html";
            job.created_at = now;
            jobs.push_back(std::move(job));
        }
    return all;
}

std::shared_ptr<meter::Store> open_ours(const std::string& file) {
    return meter::open_store("sqlite:" + file).value();
}

/// A new file with the strategy that the jobs are of.
void make_file(const std::string& file) {
    const auto store = open_ours(file);
    meter::Strategy strategy;
    strategy.strategy_id = strategy_id;
    strategy.account_id = account;
    strategy.url = "http://127.0.0.1/";
    strategy.strategy = "{}";
    meter::AuditEvent event;
    event.id = strategy_id;
    event.account_id = account;
    event.event = "created";
    event.strategy_id = strategy_id;
    store->strategies().insert(strategy, event, std::nullopt, "").value();
}

/// Statements prepared once, bound and stepped, on a file that a store has made.
class Raw {
public:
    using Value = std::variant<std::nullptr_t, std::int64_t, std::string_view>;
    using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

    explicit Raw(const std::string& file) : database_(nullptr, sqlite3_close) {
        sqlite3* opened = nullptr;
        check(sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr));
        database_.reset(opened);
        check(sqlite3_exec(opened,
                           "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA journal_mode = WAL; "
                           "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; "
                           "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -8192",
                           nullptr, nullptr, nullptr));
    }

    Statement prepare(const char* sql) {
        sqlite3_stmt* statement = nullptr;
        check(sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
        return {statement, sqlite3_finalize};
    }

    void run(const Statement& statement, std::initializer_list<Value> values = {}) {
        int index = 0;
        for (const Value& value : values) {
            ++index;
            if (const auto* integer = std::get_if<std::int64_t>(&value))
                check(sqlite3_bind_int64(statement.get(), index, *integer));
            else if (const auto* text = std::get_if<std::string_view>(&value))
                check(sqlite3_bind_text(statement.get(), index, text->data(), static_cast<int>(text->size()),
                                        SQLITE_STATIC));
            else
                check(sqlite3_bind_null(statement.get(), index));
        }
        int code = SQLITE_ROW;
        while (code == SQLITE_ROW) code = sqlite3_step(statement.get());
        if (code != SQLITE_DONE) check(code);
        check(sqlite3_reset(statement.get()));
    }

private:
    void check(int code) const {
        if (code == SQLITE_OK) return;
        std::fprintf(stderr, "bench: SQLite: %s\n", sqlite3_errmsg(database_.get()));
        std::exit(1);
    }

    std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database_;
};

void queue_ours(meter::Store& store, const std::vector<std::vector<meter::Job>>& all) {
    for (const auto& jobs : all) store.jobs().insert(jobs, std::nullopt).value();
}

void queue_raw(Raw& raw, const std::vector<std::vector<meter::Job>>& all) {
    const auto begin = raw.prepare("BEGIN IMMEDIATE"), commit = raw.prepare("COMMIT");
    const auto find = raw.prepare("SELECT 1 FROM strategies WHERE strategy_id = ? AND account_id = ?");
    const auto insert = raw.prepare(
        "INSERT INTO jobs (job_id, account_id, strategy_id, schedule_id, batch_id, workflow_run_id, workflow_node_id, "
        "url, parameters, status, warnings, created_at, host) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', '[]', ?, ?)");
    const auto count = raw.prepare("UPDATE job_totals SET pending = pending + ?");
    for (const auto& jobs : all) {
        raw.run(begin);
        raw.run(find, {strategy_id, account});
        for (const auto& job : jobs)
            raw.run(insert, {job.job_id, account, strategy_id, nullptr, nullptr, nullptr, nullptr, job.url, nullptr,
                             job.created_at.time_since_epoch().count(), "127.0.0.1:80"});
        raw.run(count, {static_cast<std::int64_t>(jobs.size())});
        raw.run(commit);
    }
}

/// Ready to be stored; the claims are no part of what is measured.
std::vector<meter::JobCompletion> claim_jobs(meter::Store& store) {
    std::vector<meter::JobCompletion> completions;
    const auto claimed = store.jobs().claim(now, std::chrono::hours(1), "bench", results_stored, {}).value();
    for (const auto& job : claimed) {
        meter::JobCompletion completion;
        completion.claim = {job.job.job_id, job.token};
        completion.key = {.strategy_id = strategy_id, .url = job.job.url};
        completion.completed_at = now;
        completion.results = results;
        completion.item_count = 20;
        completion.content_hash = hash;
        completion.structural_signature = signature;
        meter::Baseline baseline;
        baseline.job_id = job.job.job_id;
        baseline.content_hash = hash;
        baseline.shape.item_count = 20;
        baseline.shape.field_counts = meter::parse_json(field_counts).value();
        baseline.settings_hash = hash;
        completion.new_baseline = std::move(baseline);
        completions.push_back(std::move(completion));
    }
    return completions;
}

void complete_ours(meter::Store& store, const std::vector<meter::JobCompletion>& completions) {
    for (const auto& completion : completions)
        if (!store.jobs().complete(completion).value()) std::abort();
}

void complete_raw(Raw& raw, const std::vector<meter::JobCompletion>& completions) {
    const auto begin = raw.prepare("BEGIN IMMEDIATE"), commit = raw.prepare("COMMIT");
    const auto held = raw.prepare(
        "SELECT batch_id, schedule_id, workflow_run_id, workflow_node_id FROM jobs WHERE job_id = ? AND token = ? AND "
        "status = 'running'");
    const auto find = raw.prepare("SELECT job_id, content_hash FROM baselines WHERE baseline_key = ?");
    const auto update = raw.prepare(
        "UPDATE jobs SET status = 'completed', lease_until = NULL, completed_at = ?3, item_count = ?4, "
        "content_hash = ?5, has_changes = ?6, outcome = ?7, warnings = ?8 WHERE job_id = ?1 AND token = ?2 AND "
        "status = 'running'");
    const auto insert = raw.prepare("INSERT INTO job_results (job_id, results, structural_signature) VALUES (?, ?, ?)");
    const auto compare = raw.prepare(
        "INSERT INTO baselines (baseline_key, strategy_id, job_id, content_hash, item_count, field_counts, "
        "settings_hash, etag, last_modified, page_hash, schedule_id, workflow_node_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (baseline_key) DO UPDATE SET job_id = excluded.job_id, content_hash = excluded.content_hash, "
        "item_count = excluded.item_count, field_counts = excluded.field_counts, "
        "settings_hash = excluded.settings_hash, etag = excluded.etag, last_modified = excluded.last_modified, "
        "page_hash = excluded.page_hash");
    const auto count = raw.prepare("UPDATE job_totals SET pending = pending + ?, running = running + ?");
    for (const auto& job : completions) {
        const std::string key = hash.substr(job.claim.job_id.size()) + job.claim.job_id;
        raw.run(begin);
        raw.run(held, {job.claim.job_id, job.claim.token});
        raw.run(find, {key});
        raw.run(update, {job.claim.job_id, job.claim.token, job.completed_at.time_since_epoch().count(), job.item_count,
                         hash, std::int64_t{0}, "ok", "[]"});
        raw.run(insert, {job.claim.job_id, results, signature});
        raw.run(compare, {key, strategy_id, job.claim.job_id, hash, std::int64_t{20}, field_counts, hash, "", "", "",
                          nullptr, nullptr});
        raw.run(count, {std::int64_t{0}, std::int64_t{-1}});
        raw.run(commit);
    }
}

/// One of two parts in each round: both begin with the same file.
struct Part {
    std::string title;
    std::vector<double> ours = {}, raw = {}, ratio = {}, ours_wall = {}, raw_wall = {};
    double rows = 0;

    template <class Ours, class Theirs>
    void measure(Ours&& run_ours, Theirs&& run_raw) {
        const auto timed = [](auto& run, std::vector<double>& cpu, std::vector<double>& wall) {
            const double start = bench::cpu_seconds(), wall_start = bench::wall_seconds();
            run();
            cpu.push_back(bench::cpu_seconds() - start);
            wall.push_back(bench::wall_seconds() - wall_start);
        };
        timed(run_ours, ours, ours_wall);
        timed(run_raw, raw, raw_wall);
        ratio.push_back(raw.back() / ours.back());
    }

    void print() const {
        std::printf("%s (%zu rounds: min / median / max)\n", title.c_str(), ratio.size());
        const auto line = [](const char* name, const bench::Summary& s, const char* unit) {
            std::printf("  %-34s %9.2f %9.2f %9.2f %s\n", name, s.min, s.median, s.max, unit);
        };
        const auto each = [&](std::vector<double> seconds) {
            for (double& s : seconds) s = s / rows * 1e6;
            return bench::summary(seconds);
        };
        line("meter: Store, CPU time a row", each(ours), "us");
        line("SQLite: C API, CPU time a row", each(raw), "us");
        line("meter: Store, wall time a row", each(ours_wall), "us");
        line("SQLite: C API, wall time a row", each(raw_wall), "us");
        line("rows a second of CPU, Store / C API", bench::summary(ratio), "(at least 0.85)");
        std::puts("");
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: bench_rows EMPTY_FOLDER\n", stderr);
        return 2;
    }
    const std::string folder = argv[1];
    const auto all = make_jobs();
    Part queued{.title = "queue " + std::to_string(transactions * jobs_in_one) + " jobs, " +
                         std::to_string(jobs_in_one) + " a transaction",
                .rows = transactions * jobs_in_one};
    Part stored{.title = "store the results of " + std::to_string(results_stored) + " jobs, one a transaction",
                .rows = results_stored};
    for (int round = 0; round < 7; ++round) {
        const std::string name = folder + "/" + std::to_string(round);
        const std::string ours_file = name + "-ours.db", raw_file = name + "-raw.db";
        for (const auto& file : {ours_file, raw_file}) make_file(file);
        {
            Raw raw(raw_file);
            const auto ours = open_ours(ours_file);
            queued.measure([&] { queue_ours(*ours, all); }, [&] { queue_raw(raw, all); });
        }
        // The same claims on both files. They are closed in between: neither has to copy an older log back later.
        const auto completions = claim_jobs(*open_ours(ours_file));
        (void)claim_jobs(*open_ours(raw_file));
        Raw raw(raw_file);
        const auto ours = open_ours(ours_file);
        stored.measure([&] { complete_ours(*ours, completions); }, [&] { complete_raw(raw, completions); });
    }
    queued.print();
    stored.print();
    return 0;
}
