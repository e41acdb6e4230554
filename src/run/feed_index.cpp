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
    std::ranges::sort(index.sequences_);
    return index;
}

void FeedIndex::find(std::string_view feed_hash, std::vector<std::int64_t>& sequences) const {
    const auto [begin, end] =
        std::ranges::equal_range(sequences_, beginning(feed_hash), {}, &std::pair<std::uint64_t, std::int64_t>::first);
    for (auto at = begin; at != end; ++at) sequences.push_back(at->second);
}

}  // namespace meter::run
