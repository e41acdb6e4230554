// Anchors of the seams that notify, generate and nodes have: their type identity lives here.
#include "meter/generator.hpp"
#include "meter/node.hpp"
#include "meter/notifier.hpp"

namespace meter {

Generator::~Generator() = default;
Notifier::~Notifier() = default;
MailSender::~MailSender() = default;
ItemSource::~ItemSource() = default;
ItemSink::~ItemSink() = default;

}  // namespace meter
