// Watches of other programs, as bodies of POST /api/watch, and what of them has no equivalent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meter/result.hpp"
#include "meter/value.hpp"

namespace meter::server {

struct ForeignWatch {
    std::string where;                        ///< "line 12: Books": how the report calls it
    Object body;                              ///< of POST /api/watch
    bool enabled = true;                      ///< of the schedule
    std::string group = {};                   ///< name of the strategy group; empty: none
    std::vector<std::string> notes = {};      ///< what was not mapped, a sentence each
    std::optional<std::string> refused = {};  ///< why nothing can be made of it
};

/// The url-watches.json of changedetection.io. Errors: parse, invalid_argument, too_large.
Result<std::vector<ForeignWatch>> read_changedetection(std::string_view text);

/// The urls.yaml of urlwatch; its jobs have no interval of their own. Errors: parse, too_large; unsupported where the
/// build has no libyaml.
Result<std::vector<ForeignWatch>> read_urlwatch(std::string_view text, std::int64_t interval_seconds);

/// Longest file of another program, and most watches in one.
inline constexpr std::size_t most_foreign_bytes = 32u << 20;
inline constexpr std::size_t most_foreign_watches = 100'000;

// -- what both readers need ------------------------------------------------------------------------------------------

/// What is known so far of how a watch reads its page. Only one of the kinds of plan comes of it.
class PlanDraft {
public:
    /// A CSS selector or, with the prefix "xpath:", an XPath. Several of one kind are joined.
    void select(std::string_view selector, ForeignWatch& watch);
    /// The path of a JSON answer: "$.a.b[*].c", ".a[0].b". Notes when it is more than a path.
    void select_json(std::string_view path, ForeignWatch& watch);
    /// CSS selectors of what does not count; content plans only.
    void exclude(std::string_view selector) { excluded_.emplace_back(selector); }
    void limit(std::int64_t items) { limit_ = items; }
    void extract(std::string_view regex, ForeignWatch& watch);
    /// Records with a text that contains, or does not contain, or that the regex is found in.
    void keep(std::string_view op, std::string_view value, bool case_sensitive, ForeignWatch& watch);
    void keep_any() { any_ = true; }  ///< one condition is enough
    std::size_t conditions() const noexcept { return conditions_.size(); }
    void ignore(std::string_view regex, ForeignWatch& watch);
    /// What is sent with a POST, for JSON answers.
    void post(std::string_view body_type, Value body);
    bool posts() const noexcept { return body_type_.has_value(); }
    bool reads_json() const noexcept { return json_; }

    /// Sets `strategy`, `filter_config` and `ignore` of the body. `url` is the body's.
    void finish(ForeignWatch& watch) &&;

private:
    std::string css_, xpath_, items_path_;
    std::string attribute_;
    std::optional<std::vector<std::string>> member_path_;
    bool json_ = false;
    bool any_ = false;
    std::vector<std::string> excluded_, regexes_;
    std::int64_t limit_ = 0;
    Value::Array conditions_, ignored_;
    std::optional<std::string> body_type_;
    Value post_body_;
};

/// Does the library take this regular expression? Those of Python may look around or back, which RE2 does not.
bool is_usable_regex(std::string_view regex);
/// A regular expression that finds exactly this text.
std::string literal_regex(std::string_view text);
/// True when the text means itself as a regular expression.
bool is_literal(std::string_view text) noexcept;

/// Sets `fetch.headers` and, from a Cookie header, `fetch.cookies`.
void set_headers(const Object& headers, ForeignWatch& watch);
void set_cookies(const Object& cookies, ForeignWatch& watch);
void set_timeout(double seconds, ForeignWatch& watch);
/// Sets `webhook_url` from the first notification URL that has an equivalent.
void set_notifications(const Value::Array& urls, ForeignWatch& watch);
/// At least the shortest there is.
void set_interval(std::int64_t seconds, ForeignWatch& watch);
/// The first becomes the group.
void set_tags(const std::vector<std::string>& tags, ForeignWatch& watch);
void set_name(std::string_view name, ForeignWatch& watch);

/// Text of a scalar, numbers and flags included; nullopt for anything else.
std::optional<std::string> scalar_text(const Value& value);
/// A text, or each text of a list.
std::vector<std::string> text_list(const Value* value);

}  // namespace meter::server
