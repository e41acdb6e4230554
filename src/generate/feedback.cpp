#include "generate/feedback.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/unicode.hpp"
#include "generate/words.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_feedback = 4'000;
constexpr std::size_t max_steps = 40;

using Words = std::vector<std::string>;
using Kind = FeedbackStep::Kind;

/// Sentences and their parts that say one thing each.
std::vector<std::string> clauses_of(std::string_view feedback) {
    std::vector<std::string> clauses;
    std::string clause;
    const auto flush = [&] {
        const std::string_view trimmed = core::trim(clause);
        if (!trimmed.empty()) clauses.emplace_back(trimmed);
        clause.clear();
    };
    char quote = 0;
    for (std::size_t i = 0; i < feedback.size(); ++i) {
        const char c = feedback[i];
        if (quote != 0) {
            if (c == quote) quote = 0;
            clause += c;
            continue;
        }
        if (c == '"') quote = c;
        const bool space_after = i + 1 >= feedback.size() || feedback[i + 1] == ' ' || feedback[i + 1] == '\n';
        if (c == '\n' || c == ';' || ((c == '.' || c == '!' || c == '?') && space_after))
            flush();
        else
            clause += c;
    }
    flush();
    return clauses;
}

/// Lower-case words; what is quoted, and what looks like a selector (".ad", "#main"), is one word as it stands.
Words feedback_words(std::string_view clause) {
    Words words;
    std::size_t at = 0;
    while (at < clause.size()) {
        const char c = clause[at];
        if (c == '"' || c == '\'' || c == '`') {
            const std::size_t stop = clause.find(c, at + 1);
            const bool opens = at == 0 || clause[at - 1] == ' ';
            if (opens && stop != std::string_view::npos && stop > at + 1) {
                words.push_back("\"" + std::string(clause.substr(at + 1, stop - at - 1)));
                at = stop + 1;
                continue;
            }
            ++at;
            continue;
        }
        if (c == ' ' || c == '\t') {
            ++at;
            continue;
        }
        if (c == ',' || c == '&' || c == '/') {
            words.emplace_back(",");
            ++at;
            continue;
        }
        std::size_t stop = at;
        while (stop < clause.size() && std::string_view(" \t,\"&/").find(clause[stop]) == std::string_view::npos)
            ++stop;
        std::string word(clause.substr(at, stop - at));
        at = stop;
        while (!word.empty() && (word.back() == ':' || word.back() == ')' || word.back() == '!')) word.pop_back();
        while (!word.empty() && word.front() == '(') word.erase(0, 1);
        if (word.empty()) continue;
        if ((word.front() == '.' || word.front() == '#') && word.size() > 1) {
            words.push_back(std::move(word));  // a selector keeps its case
            continue;
        }
        word = core::fold_case(word);
        for (const std::string_view ending : {"'s", "’s"})
            if (word.ends_with(ending) && word != "it's") word.resize(word.size() - ending.size());
        if (!word.empty()) words.push_back(std::move(word));
    }
    return words;
}

template <std::size_t N>
bool is_any(const std::string& word, const std::array<std::string_view, N>& list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr auto polite_words = std::to_array<std::string_view>(
    {"please", "also", "and",          "can",         "could", "you",  "would", "i",  "we",     "but",
     "then",   "now",  "too",          "just",        "want",  "need", "like",  "to", "should", "so",
     "ok",     "hi",   "additionally", "furthermore", "well",  "must", "it",    "me", "as",     "instead",
     "'d",     "i'd",  "we'd",         "i'm",         "be",    "will", "the",   "a",  "an"});
constexpr auto add_verbs =
    std::to_array<std::string_view>({"extract", "add", "include", "get", "scrape", "collect", "grab", "fetch", "return",
                                     "capture", "give", "show", "missing", "pull", "find"});
constexpr auto drop_verbs = std::to_array<std::string_view>({"remove", "drop", "delete", "without", "no", "omit",
                                                             "exclude", "skip", "ignore", "discard", "hide", "strip",
                                                             "don't", "dont", "not", "filter", "avoid", "unwanted"});
constexpr auto noise_words = std::to_array<std::string_view>(
    {"the",     "a",        "an",      "of",      "in",      "on",         "from",    "with",    "that",    "which",
     "are",     "is",       "any",     "all",     "every",   "those",      "these",   "this",    "and",     "or",
     "inside",  "under",    "item",    "record",  "result",  "row",        "entry",   "listing", "list",    "ones",
     "one",     "class",    "column",  "section", "box",     "area",       "part",    "field",   "have",    "has",
     "having",  "labelled", "labeled", "marked",  "contain", "containing", "called",  "named",   "heading", "block",
     "element", "product",  "post",    "article", "please",  "at",         "for",     "to",      "be",      "it",
     "its",     "out",      "value",   "use",     "card",    "extract",    "include", "page",    "where",   "by",
     "say",     "saying",   "says",    "text",    "only",    "need",       "want",    "i",       "them",    "like"});

/// Words of a description of records that say something, singular.
Words telling_words(const Words& words, std::size_t from) {
    for (std::size_t i = from; i < words.size(); ++i)
        if (words[i].front() == '"' || words[i].front() == '.' || words[i].front() == '#') return {words[i]};
    Words telling;
    for (std::size_t i = from; i < words.size(); ++i) {
        const std::string one = singular(words[i]);
        if (words[i] != "," && !is_any(one, noise_words) && !is_any(words[i], noise_words)) telling.push_back(one);
    }
    return telling;
}

class FeedbackReader {
public:
    explicit FeedbackReader(const std::vector<std::string>& names) : names_(names) {}

    Result<std::vector<FeedbackStep>> run(std::string_view feedback) {
        for (const std::string& clause : clauses_of(feedback.substr(0, max_feedback))) {
            Words words = feedback_words(clause);
            if (!read_clause(words)) {
                // "A and B", "A, not B": two things said in one go.
                if (!read_parts(words)) return not_understood(clause);
            }
            if (steps_.size() > max_steps) return not_understood(clause);
        }
        if (steps_.empty()) return not_understood(core::trim(feedback));
        return std::move(steps_);
    }

private:
    bool read_parts(const Words& words) {
        const std::size_t before = steps_.size();
        for (std::size_t i = 1; i + 1 < words.size(); ++i) {
            if (words[i] != "," && words[i] != "and" && words[i] != "but") continue;
            Words first(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i));
            Words second(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
            if (read_clause(first) && (read_clause(second) || read_parts(second))) return true;
            steps_.resize(before);
        }
        return false;
    }

    /// One thing. Leaves the steps as they are when it is not understood.
    bool read_clause(Words words) {
        Words all = words;
        while (!words.empty() && (is_any(words.front(), polite_words) || words.front() == ","))
            words.erase(words.begin());
        if (words.empty()) return false;
        return read_rename(words) || read_limit(words) || read_currency(words) || read_type(words) ||
               read_wrong(words) || read_only(words) || read_drop(words) || read_add(words, all);
    }

    /// The field that words name, the longest name first.
    std::optional<std::string> field_in(const Words& words, std::size_t from, std::size_t to) const {
        Words said;
        for (std::size_t i = from; i < to && i < words.size(); ++i)
            for (const std::string& word : words_with_digits(words[i])) said.push_back(singular(word));
        std::optional<std::string> best;
        std::size_t longest = 0;
        for (const std::string& name : names_) {
            Words parts;
            for (const std::string& word : words_with_digits(name)) parts.push_back(singular(word));
            const bool all = !parts.empty() && std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
                return std::find(said.begin(), said.end(), part) != said.end();
            });
            if (all && parts.size() > longest) {
                longest = parts.size();
                best = name;
            }
        }
        if (best) return best;
        // A part of its name: "visitor" for "visitor_team", when one field alone has it.
        for (const std::string& word : said) {
            if (word.size() < 3 || is_any(word, noise_words)) continue;
            std::vector<std::string> same;
            for (const std::string& name : names_) {
                const Words parts = words_with_digits(name);
                if (std::any_of(parts.begin(), parts.end(),
                                [&](const std::string& part) { return singular(part) == word; }))
                    same.push_back(name);
            }
            if (same.size() == 1) return same.front();
        }
        // Another word for it: "link" for the field "url", when one field alone is meant.
        for (const std::string& word : said) {
            const Concept concept_of = concept_of_word(word);
            if (concept_of == Concept::generic) continue;
            std::vector<std::string> same;
            for (const std::string& name : names_)
                for (const std::string& part : words_with_digits(name))
                    if (concept_of_word(part) == concept_of) {
                        same.push_back(name);
                        break;
                    }
            if (same.size() == 1) return same.front();
        }
        return std::nullopt;
    }

    static Words words_with_digits(std::string_view text) {
        Words words;
        std::string word;
        for (const char c : text) {
            if (c == '_' || c == ' ' || c == '-' || c == '"') {
                if (!word.empty()) words.push_back(std::move(word));
                word.clear();
            } else {
                word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
            }
        }
        if (!word.empty()) words.push_back(std::move(word));
        return words;
    }

    static std::optional<std::size_t> find(const Words& words, std::string_view word, std::size_t from = 0) {
        const auto found =
            std::find(words.begin() + static_cast<std::ptrdiff_t>(std::min(from, words.size())), words.end(), word);
        if (found == words.end()) return std::nullopt;
        return static_cast<std::size_t>(found - words.begin());
    }

    /// A name as fields have it: snake_case of the words.
    static std::string name_of(const Words& words, std::size_t from) {
        std::string name;
        for (std::size_t i = from; i < words.size(); ++i) {
            std::string_view word = words[i];
            if (word.starts_with('"')) word.remove_prefix(1);
            if (word == "the" || word == "field" || word == "," || word == "instead" || word == "please") continue;
            for (const std::string& part : words_with_digits(word)) name += (name.empty() ? "" : "_") + part;
        }
        return name.size() <= 100 ? name : std::string();
    }

    bool add_rename(std::optional<std::string> field, std::string name) {
        if (!field || name.empty() || name == *field) return false;
        steps_.push_back({.kind = Kind::rename, .field = std::move(*field), .text = std::move(name)});
        return true;
    }

    /// "rename price to cost", "call the price cost", "price should be called cost", "change the name of price to cost"
    bool read_rename(const Words& words) {
        if (words.front() == "rename" || (words.front() == "change" && find(words, "name"))) {
            for (const std::string_view to : {"to", "as", "into"})
                if (const auto at = find(words, to))
                    return add_rename(field_in(words, 1, *at), name_of(words, *at + 1));
            return false;
        }
        if (words.front() == "change")  // "change headline to title", but "change price to a number"
            if (const auto at = find(words, "to"); at && *at + 1 < words.size() && words.size() <= *at + 3)
                if (const auto field = only_field(words, 1, *at); field && !type_of(words, *at + 1))
                    return add_rename(field, name_of(words, *at + 1));
        if (words.front() == "call" || words.front() == "name" || words.front() == "label") {
            for (std::size_t i = 2; i < words.size(); ++i)
                if (auto field = field_in(words, 1, i)) {
                    std::size_t from = i;
                    if (words[from] == "field" && from + 1 < words.size()) ++from;
                    return add_rename(std::move(field), name_of(words, from));
                }
            return false;
        }
        for (const std::string_view verb : {"called", "named", "renamed"})
            if (const auto at = find(words, verb);
                at && *at >= 2 && *at + 1 < words.size() && (words[*at - 1] == "be" || words[*at - 1] == "is")) {
                const std::size_t from = words[*at + 1] == "to" ? *at + 2 : *at + 1;
                return add_rename(field_in(words, 0, *at), name_of(words, from));
            }
        return false;
    }

    /// "limit to 10", "only the first 10 items", "at most 5 results"
    bool read_limit(const Words& words) {
        const bool limits = words.front() == "limit" || (words.front() == "only" && find(words, "first")) ||
                            (words.front() == "at" && words.size() > 1 && words[1] == "most") ||
                            words.front() == "max" || words.front() == "maximum" || words.front() == "first" ||
                            words.front() == "top";
        if (!limits) return false;
        for (const std::string& word : words) {
            if (word.find_first_not_of("0123456789") != std::string::npos || word.size() > 6) continue;
            const std::size_t count = std::stoul(word);
            if (count == 0) return false;
            steps_.push_back({.kind = Kind::limit, .count = count});
            return true;
        }
        return false;
    }

    /// "the price should include the currency symbol"
    bool read_currency(const Words& words) {
        const bool currency = find(words, "currency") || find(words, "currencies");
        if (!currency) return false;
        const auto field = field_in(words, 0, words.size());
        if (!field) return false;
        if (find(words, "without") || find(words, "no") || find(words, "remove") || find(words, "strip") ||
            find(words, "drop")) {
            steps_.push_back({.kind = Kind::retype, .field = *field, .text = "number"});
            return true;
        }
        steps_.push_back({.kind = Kind::currency, .field = *field});
        return true;
    }

    static std::optional<std::string> type_of(const Words& words, std::size_t from) {
        std::optional<std::string> type;
        for (std::size_t i = from; i < words.size(); ++i) {
            const std::string one = singular(words[i]);
            if (one == "number" || one == "numeric" || one == "integer" || one == "float" || one == "decimal" ||
                one == "numbers" || one == "int" || one == "double")
                type = "number";
            else if (one == "text" || one == "string")
                type = "text";
            else if (one == "list" || one == "array")
                type = "list";
            else if (one == "link" || one == "url" || one == "href")
                type = "link";
            else if (one == "html" || one == "markup")
                type = "html";
            else if (one != "a" && one != "an" && one != "the" && one != "of" && one != "be" && one != "only" &&
                     one != "absolute" && one != "plain" && one != "value" && one != "instead" && one != "not" &&
                     one != "please" && one != "simple" && one != "full" && one != "raw")
                return std::nullopt;
            if (one == "not" || one == "instead") break;
        }
        return type;
    }

    /// "price as a number", "the price should be a number", "convert the price to a number", "make tags a list"
    bool read_type(const Words& words) {
        for (std::size_t i = 1; i < words.size(); ++i) {
            const bool joins = words[i] == "as" || words[i] == "be" || words[i] == "to" || words[i] == "into" ||
                               words[i] == "is" || words[i] == "a" || words[i] == "an" || words[i] == "are" ||
                               words[i] == "numeric";
            if (!joins) continue;
            const auto type = type_of(words, words[i] == "numeric" ? i : i + 1);
            const auto field = field_in(words, 0, i);
            if (!type || !field) continue;
            steps_.push_back({.kind = Kind::retype, .field = *field, .text = *type});
            return true;
        }
        return false;
    }

    /// "the price is wrong", "wrong title", "title should be the product name", "the date should come from .posted"
    bool read_wrong(const Words& words) {
        static constexpr auto wrong =
            std::to_array<std::string_view>({"wrong", "incorrect", "bad", "not", "mistaken", "fix", "correct", "isn't",
                                             "aren't", "off", "different", "another", "other", "change"});
        for (std::size_t i = 0; i < words.size(); ++i) {
            const bool states = words[i] == "is" || words[i] == "are" || words[i] == "seems" || words[i] == "looks" ||
                                words[i] == "isn't" || words[i] == "aren't";
            if (states && i > 0) {
                const auto field = field_in(words, 0, i);
                const bool bad = std::any_of(words.begin() + static_cast<std::ptrdiff_t>(i), words.end(),
                                             [](const std::string& word) { return is_any(word, wrong); });
                if (field && bad) return add_correct(*field, {});
                // "the title is in .headline"
                if (field && i + 1 < words.size() && (words[i + 1] == "in" || words[i + 1] == "under"))
                    return add_correct(*field, telling_words(words, i + 2));
            }
            if ((words[i] == "should" || words[i] == "must") && i > 0 && i + 1 < words.size()) {
                const auto field = field_in(words, 0, i);
                if (!field) continue;
                Words telling = telling_words(words, i + 1);
                std::erase_if(telling, [](const std::string& word) {
                    return word == "come" || word == "read" || word == "taken" || word == "be" || word == "not";
                });
                if (!telling.empty()) return add_correct(*field, std::move(telling));
            }
        }
        if (words.front() == "wrong" || words.front() == "fix" || words.front() == "correct" ||
            words.front() == "incorrect") {
            if (const auto field = field_in(words, 1, words.size())) return add_correct(*field, {});
            return false;
        }
        // "use the second column for the date", "take the price from .sale"
        if (words.front() == "use" || words.front() == "take" || words.front() == "read") {
            if (const auto at = find(words, "for")) {
                const auto field = field_in(words, *at + 1, words.size());
                Words telling =
                    telling_words(Words(words.begin() + 1, words.begin() + static_cast<std::ptrdiff_t>(*at)), 0);
                if (field) {
                    std::erase_if(telling, [](const std::string& w) {
                        return w == "another" || w == "different" || w == "other";
                    });
                    return add_correct(*field, std::move(telling));
                }
            }
            if (const auto at = find(words, "from"))
                if (const auto field = field_in(words, 1, *at))
                    return add_correct(*field, telling_words(words, *at + 1));
        }
        return false;
    }

    bool add_correct(const std::string& field, Words words) {
        steps_.push_back({.kind = Kind::correct, .field = field, .words = std::move(words)});
        return true;
    }

    /// "only the main list", "just items with class deal"
    bool read_only(const Words& words) {
        if (words.front() != "only" && words.front() != "keep" && words.front() != "restrict") return false;
        std::size_t stop = words.size();
        for (std::size_t i = 1; i < words.size(); ++i)
            if (words[i] == "not" || (words[i] == "," && i + 1 < words.size())) {
                stop = i;
                break;
            }
        const Words first(words.begin() + 1, words.begin() + static_cast<std::ptrdiff_t>(stop));
        Words telling = telling_words(first, 0);
        if (telling.empty()) return false;
        const std::size_t before = steps_.size();
        steps_.push_back({.kind = Kind::keep, .words = std::move(telling)});
        if (stop < words.size()) {
            Words rest(words.begin() + static_cast<std::ptrdiff_t>(stop), words.end());
            if (rest.front() == ",") rest.erase(rest.begin());
            if (!read_clause(rest)) {
                steps_.resize(before);
                return false;
            }
        }
        return true;
    }

    /// "drop the date", "without SKU and brand", "skip sponsored items", "don't extract links"
    bool read_drop(Words words) {
        std::size_t at = 0;
        if ((words.front() == "leave" || words.front() == "take") && find(words, "out")) {
            at = 1;
            if (words.back() == "out") words.pop_back();
        } else if (words.front() == "get" && words.size() > 2 && words[1] == "rid")
            at = 3;
        else if (is_any(words.front(), drop_verbs))
            at = 1;
        else if (words.front() == "do" && words.size() > 1 && words[1] == "not")
            at = 2;
        else
            return false;
        if (words.front() == "no" && at < words.size() && words[at] == "longer") ++at;
        while (at < words.size() &&
               (is_any(words[at], add_verbs) || words[at] == "out" || words[at] == "the" || words[at] == "need" ||
                words[at] == "want" || words[at] == "field" || words[at] == "fields" || words[at] == "column" ||
                words[at] == "all" || words[at] == "any"))
            ++at;
        // Names of fields, each on its own.
        std::vector<FeedbackStep> drops;
        bool named = at < words.size();
        for (std::size_t start = at; start < words.size();) {
            std::size_t stop = start;
            while (stop < words.size() && words[stop] != "," && words[stop] != "and" && words[stop] != "or") ++stop;
            if (stop > start) {
                const auto field = only_field(words, start, stop);
                if (!field) {
                    named = false;
                    break;
                }
                drops.push_back({.kind = Kind::drop, .field = *field});
            }
            start = stop + 1;
        }
        if (named && !drops.empty()) {
            steps_.insert(steps_.end(), drops.begin(), drops.end());
            return true;
        }
        if (begins_another(words)) return false;
        Words telling = telling_words(words, at);
        if (telling.empty() || telling.size() > 6) return false;
        steps_.push_back({.kind = Kind::skip, .words = std::move(telling)});
        return true;
    }

    /// Does another wish begin behind a comma or "and"?
    static bool begins_another(const Words& words) {
        static constexpr auto verbs = std::to_array<std::string_view>(
            {"rename", "call", "only", "limit", "leave", "add", "extract", "keep", "and"});
        for (std::size_t i = 0; i + 1 < words.size(); ++i)
            if ((words[i] == "," || words[i] == "and" || words[i] == "but") &&
                (is_any(words[i + 1], drop_verbs) || is_any(words[i + 1], verbs)))
                return true;
        return false;
    }

    /// A field when the words name it and nothing else: "the date field", not "items without a date".
    std::optional<std::string> only_field(const Words& words, std::size_t from, std::size_t to) const {
        const auto field = field_in(words, from, to);
        if (!field) return std::nullopt;
        Words parts;
        for (const std::string& word : words_with_digits(*field)) parts.push_back(singular(word));
        for (std::size_t i = from; i < to; ++i) {
            if (words[i] == "the" || words[i] == "a" || words[i] == "an" || words[i] == "field" ||
                words[i] == "fields" || words[i] == "column" || words[i] == "its" || words[i] == "please" ||
                words[i] == "anymore" || words[i] == "values")
                continue;
            bool part = false;
            for (const std::string& word : words_with_digits(words[i])) {
                const Concept concept_of = concept_of_word(word);
                part = std::any_of(parts.begin(), parts.end(), [&](const std::string& known) {
                    return known == singular(word) ||
                           (concept_of != Concept::generic && concept_of_word(known) == concept_of);
                });
            }
            if (!part) return std::nullopt;
        }
        return field;
    }

    /// "also extract images and SKU", "the author is missing", "add: price"
    bool read_add(const Words& words, const Words& all) {
        Words phrase = words;
        bool asked = false;
        while (!phrase.empty() &&
               (is_any(phrase.front(), add_verbs) || is_any(phrase.front(), polite_words) ||
                phrase.front() == "field" || phrase.front() == "fields" || phrase.front() == "column")) {
            asked = asked || is_any(phrase.front(), add_verbs);
            phrase.erase(phrase.begin());
        }
        for (std::size_t i = 0; i + 1 < phrase.size(); ++i)
            if ((phrase[i] == "is" || phrase[i] == "are") && phrase[i + 1] == "missing") {
                asked = true;
                phrase.resize(i);
            }
        const bool also = !all.empty() && (std::find(all.begin(), all.end(), "also") != all.end() ||
                                           std::find(all.begin(), all.end(), "need") != all.end() ||
                                           std::find(all.begin(), all.end(), "want") != all.end());
        if ((!asked && !also) || phrase.empty()) return false;
        if (begins_another(phrase)) return false;
        std::string text;
        for (const std::string& word : phrase) {
            if (word == "too" || word == "also" || word == "as" || word == "well" || word == "please") continue;
            text += word == "," ? "," : " " + (word.starts_with('"') ? word.substr(1) : word);
        }
        std::vector<WantedField> fields = read_fields(text);
        if (fields.empty()) return false;
        // Names nobody could mean: half a sentence.
        for (const WantedField& field : fields)
            if (field.words.size() > 4) return false;
        steps_.push_back({.kind = Kind::add, .fields = std::move(fields)});
        return true;
    }

    const std::vector<std::string>& names_;
    std::vector<FeedbackStep> steps_;
};

}  // namespace

Error not_understood(std::string_view words) {
    std::string shown(words.substr(0, 200));
    return Error{ErrorCode::unprocessable, "Feedback not understood: " + core::sanitize_utf8(shown), "feedback"};
}

Result<std::vector<FeedbackStep>> read_feedback(std::string_view feedback, const std::vector<std::string>& names) {
    return FeedbackReader(names).run(feedback);
}

}  // namespace meter::generate
