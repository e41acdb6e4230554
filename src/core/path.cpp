#include "core/path.hpp"

#include <charconv>

namespace meter::core {

std::optional<std::size_t> array_index(std::string_view segment) noexcept {
    if (segment.empty() || (segment.size() > 1 && segment.front() == '0')) return std::nullopt;
    std::size_t index = 0;
    const char* end = segment.data() + segment.size();
    const auto [rest, failure] = std::from_chars(segment.data(), end, index);
    if (failure != std::errc{} || rest != end) return std::nullopt;
    return index;
}

const Value* find_path(const Value& root, std::string_view dotted) noexcept {
    const Value* here = &root;
    while (!dotted.empty()) {
        if (const Value* literal = here->find(dotted)) return literal;
        const std::size_t dot = dotted.find('.');
        const std::string_view segment = dotted.substr(0, dot);
        if (const auto* array = here->if_array()) {
            const auto index = array_index(segment);
            here = index && *index < array->size() ? &(*array)[*index] : nullptr;
        } else {
            here = here->find(segment);
        }
        if (here == nullptr || dot == std::string_view::npos) return here;
        dotted.remove_prefix(dot + 1);
        // A trailing dot asks for a member with an empty name.
        if (dotted.empty()) return here->find("");
    }
    return here;
}

}  // namespace meter::core
