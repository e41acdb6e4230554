#!/usr/bin/python3
"""What jobs leave behind: after many of them the server has the descriptors, threads, children and files that it had
before, and as many again take no more memory. METER_SOAK_JOBS=10000 is the full size, 1000 the usual one."""

import collections
import os
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import fixture_site
import harness
from harness import eventually

JOBS = int(os.environ.get("METER_SOAK_JOBS", 1000))
MIB = 1 << 20
# Idle connections to the site, and files that are opened when they are first needed.
SPARE_DESCRIPTORS = 12
SPARE_THREADS = 2  # of 10,000 jobs one more was seen; one that a job leaves behind would be thousands
# What the page caches of SQLite may still grow by while the database is small: the writer's and the readers'.
NOISE = 4 * MIB if JOBS >= 10_000 else 24 * MIB

# Of each hundred jobs the last ones go wrong, each in its way.
BAD = ("/drop", "/drop-now", "/status/500", "/status/404", "/captcha", "/blank", "/bad-gzip", "/redirect-loop", "/huge")
GOOD = ("/list",) * 12 + ("/etag", "/last-modified", "/gzip", "/deflate", "/latin1", "/utf16", "/redirect/2", "/shop")


def mix(start, count):
    """Paths of `count` jobs: good ones, among each hundred one of every bad kind; most pages twice."""
    for number in range(start, start + count):
        place = number % 100 - (100 - len(BAD))
        path = BAD[place] if place >= 0 else GOOD[number % len(GOOD)]
        yield f"{path}?n={number - number % 40 + number % 20}"


class Left:
    """What a process holds."""

    def __init__(self, server):
        folder = pathlib.Path(f"/proc/{server.process.pid}")
        self.descriptors = collections.Counter()
        for entry in (folder / "fd").iterdir():
            try:
                self.descriptors[re.sub(r":\[\d+\]$", "", os.readlink(entry))] += 1
            except FileNotFoundError:  # closed since
                pass
        status = (folder / "status").read_text()
        self.resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024
        self.threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
        self.children = sum(len((task / "children").read_text().split()) for task in (folder / "task").iterdir())
        self.files = sorted(path.relative_to(server.folder).as_posix() for path in server.folder.rglob("*"))

    def __str__(self):
        return (f"{sum(self.descriptors.values())} descriptors, {self.threads} threads, {self.children} children, "
                f"{len(self.files)} files, {self.resident / MIB:.1f} MiB")


class Soak(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="meter-soak-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.server_arguments = {"env": {"TMPDIR": cls.temporary.name}}
        cls.server_options = ("--fetch-max-retries", "0", "--fetch-max-body-bytes", "1MiB")
        super().setUpClass()
        rows = "".join(f'<li class="product"><h2><a href="/p/{n}">Product number {n}</a></h2><p>{"Words. " * 40}</p>'
                       f'<b class="price">${n}.99</b></li>' for n in range(100))
        cls.site.page("/list", fixture_site.page("List", f"<ul>{rows}</ul>"))

    def run_jobs(self, strategy, start, count):
        for first in range(start, start + count, 1000):
            urls = [self.site.url(path) for path in mix(first, min(1000, start + count - first))]
            done = self.client.wait_batch(self.client.batch(strategy, urls)["batch_id"], 600)
            self.assertEqual((done["pending"], done["running"]), (0, 0))
            share = done["failed"] / done["total"]
            self.assertTrue(0.04 < share < 0.2, done)

    def settled(self, like):
        """What is left once the last job's threads and connections are done."""
        def as_before():
            now = Left(self.server)
            fewer = sum(now.descriptors.values()) <= sum(like.descriptors.values()) + SPARE_DESCRIPTORS
            return now if now.threads <= like.threads + SPARE_THREADS and now.children == 0 and fewer else None
        try:
            return eventually(as_before, 20)
        except AssertionError:
            return Left(self.server)

    def test_nothing_is_left_of_ten_thousand_jobs(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        self.run_jobs(strategy, 0, 200)  # what is made at first use
        before = Left(self.server)
        found = [before]
        for start in (200, 200 + JOBS):
            self.run_jobs(strategy, start, JOBS)
            found.append(self.settled(before))
        for title, left in zip(("before", f"{JOBS} jobs", f"{JOBS} more"), found):
            print(f"{title:>12}: {left}")
        for left in found[1:]:
            new = left.descriptors - before.descriptors
            self.assertLessEqual(sum(new.values()), SPARE_DESCRIPTORS, new)
            self.assertLessEqual(left.threads, before.threads + SPARE_THREADS)
            self.assertEqual(left.children, 0)
            self.assertEqual(left.files, before.files)
        self.assertEqual(os.listdir(self.temporary.name), [])
        if not harness.SANITIZED:
            self.assertLess(found[2].resident - found[1].resident, NOISE)


if __name__ == "__main__":
    unittest.main()
