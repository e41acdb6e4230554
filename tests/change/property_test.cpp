// Single edits of real records, and a second implementation of pairing and texts.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>

#include "meter/change.hpp"
#include "meter/json.hpp"

using meter::ChangeSet;
using meter::Value;
using Items = std::vector<Value>;

namespace {

std::vector<std::string> canonical(const Items& items) {
    std::vector<std::string> texts;
    for (const Value& item : items) texts.push_back(meter::canonical_json(item));
    return texts;
}

/// Items of `a` that are not in `b`, one by one: the plainest multiset difference.
Items missing_in(const Items& a, const Items& b) {
    std::multiset<std::string> rest;
    for (const std::string& text : canonical(b)) rest.insert(text);
    Items missing;
    for (const Value& item : a) {
        const auto found = rest.find(meter::canonical_json(item));
        if (found == rest.end())
            missing.push_back(item);
        else
            rest.erase(found);
    }
    return missing;
}

/// Counts of 12.5, paired by comparing everything with everything.
std::vector<std::string> naive_texts(const Items& older, const Items& newer) {
    const auto olds = canonical(older), news = canonical(newer);
    if (olds == news) return {};
    std::vector<int> partner(newer.size(), -1);
    std::vector<bool> taken(older.size());
    for (std::size_t j = 0; j < newer.size(); ++j)
        for (std::size_t i = 0; i < older.size() && partner[j] < 0; ++i)
            if (!taken[i] && olds[i] == news[j]) partner[j] = static_cast<int>(i), taken[i] = true;
    std::vector<std::size_t> old_rest, new_rest;
    for (std::size_t i = 0; i < older.size(); ++i)
        if (!taken[i]) old_rest.push_back(i);
    for (std::size_t j = 0; j < newer.size(); ++j)
        if (partner[j] < 0) new_rest.push_back(j);

    std::vector<std::string> candidates{"id", "url", "link", "href", "sku", "key", "slug"};
    std::set<std::string> names;
    for (const Items* side : {&older, &newer})
        for (const Value& item : *side)
            for (const auto& [name, value] : *item.if_object()) names.insert(name);
    for (const char* suffix : {"_id", "_url"})
        for (const std::string& name : names)
            if (name.ends_with(suffix)) candidates.push_back(name);
    for (const char* name : {"heading", "name", "title"}) candidates.emplace_back(name);

    bool identified = false;
    for (const std::string& name : candidates) {
        const auto values = [&](const Items& items, const std::vector<std::size_t>& rest) {
            std::vector<std::string> texts;
            for (const std::size_t at : rest) {
                const Value* value = items[at].find(name);
                if (value == nullptr || value->is_null()) return std::vector<std::string>{};
                texts.push_back(meter::canonical_json(*value));
            }
            if (std::set<std::string>(texts.begin(), texts.end()).size() != texts.size()) texts.clear();
            return texts;
        };
        const auto x = values(older, old_rest), y = values(newer, new_rest);
        if (x.empty() || y.empty()) continue;
        for (std::size_t j = 0; j < y.size(); ++j)
            for (std::size_t i = 0; i < x.size(); ++i)
                if (x[i] == y[j]) partner[new_rest[j]] = static_cast<int>(old_rest[i]);
        identified = true;
        break;
    }
    if (!identified)
        for (std::size_t k = 0; k < std::min(old_rest.size(), new_rest.size()); ++k)
            partner[new_rest[k]] = static_cast<int>(old_rest[k]);

    std::map<std::string, int> changed;
    std::size_t paired = 0;
    for (std::size_t j = 0; j < newer.size(); ++j) {
        if (partner[j] < 0) continue;
        ++paired;
        for (const std::string& name : names) {
            const Value* a = older[static_cast<std::size_t>(partner[j])].find(name);
            const Value* b = newer[j].find(name);
            if ((a == nullptr) != (b == nullptr) ||
                (a != nullptr && meter::canonical_json(*a) != meter::canonical_json(*b)))
                ++changed[name];
        }
    }
    const auto anywhere = [](const Items& items, const std::string& name) {
        return std::any_of(items.begin(), items.end(), [&](const Value& item) { return item.find(name) != nullptr; });
    };
    const auto count = [](std::size_t n) { return std::to_string(n) + (n == 1 ? " item" : " items"); };
    std::vector<std::string> texts, added, removed;
    if (older.size() != newer.size())
        texts.push_back("Item count changed: " + std::to_string(older.size()) + " -> " + std::to_string(newer.size()));
    if (newer.size() > paired) texts.push_back(count(newer.size() - paired) + " added");
    if (older.size() > paired) texts.push_back(count(older.size() - paired) + " removed");
    for (const auto& [name, times] : changed) {
        if (!anywhere(older, name))
            added.push_back("Field '" + name + "' added");
        else if (!anywhere(newer, name))
            removed.push_back("Field '" + name + "' removed");
        else
            texts.push_back("Field '" + name + "' changed in " + count(static_cast<std::size_t>(times)));
    }
    texts.insert(texts.end(), added.begin(), added.end());
    texts.insert(texts.end(), removed.begin(), removed.end());
    if (texts.empty()) texts.emplace_back("Item order changed");
    return texts;
}

struct Score {
    int pairs = 0, missed = 0, false_alarms = 0, inconsistent = 0;
};

/// Judges one labelled pair and everything that must hold of any change set.
void judge(Score& score, const Items& before, const Items& after, bool is_change, std::string_view label) {
    const ChangeSet changes = meter::diff(before, after);
    ++score.pairs;
    if (is_change && !changes.changed) ++score.missed;
    if (!is_change && changes.changed) ++score.false_alarms;
    const bool empty = changes.new_items.empty() && changes.removed_items.empty() && changes.modified_items.empty();
    const bool consistent =
        changes.changed == (meter::content_hash(before) != meter::content_hash(after)) &&
        changes.changed == meter::differs(before, after) &&
        (changes.changed ? empty == changes.order_changed : empty) && changes.texts.empty() == !changes.changed &&
        changes.new_items == missing_in(after, before) && changes.removed_items == missing_in(before, after) &&
        meter::parse_change_set(meter::to_value(changes)).value() == changes;
    if (!consistent) ++score.inconsistent;
    if (is_change != changes.changed || !consistent) MESSAGE(label, ": ", meter::to_json(to_value(changes)));
}

/// The scalars of a value at any depth, as pointers into it.
void scalars(Value& value, std::vector<Value*>& found) {
    if (auto* array = value.if_array()) {
        for (Value& element : *array) scalars(element, found);
    } else if (auto* object = value.if_object()) {
        for (auto& member : *object) scalars(member.second, found);
    } else {
        found.push_back(&value);
    }
}

Value edited(const Value& value) {
    if (const std::string* text = value.if_string()) return *text + "x";
    if (const bool* truth = value.if_bool()) return !*truth;
    if (const std::int64_t* number = value.if_integer()) return *number + 1;
    if (value.is_number()) return value.to_double() + 0.5;
    return "was null";
}

/// Another digit in place of the first one; the value itself when there is none.
Value with_other_digit(const Value& value) {
    if (const std::string* text = value.if_string()) {
        std::string changed = *text;
        const auto at = changed.find_first_of("0123456789");
        if (at != std::string::npos) changed[at] = changed[at] == '9' ? '1' : static_cast<char>(changed[at] + 1);
        return changed;
    }
    return value.is_number() ? edited(value) : value;
}

Value with_more_space(const Value& value) {
    const std::string* text = value.if_string();
    if (text == nullptr) return value;
    std::string spaced = " \t";
    for (const char c : *text) spaced += c == ' ' ? std::string("\n \xC2\xA0") : std::string(1, c);
    return spaced + "\xE2\x80\x83";
}

void check_every_edit(const Items& original, Score& score, std::size_t most_edits, std::string_view name) {
    std::size_t total = 0;
    for (const Value& item : original) {
        Value copy = item;
        std::vector<Value*> found;
        scalars(copy, found);
        total += found.size();
    }
    const std::size_t step = total / most_edits + 1;  // every field of small cases, an even spread over large ones
    std::size_t seen = 0;
    for (std::size_t i = 0; i < original.size(); ++i) {
        Items after = original;
        std::vector<Value*> found;
        scalars(after[i], found);
        for (Value* value : found) {
            if (seen++ % step != 0) continue;
            const Value before = *value;
            *value = edited(before);
            judge(score, original, after, true, name);
            const Value digit = with_other_digit(before);
            *value = digit;
            judge(score, original, after, meter::canonical_json(digit) != meter::canonical_json(before), name);
            *value = with_more_space(before);
            judge(score, original, after, false, name);
            *value = before;
        }
    }
    if (original.empty()) return;
    Items fewer(original.begin() + 1, original.end());
    judge(score, original, fewer, true, name);
    judge(score, fewer, original, true, name);
    Items twice = original;
    twice.push_back(original.back());
    judge(score, original, twice, true, name);
    Items turned(original.rbegin(), original.rend());
    judge(score, original, turned, canonical(turned) != canonical(original), name);
    for (std::size_t i = 0; i + 1 < original.size(); i += original.size() / 5 + 1) {
        Items swapped = original;
        std::swap(swapped[i], swapped[i + 1]);
        judge(score, original, swapped, canonical(swapped) != canonical(original), name);
    }
    judge(score, original, original, false, name);
}

Items random_items(std::mt19937& random) {
    const auto pick = [&](unsigned n) { return static_cast<std::size_t>(random() % n); };
    const std::vector<std::string> names{"id", "url", "p_id", "name", "title", "x", "y"};
    Items items;
    for (std::size_t n = pick(6); n > 0; --n) {
        meter::Object item;
        for (const std::string& name : names)
            if (pick(3) != 0) item.append(name, pick(7) == 0 ? Value{} : Value(static_cast<int>(pick(4))));
        items.emplace_back(std::move(item));
    }
    return items;
}

}  // namespace

TEST_SUITE("change.property") {
    TEST_CASE("every single edit of every record of the page cases gets the right verdict") {
        const char* given = std::getenv("METER_PAGES");
        const auto folder = std::filesystem::path(given != nullptr ? given : "../shared/pages") / "cases";
        if (!std::filesystem::is_directory(folder)) {
            MESSAGE("skipped: no folder " << folder.string() << " (METER_PAGES)");
            return;
        }
        Score score;
        int cases = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            std::ifstream file(entry.path() / "expected.json", std::ios::binary);
            if (!file) continue;
            const std::string text{std::istreambuf_iterator<char>(file), {}};
            const auto parsed = meter::parse_json(text);
            REQUIRE(parsed);
            REQUIRE(parsed->if_array() != nullptr);
            check_every_edit(*parsed->if_array(), score, 60, entry.path().filename().string());
            ++cases;
        }
        MESSAGE("cases: ", cases, ", labelled pairs: ", score.pairs, ", missed: ", score.missed,
                ", false alarms: ", score.false_alarms);
        CHECK(cases > 0);
        CHECK(score.pairs >= 200);
        CHECK(score.missed == 0);        // recall 1.0
        CHECK(score.false_alarms == 0);  // precision 1.0
        CHECK(score.inconsistent == 0);
    }

    TEST_CASE("labelled pairs of made-up records get the right verdict") {
        Items records;
        for (int i = 0; i < 12; ++i)
            records.emplace_back(meter::Object{{"id", i},
                                               {"title", "Item no. " + std::to_string(i) + " of the list"},
                                               {"price", "$" + std::to_string(10 + i) + ".50"},
                                               {"stock", i % 3 == 0},
                                               {"rating", i * 0.5},
                                               {"tags", Value::Array{"a", i}},
                                               {"note", nullptr}});
        Score score;
        check_every_edit(records, score, 1000, "records");
        CHECK(score.pairs >= 200);
        CHECK(score.missed == 0);
        CHECK(score.false_alarms == 0);
        CHECK(score.inconsistent == 0);
    }

    TEST_CASE("texts and lists agree with a naive implementation on random records") {
        std::mt19937 random(11);
        for (int round = 0; round < 20'000; ++round) {
            const Items older = random_items(random);
            Items newer = random_items(random);
            if (round % 2 == 0) {  // related lists
                newer = older;
                std::shuffle(newer.begin(), newer.end(), random);
                for (Value& item : newer)
                    if (random() % 3 == 0) item.if_object()->set("x", static_cast<int>(random() % 4));
                if (random() % 3 == 0 && !newer.empty()) newer.pop_back();
            }
            const ChangeSet changes = meter::diff(older, newer);
            CAPTURE(meter::to_json(Value(older)));
            CAPTURE(meter::to_json(Value(newer)));
            REQUIRE(changes.texts == naive_texts(older, newer));
            REQUIRE(changes.changed == (meter::content_hash(older) != meter::content_hash(newer)));
            auto expected_new = canonical(missing_in(newer, older)), got_new = canonical(changes.new_items);
            auto expected_old = canonical(missing_in(older, newer)), got_old = canonical(changes.removed_items);
            REQUIRE(std::is_permutation(got_new.begin(), got_new.end(), expected_new.begin(), expected_new.end()));
            REQUIRE(std::is_permutation(got_old.begin(), got_old.end(), expected_old.begin(), expected_old.end()));
        }
    }
}
