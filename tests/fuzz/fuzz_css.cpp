// Any text as a selector on a page that has a little of everything: refused, or matched within its budget, and every
// match found again by matches().
#include <string>

#include "fuzzing.hpp"
#include "html/document.hpp"
#include "html/selector.hpp"

using meter::fuzzing::expect;

namespace {

const meter::html::Document& page() {
    static const auto document = meter::html::Document::parse(R"(<!doctype html><html lang=en-GB><body id=b class="x y">
<nav><a href="/a">A</a> <a name=n>B</a></nav><ul class=list><li class="product first" data-id=1>One <b>1</b><li
class=product data-id="2">Two<li>&nbsp;Three</ul><table><tr><td colspan=2>c<td>d<tr><th>e</table><form><input disabled
type=checkbox checked><select><option selected value=v>o</select></form><svg><title>t</title></svg><p lang=fr><p><!--c-->
<div><div><div><span class="y x">deep</span></div></div></div><p>last</p></body></html>)");
    return *document;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto selector = meter::html::Selector::parse(text);
    if (!selector) {
        expect(!selector.error().message.empty(), "a refusal has a reason");
        return 0;
    }
    const auto found = selector->all(page().root());
    if (!found) return 0;  // out of budget, or ill-typed XPath
    const auto first = selector->first(page().root());
    expect(first && first->has_value() == !found->empty(), "first() and all() agree");
    if (selector->is_xpath()) return 0;
    for (const auto& match : *found) expect(selector->matches(match.element, page().root()), "what is found matches");
    return 0;
}
