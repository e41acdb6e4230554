// XPath 1.0 through libxml2.
#pragma once

#include <libxml/tree.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "html/selector.hpp"

namespace meter::html::detail {

/// A compiled expression with its context. libxml2 writes into both while it evaluates (it caches the functions it
/// found in the expression), so one serves one thread at a time.
struct XPathMachine;

class XPathProgram {
public:
    /// `text` is the whole selector, `prefix` bytes of it stand before the expression.
    static Result<std::shared_ptr<const XPathProgram>> compile(std::string_view text, std::size_t prefix);
    ~XPathProgram();

    Result<std::vector<Match>> evaluate(const xmlNode* scope, std::size_t limit) const;

private:
    XPathProgram() = default;
    struct MachineCloser {
        void operator()(XPathMachine* machine) const noexcept;
    };
    using MachinePtr = std::unique_ptr<XPathMachine, MachineCloser>;
    MachinePtr make_machine(Error& error) const;

    std::string subject_;  // the selector as given, for errors
    std::string expression_;
    std::size_t prefix_ = 0;
    std::size_t wide_steps_ = 0;   // steps that look at more than children: each may start from all that the last found
    bool whole_document_ = false;  // may leave the subtree of the context node
    mutable std::mutex mutex_;
    mutable std::vector<MachinePtr> idle_;  // guarded by mutex_
};

}  // namespace meter::html::detail
