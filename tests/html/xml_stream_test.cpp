#include "html/xml_stream.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using meter::ErrorCode;
using meter::html::XmlHandler;
using meter::html::XmlStream;

namespace {

/// Writes down what it receives: "<a[x=1]text>".
class Recorder final : public XmlHandler {
public:
    void start_element(std::string_view name) override { out += "<" + std::string(name); }
    void attribute(std::string_view name, std::string_view value) override {
        out += "[" + std::string(name) + "=" + std::string(value) + "]";
    }
    void end_element(std::string_view) override { out += ">"; }
    void text(std::string_view text) override { out += text; }

    std::string out;
};

std::string read_in_pieces(std::string_view xml, std::size_t piece, meter::Result<void>* outcome = nullptr) {
    Recorder recorder;
    XmlStream stream(recorder);
    for (std::size_t i = 0; i < xml.size(); i += piece) (void)stream.feed(xml.substr(i, piece));
    const auto done = stream.finish();
    if (outcome != nullptr) *outcome = done;
    return recorder.out;
}

}  // namespace

TEST_SUITE("html.xml_stream") {
    TEST_CASE("the same is read whatever the pieces") {
        struct Row {
            std::string_view xml, read;
        };
        for (const Row& row : {
                 Row{"<a><b x='1'>t&amp;u</b><![CDATA[<c>]]></a>", "<a<b[x=1]t&u><c>>"},
                 Row{"<?xml version='1.0'?><!DOCTYPE a SYSTEM 'http://x/y.dtd'><a>\xC3\xA4</a>", "<a\xC3\xA4>"},
                 Row{"\xEF\xBB\xBF<n:a xmlns:n='u'><n:b/></n:a>", "<a<b>>"},
                 Row{"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE4</a>", "<a\xC3\xA4>"},
                 Row{"<a>&unknown;x</a>", "<ax>"},
             }) {
            CAPTURE(row.xml);
            for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}})
                CHECK(read_in_pieces(row.xml, piece) == row.read);
        }
    }

    TEST_CASE("what is not well-formed counts as far as it could be read") {
        for (const std::string_view xml :
             {"<a><b>1</b><b>2", "<a><b>1</b><b>2</b></c>", "<a><b>1</b><b>2</b> & </a>"}) {
            CAPTURE(xml);
            meter::Result<void> outcome;
            CHECK(read_in_pieces(xml, 7, &outcome).starts_with("<a<b1><b"));
            CHECK(outcome.has_value());
        }
    }

    TEST_CASE("entities are refused, other input is no XML, and depth has an end") {
        struct Row {
            std::string xml;
            ErrorCode code;
        };
        std::string deep;
        for (int i = 0; i < 300; ++i) deep += "<a>";
        for (const Row& row : {
                 Row{"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", ErrorCode::unsupported},
                 Row{"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", ErrorCode::unsupported},
                 Row{"<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://x/'> %x;]><a/>", ErrorCode::unsupported},
                 Row{"", ErrorCode::parse},
                 Row{"x", ErrorCode::parse},
                 Row{"plain text, no element", ErrorCode::parse},
                 Row{deep, ErrorCode::too_large},
             }) {
            CAPTURE(row.xml.substr(0, 60));
            for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}}) {
                meter::Result<void> outcome;
                const std::string read = read_in_pieces(row.xml, piece, &outcome);
                REQUIRE_FALSE(outcome);
                CHECK(outcome.error().code == row.code);
                CHECK(read.find("root:") == std::string::npos);
            }
        }
    }
}
