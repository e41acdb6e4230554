"""The public suites as input over HTTP: bodies of requests, pages of sites. Read by path, see suites.py."""

import concurrent.futures
import json
import re
import time
import unittest

import harness
import suites

PATIENCE = 20  # seconds; what is quadratic here takes minutes
CONTENT_TYPES = {".html": "text/html", ".htm": "text/html", ".xml": "application/xml", ".ent": "application/xml",
                 ".dtd": "application/xml-dtd"}


class JsonBodies(harness.MeterCase):
    def test_every_file_of_jsontestsuite_is_taken_or_refused_as_its_name_says(self):
        files = sorted((suites.folder("jsontestsuite") / "test_parsing").glob("*.json"))
        self.assertGreater(len(files), 100)
        for path in files:
            with self.subTest(path.name):
                answer = self.client.post("/api/jobs", body=path.read_bytes())
                self.assertEqual(answer.status, 400, answer)  # nothing there is a job
                malformed = answer.json["code"] == "malformed_json"
                if path.name.startswith("y_"):
                    self.assertFalse(malformed, answer)
                elif path.name.startswith("n_"):
                    self.assertTrue(malformed, answer)

    def test_malformed_utf8_in_a_string_is_refused_and_well_formed_comes_back(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        seen = {True: 0, False: 0}
        for number, valid, text in utf8_rows("utf8tests.bin"):
            if any(byte < 0x20 or byte in b'"\\' for byte in text):
                continue  # wrong in JSON whatever the encoding
            with self.subTest(number):
                body = b'{"name": "x' + text + b'"}'
                answer = self.client.patch(f"/api/strategies/{strategy['id']}", body=body, expect=200 if valid else 400)
                if valid:
                    self.assertEqual(answer.json["name"], "x" + text.decode())
            seen[valid] += 1
        self.assertGreater(min(seen.values()), 40)


class Pages(harness.MeterCase):
    def test_malformed_utf8_of_a_page_is_replaced(self):
        expected = {number: text for number, _, text in utf8_rows("utf8.replace.ref.txt")}
        # Markup, white space and NUL mean something of their own in HTML.
        rows = [(number, text) for number, _, text in utf8_rows("utf8tests.bin")
                if not any(byte <= 0x20 or byte in b"<&" for byte in text) and b"\xc2\x80" > text[:1]]
        body = b"<meta charset=utf-8>" + b"".join(b"<li>[" + text + b"]</li>" for _, text in rows)
        plan = {"container": {"selector": "li"}, "fields": {"v": {"selector": None}}}
        items = self.items_of(body, plan)
        self.assertEqual(len(items), len(rows))
        self.assertGreater(len(rows), 20)
        for (number, _), item in zip(rows, items):
            with self.subTest(number):
                self.assertEqual(item["v"], "[" + expected[number].decode() + "]")

    def test_hostile_documents_end_and_reach_for_nothing_else(self):
        """Entities, external subsets and broken markup: jobs end, and no file beside the page is asked for."""
        root = suites.folder("libxml2-hostile")
        files = [path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix in CONTENT_TYPES]
        self.assertGreater(len(files), 40)
        start = self.site.url("/shop")
        plan = {"container": {"selector": "*"}, "fields": {"name": {"selector": None},
                                                           "id": {"selector": None, "attribute": "id"}}}
        strategies = [self.client.strategy(start, plan),
                      self.client.post("/api/strategies/generate", {"url": start, "description": "", "name": "c",
                                                                    "scraper_type": "content"}, expect=201).json]
        base = self.path()
        asked = {}
        for path in files:
            where = f"{base}/{path.relative_to(root).as_posix()}"
            self.site.page(where, path.read_bytes(), CONTENT_TYPES[path.suffix])
            asked[where] = 0

        def run(pair):
            strategy, where = pair
            started = time.monotonic()
            job = self.client.execute(strategy, self.site.url(where))
            return where, job, time.monotonic() - started
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            done = list(pool.map(run, [(strategy, where) for strategy in strategies for where in asked]))
        for where, job, seconds in done:
            asked[where] += 1
            with self.subTest(where.removeprefix(base)):
                self.assertIn(job["status"], ("completed", "failed"))
                self.assertLess(seconds, PATIENCE)
                json.dumps(job, ensure_ascii=False).encode()  # valid UTF-8 all through
        print(f"slowest hostile document: {max(seconds for _, _, seconds in done):.2f} s")
        hits = {where: count for where, count in self.site.all_hits().items() if where.startswith(base)}
        self.assertEqual(hits, asked, "every page once for each strategy, nothing else")


def utf8_rows(name):
    """(number, valid, bytes) of each row."""
    for line in (suites.folder("utf8tests") / name).read_bytes().split(b"\n"):
        match = re.match(rb"([\d.]+):(valid|invalid):(.*)$", line, re.S)
        if match:
            yield match[1].decode(), match[2] == b"valid", match[3]


if __name__ == "__main__":
    unittest.main()
