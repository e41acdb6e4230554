#!/usr/bin/env python3
"""Plans for the pages of METER_PAGES (default ../shared/pages beside the project) must reach the agreed figures.

Usage: check_pages.py GENERATE_PAGES [OTHER]. OTHER, of another compiler, must make the same plans, byte for byte; then
nothing else is looked at. Exit code 77 when there are no pages.
"""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIRST = {"recF": .95, "valF": .9, "nameF": .88}
SECOND = {"recF": .95, "valF": .9}  # plans of the first pages on the second ones
ALONE = {"recF": .95, "valF": .9}  # plans of the second pages on themselves
OK, DETAIL, TYPED, READDED = 42, .8, .98, .02
UNMOVED = 47  # pages whose selectors stay when a banner and look-alike cards are put in and attributes change places
BANNER = ('<div class="cookie-banner" role="dialog"><p>We use cookies to make this site better.</p>'
          '<button>Accept all</button><a href="/cookies">More about cookies</a></div>')


def rows(pages, out, *options, cases=None):
    table = out / "table.txt"
    scored = subprocess.run([sys.executable, pages / "score.py", cases or pages / "cases", out, "--json", table, *options],
                            check=True, capture_output=True, text=True).stdout
    print(scored.splitlines()[-2 if "ms median" in scored else -1])
    return json.loads(table.read_text())


def mean(table, name):
    values = [row[name] for row in table if row[name] is not None]
    return sum(values) / len(values) if values else 1.0


def plans(folder):
    """What the plans of a folder read, as text, by case."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        produced = json.loads(path.read_text())
        if isinstance(produced, dict):
            found[path.stem] = produced.get("plan")
    return found


def second_pages(pages, out):
    """The second pages as cases of their own."""
    for case in sorted((pages / "cases").iterdir()):
        if not (case / "page2.html").exists():
            continue
        (out / case.name).mkdir(parents=True)
        for name, source in (("page.html", "page2.html"), ("case.json", "case.json"), ("expected.json", "expected2.json")):
            (out / case.name / name).write_text((case / source).read_text(encoding="utf-8"), encoding="utf-8")


def disturbed(pages, out):
    """Copies of the cases with what says nothing about the records changed."""
    spec = importlib.util.spec_from_file_location("mutate", pages / "mutate.py")
    mutate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mutate)
    for case in sorted((pages / "cases").iterdir()):
        (out / case.name).mkdir(parents=True)
        html = mutate.mutate((case / "page.html").read_text(encoding="utf-8"), "m5")
        at = html.lower().find("<body")
        at = html.find(">", at) + 1 if at >= 0 else 0
        (out / case.name / "page.html").write_text(html[:at] + BANNER + html[at:], encoding="utf-8")
        for name in ("case.json", "expected.json"):
            (out / case.name / name).write_text((case / name).read_text(encoding="utf-8"), encoding="utf-8")


def same_of_both(pages, one, other):
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for number, program in enumerate((one, other)):
            out = pathlib.Path(folder) / str(number)
            subprocess.run([program, pages / "cases", out], check=True)
            made.append({name: json.dumps(plan) for name, plan in plans(out).items()})
    differ = sorted(name for name in made[0] if made[0][name] != made[1].get(name))
    print(f"{len(made[0]) - len(differ)} of {len(made[0])} plans are the same", *differ)
    return 1 if differ or not made[0] else 0


def main():
    pages = pathlib.Path(os.environ.get("METER_PAGES", ROOT.parent / "shared" / "pages"))
    if not (pages / "cases").is_dir():
        print(f"skipped: no pages at {pages}; set METER_PAGES")
        return 77
    program = pathlib.Path(sys.argv[1]).resolve()
    if len(sys.argv) > 2:
        return same_of_both(pages, program, pathlib.Path(sys.argv[2]).resolve())
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
        second_pages(pages, out / "second")
        subprocess.run([program, out / "second", out / "alone"], check=True)
        alone = rows(pages, out / "alone", cases=out / "second")
        for name, least in ALONE.items():
            need("second page by a plan of its own, " + name, mean(alone, name), least)
        disturbed(pages, out / "disturbed")
        subprocess.run([program, out / "disturbed", out / "moved"], check=True)
        here, there = plans(out), plans(out / "moved")
        moved = [name for name, plan in here.items() if plan is not None and
                 (there[name] is None or any(plan[m] != there[name][m] for m in ("container", "fields")))]
        print(f"{len(here) - len(moved)} of {len(here)} plans are unmoved by a banner, cards and order", *moved)
        need("plans that stay as they are", len(here) - len(moved), UNMOVED)
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
