// Which web pages may read answers: the CORS protocol of the Fetch standard (https://fetch.spec.whatwg.org/, 3.3).
// Callers prove themselves by keys in headers, never by cookies, so credentials in its sense are not allowed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "meter/result.hpp"

namespace meter::server {

/// Threads: const calls from any thread.
class Cors {
public:
    /// No page: no answer says anything about it.
    Cors() = default;
    /// Origins with commas between, or "*" alone for every page; empty: none.
    ///   auto cors = Cors::parse("https://app.example, http://localhost:3000");
    /// Errors: invalid_argument; the message has the entry at fault.
    static Result<Cors> parse(std::string_view text);

    /// The answer to what a browser asks before it sends the request of an allowed page; nullopt for other requests.
    std::optional<Answer> preflight(const RequestHead& request) const;
    /// Lets the page that asks read the answer, if it is allowed to.
    void share(const RequestHead& request, Answer& answer) const;

private:
    bool allow(const RequestHead& request, Answer& answer) const;

    bool every_page_ = false;
    std::vector<std::string> origins_ = {};  ///< sorted, as serialized_origin() writes them
};

/// "HTTPS://App.Example:443" -> "https://app.example": an origin as browsers send it, in lower case and without the
/// port that its scheme has anyhow (RFC 6454 6.2). nullopt: it is none, "null" and names beyond ASCII included.
std::optional<std::string> serialized_origin(std::string_view text);

}  // namespace meter::server
