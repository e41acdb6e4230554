// Anchors of the seams that notify and generate: their type identity lives here.
#include "meter/generator.hpp"
#include "meter/notifier.hpp"

namespace meter {

Generator::~Generator() = default;
Notifier::~Notifier() = default;
MailSender::~MailSender() = default;

}  // namespace meter
