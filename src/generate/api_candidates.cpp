#include "generate/api_candidates.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "core/unicode.hpp"
#include "url/url.hpp"

namespace meter::generate {
namespace {

/// Text of scripts looked through for URLs.
constexpr std::size_t max_script_bytes = 2u << 20;

/// Services whose pages and APIs have fixed addresses. `host` and `path` are of the page, a path of "" is any; the API
/// takes the page's first segment (or the first label of its host) as the name of the account.
struct ApiService {
    std::string_view name, host, endpoint, query;
};

constexpr auto api_services = std::to_array<ApiService>(
    {{"Greenhouse", "boards.greenhouse.io", "https://boards-api.greenhouse.io/v1/boards/{{url.path.0}}/jobs",
      "content=true"},
     {"Greenhouse", "job-boards.greenhouse.io", "https://boards-api.greenhouse.io/v1/boards/{{url.path.0}}/jobs",
      "content=true"},
     {"Greenhouse", "job-boards.eu.greenhouse.io", "https://boards-api.greenhouse.io/v1/boards/{{url.path.0}}/jobs",
      "content=true"},
     {"Lever", "jobs.lever.co", "https://api.lever.co/v0/postings/{{url.path.0}}", "mode=json"},
     {"Lever", "jobs.eu.lever.co", "https://api.eu.lever.co/v0/postings/{{url.path.0}}", "mode=json"},
     {"Ashby", "jobs.ashbyhq.com", "https://api.ashbyhq.com/posting-api/job-board/{{url.path.0}}",
      "includeCompensation=true"},
     {"Workable", "apply.workable.com", "https://apply.workable.com/api/v1/widget/accounts/{{url.path.0}}",
      "details=true"},
     {"SmartRecruiters", "careers.smartrecruiters.com",
      "https://api.smartrecruiters.com/v1/companies/{{url.path.0}}/postings", "limit=100"},
     {"SmartRecruiters", "jobs.smartrecruiters.com",
      "https://api.smartrecruiters.com/v1/companies/{{url.path.0}}/postings", "limit=100"}});

Object json_request(std::string url, Object query) {
    Object request;
    request.append("method", "GET");
    request.append("url", std::move(url));
    if (!query.empty()) request.append("query", std::move(query));
    request.append("headers", Object{{"Accept", "application/json"}});
    return request;
}

/// "{{url.path.0}}" in a service's endpoint, filled for this page; nullopt when the page has no such segment.
std::optional<std::string> fill_segments(std::string_view endpoint, const std::vector<std::string>& segments) {
    std::string out;
    for (std::size_t at = 0; at < endpoint.size();) {
        const std::size_t open = endpoint.find("{{url.path.", at);
        if (open == std::string_view::npos) return out.append(endpoint.substr(at));
        out.append(endpoint.substr(at, open - at));
        const std::size_t index = static_cast<std::size_t>(endpoint[open + 11] - '0');
        if (index >= segments.size() || segments[index].empty()) return std::nullopt;
        out += url::percent_encode(segments[index]);
        at = endpoint.find("}}", open) + 2;
    }
    return out;
}

std::string placeholder_path(std::size_t index) {
    return "{{url.path." + std::to_string(index) + "}}";
}

class ApiFinder {
public:
    ApiFinder(const html::Document& document, const url::Url& page, std::string_view page_url, std::size_t limit)
        : root_(document.root()),
          page_(page),
          page_url_(page_url),
          origin_(url::origin(page)),
          segments_(url::path_segments(page)),
          base_(document.base_url(page_url)),
          limit_(limit) {}

    std::vector<ApiCandidate> run() {
        add_services();
        if (!root_) return std::move(found_);
        read_page();
        add_shopify();
        add_discourse();
        for (auto& [url, why] : links_) add_own(url, why);
        for (auto& url : script_urls_) add_own(url, "URL in a script");
        return std::move(found_);
    }

private:
    void add_services() {
        for (const ApiService& service : api_services) {
            if (page_.host != service.host) continue;
            auto url = fill_segments(service.endpoint, segments_);
            if (!url) continue;
            Object query;
            const std::size_t equals = service.query.find('=');
            query.append(std::string(service.query.substr(0, equals)), std::string(service.query.substr(equals + 1)));
            add({*url + "?" + std::string(service.query), json_request(std::string(service.endpoint), std::move(query)),
                 std::string(service.name), true});
        }
        if (page_.host.ends_with(".recruitee.com")) add_own("/api/offers/", "Recruitee", true);
    }

    /// One walk: what the page says about itself, links to JSON, URLs in scripts and attributes.
    void read_page() {
        std::size_t room = max_script_bytes;
        for (html::Element at = root_; at; at = at.next_in(root_)) {
            const std::string_view name = at.name();
            if (name == "link") {
                read_link(at);
            } else if (name == "meta") {
                const auto meta = at.attribute("name");
                if (meta && core::ascii_iequals(*meta, "generator"))
                    if (const auto content = at.attribute("content")) generator_ = core::ascii_lower(*content);
            } else if (name == "script") {
                if (const auto source = at.attribute("src")) {
                    shopify_ = shopify_ || source->find("cdn.shopify.com") != std::string_view::npos;
                    continue;
                }
                const std::string text = at.raw_text();
                if (text.size() > room) continue;
                room -= text.size();
                shopify_ = shopify_ || text.find("Shopify.shop") != std::string::npos;
                read_calls(text);
                read_script(text);
            } else {
                read_attributes(at);
            }
        }
    }

    void read_link(html::Element link) {
        const auto href = link.attribute("href");
        const auto relation = link.attribute("rel");
        if (!href || !relation) return;
        shopify_ = shopify_ || href->find("cdn.shopify.com") != std::string_view::npos;
        const std::string rel = core::ascii_lower(*relation);
        const auto type = link.attribute("type");
        const std::string media = type ? core::ascii_lower(*type) : std::string();
        if (rel.find("https://api.w.org/") != std::string::npos) {
            // WordPress REST API handbook, "Discovery": posts are what lists of such pages show.
            std::string endpoint = url::resolve(base_, *href);
            if (!endpoint.ends_with('/') && endpoint.find('?') == std::string::npos) endpoint += '/';
            links_.emplace_back(endpoint + "wp/v2/posts?per_page=20", "WordPress");
        } else if (rel.find("alternate") != std::string::npos && media.find("json") != std::string::npos &&
                   media.find("oembed") == std::string::npos) {
            links_.emplace_back(url::resolve(base_, *href), "link rel=alternate");
        }
    }

    void read_attributes(html::Element element) {
        for (const std::string_view name : {"data-url", "data-api-url", "data-api", "data-endpoint", "data-json-url",
                                            "data-source", "data-feed-url", "data-ajax-url", "data-src-url"})
            if (const auto value = element.attribute(name)) take_url(*value, "attribute " + std::string(name));
    }

    /// Quoted strings that look like the address of data.
    void read_script(std::string_view text) {
        for (const std::string_view mark : {"/api/", "/wp-json/", ".json", "/_api/", "/rest/", "/v1/", "/v2/"}) {
            std::size_t tried = 0;
            for (std::size_t at = text.find(mark); at != std::string_view::npos && tried < 40;
                 at = text.find(mark, at + mark.size()), ++tried) {
                const std::size_t from = at > 300 ? at - 300 : 0;
                const std::size_t open = text.substr(from, at - from + 1).find_last_of("\"'`");
                if (open == std::string_view::npos) continue;
                const std::size_t start = from + open + 1;
                const std::size_t end = text.find(text[start - 1], at);
                if (end == std::string_view::npos || end - start > 300) continue;
                std::string url(text.substr(start, end - start));
                for (std::size_t slash = url.find("\\/"); slash != std::string::npos; slash = url.find("\\/", slash))
                    url.erase(slash, 1);
                take_url(url, "");
            }
        }
    }

    /// What a script asks for by itself: the first text of fetch("/data") and the like.
    void read_calls(std::string_view text) {
        for (const std::string_view call : {"fetch(", "getJSON(", "axios.get(", "axios(", "\"GET\",", "'GET',"}) {
            std::size_t tried = 0;
            for (std::size_t at = text.find(call); at != std::string_view::npos && tried < 40;
                 at = text.find(call, at + call.size()), ++tried) {
                const std::size_t open = text.find_first_not_of(" \t\r\n", at + call.size());
                if (open == std::string_view::npos ||
                    std::string_view("\"'`").find(text[open]) == std::string_view::npos)
                    continue;
                const std::size_t end = text.find(text[open], open + 1);
                if (end != std::string_view::npos) take_url(text.substr(open + 1, end - open - 1), "");
            }
        }
    }

    void take_url(std::string_view text, std::string why) {
        text = core::trim(text);
        if (text.size() < 6 || text.size() > 300 || script_urls_.size() + links_.size() > 60) return;
        const bool absolute = text.starts_with("http://") || text.starts_with("https://") || text.starts_with("//");
        if (!absolute && text.front() != '/') return;
        // Parts that a script fills in, and files that are no data.
        if (text.find_first_of("{}<>$ \\|^`*") != std::string_view::npos) return;
        for (const std::string_view part :
             {"manifest", "package.json", "translations", "locales/", "/lang/", "config.json", "oembed", "logout",
              "login", "/cart", "track", "/auth", "delete"})
            if (text.find(part) != std::string_view::npos) return;
        if (why.empty())
            script_urls_.push_back(url::resolve(base_, text));
        else
            links_.emplace_back(url::resolve(base_, text), std::move(why));
    }

    void add_shopify() {
        if (!shopify_) return;
        if (segments_.size() >= 2 && segments_[0] == "collections") {
            const std::string handle = url::percent_encode(segments_[1]);
            add({origin_text() + "/collections/" + handle + "/products.json?limit=250",
                 json_request(origin_text() + "/collections/" + placeholder_path(1) + "/products.json",
                              Object{{"limit", 250}}),
                 "Shopify", true});
        } else if (segments_.size() < 2 || segments_[0] != "products") {
            add({origin_text() + "/products.json?limit=250",
                 json_request(origin_text() + "/products.json", Object{{"limit", 250}}), "Shopify", true});
        }
    }

    void add_discourse() {
        if (!generator_.starts_with("discourse")) return;
        std::string path = page_.path;
        while (path.ends_with('/')) path.pop_back();
        add_own((path.empty() ? "/latest" : path) + ".json", "Discourse", true);
    }

    std::string origin_text() const {
        url::Url root = page_;
        root.path = "";
        root.query.clear();
        root.has_query = false;
        root.fragment.clear();
        root.user.clear();
        std::string text = url::to_string(root);
        while (text.ends_with('/')) text.pop_back();
        return text;
    }

    /// A URL of the page's own origin; others are left alone.
    void add_own(const std::string& text, const std::string& why, bool service = false) {
        const std::string absolute = url::resolve(base_, text);
        const auto parsed = url::parse_url(absolute);
        if (!parsed || url::origin(*parsed) != origin_ || !parsed->user.empty()) return;
        add({url::to_string(*parsed, false), request_template(absolute, page_url_), why, service});
    }

    void add(ApiCandidate candidate) {
        if (found_.size() >= limit_ || !known_.insert(candidate.url).second) return;
        found_.push_back(std::move(candidate));
    }

    const html::Element root_;
    const url::Url& page_;
    const std::string page_url_;
    const std::string origin_;
    const std::vector<std::string> segments_;
    const std::string base_;
    const std::size_t limit_;
    std::vector<ApiCandidate> found_;
    std::set<std::string> known_;
    std::vector<std::pair<std::string, std::string>> links_;
    std::vector<std::string> script_urls_;
    std::string generator_;
    bool shopify_ = false;
};

}  // namespace

Value request_template(std::string_view endpoint, std::string_view page_url) {
    const auto target = url::parse_url(endpoint);
    const auto page = url::parse_url(page_url);
    if (!target || !page) return json_request(std::string(endpoint), {});
    const std::vector<std::string> own = url::path_segments(*page);
    const auto own_query = url::query_members(page->query);
    const bool same = url::origin(*target) == url::origin(*page) && target->path == page->path;

    url::Url base = *target;
    base.path.clear();
    base.query.clear();
    base.has_query = false;
    base.fragment.clear();
    std::string url = url::to_string(base);
    while (url.ends_with('/')) url.pop_back();
    const std::vector<std::string> segments = url::path_segments(*target);
    const auto segment_placeholder = [&](const std::string& text) -> std::optional<std::string> {
        if (text.empty() || text == "." || text == "..") return std::nullopt;
        const auto found = std::find(own.begin(), own.end(), text);
        if (found == own.end()) return std::nullopt;
        return placeholder_path(static_cast<std::size_t>(found - own.begin()));
    };
    for (std::size_t i = 0; i < segments.size(); ++i) {
        url += '/';
        if (same && !segments[i].empty())
            url += placeholder_path(i);
        else if (const auto placeholder = segment_placeholder(segments[i]))
            url += *placeholder;
        else
            url += url::percent_encode(segments[i]);
    }
    if (segments.empty()) url += '/';
    Object query;
    for (const auto& [name, value] : url::query_members(target->query)) {
        std::string text = value;
        if (!same && !value.empty()) {
            const auto member = std::find_if(own_query.begin(), own_query.end(),
                                             [&wanted = value](const auto& pair) { return pair.second == wanted; });
            if (member != own_query.end() && member->first.find_first_of("{}") == std::string::npos)
                text = "{{url.query." + member->first + "}}";
            else if (const auto placeholder = segment_placeholder(value))
                text = *placeholder;
            else if (value == page->host)
                text = "{{url.host}}";
            else if (value == page_url)
                text = "{{url}}";
        }
        if (Value* known = query.find(name)) {
            if (!known->is_array()) {
                Value::Array array;
                array.push_back(std::move(*known));
                *known = Value(std::move(array));
            }
            known->if_array()->emplace_back(std::move(text));
        } else {
            query.append(name, std::move(text));
        }
    }
    return json_request(std::move(url), std::move(query));
}

std::vector<ApiCandidate> find_api_candidates(const html::Document& document, std::string_view page_url,
                                              std::size_t limit) {
    const auto page = url::parse_url(page_url);
    if (!page) return {};
    return ApiFinder(document, *page, page_url, limit).run();
}

}  // namespace meter::generate
