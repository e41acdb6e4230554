// Fingerprints of results: what makes two runs "the same". Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "meter/export.hpp"
#include "meter/value.hpp"

namespace meter {

/// Canonical JSON of results: RFC 8785 (sorted keys, shortest numbers, no white space) after every string was
/// NFC-normalised, its white-space runs made one space and trimmed. Source: wire contract 12.1.
METER_EXPORT std::string canonical_json(const Value& results);

/// Lower-case hex SHA-256 of canonical_json(). Item order counts.
METER_EXPORT std::string content_hash(const Value& results);

/// Shape of items: {"version":1,"hash","item_count","fields":{dotted path:{"types":[...],"always":bool}}}. The hash
/// covers `fields` only. Source: wire contract 12.2.
METER_EXPORT Value structural_signature(const std::vector<Value>& items);

/// How many of the items have each top-level field with a value that is not null. Object: name -> integer.
METER_EXPORT Value field_counts(const std::vector<Value>& items);

/// How a finished job is to be judged.
enum class Outcome { ok, empty, degraded, blocked, failed };

/// "ok", "empty", "degraded", "blocked" or "failed".
METER_EXPORT std::string_view to_string(Outcome outcome) noexcept;

/// What is remembered of a baseline in order to judge later runs.
struct BaselineShape {
    std::int64_t item_count = 0;
    Value field_counts = Object{};  ///< as field_counts() of its items

    bool operator==(const BaselineShape&) const = default;
};

/// Judges a completed extraction against its baseline (null pointer when there is none): `empty` when it has no item
/// and the baseline has some; `degraded` when it has at least three items and a field that at least half of the
/// baseline's items have is null in every one; `ok` otherwise. Source: wire contract 12.3.
METER_EXPORT Outcome judge(const std::vector<Value>& items, const BaselineShape* baseline);

}  // namespace meter
