// What people say about the result of a plan, as changes to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "generate/intent.hpp"
#include "meter/result.hpp"

namespace meter::generate {

struct FeedbackStep {
    enum class Kind {
        add,       ///< `fields`
        drop,      ///< `field`
        rename,    ///< `field` to `text`
        retype,    ///< `field` to `text`: number, text, list, link, html
        correct,   ///< `field` was read from the wrong place; `words` say more about the right one, may be empty
        currency,  ///< `field` is to have its currency
        keep,      ///< only records that `words` describe
        skip,      ///< no records that `words` describe
        limit,     ///< at most `count` records
    };
    Kind kind = Kind::add;
    std::string field = {};
    std::vector<WantedField> fields = {};
    std::string text = {};
    std::vector<std::string> words = {};  ///< singular, lower case; of a quoted text or a selector: that alone
    std::size_t count = 0;

    bool operator==(const FeedbackStep&) const = default;
};

/// Reads sentences like "also extract images and SKU", "drop the date", "call price cost", "price as a number", "the
/// price is wrong", "skip sponsored items", "only the first table, not the sidebar". `names`: the plan's fields.
/// Errors: unprocessable "Feedback not understood: <words>" with the part that was not.
Result<std::vector<FeedbackStep>> read_feedback(std::string_view feedback, const std::vector<std::string>& names);

Error not_understood(std::string_view words);

}  // namespace meter::generate
