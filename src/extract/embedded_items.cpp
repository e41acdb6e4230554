// Items from JSON embedded in a page (wire contract 8.5).
#include <optional>
#include <string>
#include <string_view>

#include "core/unicode.hpp"
#include "extract/json_items.hpp"
#include "extract/run.hpp"
#include "extract/script_json.hpp"

namespace meter::detail {
namespace {

/// "application/ld+json; charset=utf-8" is application/ld+json.
std::string embedded_media_type(std::string_view type) {
    return core::ascii_lower(core::trim(type.substr(0, type.find(';'))));
}

class EmbeddedReader {
public:
    EmbeddedReader(const EmbeddedPlan& plan, ItemSink& sink)
        : plan_(plan), sink_(sink), media_type_(embedded_media_type(plan.name)) {}

    Result<void> run(html::Element root) {
        for (html::Element at = root; at && !done_ && !sink_.full(); at = at.next_in(root)) {
            if (at.name() != "script") continue;
            auto read = read_script(at);
            if (!read) return read;
        }
        if (scripts_ == 0) sink_.warn(nothing_found());
        return {};
    }

private:
    using By = EmbeddedPlan::By;

    Result<void> read_script(html::Element script) {
        if (plan_.by == By::variable) {
            const auto value = find_assigned_json(script.raw_text(), plan_.name);
            if (!value) return {};
            ++scripts_;
            done_ = true;
            return collect_json_items(*value, plan_.source, true, sink_);
        }
        const auto named = script.attribute(plan_.by == By::id ? "id" : "type");
        if (!named) return {};
        if (plan_.by == By::id ? *named != plan_.name : embedded_media_type(*named) != media_type_) return {};
        ++scripts_;
        done_ = plan_.by == By::id;
        const auto value = parse_script_json(script.raw_text());
        if (!value) {
            sink_.warn("Script " + std::to_string(scripts_) + " (" + plan_.name + ") is not JSON and was skipped.");
            return {};
        }
        return collect_json_items(*value, plan_.source, true, sink_);
    }

    std::string nothing_found() const {
        switch (plan_.by) {
            case By::variable:
                return "No script assigns JSON to '" + plan_.name + "'.";
            case By::id:
                return "The page has no script with id '" + plan_.name + "'.";
            default:
                return "The page has no script of type '" + plan_.name + "'.";
        }
    }

    const EmbeddedPlan& plan_;
    ItemSink& sink_;
    std::string media_type_;
    std::size_t scripts_ = 0;
    bool done_ = false;
};

}  // namespace

Result<void> run_embedded_plan(const EmbeddedPlan& plan, const html::Document& document, ItemSink& sink) {
    return EmbeddedReader(plan, sink).run(document.root());
}

}  // namespace meter::detail
