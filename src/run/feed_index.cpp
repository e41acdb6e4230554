#include "run/feed_index.hpp"

#include <algorithm>
#include <charconv>

namespace meter::run {
namespace {

constexpr std::int64_t feeds_at_once = 10'000;

std::uint64_t beginning(std::string_view feed_hash) {
    const std::string_view digits = feed_hash.substr(0, 16);
    std::uint64_t bits = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
    return bits;
}

}  // namespace

Result<FeedIndex> FeedIndex::read(WorkflowStore& store, std::string_view run_id, std::string_view node_id) {
    FeedIndex index;
    for (std::int64_t next = 0;;) {
        auto feeds = store.feeds(run_id, node_id, next, feeds_at_once);
        if (!feeds) return feeds.error();
        for (const NodeFeed& feed : *feeds) index.sequences_.emplace_back(beginning(feed.feed_hash), feed.sequence);
        if (std::ssize(*feeds) < feeds_at_once) break;
        next = feeds->back().sequence + 1;
    }
    std::sort(index.sequences_.begin(), index.sequences_.end());
    return index;
}

void FeedIndex::find(std::string_view feed_hash, std::vector<std::int64_t>& sequences) const {
    const std::uint64_t bits = beginning(feed_hash);
    for (auto at = std::lower_bound(sequences_.begin(), sequences_.end(), std::pair(bits, std::int64_t{0}));
         at != sequences_.end() && at->first == bits; ++at)
        sequences.push_back(at->second);
}

}  // namespace meter::run
