#include "run/block_page.hpp"

#include <array>
#include <string_view>

#include "core/unicode.hpp"
#include "html/document.hpp"
#include "html/selector.hpp"

namespace meter::run {
namespace {

struct Mark {
    std::string_view selector;
    std::string_view reason;
};

// Elements that only challenge pages carry.
constexpr std::array<Mark, 3> challenge_marks{{
    {"#challenge-form, #challenge-running, #cf-challenge-running, .cf-turnstile, "
     "script[src*='/cdn-cgi/challenge-platform/']",
     "captcha"},
    {".g-recaptcha, .h-captcha, #captcha-form, #px-captcha, iframe[src*='captcha-delivery.com'], "
     "iframe[src*='recaptcha/api2'], form[action*='captcha' i], img[src*='captcha' i]",
     "captcha"},
    {"input[type=password]", "login required"},
}};

struct TitleMark {
    std::string_view text;
    std::string_view reason;
};

constexpr std::array<TitleMark, 8> title_marks{{
    {"just a moment", "captcha"},
    {"attention required", "captcha"},
    {"are you a robot", "captcha"},
    {"robot check", "captcha"},
    {"pardon our interruption", "captcha"},
    {"security check", "captcha"},
    {"access denied", "access denied"},
    {"access to this page has been denied", "access denied"},
}};

// A page with more text than this has content of its own beside a login form.
constexpr std::size_t longest_wall_text = 4'000;

}  // namespace

std::optional<std::string> blocked_reason(const Page& page) {
    const auto document = html::Document::parse(page.body, {.content_type = page.content_type});
    if (!document || !document->root()) return std::nullopt;

    const std::string title = core::fold_case(document->title());
    for (const auto& mark : title_marks)
        if (title.find(mark.text) != std::string::npos) return std::string(mark.reason);

    const html::Element body = document->body();
    if (body && body.text().size() > longest_wall_text) return std::nullopt;
    for (const auto& mark : challenge_marks) {
        const auto selector = html::Selector::parse(mark.selector);
        if (!selector) continue;
        const auto found = selector->first(document->root());
        if (found && found->has_value()) return std::string(mark.reason);
    }
    return std::nullopt;
}

}  // namespace meter::run
