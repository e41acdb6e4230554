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

bool operator==(const Object& a, const Object& b) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a) {
        const Value* other = b.find(key);
        if (other == nullptr || !(value == *other)) return false;
    }
    return true;
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
    if (a.is_number() && b.is_number() && a.kind() != b.kind()) return a.to_double() == b.to_double();
    return a.data_ == b.data_;
}

}  // namespace meter
