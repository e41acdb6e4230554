#include "html/parser/parser.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <new>
#include <utility>

#include "html/document_impl.hpp"
#include "html/parser/builder.hpp"
#include "html/parser/input.hpp"
#include "html/parser/sink.hpp"
#include "html/parser/tokenizer.hpp"

namespace meter::html {
namespace {

constexpr std::size_t slice = 32u << 10;       // how often limits, stop token and deadline are looked at
constexpr std::size_t usual_records = 20'000;  // more are made when they come
constexpr std::string_view utf8_type = "text/html; charset=utf-8";

Error out_of_memory() {
    return Error{ErrorCode::parse, "Out of memory while parsing the page"};
}

}  // namespace

struct Parser::Impl {
    Impl(const ParseOptions& given, const detail::FragmentContext* context)
        : options(given),
          document(std::make_unique<Document::Impl>()),
          sink(document->tree, document->doc.get(),
               std::min(given.max_nodes, std::numeric_limits<std::size_t>::max() / 2) * 2),
          builder(document->tree, sink),
          tokenizer(builder, {given.max_attributes_per_tag}),
          decoder(context == nullptr ? given.content_type : utf8_type) {
        options.content_type = {};
        if (context == nullptr) return;
        document->is_fragment = true;
        const detail::ContentModel model = builder.start_fragment(*context);
        tokenizer.start_in(model, context->space == detail::Space::html ? context->name : std::string_view());
    }

    void check() {
        if (failure) return;
        if (sink.over_limit())
            failure = Error{ErrorCode::too_large, "Page too large"};
        else if (options.stop.stop_requested())
            failure = Error{ErrorCode::cancelled, "Parsing was cancelled"};
        else if (options.deadline != std::chrono::steady_clock::time_point::max() &&
                 std::chrono::steady_clock::now() >= options.deadline)
            failure = Error{ErrorCode::timeout, "Parsing took too long"};
    }

    ParseOptions options;
    std::unique_ptr<Document::Impl> document;
    detail::TreeSink sink;
    detail::TreeBuilder builder;
    detail::Tokenizer tokenizer;
    detail::InputDecoder decoder;
    // What the decoder hands over is a part of the bytes being read, or stands in a buffer of its own.
    detail::InputDecoder::Receiver receiver = [this](std::string_view text) {
        const std::less_equal<const char*> before;
        const bool lasting =
            before(reading.data(), text.data()) && before(text.data() + text.size(), reading.data() + reading.size());
        tokenizer.feed(text, lasting);
    };
    std::string_view reading;
    std::size_t bytes_fed = 0;
    std::optional<Error> failure;
};

Parser::Parser(const ParseOptions& options) {
    try {
        impl_ = std::make_unique<Impl>(options, nullptr);
    } catch (const std::bad_alloc&) {  // feed() and finish() tell
    }
}

Parser::Parser(const ParseOptions& options, const detail::FragmentContext& context) {
    try {
        impl_ = std::make_unique<Impl>(options, &context);
    } catch (const std::bad_alloc&) {
    }
}

Parser::~Parser() = default;

Result<void> Parser::feed(std::string_view bytes) {
    if (impl_ == nullptr) return out_of_memory();
    try {
        auto fed = read(bytes);
        impl_->tokenizer.keep();
        impl_->reading = {};
        return fed;
    } catch (const std::bad_alloc&) {
        impl_->failure = out_of_memory();
        return *impl_->failure;
    }
}

Result<Document> Parser::finish(std::string_view last) {
    if (impl_ == nullptr) return out_of_memory();
    if (auto fed = read(last); !fed) return fed.error();
    return finish();
}

Result<void> Parser::read(std::string_view bytes) {
    auto& [options, document, sink, builder, tokenizer, decoder, receiver, reading, bytes_fed, failure] = *impl_;
    if (failure) return *failure;
    if (bytes.size() > options.max_bytes - bytes_fed) {
        failure = Error{ErrorCode::too_large, "Page too large"};
        return *failure;
    }
    try {
        if (bytes_fed == 0)
            document->tree.records.reserve(std::min({bytes.size() / 32, options.max_nodes, usual_records}) + 8);
        bytes_fed += bytes.size();
        reading = bytes;
        for (; !bytes.empty(); bytes.remove_prefix(std::min(slice, bytes.size()))) {
            impl_->check();
            if (failure) return *failure;
            decoder.feed(bytes.substr(0, slice), receiver);
        }
    } catch (const std::bad_alloc&) {
        failure = out_of_memory();
    }
    impl_->check();
    if (failure) return *failure;
    return {};
}

Result<Document> Parser::finish() {
    if (impl_ == nullptr) return out_of_memory();
    auto& [options, document, sink, builder, tokenizer, decoder, receiver, reading, bytes_fed, failure] = *impl_;
    if (failure) return *failure;
    try {
        decoder.finish(receiver);
        tokenizer.finish();
        impl_->check();
        if (failure) return *failure;
        document->encoding = decoder.encoding();
        sink.finish();
        failure = Error{ErrorCode::internal, "The page was finished already"};
        return Document(std::move(document));
    } catch (const std::bad_alloc&) {
        failure = out_of_memory();
        return *failure;
    }
}

std::uint64_t Parser::steps() const noexcept {
    return impl_ == nullptr ? 0 : impl_->builder.steps() + impl_->sink.steps();
}

}  // namespace meter::html
