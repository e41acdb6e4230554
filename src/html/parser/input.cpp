#include "html/parser/input.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "html/charset.hpp"
#include "html/charset_decoder.hpp"

namespace meter::html::detail {
namespace {

constexpr std::size_t declaration_bytes = 1024;
constexpr std::size_t late_declaration_bytes = 64u << 10;
constexpr std::size_t guessed_bytes = 64u << 10;

// Bytes that are the same text in every encoding that a page can be in undeclared. ESC starts what is no ASCII in
// ISO-2022-JP.
std::size_t plain_prefix(std::string_view bytes) noexcept {
    const std::string_view ascii = bytes.substr(0, ascii_prefix(bytes));
    return std::min(ascii.find('\x1b'), ascii.size());
}

}  // namespace

struct InputDecoder::Impl {
    enum class Stage { declaration, late_declaration, guess, decided };

    bool decide(std::string_view name);
    std::size_t read_declaration(std::string_view head);
    void give_kept(std::size_t from, const Receiver& out);
    void give_plain(const Receiver& out);
    void read_late_declaration(bool final, const Receiver& out);
    void guess(bool final, const Receiver& out);

    std::string_view content_type_encoding;
    std::string_view encoding;
    Stage stage = Stage::declaration;
    std::string kept;            // bytes from the start of the page (declarations), then undecided ones (guess)
    std::size_t given = 0;       // of `kept`, handed over as ASCII
    std::size_t known_utf8 = 0;  // of `kept`, found to be well-formed
    std::optional<CharsetDecoder> decoder;
};

InputDecoder::InputDecoder(std::string_view content_type) : impl_(std::make_unique<Impl>()) {
    impl_->content_type_encoding = charset_of_content_type(content_type);
}

InputDecoder::~InputDecoder() = default;

std::string_view InputDecoder::encoding() const noexcept {
    return impl_->encoding;
}

void InputDecoder::feed(std::string_view bytes, const Receiver& out) {
    Impl& self = *impl_;
    while (!bytes.empty()) {
        const auto take = [&](std::size_t limit) {
            const std::size_t size = std::min(bytes.size(), limit - std::min(limit, self.kept.size()));
            self.kept.append(bytes.substr(0, size));
            bytes.remove_prefix(size);
        };
        switch (self.stage) {
            case Impl::Stage::declaration:
                if (self.kept.empty() && bytes.size() >= declaration_bytes) {
                    bytes.remove_prefix(self.read_declaration(bytes.substr(0, declaration_bytes)));
                    break;
                }
                take(declaration_bytes);
                if (self.kept.size() == declaration_bytes) self.give_kept(self.read_declaration(self.kept), out);
                break;
            case Impl::Stage::late_declaration:
                take(late_declaration_bytes);
                self.read_late_declaration(false, out);
                break;
            case Impl::Stage::guess:
                if (self.kept.empty()) {
                    const std::string_view plain = bytes.substr(0, plain_prefix(bytes));
                    bytes.remove_prefix(plain.size());
                    if (!plain.empty()) out(plain);
                }
                take(guessed_bytes);
                self.guess(false, out);
                break;
            case Impl::Stage::decided:
                self.decoder->feed(bytes, out);
                return;
        }
    }
}

void InputDecoder::finish(const Receiver& out) {
    Impl& self = *impl_;
    if (self.stage == Impl::Stage::declaration) self.give_kept(self.read_declaration(self.kept), out);
    if (self.stage == Impl::Stage::late_declaration) self.read_late_declaration(true, out);
    if (self.stage == Impl::Stage::guess) self.guess(true, out);
    self.decoder->finish(out);
}

bool InputDecoder::Impl::decide(std::string_view name) {
    if (name.empty()) return false;
    decoder.emplace(name);
    if (!*decoder) return false;  // a C library without this table: as if it were not declared
    encoding = name;
    stage = Stage::decided;
    return true;
}

// 13.2.3.1 and 13.2.3.2. Returns the length of the byte order mark.
std::size_t InputDecoder::Impl::read_declaration(std::string_view head) {
    stage = Stage::late_declaration;
    if (head.starts_with("\xef\xbb\xbf")) return decide("UTF-8") ? 3 : 0;
    if (head.starts_with("\xfe\xff")) return decide("UTF-16BE") ? 2 : 0;
    if (head.starts_with("\xff\xfe")) return decide("UTF-16LE") ? 2 : 0;
    if (!decide(content_type_encoding)) decide(sniff_declared_encoding(head));
    return 0;
}

// The kept bytes from here on, once it is decided what they are.
void InputDecoder::Impl::give_kept(std::size_t from, const Receiver& out) {
    if (stage != Stage::decided) return;
    decoder->feed(std::string_view(kept).substr(from), out);
    kept = std::string();
}

void InputDecoder::Impl::give_plain(const Receiver& out) {
    const std::string_view rest = std::string_view(kept).substr(given);
    const std::string_view plain = rest.substr(0, plain_prefix(rest));
    given += plain.size();
    if (!plain.empty()) out(plain);
}

void InputDecoder::Impl::read_late_declaration(bool final, const Receiver& out) {
    give_plain(out);
    if (!final && kept.size() < late_declaration_bytes) return;
    if (decide(sniff_late_declaration(kept))) return give_kept(given, out);
    stage = Stage::guess;
    kept.erase(0, given);
    guess(final, out);
}

// Wire contract 8.5.
void InputDecoder::Impl::guess(bool final, const Receiver& out) {
    const Utf8Prefix more = utf8_prefix(std::string_view(kept).substr(known_utf8, guessed_bytes - known_utf8));
    known_utf8 += more.valid;
    const bool cut_off = known_utf8 < std::min(kept.size(), guessed_bytes);
    if (more.malformed != 0 || (final && cut_off))
        decide("windows-1252");
    else if (final || kept.size() >= guessed_bytes)
        decide("UTF-8");
    give_kept(0, out);
}

}  // namespace meter::html::detail
