// The grammar of selectors: Selectors Level 3 and the parts of Level 4 named in selector.hpp.
#include <algorithm>
#include <array>
#include <utility>

#include "core/unicode.hpp"
#include "html/css.hpp"
#include "html/css_reader.hpp"

namespace meter::html::detail {
namespace {

using Kind = SimpleSelector::Kind;

// HTML standard 4.16.2: values of these compare ASCII case-insensitively. Sorted.
constexpr std::array<std::string_view, 46> folded_attributes{
    "accept",   "accept-charset", "align",    "alink",      "axis",   "bgcolor",  "charset",   "checked",  "clear",
    "codetype", "color",          "compact",  "declare",    "defer",  "dir",      "direction", "disabled", "enctype",
    "face",     "frame",          "hreflang", "http-equiv", "lang",   "language", "link",      "media",    "method",
    "multiple", "nohref",         "noresize", "noshade",    "nowrap", "readonly", "rel",       "rev",      "rules",
    "scope",    "scrolling",      "selected", "shape",      "target", "text",     "type",      "valign",   "valuetype",
    "vlink"};
static_assert(std::is_sorted(folded_attributes.begin(), folded_attributes.end()));

// What a reader does, has done or hears just now, and the fragment of a URL: nothing on a fetched page.
constexpr std::array<std::string_view, 13> reader_pseudos{
    "active", "autofill", "current", "focus",         "focus-visible", "focus-within", "future",
    "hover",  "past",     "target",  "target-within", "user-invalid",  "visited"};

constexpr std::array<std::string_view, 4> pseudo_elements{"after", "before", "first-letter", "first-line"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// What a simple selector costs to test, roughly: compounds test the cheap ones first.
int test_cost(const SimpleSelector& simple) noexcept {
    switch (simple.kind) {
        case Kind::never:
        case Kind::root:
        case Kind::scope:
            return 0;
        case Kind::id:
        case Kind::class_name:
        case Kind::attribute:
            return 1;
        case Kind::nth:
            return simple.of_type || simple.list != no_element ? 4 : 1;
        case Kind::empty:
        case Kind::link:
        case Kind::checked:
            return 2;
        case Kind::disabled:
        case Kind::enabled:
        case Kind::lang:
            return 3;
        case Kind::is:
        case Kind::negation:
            return 5;
        case Kind::contains:
            return 6;
        case Kind::has:
            return 7;
    }
    return 0;
}

class CssParser : private CssReader {
public:
    CssParser(std::string_view text, CssProgram& program) noexcept : CssReader(text), program_(program) {}

    std::optional<Error> run() {
        if (text_.size() > max_selector_bytes) {
            fail("Selector is longer than 2048 bytes", max_selector_bytes);
        } else if (const auto bad = find_bad_utf8()) {
            fail("Selector is not valid UTF-8", *bad);
        } else if (parse_list(program_.top, true, '\0')) {
            for (std::uint32_t i = 0; i < program_.top.count; ++i) {
                const Combinator leading = program_.complexes[program_.top.first + i].leading;
                if (leading == Combinator::next || leading == Combinator::subsequent) program_.beyond_scope = true;
            }
        }
        return std::move(error_);
    }

private:
    // One alternative after the other up to `close` ('\0': the end).
    bool parse_list(SelectorList& list, bool relative, char close, bool anchored = false) {
        std::vector<ComplexSelector> complexes;
        do {
            ComplexSelector complex;
            if (!skip_space() || !parse_complex(complex, relative, anchored)) return false;
            complexes.push_back(complex);
            if (!skip_space()) return false;
        } while (take(','));
        if (close == '\0' ? !at_end() : !take(close)) return fail_unexpected();
        list.first = static_cast<std::uint32_t>(program_.complexes.size());
        list.count = static_cast<std::uint32_t>(complexes.size());
        program_.complexes.insert(program_.complexes.end(), complexes.begin(), complexes.end());
        return true;
    }

    Combinator take_combinator() noexcept {
        if (take('>')) return Combinator::child;
        if (take('+')) return Combinator::next;
        if (take('~')) return Combinator::subsequent;
        return Combinator::none;
    }

    // `anchored`: inside :has(), where a missing combinator means a descendant of the anchor.
    bool parse_complex(ComplexSelector& complex, bool relative, bool anchored) {
        ended_by_pseudo_element_ = false;
        std::vector<Compound> compounds;  // left to right
        if (relative) {
            complex.leading = take_combinator();
            if (complex.leading == Combinator::none && anchored) complex.leading = Combinator::descendant;
            if (complex.leading != Combinator::none) {
                compounds.emplace_back().anchor = true;
                if (!skip_space()) return false;
            }
        }
        Combinator combinator = complex.leading;
        while (true) {
            Compound& compound = compounds.emplace_back();
            compound.combinator = combinator;
            if (!parse_compound(compound)) return false;
            bool space = false;
            if (!skip_space(&space)) return false;
            if (at_end() || peek() == ',' || peek() == ')') break;
            if (ended_by_pseudo_element_) return fail_unexpected();
            combinator = take_combinator();
            if (combinator != Combinator::none) {
                if (!skip_space()) return false;
            } else if (space) {
                combinator = Combinator::descendant;
            } else {
                return fail_unexpected();
            }
        }
        complex.first = static_cast<std::uint32_t>(program_.compounds.size());
        complex.count = static_cast<std::uint32_t>(compounds.size());
        program_.compounds.insert(program_.compounds.end(), std::make_move_iterator(compounds.rbegin()),
                                  std::make_move_iterator(compounds.rend()));
        return true;
    }

    bool parse_compound(Compound& compound) {
        std::vector<SimpleSelector> simples;
        bool any = false;
        if (peek() == '*' || peek() == '|' || is_identifier_start()) {
            if (!parse_type(compound, simples)) return false;
            any = true;
        }
        while (skip_comments() && !at_end() && !ended_by_pseudo_element_) {
            const char c = peek();
            if (c == '#' || c == '.') {
                ++at_;
                SimpleSelector& simple = simples.emplace_back();
                simple.kind = c == '#' ? Kind::id : Kind::class_name;
                if (!read_identifier(simple.value)) return false;
                compound.bloom |= bloom_bits(c, simple.value);
            } else if (c == '[') {
                SimpleSelector& simple = simples.emplace_back();
                if (!parse_attribute(simple)) return false;
                compound.bloom |= bloom_bits('[', simple.name);
            } else if (c == ':') {
                if (!parse_pseudo(simples)) return false;
            } else {
                break;
            }
            any = true;
        }
        if (error_) return false;
        if (!any) return fail_unexpected();
        std::stable_sort(simples.begin(), simples.end(),
                         [](const SimpleSelector& a, const SimpleSelector& b) { return test_cost(a) < test_cost(b); });
        compound.first = static_cast<std::uint32_t>(program_.simples.size());
        compound.count = static_cast<std::uint32_t>(simples.size());
        program_.simples.insert(program_.simples.end(), std::make_move_iterator(simples.begin()),
                                std::make_move_iterator(simples.end()));
        return true;
    }

    // "ns|name", "*|name", "|name", "name", "*". Elements of a page are in a namespace (HTML's), attributes are not.
    bool parse_type(Compound& compound, std::vector<SimpleSelector>& simples) {
        const std::size_t start = at_;
        std::string name;
        const bool star = take('*');
        const bool bare_bar = !star && peek() == '|';
        if (!star && !bare_bar && !read_identifier(name)) return false;
        if (peek() == '|' && peek(1) != '=') {
            if (!star && !bare_bar) return fail("Undeclared namespace prefix \"" + name + "\"", start);
            ++at_;
            if (bare_bar) simples.emplace_back().kind = Kind::never;
            if (take('*')) return true;
            if (!read_identifier(name)) return false;
        } else if (star) {
            return true;
        } else if (bare_bar) {
            return fail_unexpected();
        }
        compound.any_name = false;
        name = core::ascii_lower(name);
        compound.tag = find_tag(name);
        if (compound.tag == 0) compound.name = std::move(name);
        return true;
    }

    bool parse_attribute(SimpleSelector& simple) {
        simple.kind = Kind::attribute;
        ++at_;
        if (!skip_space()) return false;
        const std::size_t start = at_;
        const bool star = peek() == '*' && peek(1) == '|';
        if (star) at_ += 2;
        const bool bare_bar = !star && take('|');
        if (!read_identifier(simple.name)) return false;
        if (!star && !bare_bar && peek() == '|' && peek(1) != '=')
            return fail("Undeclared namespace prefix \"" + simple.name + "\"", start);
        simple.name = core::ascii_lower(simple.name);
        if (!skip_space()) return false;
        if (take(']')) return true;
        if (!parse_operator(simple.op) || !skip_space() || !read_value(simple.value) || !skip_space()) return false;
        simple.fold = std::binary_search(folded_attributes.begin(), folded_attributes.end(), simple.name);
        if (peek() == 'i' || peek() == 'I' || peek() == 's' || peek() == 'S') {
            const std::size_t flag_start = at_;
            std::string flag;
            if (!read_identifier(flag)) return false;
            if (flag.size() != 1) return fail("Unknown attribute flag \"" + flag + "\"", flag_start);
            simple.fold = flag == "i" || flag == "I";
            if (!skip_space()) return false;
        }
        return expect(']');
    }

    bool parse_operator(AttributeOperator& op) {
        constexpr std::string_view symbols = "~|^$*";
        constexpr std::array operators{AttributeOperator::includes, AttributeOperator::dash, AttributeOperator::prefix,
                                       AttributeOperator::suffix, AttributeOperator::substring};
        op = AttributeOperator::equals;
        if (const std::size_t found = symbols.find(peek()); !at_end() && found != std::string_view::npos) {
            op = operators[found];
            ++at_;
        }
        return expect('=');
    }

    bool parse_pseudo(std::vector<SimpleSelector>& simples) {
        const std::size_t start = at_++;
        const bool is_element = take(':');
        std::string name;
        if (!read_identifier(name)) return false;
        name = core::ascii_lower(name);
        const bool function = take('(');
        if (!function && is_one_of(pseudo_elements, name)) return add_pseudo_element(simples, start);
        const auto unknown = [&] {
            const std::string_view colons = is_element ? "::" : ":";
            return fail(std::string(is_element ? "Unknown pseudo-element " : "Unknown pseudo-class ").append(colons) +
                            name + (function ? "()" : ""),
                        start);
        };
        if (is_element) return unknown();
        return function ? parse_function(name, start, simples, unknown) : add_plain_pseudo(name, simples) || unknown();
    }

    // Selectors 3, section 7: the last part of a selector, not inside a function. No element is one.
    bool add_pseudo_element(std::vector<SimpleSelector>& simples, std::size_t start) {
        if (nesting_ > 0) return fail("A pseudo-element cannot stand inside a function", start);
        simples.emplace_back().kind = Kind::never;
        ended_by_pseudo_element_ = true;
        return true;
    }

    bool add_plain_pseudo(std::string_view name, std::vector<SimpleSelector>& simples) {
        struct Row {
            std::string_view name;
            Kind kind;
            bool of_type = false, last = false, both = false;
        };
        static constexpr std::array<Row, 14> rows{Row{"first-child", Kind::nth},
                                                  Row{"last-child", Kind::nth, false, true},
                                                  Row{"only-child", Kind::nth, false, false, true},
                                                  Row{"first-of-type", Kind::nth, true},
                                                  Row{"last-of-type", Kind::nth, true, true},
                                                  Row{"only-of-type", Kind::nth, true, false, true},
                                                  Row{"empty", Kind::empty},
                                                  Row{"root", Kind::root},
                                                  Row{"scope", Kind::scope},
                                                  Row{"checked", Kind::checked},
                                                  Row{"disabled", Kind::disabled},
                                                  Row{"enabled", Kind::enabled},
                                                  Row{"link", Kind::link},
                                                  Row{"any-link", Kind::link}};
        if (is_one_of(reader_pseudos, name)) {
            simples.emplace_back().kind = Kind::never;
            return true;
        }
        const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.name == name; });
        if (row == rows.end()) return false;
        for (int i = 0; i < (row->both ? 2 : 1); ++i) {
            SimpleSelector& simple = simples.emplace_back();
            simple.kind = row->kind;
            simple.b = 1;
            simple.of_type = row->of_type;
            simple.last = row->last || i == 1;
        }
        return true;
    }

    template <class Unknown>
    bool parse_function(std::string_view name, std::size_t start, std::vector<SimpleSelector>& simples,
                        const Unknown& unknown) {
        if (++nesting_ > max_selector_nesting) return fail("Selector is nested too deeply", start);
        SimpleSelector simple;
        simple.slot = program_.slots++;
        bool parsed = false;
        if (name == "is" || name == "where" || name == "not") {
            simple.kind = name == "not" ? Kind::negation : Kind::is;
            parsed = parse_sub_list(simple, false);
        } else if (name == "has") {
            simple.kind = Kind::has;
            parsed = parse_sub_list(simple, true);
        } else if (name == "nth-child" || name == "nth-last-child" || name == "nth-of-type" ||
                   name == "nth-last-of-type") {
            simple.kind = Kind::nth;
            simple.last = name.starts_with("nth-last");
            simple.of_type = name.ends_with("type");
            parsed = parse_nth(simple);
        } else if (name == "contains") {
            simple.kind = Kind::contains;
            parsed = skip_space() && read_value(simple.value) && skip_space() && expect(')');
            simple.value = core::fold_case(core::collapse_space(simple.value));
        } else if (name == "lang") {
            parsed = parse_lang(simple);
        } else {
            return unknown();
        }
        --nesting_;
        if (parsed) simples.push_back(std::move(simple));
        return parsed;
    }

    bool parse_sub_list(SimpleSelector& simple, bool has) {
        SelectorList list;
        if (!parse_list(list, has, ')', has)) return false;
        simple.list = static_cast<std::uint32_t>(program_.lists.size());
        program_.lists.push_back(list);
        return true;
    }

    // Language ranges, separated by commas: kept as ",en,de-ch,".
    bool parse_lang(SimpleSelector& simple) {
        simple.kind = Kind::lang;
        simple.value = ",";
        std::string range;
        do {
            if (!skip_space() || !read_value(range) || !skip_space()) return false;
            simple.value += core::ascii_lower(range) + ",";
        } while (take(','));
        return expect(')');
    }

    // CSS Syntax, section 6: an+b. Then, for -child, "of" and a selector list.
    bool parse_nth(SimpleSelector& simple) {
        if (!skip_space() || !parse_an_plus_b(simple.a, simple.b)) return false;
        bool space = false;
        if (!skip_space(&space)) return false;
        if (simple.of_type || peek() == ')') return expect(')');
        const std::size_t of = at_;
        std::string word;
        if (!space || !is_identifier_start()) return fail_unexpected();
        if (!read_identifier(word)) return false;
        if (core::ascii_lower(word) != "of") {
            at_ = of;
            return fail_unexpected();
        }
        return parse_sub_list(simple, false);
    }

    bool parse_an_plus_b(std::int32_t& a, std::int32_t& b) {
        for (const auto& [word, step, offset] : {std::tuple{"even", 2, 0}, std::tuple{"odd", 2, 1}}) {
            const std::string_view name = word;
            if (core::ascii_iequals(text_.substr(at_, name.size()), name) && !is_css_name(peek(name.size()))) {
                a = step;
                b = offset;
                at_ += name.size();
                return true;
            }
        }
        const bool negative = peek() == '-';
        if (peek() == '+' || peek() == '-') ++at_;
        const bool digits = is_css_digit(peek());
        std::int32_t number = digits ? read_number() : 1;
        if (negative) number = -number;
        if (peek() != 'n' && peek() != 'N') {
            if (!digits || is_css_name(peek()) || peek() == '\\') return fail_unexpected();
            a = 0;
            b = number;
            return true;
        }
        ++at_;
        a = number;
        b = 0;
        // "2n-1" is one token, "2n- 1", "2n -1" and "2n - 1" are several; all mean the same. "2n 1" does not.
        if (peek() == '-' ? false : is_css_name(peek())) return fail_unexpected();
        const std::size_t end = at_;
        if (!skip_space()) return false;
        if (peek() != '+' && peek() != '-') {
            at_ = end;  // the white space may belong to "of"
            return true;
        }
        const bool minus = peek() == '-';
        ++at_;
        if (!skip_space()) return false;
        if (!is_css_digit(peek())) return fail_unexpected();
        b = read_number();
        if (minus) b = -b;
        return is_css_name(peek()) ? fail_unexpected() : true;
    }

    CssProgram& program_;
    int nesting_ = 0;
    bool ended_by_pseudo_element_ = false;  // the selector being read
};

}  // namespace

std::optional<Error> parse_css(std::string_view text, CssProgram& program) {
    return CssParser(text, program).run();
}

}  // namespace meter::html::detail
