// Requests out of the bytes of one connection: head, framing, body, pipelining. Pure: no sockets, no time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/chunked.hpp"
#include "http/head.hpp"
#include "http/message.hpp"

namespace meter::server {

class RequestReader {
public:
    RequestReader(const HeadLimits& limits, std::size_t max_body);

    enum class State {
        idle,     ///< between requests
        head,     ///< in a request's head
        body,     ///< in a request's body
        ready,    ///< a whole request is there: take() it
        refused,  ///< refusal() says why; nothing more can be read
    };

    void append(std::string_view bytes);
    /// Works on what is there and says where it stands. After `ready` only take() goes on.
    State advance();
    State state() const noexcept { return state_; }
    /// ready: the request; what follows it stays for the next one.
    HttpRequest take();
    const Refusal& refusal() const noexcept { return refusal_; }
    /// Bytes held, for the budget of all connections.
    std::size_t held() const noexcept { return input_.size() + body_.size(); }
    /// True once for each request that waits for "100 Continue" before it sends its body (RFC 9110 10.1.1).
    bool take_continue() noexcept;
    /// The head of the current request; as far as it can be guessed while it is not complete, or when it was refused.
    RequestHead seen() const;

private:
    State refuse(Refusal refusal);
    State advance_head();
    State advance_body();
    std::string_view rest() const noexcept { return std::string_view(input_).substr(begin_); }
    void start_request();

    HeadLimits limits_;
    std::size_t max_body_;
    State state_ = State::idle;
    std::string input_;
    std::size_t begin_ = 0;  ///< of what is not consumed of input_
    HeadReader head_reader_;
    RequestHead head_;
    ChunkedDecoder chunks_;
    std::string body_;
    bool body_too_large_ = false, wants_continue_ = false;
    Refusal refusal_;
};

}  // namespace meter::server
