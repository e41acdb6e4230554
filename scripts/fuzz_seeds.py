#!/usr/bin/env python3
"""Writes the cases of the public suites as seeds for the fuzz targets: fuzz_seeds.py FOLDER

Suites are read by path (METER_SUITES, ../shared/suites by default); those that are absent are left out.
"""

import hashlib
import json
import os
import pathlib
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
SUITES = pathlib.Path(os.environ.get("METER_SUITES", PROJECT.parent / "shared" / "suites"))

PLANS = [
    {"type": "css", "container": {"selector": "li.product"},
     "fields": {"name": {"selector": "h2"}, "price": {"selector": ".price", "regex": r"[\d.]+", "type": "number"},
                "link": {"selector": "a", "attribute": "href", "all": True}}},
    {"container": {"script": "__NEXT_DATA__", "path": "props.list"}, "fields": {"a": {"path": "b.c"}}},
    {"type": "api", "request": {"url": "https://a.test/{{url.path.1}}?q=1", "method": "POST", "body": {"page": 1}},
     "items_path": "data.rows", "fields": {"id": "id", "title": {"path": "meta.title"}}},
    {"type": "content"},
    {"container": {"selector": "xpath://li[@class='x']"}, "fields": {"v": {"selector": "xpath:string(.)"}}},
]
FILTERS = [
    {"mode": "any", "conditions": [{"field": "a.b", "operator": operator, "value": value, "case_sensitive": True}]}
    for operator, value in (("contains", "x"), ("not_contains", "x"), ("equals", 1), ("not_equals", None),
                            ("regex_match", r"^\w+(a|b)*$"), ("exists", None), ("not_exists", None), ("gt", "1,234.5"),
                            ("lt", 3))
]

RECORDS = [  # the first byte is the format: JSON, JSON lines, CSV
    b'\0[{"a":1,"b":"]"},[2,[]],"\\"",null]', b"\0 {} ", b'\1{"a":1}\n\n[2]\r\n"x"', b"\1\xef\xbb\xbf{}\n",
    b'\2a,b\r\n1,"x,""y""\n"\r\n,\n', b'\2\xef\xbb\xbf"a",\n"",1\n3', b"\5a;b\r1",
]

STRATEGY = "550e8400-e29b-41d4-a716-446655440000"
WORKFLOWS = [
    {"name": "Jobs", "description": None,
     "nodes": [{"node_key": "index", "strategy_id": STRATEGY, "input_type": "static_urls",
                "static_urls": ["https://a.test/list"], "static_parameters": {"q": ["a", 1]}},
               {"node_key": "details", "strategy_id": STRATEGY, "input_type": "upstream_urls", "url_field": "nodes.0.static_urls"},
               {"node_key": "api", "strategy_id": STRATEGY, "input_type": "upstream_data",
                "parameter_config": {"a": "name", "b": {"field": "x", "default": 1, "required": True}, "c": {"value": None}}},
               {"node_key": "last", "strategy_id": STRATEGY, "input_type": "trigger_only"}],
     "edges": [{"source_node_key": "index", "target_node_key": "details", "filter_config": FILTERS[0]},
               {"source_node_key": "index", "target_node_key": "api"},
               {"source_node_key": "details", "target_node_key": "last"},
               {"source_node_key": "api", "target_node_key": "last", "filter_config": None}]},
    {"name": "Round", "nodes": [{"node_key": key, "strategy_id": STRATEGY, "input_type": "upstream_data"} for key in "abc"],
     "edges": [{"source_node_key": a, "target_node_key": b} for a, b in ("ab", "bc", "ca")]},
]


def suite(name):
    path = SUITES / name
    return json.loads(path.read_text()) if path.exists() else None


def selectors():
    for row in suite("css-selectors/cssselect-cases.json") or []:
        if isinstance(row, dict) and isinstance(row.get("selector"), str):
            yield row["selector"]
    parsed = suite("css-selectors/css-what-out.json") or {}
    yield from (text for text in parsed if isinstance(text, str))


def urls():
    cases = suite("ssrf/ssrf.json") or {}
    yield from (row["url"] for row in cases.get("urls", []))
    yield from cases.get("schemes", [])
    yield from ("http://example.test/" + hop.split(":", 2)[-1] for chain in cases.get("redirect_chains", [])
                for hop in chain)


def files(*folders):
    for folder in folders:
        root = SUITES / folder
        for path in sorted(root.rglob("*")) if root.is_dir() else []:
            if path.is_file() and path.stat().st_size <= 65536:
                yield path.read_bytes()


def pages():
    yield from (b"\0" + page for page in files("libxml2-hostile/HTML", "libxml2-hostile/html-tokenizer"))
    folder = SUITES / "html5lib-tests" / "tree-construction"
    for path in sorted(folder.glob("*.dat")) if folder.is_dir() else []:
        for number, test in enumerate(path.read_bytes().split(b"#data\n")[1:]):
            data = test.split(b"\n#errors")[0]
            yield b"\0" + data
            if b"#document-fragment" in test:  # the low bits say fragment, the next ones which context
                yield bytes([7 | (number % 8) << 3]) + data


def seeds():
    page = b"<ul><li class=product><h2>A</h2><b class=price>$1</b></ul>"
    return {
        "json": files("jsontestsuite/test_parsing", "jsontestsuite/test_transform"),
        "html": pages(),
        "csv": RECORDS,
        "css": (text.encode() for text in selectors()),
        "plan": (json.dumps(plan).encode() + b"\0" + page for plan in PLANS),
        "url": (text.encode("utf-8", "replace") for text in urls()),
        "workflow": (json.dumps(row).encode() for row in WORKFLOWS),
        "filter": (json.dumps(row).encode() + b"\0" + b'{"a":{"b":"x 12"}}' for row in FILTERS),
    }


def main():
    target = pathlib.Path(sys.argv[1])
    for name, texts in seeds().items():
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        for text in texts:
            (folder / hashlib.sha1(text).hexdigest()).write_bytes(text)


if __name__ == "__main__":
    main()
