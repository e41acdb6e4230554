// What the parser gets to see: one linear pass over the page before libxml2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace meter::html::detail {

struct PrescanLimits {
    std::size_t max_attributes_per_tag = 1'000;
    std::size_t max_nodes = 1'000'000;
};

/// Reads the page as the HTML standard's tokeniser does (section 13.2.5) and rewrites what libxml2 would read
/// otherwise:
///  - attributes beyond the limit are dropped: libxml2's start tags are quadratic in them;
///  - attributes whose names libxml2 cannot read ("@click", "(change)", "[value]") are dropped, since it would take
///  their
///    values for more attributes or end the tag at a '>' inside;
///  - NUL bytes, doctypes, processing instructions and malformed comments are dropped;
///  - the content of title and textarea is text;
///  - character references of HTML 5 and those without a semicolon become what the standard says.
/// Bytes are copied only from the first change on.
class Prescan {
public:
    Prescan(std::string_view utf8, const PrescanLimits& limits);

    std::string_view text() const noexcept { return copied_ ? std::string_view(out_) : input_; }
    std::size_t tags() const noexcept { return tags_; }
    std::size_t dropped_attributes() const noexcept { return dropped_attributes_; }
    /// More start tags and attributes than `max_nodes` (two attributes count as one node), or four times as many tags.
    bool too_large() const noexcept { return too_large_; }

private:
    void run();
    void read_markup();
    void read_start_tag();
    void read_end_tag();
    void read_comment();
    void read_reference(bool in_attribute, std::size_t end);
    void read_rcdata(std::size_t end_tag);
    void drop_to(std::size_t end);
    void replace(std::size_t start, std::size_t end, std::string_view by);
    std::size_t find_end_tag(std::string_view name, std::size_t from) const noexcept;

    std::string_view input_;
    PrescanLimits limits_;
    std::string clean_;  // the input without NUL bytes, when it had any
    std::string out_;
    std::size_t at_ = 0;     // next byte to read
    std::size_t taken_ = 0;  // input up to here is in out_ (once copied_)
    bool copied_ = false;
    bool too_large_ = false;
    bool title_unclosed_ = false;  // no </title> follows any more
    bool textarea_unclosed_ = false;
    std::size_t tags_ = 0;
    std::size_t units_ = 0;
    std::size_t dropped_attributes_ = 0;
};

}  // namespace meter::html::detail
