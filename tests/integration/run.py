#!/usr/bin/python3
"""Runs the black-box tests and reports what was seen of the contract.

    run.py [-v] [-k PART] [MODULE ...]     e.g. run.py test_jobs, run.py -k idempot

The last line is `N passed, N failed, N skipped`; the exit code is 0 when nothing failed.
"""

import argparse
import pathlib
import sys
import time
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
warnings.simplefilter("ignore", DeprecationWarning)

import harness
import spec as contract


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-k", "--keep", action="append", help="only tests whose name contains this")
    parser.add_argument("--slowest", type=int, default=0, help="print the slowest tests")
    arguments = parser.parse_args()
    if not harness.BINARY.exists():
        print(f"there is no server at {harness.BINARY}; build it or set METER_SERVER")
        return 2
    loader = unittest.TestLoader()
    if arguments.keep:
        loader.testNamePatterns = [f"*{part}*" for part in arguments.keep]
    if arguments.modules:
        suite = loader.loadTestsFromNames([name.removesuffix(".py") for name in arguments.modules])
    else:
        suite = loader.discover(str(HERE), pattern="test_*.py", top_level_dir=str(HERE))
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2 if arguments.verbose else 1, resultclass=Result)
    result = runner.run(suite)
    if harness.the_spec().seen:
        print(f"answers seen per operation, of {len(contract.IN_SCOPE)} in scope:")
        print(harness.the_spec().report())
    for name, seconds in sorted(result.seconds.items(), key=lambda pair: -pair[1])[:arguments.slowest]:
        print(f"  {seconds:6.1f} s  {name}")
    failed, skipped = len(result.failed), len(result.skipped)
    # A class that cannot be set up fails or is skipped as one, without a count of its own in testsRun.
    ran = {test for test in result.seconds}
    passed = len(ran - result.failed - {test.id() for test, _ in result.skipped})
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
