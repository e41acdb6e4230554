// What can be told about the command line in other forms than --help: pages and completions made from the one table.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace meter::server {

enum class ReferenceForm {
    markdown,  ///< the settings as tables: docs/configuration.md
    man,       ///< meter-server(1)
    bash,      ///< completion for bash
    routes,    ///< method, path and scope of each route, a line for each
};

std::string reference_text(const CLI::App& app, ReferenceForm form);

}  // namespace meter::server
