// Which keys of JSON records answer which wishes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "generate/embedded/embedded.hpp"
#include "generate/intent.hpp"

namespace meter::generate {

struct MappedField {
    std::size_t field = 0;  ///< index of the wish
    std::string path;       ///< in a record, as a plan writes it
    double score = 0;       ///< 1 is enough, 4 certain
    std::string evidence;   ///< "key price.amount, values are prices"
};

struct ListMapping {
    std::size_t list = 0;              ///< index in the lists
    std::vector<MappedField> fields;   ///< of the wishes that were found, in their order
    std::vector<std::size_t> missing;  ///< the others
    double score = 0;                  ///< comparable between lists for the same wishes

    FieldPaths paths(const std::vector<WantedField>& wanted) const;
};

/// How well a key answers a wish; below 1: not at all.
double key_score(const WantedField& field, const RecordKey& key);

/// Each wish with the best key that no better wish took. nullopt when not even half of the wishes are answered.
std::optional<ListMapping> map_list(const RecordList& list, const std::vector<WantedField>& wanted);

/// The list that answers best, of those that answer at all; entities asked for ("jobs") count where a path names them.
std::optional<ListMapping> best_list(const std::vector<RecordList>& lists, const Intent& intent);

}  // namespace meter::generate
