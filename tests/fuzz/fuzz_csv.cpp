// A byte for format and size of the pieces, then records: refused or read, the same in pieces of any size; what was
// read is written and read again as it was.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "fuzzing.hpp"
#include "meter/json.hpp"
#include "nodes/records.hpp"

using meter::Result;
using meter::Value;
using meter::fuzzing::expect;
using meter::nodes::RecordFormat;

namespace {

constexpr std::size_t record_limit = 4'096;

/// The items as JSON, and the code of the error they end with.
struct Read {
    std::vector<Value> items = {};
    std::string texts = {};
    std::optional<meter::ErrorCode> error = {};

    bool operator==(const Read& other) const { return texts == other.texts && error == other.error; }
};

Read read_records(RecordFormat format, std::string_view bytes, std::size_t piece) {
    Read read;
    const auto reader = meter::nodes::make_record_reader(format, record_limit);
    const auto emit = [&](Value item) -> Result<void> {
        read.texts += to_json(item) + "\n";
        read.items.push_back(std::move(item));
        return {};
    };
    Result<void> outcome;
    for (std::size_t at = 0; outcome && at < bytes.size(); at += piece)
        outcome = reader->feed(bytes.substr(at, piece), emit);
    if (outcome) outcome = reader->finish(emit);
    if (!outcome) read.error = outcome.error().code;
    return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto format = static_cast<RecordFormat>(data[0] % 3);
    const std::size_t piece = 1 + data[0] / 3 % 16;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    const Read whole = read_records(format, bytes, bytes.size() + 1);
    const Read pieces = read_records(format, bytes, piece);
    expect(pieces == whole, "pieces of any size are read alike");
    if (whole.error)
        expect(*whole.error == meter::ErrorCode::parse || *whole.error == meter::ErrorCode::too_large,
               "records are malformed or too long");

    if (whole.error || whole.items.empty()) return 0;
    const auto writer = meter::nodes::make_record_writer(format, {});
    std::string written;
    for (const Value& item : whole.items)
        if (!writer->write(item, written)) return 0;  // a member the first record lacks
    writer->finish(written);
    if (written.size() > record_limit) return 0;
    const Read again = read_records(format, written, written.size());
    expect(!again.error, "what was written is read");
    const auto is_whole = [&](const Value& item) {  // a record that is short in CSV lacks members
        return item.if_object() != nullptr && item.if_object()->size() == whole.items.front().if_object()->size();
    };
    if (format != RecordFormat::csv || std::all_of(whole.items.begin(), whole.items.end(), is_whole))
        expect(again.texts == whole.texts, "and is what it was");
    return 0;
}
