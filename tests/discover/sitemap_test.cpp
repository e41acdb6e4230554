#include "discover/sitemap.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>
#include <string_view>
#include <vector>

using meter::discover::SitemapLimits;
using meter::discover::SitemapReader;

namespace {

const std::string file_url = "https://shop.test/maps/sitemap.xml";

struct Found {
    std::string urls, files, error;
    bool truncated = false;
};

std::string joined(const std::vector<std::string>& urls) {
    std::string out;
    for (const auto& url : urls) {
        // The site's own prefix is left out, so that tables stay readable.
        const std::string_view site = "https://shop.test";
        out += (out.empty() ? "" : " ") + (url.starts_with(site) ? url.substr(site.size()) : url);
    }
    return out;
}

Found read_map(std::string_view bytes, std::size_t piece = 1u << 20, SitemapLimits limits = {}) {
    SitemapReader reader(file_url, limits,
                         [](const std::string& url) { return url.find("/hidden") == std::string::npos; });
    for (std::size_t i = 0; i < bytes.size() && reader.feed(bytes.substr(i, piece)); i += piece) {
    }
    const auto done = reader.finish();
    return {joined(reader.urls()), joined(reader.files()), done ? "" : done.error().message, reader.truncated()};
}

std::string zipped(std::string_view text) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    return out;
}

std::string utf16(std::string_view text, bool big) {
    std::string out = big ? "\xFE\xFF" : "\xFF\xFE";
    for (const char c : text) {
        if (big) out += '\0';
        out += c;
        if (!big) out += '\0';
    }
    return out;
}

const std::string two = "<url><loc>https://shop.test/a</loc></url><url><loc>https://shop.test/b</loc></url>";
const std::string plain = "<urlset>" + two + "</urlset>";
const std::string no = "Extraction failed: not a sitemap";

}  // namespace

TEST_SUITE("discover.sitemap") {
    TEST_CASE("sitemaps as they are found in the wild are read as documented") {
        struct Row {
            std::string_view what;
            std::string bytes, urls, files, error;
        };
        const std::string ns = R"(<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">)";
        const std::vector<Row> rows{
            {"plain", plain, "/a /b", "", ""},
            {"namespace", ns + two + "</urlset>", "/a /b", "", ""},
            {"old namespace", R"(<urlset xmlns="http://www.google.com/schemas/sitemap/0.84">)" + two + "</urlset>",
             "/a /b", "", ""},
            {"prefix", R"(<s:urlset xmlns:s="x"><s:url><s:loc>/a</s:loc></s:url></s:urlset>)", "/a", "", ""},
            {"undeclared prefix",
             "<urlset><url><loc>/a</loc><image:image><image:loc>/i.png</image:loc></image:image></url>"
             "</urlset>",
             "/a", "", ""},
            {"image extension",
             R"(<urlset xmlns:image="i"><url><image:image><image:loc>/i.png</image:loc></image:image>)"
             "<loc>/a</loc></url></urlset>",
             "/a", "", ""},
            {"byte order mark", "\xEF\xBB\xBF" + plain, "/a /b", "", ""},
            {"blank lines first", "\n\n  <?xml version='1.0'?>" + plain, "/a /b", "", ""},
            {"utf-16 little", utf16("<?xml version='1.0' encoding='UTF-16'?>" + plain, false), "/a /b", "", ""},
            {"utf-16 big", utf16(plain, true), "/a /b", "", ""},
            {"latin-1", "<?xml version='1.0' encoding='ISO-8859-1'?><urlset><url><loc>/\xE4</loc></url></urlset>",
             "/%C3%A4", "", ""},
            {"wrong encoding",
             "<?xml version='1.0' encoding='UTF-8'?><urlset><url><loc>/a</loc></url><url><loc>/\xE4</loc>"
             "</url></urlset>",
             "/a", "", ""},
            {"gzip", zipped(plain), "/a /b", "", ""},
            {"gzip with more behind", zipped(plain) + "junk", "/a /b", "", ""},
            {"broken gzip", "\x1F\x8B\x08 broken", "", "", no + ": broken gzip data"},
            {"gzip cut short", zipped(plain + std::string(50'000, ' ')).substr(0, 60), "", "", ""},
            {"relative", "<urlset><url><loc>../a?x=1&amp;y=2</loc></url><url><loc>//other.test/b</loc></url></urlset>",
             "/a?x=1&y=2 https://other.test/b", "", ""},
            {"bare ampersand", "<urlset><url><loc>/a?x=1&y=2</loc></url><url><loc>/b</loc></url></urlset>",
             "/a?x=1&y=2 /b", "", ""},
            {"white space in loc", "<urlset><url><loc>\n  https://shop.test/a\n </loc></url></urlset>", "/a", "", ""},
            {"references", "<urlset><url><loc>/a?b&#38;c&#x26;d&amp;e&copy=1&</loc></url></urlset>",
             "/a?b&c&d&e&copy=1&", "", ""},
            {"CDATA and after", "<urlset><url><loc><![CDATA[/a?b&c]]></loc></url><url><loc>/d?e&f</loc></url></urlset>",
             "/a?b&c /d?e&f", "", ""},
            {"CDATA", "<urlset><url><loc><![CDATA[https://shop.test/a?b&c]]></loc></url></urlset>", "/a?b&c", "", ""},
            {"nearly CDATA",
             "<urlset><url><loc>/a?[CDATA[&b</loc></url><url><loc><![CDATA[/[CDATA[&c]]></loc></url></urlset>",
             "/a?[CDATA[&b /[CDATA[&c", "", ""},
            {"fragment, port, case", "<urlset><url><loc>HTTPS://SHOP.test:443/a#top</loc></url></urlset>", "/a", "",
             ""},
            {"twice", "<urlset>" + two + two + "</urlset>", "/a /b", "", ""},
            {"other schemes",
             "<urlset><url><loc>mailto:a@b</loc></url><url><loc>javascript:x</loc></url><url><loc></loc></url>"
             "<url><loc>ftp://x/y</loc></url><url><loc>/a</loc></url></urlset>",
             "/a", "", ""},
            {"filtered", "<urlset><url><loc>/hidden</loc></url><url><loc>/a</loc></url></urlset>", "/a", "", ""},
            {"empty", "<urlset/>", "", "", ""},
            {"no urls", "<urlset></urlset>", "", "", ""},
            {"cut off", plain.substr(0, plain.size() - 30), "/a", "", ""},
            {"unclosed", "<urlset><url><loc>/a</loc><url><loc>/b</loc></urlset>", "/a", "", ""},
            {"index",
             "<sitemapindex><sitemap><loc>/s1.xml</loc></sitemap><sitemap><loc>s2.xml.gz</loc><lastmod>x</lastmod>"
             "</sitemap></sitemapindex>",
             "", "/s1.xml /maps/s2.xml.gz", ""},
            {"plain list", "https://shop.test/a\r\nhttps://shop.test/b\n\nhttps://shop.test/a\n", "/a /b", "", ""},
            {"list without a last line end", "https://shop.test/a", "/a", "", ""},
            {"list with prose", "Our pages:\nhttps://shop.test/a\nnothing else", "/a", "", ""},
            {"RSS",
             "<rss><channel><link>https://shop.test/</link><item><link>https://shop.test/a</link><guid>g</guid></item>"
             "</channel></rss>",
             "/a", "", ""},
            {"RSS with atom:link",
             R"(<rss xmlns:atom="a"><channel><atom:link href="/feed"/><item><link>/a</link></item>)"
             "</channel></rss>",
             "/a", "", ""},
            {"RSS 1.0",
             R"(<rdf:RDF xmlns:rdf="r"><channel><link>/</link></channel><item><link>/a</link></item></rdf:RDF>)", "/a",
             "", ""},
            {"Atom",
             R"(<feed><link href="/"/><entry><link rel="edit" href="/e"/><link href="/a"/></entry><entry>)"
             R"(<link rel="alternate" href="/b"/></entry></feed>)",
             "/a /b", "", ""},
            {"HTML page", "<!doctype html><html><body><a href=/a>404</a></body></html>", "", "", no},
            {"prose", "Not found", "", "", no},
            {"nothing", "", "", "", no},
            {"white space", " \n ", "", "", no},
            {"JSON", R"({"urls":["https://shop.test/a"]})", "", "", no},
            {"binary", std::string("\x00\x01\x02\xFF", 4), "", "", no},
            {"entities", "<!DOCTYPE u [<!ENTITY x 'https://shop.test/a'>]><urlset><url><loc>&x;</loc></url></urlset>",
             "", "", no + ": XML that declares entities is refused"},
            {"billion laughs",
             "<!DOCTYPE u [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]><urlset><url><loc>&b;</loc></url></urlset>", "", "",
             no + ": XML that declares entities is refused"},
            {"external entity",
             "<!DOCTYPE u [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>&x;</loc></url>"
             "</urlset>",
             "", "", no + ": XML that declares entities is refused"},
        };
        for (const Row& row : rows) {
            CAPTURE(row.what);
            for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
                CAPTURE(piece);
                const Found found = read_map(row.bytes, piece);
                CHECK(found.urls == row.urls);
                CHECK(found.files == row.files);
                CHECK(found.error == row.error);
                CHECK_FALSE(found.truncated);
            }
        }
    }

    TEST_CASE("of many URLs each comes once, in the order of the file, however it is spelt") {
        std::string xml = "<urlset>", expected;
        for (int i = 0; i < 3'000; ++i) {
            const std::string path = "/c/" + std::to_string(i * 7 % 1'000);
            const std::string_view site = i % 3 == 0 ? "https://shop.test" : i % 3 == 1 ? "HTTPS://shop.test:443" : "";
            xml.append("<url><loc>").append(site).append(path).append("</loc></url>");
            if (i < 1'000) expected += (i == 0 ? "" : " ") + path;
        }
        const Found found = read_map(xml + "</urlset>", 100);
        CHECK(found.urls == expected);
        CHECK(found.error.empty());
    }

    TEST_CASE("the limits on URLs, files and bytes hold") {
        CHECK(read_map(plain, 7, {.max_urls = 1}).urls == "/a");
        CHECK(read_map(plain, 7, {.max_urls = 1}).truncated);
        CHECK_FALSE(read_map(plain, 7, {.max_urls = 2}).truncated);
        const std::string index =
            "<sitemapindex><sitemap><loc>/1</loc></sitemap><sitemap><loc>/2</loc></sitemap></sitemapindex>";
        CHECK(read_map(index, 7, {.max_files = 1}).files == "/1");
        CHECK(read_map(index, 7, {.max_files = 1}).truncated);
        CHECK(read_map(plain, 7, {.max_bytes = 50}).error == "Page too large");
        // A small file of a gigabyte of white space is read no further than the limit.
        CHECK(read_map(zipped("<urlset>" + std::string(4u << 20, ' ') + "</urlset>"), 64, {.max_bytes = 1u << 20})
                  .error == "Page too large");
        CHECK(read_map("<urlset><url><loc>/" + std::string(5000, 'a') + "</loc></url></urlset>").urls.empty());
    }
}
