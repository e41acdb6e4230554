#!/usr/bin/python3
"""Runs the black-box tests and reports what was seen of the contract.

    run.py [-v] [-k PART] [--jobs N] [MODULE ...]     e.g. run.py test_jobs, run.py -k idempot

The tests mostly wait: several modules run at a time, each in a process with servers of its own. What measures time or
memory runs alone, after the others. METER_TEST_JOBS sets N as well; 1 runs everything in this process.
The last line is `N passed, N failed, N skipped`; the exit code is 0 when nothing failed.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
warnings.simplefilter("ignore", DeprecationWarning)

import harness
import spec as contract

# They judge how long something takes, or how much memory.
ALONE = ("test_freeze", "test_hostile", "test_hostile_clients", "test_hostile_hosts", "test_hostile_sites",
         "test_hostile_suites", "test_wire")
# The longest come first, so that none is left at the end.
LONGEST = ("test_webhooks", "test_workflow_runs", "test_schedules", "test_restart", "test_changes")
COVERAGE = "test_zz_coverage"  # looks at what all others saw


class Result(unittest.TextTestResult):
    """Counts tests, not sub-tests, and keeps how long each took."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.failed = set()
        self.seconds = {}

    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        self.seconds[test.id()] = time.monotonic() - self.started
        super().stopTest(test)

    def addFailure(self, test, error):
        self.failed.add(test.id())
        super().addFailure(test, error)

    def addError(self, test, error):
        self.failed.add(test.id())
        super().addError(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.failed.add(test.id())
        super().addSubTest(test, subtest, error)


class Tally:
    """What became of the tests of one process, or of all of them."""

    def __init__(self):
        self.seconds, self.failed, self.skipped, self.modules = {}, set(), set(), set()

    def run(self, names, arguments):
        """Runs modules in this process."""
        loader = unittest.TestLoader()
        if arguments.keep:
            loader.testNamePatterns = [f"*{part}*" for part in arguments.keep]
        runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2 if arguments.verbose else 1,
                                         resultclass=Result)
        harness.the_spec().modules.update(names)
        result = runner.run(loader.loadTestsFromNames(names))
        self.seconds.update(result.seconds)
        self.failed |= result.failed
        self.skipped |= {test.id() for test, _ in result.skipped}
        self.modules.update(names)

    def save(self, path):
        seen = {name: dict(counts) for name, counts in harness.the_spec().seen.items()}
        pathlib.Path(path).write_text(json.dumps({
            "seconds": self.seconds, "failed": sorted(self.failed), "skipped": sorted(self.skipped),
            "modules": sorted(self.modules), "seen": seen}))

    def add(self, path):
        other = json.loads(pathlib.Path(path).read_text())
        self.seconds.update(other["seconds"])
        self.failed.update(other["failed"])
        self.skipped.update(other["skipped"])
        spec = harness.the_spec()
        spec.modules.update(other["modules"])
        for name, counts in other["seen"].items():
            for status, count in counts.items():
                spec.seen[name][int(status)] += count


def run_apart(name, arguments, tally, folder):
    """Runs a module in a process of its own."""
    report = pathlib.Path(folder) / f"{name}.json"
    command = [sys.executable, __file__, "--jobs", "1", "--report", str(report), name]
    command += ["-v"] if arguments.verbose else []
    command += [word for part in arguments.keep or () for word in ("-k", part)]
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    text = done.stdout.strip()
    if report.exists():
        tally.add(report)
    else:
        tally.failed.add(f"{name} (ended with {done.returncode})")
    print(f"-- {name}, {time.monotonic() - began:.1f} s\n{text}\n", flush=True)


def run_all(names, arguments, tally):
    # Those not named as long keep their order.
    together = sorted((name for name in names if name not in ALONE and name != COVERAGE),
                      key=lambda name: LONGEST.index(name) if name in LONGEST else len(LONGEST))
    with tempfile.TemporaryDirectory(prefix="meter-it-") as folder:
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            list(pool.map(lambda name: run_apart(name, arguments, tally, folder), together))
        for name in names:
            if name in ALONE:
                run_apart(name, arguments, tally, folder)
    if COVERAGE in names:
        tally.run([COVERAGE], arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-k", "--keep", action="append", help="only tests whose name contains this")
    parser.add_argument("--slowest", type=int, default=0, help="print the slowest tests")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("METER_TEST_JOBS", 4)),
                        help="modules at a time")
    parser.add_argument("--report", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not harness.BINARY.exists():
        print(f"there is no server at {harness.BINARY}; build it or set METER_SERVER")
        return 2
    names = [name.removesuffix(".py") for name in arguments.modules]
    names = names or sorted(path.stem for path in HERE.glob("test_*.py"))
    tally = Tally()
    if arguments.jobs > 1 and len(names) > 1:
        run_all(names, arguments, tally)
    else:
        tally.run(names, arguments)
    if arguments.report:
        tally.save(arguments.report)
    elif harness.the_spec().seen:
        print(f"answers seen per operation, of {len(contract.IN_SCOPE)} in scope:")
        print(harness.the_spec().report())
    for name, seconds in sorted(tally.seconds.items(), key=lambda pair: -pair[1])[:arguments.slowest]:
        print(f"  {seconds:6.1f} s  {name}")
    for name in sorted(tally.failed):
        print(f"FAILED {name}")
    # A class that cannot be set up fails or is skipped as one, without a count of its own among the tests.
    passed = len(set(tally.seconds) - tally.failed - tally.skipped)
    failed, skipped = len(tally.failed), len(tally.skipped)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not (tally.seconds or arguments.report) else 0


if __name__ == "__main__":
    sys.exit(main())
