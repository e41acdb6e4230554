#!/usr/bin/env python3
"""Fails when an #include crosses the layers of the library.

Rules: who may include whom (LAYERS), and who owns a third-party header (OWNERS). Everything else is refused, so a new
module or dependency has to be named here. Usage: scripts/check_layers.py [root]
"""
import pathlib
import re
import sys

PURE_BASE = {"core", "json", "url", "html"}
SEAM_BASE = {"core", "json", "url", "html"}
# module of src/ -> other modules it may include
LAYERS = {
    "core": set(),
    "json": {"core"},
    "url": {"core"},
    "html": {"core", "url"},
    "extract": PURE_BASE,
    "change": PURE_BASE,
    "filter": PURE_BASE,
    "schedule": PURE_BASE,
    "workflow": PURE_BASE,
    "discover": SEAM_BASE,
    "fetch": SEAM_BASE,
    "nodes": SEAM_BASE | {"workflow"},
    "notify": SEAM_BASE,
    "store": SEAM_BASE,
    "generate": SEAM_BASE | {"extract"},
    "testing": {"core", "json"},
    "run": PURE_BASE | {"extract", "change", "filter", "notify", "workflow"},
    "engine": PURE_BASE | {"extract", "change", "filter", "schedule", "workflow", "fetch", "store", "run", "notify", "generate", "nodes"},
}
# third-party header prefix -> folders that own it
OWNERS = {
    "rapidjson/": {"src/json"},
    "libxml/": {"src/html"},
    "curl/": {"src/fetch", "src/url"},
    "openssl/": {"src/core"},
    "re2/": {"src/core"},
    "utf8proc.h": {"src/core"},
    "date/": {"src/schedule"},
    "zlib.h": {"src/discover"},
    "boost/": {"src/workflow"},
    "SQLiteCpp/": {"src/store/sqlite"},
    "sqlite3.h": {"src/store/sqlite", "src/nodes"},
    "jq.h": {"src/nodes"},
    "libpq-fe.h": {"src/nodes"},
    "mysql.h": {"src/nodes"},
    "jv.h": {"src/nodes"},
    "httplib.h": {"server"},
    "CLI/": {"server"},
    "spdlog/": {"server"},
    "yaml.h": {"server"},
    "doctest/": {"tests"},
}
# POSIX headers, and where the operating system may be touched
SYSTEM = {"src/fetch", "src/url", "src/html", "src/store", "src/nodes", "server", "examples", "tests", "bench"}
SYSTEM_HEADER = re.compile(r"^(sys/|netinet/|arpa/|unistd\.h|fcntl\.h|poll\.h|netdb\.h|iconv\.h|signal\.h|pthread\.h)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def owned(folder, owners):
    return any(folder == o or folder.startswith(o + "/") for o in owners)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    breaches = []
    files = [p for top in ("include", "src", "server", "examples", "tests", "bench") for p in (root / top).rglob("*")
             if p.suffix in (".cpp", ".hpp")]
    for path in sorted(files):
        relative = path.relative_to(root).as_posix()
        folder = relative.rsplit("/", 1)[0]
        top = relative.split("/")[0]
        module = relative.split("/")[1] if top == "src" else None
        if top == "src" and module not in LAYERS:
            breaches.append(f"{relative}: module src/{module} is not named in scripts/check_layers.py")
            continue
        for kind, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            first = name.split("/")[0]
            why = None
            third = next((prefix for prefix in OWNERS if name == prefix or name.startswith(prefix)), None)
            if third is not None:
                # a test or benchmark of a wrapper may compare with the library it wraps
                if not owned(folder, OWNERS[third]) and top not in ("tests", "bench"):
                    why = f"{name} belongs to {', '.join(sorted(OWNERS[third]))}"
            elif first == "meter":
                if kind == "<":
                    why = "own headers are included with quotes"
            elif SYSTEM_HEADER.match(name):
                if not owned(folder, SYSTEM):
                    why = f"{name}: the operating system is touched in {', '.join(sorted(SYSTEM))} only"
            elif kind == '"' and top == "include":
                why = "public headers include meter/ only"
            elif kind == '"' and top == "src" and first in LAYERS and first != module and first not in LAYERS[module]:
                why = f"src/{module} may include {', '.join(sorted(LAYERS[module])) or 'nothing'} only"
            elif kind == '"' and top in ("server", "examples") and first in LAYERS:
                why = f"{top} may include include/meter only"
            elif kind == '"' and top == "src" and first not in LAYERS:
                why = f'"{name}": write the path from src/'
            if why:
                breaches.append(f"{relative}: {why}")
    for line in breaches:
        print(line)
    print(f"layers: {len(files)} files, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
