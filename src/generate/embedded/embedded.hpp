// Data that pages carry beside what they show: JSON-LD, microdata, RDFa, Open Graph, microformats and JSON in scripts.
// Pure. Everything is bounded: see EmbeddedLimits.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "html/document.hpp"
#include "meter/value.hpp"

namespace meter::generate {

enum class Syntax { json_ld, microdata, rdfa, open_graph, microformat, json };

std::string_view to_string(Syntax syntax) noexcept;

/// What is beyond a limit is left out.
struct EmbeddedLimits {
    std::size_t max_scripts = 64;           ///< scripts with JSON
    std::size_t max_json_bytes = 8u << 20;  ///< over all scripts
    std::size_t max_objects = 20'000;       ///< items of each syntax, and objects looked at in JSON
    std::size_t max_properties = 50'000;    ///< over all items of one syntax
    std::size_t max_lists = 24;             ///< record lists kept
};

/// A script that holds JSON, as a plan names it: exactly one of id, type, variable (docs/plans.md).
struct ScriptJson {
    enum class By { type, id, variable } by = By::type;
    std::string name;       ///< "application/ld+json", "__NEXT_DATA__", "__INITIAL_STATE__"
    std::size_t index = 0;  ///< which of the scripts that `by` and `name` name, from 0; only for By::type
    html::Element element;
    Value data;
};

/// Where a property of microdata, RDFa or a microformat stands.
struct PropertyOrigin {
    std::string path;  ///< "offers.price", "image.1"
    html::Element element;
    std::string attribute;  ///< that gives the value: "content", "href", "text"
};

/// An object in one of the syntaxes, in one form for all: {"@type": "Product" or [..], "@id": .., "name": .., ..}.
/// Types and property names are short ("Product", "name"; of Open Graph "og:title" and of microformats "p-name" become
/// "title", "name"), values are strings, nested objects or arrays of either. JSON-LD keeps its JSON types.
struct EmbeddedObject {
    Syntax syntax = Syntax::json_ld;
    std::vector<std::string> types;  ///< short names
    Value data;
    html::Element element;                ///< of microdata, RDFa and microformats: the element that opens the item
    std::vector<PropertyOrigin> origins;  ///< of the same: where the scalars of `data` stand
    std::size_t script = 0;               ///< of JSON-LD: index in Embedded::scripts
    std::string path;                     ///< of JSON-LD: dotted path of the object in that script; "" for the root
    bool top_level = true;                ///< not the value of another object's property (a list element is top level)
};

/// Everything a page carries.
struct Embedded {
    std::vector<ScriptJson> scripts;      ///< in document order
    std::vector<EmbeddedObject> objects;  ///< JSON-LD (@graph, mainEntity, itemListElement taken apart), microdata, ...
    /// <meta property=..>, <meta name=..> with content, in document order: name (lower case) -> content.
    std::vector<std::pair<std::string, std::string>> meta;

    const EmbeddedObject* find(std::string_view type) const;     ///< first top-level object of this type
    std::string_view meta_content(std::string_view name) const;  ///< first; empty when there is none
};

/// Reads all of it. `page_url` makes links absolute (microdata, RDFa, microformats; JSON stays as it is).
Embedded collect_embedded(const html::Document& document, std::string_view page_url, const EmbeddedLimits& limits = {});

// Records: arrays of objects in the JSON of scripts.

struct RecordKey {
    std::string path;                        ///< dotted path in a record: "price.amount", "images.0.url"
    std::vector<std::string> words;          ///< name_words() of the path
    double coverage = 0;                     ///< share of records in which it is there and not null or empty
    double distinct = 0;                     ///< share of different values among those
    Value::Kind kind = Value::Kind::string;  ///< of most values
    std::vector<std::string> samples;        ///< up to 5 different values as text
};

/// An array of similar objects. Views into the Embedded (or Value) it was found in, which must outlive it.
struct RecordList {
    std::size_t script = 0;  ///< index in Embedded::scripts
    std::string items_path;  ///< as a plan writes it, with `*` where several arrays are joined
    std::vector<const Value*> records;
    std::vector<RecordKey> keys;  ///< leaves, in the order of the first record; arrays of scalars are leaves
    double score = 0;             ///< higher is better: count, keys, text, variety
};

/// Lists of all scripts, best first. An array counts with at least 2 objects that share 60 % of their keys.
std::vector<RecordList> find_record_lists(const Embedded& embedded, const EmbeddedLimits& limits = {});
/// Lists of one JSON document (an API's answer); `script` is 0.
std::vector<RecordList> find_record_lists(const Value& root, const EmbeddedLimits& limits = {});

/// The document as one record, and each object right below its root: the answer of an API about one thing.
std::vector<RecordList> find_single_records(const Value& root);

/// Field name -> path in a record.
using FieldPaths = std::vector<std::pair<std::string, std::string>>;

/// The plan that reads a list from its script: {"type": "css", "container": {"script": ..}, "items_path", "fields"}.
Value list_plan(const Embedded& embedded, const RecordList& list, const FieldPaths& fields);

// The main object of a page about one thing.

/// One property of a main object, and how a css plan with a container of the whole page ("html") reads it.
struct ObjectProperty {
    std::string path;                ///< "offers.price"; arrays by their first element's index: "image.0"
    std::vector<std::string> words;  ///< name_words() of the path
    Value value;                     ///< scalar, or array of scalars
    // Empty selector: a css plan cannot read it (see MainObject::script_plan).
    std::string selector;
    std::string attribute = "text";
    std::string regex;
    bool all = false;  ///< an array: every match
};

struct MainObject {
    Syntax syntax = Syntax::json_ld;
    std::string type;        ///< "Product", "Article", ...; of Open Graph og:type, empty when not said
    std::size_t object = 0;  ///< index in Embedded::objects
    std::vector<ObjectProperty> properties;
    /// JSON-LD: a script plan reads exactly this object, by {"script": .., "limit": ..} and this items_path.
    bool script_plan = false;
    double score = 0;
};

/// Candidates for what the page is about, best first: Product, Recipe, JobPosting, Article, Event, Movie, Book,
/// LocalBusiness, SoftwareApplication, VideoObject ... before WebPage, and never BreadcrumbList, Organization or
/// WebSite unless alone. One for each syntax that has one; several of one type at the top are a list and no main
/// object.
std::vector<MainObject> find_main_objects(const html::Document& document, const Embedded& embedded);

/// The script plan of a JSON-LD main object; null when script_plan is false.
Value object_plan(const Embedded& embedded, const MainObject& main, const FieldPaths& fields);

}  // namespace meter::generate
