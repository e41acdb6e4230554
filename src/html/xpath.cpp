#include "html/xpath.hpp"

#include <libxml/valid.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "html/tree.hpp"

namespace meter::html::detail {

struct XPathMachine {
    xmlXPathContext* context = nullptr;
    xmlXPathCompExpr* expression = nullptr;
};

namespace {

constexpr unsigned long operation_limit = 1'000'000;
// libxml2 counts the nodes it visits, but not the comparisons by which it keeps a result free of duplicates: each node
// that one wide step finds from one start is looked for among all found so far. This bounds them.
constexpr double comparison_limit = 2e10;
constexpr int max_xpath_nesting = 64;  // libxml2 recurses a dozen frames for each parenthesis

constexpr std::array<std::string_view, 31> xpath_functions{"boolean",
                                                           "ceiling",
                                                           "comment",
                                                           "concat",
                                                           "contains",
                                                           "count",
                                                           "false",
                                                           "floor",
                                                           "id",
                                                           "lang",
                                                           "last",
                                                           "local-name",
                                                           "name",
                                                           "namespace-uri",
                                                           "node",
                                                           "normalize-space",
                                                           "not",
                                                           "number",
                                                           "position",
                                                           "processing-instruction",
                                                           "round",
                                                           "starts-with",
                                                           "string",
                                                           "string-length",
                                                           "substring",
                                                           "substring-after",
                                                           "substring-before",
                                                           "sum",
                                                           "text",
                                                           "translate",
                                                           "true"};
static_assert(std::is_sorted(xpath_functions.begin(), xpath_functions.end()));

#if LIBXML_VERSION >= 21200
void ignore_xpath_error(void*, const xmlError*) {}
#else
void ignore_xpath_error(void*, xmlError*) {}
#endif

struct ObjectCloser {
    void operator()(xmlXPathObject* object) const noexcept { xmlXPathFreeObject(object); }
};

constexpr bool is_xpath_name(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || static_cast<signed char>(c) < 0;
}

struct XPathFault {
    std::string message;
    std::size_t position;
};

// What libxml2 would notice only while evaluating, or not survive: names it does not know, deep nesting.
std::optional<XPathFault> check_xpath(std::string_view text) {
    int nesting = 0;
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c == '"' || c == '\'') {
            const std::size_t end = text.find(c, i + 1);
            if (end == std::string_view::npos) return XPathFault{"String is not closed", i};
            i = end + 1;
            continue;
        }
        if (c == '(' || c == '[') {
            if (++nesting > max_xpath_nesting) return XPathFault{"Selector is nested too deeply", i};
        } else if (c == ')' || c == ']') {
            --nesting;
        } else if (c == '$') {
            return XPathFault{"XPath variables are not supported", i};
        } else if (is_xpath_name(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.') {
            std::size_t end = i;
            while (end < text.size() && is_xpath_name(text[end])) ++end;
            const std::string_view name = text.substr(i, end - i);
            if (end + 1 < text.size() && text[end] == ':' && text[end + 1] != ':')
                return XPathFault{"Undeclared namespace prefix \"" + std::string(name) + "\"", i};
            std::size_t next = end;
            while (next < text.size() && is_html_space(text[next])) ++next;
            const bool call = next < text.size() && text[next] == '(';
            // "a and (b)" is no call of and().
            const bool word = name == "and" || name == "or" || name == "div" || name == "mod";
            if (call && !word && !std::binary_search(xpath_functions.begin(), xpath_functions.end(), name))
                return XPathFault{"Unknown XPath function " + std::string(name) + "()", i};
            i = end;
            continue;
        }
        ++i;
    }
    return std::nullopt;
}

std::size_t count_wide_steps(std::string_view expression) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        const char c = expression[i];
        if (c == '"' || c == '\'') {
            i = expression.find(c, i + 1);  // closed: check_xpath() has seen to it
            continue;
        }
        const std::string_view rest = expression.substr(i);
        for (const std::string_view step : {"//", "descendant", "ancestor", "following", "preceding"})
            if (rest.starts_with(step)) {
                ++count;
                i += step.size() - 1;
                break;
            }
    }
    return count;
}

bool leaves_its_subtree(std::string_view expression) {
    if (expression.starts_with('/')) return true;
    for (const std::string_view way_out :
         {"..", "ancestor", "following", "preceding", "parent", "(/", "[/", "|", "id("})
        if (expression.find(way_out) != std::string_view::npos) return true;
    return false;
}

/// The most comparisons that steps one after another can need: (ancestor, descendant) pairs times elements.
double comparisons(const Tree& tree, std::uint32_t first, std::uint32_t end, std::size_t wide_steps) {
    double pairs = 0;
    for (std::uint32_t i = first; i < end; ++i) pairs += tree[i].end - i;
    return pairs * (end - first) * static_cast<double>(wide_steps - 1);
}

// Document order for comparisons, and ids for id(): made when first needed, since CSS needs neither.
void prepare_document(const xmlNode* scope) {
    const Tree& tree = tree_of(scope);
    std::call_once(tree.xpath_prepared, [&] {
        xmlXPathOrderDocElems(scope->doc);
        for (const ElementRecord& record : tree.records) {
            const xmlAttr* id = find_attribute(record.node, "id");
            if (id == nullptr || value_of(id).empty()) continue;
            const auto* value = reinterpret_cast<const xmlChar*>(value_of(id).data());
            if (xmlGetID(scope->doc, value) == nullptr) xmlAddID(nullptr, scope->doc, value, const_cast<xmlAttr*>(id));
        }
    });
}

std::optional<Match> match_of(const xmlNode* node) {
    switch (node->type) {
        case XML_ELEMENT_NODE:
            return Match{Element(node), std::nullopt};
        case XML_ATTRIBUTE_NODE:
            return Match{{}, std::string(value_of(reinterpret_cast<const xmlAttr*>(node)))};
        case XML_TEXT_NODE:
        case XML_CDATA_SECTION_NODE:
            return Match{{}, std::string(text_of(node))};
        default:
            return std::nullopt;
    }
}

}  // namespace

void XPathProgram::MachineCloser::operator()(XPathMachine* machine) const noexcept {
    xmlXPathFreeCompExpr(machine->expression);
    xmlXPathFreeContext(machine->context);
    delete machine;
}

XPathProgram::~XPathProgram() = default;

XPathProgram::MachinePtr XPathProgram::make_machine(Error& error) const {
    MachinePtr machine(new XPathMachine);
    machine->context = xmlXPathNewContext(nullptr);
    if (machine->context != nullptr) {
        machine->context->opLimit = operation_limit;
        machine->context->error = ignore_xpath_error;
        // With a context libxml2 counts the depth of the expression; without one it recurses as deep as it is told.
        machine->expression =
            xmlXPathCtxtCompile(machine->context, reinterpret_cast<const xmlChar*>(expression_.c_str()));
    }
    if (machine->expression != nullptr) return machine;
    error = Error{ErrorCode::invalid_argument, "XPath expression is not valid", subject_};
    if (machine->context != nullptr && machine->context->lastError.int1 >= 0)
        error.message += " at position " +
                         std::to_string(prefix_ + std::min(static_cast<std::size_t>(machine->context->lastError.int1),
                                                           expression_.size()));
    return nullptr;
}

Result<std::shared_ptr<const XPathProgram>> XPathProgram::compile(std::string_view text, std::size_t prefix) {
    std::shared_ptr<XPathProgram> program(new XPathProgram);
    program->subject_ = text;
    program->expression_ = text.substr(prefix);
    program->prefix_ = prefix;
    program->whole_document_ = leaves_its_subtree(program->expression_);
    std::optional<XPathFault> fault;
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
        fault = XPathFault{"Unexpected NUL byte", nul - prefix};
    else
        fault = check_xpath(program->expression_);
    if (fault)
        return Error{ErrorCode::invalid_argument,
                     fault->message + " at position " + std::to_string(prefix + fault->position), std::string(text)};
    program->wide_steps_ = count_wide_steps(program->expression_);
    Error error;
    MachinePtr machine = program->make_machine(error);
    if (machine == nullptr) return error;
    program->idle_.push_back(std::move(machine));
    return std::shared_ptr<const XPathProgram>(std::move(program));
}

Result<std::vector<Match>> XPathProgram::evaluate(const xmlNode* scope, std::size_t limit) const {
    if (wide_steps_ > 1) {
        const Tree& tree = tree_of(scope);
        const std::uint32_t first = whole_document_ ? 0 : record_of(scope);
        const auto end = whole_document_ ? static_cast<std::uint32_t>(tree.records.size()) : tree[first].end;
        if (comparisons(tree, first, end, wide_steps_) > comparison_limit)
            return Error{ErrorCode::too_large, "Selector needs too many steps", subject_};
    }
    prepare_document(scope);
    MachinePtr machine;
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            machine = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    Error error;
    if (machine == nullptr && (machine = make_machine(error)) == nullptr) return error;
    xmlXPathContext* context = machine->context;
    context->doc = scope->doc;
    context->node = const_cast<xmlNode*>(scope);
    context->opCount = 0;
    xmlResetError(&context->lastError);
    const std::unique_ptr<xmlXPathObject, ObjectCloser> object(xmlXPathCompiledEval(machine->expression, context));
    const int code = context->lastError.code;
    context->doc = nullptr;
    context->node = nullptr;

    std::vector<Match> matches;
    if (object == nullptr) {
        const int xpath_error = code - XML_XPATH_EXPRESSION_OK;
        if (xpath_error == XPATH_OP_LIMIT_EXCEEDED)
            error = Error{ErrorCode::too_large, "Selector needs too many steps", subject_};
        else if (code == XML_ERR_NO_MEMORY || xpath_error == XPATH_MEMORY_ERROR ||
                 xpath_error == XPATH_RECURSION_LIMIT_EXCEEDED)
            error = Error{ErrorCode::too_large, "Selector needs too much memory", subject_};
        else
            error = Error{ErrorCode::invalid_argument, "XPath expression cannot be evaluated", subject_};
        return error;  // the machine is given up with whatever state it is in
    }
    if (object->type == XPATH_NODESET) {
        if (object->nodesetval != nullptr) {
            xmlXPathNodeSetSort(object->nodesetval);
            for (int i = 0; i < object->nodesetval->nodeNr && matches.size() < limit; ++i)
                if (auto match = match_of(object->nodesetval->nodeTab[i])) matches.push_back(std::move(*match));
        }
    } else if (limit > 0) {
        xmlChar* text = xmlXPathCastToString(object.get());
        matches.push_back(Match{{}, std::string(text != nullptr ? chars(text) : "")});
        xmlFree(text);
    }
    const std::lock_guard lock(mutex_);
    if (idle_.size() < 16) idle_.push_back(std::move(machine));
    return matches;
}

}  // namespace meter::html::detail
