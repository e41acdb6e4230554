// A node type of your own, in a pipeline with built-in ones: file -> filter -> yours -> file.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "meter/meter.hpp"
#include "meter/testing/item_streams.hpp"

namespace {

/// Adds the tax to a price. Items come and go one by one, so a million of them need no more memory than one.
meter::NodeType add_tax() {
    meter::NodeType type;
    type.node_id = "add-tax";
    type.label = "Add tax";
    type.description = "Adds a member `gross` to each item.";
    type.config_schema = meter::parse_json(R"({"type": "object", "required": ["percent"],
        "properties": {"percent": {"type": "number", "minimum": 0, "maximum": 100}}})")
                             .value();
    type.run = [](meter::NodeContext& context, meter::ItemSource& in, meter::ItemSink& out) -> meter::Result<void> {
        const double factor = 1 + context.config.find("percent")->to_double() / 100;
        for (;;) {
            auto item = in.next();
            if (!item) return item.error();
            if (!*item) return {};
            meter::Object record = *(*item)->if_object();
            record.set("gross", std::stod(*record.find("price")->if_string()) * factor);
            if (auto pushed = out.push("output", std::move(record)); !pushed) return pushed;
        }
    };
    return type;
}

}  // namespace

int main() {
    const auto folder = std::filesystem::temp_directory_path() / "meter-example-12";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "in.csv") << "name,price\nMug,18\nPlane,99000\nTin,12.5\n";

    meter::NodeOptions options;
    options.file_root = folder.string();
    auto registry = meter::NodeRegistry::with_builtins(options).value();
    registry.add(add_tax()).value();
    for (const auto& error : registry.check_config("add-tax", meter::Object{{"percent", 300}}, nullptr))
        std::cout << error.message << "\n";

    const auto fetcher = meter::make_fetcher().value();
    const auto clock = meter::system_clock();
    const auto logger = meter::null_logger();
    const meter::Connections connections;
    const meter::NodeContext context{
        .fetcher = *fetcher, .clock = *clock, .logger = *logger, .connections = connections};
    const auto config = [](const char* json) { return meter::parse_json(json).value(); };
    meter::testing::CollectedItems report;
    meter::run_chain(registry,
                     {{"file-source", config(R"({"path": "in.csv"})")},
                      {"filter", config(R"({"conditions": [{"field": "price", "operator": "lt", "value": 1000}]})")},
                      {"add-tax", config(R"({"percent": 25})")},
                      {"file-sink", config(R"({"path": "out.jsonl"})")}},
                     context, report)
        .value();
    std::ifstream written(folder / "out.jsonl");
    const std::string lines{std::istreambuf_iterator<char>(written), {}};
    std::cout << lines << meter::to_json(report.at().front()) << "\n";
    std::filesystem::remove_all(folder);
    return lines.find(R"("gross":22.5)") != std::string::npos && lines.find("Plane") == std::string::npos ? 0 : 1;
}
