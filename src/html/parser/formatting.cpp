// The list of active formatting elements (HTML standard 13.2.4.3) and the adoption agency algorithm (13.2.6.4.7).
#include <algorithm>

#include "html/parser/builder.hpp"

namespace meter::html::detail {
namespace {

// A number that is the same for the same attributes in any order; names are interned.
std::uint32_t sketch_of_attributes(const xmlNode* element) noexcept {
    std::uint32_t sum = 0;
    for (const xmlAttr* attribute = element->properties; attribute != nullptr; attribute = attribute->next)
        sum += static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(attribute->name) >> 2) * 31u +
               static_cast<std::uint32_t>(value_of(attribute).size()) + 7u;
    return sum;
}

bool same_attributes(const xmlNode* a, const xmlNode* b) noexcept {
    std::size_t of_a = 0, of_b = 0;
    for (const xmlAttr* attribute = b->properties; attribute != nullptr; attribute = attribute->next) ++of_b;
    for (const xmlAttr* attribute = a->properties; attribute != nullptr; attribute = attribute->next, ++of_a) {
        const xmlAttr* other = b->properties;
        while (other != nullptr && other->name != attribute->name) other = other->next;
        if (other == nullptr || value_of(attribute) != value_of(other)) return false;
    }
    return of_a == of_b;
}

}  // namespace

// With the "Noah's Ark clause": at most three alike behind the last marker.
void TreeBuilder::push_formatting(xmlNode* node) {
    const Formatting added{node, tag_of(node), sketch_of_attributes(node)};
    std::size_t alike = 0;
    for (std::size_t i = formatting_.size(); i-- > 0 && formatting_[i].node != nullptr; ++steps_) {
        const Formatting& other = formatting_[i];
        if (other.tag != added.tag || other.attributes != added.attributes || !same_attributes(other.node, node))
            continue;
        if (++alike < 3) continue;
        formatting_.erase(formatting_.begin() + static_cast<std::ptrdiff_t>(i));
        break;
    }
    formatting_.push_back(added);
}

void TreeBuilder::clear_formatting_to_marker() noexcept {
    while (!formatting_.empty()) {
        const bool marker = formatting_.back().node == nullptr;
        formatting_.pop_back();
        if (marker) return;
    }
}

void TreeBuilder::reconstruct_formatting() {
    if (formatting_.empty()) return;
    const xmlNode* last = formatting_.back().node;
    if (last != nullptr && !is_open(last)) reopen_formatting();
}

void TreeBuilder::reopen_formatting() {
    std::size_t i = formatting_.size() - 1;
    while (i > 0 && formatting_[i - 1].node != nullptr && !is_open(formatting_[i - 1].node)) --i, ++steps_;
    for (; i < formatting_.size() && stack_.size() < max_depth; ++i) {
        xmlNode* node = sink_.clone_element(formatting_[i].node);
        sink_.insert(place(), node);
        push(node);
        formatting_[i].node = node;
    }
}

std::size_t TreeBuilder::find_formatting(Tag tag) const noexcept {
    for (std::size_t i = formatting_.size(); i-- > 0 && formatting_[i].node != nullptr; ++steps_)
        if (formatting_[i].tag == tag) return i;
    return npos;
}

std::size_t TreeBuilder::find_formatting(const xmlNode* node) const noexcept {
    for (std::size_t i = formatting_.size(); i-- > 0; ++steps_)
        if (formatting_[i].node == node) return i;
    return npos;
}

void TreeBuilder::run_adoption_agency(const TagToken& tag) {
    if (current().is(tag.tag)) {
        if (!formatting_.empty() && formatting_.back().node == current().node) {  // well nested, as most markup is
            formatting_.pop_back();
            return pop();
        }
        if (find_formatting(current().node) == npos) return pop();
    }
    for (int round = 0; round < 8 && adopt(tag); ++round) {
    }
}

bool TreeBuilder::adopt(const TagToken& tag) {
    const std::size_t entry = find_formatting(tag.tag);
    if (entry == npos) {
        end_any_other(tag);
        return false;
    }
    const auto forget = [&](std::size_t index) {
        formatting_.erase(formatting_.begin() + static_cast<std::ptrdiff_t>(index));
    };
    xmlNode* const subject = formatting_[entry].node;
    const std::size_t position = index_on_stack(subject);
    if (position == stack_.size()) {
        forget(entry);
        return false;
    }
    std::size_t furthest = stack_.size();
    for (std::size_t i = stack_.size(); i-- > position; ++steps_) {
        const Open& one = stack_[i];
        if (i != position && (one.traits & ends_scope) != 0) return false;  // not in scope
        if ((one.traits & is_special) != 0) furthest = i;
    }
    if (furthest == stack_.size()) {
        truncate(position);
        forget(entry);
        return false;
    }
    xmlNode* const ancestor = stack_[position - 1].node;
    xmlNode* const block = stack_[furthest].node;
    std::size_t bookmark = entry;  // where the clone of the subject will be put, counted with the subject in place
    xmlNode* last = block;
    std::size_t i = furthest;
    for (int count = 1; --i > position; ++count) {
        xmlNode* const node = stack_[i].node;
        std::size_t listed = find_formatting(node);
        if (count > 3 && listed != npos) {
            forget(listed);
            if (listed < bookmark) --bookmark;
            listed = npos;
        }
        if (listed == npos) {
            remove_from_stack(i);
            --furthest;
            continue;
        }
        xmlNode* const copy = sink_.clone_element(node);
        formatting_[listed].node = copy;
        node->extra = static_cast<unsigned short>(node->extra & ~open_mark);
        copy->extra |= open_mark;
        stack_[i].node = copy;
        if (last == block) bookmark = listed + 1;
        sink_.detach(last);
        sink_.insert({container(copy), nullptr}, last);
        last = copy;
    }
    sink_.detach(last);
    sink_.insert(place_in(ancestor), last);
    xmlNode* const copy = sink_.clone_element(subject);
    sink_.move_children(container(block), copy);
    sink_.insert({container(block), nullptr}, copy);
    const Formatting moved{copy, tag_of(copy), formatting_[find_formatting(subject)].attributes};
    const std::size_t old = find_formatting(subject);
    forget(old);
    if (old < bookmark) --bookmark;
    formatting_.insert(formatting_.begin() + static_cast<std::ptrdiff_t>(std::min(bookmark, formatting_.size())),
                       moved);
    remove_from_stack(position);
    --furthest;
    Open opened = stack_[furthest];
    opened.node = copy;
    opened.tag = tag_of(copy);
    opened.traits = 0;
    opened.space = Space::html;
    ++open_[opened.tag];
    copy->extra |= open_mark;
    stack_.insert(stack_.begin() + static_cast<std::ptrdiff_t>(furthest) + 1, opened);
    return true;
}

}  // namespace meter::html::detail
