#include "generate/intent.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/unicode.hpp"

namespace meter::generate {
namespace {

constexpr std::size_t max_description = 4000;
constexpr std::size_t max_intent_fields = 40;

template <std::size_t N>
bool among(const std::array<std::string_view, N>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// Words that say nothing about which field is meant.
constexpr auto filler_words = std::to_array<std::string_view>(
    {"a",       "an",      "the",     "this",      "that",        "these",     "those",      "all",     "every",
     "each",    "any",     "of",      "in",        "on",          "for",       "from",       "by",      "to",
     "me",      "my",      "i",       "we",        "us",          "its",       "it",         "their",   "his",
     "her",     "please",  "also",    "is",        "are",         "was",       "were",       "be",      "as",
     "at",      "extract", "get",     "list",      "scrape",      "give",      "fetch",      "collect", "find",
     "show",    "return",  "grab",    "pull",      "want",        "need",      "would",      "like",    "main",
     "current", "full",    "short",   "new",       "latest",      "recent",    "nearby",     "visible", "both",
     "two",     "detail",  "details", "info",      "information", "data",      "field",      "fields",  "value",
     "values",  "its",     "shown",   "displayed", "can",         "you",       "including",  "include", "page",
     "site",    "website", "with",    "whole",     "complete",    "which",     "where",      "when",    "what",
     "number",  "list",    "today",   "available", "exact",       "different", "individual", "there"});
/// Kinds of records: they say what a field belongs to, not what it is.
constexpr auto entity_words = std::to_array<std::string_view>(
    {"product",    "item",       "book",       "job",     "ad",        "advert",     "advertisement", "post",
     "article",    "entry",      "blog",       "news",    "thread",    "match",      "event",         "store",
     "shop",       "restaurant", "hotel",      "movie",   "film",      "project",    "opportunity",   "auction",
     "review",     "theme",      "toy",        "game",    "plant",     "track",      "song",          "album",
     "car",        "house",      "property",   "listing", "offer",     "deal",       "result",        "search",
     "record",     "row",        "table",      "recipe",  "course",    "video",      "vacancy",       "opening",
     "paper",      "document",   "report",     "issue",   "repo",      "repository", "package",       "question",
     "topic",      "meeting",    "story",      "press",   "forum",     "esport",     "classified",    "investment",
     "release",    "show",       "podcast",    "episode", "apartment", "flat",       "vehicle",       "place",
     "attraction", "board",      "discussion", "message", "tweet",     "person",     "people",        "player",
     "app"});
/// "number of replies" is a count of replies; "list of ingredients" the ingredients.
constexpr auto counting_words = std::to_array<std::string_view>({"number", "count", "amount", "total", "no"});

struct Token {
    std::string text;        ///< lower case; empty for a separator
    bool separator = false;  ///< comma, "and", "/", "plus"
};

std::vector<Token> tokens_of(std::string_view text) {
    std::vector<Token> tokens;
    std::string word;
    const auto flush = [&] {
        if (word.empty()) return;
        if (word == "and" || word == "plus" || word == "then" || word == "und" || word == "et")
            tokens.push_back({{}, true});
        else
            tokens.push_back({word});
        word.clear();
    };
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || byte >= 0x80 || c == '_' || c == '-' ||
            c == '\'') {
            word += c == '-' || c == '_' ? '_' : c;
        } else if (byte >= 'A' && byte <= 'Z') {
            word += static_cast<char>(c - 'A' + 'a');
        } else {
            flush();
            if (c == ',' || c == ';' || c == '/' || c == '&' || c == '\n' || c == '+' || c == '|')
                tokens.push_back({{}, true});
        }
    }
    flush();
    // "e_mail" is email; "re_view" does not happen. Other joined words are taken apart.
    std::vector<Token> out;
    for (Token& token : tokens) {
        if (token.separator) {
            out.push_back(std::move(token));
            continue;
        }
        if (token.text == "e_mail") token.text = "email";
        std::size_t start = 0;
        while (start <= token.text.size()) {
            const std::size_t stop = std::min(token.text.find('_', start), token.text.size());
            if (stop > start) out.push_back({token.text.substr(start, stop - start)});
            start = stop + 1;
        }
    }
    return out;
}

bool is_plural(std::string_view word) {
    return singular(word) != word;
}

/// Concepts whose name alone is what people call the field, whatever it belongs to: "plant names" is name.
bool names_itself(Concept concept_of) {
    return concept_of == Concept::title || concept_of == Concept::price || concept_of == Concept::url ||
           concept_of == Concept::image;
}

using Words = std::vector<std::string>;

struct Phrase {
    Words words;
    bool after_both = false;
};

std::vector<Phrase> phrases_of(const std::vector<Token>& tokens, bool& both) {
    std::vector<Phrase> phrases;
    Phrase phrase;
    const auto flush = [&] {
        phrase.after_both = both;
        if (!phrase.words.empty()) phrases.push_back(std::move(phrase));
        phrase = {};
    };
    for (const Token& token : tokens) {
        if (token.separator) {
            flush();
            continue;
        }
        if (token.text == "both" || token.text == "two") both = true;
        phrase.words.push_back(token.text);
    }
    flush();
    return phrases;
}

std::optional<WantedField> field_of(Words words, Words& entity, bool both) {
    // "who started it", "who posted"
    if (words.size() >= 2 && words[0] == "who") words = words[1] == "is" ? Words{"author"} : Words{words[1], "by"};
    bool counted = false;
    if (const auto of = std::find(words.begin(), words.end(), "of"); of != words.end() && of != words.begin()) {
        const std::string head = *(of - 1);
        const bool starts =
            std::all_of(words.begin(), of - 1, [](const std::string& w) { return among(filler_words, w); });
        if ((starts && among(counting_words, singular(head))) || head == "list") {
            counted = head != "list";
            words.erase(words.begin(), of + 1);
        } else if (of + 1 != words.end()) {
            entity.insert(entity.end(), of + 1, words.end());
            words.erase(of, words.end());
        }
    }
    // What follows "in", "on", "from" is about the place or the unit: "duration in seconds".
    for (std::size_t i = 1; i < words.size(); ++i)
        if (words[i] == "in" || words[i] == "on" || words[i] == "from" || words[i] == "per" || words[i] == "for") {
            words.resize(i);
            break;
        }
    const bool by = words.size() >= 2 && words.back() == "by";
    Words key;
    for (const std::string& word : words)
        if (!among(filler_words, word) || (word == "number" && !counted)) key.push_back(word);
    while (!key.empty() && key.back() == "number" && key.size() == 1 && words.size() > 1) key.clear();
    Words rest;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const bool record_kind = among(entity_words, singular(key[i]));
        if (record_kind) entity.push_back(singular(key[i]));
        if (!record_kind) rest.push_back(key[i]);
    }
    if (rest.empty() && !key.empty()) rest.push_back(key.back());  // "reviews", "posts", "topic"
    if (rest.empty()) return std::nullopt;

    WantedField field;
    if (by) field.concept_of = Concept::author;
    for (auto word = rest.rbegin(); word != rest.rend() && field.concept_of == Concept::generic; ++word)
        field.concept_of = concept_of_word(*word);
    if (rest.size() > 1 && singular(rest.back()) == "number")  // "phone number", but "case number"
        if (const Concept of = concept_of_word(rest[rest.size() - 2]); of == Concept::phone || of == Concept::sku)
            field.concept_of = of;
    const bool about_price = std::any_of(rest.begin(), rest.end(),
                                         [](const std::string& w) { return concept_of_word(w) == Concept::price; });
    const bool older = std::any_of(rest.begin(), rest.end(), [](const std::string& w) {
        return w == "old" || w == "previous" || w == "original" || w == "regular" || w == "rrp" || w == "msrp";
    });
    if (older && (about_price || concept_of_word(rest.back()) == Concept::old_price))
        field.concept_of = Concept::old_price;
    if (counted) field.concept_of = Concept::count;

    for (const std::string& word : rest) {
        const std::string one = singular(word);
        if (std::find(field.words.begin(), field.words.end(), one) == field.words.end()) field.words.push_back(one);
    }
    // The name: singular, counts stay as they were said.
    Words named = rest;
    if (field.concept_of != Concept::count && !named.empty()) named.back() = singular(named.back());
    if (named.size() > 1 && names_itself(field.concept_of) && concept_of_word(named.back()) == field.concept_of) {
        if (both && field.concept_of == Concept::title)
            named.pop_back();  // "both team names": team1, team2
        else
            named.erase(named.begin(), named.end() - 1);
    }
    // "text preview": two words for one thing; the first names it.
    if (named.size() == 2 && field.concept_of == Concept::description &&
        concept_of_word(named[0]) == Concept::description)
        named.pop_back();
    if (named.size() > 3) named.erase(named.begin(), named.end() - 3);
    for (const std::string& word : named) field.name += (field.name.empty() ? "" : "_") + word;
    if (by) field.name += "_by";
    return field;
}

/// Takes the verb and the kind of record off the front; what is left names the fields.
std::string_view field_part(std::string_view text, std::string& front) {
    const std::string lower = core::ascii_lower(text);
    const auto cut = [&](std::size_t at, std::size_t length) {
        front += text.substr(0, at);
        text.remove_prefix(at + length);
    };
    if (const std::size_t colon = text.find(": "); colon != text.npos && colon + 2 < text.size() && colon < 200) {
        cut(colon, 2);
        return text;
    }
    const auto find_word = [&](std::string_view word) {
        for (std::size_t at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1)) {
            const auto edge = [&](std::size_t i) {
                return i >= lower.size() || !((lower[i] >= 'a' && lower[i] <= 'z') || lower[i] == '_');
            };
            if ((at == 0 || edge(at - 1)) && edge(at + word.size())) return at;
        }
        return std::string::npos;
    };
    // "for each track give title", "for every match both team names"
    if (lower.starts_with("for ") || lower.find(" for each ") != std::string::npos ||
        lower.find(" for every ") != std::string::npos) {
        for (const std::string_view verb : {"give", "get", "extract", "list", "show", "return"})
            if (const std::size_t at = find_word(verb); at != std::string::npos && at > 0) {
                cut(at, verb.size());
                return text;
            }
        for (const std::string_view each : {"for each ", "for every "})
            if (const std::size_t at = lower.find(each); at != std::string::npos) {
                std::size_t stop = at + each.size();
                while (stop < lower.size() && lower[stop] != ' ' && lower[stop] != ',') ++stop;
                cut(stop, 0);
                return text;
            }
    }
    if (const std::size_t with = find_word("with"); with != std::string::npos) {
        const std::size_t comma = lower.find(',');
        if (comma == std::string::npos || comma > with) {
            // What stands before may be a field itself: "titles with dates".
            const Words before = words_of(lower.substr(0, with));
            std::size_t keep = std::string::npos;
            if (!before.empty()) {
                const std::string head = singular(before.back());
                if (!among(entity_words, head) && concept_of_word(head) == Concept::title) keep = with;
            }
            if (keep == std::string::npos) cut(with, 4);
        }
    }
    return text;
}

void add_field(std::vector<WantedField>& fields, WantedField field) {
    for (const WantedField& known : fields)
        if (known.name == field.name) return;
    if (fields.size() < max_intent_fields) fields.push_back(std::move(field));
}

std::vector<WantedField> fields_in(std::string_view text, Words& entity) {
    std::string with_commas(text);
    // "titles with dates" left a "with" that separates fields.
    for (std::size_t at; (at = core::ascii_lower(with_commas).find(" with ")) != std::string::npos;)
        with_commas.replace(at, 6, ", ");
    std::vector<WantedField> fields;
    bool both = false;
    for (const Phrase& phrase : phrases_of(tokens_of(with_commas), both)) {
        auto field = field_of(phrase.words, entity, phrase.after_both);
        if (!field) continue;
        const bool plural = !phrase.words.empty() && is_plural(phrase.words.back());
        const bool single = field->concept_of == Concept::url || field->concept_of == Concept::image ||
                            field->concept_of == Concept::date || field->concept_of == Concept::description;
        if (phrase.after_both && plural && !single) {
            std::string base = singular(field->name);
            for (int twin = 1; twin <= 2; ++twin) {
                WantedField one = *field;
                one.name = base + std::to_string(twin);
                one.twin = twin;
                add_field(fields, std::move(one));
            }
            continue;
        }
        add_field(fields, std::move(*field));
    }
    return fields;
}

int plurality_of(std::string_view description, const Words& entity) {
    std::string lower = core::ascii_lower(description);
    for (std::size_t at; (at = lower.find("list of")) != std::string::npos;) lower.replace(at, 7, "");
    int plurality = 0;
    const Words words = words_of(lower);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "all" || word == "every" || word == "each" || word == "list") plurality += 2;
        if (word == "this" && i + 1 < words.size()) plurality -= 2;
        if (!is_plural(word)) {
            // "name of the product", "recipe title"
            if (word == "product" || word == "recipe") plurality -= 1;
            continue;
        }
        const Concept concept_of = concept_of_word(word);
        if (concept_of == Concept::title || concept_of == Concept::price || among(entity_words, singular(word)))
            plurality += 2;
    }
    (void)entity;
    return plurality;
}

struct SchemaLeaf {
    std::string around, name;  ///< flattened keys of the objects around it, and with its own
    const Value* type;
};

void collect_schema_leaves(const Value& node, const std::string& around, std::vector<SchemaLeaf>& leaves) {
    const Object* object = node.if_object();
    if (object == nullptr) return;
    for (const auto& [key, value] : *object) {
        const std::string name = around.empty() ? key : around + "_" + key;
        if (value.is_object() && leaves.size() < 200)
            collect_schema_leaves(value, name, leaves);  // schemas are at most 8 levels deep
        else
            leaves.push_back({around, name, &value});
    }
}

/// How many words of a leaf's name are of the objects around it: none when its own key does not say what it holds.
std::size_t words_around(const SchemaLeaf& leaf, const Words& words) {
    const std::size_t around = std::min(words_of(leaf.around).size(), words.size());
    const auto says = [](const std::string& word) { return concept_of_word(word) != Concept::generic; };
    return std::any_of(words.begin() + static_cast<std::ptrdiff_t>(around), words.end(), says) ? around : 0;
}

std::vector<WantedField> schema_fields(const OutputSchema& schema, const std::vector<WantedField>& said) {
    const Value* definition = &schema.definition();
    if (!schema.wrapper_key().empty()) {
        if (const Value* inner = definition->find(schema.wrapper_key()); inner != nullptr)
            if (const auto* list = inner->if_array(); list != nullptr && !list->empty()) definition = &list->front();
    }
    std::vector<SchemaLeaf> leaves;
    collect_schema_leaves(*definition, {}, leaves);
    std::vector<WantedField> fields;
    for (const SchemaLeaf& leaf : leaves) {
        const std::string& name = leaf.name;
        const Value* type = leaf.type;
        WantedField field;
        field.name = name;
        field.from_schema = true;
        if (const std::string* word = type->if_string()) {
            if (*word == "number" || *word == "float" || *word == "integer" || *word == "int")
                field.type = WantedType::number;
            if (*word == "array") field.type = WantedType::list;
        } else if (type->is_array()) {
            field.type = WantedType::list;
        }
        Words words = words_of(name);
        if (words.empty()) words.push_back(core::fold_case(name));
        for (std::string& word : words) word = singular(word);
        for (auto word = words.rbegin(); word != words.rend() && field.concept_of == Concept::generic; ++word)
            field.concept_of = concept_of_word(*word);
        if (std::find(words.begin(), words.end(), "old") != words.end() ||
            std::find(words.begin(), words.end(), "original") != words.end())
            field.concept_of = Concept::old_price;
        if (name.size() > 1 && (name.back() == '1' || name.back() == '2')) field.twin = name.back() - '0';
        field.around = words_around(leaf, words);
        field.words = words;
        // The sentence may say more: "agenda link" for the key "agenda".
        for (const WantedField& phrase : said) {
            const bool same = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
                return std::find(phrase.words.begin(), phrase.words.end(), word) != phrase.words.end();
            });
            if (!same) continue;
            if (field.concept_of == Concept::generic) field.concept_of = phrase.concept_of;
            for (const std::string& word : phrase.words)
                if (std::find(field.words.begin(), field.words.end(), word) == field.words.end())
                    field.words.push_back(word);
            break;
        }
        fields.push_back(std::move(field));
    }
    return fields;
}

}  // namespace

std::vector<WantedField> read_fields(std::string_view phrases) {
    Words entity;
    return fields_in(phrases.substr(0, max_description), entity);
}

Intent read_intent(std::string_view description, const OutputSchema* schema) {
    description = description.substr(0, max_description);
    Intent intent;
    std::string front;
    const std::string_view part = field_part(description, front);
    intent.fields = fields_in(part, intent.entity);
    for (const std::string& word : words_of(front))
        if (among(entity_words, singular(word))) intent.entity.push_back(singular(word));
    if (schema != nullptr) {
        auto fields = schema_fields(*schema, intent.fields);
        if (!fields.empty()) intent.fields = std::move(fields);
    }
    if (intent.fields.empty()) {
        intent.fields.push_back({"title", Concept::title, {"title"}});
        intent.fields.push_back({"url", Concept::url, {"url"}});
    }
    intent.plurality = plurality_of(description, intent.entity);
    return intent;
}

}  // namespace meter::generate
