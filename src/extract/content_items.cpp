// Sections of a page (wire contract 8.7).
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/unicode.hpp"
#include "extract/run.hpp"

namespace meter::detail {
namespace {

constexpr std::array<std::string_view, 9> content_left_out{"script", "style", "template", "noscript", "svg",
                                                           "iframe", "nav",   "aside",    "form"};

/// 1 to 6 for h1 to h6, else 0.
int heading_level(std::string_view name) noexcept {
    return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' ? name[1] - '0' : 0;
}

/// Builds the lines of a section: one for each block, list items with "- ", table rows joined with " | ".
class ContentLines {
public:
    void add_text(std::string_view text) { text_.append(text); }

    /// The end of a block: what was collected becomes a line, or a part of the cell that is open.
    void end_block() {
        if (in_cell_) {
            text_.push_back(' ');
            return;
        }
        std::string line = pre_depth_ > 0 ? preformatted() : core::collapse_space(text_);
        text_.clear();
        if (line.empty()) return;
        add_line((bullet_ ? "- " : "") + line);
        bullet_ = false;
    }

    void begin_item() {
        end_block();
        bullet_ = !in_cell_;
    }
    void end_item() {
        end_block();
        bullet_ = false;
    }

    void begin_pre() {
        end_block();
        if (!in_cell_) ++pre_depth_;
    }
    void end_pre() {
        end_block();
        if (!in_cell_ && pre_depth_ > 0) --pre_depth_;
    }

    void begin_row() {
        end_row();
        end_block();
        in_row_ = true;
    }
    void begin_cell() {
        end_cell();
        end_block();
        in_cell_ = in_row_;
    }
    void end_cell() {
        if (!in_cell_) return end_block();
        cells_.push_back(core::collapse_space(text_));
        text_.clear();
        in_cell_ = false;
    }
    /// A table or heading in a cell shows that the outer table is layout: its row ends there.
    void break_row() {
        if (in_cell_ && core::trim(text_).empty()) {
            text_.clear();
            in_cell_ = false;
        }
        end_row();
        end_block();
    }
    void end_row() {
        if (in_cell_) end_cell();
        if (!in_row_) return;
        in_row_ = false;
        std::string line;
        bool any = false;
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            if (i > 0) line.append(" | ");
            line.append(cells_[i]);
            any = any || !cells_[i].empty();
        }
        cells_.clear();
        if (any) add_line((bullet_ ? "- " : "") + line);
        bullet_ = false;
    }

    /// The lines so far; starts anew.
    std::string take() {
        break_row();
        return std::exchange(content_, {});
    }

    /// What was collected since the last block, as one line that is not added.
    std::string take_inline() {
        std::string line = core::collapse_space(text_);
        text_.clear();
        return line;
    }

    std::size_t size() const noexcept { return content_.size() + text_.size(); }

private:
    void add_line(const std::string& line) {
        if (!content_.empty()) content_.push_back('\n');
        content_.append(line);
    }

    /// Line breaks are kept, other white space collapses; blank lines at both ends go.
    std::string preformatted() const {
        std::string lines;
        std::string_view rest = text_;
        std::size_t blank = 0;
        while (true) {
            const std::size_t end = rest.find('\n');
            const std::string line = core::collapse_space(rest.substr(0, end));
            if (!lines.empty()) ++blank;
            if (!line.empty()) {
                lines.append(lines.empty() ? 0 : blank, '\n');
                lines.append(line);
                blank = 0;
            }
            if (end == std::string_view::npos) return lines;
            rest.remove_prefix(end + 1);
        }
    }

    std::string content_;
    std::string text_;
    std::vector<std::string> cells_;
    std::size_t pre_depth_ = 0;
    bool bullet_ = false;
    bool in_row_ = false;
    bool in_cell_ = false;
};

class ContentReader {
public:
    ContentReader(const ContentPlan& plan, const html::Document& document, ItemSink& sink)
        : plan_(plan), document_(document), sink_(sink) {}

    Result<void> run() {
        auto root = find_root();
        if (!root) return root.error();
        if (!*root) return {};
        root_ = *root;
        auto excluded = find_excluded();
        if (!excluded) return excluded;
        for (html::Element at = root_; at; at = at.parent())
            if (at.name() == "article") ++articles_;

        heading_ = document_.title();
        // The walk is over what is below the root: what is asked for by name is read whatever it is ("form", "nav").
        html::walk(root_, visit, this);
        end_section();
        return failed_ ? Result<void>(too_many_results()) : Result<void>();
    }

private:
    Result<html::Element> find_root() {
        if (plan_.root) {
            auto found = plan_.root->first(document_.root());
            if (!found) return found.error();
            if (*found && (*found)->element) return (*found)->element;
            if (plan_.root->matches(document_.root())) return document_.root();
            // Falling back to the whole page would turn a redesign into a change of every section.
            sink_.warn("No element matches root_selector.");
            return html::Element();
        }
        const html::Element body = document_.body();
        html::Element main, article;
        std::size_t mains = 0, articles = 0;
        for (html::Element at = body; at; at = at.next_in(body)) {
            if (at.name() == "main" && ++mains == 1) main = at;
            if (at.name() == "article" && ++articles == 1) article = at;
        }
        return mains == 1 ? main : articles == 1 ? article : body;
    }

    Result<void> find_excluded() {
        for (const html::Selector& selector : plan_.exclude) {
            if (!selector.is_xpath()) continue;
            auto found = selector.all(document_.root());
            if (!found) return found.error();
            for (const html::Match& match : *found)
                if (match.element) excluded_.insert(match.element.node());
        }
        return {};
    }

    bool is_left_out(html::Element element) const {
        const std::string_view name = element.name();
        if (std::find(content_left_out.begin(), content_left_out.end(), name) != content_left_out.end()) return true;
        if ((name == "header" || name == "footer") && articles_ == 0) return true;
        if (element.has_attribute("hidden")) return true;
        if (const auto hidden = element.attribute("aria-hidden"); hidden && core::ascii_iequals(*hidden, "true"))
            return true;
        if (excluded_.contains(element.node())) return true;
        return std::any_of(plan_.exclude.begin(), plan_.exclude.end(), [&](const html::Selector& selector) {
            return !selector.is_xpath() && selector.matches(element, document_.root());
        });
    }

    static bool visit(void* context, const html::Node& node, bool entering) {
        auto& self = *static_cast<ContentReader*>(context);
        if (self.failed_) return false;
        if (node.kind == html::Node::Kind::text) {
            self.lines_.add_text(node.text);
            self.failed_ = self.lines_.size() > self.sink_.room();
            return true;
        }
        if (!entering) {
            self.leave(node.element);
            return true;
        }
        if (self.is_left_out(node.element)) return false;
        self.enter(node.element);
        return true;
    }

    void enter(html::Element element) {
        const std::string_view name = element.name();
        const int level = heading_level(name);
        if (level > 0 && level <= plan_.max_level && !open_heading_) {
            gather_lines();
            open_heading_ = element;
            return;
        }
        if (open_heading_) {
            if (name == "br" || html::is_block(name)) lines_.add_text(" ");
            return;
        }
        if (name == "article") ++articles_;
        if (name == "br")
            lines_.add_text(in_pre_ > 0 ? "\n" : " ");
        else if (name == "li")
            lines_.begin_item();
        else if (name == "pre")
            ++in_pre_, lines_.begin_pre();
        else if (name == "table")
            lines_.break_row();
        else if (name == "tr")
            lines_.begin_row();
        else if (name == "td" || name == "th")
            lines_.begin_cell();
        else if (html::is_block(name))
            lines_.end_block();
    }

    void leave(html::Element element) {
        const std::string_view name = element.name();
        if (open_heading_) {
            if (element == open_heading_) {
                open_heading_ = {};
                begin_section(lines_.take_inline(), heading_level(name));
            } else if (html::is_block(name)) {
                lines_.add_text(" ");
            }
            return;
        }
        if (name == "article") --articles_;
        if (name == "li")
            lines_.end_item();
        else if (name == "pre")
            lines_.end_pre(), --in_pre_;
        else if (name == "tr")
            lines_.end_row();
        else if (name == "td" || name == "th")
            lines_.end_cell();
        else if (html::is_block(name))
            lines_.end_block();
    }

    /// A heading without text (a picture) starts no section.
    void begin_section(std::string heading, int level) {
        if (heading.empty()) return;
        end_section();
        heading_ = std::move(heading);
        level_ = level;
    }

    void gather_lines() {
        const std::string lines = lines_.take();
        if (!content_.empty() && !lines.empty()) content_.push_back('\n');
        content_.append(lines);
    }

    void end_section() {
        gather_lines();
        if (level_ > 0 || !content_.empty()) {
            Object item{{"heading", std::move(heading_)}, {"level", level_}, {"content", std::move(content_)}};
            failed_ = failed_ || !sink_.add(std::move(item));
        }
        heading_.clear();
        content_.clear();
    }

    const ContentPlan& plan_;
    const html::Document& document_;
    ItemSink& sink_;
    html::Element root_;
    std::unordered_set<const _xmlNode*> excluded_;  ///< by XPath; CSS is matched on the way
    ContentLines lines_;
    html::Element open_heading_;  ///< whose text is being collected
    std::string heading_;
    std::string content_;
    int level_ = 0;
    std::size_t articles_ = 0;  ///< open article elements, those above the root included
    std::size_t in_pre_ = 0;
    bool failed_ = false;
};

}  // namespace

Result<void> run_content_plan(const ContentPlan& plan, const html::Document& document, ItemSink& sink) {
    return ContentReader(plan, document, sink).run();
}

}  // namespace meter::detail
