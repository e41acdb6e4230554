// Output schemas: the shape that records leave the library in.
#pragma once

#include <memory>
#include <string>
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
    /// Errors: invalid_argument; `subject` is the dotted key at fault.
    /// Source: wire contract 9.
    static Result<OutputSchema> parse(const Value& schema);

    /// The item with exactly the schema's keys, in schema order, values coerced. Never fails: what cannot be coerced
    /// is null.
    Value shape(const Value& item) const;

    /// The single key of the wrapper form; empty otherwise.
    const std::string& wrapper_key() const noexcept;

    /// The schema as given.
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

}  // namespace meter
