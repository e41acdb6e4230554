// s3-source and s3-sink.
#include <charconv>

#include "nodes/record_config.hpp"
#include "nodes/s3_bucket.hpp"

namespace meter::nodes {
namespace {

Result<void> check_s3(const Value& config) {
    if (auto ok = check_bucket_name(config_text(config, "bucket")); !ok) return ok;
    const std::string key = config_text(config, "key");
    if (auto ok = check_placeholders(key, "key"); !ok) return ok;
    if (auto ok = check_object_key(key); !ok) return ok;
    if (auto format = config_format(config, "key"); !format) return format.error();
    return {};
}

NodeType s3_type(std::string_view node_id, std::string_view label, NodeKind kind) {
    NodeType type;
    type.node_id = node_id;
    type.label = label;
    type.kind = kind;
    type.category = "storage";
    type.connection_type = "s3";
    type.tags = {"s3"};
    type.check = check_s3;
    type.config_schema = literal(R"({"type": "object", "required": ["connection", "bucket", "key"], "properties": {
        "connection": {"type": "string", "minLength": 1},
        "bucket": {"type": "string", "minLength": 3, "maxLength": 255},
        "key": {"type": "string", "minLength": 1, "maxLength": 1024,
                "description": "May use {{executionId}} and {{date}}"},
        "format": {"type": "string", "enum": ["json", "jsonl", "csv"]},
        "columns": {"type": "array", "maxItems": 10000, "items": {"type": "string"},
                    "description": "Columns of a CSV object that is written"}}})");
    type.default_config = literal(R"({"format": "jsonl"})");
    return type;
}

/// What both ends begin with.
struct S3Place {
    S3Bucket bucket;
    std::string key;
    RecordFormat format;
};

Result<S3Place> s3_place(const NodeContext& context) {
    auto key = fill_execution(config_text(context.config, "key"), context, "key");
    if (!key) return key.error();
    if (auto ok = check_object_key(*key); !ok) return ok.error();
    const auto format = config_format(context.config, "key");
    if (!format) return format.error();
    auto bucket = S3Bucket::open(context, *context.connections.find(config_text(context.config, "connection")),
                                 config_text(context.config, "bucket"));
    if (!bucket) return bucket.error();
    return S3Place{*std::move(bucket), *std::move(key), *format};
}

/// The size of the whole object: what stands behind the slash of "bytes 0-9/100".
std::optional<std::uint64_t> s3_whole_size(std::string_view content_range) {
    const auto slash = content_range.find('/');
    if (slash == content_range.npos) return std::nullopt;
    const std::string_view text = content_range.substr(slash + 1);
    std::uint64_t size = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size);
    return failure == std::errc{} && end == text.data() + text.size() ? std::optional(size) : std::nullopt;
}

/// In pieces that fit into the fetcher's limits, all of one version of the object.
Result<void> s3_read(const NodeContext& context, const S3Place& place, std::size_t piece,
                     const std::function<Result<void>(std::string_view)>& take) {
    std::string version;
    for (std::uint64_t at = 0;;) {
        std::vector<Header> headers{{"range", "bytes=" + std::to_string(at) + "-" + std::to_string(at + piece - 1)}};
        if (!version.empty()) headers.emplace_back("if-match", version);
        const auto response = place.bucket.send("GET", place.key, {}, headers, {}, context.stop, 416);
        if (!response) return response.error();
        if (response->status == 416)
            return at == 0 ? Result<void>() : Error{ErrorCode::network, "S3: the object shrank"};
        if (auto taken = take(response->body); !taken) return taken;
        if (response->status == 200) return {};  // the server knows no ranges: this was all
        at += response->body.size();
        const auto whole = s3_whole_size(response->header("content-range"));
        if (!whole) return Error{ErrorCode::parse, "S3: the answer to a range does not say how long the object is"};
        if (at >= *whole) return {};
        if (response->body.empty()) return Error{ErrorCode::network, "S3: an empty piece", {}, true};
        version = response->header("etag");
    }
}

Result<void> run_s3_source(const NodeOptions& options, NodeContext& context, ItemSink& out) {
    const auto place = s3_place(context);
    if (!place) return place.error();
    const auto reader = make_record_reader(place->format, options.max_record_bytes);
    const auto emit = [&](Value item) { return out.push(output_port, std::move(item)); };
    auto read =
        s3_read(context, *place, options.part_bytes, [&](std::string_view bytes) { return reader->feed(bytes, emit); });
    return read ? reader->finish(emit) : read;
}

Result<void> run_s3_sink(const NodeOptions& options, NodeContext& context, ItemSource& in, ItemSink& out) {
    const auto place = s3_place(context);
    if (!place) return place.error();
    S3Upload upload(place->bucket, place->key, std::string(content_type_of(place->format)), options.part_bytes,
                    context.stop);
    RecordOutput output(make_record_writer(place->format, config_columns(context.config)), options.part_bytes,
                        [&](std::string& bytes) { return upload.put(bytes); });
    auto done = each_item(in, context, [&](const Value& item) { return output.write(item); });
    if (done) done = output.finish();
    if (done) done = upload.complete();
    if (!done) {
        upload.abandon();
        return done;
    }
    return out.push(output_port, Object{{"bucket", place->bucket.name()},
                                        {"key", place->key},
                                        {"rowCount", output.rows()},
                                        {"bytes", output.bytes()}});
}

}  // namespace

NodeType s3_source_type(const NodeOptions& options) {
    NodeType type = s3_type("s3-source", "Read from S3", NodeKind::source);
    type.description = "Emits an item for each record of an object in an S3-compatible store.";
    type.run = [options](NodeContext& context, ItemSource&, ItemSink& out) {
        return run_s3_source(options, context, out);
    };
    return type;
}

NodeType s3_sink_type(const NodeOptions& options) {
    NodeType type = s3_type("s3-sink", "Write to S3", NodeKind::sink);
    type.description = "Writes the items into one object, in parts when it is large; it appears when all have come.";
    type.aliases = {"s3-dest"};
    type.run = [options](NodeContext& context, ItemSource& in, ItemSink& out) {
        return run_s3_sink(options, context, in, out);
    };
    return type;
}

}  // namespace meter::nodes
