// The built-in fetcher: puts the parts together.
#include "meter/fetcher.hpp"

#include <fstream>
#include <utility>

#include "fetch/exchange.hpp"
#include "fetch/failure.hpp"
#include "fetch/host_gate.hpp"
#include "fetch/loop.hpp"
#include "fetch/request.hpp"
#include "fetch/settings.hpp"
#include "meter/version.hpp"
#include "url/url.hpp"

namespace meter {

namespace fetch {
namespace {

/// What fetches in progress need. They hold it too, so that the fetcher may go while they unwind.
struct Core {
    Core(Settings chosen)
        : settings(std::move(chosen)), gate(settings.options.per_host, settings.options.per_host_delay) {}

    const Settings settings;
    HostGate gate;
    std::stop_source closing;
    std::unique_ptr<Loop> loop;  // last: its thread uses the rest
};

class CurlFetcher final : public Fetcher {
public:
    explicit CurlFetcher(std::shared_ptr<Core> core) : core_(std::move(core)) {}
    CurlFetcher(const CurlFetcher&) = delete;
    CurlFetcher& operator=(const CurlFetcher&) = delete;

    /// Fetches in progress end as cancelled; every connection is closed when this returns.
    ~CurlFetcher() override {
        core_->closing.request_stop();
        core_->loop->close();
    }

    Result<Response> fetch(const Request& request, std::stop_token stop) override {
        if (auto ok = check_request(request); !ok) return ok.error();
        auto url = url::parse_url(request.url);
        if (!url) return url.error();
        if (stop.stop_requested()) return cancelled_error(request.url);

        const auto core = core_;
        Exchange exchange(request, std::move(*url), core->settings, core->gate, *core->loop, std::move(stop),
                          core->closing.get_token());
        return exchange.run();
    }

private:
    const std::shared_ptr<Core> core_;
};

}  // namespace

Result<std::shared_ptr<Fetcher>> make_curl_fetcher(const FetchOptions& options, Seams seams) {
    if (auto ok = validate(options); !ok) return ok.error();
    if (!options.ca_file.empty() && !std::ifstream(options.ca_file))
        return Error{ErrorCode::invalid_argument, "ca_file cannot be read", "ca_file", false};
    std::string user_agent = options.user_agent;
    if (user_agent.empty()) user_agent = "libmeter/" + std::string(version());

    auto core = std::make_shared<Core>(Settings{options, std::move(seams), std::move(user_agent)});
    auto loop = Loop::open(core->settings);
    if (!loop) return loop.error();
    core->loop = std::move(*loop);
    return std::shared_ptr<Fetcher>(std::make_shared<CurlFetcher>(std::move(core)));
}

}  // namespace fetch

Result<std::shared_ptr<Fetcher>> make_fetcher(const FetchOptions& options) {
    auto fetcher = fetch::make_curl_fetcher(options, {});
    if (fetcher && options.respect_robots)
        return make_robots_fetcher(*std::move(fetcher), system_clock(), options.user_agent);
    return fetcher;
}

}  // namespace meter
