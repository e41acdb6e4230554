#include "fetch/smtp.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "url/mail_address.hpp"

namespace meter {
namespace {

Error smtp_option_error(std::string_view name, std::string_view must) {
    return {ErrorCode::invalid_argument, std::string(name) + " must " + std::string(must), std::string(name)};
}

}  // namespace

namespace fetch {
namespace {

constexpr int smtp_poll_ms = 50;

struct SmtpEasyFree {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct SmtpMultiFree {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct SmtpListFree {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

struct SmtpUpload {
    std::string_view left;
};

std::size_t read_upload(char* to, std::size_t size, std::size_t count, void* upload) noexcept {
    auto& left = static_cast<SmtpUpload*>(upload)->left;
    const std::size_t part = std::min(size * count, left.size());
    if (part > 0) std::memcpy(to, left.data(), part);
    left.remove_prefix(part);
    return part;
}

Error smtp_error(CURLcode code, long reply) {
    if (code == CURLE_OPERATION_TIMEDOUT)
        return {ErrorCode::timeout, "Connection timeout: mail server did not respond", {}, true};
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return {ErrorCode::network, "Connection failed: could not resolve the mail server", {}, true};
    if (code == CURLE_COULDNT_CONNECT)
        return {ErrorCode::network, "Connection failed: mail server refused the connection", {}, true};
    if (code == CURLE_USE_SSL_FAILED) return {ErrorCode::network, "Mail server does not offer STARTTLS", {}, false};
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR)
        return {ErrorCode::network, "Connection failed: TLS error of the mail server", {}, true};
    // Replies may quote what was sent: only the code is told.
    if (reply >= 400)
        return {ErrorCode::network, "Mail server answered " + std::to_string(reply), {}, !is_permanent_reply(reply)};
    if (code == CURLE_LOGIN_DENIED) return {ErrorCode::network, "Mail server refused the login", {}, false};
    return {ErrorCode::network, "Mail could not be handed over: " + std::string(curl_easy_strerror(code)), {}, true};
}

class SmtpSender final : public MailSender {
public:
    explicit SmtpSender(SmtpOptions options) : options_(std::move(options)) {}

    Result<void> send(const Mail& mail, std::stop_token stop) override {
        const std::unique_ptr<CURL, SmtpEasyFree> easy(curl_easy_init());
        const std::unique_ptr<CURLM, SmtpMultiFree> multi(curl_multi_init());
        SmtpUpload upload{mail.message};
        std::unique_ptr<curl_slist, SmtpListFree> recipients;
        for (const auto& address : mail.to) {
            curl_slist* const longer = curl_slist_append(recipients.get(), ("<" + address + ">").c_str());
            if (longer == nullptr) return out_of_memory();
            (void)recipients.release();
            recipients.reset(longer);
        }
        if (!easy || !multi || !recipients || !set_options(easy.get(), mail, upload, recipients.get()) ||
            curl_multi_add_handle(multi.get(), easy.get()) != CURLM_OK)
            return out_of_memory();
        const CURLcode code = run(multi.get(), stop);
        long reply = 0;
        (void)curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &reply);
        (void)curl_multi_remove_handle(multi.get(), easy.get());
        if (code == CURLE_OK) return {};
        if (stop.stop_requested()) return Error{ErrorCode::cancelled, "Cancelled"};
        return smtp_error(code, reply);
    }

private:
    static Error out_of_memory() { return {ErrorCode::internal, "libcurl is out of memory", {}, true}; }

    /// Drives the one transfer on this thread, so that a stop is noticed within smtp_poll_ms.
    static CURLcode run(CURLM* multi, const std::stop_token& stop) {
        int running = 1;
        while (running > 0) {
            if (stop.stop_requested()) return CURLE_ABORTED_BY_CALLBACK;
            if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
            if (running > 0) (void)curl_multi_poll(multi, nullptr, 0, smtp_poll_ms, nullptr);
        }
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi, &left))
            if (message->msg == CURLMSG_DONE) return message->data.result;
        return CURLE_FAILED_INIT;
    }

    bool set_options(CURL* easy, const Mail& mail, SmtpUpload& upload, curl_slist* recipients) const {
        const bool tls = options_.security == SmtpOptions::Security::tls;
        const bool v6 = options_.host.find(':') != std::string::npos;
        const std::string url = (tls ? "smtps://" : "smtp://") + (v6 ? "[" + options_.host + "]" : options_.host) +
                                ":" + std::to_string(options_.port);
        const std::string from = "<" + mail.from + ">";
        const auto verify = options_.verify_tls ? 1L : 0L;
        const auto timeout = static_cast<long>(std::max<std::int64_t>(mail.timeout.count(), 1));
        const auto set = [&](CURLoption option, auto value) {
            return curl_easy_setopt(easy, option, value) == CURLE_OK;
        };
        bool fine = set(CURLOPT_URL, url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "smtp,smtps") &&
                    set(CURLOPT_PROXY, "") && set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_TIMEOUT_MS, timeout) &&
                    set(CURLOPT_QUICK_EXIT, 1L) && set(CURLOPT_MAIL_FROM, from.c_str()) &&
                    set(CURLOPT_MAIL_RCPT, recipients) && set(CURLOPT_UPLOAD, 1L) &&
                    set(CURLOPT_READFUNCTION, &read_upload) && set(CURLOPT_READDATA, static_cast<void*>(&upload)) &&
                    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail.message.size())) &&
                    set(CURLOPT_SSL_VERIFYPEER, verify) && set(CURLOPT_SSL_VERIFYHOST, options_.verify_tls ? 2L : 0L);
        if (options_.security == SmtpOptions::Security::starttls)
            fine = fine && set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
        if (!options_.ca_file.empty()) fine = fine && set(CURLOPT_CAINFO, options_.ca_file.c_str());
        if (!options_.username.empty())
            fine = fine && set(CURLOPT_USERNAME, options_.username.c_str()) &&
                   set(CURLOPT_PASSWORD, options_.password.c_str());
        return fine;
    }

    const SmtpOptions options_;
};

}  // namespace

bool is_permanent_reply(long code) noexcept {
    return code >= 500 && code < 600;
}

}  // namespace fetch

Result<void> validate(const SmtpOptions& options) {
    if (options.host.empty()) return {};
    for (const char c : options.host)
        if (c <= ' ' || c > '~' || c == '/' || c == '@')
            return smtp_option_error("host", "be the name or address of a mail server");
    if (options.port == 0) return smtp_option_error("port", "be between 1 and 65535");
    if (url::mail_addresses(options.from).size() != 1) return smtp_option_error("from", "be one mail address");
    if (options.username.empty() && !options.password.empty())
        return smtp_option_error("username", "be given with a password");
    return {};
}

Result<std::shared_ptr<MailSender>> make_mail_sender(const SmtpOptions& options) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);  // counts with the fetch loop's, never undone
    if (global != CURLE_OK) return Error{ErrorCode::internal, "libcurl could not be initialised"};
    if (auto fine = validate(options); !fine) return fine.error();
    if (options.host.empty()) return Error{ErrorCode::invalid_argument, "host must be given", "host"};
    return std::shared_ptr<MailSender>(std::make_shared<fetch::SmtpSender>(options));
}

}  // namespace meter
