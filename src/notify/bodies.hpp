// Bodies of the webhook types that people read (wire contract 15.4). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "meter/time.hpp"
#include "notify/summary.hpp"

namespace meter::notify {

/// Block Kit message. Limits of api.slack.com: text of a block 3,000 characters, a header 150, a section's field 2,000.
std::string slack_body(const EventSummary& summary);

/// Flat object of strings for a Slack workflow's trigger.
std::string slack_workflow_body(const EventSummary& summary);

/// Message with one embed. Limits of discord.com/developers: content 2,000 characters, title 256, description 4,096, a
/// field's value 1,024, the embed 6,000; nobody is mentioned.
std::string discord_body(const EventSummary& summary);

/// What stands above a mail's body.
struct MailEnvelope {
    std::string from = {};
    std::vector<std::string> to = {};
    std::string message_id = {};  ///< unique part before "@"
    TimePoint date{};
};

/// RFC 5322 message: one plain text part in UTF-8, base64-encoded, lines ended by CRLF.
std::string mail_message(const EventSummary& summary, const MailEnvelope& envelope);

}  // namespace meter::notify
