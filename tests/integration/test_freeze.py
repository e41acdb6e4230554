"""A server that stands still beyond its leases: whoever ends a job, it ends once (DESIGN 4, fencing).

METER_FREEZES sets how often (default 4 for each way; the acceptance of the core asks for 20).
"""

import contextlib
import os
import signal
import sqlite3
import threading
import unittest

import fixture_site
import harness
from harness import eventually

# Under a sanitizer, on a busy machine, a healthy process may well be late by a second: leases are longer there.
FREEZES = int(os.environ.get("METER_FREEZES", "1" if harness.SANITIZED else "4"))
LEASE = 10.0 if harness.SANITIZED else 1.0  # seconds
JOBS = 3


class Freezes(harness.MeterCase):
    server_options = ("--jobs-lease-seconds", f"{LEASE:g}", "--jobs-sweep-seconds", "1", "--jobs-max-attempts", "10")

    @contextlib.contextmanager
    def frozen(self):
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.process.send_signal(signal.SIGCONT)

    def running_jobs(self, strategy, round_name):
        """Jobs whose page is being waited for; their URL, their ids."""
        url = self.site.url(f"/gate/{round_name}")
        ids = [self.client.job(strategy, url)["id"] for _ in range(JOBS)]
        eventually(lambda: self.site.hits(f"/gate/{round_name}") >= JOBS, what="running jobs")
        return ids

    def outcomes(self, ids):
        """What is stored of each job: rows of results, and everything the API shows."""
        marks = ",".join("?" * len(ids))
        with contextlib.closing(sqlite3.connect(f"file:{self.server.folder / 'meter.db'}?mode=ro", uri=True)) as store:
            rows = store.execute(f"SELECT job_id, COUNT(*) FROM job_results WHERE job_id IN ({marks}) GROUP BY job_id",
                                 ids).fetchall()
        return sorted(rows), [self.client.get_job(job_id) for job_id in ids]

    def check_settled(self, ids, path):
        for job_id in ids:
            self.assertEqual(self.client.wait_job(job_id)["status"], "completed")
        before = self.outcomes(ids)
        # Late workers may still be on their way: their fetches end, and a job queued after them too.
        eventually(lambda: self.site.in_flight() == 0, what="the end of every fetch")
        after = self.client.execute(self.strategy, self.site.url("/shop"))
        self.assertEqual(after["status"], "completed")
        self.assertEqual(self.outcomes(ids), before, path)
        self.assertEqual(before[0], sorted((job_id, 1) for job_id in ids))

    def setUp(self):
        # A site of its own: what other tests left unanswered is none of its fetches.
        self.site = fixture_site.FixtureSite()
        self.site.start()
        self.addCleanup(self.site.close)
        self.strategy = self.client.strategy(self.site.url("/shop"))

    def test_the_same_process_after_waking(self):
        for number in range(FREEZES):
            with self.subTest(freeze=number):
                name = f"same-{self.account}-{number}"
                ids = self.running_jobs(self.strategy, name)
                with self.frozen():
                    threading.Event().wait(LEASE * 1.3)  # the time that is to pass is the point here
                    self.site.open(name)
                self.check_settled(ids, name)

    def test_another_process_takes_over(self):
        second = harness.Server(*harness.UNLIMITED, *self.server_options, folder=self.server.folder)
        second.log_path = self.server.folder / "second.log"
        with second:
            for number in range(FREEZES):
                with self.subTest(freeze=number):
                    name = f"other-{self.account}-{number}"
                    ids = self.running_jobs(self.strategy, name)
                    begun = self.leases(ids)
                    with self.frozen():
                        # A job that the second process had from the start is not taken over, it just goes on.
                        eventually(lambda: all(lease > first + 2000 * LEASE for first, lease in
                                               zip(begun, self.leases(ids))), 15 * LEASE, "leases of the second process")
                        self.site.open(name)
                        client = second.client(self.key)
                        for job_id in ids:
                            self.assertEqual(client.wait_job(job_id)["status"], "completed")
                        before = [client.get_job(job_id) for job_id in ids]
                    self.check_settled(ids, name)
                    self.assertEqual([self.client.get_job(job_id) for job_id in ids], before)
        self.server.command("check", "--store", self.server.store)

    def leases(self, ids):
        """Until when each job is held, in milliseconds; 0 while nobody holds it."""
        with contextlib.closing(sqlite3.connect(f"file:{self.server.folder / 'meter.db'}?mode=ro", uri=True)) as store:
            found = dict(store.execute(f"SELECT job_id, lease_until FROM jobs WHERE job_id IN "
                                       f"({','.join('?' * len(ids))})", ids))
        return [found[job_id] or 0 for job_id in ids]


if __name__ == "__main__":
    unittest.main()
