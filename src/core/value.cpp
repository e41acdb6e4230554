#include "meter/value.hpp"

#include <algorithm>
#include <array>

namespace meter {

Object::Object() = default;
Object::Object(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(const Object&) = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

Object::Object(std::initializer_list<Member> members) {
    members_.reserve(members.size());
    for (const auto& [key, value] : members) set(key, value);
}

const Value* Object::find(std::string_view key) const noexcept {
    for (const auto& member : members_)
        if (member.first == key) return &member.second;
    return nullptr;
}

Value* Object::find(std::string_view key) noexcept {
    return const_cast<Value*>(static_cast<const Object*>(this)->find(key));
}

Value& Object::set(std::string key, Value value) {
    if (Value* found = find(key)) {
        *found = std::move(value);
        return *found;
    }
    return append(std::move(key), std::move(value));
}

Value& Object::append(std::string key, Value value) {
    return members_.emplace_back(std::move(key), std::move(value)).second;
}

void Object::reserve(std::size_t members) {
    members_.reserve(members);
}

bool Object::erase(std::string_view key) {
    const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.first == key; });
    if (found == members_.end()) return false;
    members_.erase(found);
    return true;
}

std::size_t Object::size() const noexcept {
    return members_.size();
}
std::vector<Object::Member>::const_iterator Object::begin() const noexcept {
    return members_.begin();
}
std::vector<Object::Member>::const_iterator Object::end() const noexcept {
    return members_.end();
}
std::vector<Object::Member>::iterator Object::begin() noexcept {
    return members_.begin();
}
std::vector<Object::Member>::iterator Object::end() noexcept {
    return members_.end();
}

// Members usually come in the same order, so both are walked side by side. Where the orders part, the rest is looked
// up, by binary search when it is long: objects from outside may have very many members.
bool operator==(const Object& a, const Object& b) {
    constexpr std::size_t short_rest = 16;
    if (a.size() != b.size()) return false;
    auto left = a.begin(), right = b.begin();
    for (; left != a.end() && left->first == right->first; ++left, ++right)
        if (!(left->second == right->second)) return false;
    const auto rest = static_cast<std::size_t>(a.end() - left);
    if (rest <= short_rest) {
        return std::all_of(left, a.end(), [&](const Object::Member& member) {
            const auto found =
                std::find_if(right, b.end(), [&](const Object::Member& other) { return other.first == member.first; });
            return found != b.end() && found->second == member.second;
        });
    }
    std::vector<const Object::Member*> sorted(rest);
    std::transform(right, b.end(), sorted.begin(), [](const Object::Member& member) { return &member; });
    std::sort(sorted.begin(), sorted.end(), [](const auto* x, const auto* y) { return x->first < y->first; });
    return std::all_of(left, a.end(), [&](const Object::Member& member) {
        const auto found =
            std::lower_bound(sorted.begin(), sorted.end(), member.first,
                             [](const auto* other, const std::string& key) { return other->first < key; });
        return found != sorted.end() && (*found)->first == member.first && (*found)->second == member.second;
    });
}

double Value::to_double() const noexcept {
    if (const auto* integer = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*integer);
    if (const auto* number = std::get_if<double>(&data_)) return *number;
    return 0;
}

const Value* Value::find(std::string_view key) const noexcept {
    const Object* object = if_object();
    return object == nullptr ? nullptr : object->find(key);
}

std::string_view Value::type_name() const noexcept {
    static constexpr std::array<std::string_view, 7> names{"null",   "boolean", "number", "number",
                                                           "string", "array",   "object"};
    return names[data_.index()];
}

bool operator==(const Value& a, const Value& b) {
    // As doubles, so that a large double still equals what is read back from its shortest text.
    if (a.is_number() && b.is_number() && a.kind() != b.kind()) return a.to_double() == b.to_double();
    return a.data_ == b.data_;
}

}  // namespace meter
