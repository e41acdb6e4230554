#!/usr/bin/python3
"""Hand-written plans on real pages: the records a person expects come out of the real server.

plans/<case>.json holds {"strategy", "output_schema"} for a case of METER_PAGES (default ../shared/pages beside the
project). The pages are served on loopback with the address they came from as <base>; each plan becomes a strategy, the
strategy runs as a job, and score.py of METER_PAGES compares its results with the case's expected records. Where the
case has a second page of the same site, the same strategy must read that too.

    pages_test.py [case ...]     all plans, or some; METER_SERVER names the binary
"""

import importlib.util
import json
import os
import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import fixture_site
import harness

PLANS = HERE / "plans"
PAGES = pathlib.Path(os.environ.get("METER_PAGES") or HERE.parents[2].parent / "shared" / "pages")
LEAST_PLANS = 20
LEAST_VALUE_F1 = 0.95  # a case's own oddities cost a few values; records must all be right
SKIPPED = 77  # ctest: SKIP_RETURN_CODE


def skip(reason):
    print(f"skipped: {reason}\n0 passed, 0 failed")
    sys.exit(SKIPPED)


def load_score():
    spec = importlib.util.spec_from_file_location("score", PAGES / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.score


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def with_base(html, url):
    """The page with the address it came from, so that its relative links lead where they led."""
    if re.search(r"<base\s[^>]*href", html, re.IGNORECASE):
        return html
    base = '<base href="' + url.replace("&", "&amp;").replace('"', "&quot;") + '">'
    head = re.search(r"<head(\s[^>]*)?>", html, re.IGNORECASE)
    at = head.end() if head else 0
    return html[:at] + base + html[at:]


class Case:
    def __init__(self, name):
        self.name = name
        self.folder = PAGES / "cases" / name
        self.plan = read_json(PLANS / f"{name}.json")
        self.case = read_json(self.folder / "case.json")

    def pages(self):
        """(file name, its address, expected records) of each page of the case."""
        yield "page.html", self.case["url"], read_json(self.folder / "expected.json")
        if (self.folder / "page2.html").exists():
            yield ("page2.html", self.case.get("url2") or self.case["url"],
                   read_json(self.folder / "expected2.json"))

    def run(self, client, site, score):
        """Figures of each page; fails where records are wrong."""
        strategy = None
        for file, url, expected in self.pages():
            html = (self.folder / file).read_text(encoding="utf-8")
            address = site.page(f"/{self.name}/{file}", with_base(html, url))
            if strategy is None:
                members = {"output_schema": self.plan["output_schema"]} if "output_schema" in self.plan else {}
                strategy = client.strategy(address, self.plan["strategy"], description=self.case["description"],
                                           name=self.name, **members)
            job = client.execute(strategy, address)
            if job["status"] != "completed":
                raise AssertionError(f"{file}: the job {job['status']}: {job['error']}")
            figures = score(dict(self.case, url=url), expected, job["results"])
            print(f"  {self.name:22} {file:10} {self.case['kind']:14}"
                  f" {figures['n_pro']:3}/{figures['n_exp']:<3} records"
                  f"  recF {figures['recF']:.2f}  valF {figures['valF']:.3f}  nameF {figures['nameF']:.3f}", flush=True)
            if figures["recF"] != 1.0:
                raise AssertionError(f"{file}: record F1 is {figures['recF']:.3f}, not 1")
            if file == "page.html" and figures["valF"] < LEAST_VALUE_F1:
                raise AssertionError(f"{file}: value F1 is {figures['valF']:.3f}, below {LEAST_VALUE_F1}")


def main():
    if not (PAGES / "score.py").exists():
        skip(f"there are no pages at {PAGES}; METER_PAGES names their folder")
    names = sys.argv[1:] or sorted(path.stem for path in PLANS.glob("*.json"))
    cases = [name for name in names if (PAGES / "cases" / name).is_dir()]
    if not sys.argv[1:] and len(cases) < LEAST_PLANS:
        print(f"only {len(cases)} of the {len(names)} plans have a page at {PAGES}; at least {LEAST_PLANS} must\n"
              "0 passed, 1 failed")
        return 1

    score = load_score()
    passed = failed = 0
    try:
        with fixture_site.FixtureSite() as site, harness.Server(*harness.UNLIMITED) as server:
            client = server.admin()
            for name in cases:
                try:
                    Case(name).run(client, site, score)
                    passed += 1
                except Exception as error:  # each case gets its verdict, whatever happened to the one before
                    failed += 1
                    print(f"  {name:22} FAILED: {type(error).__name__}: {error}", flush=True)
    except unittest.SkipTest as reason:
        skip(reason)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
