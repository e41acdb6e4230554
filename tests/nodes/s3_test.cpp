#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "core/hash.hpp"
#include "nodes/aws_signature.hpp"
#include "nodes/bench.hpp"
#include "nodes/s3_bucket.hpp"
#include "url/url.hpp"

namespace meter::nodes {
namespace {

constexpr std::string_view s3_secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// An object store of one bucket, "bucket", that believes nobody: every request's signature is made again from what
/// came.
class FakeS3 final : public Fetcher {
public:
    Result<Response> fetch(const Request& request, std::stop_token) override {
        ++requests;
        last = request;
        largest = std::max(largest, request.body.size());
        const auto target = url::parse_url(request.url);
        REQUIRE(target);
        CHECK(url::to_string(*target, false) == request.url);  // what was signed is what goes out
        if (!is_signed(request, *target)) return answer(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>");
        if (fail_at == requests) return answer(fail_status, "<Error><Code>SlowDown</Code></Error>");
        if (!target->path.starts_with("/bucket/")) return answer(404, "<Error><Code>NoSuchBucket</Code></Error>");
        std::map<std::string, std::string> query;
        for (auto& [name, value] : url::query_members(target->query)) query[name] = value;
        return serve(request, url::percent_decode(target->path.substr(8)), query);
    }

    std::map<std::string, std::string> objects;
    std::map<std::string, std::map<int, std::string>> uploads;
    int requests = 0;
    std::size_t largest = 0;
    int fail_at = 0, fail_status = 503;
    bool ranges = true, error_at_end = false;
    Request last;

private:
    static Response answer(int status, std::string body = {}, std::vector<Header> headers = {}) {
        return {.status = status, .headers = std::move(headers), .body = std::move(body)};
    }

    static std::string header(const Request& request, std::string_view name) {
        for (const auto& [key, value] : request.headers)
            if (key == name) return value;
        return {};
    }

    static bool is_signed(const Request& request, const url::Url& target) {
        const std::string given = header(request, "authorization");
        const auto from = given.find("SignedHeaders=") + 14;
        const std::string names = given.substr(from, given.find(',', from) - from);
        AwsRequest again{
            request.method, target.path, url::query_members(target.query), {}, core::sha256_hex(request.body)};
        for (std::size_t at = 0; at < names.size();) {
            const auto end = std::min(names.find(';', at), names.size());
            const std::string name = names.substr(at, end - at);
            const bool is_default = target.port == 443;
            again.headers.emplace_back(name, name == "host"
                                                 ? target.host + (is_default ? "" : ":" + std::to_string(target.port))
                                                 : header(request, name));
            at = end + 1;
        }
        return header(request, "x-amz-content-sha256") == again.content_hash &&
               given == aws_authorization(again, {"AKIDEXAMPLE", std::string(s3_secret), "eu-x-1", "s3"},
                                          header(request, "x-amz-date"));
    }

    Result<Response> serve(const Request& request, const std::string& key, std::map<std::string, std::string>& query) {
        if (request.method == "POST" && query.contains("uploads")) {
            uploads["id&1"];
            return answer(
                200, "<InitiateMultipartUploadResult><UploadId>id&amp;1</UploadId></InitiateMultipartUploadResult>");
        }
        if (request.method == "PUT" && query.contains("partNumber")) {
            const int number = std::stoi(query["partNumber"]);
            uploads.at(query["uploadId"])[number] = request.body;
            return answer(200, "", {{"etag", "\"part" + std::to_string(number) + "\""}});
        }
        if (request.method == "POST" && query.contains("uploadId")) return complete(request, key, query["uploadId"]);
        if (request.method == "DELETE" && query.contains("uploadId")) {
            uploads.erase(query["uploadId"]);
            return answer(204);
        }
        if (request.method == "PUT") {
            objects[key] = request.body;
            return answer(200, "", {{"etag", "\"x\""}});
        }
        return read(request, key);
    }

    Result<Response> complete(const Request& request, const std::string& key, const std::string& id) {
        if (error_at_end) return answer(200, "<Error><Code>InternalError</Code></Error>");
        std::string whole;
        for (const auto& [number, part] : uploads.at(id)) {
            CHECK(request.body.find("<PartNumber>" + std::to_string(number) + "</PartNumber><ETag>&quot;part" +
                                    std::to_string(number) + "&quot;</ETag>") != std::string::npos);
            whole += part;
        }
        uploads.erase(id);
        objects[key] = whole;
        return answer(200, "<CompleteMultipartUploadResult/>");
    }

    Result<Response> read(const Request& request, const std::string& key) {
        const auto found = objects.find(key);
        if (found == objects.end()) return answer(404, "<Error><Code>NoSuchKey</Code></Error>");
        const std::string& object = found->second;
        if (!ranges) return answer(200, object);
        const std::string range = header(request, "range");
        const auto from = std::stoul(range.substr(6)), to = std::stoul(range.substr(range.find('-') + 1));
        if (from >= object.size()) return answer(416);
        if (from > 0) CHECK(header(request, "if-match") == "\"v1\"");
        return answer(206, object.substr(from, to - from + 1),
                      {{"etag", "\"v1\""},
                       {"content-range", "bytes " + std::to_string(from) + "-" + std::to_string(to) + "/" +
                                             std::to_string(object.size())}});
    }
};

struct S3Bench : NodeBench {
    S3Bench() {
        fetcher = store;
        connections = Connections::parse(Object{{"store", Object{{"type", "s3"},
                                                                 {"endpoint", "http://storage.lan:9000"},
                                                                 {"region", "eu-x-1"},
                                                                 {"private_host", "storage.lan"},
                                                                 {"access_key_id", "AKIDEXAMPLE"},
                                                                 {"session_token", "planted-token"},
                                                                 {"secret_access_key", s3_secret}}}})
                          .value();
    }
    Result<void> sink(std::string_view key, std::vector<Value> items) {
        return run("s3-sink", R"({"connection": "store", "bucket": "bucket", "key": ")" + std::string(key) + "\"}",
                   std::move(items));
    }
    std::shared_ptr<FakeS3> store = std::make_shared<FakeS3>();
};

std::vector<Value> large_items(std::size_t count) {
    std::vector<Value> items;
    for (std::size_t i = 0; i < count; ++i)
        items.emplace_back(Object{{"n", i}, {"text", std::string(1000, static_cast<char>('a' + i % 26))}});
    return items;
}

}  // namespace

TEST_SUITE("nodes.s3") {
    // Amazon S3 API reference, "Authenticating requests: header-based", examples; AWS Signature Version 4 test suite.
    TEST_CASE("signatures are those of the published examples") {
        const std::string none = core::sha256_hex("");
        const AwsCredentials s3{"AKIAIOSFODNN7EXAMPLE", std::string(s3_secret), "us-east-1", "s3"};
        const std::vector<Header> basic{{"host", "examplebucket.s3.amazonaws.com"},
                                        {"x-amz-content-sha256", none},
                                        {"x-amz-date", "20130524T000000Z"}};
        auto with_range = basic;
        with_range.emplace_back("range", "bytes=0-9");
        const std::string text = core::sha256_hex("Welcome to Amazon S3.");
        const std::vector<Header> put{{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                                      {"host", "examplebucket.s3.amazonaws.com"},
                                      {"x-amz-content-sha256", text},
                                      {"x-amz-date", "20130524T000000Z"},
                                      {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
        struct Row {
            AwsRequest request;
            std::string_view signature;
        };
        for (const Row& row : {
                 Row{{"GET", "/test.txt", {}, with_range, none},
                     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
                 Row{{"PUT", "/test%24file.text", {}, put, text},
                     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
                 Row{{"GET", "/", {{"lifecycle", ""}}, basic, none},
                     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
                 Row{{"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, basic, none},
                     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
             }) {
            const std::string authorization = aws_authorization(row.request, s3, "20130524T000000Z");
            CHECK(authorization.ends_with(std::string("Signature=").append(row.signature)));
            CHECK(authorization.starts_with(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="));
        }
        const AwsCredentials suite{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service"};
        const std::vector<Header> vanilla{{"host", "example.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"}};
        CHECK(aws_authorization({"GET", "/", {}, vanilla, none}, suite, "20150830T123600Z")
                  .ends_with("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
        CHECK(aws_authorization({"GET", "/", {{"Param2", "value2"}, {"Param1", "value1"}}, vanilla, none}, suite,
                                "20150830T123600Z")
                  .ends_with("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
    }

    TEST_CASE("times and queries have the form that is signed") {
        CHECK(aws_time(parse_time("2013-05-24T00:00:00Z").value()) == "20130524T000000Z");
        CHECK(aws_query({{"b", "x y/="}, {"a-c", ""}, {"a", "~"}}) == "a=~&a-c=&b=x%20y%2F%3D");
        CHECK(object_path("bucket", "a b/\xC3\xA4+$.csv") == "/bucket/a%20b/%C3%A4%2B%24.csv");
        CHECK(xml_element("<a><b>x&amp;lt;y</b></a>", "b") == "x&lt;y");
        CHECK(xml_element("<a>", "a") == std::nullopt);
    }

    TEST_CASE("a small object is written and read in one piece, under any name") {
        S3Bench bench;
        const auto items = json_items(R"([{"a": "1", "b": "ä"}, {"a": "2", "b": ""}])");
        for (const std::string key : {"plain.json", "a b/ä+$&=?#%41.jsonl", "x.csv", "{{date}}/{{executionId}}.json"}) {
            CAPTURE(key);
            bench.store->objects.clear();
            REQUIRE(bench.sink(key, items));
            REQUIRE(bench.store->objects.size() == 1);
            const auto& [name, object] = *bench.store->objects.begin();
            if (key.starts_with("{{")) CHECK(name == "2025-01-15/exec_1.json");
            CHECK(bench.json() ==
                  to_json(Value(Value::Array{
                      Object{{"bucket", "bucket"}, {"key", name}, {"rowCount", 2}, {"bytes", object.size()}}})));
            CHECK(bench.store->last.private_origin == "http://storage.lan:9000");
            CHECK(bench.store->last.max_redirects == 0);
            REQUIRE(bench.run("s3-source", R"({"connection": "store", "bucket": "bucket", "key": ")" + key + "\"}"));
            CHECK(bench.json() == to_json(Value(items)));
        }
    }

    TEST_CASE("a large object goes in parts and comes in pieces, with no more held than one") {
        S3Bench bench;
        const auto items = large_items(20'000);  // about 20 MB
        REQUIRE(bench.sink("large.jsonl", items));
        CHECK(bench.store->uploads.empty());
        CHECK(bench.store->largest == 8u << 20);
        CHECK(bench.store->requests == 5);  // begin, three parts, complete
        bench.store->requests = 0;
        REQUIRE(bench.run("s3-source", R"({"connection": "store", "bucket": "bucket", "key": "large.jsonl"})"));
        CHECK(bench.store->requests == 3);
        REQUIRE(bench.out.at().size() == items.size());
        CHECK(bench.out.at() == items);
        bench.store->ranges = false;
        REQUIRE(bench.run("s3-source", R"({"connection": "store", "bucket": "bucket", "key": "large.jsonl"})"));
        CHECK(bench.out.at().size() == items.size());
    }

    TEST_CASE("an empty object is no item") {
        S3Bench bench;
        bench.store->objects["none.jsonl"] = "";
        REQUIRE(bench.run("s3-source", R"({"connection": "store", "bucket": "bucket", "key": "none.jsonl"})"));
        CHECK(bench.out.at().empty());
        REQUIRE(bench.sink("empty.json", {}));
        CHECK(bench.store->objects["empty.json"] == "[]\n");
    }

    TEST_CASE("an upload that fails at any request leaves no parts and no object") {
        for (int at = 1; at <= 5; ++at) {
            CAPTURE(at);
            S3Bench bench;
            bench.store->fail_at = at;
            const auto outcome = bench.sink("large.jsonl", large_items(20'000));
            REQUIRE_FALSE(outcome);
            CHECK(outcome.error().message == "S3: status 503 SlowDown");
            CHECK(outcome.error().retryable);
            CHECK(bench.store->uploads.empty());
            CHECK(bench.store->objects.empty());
        }
        S3Bench bench;
        bench.store->error_at_end = true;
        CHECK_FALSE(bench.sink("large.jsonl", large_items(20'000)));
        CHECK(bench.store->uploads.empty());
    }

    TEST_CASE("what the store refuses is told without secrets") {
        S3Bench bench;
        const auto missing = bench.run("s3-source", R"({"connection": "store", "bucket": "bucket", "key": "no.json"})");
        REQUIRE_FALSE(missing);
        CHECK(missing.error().code == ErrorCode::not_found);
        CHECK(missing.error().message == "S3: status 404 NoSuchKey");
        bench.connections = Connections::parse(Object{{"store", Object{{"type", "s3"},
                                                                       {"endpoint", "http://storage.lan:9000"},
                                                                       {"access_key_id", "AKIDEXAMPLE"},
                                                                       {"secret_access_key", "planted-secret"}}}})
                                .value();
        const auto refused = bench.sink("a.json", {});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::blocked);
        CHECK(refused.error().message == "S3: status 403 SignatureDoesNotMatch");
        CHECK(bench.store->last.private_origin.empty());
    }

    TEST_CASE("the real egress gate refuses a private endpoint that the connection does not name as one") {
        S3Bench bench;
        FetchOptions options;
        options.max_retries = 0;
        bench.fetcher = make_fetcher(options).value();
        Object connection{{"type", "s3"},
                          {"endpoint", "http://127.0.0.1:1"},
                          {"access_key_id", "AKIDEXAMPLE"},
                          {"secret_access_key", "planted-secret"}};
        bench.connections = Connections::parse(Object{{"store", connection}}).value();
        CHECK(bench.sink("a.json", {}).error().code == ErrorCode::blocked);
        connection.set("private_host", "127.0.0.1:2");
        bench.connections = Connections::parse(Object{{"store", connection}}).value();
        CHECK(bench.sink("a.json", {}).error().code == ErrorCode::blocked);
        connection.set("private_host", "127.0.0.1");
        bench.connections = Connections::parse(Object{{"store", connection}}).value();
        const auto open = bench.sink("a.json", {});
        REQUIRE_FALSE(open);
        CHECK(open.error().code == ErrorCode::network);  // nothing listens there
        CHECK(open.error().message.find("planted") == std::string::npos);
    }

    TEST_CASE("configs of objects that do not fit name the member") {
        struct Row {
            std::string_view config, subject;
        };
        const S3Bench bench;
        for (const Row& row : {
                 Row{R"({"bucket": "bucket", "key": "a.json"})", "config.connection"},
                 Row{R"({"connection": "x", "bucket": "bucket", "key": "a.json"})", "config.connection"},
                 Row{R"({"connection": "store", "key": "a.json"})", "config.bucket"},
                 Row{R"({"connection": "store", "bucket": "a/b", "key": "a.json"})", "config.bucket"},
                 Row{R"({"connection": "store", "bucket": "...", "key": "a.json"})", "config.bucket"},
                 Row{R"({"connection": "store", "bucket": "bucket", "key": "../a.json"})", "config.key"},
                 Row{R"({"connection": "store", "bucket": "bucket", "key": "a//b.json"})", "config.key"},
                 Row{R"({"connection": "store", "bucket": "bucket", "key": "{{secret}}.json"})", "config.key"},
                 Row{R"({"connection": "store", "bucket": "bucket", "key": "a.txt"})", "config.format"},
             }) {
            CAPTURE(row.config);
            for (const std::string_view type : {"s3-source", "s3-sink", "s3-dest"}) {
                const auto errors = bench.registry.check_config(type, json_value(row.config), &bench.connections);
                REQUIRE_FALSE(errors.empty());
                CHECK(errors.front().subject == row.subject);
            }
        }
    }
}

}  // namespace meter::nodes
