// Anchors of the notifying seams: their type identity lives here.
#include "meter/notifier.hpp"

namespace meter {

Notifier::~Notifier() = default;
MailSender::~MailSender() = default;

}  // namespace meter
