#include "run/block_page.hpp"

#include <doctest/doctest.h>

#include <string>

using meter::run::blocked_reason;

TEST_SUITE("run.block_page") {
    TEST_CASE("challenge and login pages are recognised by what only they carry") {
        struct Row {
            std::string_view html;
            std::string_view reason;
        };
        for (const Row& row : {
                 Row{"<title>Just a moment...</title><body>Checking your browser", "captcha"},
                 Row{"<title>Attention Required! | Cloudflare</title>", "captcha"},
                 Row{"<title>Access Denied</title><h1>Access Denied</h1>", "access denied"},
                 Row{"<body><div class='g-recaptcha' data-sitekey=x></div>", "captcha"},
                 Row{"<body><form id=challenge-form action=/cdn-cgi/x></form>", "captcha"},
                 Row{"<body><form action='/validateCaptcha'><input name=field></form>", "captcha"},
                 Row{"<body><form><input name=user><input type=PASSWORD></form>", "login required"},
             }) {
            CAPTURE(row.html);
            const auto reason = blocked_reason({.body = row.html});
            REQUIRE(reason);
            CHECK(*reason == row.reason);
        }
    }

    TEST_CASE("ordinary pages are not walls, even with a login form beside their content") {
        const std::string article = "<body><form><input type=password></form><p>" + std::string(6'000, 'x') + "</p>";
        for (const std::string_view html :
             {std::string_view("<title>Shop</title><p>Nothing found"), std::string_view(""),
              std::string_view("plain text"), std::string_view(article)}) {
            CAPTURE(html.substr(0, 40));
            CHECK_FALSE(blocked_reason({.body = html}).has_value());
        }
    }
}
