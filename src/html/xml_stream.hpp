// XML read piece by piece, without a tree: sitemaps and feeds of any length in little memory.
#pragma once

#include <memory>
#include <string_view>

#include "meter/result.hpp"

namespace meter::html {

/// Receives what is read. Views are valid until the call returns. Names are without prefix.
class XmlHandler {
public:
    virtual ~XmlHandler() = default;
    virtual void start_element(std::string_view name) = 0;
    /// The attributes of the element that has just started, one call each.
    virtual void attribute(std::string_view name, std::string_view value) = 0;
    virtual void end_element(std::string_view name) = 0;
    /// Character data and CDATA, in pieces.
    virtual void text(std::string_view text) = 0;
};

/// libxml2's push parser, tolerant of what is not well-formed: reading goes on where that makes sense, and what was
/// read counts. Charsets by BOM, then declaration, as libxml2 has them. No DTD is loaded, nothing is fetched, and a
/// document that declares entities is refused.
class XmlStream {
public:
    explicit XmlStream(XmlHandler& handler);
    ~XmlStream();
    XmlStream(const XmlStream&) = delete;
    XmlStream& operator=(const XmlStream&) = delete;

    /// Errors: parse "XML that declares entities is refused", "This is not XML"; too_large for elements nested more
    /// than 256 deep. After an error every call gives the same one.
    Result<void> feed(std::string_view bytes);
    /// The end. Errors: as feed(); parse when there was no element at all. A document that just breaks off is no error.
    Result<void> finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace meter::html
