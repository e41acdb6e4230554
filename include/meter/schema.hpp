// Output schemas: the shape that records leave the library in.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter {

/// A validated output schema. Cheap to copy; const calls need no lock.
class METER_EXPORT OutputSchema {
public:
    /// Reads field name -> type word (string, number, float, integer, int, boolean, array), nested object, or
    /// one-element array of either. {"listings": [{...}]} alone is the wrapper form. A JSON Schema ("type": "object"
    /// with "properties", "type": "array" with "items") is reduced to this form. At most 200 leaves, depth 8.
    /// Errors: invalid_argument; `subject` is the dotted key at fault, like "output_schema.pricing.amount".
    /// Source: wire contract 9.
    static Result<OutputSchema> parse(const Value& schema);

    /// The item with exactly the schema's keys, in schema order, values coerced. Never fails: what cannot be coerced
    /// is null. In wrapper form the item is one of the inner objects. Extracted fields match keys by flattened name,
    /// case-insensitive, '-' and space equal to '_'; an exact name goes first, and for keys that contain url, link or
    /// href a value that is a link does. With a `base_url` (the page's) relative links in such keys become absolute.
    Value shape(const Value& item, std::string_view base_url = {}) const;

    /// The single key of the wrapper form; empty otherwise.
    const std::string& wrapper_key() const noexcept;

    /// The schema as given, but for JSON Schemas in it, which are in their reduced form. Parses to an equal schema.
    const Value& definition() const noexcept;

    /// Leaf keys flattened with underscores, in order: what an extraction should deliver.
    std::vector<std::string> flat_keys() const;

    OutputSchema(const OutputSchema&);
    OutputSchema& operator=(const OutputSchema&);
    OutputSchema(OutputSchema&&) noexcept;
    OutputSchema& operator=(OutputSchema&&) noexcept;
    ~OutputSchema();

private:
    struct Impl;
    explicit OutputSchema(std::shared_ptr<const Impl> impl);
    std::shared_ptr<const Impl> impl_;
};

/// The `results` array of a job made of its items (already shaped and filtered): the items, or for a schema in wrapper
/// form one object that holds them ([{"listings":[...]}], also when there are none). `schema` may be null.
METER_EXPORT Value make_results(const OutputSchema* schema, std::vector<Value> items);

/// The items in a `results` array that make_results() made: what counts, previews, filters and comparisons look at.
METER_EXPORT std::vector<Value> items_of(const OutputSchema* schema, Value results);

}  // namespace meter
