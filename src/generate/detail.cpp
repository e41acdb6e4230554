#include "generate/detail.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "core/unicode.hpp"
#include "generate/selectors.hpp"
#include "generate/values/values.hpp"
#include "generate/words.hpp"
#include "meter/json.hpp"

namespace meter::generate {
namespace {

struct ConceptPaths {
    Concept concept_of;
    std::string_view paths;  ///< of main objects, best first; array indexes left out
};

/// Where schema.org, Open Graph and microformats keep what we have concepts for.
constexpr ConceptPaths concept_paths[] = {
    {Concept::title, "name headline title p-name"},
    {Concept::price,
     "offers.price offers.lowPrice offers.priceSpecification.price offers.offers.price price "
     "price.amount product:price:amount lowPrice"},
    {Concept::old_price, "offers.highPrice original_price.amount"},
    {Concept::url, "url mainEntityOfPage @id"},
    {Concept::image, "image image.url image.contentUrl thumbnailUrl photo"},
    {Concept::date, "datePublished datePosted startDate uploadDate dateCreated published_time dateModified published"},
    {Concept::author, "author.name author creator.name creator byline"},
    {Concept::rating, "aggregateRating.ratingValue reviewRating.ratingValue ratingValue rating"},
    {Concept::count, "aggregateRating.reviewCount aggregateRating.ratingCount commentCount interactionCount"},
    {Concept::location,
     "address.streetAddress jobLocation.address.addressLocality location.name location.address "
     "address jobLocation.address location"},
    {Concept::description, "description articleBody reviewBody text summary"},
    {Concept::sku, "sku productID mpn gtin13 gtin identifier"},
    {Concept::brand, "brand.name brand manufacturer.name manufacturer"},
    {Concept::company, "hiringOrganization.name publisher.name provider.name seller.name hiringOrganization"},
    {Concept::category, "category recipeCategory articleSection genre recipeCuisine section"},
    {Concept::salary, "baseSalary.value.value baseSalary.value.minValue baseSalary"},
    {Concept::availability, "offers.availability availability"},
    {Concept::duration, "totalTime duration cookTime timeRequired"},
    {Concept::phone, "telephone phone"},
    {Concept::email, "email"},
};

/// Meta elements, by concept.
constexpr ConceptPaths concept_metas[] = {
    {Concept::title, "og:title twitter:title"},
    {Concept::price, "product:price:amount og:price:amount product:sale_price:amount twitter:data1"},
    {Concept::image, "og:image twitter:image"},
    {Concept::description, "og:description description twitter:description"},
    {Concept::brand, "product:brand og:brand"},
    {Concept::sku, "product:retailer_item_id product:sku og:sku"},
    {Concept::url, "og:url"},
    {Concept::author, "author article:author"},
    {Concept::date, "article:published_time date dc.date"},
    {Concept::category, "article:section product:category"},
    {Concept::availability, "product:availability og:availability"},
};

template <class Use>
void each_path(const ConceptPaths& row, Use&& use) {
    std::size_t at = 0;
    while ((at = row.paths.find_first_not_of(' ', at)) != std::string_view::npos) {
        const std::size_t stop = std::min(row.paths.find(' ', at), row.paths.size());
        if (use(row.paths.substr(at, stop - at))) return;
        at = stop;
    }
}

/// "offers.0.price" is "offers.price".
std::string without_indexes(std::string_view path) {
    std::string out;
    std::size_t start = 0;
    while (start <= path.size()) {
        const std::size_t stop = std::min(path.find('.', start), path.size());
        const std::string_view step = path.substr(start, stop - start);
        if (!step.empty() && step.find_first_not_of("0123456789") != std::string_view::npos)
            out.append(out.empty() ? "" : ".").append(step);
        start = stop + 1;
    }
    return out;
}

bool detail_type(std::string_view type) {
    for (const std::string_view known :
         {"Product", "ProductGroup", "IndividualProduct", "Recipe", "JobPosting", "Article", "NewsArticle",
          "BlogPosting", "Event", "Movie", "Book", "SoftwareApplication", "VideoObject", "Vehicle", "Car"})
        if (type == known) return true;
    return false;
}

/// What a field reads, found anywhere on the page.
struct Found {
    Object definition;
    std::string evidence;
    std::string sample;
    double confidence = 0;
};

class DetailPlanner {
public:
    DetailPlanner(PageFacts& facts, const Embedded& embedded, const std::vector<MainObject>& mains)
        : facts_(facts), page_(facts.page), embedded_(embedded), mains_(mains) {
        for (std::uint32_t node = 0; node < page_.nodes.size(); ++node)
            if (page_.nodes[node].tag == tags::h1 && !page_.text_of(node).empty()) headings_.push_back(node);
        body_ = 0;
        for (std::uint32_t node = 0; node < page_.nodes.size() && node < 2'000; ++node)
            if (page_.nodes[node].tag == tags::body) {
                body_ = node;
                break;
            }
    }

    std::optional<Found> find(const WantedField& field) {
        if (field.type == WantedType::list) {
            if (auto found = list_near_words(field)) return found;
            return from_objects(field);
        }
        if (field.concept_of == Concept::title && !headings_.empty()) {
            // The visible heading, when it is the only one or says what the object is called.
            if (auto found = at_node(field, heading_for_title(), "the page's heading", 0.9)) return found;
        }
        if (auto found = from_objects(field)) return found;
        if (auto found = from_meta(field)) return found;
        if (auto found = by_label(field)) return found;
        return by_names(field);
    }

private:
    std::uint32_t heading_for_title() const {
        if (headings_.size() == 1) return headings_.front();
        for (const std::uint32_t node : headings_)
            if (page_.nodes[node].zone == 0) return node;
        return headings_.front();
    }

    /// A selector for an element on the whole page, and what to read of it.
    std::optional<Found> at_node(const WantedField& field, std::uint32_t node, std::string evidence, double confidence,
                                 std::string attribute = "text") {
        Region whole;
        whole.members = {0};
        const auto selectors = field_selectors(page_, whole, {FieldTarget{0, node}}, {}, 1);
        if (selectors.empty() || selectors.front().agreement < 1) return std::nullopt;
        Found found;
        found.definition.set("selector", selectors.front().css);
        if (attribute != "text") found.definition.set("attribute", attribute);
        found.sample =
            attribute == "text" ? std::string(page_.text_of(node)) : std::string(page_.attribute(node, attribute));
        finish_number(field, found);
        found.evidence = std::move(evidence);
        found.confidence = confidence;
        return found;
    }

    static void finish_number(const WantedField& field, Found& found) {
        if (field.type != WantedType::number) return;
        Slot slot;
        slot.values.push_back({0, 0, found.sample});
        if (const char decimal = decimal_of(slot); decimal != 0)
            found.definition.set("decimal", std::string(1, decimal));
    }

    std::optional<Found> from_objects(const WantedField& field) {
        for (const MainObject& main : mains_) {
            const ObjectProperty* property = property_for(main, field);
            if (property == nullptr) continue;
            std::string text;
            if (const std::string* string = property->value.if_string())
                text = *string;
            else if (property->value.is_scalar())
                text = to_json(property->value);
            if (field.concept_of == Concept::brand || field.concept_of == Concept::author)
                if (text.starts_with("http")) continue;
            if (field.type == WantedType::number && text.find_first_of("0123456789") == std::string::npos) continue;
            if (property->selector.empty()) {
                // Not to be read where it is: perhaps it is shown as well.
                if (text.empty()) continue;
                if (auto found = shown_as(field, text)) return found;
                continue;
            }
            Found found;
            found.definition.set("selector", property->selector);
            if (property->attribute != "text") found.definition.set("attribute", property->attribute);
            if (!property->regex.empty()) found.definition.set("regex", property->regex);
            if (property->all) found.definition.set("all", true);
            found.sample = text;
            finish_number(field, found);
            found.evidence = std::string(to_string(main.syntax)) + " " + main.type + " " + property->path;
            found.confidence = 0.95;
            return found;
        }
        return std::nullopt;
    }

    std::optional<Found> shown_as(const WantedField& field, std::string_view text) {
        const std::string wanted = core::collapse_space(text);
        const auto number = field.concept_of == Concept::price ? parse_number(wanted) : std::nullopt;
        for (std::uint32_t node = body_; node < page_.nodes.size(); ++node) {
            if (is_skipped_tag(page_.nodes[node].tag)) continue;
            const std::string_view shown = page_.text_of(node);
            if (shown.size() > wanted.size() + 16 || shown.empty()) continue;
            bool same = shown == wanted;
            if (!same && number && page_.nodes[node].inline_only) {
                const auto price = find_price(shown);
                same = price && std::abs(price->amount - *number) < 1e-9;
            }
            if (same)
                if (auto found = at_node(field, node, "shown as the page's data has it", 0.8)) return found;
        }
        return std::nullopt;
    }

    std::optional<Found> from_meta(const WantedField& field) {
        std::optional<Found> found;
        for (const ConceptPaths& row : concept_metas) {
            if (row.concept_of != field.concept_of) continue;
            each_path(row, [&](std::string_view name) {
                const std::string_view content = embedded_.meta_content(name);
                if (content.empty()) return false;
                if (field.type == WantedType::number && content.find_first_of("0123456789") == content.npos)
                    return false;
                Found meta;
                meta.definition.set("selector",
                                    "meta[property=" + css_string(name) + "], meta[name=" + css_string(name) + "]");
                meta.definition.set("attribute", "content");
                meta.sample = content;
                finish_number(field, meta);
                meta.evidence = "meta " + std::string(name);
                meta.confidence = 0.85;
                found = std::move(meta);
                return true;
            });
        }
        return found;
    }

    std::size_t vocabulary_of(const WantedField& field) {
        std::vector<std::string> words = field.words;
        if (field.concept_of != Concept::generic)
            for (const std::string_view word : page_words(field.concept_of)) words.push_back(singular(word));
        return facts_.lexicon.vocabulary(std::move(words));
    }

    bool names_field(std::string_view text, std::size_t vocabulary) {
        bool named = false;
        for_each_word(text, [&](std::string_view word) {
            named = named || facts_.lexicon.match(vocabulary, facts_.lexicon.word(word)) == 10;
        });
        return named;
    }

    /// "SKU: 123" in one element, or the label in one and the value in the next.
    std::optional<Found> by_label(const WantedField& field) {
        const std::size_t vocabulary = vocabulary_of(field);
        for (std::uint32_t node = body_; node < page_.nodes.size(); ++node) {
            const PageNode& n = page_.nodes[node];
            if (is_skipped_tag(n.tag) || n.zone > 1) continue;
            const std::string_view text = page_.text_of(node);
            if (text.empty() || text.size() > 120 || !n.inline_only) continue;
            const std::size_t colon = text.find(':');
            const std::string_view label = text.substr(0, std::min(colon, text.size()));
            if (label.size() > 30 || std::count(label.begin(), label.end(), ' ') > 2) continue;
            if (!names_field(label, vocabulary)) continue;
            if (colon != std::string_view::npos && colon + 1 < text.size()) {
                const std::string_view value = core::trim(text.substr(colon + 1));
                if (!fits(field, value)) continue;
                auto found = at_node(field, node, "label " + std::string(label), 0.7);
                if (!found) continue;
                found->definition.set("regex", "[:]\\s*(.+)$");
                found->sample = value;
                return found;
            }
            const std::uint32_t next = page_.next_sibling(node);
            if (next == no_node || !fits(field, page_.text_of(next))) continue;
            if (auto found = at_node(field, next, "label " + std::string(label), 0.75)) return found;
        }
        return std::nullopt;
    }

    static bool fits(const WantedField& field, std::string_view value) {
        if (value.empty() || value.size() > 120) return false;
        const std::uint16_t shape = shape_of(value);
        switch (field.concept_of) {
            case Concept::price:
            case Concept::old_price:
                return (shape & (shape_price | shape_bare_price | shape_number)) != 0;
            case Concept::date:
                return (shape & shape_date) != 0;
            case Concept::sku:
                return value.size() <= 40 && (shape & shape_digit) != 0 && (shape & (shape_price | shape_date)) == 0;
            case Concept::count:
            case Concept::rating:
                return value.size() <= 40 && (shape & shape_digit) != 0;
            case Concept::phone:
                return (shape & shape_phone) != 0;
            case Concept::email:
                return (shape & shape_email) != 0;
            default:
                return field.type != WantedType::number || (shape & shape_digit) != 0;
        }
    }

    /// An element whose class, id or property says what it is.
    std::optional<Found> by_names(const WantedField& field) {
        // What has a form of its own may be named as pages name it; anything else must be named as it was asked for.
        const bool formed = field.concept_of == Concept::price || field.concept_of == Concept::old_price ||
                            field.concept_of == Concept::date || field.concept_of == Concept::sku ||
                            field.concept_of == Concept::phone || field.concept_of == Concept::email ||
                            field.concept_of == Concept::description;
        const std::size_t vocabulary = formed ? vocabulary_of(field) : facts_.lexicon.vocabulary(field.words);
        const std::size_t old = facts_.lexicon.vocabulary({"old", "was", "regular", "strike", "before", "list", "rrp"});
        const std::size_t beside =
            facts_.lexicon.vocabulary({"shipping", "delivery", "livraison", "versand", "lieferung", "envio",
                                       "spedizione", "dostawa", "related", "similar"});
        const std::uint32_t after = headings_.empty() ? body_ : headings_.front();
        std::uint32_t best = no_node;
        double best_score = 0.5;
        for (std::uint32_t node = body_; node < page_.nodes.size(); ++node) {
            const PageNode& n = page_.nodes[node];
            if (is_skipped_tag(n.tag) || !n.inline_only) continue;
            const std::string_view text = page_.text_of(node);
            if (text.empty() || text.size() > (field.concept_of == Concept::description ? 2'000u : 90u)) continue;
            double named = 0, older = 0, aside = 0;
            std::uint32_t at = node;
            for (int level = 0; level < 4 && at != no_node; ++level, at = page_.nodes[at].parent) {
                const double weight = level == 0 ? 1 : level == 1 ? 0.6 : 0;
                const auto look = [&](std::string_view names) {
                    for_each_word(names, [&](std::string_view word) {
                        const std::uint32_t id = facts_.lexicon.word(word);
                        aside = std::max(aside, facts_.lexicon.match(beside, id) / 10.0);
                        named = std::max(named, weight * facts_.lexicon.match(vocabulary, id) / 10);
                        older = std::max(older, weight * facts_.lexicon.match(old, id) / 10);
                    });
                };
                const PageNode& above = page_.nodes[at];
                for (std::uint32_t i = 0; i < above.class_count; ++i)
                    look(page_.names.text(page_.classes[above.class_begin + i]));
                look(page_.attribute(at, "id"));
                look(page_.attribute(at, "itemprop"));
            }
            if (named == 0 || !fits(field, text)) continue;
            const std::uint16_t shape = shape_of(text);
            double score = named + (node > after ? 0.4 : 0) - 0.4 * std::min<double>(n.zone, 3);
            if (field.concept_of == Concept::price) score += ((shape & shape_price) != 0 ? 1 : 0) - older - aside;
            if (score > best_score + 1e-9) {
                best_score = score;
                best = node;
            }
        }
        if (best == no_node) return std::nullopt;
        return at_node(field, best, "named like it", 0.5);
    }

    /// A list on the page whose names or heading say what is asked for: ingredients, steps, tags.
    std::optional<Found> list_near_words(const WantedField& field) {
        const std::size_t vocabulary = facts_.lexicon.vocabulary(field.words);
        double best_score = 0;
        std::string best;
        std::string sample;
        for (const Region& region : find_regions(page_, 200)) {
            if (region.members.size() < 2 || region.text > 200 || region.text < 3) continue;
            double named = 0;
            std::uint32_t at = region.members.front();
            static constexpr double weights[] = {1.2, 1.0, 0.8, 0.5};
            for (int level = 0; level < 4 && at != no_node; ++level, at = page_.nodes[at].parent) {
                const auto look = [&](std::string_view names) {
                    for_each_word(names, [&](std::string_view word) {
                        if (facts_.lexicon.match(vocabulary, facts_.lexicon.word(word)) > 0)
                            named = std::max(named, weights[level]);
                    });
                };
                const PageNode& above = page_.nodes[at];
                for (std::uint32_t i = 0; i < above.class_count; ++i)
                    look(page_.names.text(page_.classes[above.class_begin + i]));
                look(page_.attribute(at, "id"));
                look(page_.attribute(at, "itemprop"));
                if (level > 0) {
                    const std::uint32_t first = page_.first_child(at);
                    if (first != no_node && page_.text_of(first).size() < 40) look(page_.text_of(first));
                }
            }
            if (named == 0) continue;
            const double score = named + 0.1 * std::log(static_cast<double>(region.members.size())) -
                                 0.3 * std::min<double>(page_.nodes[region.members.front()].zone, 3) +
                                 (page_.nodes[region.members.front()].tag == tags::li ? 0.2 : 0);
            if (score <= best_score + 1e-9) continue;
            const ChosenSelector selector = container_selector(page_, region);
            if (selector.agreement < 0.99) continue;
            best_score = score;
            best = selector.css;
            sample = page_.text_of(region.members.front());
        }
        if (best.empty() || best_score < 0.6) return std::nullopt;
        Found found;
        found.definition.set("selector", best);
        found.definition.set("all", true);
        found.sample = std::move(sample);
        found.evidence = "a list named like it";
        found.confidence = 0.8;
        return found;
    }

    PageFacts& facts_;
    const PageIndex& page_;
    const Embedded& embedded_;
    const std::vector<MainObject>& mains_;
    std::vector<std::uint32_t> headings_;
    std::uint32_t body_ = 0;
};

}  // namespace

double detail_evidence(const PageFacts& facts, const Embedded& embedded, const std::vector<MainObject>& mains,
                       const Intent& intent) {
    double evidence = 0;
    for (const MainObject& main : mains) {
        if (main.syntax == Syntax::open_graph || !detail_type(main.type)) continue;
        evidence += main.syntax == Syntax::json_ld ? 2 : 0.8;
        break;
    }
    if (embedded.meta_content("og:type").find("product") != std::string_view::npos) evidence += 1;
    std::size_t headings = 0;
    for (const PageNode& node : facts.page.nodes) headings += node.tag == tags::h1;
    if (headings == 1) evidence += 0.4;
    if (intent.plurality < 0) evidence += 1.2;
    if (intent.plurality > 0) evidence -= 1.6;
    return evidence;
}

const ObjectProperty* property_for(const MainObject& main, const WantedField& field) {
    const ObjectProperty* found = nullptr;
    // Words of its own first: "ingredients" is recipeIngredient whatever the concept.
    if (field.type == WantedType::list || field.concept_of == Concept::generic) {
        for (const ObjectProperty& property : main.properties) {
            if (property.words.empty()) continue;
            const std::string last = singular(property.words.back());
            if (std::find(field.words.begin(), field.words.end(), last) == field.words.end()) continue;
            if (field.type == WantedType::list && !property.value.is_array()) continue;
            return &property;
        }
        if (field.concept_of == Concept::generic) return nullptr;
    }
    for (const ConceptPaths& row : concept_paths) {
        if (row.concept_of != field.concept_of) continue;
        each_path(row, [&](std::string_view path) {
            for (const ObjectProperty& property : main.properties)
                if (without_indexes(property.path) == path && !property.value.is_null()) {
                    found = &property;
                    return true;
                }
            return false;
        });
    }
    return found;
}

Value plan_detail(PageFacts& facts, const Embedded& embedded, const std::vector<MainObject>& mains,
                  const std::vector<WantedField>& fields) {
    if (facts.page.nodes.empty()) return nullptr;
    DetailPlanner planner(facts, embedded, mains);
    std::vector<PlannedField> planned;
    for (const WantedField& field : fields) {
        auto found = planner.find(field);
        if (!found) continue;
        PlannedField one;
        one.name = field.name;
        one.definition = std::move(found->definition);
        one.confidence = found->confidence;
        one.explanation = Object{{"confidence", found->confidence},
                                 {"concept", to_string(field.concept_of)},
                                 {"evidence", Value::Array{found->evidence}}};
        one.fingerprint = Object{{"samples", Value::Array{core::sanitize_utf8(found->sample.substr(0, 80))}},
                                 {"shapes", Value::Array{value_shape(found->sample)}}};
        planned.push_back(std::move(one));
    }
    if (planned.empty()) return nullptr;
    return assemble_plan(Object{{"selector", "html"}}, std::move(planned), Object{{"records", 1}});
}

}  // namespace meter::generate
