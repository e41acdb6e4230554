#!/usr/bin/env python3
"""Fails when the documents say what is not so: README.md, CHANGELOG.md and docs/*.md.

    scripts/check_docs.py [--server build/dev/bin/meter-server] [--write]

Links lead somewhere, anchors included. Every code block is judged by its language:
  cpp      compiled (-fsyntax-only) against include/; what is no program is put into a function, or at namespace level.
           An HTML comment <!-- given: ... --> before a block declares a function around it. Those of docs/tour.md are
           parts of examples, which examples/check_tour.py compares.
  sh       read by bash -n; `sh run` is executed against a server on an empty store, in the order of the page. There
           https://books.toscrape.com and https://my-app.example are a site on loopback.
  json     read; python and cmake are read too
  text     nothing; so is any block with the word text behind its language
docs/configuration.md is what the server says about itself (--write writes it), and docs/rest.md has the server's routes,
all of which are in openapi.yaml, each with a command.
"""
import argparse
import ast
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import docs_site  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEY = "sk_live_0123456789abcdef0123456789abcdef"
PREAMBLE = """#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include "meter/meter.hpp"
"""
BLOCK = re.compile(r"(?:^<!-- given: (?P<given>.*?) -->\n)?^```(?P<info>[^\n`]*)\n(?P<code>.*?)^```$", re.M | re.S)
faults = []


def fault(path, line, text):
    faults.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def slug(heading):
    """The anchor GitHub makes of a heading."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def anchors_of(path):
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    return {slug(h) for h in re.findall(r"^#{1,6} (.*)$", text, re.M)}


def check_links(path, text):
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.M | re.S)
    for found in re.finditer(r"\]\(([^)\s]+)\)", prose):
        target, _, anchor = found[1].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (path.parent / target).resolve() if target else path
        if not file.exists():
            fault(path, line_of(prose, found.start()), f"no such file: {target}")
        elif anchor and file.suffix == ".md" and anchor not in anchors_of(file):
            fault(path, line_of(prose, found.start()), f"no such heading: {found[1]}")


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def compile_cpp(code, given):
    """Nothing when it compiles; else what the compiler said."""
    if given:
        forms = [f"{PREAMBLE}{given} {{\n{code}\n}}\n"]
    elif "int main(" in code:
        forms = [code]
    else:
        forms = [f"{PREAMBLE}void block() {{\n{code}\n}}\n", f"{PREAMBLE}{code}\n"]
    for form in forms:
        done = run(["g++", "-std=c++20", "-fsyntax-only", f"-I{ROOT}/include", "-x", "c++", "-"], input=form)
        if done.returncode == 0:
            return None
    return next((line for line in done.stderr.splitlines() if "error:" in line), done.stderr[-300:])


def check_block(path, line, words, code, given):
    language = words[0] if words else ""
    problem = None
    if not words:
        problem = "a code block without a language; write text when it is none"
    elif "text" in words:
        return
    elif language == "cpp":
        problem = None if path.name == "tour.md" else compile_cpp(code, given)
    elif language == "sh":
        done = run(["bash", "-n"], input=code)
        problem = done.stderr.strip() or None
    elif language == "json":
        try:
            json.loads(code)
        except ValueError as error:
            problem = str(error)
    elif language == "python":
        try:
            ast.parse(code)
        except SyntaxError as error:
            problem = str(error)
    elif language == "cmake":
        with tempfile.NamedTemporaryFile("w", suffix=".cmake") as script:
            script.write(f"if(FALSE)\n{code}\nendif()\n")
            script.flush()
            problem = run(["cmake", "-P", script.name]).stderr.strip() or None
    else:
        problem = f"no way to check {language}; mark it text"
    if problem:
        fault(path, line, problem)


class Server:
    """meter-server on a free port and an empty store."""

    def __init__(self, binary, folder):
        environment = {**os.environ, "METER_BOOTSTRAP_KEY": KEY}
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--store", f"sqlite:{folder}/meter.db",
             "--allow-private-networks"], stdout=subprocess.PIPE, stderr=open(f"{folder}/log", "w"), text=True, env=environment)
        self.url = ""
        for line in self.process.stdout:
            if line.startswith("Listening on "):
                self.url = line.split()[-1]
                break

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def execute(pages, binary, site):
    """Runs the `sh run` blocks of each page; those of docs/rest.md come first, because its function is used elsewhere."""
    pages = sorted(pages.items(), key=lambda item: (item[0].name != "rest.md", item[0].name))
    function = ""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(binary, folder)
        try:
            for path, blocks in pages:
                script = ["set -euo pipefail", function]
                for line, code in blocks:
                    if code.startswith("meter() {"):
                        function = code
                    script.append(f"printf '\\n@@{line}\\n'\n{code}")
                text = "\n".join(script)
                text = text.replace("http://localhost:8000", server.url).replace("localhost:8000", server.url)
                text = text.replace("https://books.toscrape.com", site).replace("https://my-app.example", site)
                environment = {**os.environ, "KEY": KEY, "METER_BOOTSTRAP_KEY": KEY}
                try:
                    done = run(["bash"], input=text, env=environment, timeout=120)
                except subprocess.TimeoutExpired:
                    fault(path, 1, "its commands take longer than two minutes")
                    continue
                if done.returncode != 0:
                    line = ([1] + [int(n) for n in re.findall(r"^@@(\d+)$", done.stdout, re.M)])[-1]
                    tail = done.stdout.rsplit("@@", 1)[-1].strip()[-400:]
                    fault(path, line, f"a command failed: {done.stderr.strip()[-300:]} {tail}")
        finally:
            server.stop()


def check_routes(binary):
    path = ROOT / "docs/rest.md"
    text = path.read_text(encoding="utf-8")
    served = {tuple(line.split()[:2]) for line in run([binary, "reference", "--form", "routes"]).stdout.splitlines()}
    documented = set(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^\s`?]*)`", text))
    spec = yaml.safe_load((ROOT / "server/openapi.yaml").read_text(encoding="utf-8"))
    described = {(method.upper(), route) for route, methods in spec["paths"].items() for method in methods
                 if method in ("get", "post", "put", "patch", "delete")}
    for route in sorted(served - documented):
        fault(path, 1, f"does not have {' '.join(route)}")
    for route in sorted(documented - served):
        fault(path, 1, f"{' '.join(route)} is not served")
    for route in sorted(served - described):
        faults.append(f"server/openapi.yaml: does not have {' '.join(route)}, which is served")
    commands = re.findall(r"""^.*?\bmeter (GET|POST|PUT|PATCH|DELETE) ['"]?(/[^\s'"?]*)""", text, re.M)
    commands += [("POST" if "--json" in rest else "GET", target)  # what no key is sent to
                 for target, rest in re.findall(r"^curl\b.*? http://localhost:8000(/[^\s'\"?]*)(.*)$", text, re.M)]
    commands = [(method, re.sub(r"\$\w+", "{}", target)) for method, target in commands]
    for method, route in sorted(served & documented):
        if (method, re.sub(r"\{\w+\}", "{}", route)) not in commands:
            fault(path, 1, f"no command for {method} {route}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default=str(ROOT / "build/dev/bin/meter-server"))
    parser.add_argument("--write", action="store_true", help="write docs/configuration.md")
    options = parser.parse_args()
    began = time.monotonic()

    configuration = ROOT / "docs/configuration.md"
    told = run([options.server, "reference", "--form", "markdown"]).stdout
    if options.write:
        configuration.write_text(told, encoding="utf-8")
    elif configuration.read_text(encoding="utf-8") != told:
        fault(configuration, 1, "is not current: scripts/check_docs.py --write")

    check_routes(options.server)
    pages, count = {}, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]:
            text = path.read_text(encoding="utf-8")
            check_links(path, text)
            if len(re.findall(r"^```", text, re.M)) != 2 * len(BLOCK.findall(text)):
                fault(path, 1, "a code block without an end, or one that is indented")
            for found in BLOCK.finditer(text):
                count += 1
                words, line = found["info"].split(), line_of(text, found.start("info"))
                pool.submit(check_block, path, line, words, found["code"], found["given"])
                if words[:1] == ["sh"] and "run" in words:
                    pages.setdefault(path, []).append((line, found["code"]))
        if shutil.which("jq") and shutil.which("curl"):
            execute(pages, options.server, docs_site.start())
        else:
            faults.append("curl and jq are needed: scripts/setup --ci")
    for line in sorted(faults):
        print(line)
    executed = sum(len(blocks) for blocks in pages.values())
    print(f"docs: {count} blocks, {executed} of them executed, {len(faults)} faults, {time.monotonic() - began:.1f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
