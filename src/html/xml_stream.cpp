#include "html/xml_stream.hpp"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include <algorithm>
#include <climits>
#include <optional>

namespace meter::html {
namespace {

constexpr int max_xml_depth = 256;

std::string_view view(const xmlChar* text) {
    return text == nullptr ? std::string_view{} : std::string_view(reinterpret_cast<const char*>(text));
}

void ignore_error(void*, const char*, ...) {}

}  // namespace

struct XmlStream::Impl {
    explicit Impl(XmlHandler& receiver) : handler(receiver) {}
    ~Impl() {
        if (context == nullptr) return;
        xmlFreeDoc(context->myDoc);
        xmlFreeParserCtxt(context);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    static Impl& of(void* context) { return *static_cast<Impl*>(static_cast<xmlParserCtxtPtr>(context)->_private); }

    static void on_start(void* context, const xmlChar* name, const xmlChar*, const xmlChar*, int, const xmlChar**,
                         int attribute_count, int, const xmlChar** attributes) {
        Impl& self = of(context);
        if (++self.depth > max_xml_depth) {
            self.stop({ErrorCode::too_large, "XML is nested too deep"});
            return;
        }
        self.any = true;
        self.handler.start_element(view(name));
        for (int i = 0; i < attribute_count; ++i) {  // name, prefix, namespace, value, end of value
            const xmlChar** attribute = attributes + i * 5;
            self.handler.attribute(view(attribute[0]), {reinterpret_cast<const char*>(attribute[3]),
                                                        static_cast<std::size_t>(attribute[4] - attribute[3])});
        }
    }
    static void on_end(void* context, const xmlChar* name, const xmlChar*, const xmlChar*) {
        Impl& self = of(context);
        --self.depth;
        self.handler.end_element(view(name));
    }
    static void on_text(void* context, const xmlChar* text, int length) {
        of(context).handler.text({reinterpret_cast<const char*>(text), static_cast<std::size_t>(length)});
    }
    static void on_entity(void* context, const xmlChar*, int, const xmlChar*, const xmlChar*, xmlChar*) {
        of(context).stop({ErrorCode::unsupported, "XML that declares entities is refused"});
    }

    void stop(Error error) {
        if (!failure) failure = std::move(error);
        xmlStopParser(context);
    }

    bool open(std::string_view first) {
        xmlSAXHandler sax{};
        sax.initialized = XML_SAX2_MAGIC;
        sax.startElementNs = on_start;
        sax.endElementNs = on_end;
        sax.characters = sax.ignorableWhitespace = sax.cdataBlock = on_text;
        sax.entityDecl = on_entity;
        // Without these libxml2 does not know that there is an internal subset, and reads on behind it all the same.
        sax.internalSubset = xmlSAX2InternalSubset;
        sax.startDocument = xmlSAX2StartDocument;
        sax.error = sax.fatalError = sax.warning = ignore_error;
        sax.serror = [](void*, auto*) {};  // xmlError* before libxml2 2.12, const xmlError* since
        context = xmlCreatePushParserCtxt(&sax, nullptr, first.data(), static_cast<int>(first.size()), nullptr);
        if (context == nullptr) return false;
        context->_private = this;
        xmlCtxtUseOptions(
            context, XML_PARSE_NONET | XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NODICT);
        return true;
    }

    Result<void> parse(std::string_view bytes, bool last) {
        if (failure) return *failure;
        if (context == nullptr) {
            const auto taken = std::min(bytes.size(), 4 - head.size());
            head.append(bytes.substr(0, taken));
            bytes.remove_prefix(taken);
            if (head.size() < 4 && !last) return {};  // the first four bytes tell the charset
            if (!open(head)) return *(failure = Error{ErrorCode::internal, "Out of memory"});
        }
        while (!failure && (!bytes.empty() || last)) {
            const auto size = std::min<std::size_t>(bytes.size(), 1u << 20);
            const bool end = last && size == bytes.size();
            xmlParseChunk(context, bytes.data(), static_cast<int>(size), end ? 1 : 0);
            bytes.remove_prefix(size);
            if (end) break;
        }
        if (failure) return *failure;
        if (last && !any) return *(failure = Error{ErrorCode::parse, "This is not XML"});
        return {};
    }

    XmlHandler& handler;
    xmlParserCtxtPtr context = nullptr;
    std::string head;
    int depth = 0;
    bool any = false;
    std::optional<Error> failure;
};

XmlStream::XmlStream(XmlHandler& handler) : impl_(std::make_unique<Impl>(handler)) {}
XmlStream::~XmlStream() = default;

Result<void> XmlStream::feed(std::string_view bytes) {
    return impl_->parse(bytes, false);
}

Result<void> XmlStream::finish() {
    return impl_->parse({}, true);
}

}  // namespace meter::html
