// Mail over SMTP, with libcurl. make_mail_sender() of meter/notifier.hpp is the way in.
#pragma once

#include "meter/notifier.hpp"

namespace meter::fetch {

/// What a mail server's reply code means (RFC 5321 4.2.1): 5yz is a refusal for good, everything else may pass.
bool is_permanent_reply(long code) noexcept;

}  // namespace meter::fetch
