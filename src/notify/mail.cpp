#include <array>
#include <cstdio>

#include "core/base64.hpp"
#include "core/unicode.hpp"
#include "notify/bodies.hpp"
#include "notify/text.hpp"

namespace meter::notify {
namespace {

constexpr std::size_t mail_subject_length = 200;
constexpr std::size_t mail_line_bytes = 76;     // RFC 2045 6.8
constexpr std::size_t encoded_word_bytes = 45;  // 60 base64 characters: an encoded word has at most 75 (RFC 2047 2)

std::string_view mail_word(EventSummary::Kind kind) noexcept {
    switch (kind) {
        case EventSummary::Kind::changed:
            return "changed";
        case EventSummary::Kind::failed:
            return "failed";
        case EventSummary::Kind::unchanged:
            break;
    }
    return "unchanged";
}

bool is_plain_ascii(std::string_view text) noexcept {
    for (const char c : text)
        if (c < ' ' || c > '~') return false;
    return true;
}

/// Header text: as it is when it is plain and short, otherwise in encoded words that end between code points.
std::string header_text(std::string_view text) {
    if (is_plain_ascii(text) && text.size() <= mail_line_bytes - 12 && text.find("=?") == std::string_view::npos)
        return std::string(text);
    std::string out;
    std::string word;
    const auto flush = [&] {
        if (word.empty()) return;
        if (!out.empty()) out += "\r\n ";
        out += "=?UTF-8?B?" + core::to_base64(word) + "?=";
        word.clear();
    };
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t start = pos;
        (void)core::next_code_point(text, pos);
        if (word.size() + (pos - start) > encoded_word_bytes) flush();
        word.append(text.substr(start, pos - start));
    }
    flush();
    return out;
}

/// RFC 5322 3.3: "Wed, 15 Jan 2025 10:30:00 +0000"
std::string mail_date(TimePoint time) {
    static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time - day).count();
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                  days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                  months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60),
                  static_cast<int>(seconds % 60));
    return text.data();
}

std::string mail_text(const EventSummary& summary) {
    std::string text = summary.line + "\n\nStatus: " + summary.status + "\n";
    if (!summary.url.empty()) text += "URL: " + summary.url + "\n";
    if (summary.kind == EventSummary::Kind::failed) {
        text += "Error: " + summary.error + "\n";
    } else {
        text += "Items: " + std::to_string(summary.item_count) + "\n";
        text += "Changed: " + (summary.changed.empty() ? std::string("nothing") : summary.changed) + "\n";
    }
    if (!summary.items.empty()) text += "\n";
    for (const auto& line : summary.items) text += line + "\n";
    text += "\nTime: " + summary.completed_at + "\n";
    if (!summary.job_id.empty()) text += "Job: " + summary.job_id + "\n";
    if (!summary.schedule_id.empty()) text += "Schedule: " + summary.schedule_id + "\n";
    return text;
}

/// Line ends as RFC 2046 4.1.1 wants them inside text parts.
std::string with_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 40);
    for (const char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

}  // namespace

std::string mail_message(const EventSummary& summary, const MailEnvelope& envelope) {
    const std::string subject = "[meter] " + std::string(mail_word(summary.kind)) + ": " + summary.name;
    std::string to;
    for (const auto& address : envelope.to) to += (to.empty() ? "<" : ",\r\n <") + address + ">";
    const std::string domain = envelope.from.substr(envelope.from.rfind('@') + 1);
    std::string message;
    const auto header = [&](std::string_view name, std::string_view value) {
        message.append(name).append(": ").append(value).append("\r\n");
    };
    header("Date", mail_date(envelope.date));
    header("From", "<" + envelope.from + ">");
    header("To", to);
    header("Subject", header_text(cut(subject, mail_subject_length)));
    header("Message-ID", "<" + envelope.message_id + "@" + domain + ">");
    header("Auto-Submitted", "auto-generated");  // RFC 3834: nobody's vacation notice should answer
    header("MIME-Version", "1.0");
    header("Content-Type", "text/plain; charset=utf-8");
    header("Content-Transfer-Encoding", "base64");
    message += "\r\n";
    const std::string encoded = core::to_base64(with_crlf(mail_text(summary)));
    for (std::size_t at = 0; at < encoded.size(); at += mail_line_bytes)
        message.append(encoded, at, mail_line_bytes).append("\r\n");
    return message;
}

}  // namespace meter::notify
