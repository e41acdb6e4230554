// A bare cpp-httplib server that answers every GET below /api/jobs/ with the same bytes.
// Arguments: port, a file with the bytes, number of threads.
#include <httplib.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs("usage: bench_plain_server PORT FILE THREADS\n", stderr);
        return 2;
    }
    std::ostringstream text;
    text << std::ifstream(argv[2], std::ios::binary).rdbuf();
    const std::string body = text.str();
    httplib::Server server;
    server.new_task_queue = [threads = std::strtoul(argv[3], nullptr, 10)] { return new httplib::ThreadPool(threads); };
    server.set_tcp_nodelay(true);
    server.set_keep_alive_max_count(1'000'000'000);
    server.Get(R"(/api/jobs/([^/]+))", [&body](const httplib::Request&, httplib::Response& response) {
        response.set_content(body, "application/json");
    });
    return server.listen("127.0.0.1", std::atoi(argv[1])) ? 0 : 1;
}
