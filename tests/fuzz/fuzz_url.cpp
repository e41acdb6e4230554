// Any text as a URL, and as a link on a page: what the gate lets through is an absolute http(s) URL that reads back as
// itself, so that what was judged is what is connected to.
#include <string>

#include "fuzzing.hpp"
#include "url/url.hpp"

using meter::fuzzing::expect;

namespace {

void check(std::string_view text) {
    const auto url = meter::url::parse_url(text);
    if (!url) return;
    expect(url->scheme == "http" || url->scheme == "https", "only http and https");
    expect(!url->host.empty(), "there is a host");
    for (const char c : url->host) expect(c > ' ' && c < '\x7f', "the host is ASCII without controls");
    const std::string written = meter::url::to_string(*url);
    for (const char c : written) expect(c > ' ' && c < '\x7f', "a URL on the wire is ASCII without controls");
    const auto again = meter::url::parse_url(written);
    expect(again.has_value(), "what is written can be read");
    expect(meter::url::origin(*again) == meter::url::origin(*url), "and leads to the same origin");
    expect(meter::url::to_string(*again) == written, "and is stable");
    (void)meter::url::normalize(text);
    (void)meter::url::path_segments(*url);
    (void)meter::url::query_members(url->query);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(text);
    (void)meter::url::validate_url(text);
    check(meter::url::resolve("https://user@shop.test:8443/a/b/c?q=1#f", text));
    return 0;
}
