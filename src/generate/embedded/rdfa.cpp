// RDFa 1.1 in HTML.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/unicode.hpp"
#include "generate/embedded/item_graph.hpp"
#include "url/url.hpp"

namespace meter::generate::detail {
namespace {

constexpr std::string_view rdf_type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
constexpr std::string_view rdfa_vocabulary = "http://www.w3.org/ns/rdfa#usesVocabulary";

/// Prefixes of the initial context (W3C rdfa-1.1) that pages use, and Open Graph's own (ogp.me).
constexpr auto rdfa_prefixes = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"og", "http://ogp.me/ns#"},
     {"article", "http://ogp.me/ns/article#"},
     {"book", "http://ogp.me/ns/book#"},
     {"music", "http://ogp.me/ns/music#"},
     {"profile", "http://ogp.me/ns/profile#"},
     {"video", "http://ogp.me/ns/video#"},
     {"product", "http://ogp.me/ns/product#"},
     {"schema", "http://schema.org/"},
     {"dc", "http://purl.org/dc/terms/"},
     {"dcterms", "http://purl.org/dc/terms/"},
     {"dc11", "http://purl.org/dc/elements/1.1/"},
     {"foaf", "http://xmlns.com/foaf/0.1/"},
     {"gr", "http://purl.org/goodrelations/v1#"},
     {"v", "http://rdf.data-vocabulary.org/#"},
     {"vcard", "http://www.w3.org/2006/vcard/ns#"},
     {"cc", "http://creativecommons.org/ns#"},
     {"skos", "http://www.w3.org/2004/02/skos/core#"},
     {"sioc", "http://rdfs.org/sioc/ns#"},
     {"owl", "http://www.w3.org/2002/07/owl#"},
     {"rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
     {"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
     {"rdfa", "http://www.w3.org/ns/rdfa#"},
     {"xsd", "http://www.w3.org/2001/XMLSchema#"},
     {"rev", "http://purl.org/stuff/rev#"},
     {"ctag", "http://commontag.org/ns#"},
     {"ical", "http://www.w3.org/2002/12/cal/icaltzd#"},
     {"void", "http://rdfs.org/ns/void#"},
     {"wdr", "http://www.w3.org/2007/05/powder#"},
     {"dcat", "http://www.w3.org/ns/dcat#"},
     {"prov", "http://www.w3.org/ns/prov#"}});

template <class Use>
void for_each_rdfa_token(std::string_view text, Use&& use) {
    constexpr std::string_view space = " \t\n\f\r";
    std::size_t count = 0;
    for (std::size_t at = text.find_first_not_of(space); at != std::string_view::npos && count < 32; ++count) {
        const std::size_t end = std::min(text.find_first_of(space, at), text.size());
        use(text.substr(at, end - at));
        at = text.find_first_not_of(space, end);
    }
}

/// A statement that waits for its other end (rdfa-core 7.5, step 9).
struct RdfaIncomplete {
    std::string predicate;
    bool forward = true;
};

/// The evaluation context for the children of an element.
struct RdfaFrame {
    html::Element element;
    std::string parent_subject;
    std::string parent_object;
    std::vector<RdfaIncomplete> incomplete;
    std::string vocabulary;
    std::vector<std::pair<std::string, std::string>> prefixes;  ///< declared here
};

class RdfaReader {
public:
    RdfaReader(html::Element root, std::string_view base, const EmbeddedLimits& limits)
        : root_(root), base_(base), limits_(limits) {}

    std::vector<RdfaTriple> run() {
        frames_.push_back({{}, base_, base_, {}, {}, {}});
        html::Element at = root_;
        while (at && triples_.size() < limits_.max_properties) {
            process(at);
            if (const html::Element child = at.first_child()) {
                at = child;
                continue;
            }
            leave(at);
            while (at != root_ && !at.next_sibling()) {
                at = at.parent();
                leave(at);
            }
            if (at == root_) break;
            at = at.next_sibling();
        }
        return std::move(triples_);
    }

private:
    /// Only elements that say something have frames.
    void leave(html::Element e) {
        if (frames_.size() > 1 && frames_.back().element == e) frames_.pop_back();
    }

    /// rel alone is on most links and says nothing unless a prefix or a vocabulary gives it a meaning.
    bool speaks(html::Element e) const {
        for (const std::string_view name : {"property", "typeof", "about", "resource", "vocab", "prefix"})
            if (e.has_attribute(name)) return true;
        for (const std::string_view name : {"rel", "rev"})
            if (const auto value = e.attribute(name))
                if (!frames_.back().vocabulary.empty() || value->find(':') != std::string_view::npos) return true;
        return false;
    }

    void process(html::Element e) {
        if (!speaks(e)) {
            if (e.name() == "html" || e.name() == "body" || e.name() == "head") frames_.push_back(inherit(e));
            return;
        }
        RdfaFrame frame = inherit(e);
        frame.incomplete = frames_.back().incomplete;
        read_declarations(e, frame);

        const auto about = e.attribute("about");
        const auto resource = e.attribute("resource");
        const auto href = e.attribute("href");
        const auto source = e.attribute("src");
        const auto type_of = e.attribute("typeof");
        const auto content = e.attribute("content");
        const auto data_type = e.attribute("datatype");
        const std::vector<std::string> properties = iris(e, "property", frame);
        std::vector<std::string> relations = iris(e, "rel", frame, e.has_attribute("property"));
        std::vector<std::string> reverse = iris(e, "rev", frame, e.has_attribute("property"));
        const bool related = !relations.empty() || !reverse.empty() ||
                             ((e.has_attribute("rel") || e.has_attribute("rev")) && !e.has_attribute("property"));
        const bool top = e == root_ || e.name() == "head" || e.name() == "body";

        std::string subject, object, typed;
        bool object_known = false, skip = false;
        const auto named = [&]() -> std::optional<std::string> {
            if (resource) return reference(*resource, frame);
            if (href) return url::resolve(base_, *href);
            if (source) return url::resolve(base_, *source);
            return std::nullopt;
        };
        const std::string& parent_object = frames_.back().parent_object;
        if (!related) {
            if (!properties.empty() && !content && !data_type) {
                subject = about ? reference(*about, frame) : parent_object;
                if (type_of) {
                    const auto name = named();
                    typed = about ? subject : name ? *name : e == root_ ? base_ : blank();
                    object = typed;
                    object_known = true;
                }
            } else {
                const auto name = named();
                if (about) {
                    subject = reference(*about, frame);
                } else if (name && (resource || type_of || !e.has_attribute("rel"))) {
                    subject = *name;
                } else if (top) {
                    subject = parent_object;
                } else if (type_of) {
                    subject = blank();
                } else {
                    subject = parent_object;
                    skip = properties.empty();
                }
                if (type_of) typed = subject;
            }
        } else {
            subject = about ? reference(*about, frame) : parent_object;
            if (about && type_of) typed = subject;
            if (const auto name = named()) {
                object = *name;
                object_known = true;
            } else if (type_of && !about) {
                object = blank();
                object_known = true;
            }
            if (type_of && !about) typed = object;
        }
        if (type_of)
            for (const std::string& type : iris(e, "typeof", frame))
                add(typed, std::string(rdf_type), type, false, e, "");
        frame.parent_subject = subject.empty() ? frames_.back().parent_subject : subject;
        std::vector<RdfaIncomplete> waiting;
        if (related) {
            if (object_known) {
                for (const std::string& iri : relations)
                    add(subject, iri, object, false, e, resource ? "resource" : "href");
                for (const std::string& iri : reverse) add(object, iri, subject, false, e, "href");
            } else if (!relations.empty() || !reverse.empty()) {
                object = blank();
                for (std::string& iri : relations) waiting.push_back({std::move(iri), true});
                for (std::string& iri : reverse) waiting.push_back({std::move(iri), false});
            }
        }
        if (!properties.empty()) add_properties(e, properties, subject, typed, named(), related, type_of && !about);
        if (!skip && !subject.empty()) complete(subject, e);
        if (!skip) {
            frame.incomplete = std::move(waiting);
            frame.parent_subject = subject;
            frame.parent_object = !object.empty() ? object : subject;
        } else {
            frame.parent_subject = frames_.back().parent_subject;
            frame.parent_object = frames_.back().parent_object;
        }
        frames_.push_back(std::move(frame));
    }

    /// Step 11 of rdfa-core 7.5: the value of @property.
    void add_properties(html::Element e, const std::vector<std::string>& properties, const std::string& subject,
                        const std::string& typed, const std::optional<std::string>& named, bool related,
                        bool typed_here) {
        RdfaTriple value{subject, {}, {}, true, e, "text"};
        const auto content = e.attribute("content");
        const auto moment = e.attribute("datetime");
        if (content) {
            value.object = std::string(*content);
            value.attribute = "content";
        } else if (moment) {
            value.object = std::string(*moment);
            value.attribute = "datetime";
        } else if (!e.has_attribute("datatype") && !related && named) {
            value.object = *named;
            value.literal = false;
            value.attribute = e.has_attribute("resource") ? "resource" : e.has_attribute("href") ? "href" : "src";
        } else if (!e.has_attribute("datatype") && typed_here) {
            value.object = typed;
            value.literal = false;
        } else {
            value.object = item_text(e);
            if (value.object.size() > text_bytes_) return;
            text_bytes_ -= value.object.size();
        }
        for (const std::string& iri : properties) {
            value.predicate = iri;
            if (triples_.size() < limits_.max_properties) triples_.push_back(value);
        }
    }

    void complete(const std::string& subject, html::Element e) {
        const RdfaFrame& parent = frames_.back();
        for (const RdfaIncomplete& waiting : parent.incomplete) {
            if (waiting.forward)
                add(parent.parent_subject, waiting.predicate, subject, false, e, "");
            else
                add(subject, waiting.predicate, parent.parent_subject, false, e, "");
        }
    }

    RdfaFrame inherit(html::Element e) const {
        const RdfaFrame& parent = frames_.back();
        return {e, parent.parent_subject, parent.parent_object, {}, parent.vocabulary, {}};
    }

    void read_declarations(html::Element e, RdfaFrame& frame) {
        if (const auto vocabulary = e.attribute("vocab")) {
            frame.vocabulary = std::string(core::trim(*vocabulary));
            if (!frame.vocabulary.empty())
                add(base_, std::string(rdfa_vocabulary), frame.vocabulary, false, e, "vocab");
        }
        const auto prefixes = e.attribute("prefix");
        if (!prefixes) return;
        std::string name;
        for_each_rdfa_token(*prefixes, [&](std::string_view token) {
            if (name.empty()) {
                if (token.ends_with(':') && token.size() > 1)
                    name = core::ascii_lower(token.substr(0, token.size() - 1));
            } else {
                frame.prefixes.emplace_back(std::move(name), std::string(token));
                name.clear();
            }
        });
    }

    std::optional<std::string> prefix_iri(std::string_view prefix, const RdfaFrame& frame) {
        const std::string name = core::ascii_lower(prefix);
        const auto declared = [&](const RdfaFrame& in) -> std::optional<std::string> {
            for (const auto& [key, iri] : in.prefixes)
                if (key == name) return iri;
            // xmlns:og (rdfa-core 7.5 step 3)
            if (lookups_ == 0 || !in.element) return std::nullopt;
            --lookups_;
            if (const auto iri = in.element.attribute("xmlns:" + name)) return std::string(*iri);
            return std::nullopt;
        };
        if (auto iri = declared(frame)) return iri;
        for (std::size_t i = frames_.size(); i-- > 0;)
            if (auto iri = declared(frames_[i])) return iri;
        for (const auto& [key, iri] : rdfa_prefixes)
            if (key == name) return std::string(iri);
        return std::nullopt;
    }

    /// TERMorCURIEorAbsIRI (rdfa-core 7.4.3); nullopt: ignored.
    std::optional<std::string> term(std::string_view token, const RdfaFrame& frame) {
        const std::size_t colon = token.find(':');
        if (colon == std::string_view::npos) {
            if (!frame.vocabulary.empty()) return frame.vocabulary + std::string(token);
            if (core::ascii_iequals(token, "license")) return "http://www.w3.org/1999/xhtml/vocab#license";
            return std::nullopt;
        }
        if (token.substr(colon + 1).starts_with("//")) return std::string(token);
        if (token.starts_with("_:")) return std::nullopt;
        if (auto iri = prefix_iri(token.substr(0, colon), frame)) return *iri + std::string(token.substr(colon + 1));
        return std::string(token);
    }

    std::vector<std::string> iris(html::Element e, std::string_view attribute, const RdfaFrame& frame,
                                  bool no_terms = false) {
        std::vector<std::string> found;
        const auto value = e.attribute(attribute);
        if (!value) return found;
        for_each_rdfa_token(*value, [&](std::string_view token) {
            if (no_terms && token.find(':') == std::string_view::npos) return;
            if (auto iri = term(token, frame)) found.push_back(std::move(*iri));
        });
        return found;
    }

    /// SafeCURIEorCURIEorIRI of @about and @resource.
    std::string reference(std::string_view text, const RdfaFrame& frame) {
        text = core::trim(text);
        if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
        if (text.empty()) return base_;
        if (text.starts_with("_:")) return std::string(text);
        const std::size_t colon = text.find(':');
        if (colon != std::string_view::npos && !text.substr(colon + 1).starts_with("//"))
            if (const auto iri = prefix_iri(text.substr(0, colon), frame))
                return *iri + std::string(text.substr(colon + 1));
        return url::resolve(base_, text);
    }

    std::string blank() { return "_:" + std::to_string(++blanks_); }

    void add(std::string subject, std::string predicate, std::string object, bool literal, html::Element e,
             std::string attribute) {
        if (triples_.size() >= limits_.max_properties) return;
        triples_.push_back(
            {std::move(subject), std::move(predicate), std::move(object), literal, e, std::move(attribute)});
    }

    html::Element root_;
    const std::string base_;
    const EmbeddedLimits& limits_;
    std::vector<RdfaFrame> frames_;
    std::vector<RdfaTriple> triples_;
    std::size_t blanks_ = 0;
    std::size_t lookups_ = 200'000;
    std::size_t text_bytes_ = 16u << 20;
};

}  // namespace

std::vector<RdfaTriple> read_rdfa(html::Element root, std::string_view base, const EmbeddedLimits& limits) {
    if (!root) return {};
    return RdfaReader(root, base, limits).run();
}

std::vector<Item> rdfa_items(const std::vector<RdfaTriple>& triples, const EmbeddedLimits& limits) {
    std::vector<Item> items;
    std::unordered_map<std::string_view, std::size_t> by_subject;
    for (const RdfaTriple& triple : triples) {
        if (triple.predicate == rdfa_vocabulary) continue;
        const auto [at, added] = by_subject.emplace(triple.subject, items.size());
        if (!added) continue;
        if (items.size() >= limits.max_objects) {
            by_subject.erase(at);
            break;
        }
        Item item;
        item.element = triple.element;
        if (!triple.subject.starts_with("_:")) item.id = triple.subject;
        items.push_back(std::move(item));
    }
    for (const RdfaTriple& triple : triples) {
        const auto found = by_subject.find(triple.subject);
        if (found == by_subject.end() || triple.predicate == rdfa_vocabulary) continue;
        Item& item = items[found->second];
        if (triple.predicate == rdf_type) {
            if (item.types.size() < 8) item.types.push_back(triple.object);
            item.element = triple.element;
            continue;
        }
        ItemProperty property{triple.predicate, triple.object, triple.element, triple.attribute, no_item};
        if (!triple.literal && triple.object.starts_with("_:")) {
            const auto value = by_subject.find(triple.object);
            // Only towards later items: a circle of nodes has a first one.
            if (value == by_subject.end() || value->second <= found->second) continue;
            property.item = value->second;
            items[value->second].top_level = false;
        }
        item.properties.push_back(std::move(property));
    }
    return items;
}

}  // namespace meter::generate::detail
