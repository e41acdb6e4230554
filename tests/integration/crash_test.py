#!/usr/bin/python3
"""Kills the server with SIGKILL at random moments under writers, and looks at what is left.

    crash_test.py [--cycles 20] [--seed N]

After every restart: what was acknowledged is there, what was never asked for is not, and a request that was in
flight at the kill happened wholly or not at all, and stays so. At the end every acknowledged job has ended and
`meter-server check` finds the database intact.
"""

import http.client
import json
import pathlib
import random
import sys
import threading
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
warnings.simplefilter("ignore", DeprecationWarning)

import crash_run
import fixture_site
import harness
from harness import eventually

WRITERS = 4
MOST_REQUESTS = 90  # of one writer between two kills; the rest of the time is for the workers
BATCH = 3
LOST = (OSError, http.client.HTTPException)  # the server went away before it answered


class Ledger:
    """What was asked for and what was acknowledged, by the unique name each request carries."""

    def __init__(self):
        self.lock = threading.Lock()
        self.kept = {}        # name -> id: acknowledged, must be there
        self.gone = set()     # deletion acknowledged, or never happened: must not be there
        self.uncertain = {}   # name -> what may come of it: in flight at the kill

    def begin(self, name, size=1):
        with self.lock:
            self.uncertain[name] = size

    def acknowledge(self, name, value):
        with self.lock:
            self.uncertain.pop(name)
            self.kept[name] = value

    def refuse(self, name):
        """A complete answer said no."""
        with self.lock:
            self.uncertain.pop(name)
            self.gone.add(name)

    def begin_delete(self, name):
        with self.lock:
            self.uncertain[name] = 1
            return self.kept.pop(name)

    def settle(self, found, kind):
        """Compares with what the server has: name -> ids."""
        problems = []
        for name, value in self.kept.items():
            if value not in found.get(name, ()):
                problems.append(f"{kind} {name} ({value}) was acknowledged and is lost")
        for name, ids in found.items():
            if name in self.uncertain:
                size = self.uncertain.pop(name)
                if len(ids) != size:
                    problems.append(f"{kind} {name} happened by part: {len(ids)} of {size}")
                self.kept[name] = ids[0]
            elif name not in self.kept:
                why = "came back" if name in self.gone else "was never asked for"
                problems.append(f"{kind} {name} {why}")
            elif len(ids) > 1:
                problems.append(f"{kind} {name} is there {len(ids)} times")
        self.gone.update(self.uncertain)
        self.uncertain.clear()
        return problems


class CrashTest:
    def __init__(self, seed, cycles):
        self.random = random.Random(seed)
        self.cycles = cycles
        self.site = fixture_site.FixtureSite()
        self.server = harness.Server(*harness.UNLIMITED, *harness.QUICK_LEASES, "--jobs-max-attempts", "3",
                                     "--fetch-per-host", "16")
        self.strategies, self.jobs, self.keys = Ledger(), Ledger(), Ledger()
        self.batches = {}            # batch_id -> name
        self.batch_urls = Ledger()   # one entry per batch, its jobs counted
        self.secrets = {}
        self.errors = []

    def run(self):
        self.site.start()
        self.server.start()
        try:
            self.home = self.server.admin().strategy(self.site.url("/shop"), name="home")["id"]
            self.strategies.kept["home"] = self.home
            self.keys.kept["admin"] = self.server.bootstrap_key[:12]
            for cycle in range(1, self.cycles + 1):
                self.one_cycle(cycle)
                if self.errors:
                    break
            else:
                self.finish()
        finally:
            self.server.close()
            self.site.close()
        return self.errors

    # -- writing ------------------------------------------------------------------------------------------------

    def one_cycle(self, cycle):
        stop = threading.Event()
        seeds = [self.random.random() for _ in range(WRITERS)]
        writers = [threading.Thread(target=self.write, args=(f"c{cycle}w{number}", random.Random(seeds[number]), stop))
                   for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        moment = self.random.uniform(0.02, 0.6)
        stop.wait(moment)
        self.server.kill()
        stop.set()
        for writer in writers:
            writer.join()
        if cycle % 5 == 0:
            self.errors += crash_run.store_faults(self.server)
        started = time.monotonic()
        self.server.start()
        up = time.monotonic() - started
        self.verify(cycle)
        print(f"cycle {cycle:2}: killed after {moment:.3f} s, up again in {up:.2f} s; "
              f"{len(self.strategies.kept)} strategies, "
              f"{len(self.jobs.kept)} jobs, {len(self.batch_urls.kept)} batches, {len(self.keys.kept)} keys",
              flush=True)

    def write(self, writer, rng, stop):
        client = self.server.admin()
        try:
            for number in range(MOST_REQUESTS):
                if stop.is_set():
                    return
                name = f"{writer}n{number}"
                kind = rng.choices(("strategy", "delete", "job", "batch", "key"), (6, 2, 8, 4, 1))[0]
                getattr(self, f"write_{kind}")(client, name, rng)
        except LOST:
            pass  # killed: what it was doing stays uncertain
        except Exception as error:  # noqa: BLE001 - a thread must hand its failure over
            self.errors.append(f"writer {writer}: {type(error).__name__}: {error}")

    def write_strategy(self, client, name, _):
        self.strategies.begin(name)
        made = client.generate(self.site.url("/shop"), name=name).json
        self.strategies.acknowledge(name, made["id"])

    def write_delete(self, client, name, rng):
        with self.strategies.lock:
            names = [each for each in self.strategies.kept if each != "home"]
            if not names:
                return
            name = rng.choice(names)
            self.strategies.uncertain[name] = 1
            strategy_id = self.strategies.kept.pop(name)
        client.delete(f"/api/strategies/{strategy_id}", expect=200)
        self.strategies.refuse(name)

    def write_job(self, client, name, _):
        url = self.site.url(f"/shop?{name}")
        self.jobs.begin(url)
        self.jobs.acknowledge(url, client.job({"strategy_id": self.home}, url)["id"])

    def write_batch(self, client, name, _):
        self.batch_urls.begin(name, BATCH)
        urls = [self.site.url(f"/detail/1?{name}-{number}") for number in range(BATCH)]
        batch = client.batch({"strategy_id": self.home}, urls)
        self.batches[batch["batch_id"]] = name
        self.batch_urls.acknowledge(name, batch["batch_id"])

    def write_key(self, _, name, __):
        self.keys.begin(name)
        key = self.server.create_key("--name", name, account=name)
        self.secrets[name] = key
        self.keys.acknowledge(name, key.prefix)

    # -- looking ------------------------------------------------------------------------------------------------

    def pages(self, target):
        client, offset = self.server.admin(), 0
        while chunk := client.get(f"{target}{'&' if '?' in target else '?'}limit=1000&offset={offset}",
                                  expect=200).json:
            yield from chunk
            offset += 1000

    def verify(self, cycle):
        self.errors += self.strategies.settle(self.group((each["name"], each["id"])
                                                         for each in self.pages("/api/strategies")),
                                              "strategy")
        jobs, batches = [], {}
        for job in self.unchanging_jobs():
            if job["batch_id"]:
                name = job["url"].rsplit("?", 1)[1].rsplit("-", 1)[0]
                batches.setdefault((name, job["batch_id"]), []).append(job)
            else:
                jobs.append((job["url"], job["id"]))
        self.errors += self.jobs.settle(self.group(jobs), "job")
        self.settle_batches(batches)
        listed = json.loads(self.server.command("keys", "list", "--json", "--store", self.server.store).stdout)
        self.errors += self.keys.settle(self.group((key["name"], key["prefix"]) for key in listed), "key")
        names = [name for name in self.keys.kept if name in self.secrets]
        for name in self.random.sample(names, min(3, len(names))):
            if self.server.client(self.secrets[name]).get("/api/jobs").status != 200:
                self.errors.append(f"key {name} is not accepted")

    def unchanging_jobs(self):
        """Every job once, although pages shift while workers only change states."""
        return {job["id"]: job for job in self.pages("/api/jobs")}.values()

    def settle_batches(self, batches):
        for (name, batch_id), jobs in batches.items():
            if len(jobs) != BATCH:
                self.errors.append(f"batch {name} happened by part: {len(jobs)} of {BATCH} jobs")
            progress = self.server.admin().get(f"/api/jobs/batch/{batch_id}").json
            states = ("pending", "running", "completed", "failed")
            if progress.get("total") != BATCH or sum(progress[state] for state in states) != BATCH:
                self.errors.append(f"batch {name} has wrong counters: {progress}")
        found = self.group((name, batch_id) for name, batch_id in batches)
        for name in list(self.batch_urls.uncertain):
            self.batch_urls.uncertain[name] = 1  # jobs were counted above; here it is one batch
        self.errors += self.batch_urls.settle(found, "batch")

    @staticmethod
    def group(pairs):
        groups = {}
        for name, value in pairs:
            groups.setdefault(name, []).append(value)
        return groups

    def finish(self):
        admin = self.server.admin()

        def ended():
            return not (admin.get("/api/jobs?status=pending").json or admin.get("/api/jobs?status=running").json)
        eventually(ended, 90.0, "the end of every job")
        states = {"completed": 0, "failed": 0}
        for job in self.unchanging_jobs():
            states[job["status"]] += 1
            if job["status"] == "failed" and job["error"] != "Interrupted by server restart":
                self.errors.append(f"job {job['id']} failed: {job['error']}")
            elif job["status"] == "completed" and "/shop?" in job["url"] and job["item_count"] != 2:
                self.errors.append(f"job {job['id']} has {job['item_count']} items")
        for batch_id, name in self.batches.items():
            progress = admin.get(f"/api/jobs/batch/{batch_id}", expect=200).json
            if progress["completed"] + progress["failed"] != BATCH:
                self.errors.append(f"batch {name} did not end: {progress}")
        self.errors += crash_run.store_faults(self.server)
        if self.server.terminate() != 0:
            self.errors.append(f"the server ended with {self.server.process.returncode}")
        self.errors += crash_run.store_faults(self.server)
        print(f"{self.cycles} cycles; jobs: {states['completed']} completed, {states['failed']} interrupted too often")


if __name__ == "__main__":
    crash_run.main(__doc__, lambda cycles, seed: CrashTest(seed, cycles).run(), cycles=(20, "METER_CRASH_CYCLES"))
