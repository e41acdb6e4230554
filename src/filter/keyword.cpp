// Keyword filters (wire contract 14.3), compiled into one automaton that looks for all clauses at once.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "core/tokens.hpp"
#include "core/unicode.hpp"
#include "json/number_text.hpp"
#include "meter/keyword_filter.hpp"

namespace meter {
namespace {

constexpr std::size_t keyword_max_characters = 2000;

enum class KeywordRole : std::uint8_t { optional, required, excluded };

struct KeywordClause {
    KeywordRole role = KeywordRole::optional;
    /// What to find in the tokens of a value, written " token token ": " elon " is not in " melon ", and " elon musk "
    /// is a phrase. A prefix has no space at its end.
    std::string pattern;
};

/// Aho and Corasick 1975 on bytes: every pattern is found in one pass, however many there are. Tokens hold letters and
/// digits only, so all patterns begin with the space before a token.
class KeywordAutomaton {
public:
    explicit KeywordAutomaton(const std::vector<KeywordClause>& clauses) : nodes_(1) {
        for (std::size_t clause = 0; clause < clauses.size(); ++clause) {
            std::uint32_t node = 0;
            for (const char c : clauses[clause].pattern) {
                std::uint32_t next = child(node, c);
                if (next == 0) {
                    next = static_cast<std::uint32_t>(nodes_.size());
                    nodes_[node].children.emplace_back(c, next);
                    nodes_.emplace_back();
                }
                node = next;
            }
            nodes_[node].clauses.push_back(clause);
        }
        for (Node& node : nodes_) std::sort(node.children.begin(), node.children.end());
        link();
    }

    std::size_t size() const noexcept { return nodes_.size(); }

    std::uint32_t step(std::uint32_t node, char c) const noexcept {
        for (;; node = nodes_[node].fallback) {
            const std::uint32_t next = sorted_child(node, c);
            if (next != 0 || node == 0) return next;
        }
    }

    /// Calls `visit(clause)` for the clauses that end at this node and were not seen before.
    template <class Visit>
    void each_match(std::uint32_t node, std::vector<bool>& seen, Visit visit) const {
        if (nodes_[node].clauses.empty()) node = nodes_[node].shorter_match;
        // What is behind a node that was seen was seen with it, so a whole item costs no more than all nodes.
        for (; node != 0 && !seen[node]; node = nodes_[node].shorter_match) {
            seen[node] = true;
            for (const std::size_t clause : nodes_[node].clauses) visit(clause);
        }
    }

private:
    struct Node {
        std::vector<std::pair<char, std::uint32_t>> children;
        std::uint32_t fallback = 0;       ///< the longest proper suffix that is a node
        std::uint32_t shorter_match = 0;  ///< the longest proper suffix that ends a pattern; 0: none
        std::vector<std::size_t> clauses;
    };

    std::uint32_t child(std::uint32_t node, char c) const noexcept {
        for (const auto& [byte, next] : nodes_[node].children)
            if (byte == c) return next;
        return 0;
    }

    std::uint32_t sorted_child(std::uint32_t node, char c) const noexcept {
        const auto& children = nodes_[node].children;
        const auto found = std::lower_bound(children.begin(), children.end(), c,
                                            [](const auto& entry, char byte) { return entry.first < byte; });
        return found != children.end() && found->first == c ? found->second : 0;
    }

    void link() {
        std::deque<std::uint32_t> queue{0};
        while (!queue.empty()) {
            const std::uint32_t node = queue.front();
            queue.pop_front();
            for (const auto& [byte, next] : nodes_[node].children) {
                const std::uint32_t fallback = node == 0 ? 0 : step(nodes_[node].fallback, byte);
                nodes_[next].fallback = fallback;
                nodes_[next].shorter_match =
                    nodes_[fallback].clauses.empty() ? nodes_[fallback].shorter_match : fallback;
                queue.push_back(next);
            }
        }
    }

    std::vector<Node> nodes_;
};

/// The clause of a word or phrase; an empty pattern when it has no token. A star right after the last letter or digit
/// of a word asks for a prefix.
std::string keyword_pattern(std::string_view text, bool quoted) {
    bool prefix = false;
    if (!quoted && text.ends_with('*')) {
        while (text.ends_with('*')) text.remove_suffix(1);
        std::size_t last = text.size();
        while (last > 0 && (static_cast<unsigned char>(text[last - 1]) & 0xC0) == 0x80) --last;
        if (last > 0) {
            std::size_t at = last - 1;
            prefix = core::is_letter_or_digit(core::next_code_point(text, at));
        }
    }
    std::string pattern = " ";
    core::append_tokens(pattern, text);
    if (pattern == " ") return {};
    if (prefix) pattern.pop_back();
    return pattern;
}

std::size_t keyword_end_of_word(std::string_view text, std::size_t from) {
    for (std::size_t pos = from; pos < text.size();) {
        const std::size_t start = pos;
        if (core::is_space(core::next_code_point(text, pos))) return start;
    }
    return text.size();
}

std::vector<KeywordClause> keyword_clauses(std::string_view text) {
    std::vector<KeywordClause> clauses;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t next = at;
        if (core::is_space(core::next_code_point(text, next))) {
            at = next;
            continue;
        }
        KeywordClause clause;
        if (text[at] == '+' || text[at] == '-') {
            clause.role = text[at] == '+' ? KeywordRole::required : KeywordRole::excluded;
            ++at;
        }
        if (at < text.size() && text[at] == '"') {
            const std::size_t end = std::min(text.find('"', at + 1), text.size());
            clause.pattern = keyword_pattern(text.substr(at + 1, end - at - 1), true);
            at = std::min(end + 1, text.size());
        } else {
            const std::size_t end = keyword_end_of_word(text, at);
            clause.pattern = keyword_pattern(text.substr(at, end - at), false);
            at = end;
        }
        if (!clause.pattern.empty()) clauses.push_back(std::move(clause));
    }
    return clauses;
}

/// Tokens of a scalar, as the automaton reads them; empty when there are none. null has no text.
void keyword_write_tokens(std::string& out, const Value& scalar) {
    out.assign(1, ' ');
    if (const std::string* text = scalar.if_string()) {
        core::append_tokens(out, *text);
    } else if (const bool* truth = scalar.if_bool()) {
        out.append(*truth ? "true " : "false ");
    } else if (scalar.is_number()) {
        std::string number;
        if (const std::int64_t* integer = scalar.if_integer())
            json::append_number(number, *integer);
        else
            json::append_number(number, scalar.to_double());
        core::append_tokens(out, number);
    }
    if (out.size() == 1) out.clear();
}

}  // namespace

struct KeywordFilter::Impl {
    std::string text;
    std::vector<KeywordClause> clauses;
    KeywordAutomaton automaton;
    std::array<std::size_t, 3> count{};  ///< clauses of each role

    explicit Impl(std::string_view given) : text(given), clauses(keyword_clauses(given)), automaton(clauses) {
        for (const KeywordClause& clause : clauses) ++count[static_cast<std::size_t>(clause.role)];
    }
    std::size_t count_of(KeywordRole role) const noexcept { return count[static_cast<std::size_t>(role)]; }
};

Result<KeywordFilter> KeywordFilter::parse(std::string_view text) {
    const auto refuse = [](std::string why) {
        return Error{ErrorCode::invalid_argument, "filter " + std::move(why), "filter"};
    };
    const auto too_long = [&] {
        return refuse("must have at most " + std::to_string(keyword_max_characters) + " characters");
    };
    // A character takes at most four bytes: anything longer is too long, whatever is in it.
    if (text.size() > 4 * keyword_max_characters) return too_long();
    std::size_t characters = 0;
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t start = pos;
        (void)core::next_code_point(text, pos);
        if (!core::is_valid_utf8(text.substr(start, pos - start)))
            return refuse("is malformed UTF-8 at byte " + std::to_string(start));
        if (++characters > keyword_max_characters) return too_long();
    }
    return KeywordFilter(std::make_shared<const Impl>(text));
}

bool KeywordFilter::blank() const noexcept {
    return impl_->clauses.empty();
}

bool KeywordFilter::matches(const Value& item) const {
    const Impl& impl = *impl_;
    if (impl.clauses.empty()) return true;
    std::vector<bool> seen(impl.automaton.size());
    std::size_t required = impl.count_of(KeywordRole::required);
    bool optional = required > 0 || impl.count_of(KeywordRole::optional) == 0;
    bool excluded = false;
    const bool may_be_excluded = impl.count_of(KeywordRole::excluded) > 0;
    const auto found = [&](std::size_t clause) {
        switch (impl.clauses[clause].role) {
            case KeywordRole::required:
                --required;
                break;
            case KeywordRole::excluded:
                excluded = true;
                break;
            case KeywordRole::optional:
                optional = true;
        }
    };
    std::string tokens;
    core::each_scalar(item, [&](const Value& scalar) {
        keyword_write_tokens(tokens, scalar);
        std::uint32_t node = 0;  // a phrase does not span two values
        for (const char c : tokens) {
            node = impl.automaton.step(node, c);
            if (node != 0) impl.automaton.each_match(node, seen, found);
        }
        const bool decided = excluded || (!may_be_excluded && required == 0 && optional);
        return !decided;
    });
    return !excluded && required == 0 && optional;
}

const std::string& KeywordFilter::text() const noexcept {
    return impl_->text;
}

KeywordFilter::KeywordFilter(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
KeywordFilter::KeywordFilter(const KeywordFilter&) = default;
KeywordFilter& KeywordFilter::operator=(const KeywordFilter&) = default;
KeywordFilter::KeywordFilter(KeywordFilter&&) noexcept = default;
KeywordFilter& KeywordFilter::operator=(KeywordFilter&&) noexcept = default;
KeywordFilter::~KeywordFilter() = default;

std::vector<Value> matching_items(const KeywordFilter& filter, std::vector<Value> items) {
    std::erase_if(items, [&](const Value& item) { return !filter.matches(item); });
    return items;
}

std::optional<ChangelogEntry> matching_entry(const KeywordFilter& filter, ChangelogEntry entry) {
    if (filter.blank()) return entry;
    entry.new_items = matching_items(filter, std::move(entry.new_items));
    entry.removed_items = matching_items(filter, std::move(entry.removed_items));
    if (entry.new_items.empty() && entry.removed_items.empty()) return std::nullopt;
    std::erase_if(entry.modified_items, [&](const ModifiedItem& modified) { return !filter.matches(modified.item); });
    return entry;
}

}  // namespace meter
