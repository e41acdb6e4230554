// The built-in notifier: HTTP receivers through the Fetcher, mail through a MailSender.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "meter/notifier.hpp"

namespace meter::notify {

struct NotifierParts {
    std::shared_ptr<Fetcher> fetcher;
    std::shared_ptr<MailSender> mail = {};  ///< null: mail is not supported
    std::string mail_from = {};
    std::shared_ptr<Clock> clock;
    /// Reads a Retry-After header; the fetcher's own reader knows how.
    std::function<std::optional<std::chrono::milliseconds>(std::string_view, TimePoint)> read_retry_after;
};

std::shared_ptr<Notifier> make_notifier(NotifierParts parts);

}  // namespace meter::notify
