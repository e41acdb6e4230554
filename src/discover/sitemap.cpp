#include "discover/sitemap.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "core/unicode.hpp"
#include "discover/gunzip.hpp"
#include "html/xml_stream.hpp"
#include "url/url.hpp"

namespace meter::discover {
namespace {

constexpr std::size_t max_location_bytes = 4096;  // as every URL of the wire contract
constexpr std::string_view sitemap_bom = "\xEF\xBB\xBF";

Error not_a_sitemap(std::string_view why = {}) {
    return {ErrorCode::parse,
            "Extraction failed: not a sitemap" + (why.empty() ? std::string() : ": " + std::string(why))};
}

constexpr bool is_reference_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Makes "&" where no reference begins "&amp;": many sitemaps have the queries of their URLs as they are, and libxml2
/// would drop "&name". CDATA sections pass as they are.
class AmpersandRepair {
public:
    template <class Use>
    void feed(std::string_view bytes, Use&& use) {
        if (held_.empty()) return hold(repair(bytes, false, use));
        const std::string joined = std::exchange(held_, {}).append(bytes);
        hold(repair(joined, false, use));
    }
    template <class Use>
    void finish(Use&& use) {
        const std::string rest = std::exchange(held_, {});
        hold(repair(rest, true, use));
    }

private:
    static constexpr std::string_view cdata_begin = "<![CDATA[", cdata_end = "]]>";
    static constexpr std::size_t longest_reference = 32;

    void hold(std::string_view rest) { held_ = rest; }

    /// Returns what waits for more: a few bytes at most.
    template <class Use>
    std::string_view repair(std::string_view text, bool last, Use&& use) {
        while (!text.empty()) {
            const auto mark = in_cdata_ ? cdata_end : cdata_begin;
            const auto at = in_cdata_ ? text.find(cdata_end) : find_cdata(text);
            // What may be the beginning of the mark waits for more.
            std::size_t end = at != std::string_view::npos ? at + mark.size() : text.size();
            if (at == std::string_view::npos && !last) end -= length_of_beginning(text, mark);
            const auto piece = text.substr(0, end);
            const std::size_t done =
                in_cdata_ ? pass(piece, use) : escape(piece, last || at != std::string_view::npos, use);
            text.remove_prefix(done);
            if (done < end || at == std::string_view::npos) break;
            in_cdata_ = !in_cdata_;
        }
        return text;
    }

    /// Looks for "[", which is rare, and not for "<".
    static std::size_t find_cdata(std::string_view text) {
        constexpr auto before = cdata_begin.substr(0, 2), rest = cdata_begin.substr(2);
        auto at = text.find(rest);
        while (at != std::string_view::npos && !text.substr(0, at).ends_with(before)) at = text.find(rest, at + 1);
        return at == std::string_view::npos ? at : at - before.size();
    }

    static std::size_t length_of_beginning(std::string_view text, std::string_view mark) {
        for (std::size_t length = std::min(text.size(), mark.size() - 1); length > 0; --length)
            if (text.ends_with(mark.substr(0, length))) return length;
        return 0;
    }

    template <class Use>
    static std::size_t pass(std::string_view piece, Use&& use) {
        if (!piece.empty()) use(piece);
        return piece.size();
    }

    /// Returns how much was handed over: a reference that is cut off by the end waits, unless `whole`.
    template <class Use>
    static std::size_t escape(std::string_view piece, bool whole, Use&& use) {
        std::size_t begin = 0;
        for (auto at = piece.find('&'); at != std::string_view::npos; at = piece.find('&', at + 1)) {
            const auto rest = piece.substr(at + 1, longest_reference);
            std::size_t length = 0;
            while (length < rest.size() && (is_reference_character(rest[length]) || (length == 0 && rest[0] == '#')))
                ++length;
            if (length == rest.size() && length < longest_reference && !whole) {
                pass(piece.substr(begin, at - begin), use);
                return at;
            }
            if (length > 0 && length < rest.size() && rest[length] == ';') continue;
            pass(piece.substr(begin, at + 1 - begin), use);
            use(std::string_view("amp;"));
            begin = at + 1;
        }
        pass(piece.substr(begin), use);
        return piece.size();
    }

    std::string held_;
    bool in_cdata_ = false;
};

/// URLs in the order they came, none twice. Each is kept once: the table has their places only.
class FoundUrls {
public:
    bool contains(const std::string& url) const {
        return !slots_.empty() && slots_[place_of(url, hash_of(url))].number != 0;
    }
    /// A URL that is not there yet.
    void add(const std::string& url) {
        list_.push_back(url);
        if (2 * list_.size() > slots_.size()) return grow();
        put(list_.size());
    }
    const std::vector<std::string>& list() const noexcept { return list_; }

private:
    struct Slot {
        std::uint32_t hash = 0;
        std::uint32_t number = 0;  // in the list, from 1 on; 0: free
    };

    static std::uint32_t hash_of(std::string_view url) noexcept {
        return static_cast<std::uint32_t>(std::hash<std::string_view>{}(url));
    }
    /// The slot that has the URL, or the free one where it belongs: half of them are free.
    std::size_t place_of(std::string_view url, std::uint32_t hash) const noexcept {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = hash & mask;
        while (slots_[at].number != 0 && (slots_[at].hash != hash || list_[slots_[at].number - 1] != url))
            at = (at + 1) & mask;
        return at;
    }
    void put(std::size_t number) {
        const std::string& url = list_[number - 1];
        const std::uint32_t hash = hash_of(url);
        slots_[place_of(url, hash)] = {hash, static_cast<std::uint32_t>(number)};
    }
    void grow() {
        slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), Slot{});
        for (std::size_t number = 1; number <= list_.size(); ++number) put(number);
    }

    std::vector<std::string> list_;
    std::vector<Slot> slots_;  // as many as a power of two
};

}  // namespace

struct SitemapReader::Impl final : html::XmlHandler {
    enum class Form { unknown, xml, list };
    enum class Root { none, urlset, index, rss, rdf, atom, other };

    Impl(std::string url, SitemapLimits bounds, std::function<bool(const std::string&)> filter)
        : file_url(std::move(url)), limits(bounds), accept(std::move(filter)) {}

    // -- the bytes

    bool feed(std::string_view bytes) {
        if (ended()) return false;
        if (form == Form::unknown && !gunzip) {
            head.append(bytes);
            if (head.size() < 2) return true;
            if (head.starts_with("\x1F\x8B")) gunzip = std::make_unique<Gunzip>();
            const std::string begun = std::exchange(head, {});
            return gunzip ? inflate(begun) : decoded(begun);
        }
        return gunzip ? inflate(bytes) : decoded(bytes);
    }

    bool inflate(std::string_view bytes) {
        const bool whole = gunzip->feed(bytes, [&](std::string_view piece) { return decoded(piece); });
        if (!whole && !ended())
            failure =
                not_a_sitemap(Gunzip::supported ? "broken gzip data" : "it is compressed, and this build has no zlib");
        return !ended();
    }

    bool decoded(std::string_view bytes) {
        read += bytes.size();
        if (read > limits.max_bytes) failure = Error{ErrorCode::too_large, "Page too large", file_url};
        if (ended()) return false;
        if (form == Form::unknown) {
            head.append(bytes);
            decide(false);
        } else {
            take(bytes);
        }
        return !ended();
    }

    /// The first bytes decide: libxml2 knows UTF-16 by its byte order mark, and white space before the XML declaration,
    /// a common mistake, is passed over.
    void decide(bool last) {
        std::string_view text = head;
        if (text.size() < 4 && !last) return;
        utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
        if (!utf16) {
            if (text.starts_with(sitemap_bom)) text.remove_prefix(sitemap_bom.size());
            text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
            if (text.empty() && !last && head.size() < 4096) return;
        }
        form = utf16 || text.starts_with('<') ? Form::xml : Form::list;
        if (form == Form::xml) xml = std::make_unique<html::XmlStream>(*this);
        const std::string begun(text);
        head.clear();
        take(begun);
    }

    void take(std::string_view bytes) {
        if (form == Form::list) {
            take_lines(bytes);
        } else if (utf16) {
            feed_xml(bytes);
        } else {
            ampersands.feed(bytes, [this](std::string_view piece) { feed_xml(piece); });
        }
    }

    void feed_xml(std::string_view bytes) {
        if (ended()) return;
        const auto fed = xml->feed(bytes);
        if (fed || failure) return;
        // A document that went wrong behind its first entries is read as far as it goes.
        if (fed.error().code == ErrorCode::unsupported)
            failure = not_a_sitemap(fed.error().message);
        else
            over = true;
    }

    void take_lines(std::string_view bytes) {
        while (!bytes.empty() && !ended()) {
            const auto end = bytes.find_first_of("\r\n");
            if (line.size() <= max_location_bytes) line.append(bytes.substr(0, end));
            if (end == std::string_view::npos) return;
            add(line, urls, limits.max_urls, true);
            line.clear();
            bytes.remove_prefix(end + 1);
        }
    }

    Result<void> finish() {
        if (!failure && !over) {
            if (form == Form::unknown) decide(true);
            if (form == Form::list && !ended()) add(line, urls, limits.max_urls, true);
            if (form == Form::xml) {
                ampersands.finish([this](std::string_view piece) { feed_xml(piece); });
                if (!ended()) (void)xml->finish();
            }
        }
        if (failure) return *failure;
        const bool known =
            form == Form::list ? !urls.list().empty() || skipped > 0 : root != Root::none && root != Root::other;
        if (!known) return not_a_sitemap();
        return {};
    }

    bool ended() const noexcept { return failure.has_value() || over; }

    // -- XML

    void start_element(std::string_view name) override {
        ++depth;
        if (depth == 1) {
            root = name == "urlset"         ? Root::urlset
                   : name == "sitemapindex" ? Root::index
                   : name == "rss"          ? Root::rss
                   : name == "RDF"          ? Root::rdf
                   : name == "feed"         ? Root::atom
                                            : Root::other;
            if (root == Root::other) over = true;
            return;
        }
        atom_link = false;
        if (entry_depth == 0) {
            const bool entry = ((root == Root::urlset && name == "url") || (root == Root::index && name == "sitemap") ||
                                ((root == Root::rss || root == Root::rdf) && name == "item") ||
                                (root == Root::atom && name == "entry")) &&
                               depth == (root == Root::rss ? 3 : 2);
            if (entry) entry_depth = depth;
        } else if (depth == entry_depth + 1 && location_depth == 0) {
            if (root == Root::atom) {
                atom_link = name == "link";
                link_href.clear();
                link_rel.clear();
            } else if (name == (root == Root::urlset || root == Root::index ? "loc" : "link")) {
                location_depth = depth;
                location.clear();
            }
        }
    }

    void attribute(std::string_view name, std::string_view value) override {
        if (!atom_link || value.size() > max_location_bytes) return;
        if (name == "href") link_href = value;
        if (name == "rel") link_rel = value;
    }

    void end_element(std::string_view) override {
        if (atom_link && depth == entry_depth + 1) {
            // RFC 4287 section 4.2.7.2: without rel it is "alternate", the page of the entry.
            if (!link_href.empty() && (link_rel.empty() || link_rel == "alternate")) add_entry(link_href);
            atom_link = false;
        }
        if (depth == location_depth) {
            location_depth = 0;
            add_entry(location);
        }
        if (depth == entry_depth) entry_depth = 0;
        --depth;
    }

    void text(std::string_view text) override {
        if (location_depth != 0 && location.size() <= max_location_bytes) location.append(text);
    }

    void add_entry(const std::string& text) {
        if (root == Root::index)
            add(text, files, limits.max_files, false);
        else
            add(text, urls, limits.max_urls, true);
    }

    // -- what was found

    void add(std::string_view text, FoundUrls& found, std::size_t most, bool filtered) {
        text = core::trim(text);
        if (text.empty() || text.size() > max_location_bytes) return;
        // A list has whole URLs only: a line of prose is not a page.
        if (form == Form::list && !core::ascii_iequals(text.substr(0, 4), "http")) return;
        if (url::is_normal(text)) {
            candidate = text;
        } else if (auto normal = url::normalize(url::resolve(file_url, text)); normal) {
            candidate = *std::move(normal);
        } else {
            return;
        }
        if (candidate.size() > max_location_bytes) return;
        if (filtered && !accept(candidate)) {
            ++skipped;
            return;
        }
        if (found.contains(candidate)) return;
        if (found.list().size() >= most) {
            was_truncated = over = true;
            return;
        }
        found.add(candidate);
    }

    const std::string file_url;
    const SitemapLimits limits;
    const std::function<bool(const std::string&)> accept;

    std::unique_ptr<Gunzip> gunzip;
    std::unique_ptr<html::XmlStream> xml;
    AmpersandRepair ampersands;
    Form form = Form::unknown;
    bool utf16 = false;
    std::string head;
    std::size_t read = 0;
    std::string line;
    std::size_t skipped = 0;
    bool over = false;
    std::optional<Error> failure;

    Root root = Root::none;
    int depth = 0, entry_depth = 0, location_depth = 0;
    bool atom_link = false;
    std::string location, link_href, link_rel;

    std::string candidate;  // the URL that is being looked at
    FoundUrls urls, files;
    bool was_truncated = false;
};

SitemapReader::SitemapReader(std::string file_url, SitemapLimits limits, std::function<bool(const std::string&)> accept)
    : impl_(std::make_unique<Impl>(std::move(file_url), limits, std::move(accept))) {}
SitemapReader::~SitemapReader() = default;

bool SitemapReader::feed(std::string_view bytes) {
    return impl_->feed(bytes);
}

Result<void> SitemapReader::finish() {
    return impl_->finish();
}

const std::vector<std::string>& SitemapReader::urls() const noexcept {
    return impl_->urls.list();
}

const std::vector<std::string>& SitemapReader::files() const noexcept {
    return impl_->files.list();
}

bool SitemapReader::truncated() const noexcept {
    return impl_->was_truncated;
}

}  // namespace meter::discover
