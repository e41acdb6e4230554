#include "run/automation_items.hpp"

#include <algorithm>
#include <utility>

#include "core/id.hpp"
#include "core/unicode.hpp"
#include "meter/json.hpp"

namespace meter::run {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
constexpr std::size_t preview_bytes = std::size_t{64} << 10;
constexpr std::size_t shortest_secret = 4;  // shorter ones would tear holes into every other text
constexpr std::size_t most_log_lines = 500;
constexpr std::size_t longest_log_line = 4096;
// Nodes may hand out what no request may send; what the next one cannot read is its error.
constexpr JsonLimits item_limits{.max_depth = 512, .max_bytes = std::size_t{1} << 30};

std::string json_text(std::string_view text) {
    std::string literal;
    append_json_string(literal, text);
    return literal.substr(1, literal.size() - 2);
}

Error execution_stopped() {
    return {ErrorCode::cancelled, "The execution was stopped"};
}

Error too_much_spilled(std::int64_t most) {
    return {
        ErrorCode::too_large,
        "The items between the nodes have more than " + std::to_string(most) + " bytes (automations.max_spilled_bytes)",
        "automations.max_spilled_bytes"};
}

}  // namespace

ExecutionRedactor::ExecutionRedactor(const Connections& connections, const AutomationPlan& plan)
    : connections_(connections) {
    for (const auto& node : plan.nodes) {
        const Value* secret = node.config.find("secret");
        const std::string* text = secret != nullptr ? secret->if_string() : nullptr;
        if (text == nullptr || text->size() < shortest_secret) continue;
        secrets_.push_back(*text);
        if (auto escaped = json_text(*text); escaped != *text) secrets_.push_back(std::move(escaped));
    }
    std::sort(secrets_.begin(), secrets_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string ExecutionRedactor::operator()(std::string text) const {
    text = connections_.redact(core::sanitize_utf8(text));
    for (const std::string& secret : secrets_)
        for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at + 3))
            text.replace(at, secret.size(), "***");
    return text;
}

std::string ExecutionRedactor::json(std::string text) const {
    std::string redacted = (*this)(text);
    // A secret that looks like JSON may have torn the text apart.
    if (redacted != text && !parse_json(redacted, item_limits)) return R"(["***"])";
    return redacted;
}

void ItemPreview::add(std::string_view item) {
    if (full_) return;
    const std::size_t separator = text_.size() > 1 ? 1 : 0;
    if (text_.size() + separator + item.size() + 1 > preview_bytes) {
        full_ = true;
        // Not a part of it: a secret that was cut in two would not be found.
        if (separator == 0) text_ += "\"(an item of " + std::to_string(item.size()) + " bytes)\"";
        return;
    }
    if (separator == 1) text_ += ',';
    text_ += item;
}

void StoreTrouble::note(const Result<bool>& written) {
    if (written && *written) return;
    const std::lock_guard lock(mutex);
    if (!written && !error) error = written.error();
    if (written) lost = true;
}

bool StoreTrouble::any() {
    const std::lock_guard lock(mutex);
    return lost || error;
}

StoredItems::StoredItems(ExecutionStore& store, ExecutionRef claim, const std::vector<AutomationFeed>& feeds,
                         StoreTrouble& trouble, std::stop_token stop)
    : store_(store), claim_(std::move(claim)), feeds_(feeds), trouble_(trouble), stop_(std::move(stop)) {}

Result<std::optional<Value>> StoredItems::next() {
    if (stop_.stop_requested()) return execution_stopped();
    while (at_ == chunk_.size()) {
        if (feed_ == feeds_.size()) return std::optional<Value>();
        const AutomationFeed& feed = feeds_[feed_];
        auto chunk = store_.items(claim_, static_cast<std::int64_t>(feed.node), feed.port, sequence_);
        if (!chunk) {
            trouble_.note(chunk.error().code == ErrorCode::cancelled ? Result<bool>(false) : chunk.error());
            return chunk.error();
        }
        chunk_ = *chunk ? **std::move(chunk) : std::string();
        at_ = 0;
        if (*chunk) {
            ++sequence_;
        } else {
            ++feed_;
            sequence_ = 0;
        }
    }
    const std::size_t end = std::min(chunk_.find('\n', at_), chunk_.size());
    const std::string_view line = std::string_view(chunk_).substr(at_, end - at_);
    at_ = std::min(end + 1, chunk_.size());
    if (!preview_.full()) preview_.add(line);
    ++count_;
    auto item = parse_json(line, item_limits);
    if (!item) return item.error();
    return std::optional(*std::move(item));
}

StoringSink::StoringSink(ExecutionStore& store, ExecutionRef claim, std::size_t node,
                         const std::set<std::string>& read_ports, SpillBudget& budget, StoreTrouble& trouble)
    : store_(store),
      claim_(std::move(claim)),
      node_(static_cast<std::int64_t>(node)),
      budget_(budget),
      trouble_(trouble) {
    for (const std::string& port : read_ports) chunks_.emplace(port, ItemChunk{node_, port, 0, {}});
}

Result<void> StoringSink::push(std::string_view port, Value item) {
    ++count_;
    const auto read = chunks_.find(port);
    const bool shown = port == preview_port_ && !preview_.full();
    if (read == chunks_.end() && !shown) return {};
    const std::string text = to_json(item);
    if (shown) preview_.add(text);
    if (read == chunks_.end()) return {};
    if (refusal_) return *refusal_;
    const auto bytes = static_cast<std::int64_t>(text.size() + 1);
    bytes_ += bytes;
    if (!budget_.take(bytes)) return *(refusal_ = too_much_spilled(budget_.most()));
    ItemChunk& chunk = read->second;
    chunk.items.append(text).append("\n");
    if (chunk.items.size() < chunk_bytes) return {};
    const auto written = store_.add_items(claim_, {chunk});
    trouble_.note(written);
    if (!written) return written.error();
    if (!*written) return execution_stopped();
    ++chunk.sequence;
    chunk.items.clear();
    return {};
}

std::vector<ItemChunk> StoringSink::take_rest() {
    std::vector<ItemChunk> rest;
    for (auto& [port, chunk] : chunks_)
        if (!chunk.items.empty()) rest.push_back(std::move(chunk));
    return rest;
}

NodeLogger::NodeLogger(Logger& next, Clock& clock, const ExecutionRedactor& redact, std::string execution_id,
                       std::string node_id)
    : next_(next),
      clock_(clock),
      redact_(redact),
      execution_id_(std::move(execution_id)),
      node_id_(std::move(node_id)) {}

void NodeLogger::log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
    std::string message(event);
    for (const auto& [name, value] : fields) message.append(" ").append(name).append("=").append(value);
    message = redact_(std::move(message));
    next_.log(level, "node", {{"execution_id", execution_id_}, {"node_id", node_id_}, {"message", message}});
    keep(level, std::move(message));
}

void NodeLogger::note(LogLevel level, std::string message) {
    keep(level, redact_(std::move(message)));
}

void NodeLogger::keep(LogLevel level, std::string message) {
    if (message.size() > longest_log_line) message.resize(longest_log_line);
    const TimePoint now = clock_.now();
    const std::lock_guard lock(mutex_);
    if (kept_.size() >= most_log_lines) {
        ++dropped_;
        return;
    }
    kept_.push_back({.log_id = core::new_prefixed_id("log", now),
                     .level = level,
                     .message = std::move(message),
                     .node_id = node_id_.empty() ? std::nullopt : std::optional(node_id_),
                     .created_at = now});
}

std::vector<ExecutionLog> NodeLogger::take() {
    const TimePoint now = clock_.now();
    const std::lock_guard lock(mutex_);
    if (dropped_ > 0)
        kept_.push_back({.log_id = core::new_prefixed_id("log", now),
                         .level = LogLevel::warning,
                         .message = std::to_string(dropped_) + " more lines were dropped",
                         .node_id = node_id_,
                         .created_at = now});
    dropped_ = 0;
    return std::exchange(kept_, {});
}

}  // namespace meter::run
