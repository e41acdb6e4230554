#include "http/request_reader.hpp"

#include <algorithm>
#include <utility>

namespace meter::server {

RequestReader::RequestReader(const HeadLimits& limits, std::size_t max_body)
    : limits_(limits), max_body_(max_body), head_reader_(limits), chunks_(max_body) {}

void RequestReader::append(std::string_view bytes) {
    if (state_ == State::refused) return;
    if (begin_ > 0) {
        input_.erase(0, begin_);
        begin_ = 0;
    }
    input_.append(bytes);
}

RequestReader::State RequestReader::refuse(Refusal refusal) {
    refusal_ = std::move(refusal);
    return state_ = State::refused;
}

RequestReader::State RequestReader::advance() {
    if (state_ == State::idle && begin_ < input_.size()) state_ = State::head;
    if (state_ == State::head) advance_head();
    if (state_ == State::body) advance_body();
    return state_;
}

RequestReader::State RequestReader::advance_head() {
    switch (head_reader_.advance(rest())) {
        case HeadReader::State::more:
            return state_;
        case HeadReader::State::refused:
            return refuse(head_reader_.refusal());
        case HeadReader::State::complete:
            break;
    }
    auto refusal = parse_head(rest().substr(0, head_reader_.size()), limits_, head_);
    if (refusal) {
        head_ = {};
        return refuse(std::move(*refusal));
    }
    begin_ += head_reader_.size();
    if (head_.framing == Framing::none) return state_ = State::ready;
    // A body that says it is too long is not read: the handler answers 413 in its place of the order of checks.
    if (head_.framing == Framing::length && head_.content_length > max_body_) {
        body_too_large_ = true;
        return state_ = State::ready;
    }
    wants_continue_ = head_.expects_continue && begin_ == input_.size();
    return state_ = State::body;
}

RequestReader::State RequestReader::advance_body() {
    auto left = rest();
    if (head_.framing == Framing::length) {
        const auto missing = static_cast<std::size_t>(head_.content_length) - body_.size();
        const auto take = std::min(missing, left.size());
        body_.append(left.substr(0, take));
        begin_ += take;
        if (take == missing) state_ = State::ready;
    } else {
        const auto outcome = chunks_.feed(left, body_);
        begin_ = input_.size() - left.size();
        switch (outcome) {
            case ChunkedDecoder::State::more:
                break;
            case ChunkedDecoder::State::complete:
                state_ = State::ready;
                break;
            case ChunkedDecoder::State::malformed:
                return refuse({400, "Malformed chunked body"});
            case ChunkedDecoder::State::too_large:
                body_too_large_ = true;
                state_ = State::ready;
                break;
        }
    }
    if (begin_ == input_.size()) {
        input_.clear();
        begin_ = 0;
    }
    return state_;
}

HttpRequest RequestReader::take() {
    HttpRequest request{.head = std::move(head_), .body = std::move(body_), .body_too_large = body_too_large_};
    if (body_too_large_) request.body.clear();
    start_request();
    return request;
}

void RequestReader::start_request() {
    head_ = {};
    body_ = {};
    head_reader_ = HeadReader(limits_);
    chunks_ = ChunkedDecoder(max_body_);
    wants_continue_ = false;
    if (body_too_large_) {
        // Where the next request starts is not known.
        input_ = {};
        begin_ = 0;
        refuse({413, "Request body too large"});
        return;
    }
    if (begin_ == input_.size()) {
        input_ = {};
        begin_ = 0;
    }
    state_ = State::idle;
}

bool RequestReader::take_continue() noexcept {
    return std::exchange(wants_continue_, false) && state_ == State::body && body_.empty();
}

RequestHead RequestReader::seen() const {
    return head_.target.empty() ? guess_head(rest()) : head_;
}

}  // namespace meter::server
