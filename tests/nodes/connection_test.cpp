#include "meter/connection.hpp"

#include <doctest/doctest.h>

#include "nodes/bench.hpp"

using namespace meter;

TEST_SUITE("nodes.connection") {
    TEST_CASE("each type of connection is read with its members") {
        const auto connections = Connections::parse(json_value(R"({
            "a": {"type": "sqlite", "path": "/data/a.db"},
            "b": {"type": "postgres", "host": "db", "port": 5433, "database": "x", "user": "u", "password": "hunter22"},
            "c": {"type": "mysql", "socket": "/run/m.sock", "database": "x"},
            "d": {"type": "s3", "access_key_id": "AKIDEXAMPLE", "secret_access_key": "very-secret"},
            "e": {"type": "http", "base_url": "https://api.test", "headers": {"Authorization": "Bearer t0ken"}},
            "f": {"type": "mine", "anything": [1]}})"));
        REQUIRE(connections);
        CHECK(connections->names() == std::vector<std::string>{"a", "b", "c", "d", "e", "f"});
        REQUIRE(connections->find("b") != nullptr);
        CHECK(connections->find("b")->text("host") == "db");
        CHECK(connections->find("b")->integer("port", 1) == 5433);
        CHECK(connections->find("b")->integer("absent", 7) == 7);
        CHECK(connections->find("f")->type() == "mine");
        CHECK(connections->find("g") == nullptr);
    }

    TEST_CASE("what is wrong is named, and no value is in the message") {
        struct Row {
            std::string_view text, subject;
        };
        for (const Row& row : {
                 Row{R"([])", "connections"},
                 Row{R"({"": {"type": "sqlite"}})", "connections."},
                 Row{R"({"a b": {"type": "sqlite"}})", "connections.a b"},
                 Row{R"({"a": 1})", "connections.a"},
                 Row{R"({"a": {}})", "connections.a.type"},
                 Row{R"({"a": {"type": 3}})", "connections.a.type"},
                 Row{R"({"a": {"type": "sqlite"}})", "connections.a.path"},
                 Row{R"({"a": {"type": "postgres", "host": "h"}})", "connections.a.database"},
                 Row{R"({"a": {"type": "postgres", "host": "h", "database": "d", "port": 0}})", "connections.a.port"},
                 Row{R"({"a": {"type": "postgres", "host": "h", "database": "d", "password": 4711}})",
                     "connections.a.password"},
                 Row{R"({"a": {"type": "postgres", "host": "h", "database": "d", "sslmode": "s3cret"}})",
                     "connections.a.sslmode"},
                 Row{R"({"a": {"type": "mysql", "database": "d"}})", "connections.a.host"},
                 Row{R"({"a": {"type": "mysql", "database": "d", "host": "h", "socket": "s"}})", "connections.a.host"},
                 Row{R"({"a": {"type": "s3", "access_key_id": "k"}})", "connections.a.secret_access_key"},
                 Row{R"({"a": {"type": "s3", "access_key_id": "k", "secret_access_key": "s", "endpoint": "s3cret"}})",
                     "connections.a.endpoint"},
                 Row{R"({"a": {"type": "s3", "access_key_id": "k", "secret_access_key": "s", "private_host": "h"}})",
                     "connections.a.endpoint"},
                 Row{R"({"a": {"type": "http"}})", "connections.a.base_url"},
                 Row{R"({"a": {"type": "http", "base_url": "https://x.test", "headers": {"A": 4711}}})",
                     "connections.a.headers.A"},
             }) {
            CAPTURE(row.text);
            const auto connections = Connections::parse(json_value(row.text));
            REQUIRE_FALSE(connections);
            CHECK(connections.error().subject == row.subject);
            CHECK(connections.error().message.find("s3cret") == std::string::npos);
            CHECK(connections.error().message.find("4711") == std::string::npos);
        }
    }

    TEST_CASE("secrets are taken out of texts wherever they are in a connection, longer ones first") {
        const auto connections = Connections::parse(json_value(R"({
            "b": {"type": "postgres", "host": "database-host", "database": "x", "password": "pass"},
            "c": {"type": "mine", "host": "public", "token": "pass-and-more", "deep": {"list": ["inner-secret"]}}})"));
        REQUIRE(connections);
        CHECK(connections->redact("database-host pass pass-and-more, inner-secret public") ==
              "database-host *** ***, *** public");
        CHECK(Connections().redact("pass") == "pass");
    }
}
