// file-source and file-sink: records in files below one folder.
#include "nodes/file_tree.hpp"
#include "nodes/record_config.hpp"

namespace meter::nodes {
namespace {

constexpr std::size_t file_write_piece = 256u << 10;

Result<void> check_file(const Value& config) {
    const std::string path = config_text(config, "path");
    if (auto ok = check_placeholders(path, "path"); !ok) return ok;
    if (auto ok = check_file_path(path); !ok) return ok;
    if (auto format = config_format(config, "path"); !format) return format.error();
    return {};
}

NodeType file_type(std::string_view node_id, std::string_view label, NodeKind kind, const NodeOptions& options) {
    NodeType type;
    type.node_id = node_id;
    type.label = label;
    type.kind = kind;
    type.category = "files";
    type.check = [configured = !options.file_root.empty()](const Value& config) -> Result<void> {
        if (auto ok = check_file(config); !ok || configured) return ok;
        return no_file_root_error();  // at deploy already, not in the first execution
    };
    type.config_schema = literal(R"({"type": "object", "required": ["path"], "properties": {
        "path": {"type": "string", "minLength": 1, "maxLength": 4096,
                 "description": "Below the configured folder; may use {{executionId}} and {{date}}"},
        "format": {"type": "string", "enum": ["json", "jsonl", "csv"]},
        "columns": {"type": "array", "maxItems": 10000, "items": {"type": "string"},
                    "description": "Columns of a CSV file that is written"}}})");
    type.default_config = literal(R"({"format": "jsonl"})");
    return type;
}

Result<void> read_file(const NodeOptions& options, NodeContext& context, ItemSink& out) {
    const auto path = fill_execution(config_text(context.config, "path"), context, "path");
    if (!path) return path.error();
    const auto format = config_format(context.config, "path");
    if (!format) return format.error();
    const auto file = open_file_below(options.file_root, *path);
    if (!file) return file.error();
    const auto reader = make_record_reader(*format, options.max_record_bytes);
    const auto emit = [&](Value item) { return out.push(output_port, std::move(item)); };
    auto read = read_pieces(*file, [&](std::string_view bytes) -> Result<void> {
        if (context.stop.stop_requested()) return cancelled_error();
        return reader->feed(bytes, emit);
    });
    if (read) read = reader->finish(emit);
    if (read || read.error().code == ErrorCode::cancelled || !read.error().subject.empty()) return read;
    return Error{read.error().code, "File " + *path + ": " + read.error().message, "config.path"};
}

Result<void> write_file(const NodeOptions& options, NodeContext& context, ItemSource& in, ItemSink& out) {
    const auto path = fill_execution(config_text(context.config, "path"), context, "path");
    if (!path) return path.error();
    const auto format = config_format(context.config, "path");
    if (!format) return format.error();
    auto file = NewFile::create(options.file_root, *path);
    if (!file) return file.error();
    RecordOutput output(make_record_writer(*format, config_columns(context.config)), file_write_piece,
                        [&](std::string& bytes) -> Result<void> {
                            auto written = file->write(bytes);
                            bytes.clear();
                            return written;
                        });
    if (auto ok = each_item(in, context, [&](const Value& item) { return output.write(item); }); !ok) return ok;
    if (auto ok = output.finish(); !ok) return ok;
    if (auto ok = file->commit(); !ok) return ok;
    return out.push(output_port, Object{{"path", *path}, {"rowCount", output.rows()}, {"bytes", output.bytes()}});
}

}  // namespace

NodeType file_source_type(const NodeOptions& options) {
    NodeType type = file_type("file-source", "Read file", NodeKind::source, options);
    type.description = "Emits an item for each record of a file below the configured folder.";
    type.run = [options](NodeContext& context, ItemSource&, ItemSink& out) { return read_file(options, context, out); };
    return type;
}

NodeType file_sink_type(const NodeOptions& options) {
    NodeType type = file_type("file-sink", "Write file", NodeKind::sink, options);
    type.description = "Writes the items into a file below the configured folder, in one piece when all have come.";
    type.run = [options](NodeContext& context, ItemSource& in, ItemSink& out) {
        return write_file(options, context, in, out);
    };
    return type;
}

}  // namespace meter::nodes
