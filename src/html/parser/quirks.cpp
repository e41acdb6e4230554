#include "html/parser/quirks.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/unicode.hpp"

namespace meter::html::detail {
namespace {

constexpr std::array<std::string_view, 3> quirky_public_ids{"-//w3o//dtd w3 html strict 3.0//en//",
                                                            "-/w3c/dtd html 4.0 transitional/en", "html"};

constexpr std::array<std::string_view, 55> quirky_public_prefixes{
    "+//silmaril//dtd html pro v0r11 19970101//",
    "-//as//dtd html 3.0 aswedit + extensions//",
    "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
    "-//ietf//dtd html 2.0 level 1//",
    "-//ietf//dtd html 2.0 level 2//",
    "-//ietf//dtd html 2.0 strict level 1//",
    "-//ietf//dtd html 2.0 strict level 2//",
    "-//ietf//dtd html 2.0 strict//",
    "-//ietf//dtd html 2.0//",
    "-//ietf//dtd html 2.1e//",
    "-//ietf//dtd html 3.0//",
    "-//ietf//dtd html 3.2 final//",
    "-//ietf//dtd html 3.2//",
    "-//ietf//dtd html 3//",
    "-//ietf//dtd html level 0//",
    "-//ietf//dtd html level 1//",
    "-//ietf//dtd html level 2//",
    "-//ietf//dtd html level 3//",
    "-//ietf//dtd html strict level 0//",
    "-//ietf//dtd html strict level 1//",
    "-//ietf//dtd html strict level 2//",
    "-//ietf//dtd html strict level 3//",
    "-//ietf//dtd html strict//",
    "-//ietf//dtd html//",
    "-//metrius//dtd metrius presentational//",
    "-//microsoft//dtd internet explorer 2.0 html strict//",
    "-//microsoft//dtd internet explorer 2.0 html//",
    "-//microsoft//dtd internet explorer 2.0 tables//",
    "-//microsoft//dtd internet explorer 3.0 html strict//",
    "-//microsoft//dtd internet explorer 3.0 html//",
    "-//microsoft//dtd internet explorer 3.0 tables//",
    "-//netscape comm. corp.//dtd html//",
    "-//netscape comm. corp.//dtd strict html//",
    "-//o'reilly and associates//dtd html 2.0//",
    "-//o'reilly and associates//dtd html extended 1.0//",
    "-//o'reilly and associates//dtd html extended relaxed 1.0//",
    "-//sq//dtd html 2.0 hotmetal + extensions//",
    "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
    "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
    "-//spyglass//dtd html 2.0 extended//",
    "-//sun microsystems corp.//dtd hotjava html//",
    "-//sun microsystems corp.//dtd hotjava strict html//",
    "-//w3c//dtd html 3 1995-03-24//",
    "-//w3c//dtd html 3.2 draft//",
    "-//w3c//dtd html 3.2 final//",
    "-//w3c//dtd html 3.2//",
    "-//w3c//dtd html 3.2s draft//",
    "-//w3c//dtd html 4.0 frameset//",
    "-//w3c//dtd html 4.0 transitional//",
    "-//w3c//dtd html experimental 19960712//",
    "-//w3c//dtd html experimental 970421//",
    "-//w3c//dtd w3 html//",
    "-//w3o//dtd w3 html 3.0//",
    "-//webtechs//dtd mozilla html 2.0//",
    "-//webtechs//dtd mozilla html//"};

// Quirks only without a system identifier.
constexpr std::array<std::string_view, 2> quirky_if_no_system_id{"-//w3c//dtd html 4.01 frameset//",
                                                                 "-//w3c//dtd html 4.01 transitional//"};

bool has_prefix(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() && core::ascii_iequals(text.substr(0, prefix.size()), prefix);
}

}  // namespace

bool means_quirks(const DoctypeToken& doctype) noexcept {
    if (doctype.force_quirks || doctype.name != "html") return true;
    const auto is_id = [&](std::string_view id) { return core::ascii_iequals(doctype.public_id, id); };
    const auto starts = [&](std::string_view prefix) { return has_prefix(doctype.public_id, prefix); };
    if (doctype.has_public_id) {
        if (std::any_of(quirky_public_ids.begin(), quirky_public_ids.end(), is_id)) return true;
        if (std::any_of(quirky_public_prefixes.begin(), quirky_public_prefixes.end(), starts)) return true;
        if (!doctype.has_system_id && std::any_of(quirky_if_no_system_id.begin(), quirky_if_no_system_id.end(), starts))
            return true;
    }
    return doctype.has_system_id &&
           core::ascii_iequals(doctype.system_id, "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd");
}

}  // namespace meter::html::detail
