// Any bytes as a page, with any charset, in pieces, or as a fragment: the same tree whatever the pieces, whose views,
// text, serialisation, CSS and XPath agree; valid UTF-8 throughout.
// The first byte chooses: the low bits a charset, the next a context, the rest the size of the pieces.
#include <algorithm>
#include <array>
#include <string>

#include "core/unicode.hpp"
#include "fuzzing.hpp"
#include "html/parser/parser.hpp"
#include "html/selector.hpp"

using meter::fuzzing::expect;
using namespace meter::html;

namespace {

constexpr std::array<std::string_view, 8> content_types{
    "text/html; charset=utf-8",     "",
    "text/html; charset=utf-16le",  "text/html; charset=windows-1252",
    "text/html; charset=shift_jis", "text/html; charset=gb18030",
    "text/html; charset=utf-8",     "text/html; charset=utf-8"};

meter::Result<Document> parse_in_pieces(std::string_view bytes, std::size_t piece, const ParseOptions& options) {
    Parser parser(options);
    for (std::size_t i = 0; i < bytes.size(); i += piece)
        if (auto fed = parser.feed(bytes.substr(i, piece)); !fed) return fed.error();
    return parser.finish();
}

void check(const Document& document) {
    const Element root = document.root();
    expect(static_cast<bool>(root), "every page has a root");
    std::size_t elements = 0;
    Element last;
    for (Element e = root; e; e = e.next_in(root), ++elements) {
        if (e.first_child()) expect(e.first_child().parent() == e, "a child knows its parent");
        if (e.next_sibling()) expect(e.next_sibling().previous_sibling() == e, "siblings know each other");
        last = e;
    }
    static const auto css = Selector::parse("*").value(), xpath = Selector::parse("xpath://*").value();
    const auto by_css = css.all(root), by_xpath = xpath.all(root);
    expect(!by_css || by_css->size() == elements, "CSS finds every element");
    expect(!by_xpath || by_xpath->size() == elements, "XPath finds every element");
    expect(meter::core::is_valid_utf8(root.text()), "text is UTF-8");
    expect(meter::core::is_valid_utf8(root.inner_html()), "markup is UTF-8");
    static_cast<void>(document.title());
    static_cast<void>(document.base_url("https://example.com/"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const unsigned choice = data[0];
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    ParseOptions options{.max_attributes_per_tag = 20, .max_nodes = 20'000};
    if ((choice & 7u) == 7u) {
        constexpr std::array<std::string_view, 8> contexts{"div",    "table", "tr",       "select",
                                                           "script", "title", "template", "html"};
        const auto fragment = Document::parse_fragment(bytes, contexts[choice >> 3 & 7u], options);
        if (fragment) check(*fragment);
        return 0;
    }
    options.content_type = content_types[choice & 7u];
    const auto whole = Document::parse(bytes, options);
    const auto pieces = parse_in_pieces(bytes, (choice >> 3) + 1, options);
    expect(whole.has_value() == pieces.has_value(), "limits do not depend on the pieces");
    if (!whole) return 0;
    expect(whole->encoding() == pieces->encoding(), "nor does the encoding");
    expect(whole->root().inner_html() == pieces->root().inner_html(), "nor does the tree");
    check(*whole);
    return 0;
}
