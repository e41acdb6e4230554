// Your own fetcher: the engine reads an archive of pages instead of the network. Anything that can turn a request
// into an answer will do: a browser, a proxy, a file share, a recording.
#include <atomic>
#include <iostream>
#include <map>

#include "meter/meter.hpp"

namespace {

class Archive final : public meter::Fetcher {
public:
    explicit Archive(std::map<std::string, std::string> pages) : pages_(std::move(pages)) {}

    // Called from several threads at once: the pages never change, the counter is atomic.
    meter::Result<meter::Response> fetch(const meter::Request& request, std::stop_token stop) override {
        if (stop.stop_requested()) return meter::Error{meter::ErrorCode::cancelled, "Cancelled", request.url};
        ++asked_;
        const auto page = pages_.find(request.url);
        if (page == pages_.end()) return meter::Response{.status = 404, .url = request.url};
        return meter::Response{.status = 200,
                               .url = request.url,
                               .headers = {{"content-type", "text/html; charset=utf-8"}},
                               .body = page->second};
    }
    int asked() const { return asked_; }

private:
    const std::map<std::string, std::string> pages_;
    std::atomic<int> asked_{0};
};

}  // namespace

int main() {
    const std::string url = "https://news.test/2016/03/14";
    const auto archive = std::make_shared<Archive>(std::map<std::string, std::string>{
        {url, "<h1>Monday</h1><p>Rain, then sun.</p><h2>Sport</h2><p>No games today.</p>"}});

    meter::EngineOptions options;
    options.fetcher = archive;  // store, clock and logger stay the built-in ones
    const auto engine = meter::Engine::open(options).value();

    // A content strategy needs no plan: it cuts a page into its headings and the text below them.
    const auto strategy =
        engine->create_strategy({.url = url, .name = "Yesterday's news", .scraper_type = meter::ScraperType::content})
            .value();
    const auto job = engine->execute({.strategy_id = strategy.strategy_id, .url = url}).value();
    const auto missing = engine->execute({.strategy_id = strategy.strategy_id, .url = url + "/x"}).value();

    std::cout << "archived page: " << job.results.value_or(job.error.value_or("?")) << "\n"
              << "missing page:  " << missing.error.value_or("?") << "\n"
              << "asked for " << archive->asked() << " pages, none over the network\n";

    const bool as_expected = job.item_count == 2 && missing.status == meter::JobStatus::failed &&
                             missing.error == "Page not accessible: 404 Not Found" && archive->asked() == 3;
    return as_expected ? 0 : 1;
}
