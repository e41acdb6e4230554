// Tags and attributes (HTML standard, sections 13.2.5.8 and 13.2.5.32 to 13.2.5.40).
#include <algorithm>

#include "html/parser/tokenizer_impl.hpp"

namespace meter::html::detail {
namespace {

// More attributes than this are looked up by hash and no longer one by one.
constexpr std::size_t compared_attributes = 48;

// Not tag_hash(), for which colliding names are easily made: the seed differs from process to process.
std::size_t slot_hash(std::string_view name, std::uint64_t seed) noexcept {
    std::uint64_t hash = seed ^ (name.size() * 0x9e3779b97f4a7c15u);
    for (; !name.empty(); name.remove_prefix(std::min<std::size_t>(name.size(), 8))) {
        std::uint64_t word = 0;
        std::memcpy(&word, name.data(), std::min<std::size_t>(name.size(), 8));
        hash = (hash ^ word) * 0xbf58476d1ce4e5b9u;
        hash ^= hash >> 29;
    }
    return static_cast<std::size_t>(hash ^ (hash >> 32));
}

}  // namespace

void Tokenizer::Impl::make_room(std::size_t bytes) {
    if (rewritten_.capacity() - rewritten_.size() >= bytes) return;
    rewritten_.reserve(std::max(2 * rewritten_.capacity(), rewritten_.size() + bytes + 256));
    for (const Rewritten& part : rewritten_parts_) {
        const std::string_view view(rewritten_.data() + part.offset, part.size);
        if (part.owner == of_tag)
            tag_name_ = view;
        else
            (part.is_value ? attributes_[part.owner].value : attributes_[part.owner].name) = view;
    }
}

void Tokenizer::Impl::append_rewritten(std::string_view text) {
    make_room(text.size());
    rewritten_.append(text);
}

std::string_view Tokenizer::Impl::keep_rewritten(std::size_t owner, std::size_t offset, bool is_value) {
    const std::size_t size = rewritten_.size() - offset;
    rewritten_parts_.push_back({owner, offset, size, is_value});
    return {rewritten_.data() + offset, size};
}

// 13.2.5.8 and 13.2.5.33: up to one of `Stops`, lower case, hashed on the way.
template <unsigned Stops>
const char* Tokenizer::Impl::read_name(const char* at, std::string_view& name, std::uint32_t& hash, std::size_t owner) {
    const char* const start = at;
    std::uint32_t running = tag_hash_seed;
    if ((Stops & byte_equals) != 0 && *at == '=') running = tag_hash_step(running, *at++);  // as the first it is part
    for (;; ++at) {
        if (at == end_) return nullptr;
        if (is_byte(*at, Stops | byte_upper | byte_null)) break;
        running = tag_hash_step(running, *at);
    }
    if (is_byte(*at, Stops)) {
        name = {start, static_cast<std::size_t>(at - start)};
        hash = tag_hash_end(running);
        return at;
    }
    const std::size_t offset = rewritten_.size();
    append_rewritten({start, static_cast<std::size_t>(at - start)});
    for (; at != end_ && !is_byte(*at, Stops); ++at) {
        const char lower = lower_ascii(*at);
        append_rewritten(lower == '\0' ? replacement_character : std::string_view(&lower, 1));
    }
    if (at == end_) return nullptr;
    name = keep_rewritten(owner, offset, false);
    hash = tag_hash(name);
    return at;
}

// 13.2.5.36 to 13.2.5.38: up to the quote, or where there is none (Quote is NUL) to white space or '>'.
template <char Quote>
const char* Tokenizer::Impl::read_value(const char* at, std::size_t owner) {
    const char* start = at;  // not yet in rewritten_
    const std::size_t offset = rewritten_.size();
    const auto rewrite = [&](std::string_view by, const char* next) {
        append_rewritten({start, static_cast<std::size_t>(at - start)});
        append_rewritten(by);
        start = at = next;
    };
    for (;;) {
        if constexpr (Quote == '\0') {
            while (at != end_ && !is_byte(*at, byte_space | byte_close | byte_amp | byte_null)) ++at;
        } else {
            at = find_any<Quote, '&', '\r', '\0'>(at, end_);
        }
        if (at == end_) return nullptr;
        if (*at == '&') {
            reference_.clear();
            const std::size_t taken = read_reference({at, static_cast<std::size_t>(end_ - at)}, true, true, reference_);
            if (taken == 0)
                ++at;
            else
                rewrite(reference_, at + taken);
        } else if (*at == '\0') {
            rewrite(replacement_character, at + 1);
        } else if (Quote != '\0' && *at == '\r') {
            rewrite("\n", at + (at + 1 != end_ && at[1] == '\n' ? 2 : 1));
        } else {
            break;
        }
    }
    const std::string_view rest(start, static_cast<std::size_t>(at - start));
    if (rewritten_.size() == offset) {
        attributes_[owner].value = rest;
    } else {
        append_rewritten(rest);
        attributes_[owner].value = keep_rewritten(owner, offset, true);
    }
    return at;
}

// 13.2.5.33 to 13.2.5.39. An unwanted attribute is read and dropped, as is a repeated one.
const char* Tokenizer::Impl::read_attribute(const char* at, bool wanted) {
    const std::size_t owner = attributes_.size();
    AttributeToken& attribute = attributes_.emplace_back();
    at = read_name<byte_space | byte_slash | byte_close | byte_equals>(at, attribute.name, attribute.hash, owner);
    if (at == nullptr) return nullptr;
    const bool keep = wanted && !is_repeated(owner);
    at = skip_space(at);
    if (at != end_ && *at == '=') {
        at = skip_space(at + 1);
        if (at == end_) return nullptr;
        const char first = *at;
        if (first == '"') {
            at = read_value<'"'>(at + 1, owner);
        } else if (first == '\'') {
            at = read_value<'\''>(at + 1, owner);
        } else if (first != '>') {
            at = read_value<'\0'>(at, owner);
        }
        if (at == nullptr) return nullptr;
        if (first == '"' || first == '\'') ++at;
    }
    if (keep) return at;
    while (!rewritten_parts_.empty() && rewritten_parts_.back().owner == owner) rewritten_parts_.pop_back();
    attributes_.pop_back();
    return at;
}

bool Tokenizer::Impl::is_repeated(std::size_t index) {
    const AttributeToken& attribute = attributes_[index];
    const std::uint64_t bit = std::uint64_t{1} << (attribute.hash & 63u);
    if (index < compared_attributes) {
        if ((seen_hashes_ & bit) == 0) {
            seen_hashes_ |= bit;
            return false;
        }
        return std::any_of(attributes_.begin(), attributes_.end() - 1, [&](const AttributeToken& other) {
            return other.hash == attribute.hash && other.name == attribute.name;
        });
    }
    if (index == compared_attributes) name_slots_.clear();
    if (name_slots_.size() < 2 * index) {
        name_slots_.assign(std::max<std::size_t>(8 * compared_attributes, 4 * index), 0);
        for (std::size_t i = 0; i < index; ++i) find_or_add_name(i);
    }
    return !find_or_add_name(index);
}

bool Tokenizer::Impl::find_or_add_name(std::size_t index) {
    const std::string_view name = attributes_[index].name;
    const std::size_t size = name_slots_.size();
    for (std::size_t slot = slot_hash(name, reinterpret_cast<std::uintptr_t>(this)) % size;; slot = (slot + 1) % size) {
        if (name_slots_[slot] == 0) {
            name_slots_[slot] = static_cast<std::uint32_t>(index + 1);
            return true;
        }
        if (attributes_[name_slots_[slot] - 1].name == name) return false;
    }
}

const char* Tokenizer::Impl::skip_space(const char* at) const noexcept {
    while (at != end_ && is_byte(*at, byte_space)) ++at;
    return at;
}

// 13.2.5.8, 13.2.5.32, 13.2.5.40.
const char* Tokenizer::Impl::read_tag(const char* const name, bool is_end_tag) {
    rewritten_.clear();
    rewritten_parts_.clear();
    attributes_.clear();
    seen_hashes_ = 0;
    TagToken tag;
    const char* at = read_name<byte_space | byte_slash | byte_close>(name, tag_name_, tag.hash, of_tag);
    for (;;) {
        if (at != nullptr) at = skip_space(at);
        // A tag cut off by the end of the input is dropped.
        if (at == nullptr || at == end_) return final_ ? end_ : nullptr;
        if (*at == '>') break;
        if (*at == '/') {
            ++at;
            tag.self_closing = at != end_ && *at == '>';
        } else {
            at = read_attribute(at, !is_end_tag && attributes_.size() < limits_.max_attributes_per_tag);
        }
    }
    tag.name = {tag_name_.data(), tag_name_.size()};  // not as a whole: its halves were written just now
    tag.tag = find_tag(tag.name, tag.hash);
    tag.attributes = attributes_;
    if (is_end_tag)
        sink_.end_tag(tag);
    else
        set_model(sink_.start_tag(tag), tag.name);
    stopped_ = sink_.stopped();
    return at + 1;
}

}  // namespace meter::html::detail
