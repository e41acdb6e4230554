// Writes down the tokens of a page, for comparing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "html/parser/token.hpp"
#include "meter/value.hpp"

namespace meter::html::test {

/// Tokens in html5lib's form: ["StartTag", name, {attributes}, true], ["EndTag", name], ["Comment", data],
/// ["Character", data], ["DOCTYPE", name, public_id, system_id, correctness]. Runs of text are one token.
class TokenLog : public detail::TokenSink {
public:
    Value::Array tokens;
    detail::ContentModel model = detail::ContentModel::data;  ///< what start_tag() answers
    bool cdata = false;
    bool ended = false;
    std::size_t stop_after = static_cast<std::size_t>(-1);  ///< calls
    std::size_t calls = 0;

    detail::ContentModel start_tag(const detail::TagToken& tag) override {
        Object attributes;
        for (const detail::AttributeToken& attribute : tag.attributes)
            attributes.append(std::string(attribute.name), attribute.value);
        Value::Array token{"StartTag", tag.name, std::move(attributes)};
        if (tag.self_closing) token.emplace_back(true);
        add(std::move(token));
        return model;
    }
    void end_tag(const detail::TagToken& tag) override { add({"EndTag", tag.name}); }
    void characters(std::string_view text) override {
        ++calls;
        if (!tokens.empty() && tokens.back().if_array()->front() == Value("Character"))
            (*tokens.back().if_array())[1].if_string()->append(text);
        else
            tokens.emplace_back(Value::Array{"Character", text});
    }
    void null_character() override { characters(std::string_view("\0", 1)); }
    void comment(std::string_view text) override { add({"Comment", text}); }
    void doctype(const detail::DoctypeToken& doctype) override {
        const auto given = [](bool has, std::string_view text) { return has ? Value(text) : Value(); };
        add({"DOCTYPE", given(doctype.has_name, doctype.name), given(doctype.has_public_id, doctype.public_id),
             given(doctype.has_system_id, doctype.system_id), !doctype.force_quirks});
    }
    void end_of_file() override { ended = true; }
    bool cdata_allowed() const override { return cdata; }
    bool stopped() const override { return calls >= stop_after; }

private:
    void add(Value::Array token) {
        ++calls;
        tokens.emplace_back(std::move(token));
    }
};

}  // namespace meter::html::test
