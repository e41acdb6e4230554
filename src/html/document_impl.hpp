// What a Document holds, for those who make one.
#pragma once

#include <libxml/tree.h>

#include <memory>
#include <string>

#include "html/document.hpp"
#include "html/tree.hpp"

namespace meter::html {

struct Document::Impl {
    Impl();

    struct DocCloser {
        void operator()(xmlDoc* closed) const noexcept {
            // Our own nodes are in the arena, which gives them back at once: nothing to walk through.
            if (closed->_private != nullptr && static_cast<detail::Tree*>(closed->_private)->arena.reserved() > 0)
                closed->children = closed->last = nullptr;
            xmlFreeDoc(closed);
        }
    };

    detail::Tree tree;
    std::unique_ptr<xmlDoc, DocCloser> doc;
    std::string encoding;
    bool is_fragment = false;
};

}  // namespace meter::html
