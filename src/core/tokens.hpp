// Words of values: what similarity counts and keyword filters look for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "meter/value.hpp"

namespace meter::core {

/// Appends the tokens of a text, a space after each: runs of letters and digits, in NFC and case-folded (wire contract
/// 12.4, 14.3). "Crème  brûlée, $19.99!" appends "crème brûlée 19 99 ". Linear.
void append_tokens(std::string& out, std::string_view text);

/// Calls `visit(value)` for every scalar at any depth, in document order, until it returns false. No recursion.
template <class Visit>
void each_scalar(const Value& root, Visit visit) {
    struct Frame {
        const Value::Array* array;
        const Object* object;
        std::size_t next;
    };
    if (root.is_scalar()) return void(visit(root));
    std::vector<Frame> open{{root.if_array(), root.if_object(), 0}};
    while (!open.empty()) {
        Frame& frame = open.back();
        const std::size_t size = frame.array != nullptr ? frame.array->size() : frame.object->size();
        if (frame.next == size) {
            open.pop_back();
            continue;
        }
        const std::size_t at = frame.next++;
        const Value& value = frame.array != nullptr ? (*frame.array)[at]
                                                    : (frame.object->begin() + static_cast<std::ptrdiff_t>(at))->second;
        if (!value.is_scalar())
            open.push_back({value.if_array(), value.if_object(), 0});
        else if (!visit(value))
            return;
    }
}

}  // namespace meter::core
