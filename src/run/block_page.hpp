// Pages that answer 200 but are a captcha or a login wall instead of their content.
#pragma once

#include <optional>
#include <string>

#include "meter/extract.hpp"

namespace meter::run {

/// Why the page is no content ("captcha", "login required", "access denied"); nullopt for an ordinary page. Meant for
/// pages on which a strategy found nothing: a shop whose header links to a login is not a wall. Source: ours, from the
/// marks that the common bot-defence products leave in their pages.
std::optional<std::string> blocked_reason(const Page& page);

}  // namespace meter::run
