#!/usr/bin/env python3
"""Plans for the pages of METER_PAGES (default ../shared/pages beside the project) must reach the agreed figures.

Usage: check_pages.py GENERATE_PAGES. Exit code 77 when there are no pages.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIRST = {"recF": .93, "valF": .87, "nameF": .83}
SECOND = {"recF": .88, "valF": .82}  # plans of the first pages on the second ones
OK, DETAIL, TYPED, READDED = 37, .8, .98, .02


def rows(pages, out, *options):
    table = out / "table.txt"
    scored = subprocess.run([sys.executable, pages / "score.py", pages / "cases", out, "--json", table, *options],
                            check=True, capture_output=True, text=True).stdout
    print(scored.splitlines()[-2 if "ms median" in scored else -1])
    return json.loads(table.read_text())


def mean(table, name):
    values = [row[name] for row in table if row[name] is not None]
    return sum(values) / len(values) if values else 1.0


def main():
    pages = pathlib.Path(os.environ.get("METER_PAGES", ROOT.parent / "shared" / "pages"))
    if not (pages / "cases").is_dir():
        print(f"skipped: no pages at {pages}; set METER_PAGES")
        return 77
    program = pathlib.Path(sys.argv[1]).resolve()
    failures = []

    def need(what, value, least):
        if value < least:
            failures.append(f"{what}: {value:.3f}, at least {least} wanted")

    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder)
        subprocess.run([program, pages / "cases", out], check=True)
        first = rows(pages, out)
        second = rows(pages, out, "--suffix", ".2.json", "--expected", "expected2.json")
        for name, least in FIRST.items():
            need(name, mean(first, name), least)
        for name, least in SECOND.items():
            need("second page, " + name, mean(second, name), least)
        need("cases ok", sum(row["recF"] >= .9 and row["valF"] >= .8 for row in first), OK)
        need("detail and recipe pages, valF", mean([r for r in first if r["kind"].endswith("-detail")], "valF"), DETAIL)
        need("typed", mean(first, "typed"), TYPED)
        extra = sum(row["extra"] for row in first if row["schema"])
        if extra:
            failures.append(f"{extra} fields beyond the schema")
        cases = ",".join(path.stem for path in (out / "full").glob("*.json"))
        full, readded = (rows(pages, out / kind, "--cases", cases) for kind in ("full", "again"))
        need("a field asked for afterwards, valF", mean(readded, "valF"), mean(full, "valF") - READDED)
        twice = out / "twice"
        subprocess.run([program, pages / "cases", twice], check=True)
        for path in sorted(twice.glob("*.json")):
            one, other = (json.loads(p.read_text()) for p in (path, out / path.name))
            if isinstance(one, dict) and json.dumps(one.get("plan")) != json.dumps(other.get("plan")):
                failures.append(f"{path.stem}: another plan the second time")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
