// Fetching a page many times through the built-in fetcher, against a bare libcurl multi loop that asks for it in the
// same words. Argument: the page's URL.
#include <curl/curl.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "measure.hpp"
#include "meter/fetcher.hpp"
#include "meter/version.hpp"

namespace {

constexpr int requests = 4'000;
constexpr int parallel = 16;

std::size_t keep(char* data, std::size_t size, std::size_t count, void* body) {
    static_cast<std::string*>(body)->append(data, size * count);
    return size * count;
}

void run_bare(const std::string& url) {
    CURLM* multi = curl_multi_init();
    curl_slist* headers = curl_slist_append(nullptr, ("User-Agent: libmeter/" + std::string(meter::version())).c_str());
    headers = curl_slist_append(headers, "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    std::vector<std::string> bodies(parallel);
    int started = 0, done = 0;
    for (int i = 0; i < parallel; ++i) {
        CURL* easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate, br");
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &bodies[static_cast<std::size_t>(i)]);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, &bodies[static_cast<std::size_t>(i)]);
        curl_multi_add_handle(multi, easy);
        ++started;
    }
    while (done < requests) {
        int running = 0, left = 0;
        curl_multi_perform(multi, &running);
        while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            if (message->data.result != CURLE_OK) std::abort();
            ++done;
            CURL* easy = message->easy_handle;
            curl_multi_remove_handle(multi, easy);
            void* body = nullptr;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &body);
            static_cast<std::string*>(body)->clear();
            if (started < requests) {
                curl_multi_add_handle(multi, easy);
                ++started;
            } else {
                curl_easy_cleanup(easy);
            }
        }
        if (done < requests) curl_multi_poll(multi, nullptr, 0, 100, nullptr);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
}

void run_fetcher(meter::Fetcher& fetcher, const std::string& url) {
    std::atomic<int> next{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < parallel; ++i)
        threads.emplace_back([&] {
            while (next++ < requests)
                if (fetcher.fetch({.url = url}, {}).value().status != 200) std::abort();
        });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: bench_fetch URL\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const std::string url = argv[1];
    const auto fetcher = meter::make_fetcher({.per_host = parallel, .allow_private_networks = true}).value();
    bench::compare(
        std::to_string(requests) + " fetches, " + std::to_string(parallel) + " at a time, kept alive", "meter: Fetcher",
        [&] { run_fetcher(*fetcher, url); }, "libcurl: bare multi loop", [&] { run_bare(url); }, 9);
}
