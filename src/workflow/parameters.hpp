// Which values of an item become parameters of its job (wire contract 19.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter::workflow {

/// A compiled `parameter_config`.
class ParameterMap {
public:
    /// Errors: invalid_argument; `subject` is the member at fault, beginning with `path`.
    static Result<ParameterMap> parse(const Value& config, const std::string& path);

    /// Every name from the member of the item of the same name: what upstream_data does without a configuration.
    static ParameterMap of_names(const Object& names);

    /// Sets the parameters of this item. False when the item lacks one that is required: it is skipped.
    bool apply(const Value& item, Object& parameters) const;

private:
    struct Entry {
        std::string name = {};
        std::optional<std::string> field = {};  ///< dotted path; nullopt: a constant
        std::optional<Value> value = {};        ///< the constant, or the default of a field
        bool required = false;
        bool whole_name = false;  ///< `field` is a member's name, not a path
    };

    std::vector<Entry> entries_;
};

/// Null, "", [] and {}: a field that might as well be missing.
bool is_blank(const Value* value) noexcept;

}  // namespace meter::workflow
