#include "generate/chat/client.hpp"

#include <algorithm>
#include <utility>

#include "core/unicode.hpp"
#include "meter/json.hpp"
#include "url/url.hpp"

namespace meter::generate {
namespace {

constexpr int longest_plan_tokens = 1500;  // of the answer; a plan of forty fields

std::string endpoint_url(std::string_view base) {
    while (base.ends_with('/')) base.remove_suffix(1);
    return std::string(base) + "/chat/completions";
}

Error model_away(std::string what) {
    return Error{ErrorCode::unavailable, "The language model " + std::move(what), "generator.url", true};
}

}  // namespace

Result<std::string> ask_model(const ChatOptions& options, Fetcher& endpoint, Value messages,
                              std::chrono::milliseconds timeout, std::stop_token stop) {
    // temperature 0: as near to one answer for one question as a model comes. json_object: constrained decoding where
    // the endpoint has it; all of llama.cpp, Ollama and vLLM do.
    Object question{{"messages", std::move(messages)},
                    {"temperature", 0},
                    {"max_tokens", longest_plan_tokens},
                    {"stream", false},
                    {"response_format", Object{{"type", "json_object"}}}};
    if (!options.model.empty()) question.set("model", options.model);
    Request request;
    request.method = "POST";
    request.url = endpoint_url(options.url);
    request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
    if (!options.key.empty()) request.headers.emplace_back("Authorization", "Bearer " + options.key);
    request.body = to_json(question);
    request.timeout = timeout.count() > 0 ? std::min(timeout, options.timeout) : options.timeout;
    request.max_body_bytes = options.max_answer_bytes;
    request.max_redirects = 0;  // the key and the question are for this endpoint
    request.max_retries = 0;    // somebody waits
    auto answer = endpoint.fetch(request, stop);
    if (!answer) {
        const Error& error = answer.error();
        if (error.code == ErrorCode::cancelled) return error;
        if (error.code == ErrorCode::too_large)
            return Error{ErrorCode::parse, "longer than " + std::to_string(options.max_answer_bytes) + " bytes",
                         "model"};
        return model_away("did not answer: " + error.message);
    }
    if (answer->status != 200) return model_away("answered with status " + std::to_string(answer->status));
    return std::move(answer->body);
}

}  // namespace meter::generate

namespace meter {

Result<void> validate(const ChatOptions& options) {
    const auto bad = [](std::string_view field, std::string message) {
        return Error{ErrorCode::invalid_argument, std::string(field) + " " + std::move(message), std::string(field)};
    };
    if (const auto valid = url::validate_url(options.url); !valid)
        return Error{ErrorCode::invalid_url, "url must be an absolute http or https URL", "url"};
    if (options.url.find_first_of("?#") != std::string::npos) return bad("url", "must have neither query nor fragment");
    for (const char c : options.key)
        if (c < 0x21 || c > 0x7E) return bad("key", "must be printable ASCII without spaces");
    if (options.timeout <= std::chrono::milliseconds{0} || options.timeout > std::chrono::minutes{10})
        return bad("timeout", "must be above 0 and at most 10 minutes");
    if (options.max_answer_bytes < 1024 || options.max_answer_bytes > (16u << 20))
        return bad("max_answer_bytes", "must be from 1024 to 16777216");
    return {};
}

}  // namespace meter
