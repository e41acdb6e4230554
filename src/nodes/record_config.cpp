#include "nodes/record_config.hpp"

namespace meter::nodes {

Result<RecordFormat> config_format(const Value& config, std::string_view name_member) {
    const std::string named = config_text(config, "format");
    const auto format = named.empty() ? record_format_of(config_text(config, name_member)) : parse_record_format(named);
    if (!format) return config_error("format", "must be json, jsonl or csv");
    return *format;
}

std::vector<std::string> config_columns(const Value& config) {
    std::vector<std::string> columns;
    if (const Value* list = config.find("columns"); list != nullptr && list->if_array() != nullptr)
        for (const Value& one : *list->if_array())
            if (const auto* name = one.if_string()) columns.push_back(*name);
    return columns;
}

Result<void> RecordOutput::write(const Value& item) {
    const std::size_t before = buffer_.size();
    if (auto written = writer_->write(item, buffer_); !written) return written;
    ++rows_;
    bytes_ += static_cast<std::int64_t>(buffer_.size() - before);
    return buffer_.size() >= piece_ ? put_(buffer_) : Result<void>();
}

Result<void> RecordOutput::finish() {
    const std::size_t before = buffer_.size();
    writer_->finish(buffer_);
    bytes_ += static_cast<std::int64_t>(buffer_.size() - before);
    return put_(buffer_);
}

}  // namespace meter::nodes
