// What somebody wants from a page: from a sentence, or from an output schema and a sentence.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "generate/words.hpp"
#include "meter/schema.hpp"

namespace meter::generate {

/// What a value is to be in the result.
enum class WantedType { text, number, list };

struct WantedField {
    std::string name;  ///< key in the result: snake_case of the user's words, or the schema's key
    Concept concept_of = Concept::generic;
    std::vector<std::string> words = {};  ///< the user's words for it, singular, lower case; numbers left out
    WantedType type = WantedType::text;
    bool from_schema = false;
    int twin = 0;  ///< 1, 2 for "both team names": first and second of a kind
    /// So many of `words`, the first ones, are keys of the objects around the schema's key ("product", "pricing" of
    /// "product_pricing_amount"): they say where the value goes, the page need not know them.
    std::size_t around = 0;

    bool operator==(const WantedField&) const = default;
};

struct Intent {
    std::vector<WantedField> fields;
    std::vector<std::string> entity;  ///< words for what the records are: "restaurant", "job"
    /// Above zero when the words ask for many records, below when for one.
    int plurality = 0;
};

/// Reads "Extract product names, prices and availability", "job ads with title, company", "reviews: title, text". With
/// a schema its keys are the fields and the sentence says more about them. At most 40 fields without a schema, and the
/// first 4000 bytes of the sentence. A sentence that names no field asks for title and url.
Intent read_intent(std::string_view description, const OutputSchema* schema);

/// The fields that a list of phrases names: "images, SKU and the old price". Empty when it names none.
std::vector<WantedField> read_fields(std::string_view phrases);

}  // namespace meter::generate
