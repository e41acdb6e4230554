// What a job cannot do without, and nothing else: pages fetched by a bare libcurl multi loop, parsed by libxml2.
// Arguments: base URL (pages at BASE/N.html), number of pages. Prints pages, CPU and wall seconds as one JSON line.
#include <curl/curl.h>
#include <libxml/HTMLparser.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "../measure.hpp"

namespace {

constexpr int parallel = 16;

struct Transfer {
    std::string body;
};

std::size_t keep(char* data, std::size_t size, std::size_t count, void* transfer) {
    static_cast<Transfer*>(transfer)->body.append(data, size * count);
    return size * count;
}

bool parse(const std::string& body) {
    xmlDoc* document = htmlReadMemory(body.data(), static_cast<int>(body.size()), nullptr, "UTF-8",
                                      HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
    const bool good = document != nullptr && xmlDocGetRootElement(document) != nullptr;
    xmlFreeDoc(document);
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: bench_bare_line BASE_URL PAGES\n", stderr);
        return 2;
    }
    const std::string base = argv[1];
    const int pages = std::atoi(argv[2]);
    const double cpu = bench::cpu_seconds(), wall = bench::wall_seconds();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM* multi = curl_multi_init();
    std::array<Transfer, parallel> transfers;
    int started = 0, done = 0;
    const auto start = [&](CURL* easy) {
        curl_easy_setopt(easy, CURLOPT_URL, (base + "/" + std::to_string(started++) + ".html").c_str());
        curl_multi_add_handle(multi, easy);
    };
    for (Transfer& transfer : transfers) {
        if (started == pages) break;
        CURL* easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
        start(easy);
    }
    while (done < pages) {
        int running = 0, left = 0;
        curl_multi_perform(multi, &running);
        while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            if (message->data.result != CURLE_OK) std::abort();
            CURL* easy = message->easy_handle;
            void* transfer = nullptr;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
            std::string& body = static_cast<Transfer*>(transfer)->body;
            if (!parse(body)) std::abort();
            body.clear();
            ++done;
            curl_multi_remove_handle(multi, easy);
            if (started < pages)
                start(easy);
            else
                curl_easy_cleanup(easy);
        }
        if (done < pages) curl_multi_poll(multi, nullptr, 0, 100, nullptr);
    }
    curl_multi_cleanup(multi);
    std::printf("{\"pages\":%d,\"cpu\":%.4f,\"wall\":%.4f}\n", done, bench::cpu_seconds() - cpu,
                bench::wall_seconds() - wall);
    return 0;
}
