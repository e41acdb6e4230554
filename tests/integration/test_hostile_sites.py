"""Sites that misbehave on the wire: each ends its job with the documented text, in time, and harms no other
(BEHAVIOUR 11.5)."""

import datetime
import re
import unittest

import harness
import hostile_site

TIMEOUT = "Connection timeout: target site did not respond"
TOO_LARGE = "Page too large"
CUT = re.compile("^Connection failed: (connection closed early|empty reply|connection reset)$")
MALFORMED = "Connection failed: malformed answer"
BLOCKED = "URL not allowed by server policy"
LIMIT = 3  # seconds for a whole fetch

# Name -> error of the job; None: browsers and curl read such an answer, and so do we.
EXPECTED = {
    "close-at-once": CUT, "reset-at-once": CUT, "half-body": CUT, "half-chunk": CUT, "reset-in-body": CUT,
    "half-head": CUT,
    "never-answers": TIMEOUT, "dripping-headers": TIMEOUT, "dripping-body": TIMEOUT,
    "no-http": MALFORMED, "bare-page": MALFORMED, "status-of-letters": MALFORMED, "http-7": MALFORMED,
    "status-999": "Page not accessible: 999",
    "many-headers": TOO_LARGE, "long-header": TOO_LARGE, "endless-headers": TOO_LARGE,
    "endless-interim-answers": TOO_LARGE, "announces-a-terabyte": TOO_LARGE, "endless-body": TOO_LARGE,
    "endless-chunks": TOO_LARGE, "endless-trailers": TOO_LARGE, "gzip-bomb": TOO_LARGE,
    "two-lengths": CUT, "negative-length": MALFORMED, "length-of-letters": MALFORMED, "nul-in-header": MALFORMED,
    "bad-chunk-size": CUT, "huge-chunk-size": CUT,  # libcurl tells them from a reset in words only
    "no-gzip": "Connection failed: malformed content encoding",
    "half-gzip": None,
    "gzip-of-gzip": "Connection failed: unsupported content encoding",
    "twenty-encodings": "Connection failed: malformed content encoding",  # libcurl stops at five
    "redirect-to-itself": "Too many redirects", "redirect-growing": "Too many redirects",
    "redirect-to-a-file": BLOCKED, "redirect-to-gopher": BLOCKED, "redirect-to-javascript": BLOCKED,
    "redirect-to-nothing": "Connection failed: invalid redirect",
    "redirect-nowhere": "Page not accessible: 302 Found",
    "redirect-with-endless-body": TIMEOUT,
}


def seconds_between(job):
    started, ended = (datetime.datetime.fromisoformat(job[name].replace("Z", "+00:00"))
                      for name in ("started_at", "completed_at"))
    return (ended - started).total_seconds()


class Misbehaviours(harness.MeterCase):
    server_options = ("--fetch-timeout-seconds", str(LIMIT), "--fetch-per-host", "64", "--jobs-workers", "64")

    def test_each_ends_with_its_error_in_time(self):
        self.assertEqual(sorted(EXPECTED), hostile_site.HostileSite.names())
        self.assertGreaterEqual(len(EXPECTED), 25)
        strategy = self.client.strategy(self.site.url("/shop"))
        with hostile_site.HostileSite() as bad:
            jobs = {name: self.client.job(strategy, bad.url(name))["id"] for name in EXPECTED}
            silent = self.client.job(strategy, bad.url("silence", scheme="https"))["id"]
            for name, error in EXPECTED.items():
                with self.subTest(name):
                    job = self.client.wait_job(jobs[name], 60)
                    if error is None:
                        self.assertEqual(job["status"], "completed", job["error"])
                    else:
                        self.assert_failed(job, error)
                    # Times on the wire are whole seconds.
                    self.assertLessEqual(seconds_between(job), LIMIT + 2 + 1)
            self.assert_failed(self.client.wait_job(silent, 60), TIMEOUT)
        self.assertEqual(self.client.execute(strategy, self.site.url("/shop"))["status"], "completed")


class OneWorker(harness.MeterCase):
    server_options = ("--fetch-timeout-seconds", "1", "--jobs-workers", "1")

    def test_a_worker_is_as_good_as_new_after_each(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        with hostile_site.HostileSite() as bad:
            names = [name for name, error in EXPECTED.items() if error not in (TIMEOUT, CUT)]
            made = []
            for name in names:
                made += [self.client.job(strategy, bad.url(name))["id"],
                         self.client.job(strategy, self.site.url("/shop"))["id"]]
            done = [self.client.wait_job(job_id, 60) for job_id in made]
        for name, job in zip(names, done[1::2]):
            with self.subTest(after=name):
                self.assertEqual((job["status"], job["item_count"]), ("completed", 2))


if __name__ == "__main__":
    unittest.main()
