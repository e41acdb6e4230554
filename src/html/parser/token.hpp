// What the HTML tokeniser hands to the tree builder (HTML standard, section 13.2.5), and who receives it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "html/tags.hpp"

namespace meter::html::detail {

/// One attribute of a start tag. Views are valid until the receiver returns.
struct AttributeToken {
    std::string_view name;   ///< ASCII lower case, U+0000 replaced; unique within its tag
    std::string_view value;  ///< character references resolved
    std::uint32_t hash = 0;  ///< tag_hash(name), made while the name was read
};

struct TagToken {
    std::string_view name;   ///< ASCII lower case, U+0000 replaced
    std::uint32_t hash = 0;  ///< tag_hash(name)
    Tag tag = 0;             ///< find_tag(name)
    bool self_closing = false;
    std::span<const AttributeToken> attributes;  ///< empty for end tags
};

struct DoctypeToken {
    std::string_view name, public_id, system_id;
    bool has_name = false, has_public_id = false, has_system_id = false;  ///< missing differs from empty
    bool force_quirks = false;
};

/// How the characters that follow are read: the tokeniser states a tree builder switches to (13.2.5.1 to 13.2.5.5).
enum class ContentModel : std::uint8_t { data, rcdata, rawtext, script_data, plaintext };

/// Receives tokens in document order.
class TokenSink {
public:
    virtual ~TokenSink() = default;

    /// Returns how to go on reading. Raw content ends at the end tag with this tag's name.
    virtual ContentModel start_tag(const TagToken& tag) = 0;
    virtual void end_tag(const TagToken& tag) = 0;
    /// Valid UTF-8 without U+0000, never empty, line ends normalised to LF. One run of text may come in several calls,
    /// cut between characters.
    virtual void characters(std::string_view text) = 0;
    /// A U+0000 in the data state or a CDATA section. In every other state the tokeniser has made it U+FFFD.
    virtual void null_character() = 0;
    virtual void comment(std::string_view text) = 0;
    virtual void doctype(const DoctypeToken& doctype) = 0;
    virtual void end_of_file() = 0;
    /// Whether "<![CDATA[" opens a CDATA section: the adjusted current node is in no HTML namespace.
    virtual bool cdata_allowed() const = 0;
    /// True ends the parse: a limit was reached. Asked after each token.
    virtual bool stopped() const = 0;
};

}  // namespace meter::html::detail
