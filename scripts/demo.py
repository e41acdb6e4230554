#!/usr/bin/python3
"""Shows meter-server at work: a strategy, a job, records; the page changes, another job, the changes.

    demo.py --server BINARY                             on the shop of demo_shop.py
    demo.py --server BINARY -- URL ["what to extract"]  on a page of yours

scripts/demo builds the binary and calls this.
"""

import argparse
import contextlib
import http.client
import ipaddress
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unicodedata
import urllib.parse

import demo_shop

SHOP_SCHEMA = {"name": "string", "price": "number", "stock": "string", "url": "string"}
IDENTITY = ("id", "url", "link", "href", "sku", "heading", "name", "title")  # what tells records apart, best first
MOST_ROWS = 20


class DemoError(Exception):
    """Something to tell the user in one line."""


class Api:
    """Calls of the HTTP API, with the time they took."""

    def __init__(self, port, key):
        self.port, self.key = port, key

    def call(self, method, path, body=None):
        """(status, JSON, milliseconds)"""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {self.key}"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            text = response.read()
        try:
            answer = json.loads(text) if text else {}
        except ValueError:
            answer = {"detail": text.decode("utf-8", "replace")[:200]}
        return response.status, answer, (time.monotonic() - began) * 1000

    def execute(self, strategy, url):
        status, job, took = self.call("POST", "/api/jobs/execute", {"strategy_id": strategy["strategy_id"], "url": url})
        if status != 200:
            raise DemoError(job.get("detail") or f"the server answered {status}")
        if job["status"] != "completed":
            raise DemoError(f"{job['error']} ({url})")
        return job, took


@contextlib.contextmanager
def running_server(binary, allow_private):
    """meter-server on a free loopback port with a store that is gone afterwards; gives the Api."""
    key = "sk_live_" + secrets.token_hex(20)
    with tempfile.TemporaryDirectory(prefix="meter-demo-") as folder:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log_path = pathlib.Path(folder, "server.log")
        command = [str(binary), "serve", "--listen", f"127.0.0.1:{port}", "--store", f"sqlite:{folder}/meter.db"]
        command += ["--allow-private-networks"] if allow_private else []
        environment = {name: value for name, value in os.environ.items() if not name.startswith("METER_")}
        with open(log_path, "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                       env={**environment, "METER_BOOTSTRAP_KEY": key}, cwd=folder)
        try:
            api = Api(port, key)
            end = time.monotonic() + 20
            while not is_ready(api):
                if process.poll() is not None or time.monotonic() > end:
                    lines = log_path.read_text(errors="replace").strip().splitlines()
                    raise DemoError("the server did not start: " + (lines[-1] if lines else "no message"))
                time.sleep(0.02)
            yield api
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def is_ready(api):
    try:
        return api.call("GET", "/readyz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


# -- what is shown ---------------------------------------------------------------------------------------------------


def paint(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text


def headline(text):
    print("\n" + paint("1", text))


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text, most):
    """The text in at most `most` columns of the terminal."""
    if width(text) <= most:
        return text
    while width(text) > most - 1:
        text = text[:-1]
    return text + "…"


def shown(value):
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # What a page says must not steer the terminal.
    return "".join(c for c in " ".join(text.split()) if unicodedata.category(c) not in ("Cc", "Cf"))


def column_texts(values, numeric):
    """The values as texts; numbers of one column with the same count of decimals."""
    texts = [shown(value) for value in values]
    if not numeric:
        return texts
    decimals = max(len(text.partition(".")[2]) for text in texts)
    return [text if value is None or isinstance(value, bool) else f"{value:.{min(decimals, 6)}f}"
            for text, value in zip(texts, values)]


def print_table(records):
    if not records:
        print("  no records")
        return
    columns = list(dict.fromkeys(name for record in records for name in record))
    numeric = [all(isinstance(record.get(name), (int, float, type(None))) for record in records) for name in columns]
    cells = [column_texts([record.get(name) for record in records[:MOST_ROWS]], number)
             for name, number in zip(columns, numeric)]
    rows = list(zip(*cells))
    widths = [max(width(text) for text in column) for column in zip(columns, *rows)]
    room = max(40, shutil.get_terminal_size((110, 24)).columns) - 2 - 2 * len(columns)
    while sum(widths) > room and max(widths) > 8:  # the widest gives way
        widths[widths.index(max(widths))] -= 1

    def line(texts):
        padded = []
        for text, most, number in zip(texts, widths, numeric):
            text = cut(text, most)
            padded.append(" " * (most - width(text)) + text if number else text + " " * (most - width(text)))
        return "  " + "  ".join(padded).rstrip()

    print(paint("2", line(columns)))
    for row in rows:
        print(line(row))
    if len(records) > MOST_ROWS:
        print(f"  ... and {len(records) - MOST_ROWS} more")


def print_job(job, took):
    print(f"  {job['item_count']} records in {took:.0f} ms, content hash {job['content_hash'][:12]}")
    print_table(job["results"])


def identity_of(before, after):
    """The member that tells the records of both lists apart, or None."""
    for name in IDENTITY:
        if all(unique([record.get(name) for record in records]) for records in (before, after)):
            return name
    return None


def unique(values):
    texts = [json.dumps(value, sort_keys=True) for value in values]
    return bool(values) and None not in values and len(set(texts)) == len(texts)


def changes_between(before, after, by=None):
    """Lines that say what happened to the records."""
    by = by or identity_of(before, after) or (before or after or [{}])[0].keys()
    names = [by] if isinstance(by, str) else list(by)

    def keyed(records):
        return {tuple(json.dumps(record.get(name), sort_keys=True) for name in names): record for record in records}

    def label(record):
        return cut(shown(next((record[n] for n in ("name", "title", "heading") if record.get(n)), record)), 60)

    old, new = keyed(before), keyed(after)
    lines = []
    for key, record in old.items():
        if key in new:
            for name in record:
                if record[name] != new[key].get(name):
                    lines.append(paint("33", f"~ {label(record)}: {name} {cut(shown(record[name]), 40)} -> "
                                             f"{cut(shown(new[key].get(name)), 40)}"))
        else:
            lines.append(paint("31", f"- {label(record)} is gone"))
    for key, record in new.items():
        if key not in old:
            details = ", ".join(cut(shown(value), 40) for name, value in record.items()
                                if name not in ("name", "title", "heading", "url", "link") and value is not None)
            lines.append(paint("32", f"+ {label(record)} is new" + (f" ({details})" if details else "")))
    return lines


def print_changes(first, second, by=None):
    headline("What the server says")
    same = first["content_hash"] == second["content_hash"]
    print(f"  has_changes: {json.dumps(second['has_changes'])}; content hash {first['content_hash'][:12]} -> "
          f"{second['content_hash'][:12]} ({'the same' if same else 'another'})")
    lines = changes_between(first["results"], second["results"], by)
    headline("What changed")
    for line in lines[:MOST_ROWS]:
        print("  " + line)
    if len(lines) > MOST_ROWS:
        print(f"  ... and {len(lines) - MOST_ROWS} more")
    if not lines:
        print("  nothing" if same else "  the order of the records")


# -- the two demos ---------------------------------------------------------------------------------------------------


def generate(api, **members):
    status, answer, took = api.call("POST", "/api/strategies/generate", members)
    if status == 201:
        print(f"  strategy {answer['strategy_id']} ({answer['scraper_type']}) in {took:.0f} ms")
        return answer
    raise DemoError(f"{answer.get('detail') or f'the server answered {status}'} ({members['url']})")


def print_plan(strategy):
    """Where the strategy finds its fields, and how sure it is."""
    plan = strategy["strategy"]
    container = plan.get("container", {}).get("selector")
    for name, field in plan.get("fields", {}).items():
        attribute = f", attribute {field['attribute']}" if "attribute" in field else ""
        confidence = plan.get("explain", {}).get(name, {}).get("confidence")
        sure = f"   ({confidence:.0%} sure)" if isinstance(confidence, (int, float)) else ""
        where = field.get("selector") or field.get("path") or "the record itself"
        print(f"  {name:8} {f'{container} -> ' if container else ''}{shown(where)}{attribute}{sure}")
    for warning in strategy.get("warnings", []):
        print(f"  {paint('33', shown(warning))}")


def demo_on_shop(binary):
    with demo_shop.DemoShop() as shop, running_server(binary, allow_private=True) as api:
        headline(f"1. A strategy for {shop.url}, made from \"product names, prices, stock and links\"")
        strategy = generate(api, url=shop.url, description="product names, prices, stock and links",
                            name="The Tea Shop", output_schema=SHOP_SCHEMA)
        print_plan(strategy)
        headline("2. A job")
        first, took = api.execute(strategy, shop.url)
        print_job(first, took)
        shop.change()
        headline("3. The shop has changed; the same job again")
        second, took = api.execute(strategy, shop.url)
        print_job(second, took)
        print_changes(first, second, by="name")
        if not second["has_changes"]:
            raise DemoError("the shop changed, but the server did not notice")


def demo_on_page(binary, url, description):
    with running_server(binary, allow_private=is_private(url)) as api:
        headline(f"1. A strategy for {url}")
        if description:
            strategy = generate(api, url=url, description=description, name="Demo")
            print_plan(strategy)
        else:
            print("  No description: the page is read as content, its headings and the text below them.")
            strategy = generate(api, url=url, description="", name="Demo", scraper_type="content")
        headline("2. A job")
        first, took = api.execute(strategy, url)
        print_job(first, took)
        headline("3. The same job again")
        second, took = api.execute(strategy, url)
        print(f"  {second['item_count']} records in {took:.0f} ms")
        print_changes(first, second)


def is_private(url):
    """Does the URL name this machine or an address that is not public? Only then are such addresses allowed."""
    try:
        host = urllib.parse.urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def main():
    parser = argparse.ArgumentParser(description="Shows meter-server at work.")
    parser.add_argument("--server", type=pathlib.Path, required=True, help="the meter-server binary")
    parser.add_argument("url", nargs="?")
    parser.add_argument("description", nargs="?")
    options = parser.parse_args()
    binary = options.server.resolve()
    began = time.monotonic()
    try:
        if not binary.is_file():
            raise DemoError(f"there is no server at {options.server}; scripts/demo builds it")
        if options.url:
            demo_on_page(binary, options.url, options.description)
        else:
            demo_on_shop(binary)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except (OSError, http.client.HTTPException) as error:
        print(f"demo: the server does not answer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130
    print(f"\nDone in {time.monotonic() - began:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
