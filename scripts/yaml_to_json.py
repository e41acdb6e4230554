#!/usr/bin/env python3
"""Writes a C++ source with a YAML file as JSON text, for embedding. Usage: yaml_to_json.py IN.yaml OUT.cpp

The source defines meter::server::openapi_json(). A .json output gets the JSON text itself.
"""
import json
import pathlib
import sys

import yaml

CHUNK = 4000  # characters a literal; compilers may stop at 65,536


class PlainLoader(yaml.SafeLoader):
    """Leaves dates as text: JSON has no type for them."""


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    text = json.dumps(yaml.load(source.read_text(encoding="utf-8"), PlainLoader), separators=(",", ":"))
    if target.suffix == ".json":
        target.write_text(text, encoding="utf-8")
        return
    chunks = [text[i:i + CHUNK] for i in range(0, len(text), CHUNK)]
    literals = "".join('    "' + c.replace("\\", "\\\\").replace('"', '\\"').replace("??", "?\\?") + '",\n' for c in chunks)
    target.write_text(f"""// Made from {source.name} by scripts/yaml_to_json.py.
#include "openapi_text.hpp"

#include <string_view>

namespace meter::server {{
namespace {{

constexpr std::string_view openapi_chunks[] = {{
{literals}}};

}}  // namespace

const std::string& openapi_json() {{
    static const std::string text = [] {{
        std::string joined;
        for (const auto chunk : openapi_chunks) joined += chunk;
        return joined;
    }}();
    return text;
}}

}}  // namespace meter::server
""", encoding="utf-8")


if __name__ == "__main__":
    main()
