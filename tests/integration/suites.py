"""Public conformance data, read by path and never copied: METER_SUITES, ../shared/suites by default."""

import os
import pathlib
import unittest

import spec as contract

FOLDER = pathlib.Path(os.environ.get("METER_SUITES", contract.PROJECT.parent / "shared" / "suites"))


def folder(name):
    """The folder of one suite; the test that asks is skipped when it is not there."""
    found = FOLDER / name
    if not found.is_dir():
        raise unittest.SkipTest(f"no folder {found} (METER_SUITES)")
    return found
