// Everything that a store holds as records of one form, whatever the store is made of: what moves between stores.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter {

/// How a member of a record is written as a Value.
enum class MemberType {
    text,     ///< string
    id,       ///< string: a UUID in lower case
    word,     ///< string: one of RecordMember::words
    integer,  ///< integer
    flag,     ///< boolean
    time,  ///< string: RFC 3339 with milliseconds; outside the years 0000 to 9999 an integer, milliseconds since 1970
    json,  ///< array or object; a string that holds one where reading and writing it would change its text
    bytes  ///< string: base64 (RFC 4648)
};

struct RecordMember {
    std::string name;
    MemberType type = MemberType::text;
    bool optional = false;  ///< absent when there is nothing
    std::vector<std::string> words = {};
};

/// One kind of record. Names are those of the stored objects' members (meter/strategy.hpp, meter/schedule.hpp ...).
struct METER_EXPORT RecordKind {
    std::string name;
    /// Records of this kind follow the record of that kind whose id they have as first member, before the next one.
    std::string parent = {};
    std::size_t key = 1;  ///< the first so many members name a record, and are the order of records
    std::vector<RecordMember> members = {};

    const RecordMember* find(std::string_view member) const noexcept;
};

/// Every kind there is, in the order they are moved: what a record refers to comes before it. What is left out lives
/// for minutes only: answers kept for idempotency keys, reservations of the quota.
METER_EXPORT const std::vector<RecordKind>& record_kinds();

METER_EXPORT const RecordKind* find_record_kind(std::string_view name) noexcept;

struct StoreRecord {
    std::string kind;
    Object members;
};

/// Checks names, presence and form of the members; not what they mean. Errors: invalid_argument, the member as subject.
METER_EXPORT Result<void> validate(const StoreRecord& record);

/// Takes records one by one. An error ends the export, which returns it.
using RecordSink = std::function<Result<void>(const StoreRecord&)>;

/// Gives records one by one. A store may start again, when it had to undo what it did.
class METER_EXPORT RecordSource {
public:
    virtual ~RecordSource();
    /// The next record is the first one.
    virtual Result<void> rewind() = 0;
    /// nullopt: that was all. An error ends the import, which returns it.
    virtual Result<std::optional<StoreRecord>> next() = 0;
};

}  // namespace meter
