// Which input of an earlier run was fed with what.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "meter/result.hpp"
#include "meter/workflow_store.hpp"

namespace meter::run {

/// The inputs of a node in an earlier run by their feed hashes, 16 bytes each. It is made when a run plans the node: an
/// index kept in the store would be written at random places, which costs more than all else about an input.
class FeedIndex {
public:
    /// Reads them all. Errors: store.
    static Result<FeedIndex> read(WorkflowStore& store, std::string_view run_id, std::string_view node_id);

    /// Adds the sequences of the inputs that may have had this feed: the beginnings of the hashes agree.
    void find(std::string_view feed_hash, std::vector<std::int64_t>& sequences) const;

private:
    std::vector<std::pair<std::uint64_t, std::int64_t>> sequences_;  // sorted; by the first 64 bits of the hash
};

}  // namespace meter::run
