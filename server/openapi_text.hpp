// The API description, server/openapi.yaml, as JSON; made at build time by scripts/yaml_to_json.py.
#pragma once

#include <string>

namespace meter::server {

const std::string& openapi_json();

}  // namespace meter::server
