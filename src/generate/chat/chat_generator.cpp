// The generator that asks a language model beside another one, and keeps the better result.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "generate/api_generator.hpp"
#include "generate/chat/answer.hpp"
#include "generate/chat/client.hpp"
#include "generate/chat/question.hpp"
#include "generate/chat/verdict.hpp"
#include "generate/maker.hpp"
#include "html/document.hpp"
#include "meter/generator.hpp"

namespace meter::generate {
namespace {

/// What a plan must be better by: one that reads other records could be wrong about all of them.
constexpr double better_field = 0.05, better_records = 0.15;
/// Below this values do not look like what is wanted.
constexpr double least_quality = 0.5;
/// How sure a field is that a model chose, at most.
constexpr double model_confidence = 0.8;

bool reads_elements(const Value& definition) {
    const Value* container = definition.find("container");
    return container != nullptr && container->find("selector") != nullptr;
}

bool reads_whole_page(const Value& definition) {
    if (!reads_elements(definition)) return false;
    const std::string* selector = definition.find("container")->find("selector")->if_string();
    return selector != nullptr && (*selector == "html" || *selector == "body");
}

Object& fields_of(Value& definition) {
    return *definition.if_object()->find("fields")->if_object();
}

/// Copies a member for a field from one plan's "explain" or fingerprint.
void copy_entry(const Value& from, std::string_view table, const std::string& field, Object& to) {
    const Value* entries = from.find(table);
    const Value* entry = entries != nullptr ? entries->find(field) : nullptr;
    if (entry != nullptr) to.set(field, *entry);
}

WantedField wanted_field(const std::string& name, const Intent& intent) {
    for (const WantedField& field : intent.fields)
        if (field.name == name) return field;
    std::string phrase = name;
    std::replace(phrase.begin(), phrase.end(), '_', ' ');
    auto read = read_fields(phrase);
    WantedField field = read.empty() ? WantedField{} : std::move(read.front());
    field.name = name;
    return field;
}

/// A plan that a model answered, run on the page.
class ModelPlan {
public:
    ModelPlan(const html::Document& document, std::string_view url, const Intent& intent,
              const std::vector<ChatTable>& tables)
        : document_(document), url_(url), intent_(intent), tables_(tables) {}

    Value definition;
    std::vector<Value> items;

    /// Runs the plan; fields that give nothing that looks like what is wanted go. False when none is left.
    bool settle(const Value& answered) {
        definition = answered;
        if (!run()) return false;
        std::vector<std::string> weak;
        for (auto& [name, field] : fields_of(definition)) {
            const WantedField wanted = wanted_field(name, intent_);
            const double filled = filled_share(name);
            if (filled == 0 || field_quality(wanted, items) < least_quality * filled) weak.push_back(name);
            if (!field.is_object()) continue;
            Object& members = *field.if_object();
            const Value* attribute = members.find("attribute");
            const bool text = attribute == nullptr || *attribute == Value("text") || *attribute == Value("own-text");
            if (wanted.type == WantedType::list && text) members.set("all", true);
            if (wanted.type == WantedType::number && !members.contains("decimal"))
                if (const char decimal = decimal_of(texts(name)); decimal != 0)
                    members.set("decimal", std::string(1, decimal));
        }
        for (const std::string& name : weak) fields_of(definition).erase(name);
        return !fields_of(definition).empty() && run();
    }

    /// "explain" and "fingerprint": of `base` for fields that are read as there, of the tables for the others.
    void explain(const Value* base) {
        Object explain, prints;
        Value container_print;
        const Value& container = *definition.find("container")->find("selector");
        for (const ChatTable& table : tables_)
            if (Value(table.container) == container) container_print = table.print;
        const Value* base_print = base != nullptr ? base->find("fingerprint") : nullptr;
        if (base_print != nullptr && *base->find("container") == *definition.find("container"))
            if (const Value* print = base_print->find("container")) container_print = *print;
        for (const auto& [name, field] : fields_of(definition)) {
            const Value* before = base != nullptr ? base->find("fields")->find(name) : nullptr;
            if (before != nullptr && *before == field) {
                copy_entry(*base, "explain", name, explain);
                if (base_print != nullptr) copy_entry(*base_print, "fields", name, prints);
                continue;
            }
            Value::Array evidence;
            evidence.emplace_back("chosen by the language model");
            if (const PlannedField* place = place_of(container, field)) {
                if (const Value* known = place->explanation.find("evidence"))
                    for (const Value& reason : *known->if_array()) evidence.push_back(reason);
                prints.set(name, place->fingerprint);
            }
            const WantedField wanted = wanted_field(name, intent_);
            explain.set(name,
                        Object{{"confidence", std::round(model_confidence * field_quality(wanted, items) * 1e4) / 1e4},
                               {"concept", to_string(wanted.concept_of)},
                               {"evidence", std::move(evidence)}});
        }
        Object& members = *definition.if_object();
        members.set("explain", std::move(explain));
        members.set("fingerprint", Object{{"container", std::move(container_print)}, {"fields", std::move(prints)}});
    }

private:
    bool run() {
        auto ran = run_on_document(document_, url_, definition);
        if (!ran || ran->items.empty()) return false;
        items = std::move(ran->items);
        return true;
    }

    double filled_share(const std::string& name) const {
        std::size_t filled = 0;
        for (const Value& item : items)
            if (const Value* value = item.find(name)) filled += !value->is_null();
        return static_cast<double>(filled) / static_cast<double>(items.size());
    }

    Slot texts(const std::string& name) const {
        Slot slot;  // views of items, which outlive it
        for (const Value& item : items)
            if (const Value* value = item.find(name); value != nullptr && value->if_string() != nullptr)
                slot.values.push_back({0, 0, *value->if_string()});
        return slot;
    }

    const PlannedField* place_of(const Value& container, const Value& field) const {
        for (const ChatTable& table : tables_) {
            if (Value(table.container) != container) continue;
            for (const ChatPlace& place : table.places) {
                const Value *a = place.field.definition.find("attribute"), *b = field.find("attribute");
                const std::string *one = a != nullptr ? a->if_string() : nullptr,
                                  *other = b != nullptr ? b->if_string() : nullptr;
                const bool same = (one != nullptr ? *one : "text") == (other != nullptr ? *other : "text");
                const Value* selector = field.find("selector");
                if (same && selector != nullptr && *place.field.definition.find("selector") == *selector)
                    return &place.field;
            }
        }
        return nullptr;
    }

    const html::Document& document_;
    std::string_view url_;
    const Intent& intent_;
    const std::vector<ChatTable>& tables_;
};

class ChatGenerator final : public Generator {
public:
    ChatGenerator(ChatOptions options, std::shared_ptr<Fetcher> endpoint, std::shared_ptr<Generator> first,
                  std::shared_ptr<Logger> logger)
        : options_(std::move(options)),
          endpoint_(std::move(endpoint)),
          first_(std::move(first)),
          logger_(std::move(logger)) {}

    Result<GeneratedPlan> generate(const GenerateInput& input, std::stop_token stop) override {
        GenerateInput halved = input;  // the other half is for the model
        halved.timeout = input.timeout / 2;
        auto made = first_->generate(halved, stop);
        if (!made && made.error().code != ErrorCode::unprocessable) return made;
        const bool api = input.scraper_type == ScraperType::api || is_json_page(input.page) ||
                         (made && made->definition.find("request") != nullptr);
        if (api) return made;
        const auto document = html::Document::parse(input.page.body, {.content_type = input.page.content_type});
        if (!document) return made;
        const Intent intent = read_intent(input.description, input.output_schema);
        const bool one_record = made ? reads_whole_page(made->definition) : intent.plurality < 0;
        const auto tables = make_chat_tables(*document, intent, one_record);
        if (tables.empty()) return made;
        const auto answer = ask(input, intent, tables, nullptr, {}, stop);
        if (!answer) return without_model(std::move(made), answer.error());
        ModelPlan plan(*document, input.page.url, intent, tables);
        if (!plan.settle(*answer)) return without_model(std::move(made), useless("the plan extracts nothing wanted"));
        if (made) return better_of(*std::move(made), std::move(plan), *document, input, intent, tables);
        // Nothing to compare with: it must hold half of what is wanted.
        if (fields_of(plan.definition).size() * 2 < intent.fields.size() ||
            result_quality(intent.fields, plan.items) < least_quality)
            return without_model(std::move(made), useless("the plan holds less than half of what is wanted"));
        plan.explain(nullptr);
        return adopted(std::move(plan), intent, 1);
    }

    Result<GeneratedPlan> refine(const RefineInput& input, std::stop_token stop) override {
        RefineInput halved = input;
        halved.original.timeout = input.original.timeout / 2;
        auto made = first_->refine(halved, stop);
        const bool unclear = !made && made.error().code == ErrorCode::unprocessable &&
                             made.error().message.starts_with("Feedback not understood");
        if (!unclear || input.plan == nullptr || !reads_elements(*input.plan) || input.feedback.empty()) return made;
        const Page& page = input.original.page;
        const auto document = html::Document::parse(page.body, {.content_type = page.content_type});
        if (!document) return made;
        Intent intent = read_intent(input.original.description, input.original.output_schema);
        std::vector<WantedField> present;
        for (const auto& [name, field] : *input.plan->find("fields")->if_object())
            present.push_back(wanted_field(name, intent));
        intent.fields = std::move(present);
        const auto tables = make_chat_tables(*document, intent, reads_whole_page(*input.plan));
        if (tables.empty()) return made;
        const auto answer = ask(input.original, intent, tables, input.plan, input.feedback, stop);
        if (!answer) return without_model(std::move(made), answer.error());
        ModelPlan plan(*document, page.url, intent, tables);
        if (!plan.settle(*answer)) return without_model(std::move(made), useless("the plan extracts nothing wanted"));
        const bool same = *plan.definition.find("fields") == *input.plan->find("fields") &&
                          *plan.definition.find("container") == *input.plan->find("container");
        if (same) return without_model(std::move(made), useless("the plan is the one that was there"));
        if (!keeps_the_rest(*document, input, intent, plan))
            return without_model(std::move(made), useless("the plan loses what the feedback does not name"));
        plan.explain(input.plan);
        return adopted(std::move(plan), Intent{}, 1);
    }

private:
    static Error useless(std::string why) { return Error{ErrorCode::parse, std::move(why), "model"}; }

    Result<Value> ask(const GenerateInput& input, const Intent& intent, const std::vector<ChatTable>& tables,
                      const Value* plan, std::string_view feedback, std::stop_token stop) {
        const auto body =
            ask_model(options_, *endpoint_, chat_messages(intent, input.description, tables, plan, feedback),
                      input.timeout / 2, stop);
        if (!body) return body.error();
        return read_chat_answer(*body, intent, plan != nullptr);
    }

    /// What there is when the model is of no help.
    Result<GeneratedPlan> without_model(Result<GeneratedPlan> made, const Error& why) {
        if (why.code == ErrorCode::cancelled) return why;
        logger_->log(LogLevel::warning, "answer of the language model not used", {{"reason", why.message}});
        if (made) ++made->attempts;
        if (made || why.code != ErrorCode::unavailable) return made;
        return why;
    }

    Result<GeneratedPlan> adopted(ModelPlan plan, const Intent& intent, std::int64_t attempts_before) {
        logger_->log(LogLevel::info, "answer of the language model used", {});
        GeneratedPlan result;
        for (const WantedField& field : intent.fields)
            if (fields_of(plan.definition).find(field.name) == nullptr)
                result.warnings.push_back("The field " + field.name + " was not found on the page.");
        result.score = result_quality(intent.fields, plan.items);
        result.definition = std::move(plan.definition);
        result.items = std::move(plan.items);
        result.attempts = attempts_before + 1;
        return result;
    }

    /// The plan made without the model, unless the model's is better, whole or in some fields.
    Result<GeneratedPlan> better_of(GeneratedPlan made, ModelPlan plan, const html::Document& document,
                                    const GenerateInput& input, const Intent& intent,
                                    const std::vector<ChatTable>& tables) {
        const double before = result_quality(intent.fields, made.items);
        const Value base = made.definition;
        if (reads_elements(base) && plan.items.size() == made.items.size()) {
            // The same records: field by field.
            Value mixed =
                Object{{"type", "css"}, {"container", *base.find("container")}, {"fields", *base.find("fields")}};
            for (const WantedField& field : intent.fields)
                if (const Value* chosen = fields_of(plan.definition).find(field.name))
                    if (field_quality(field, plan.items) > field_quality(field, made.items) + better_field)
                        fields_of(mixed).set(field.name, *chosen);
            ModelPlan both(document, input.page.url, intent, tables);
            if (fields_of(mixed) != *base.find("fields")->if_object() && both.settle(mixed) &&
                both.items.size() == made.items.size() && result_quality(intent.fields, both.items) > before) {
                both.explain(&base);
                return adopted(std::move(both), intent, made.attempts);
            }
        }
        const double share =
            std::min(1.0, static_cast<double>(plan.items.size()) / static_cast<double>(made.items.size()));
        if (result_quality(intent.fields, plan.items) * share > before + better_records) {
            plan.explain(&base);
            return adopted(std::move(plan), intent, made.attempts);
        }
        return without_model(std::move(made), useless("the plan is not better"));
    }

    /// Are the fields that the feedback does not name as good as before, and new ones good?
    static bool keeps_the_rest(const html::Document& document, const RefineInput& input, const Intent& intent,
                               ModelPlan& plan) {
        const auto before = run_on_document(document, input.original.page.url, *input.plan);
        if (!before) return false;
        std::vector<std::string> named;
        for (const std::string& word : words_of(input.feedback)) named.push_back(singular(word));
        for (const WantedField& field : intent.fields) {
            const auto words = words_of(field.name);
            const bool told = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
                return std::find(named.begin(), named.end(), singular(word)) != named.end();
            });
            if (!told && field_quality(field, plan.items) < 0.9 * field_quality(field, before->items)) return false;
        }
        return true;
    }

    const ChatOptions options_;
    const std::shared_ptr<Fetcher> endpoint_;
    const std::shared_ptr<Generator> first_;
    const std::shared_ptr<Logger> logger_;
};

}  // namespace
}  // namespace meter::generate

namespace meter {

Result<std::shared_ptr<Generator>> make_chat_generator(const ChatOptions& options, std::shared_ptr<Fetcher> endpoint,
                                                       std::shared_ptr<Generator> first,
                                                       std::shared_ptr<Logger> logger) {
    if (auto valid = validate(options); !valid) return valid.error();
    if (endpoint == nullptr) return Error{ErrorCode::invalid_argument, "A fetcher is needed", "endpoint"};
    if (first == nullptr) first = make_generator();
    if (logger == nullptr) logger = null_logger();
    return std::shared_ptr<Generator>(
        std::make_shared<generate::ChatGenerator>(options, std::move(endpoint), std::move(first), std::move(logger)));
}

}  // namespace meter
