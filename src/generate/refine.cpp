#include "generate/refine.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/unicode.hpp"
#include "extract/item_sink.hpp"
#include "generate/detail.hpp"
#include "generate/embedded/embedded.hpp"
#include "generate/feedback.hpp"
#include "generate/maker.hpp"
#include "generate/record_scope.hpp"
#include "generate/selectors.hpp"
#include "generate/structure.hpp"
#include "generate/values/values.hpp"
#include "html/selector.hpp"

namespace meter::generate {
namespace {

using Kind = FeedbackStep::Kind;

constexpr double least_again = 0.3;  // score of a slot that is taken instead of a wrong one

Error refine_failed(std::string message) {
    return Error{ErrorCode::unprocessable, std::move(message), "feedback"};
}

class Refiner {
public:
    Refiner(const RefineInput& input, const html::Document& document, Value definition)
        : input_(input),
          document_(document),
          definition_(std::move(definition)),
          intent_(read_intent(input.original.description, input.original.output_schema)) {}

    Result<GeneratedPlan> run() {
        const auto steps = read_feedback(input_.feedback, field_names());
        if (!steps) return steps.error();
        for (const FeedbackStep& step : *steps)
            if (auto done = apply(step); !done) return done.error();
        GeneratedPlan plan;
        auto ran = run_on_document(document_, input_.original.page.url, definition_);
        if (!ran) return ran.error();
        if (ran->items.empty())
            return Error{ErrorCode::unprocessable, "No items could be extracted",
                         "the plan changed as asked finds none"};
        plan.items = std::move(ran->items);
        plan.definition = std::move(definition_);
        plan.warnings = std::move(warnings_);
        plan.score = 1;
        return plan;
    }

private:
    Object& members() { return *definition_.if_object(); }
    Object& fields() { return *members().find("fields")->if_object(); }
    bool is_css() const {
        const Value* container = definition_.find("container");
        return container != nullptr && container->find("selector") != nullptr;
    }
    std::vector<std::string> field_names() {
        std::vector<std::string> names;
        for (const auto& [name, field] : fields()) names.push_back(name);
        return names;
    }

    Result<void> apply(const FeedbackStep& step) {
        switch (step.kind) {
            case Kind::add:
                return add(step.fields);
            case Kind::drop:
                return drop(step.field);
            case Kind::rename:
                return rename(step.field, step.text);
            case Kind::limit:
                members().find("container") != nullptr
                    ? (void)members().find("container")->if_object()->set("limit", step.count)
                    : (void)0;
                if (members().find("container") == nullptr) return not_understood("limit");
                return {};
            default:
                break;
        }
        if (!is_css())
            return not_understood(step.field.empty() ? words_joined(step.words) : step.field + " " + step.text);
        switch (step.kind) {
            case Kind::retype:
                return retype(step.field, step.text);
            case Kind::currency:
                return with_currency(step.field);
            case Kind::correct:
                return correct(step.field, step.words);
            default:
                return scope(step);
        }
    }

    // Fields

    void set_field(PlannedField field) {
        if (Value* explain = members().find("explain"))
            if (explain->is_object()) explain->if_object()->set(field.name, std::move(field.explanation));
        if (Value* print = members().find("fingerprint"))
            if (print->is_object())
                if (Value* inner = print->if_object()->find("fields"))
                    if (inner->is_object()) inner->if_object()->set(field.name, std::move(field.fingerprint));
        fields().set(field.name, std::move(field.definition));
    }

    /// Calls `use` with the plan's objects that have a member for each field.
    template <class Use>
    void each_field_table(Use&& use) {
        use(fields());
        if (Value* explain = members().find("explain"))
            if (explain->is_object()) use(*explain->if_object());
        if (Value* print = members().find("fingerprint"))
            if (print->is_object())
                if (Value* inner = print->if_object()->find("fields"))
                    if (inner->is_object()) use(*inner->if_object());
    }

    Result<void> drop(const std::string& name) {
        if (fields().size() <= 1) return refine_failed("The last field cannot be dropped: " + name);
        each_field_table([&](Object& table) { table.erase(name); });
        return {};
    }

    Result<void> rename(const std::string& name, const std::string& to) {
        if (fields().contains(to)) return refine_failed("There is a field " + to + " already");
        each_field_table([&](Object& table) {
            Object renamed;
            for (auto& [key, value] : table) renamed.append(key == name ? to : key, std::move(value));
            table = std::move(renamed);
        });
        return {};
    }

    Object* definition_of(const std::string& name) { return fields().find(name)->if_object(); }

    /// What a field reads now, as texts.
    std::vector<std::string> texts_of(const std::string& name, bool raw) {
        Value plan = definition_;
        Object* field = plan.if_object()->find("fields")->if_object()->find(name)->if_object();
        if (raw) field->erase("decimal");
        std::vector<std::string> texts;
        const auto ran = run_on_document(document_, input_.original.page.url, plan);
        if (!ran) return texts;
        for (const Value& item : ran->items)
            if (const Value* value = item.find(name); value != nullptr && value->if_string() != nullptr)
                texts.push_back(*value->if_string());
        return texts;
    }

    Result<void> retype(const std::string& name, const std::string& type) {
        Object& field = *definition_of(name);
        if (type == "number") {
            const auto texts = texts_of(name, true);
            if (!texts.empty()) {
                Slot slot;
                bool any = false;
                for (const std::string& text : texts) {
                    slot.values.push_back({0, 0, text});
                    any = any || text.find_first_of("0123456789") != std::string::npos;
                }
                if (!any) return refine_failed("The field " + name + " holds no numbers");
                const char decimal = decimal_of(slot);
                field.set("decimal", decimal == 0 ? "." : std::string(1, decimal));
            }
            return {};
        }
        if (type == "text") {
            field.erase("decimal");
            field.set("attribute", "text");
            return {};
        }
        if (type == "list") {
            field.set("all", true);
            return {};
        }
        if (type == "html") {
            field.erase("decimal");
            field.erase("regex");
            field.set("attribute", "html");
            return {};
        }
        // A link: of the element itself where it has one, else the best link beside it.
        const Object before = field;
        field.erase("decimal");
        field.erase("regex");
        field.set("attribute", "href");
        if (!texts_of(name, false).empty()) return {};
        *definition_of(name) = before;
        WantedField wanted = wanted_for(name);
        wanted.concept_of = Concept::url;
        return choose_again(wanted, {}, nullptr);
    }

    Result<void> with_currency(const std::string& name) {
        Object& field = *definition_of(name);
        field.erase("decimal");
        field.erase("regex");
        const auto texts = texts_of(name, true);
        std::size_t priced = 0;
        for (const std::string& text : texts) priced += has_price(text);
        if (priced * 2 >= texts.size() && !texts.empty()) return {};
        WantedField wanted = wanted_for(name);
        if (wanted.concept_of != Concept::old_price) wanted.concept_of = Concept::price;
        wanted.type = WantedType::text;
        return choose_again(wanted, {}, [](const Slot& slot) { return slot.price > 0.5; });
    }

    Result<void> correct(const std::string& name, const std::vector<std::string>& words) {
        WantedField wanted = wanted_for(name);
        if (words.size() == 1 && (words[0].front() == '.' || words[0].front() == '#')) {
            const std::string named = words[0];
            return choose_again(wanted, {}, [this, named](const Slot& slot) { return stands_in(slot, named); });
        }
        const auto ordinal = ordinal_in(words);
        if (ordinal && has_header_or_cells()) {
            return choose_again(wanted, {}, [this, n = *ordinal](const Slot& slot) { return column_of(slot) == n; });
        }
        std::vector<std::string> telling;
        for (const std::string& word : words)
            telling.push_back(core::fold_case(word.starts_with('"') ? word.substr(1) : word));
        return choose_again(wanted, telling, nullptr);
    }

    bool has_header_or_cells() {
        return prepare() && !region_.members.empty() && facts_->page.nodes[region_.members.front()].tag == tags::tr;
    }

    std::size_t column_of(const Slot& slot) const {
        std::uint32_t at = slot.node();
        while (at != no_node && facts_->page.nodes[at].tag != tags::td && facts_->page.nodes[at].tag != tags::th)
            at = facts_->page.nodes[at].parent;
        return at == no_node ? 0 : facts_->page.nodes[at].position;
    }

    bool stands_in(const Slot& slot, std::string_view named) const {
        const PageIndex& page = facts_->page;
        std::uint32_t at = slot.node();
        for (int level = 0; level < 6 && at != no_node; ++level, at = page.nodes[at].parent) {
            if (named.front() == '#' ? page.attribute(at, "id") == named.substr(1)
                                     : page.has_class(at, page.names.find(named.substr(1))))
                return true;
            if (std::binary_search(region_.members.begin(), region_.members.end(), at)) return false;
        }
        return false;
    }

    WantedField wanted_for(const std::string& name) {
        for (const WantedField& field : intent_.fields)
            if (field.name == name) return field;
        std::string phrase = name;
        std::replace(phrase.begin(), phrase.end(), '_', ' ');
        auto read = read_fields(phrase);
        WantedField field = read.empty() ? WantedField{} : read.front();
        field.name = name;
        if (field.words.empty()) field.words.push_back(core::fold_case(name));
        return field;
    }

    // Records

    /// The plan's records on the page; false when its container finds none.
    bool prepare() {
        if (facts_) return !region_.members.empty();
        facts_.emplace(document_);
        const std::string* text = definition_.find("container")->find("selector")->if_string();
        if (text == nullptr || !document_.root()) return false;
        const auto selector = html::Selector::parse(*text);
        if (!selector) return false;
        std::unordered_map<const _xmlNode*, std::uint32_t> places;
        for (std::uint32_t node = 0; node < facts_->page.nodes.size(); ++node)
            places.emplace(facts_->page.nodes[node].element.node(), node);
        const auto found = selector->all(document_.root());
        if (!found) return false;
        for (const html::Match& match : *found)
            if (const auto place = places.find(match.element.node()); place != places.end())
                region_.members.push_back(place->second);
        if (region_.members.empty() && selector->matches(document_.root())) region_.members.push_back(0);
        if (region_.members.empty()) return false;
        for (const std::uint32_t member : region_.members)
            region_.text += static_cast<double>(facts_->page.text_of(member).size());
        region_.text /= static_cast<double>(region_.members.size());
        find_sibling_rows();
        table_ = std::make_unique<SlotTable>(facts_->page, region_, facts_->lexicon, facts_->nodes);
        return true;
    }

    /// Records of several rows: those between one member and the next, when their number is constant.
    void find_sibling_rows() {
        for (Region& region : find_regions(facts_->page, 100))
            if (region.members == region_.members) {
                region_.rows = region.rows;
                region_.header = region.header;
                region_.left_out = region.left_out;
                return;
            }
    }

    bool is_detail() {
        const std::string* text = definition_.find("container")->find("selector")->if_string();
        return text != nullptr && (*text == "html" || *text == "body");
    }

    /// All fields that count: those of the plan, then others.
    std::vector<WantedField> wanted_with(const std::vector<WantedField>& more) {
        std::vector<WantedField> wanted;
        for (const std::string& name : field_names()) {
            const bool again = std::any_of(more.begin(), more.end(), [&](const auto& f) { return f.name == name; });
            if (!again) wanted.push_back(wanted_for(name));
        }
        wanted.insert(wanted.end(), more.begin(), more.end());
        return wanted;
    }

    Result<void> add(std::vector<WantedField> added) {
        std::erase_if(added, [&](const WantedField& field) { return fields().contains(field.name); });
        if (added.empty()) return {};
        if (!is_css()) return regenerate(added);
        if (is_detail()) return add_to_detail(added);
        if (!prepare()) return regenerate(added);
        const std::vector<WantedField> wanted = wanted_with(added);
        const Matcher matcher(facts_->page, wanted, facts_->lexicon);
        const Assignment assignment = assign(matcher, *table_);
        std::vector<PlannedField> planned;
        for (std::size_t f = wanted.size() - added.size(); f < wanted.size(); ++f) {
            if (assignment.slot[f] == Assignment::none) continue;
            PlannedField field = plan_field(*facts_, region_, *table_, table_->slots[assignment.slot[f]], wanted[f],
                                            assignment.score[f]);
            if (!field.name.empty()) planned.push_back(std::move(field));
        }
        // What these records do not hold may be in others that hold the rest too.
        if (planned.size() < added.size() && regenerate(added)) return {};
        for (const WantedField& field : added) {
            const bool found =
                std::any_of(planned.begin(), planned.end(), [&](const auto& p) { return p.name == field.name; });
            if (!found) warnings_.push_back("The field " + field.name + " was not found on the page.");
        }
        for (PlannedField& field : planned) set_field(std::move(field));
        return {};
    }

    /// A new plan for all fields; taken when it has every field of the old one and all that were added.
    Result<void> regenerate(const std::vector<WantedField>& added) {
        Intent intent = intent_;
        intent.fields = wanted_with(added);
        auto made = make_plan(document_, input_.original.page.url, intent);
        if (!made) return made.error();
        const Object& found = *made->definition.find("fields")->if_object();
        for (const WantedField& field : intent.fields)
            if (!found.contains(field.name)) return nothing_fits(Intent{added, {}, 0}, "records without " + field.name);
        definition_ = std::move(made->definition);
        facts_.reset();
        region_ = {};
        return {};
    }

    Result<void> add_to_detail(const std::vector<WantedField>& added) {
        PageFacts facts(document_);
        const Embedded embedded = collect_embedded(document_, input_.original.page.url);
        const auto mains = find_main_objects(document_, embedded);
        const Value plan = plan_detail(facts, embedded, mains, added);
        for (const WantedField& field : added) {
            const Value* definition = plan.is_null() ? nullptr : plan.find("fields")->find(field.name);
            if (definition == nullptr) {
                warnings_.push_back("The field " + field.name + " was not found on the page.");
                continue;
            }
            set_field({field.name, *definition, 0, *plan.find("explain")->find(field.name),
                       *plan.find("fingerprint")->find("fields")->find(field.name)});
        }
        return {};
    }

    /// The best slot for a field that does not give what it gives now and that `allowed` lets through.
    template <class Allowed>
    Result<void> choose_again(WantedField wanted, const std::vector<std::string>& words, Allowed&& allowed) {
        if (!prepare()) return refine_failed("The plan finds no records on its page");
        const auto now = texts_of(wanted.name, true);
        for (const std::string& word : words) wanted.words.push_back(word);
        const std::vector<WantedField> one{wanted};
        const Matcher matcher(facts_->page, one, facts_->lexicon);
        const std::size_t told = facts_->lexicon.vocabulary(words);
        const Slot* title = matcher.title_slot(*table_);
        // Told where to look, the best there is; else what is likely at all.
        const bool told_where = !words.empty() || !std::is_same_v<std::decay_t<Allowed>, std::nullptr_t>;
        double best_score = told_where ? -3 : least_again;
        PlannedField best;
        for (const Slot& slot : table_->slots) {
            double score = matcher.score(0, slot, title);
            if (!words.empty()) {
                double match = 0;
                for (const WeightedWord& word : slot.words)
                    match = std::max(match, word.weight * facts_->lexicon.match(told, word.word) / 10);
                for (const std::uint32_t word : slot.label_words)
                    if (facts_->lexicon.match(told, word) == 10) match = std::max(match, 1.0);
                for (const std::uint32_t word : slot.header_words)
                    if (facts_->lexicon.match(told, word) == 10) match = std::max(match, 1.5);
                if (match == 0) continue;
                score += 3 * match;
            }
            if constexpr (!std::is_same_v<std::decay_t<Allowed>, std::nullptr_t>) {
                if (!allowed(slot)) continue;
                score += 4;
            }
            if (score <= best_score + 1e-9) continue;
            if (same_texts(slot, now)) continue;
            PlannedField field = plan_field(*facts_, region_, *table_, slot, wanted, std::max(score, 0.0));
            if (field.name.empty()) continue;
            best_score = score;
            best = std::move(field);
        }
        if (best.name.empty()) return refine_failed("No other values for " + wanted.name + " were found on the page");
        set_field(std::move(best));
        return {};
    }

    static bool same_texts(const Slot& slot, const std::vector<std::string>& now) {
        if (now.empty() || !is_text_kind(slot.kind)) return false;
        std::size_t same = 0;
        for (const SlotValue& value : slot.values) same += std::find(now.begin(), now.end(), value.value) != now.end();
        return same * 10 >= slot.values.size() * 9;
    }

    // Which records

    Result<void> scope(const FeedbackStep& step) {
        if (!prepare()) return refine_failed("The plan finds no records on its page");
        const bool keep = step.kind == Kind::keep;
        std::vector<std::string> words = step.words;
        const bool without = !words.empty() && (words.front() == "without" || words.front() == "no");
        if (without) words.erase(words.begin());
        if (words.empty()) return not_understood(words_joined(step.words));
        // "only items with a price", "skip items without a price"
        if (keep || without)
            if (const Value* field = field_said(words); field != nullptr) return require_field(*field);
        if (auto narrowed = narrowed_container(*facts_, region_, container(), words, keep)) {
            set_container(std::move(*narrowed));
            return {};
        }
        return not_understood(words_joined(step.words));
    }

    /// The field of this name, or the only one with these words in its name.
    const Value* field_said(const std::vector<std::string>& words) {
        if (const Value* field = fields().find(words_joined(words))) return field;
        const Value* only = nullptr;
        for (const auto& [name, field] : fields()) {
            std::vector<std::string> parts = words_of(name);
            for (std::string& part : parts) part = singular(part);
            const bool all = std::all_of(words.begin(), words.end(), [&](const std::string& word) {
                return std::find(parts.begin(), parts.end(), word) != parts.end();
            });
            if (!all) continue;
            if (only != nullptr) return nullptr;
            only = &field;
        }
        return only;
    }

    std::string container() { return *definition_.find("container")->find("selector")->if_string(); }

    void set_container(std::string selector) {
        members().find("container")->if_object()->set("selector", std::move(selector));
        facts_.reset();
        region_ = {};
    }

    Result<void> require_field(const Value& field) {
        const std::string* selector = field.find("selector")->if_string();
        if (selector == nullptr || selector->starts_with("xpath:") || selector->starts_with('+') ||
            *selector == ":self")
            return not_understood("with this field");
        set_container(":is(" + container() + "):has(" + *selector + ")");
        return {};
    }

    const RefineInput& input_;
    const html::Document& document_;
    Value definition_;
    Intent intent_;
    std::optional<PageFacts> facts_;  ///< once records are looked at; forgotten when the container changes
    Region region_;
    std::unique_ptr<SlotTable> table_;
    std::vector<std::string> warnings_;
};

/// Api plans: names of fields are all that words can change without asking the server again.
Result<GeneratedPlan> refine_api_plan(const RefineInput& input) {
    Value definition = *input.plan;
    Value* fields = definition.if_object()->find("fields");
    if (fields == nullptr || !fields->is_object()) return not_understood(input.feedback);
    std::vector<std::string> names;
    for (const auto& [name, field] : *fields->if_object()) names.push_back(name);
    const auto steps = read_feedback(input.feedback, names);
    if (!steps) return steps.error();
    for (const FeedbackStep& step : *steps) {
        Object renamed;
        if (step.kind != Kind::drop && step.kind != Kind::rename) return not_understood(input.feedback);
        for (auto& [key, value] : *fields->if_object())
            if (step.kind == Kind::rename || key != step.field)
                renamed.set(key == step.field ? step.text : key, std::move(value));
        *fields = std::move(renamed);
    }
    const auto plan = Plan::parse(definition);
    if (!plan) return plan.error();
    auto ran = extract(input.original.page, *plan);
    if (!ran) return ran.error();
    GeneratedPlan refined;
    refined.definition = std::move(definition);
    refined.items = std::move(ran->items);
    refined.score = 1;
    return refined;
}

}  // namespace

Result<GeneratedPlan> refine_plan(const RefineInput& input) {
    if (core::trim(input.feedback).empty()) return not_understood("");
    if (input.plan == nullptr || input.plan->find("fields") == nullptr || !input.plan->find("fields")->is_object())
        return refine_failed("There is no plan to refine");
    const auto compiled = Plan::parse(*input.plan);
    if (!compiled) return compiled.error();
    if (compiled->scraper_type() == ScraperType::api) return refine_api_plan(input);
    const Page& page = input.original.page;
    const auto document = html::Document::parse(page.body, {.content_type = page.content_type});
    if (!document) return document.error();
    return Refiner(input, *document, *input.plan).run();
}

}  // namespace meter::generate
