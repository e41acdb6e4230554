#!/usr/bin/python3
"""Kills the server with SIGKILL while webhooks are on their way, and looks at what arrived.

    webhook_crash_test.py [--kills 50] [--seconds 60] [--seed N]

Pages change all the time, receivers fail, hang and die at random, one beside them does not. At the end every job of
every schedule must have exactly one delivery, each delivery must have been taken at least once, every attempt of it must
have had the same id and the same bytes, and every one of them a valid signature. What the well-behaved receiver waited
from the end of a job to its event is printed, the time the server was dead included.
"""

import collections
import datetime
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
from receiver import Receiver, body_of, check_signature

SCHEDULES = 7
STEADY = 0  # the schedule whose receiver takes everything at once
OPTIONS = ("--min-interval-seconds", "1", "--jobs-lease-seconds", "1", "--jobs-sweep-seconds", "0.2",
           "--webhooks-timeout-seconds", "0.5", "--webhooks-lease-seconds", "1",
           "--webhooks-retry-seconds", ",".join(["0.1"] * 15))


class Unreliable:
    """Fails the first attempts of each delivery, up to three times, in a way of its own choice."""

    def __init__(self, receiver, seed):
        self.receiver, self.random, self.lock = receiver, random.Random(seed), threading.Lock()
        self.failures, self.taken = {}, collections.Counter()

    def __call__(self, handler, _):
        identity = handler.headers["X-Webhook-Id"]
        with self.lock:
            left = self.failures.setdefault(identity, self.random.randint(0, 3))
            self.failures[identity] = left - 1
            way = self.random.choice(["status", "status", "die", "hang"]) if left > 0 else "take"
            self.taken[identity] += way == "take"
        if way == "hang":
            time.sleep(0.8)
            handler.close_connection = True
        elif way == "die":
            self.receiver.die(handler, 0)
        else:
            self.receiver.status(200 if way == "take" else 503)(handler, 0)


class Steady:
    """Takes everything."""

    def __init__(self, receiver):
        self.receiver, self.lock, self.taken = receiver, threading.Lock(), collections.Counter()

    def __call__(self, handler, _):
        with self.lock:
            self.taken[handler.headers["X-Webhook-Id"]] += 1
        self.receiver.status(200)(handler, 0)


def seconds_to_tell(hooks, job):
    """An upper bound: the times of jobs are cut to whole seconds."""
    ended = datetime.datetime.fromisoformat(job["completed_at"].replace("Z", "+00:00")).timestamp()
    return max(min(hook.wall for hook in hooks) - ended, 0)


def all_of(client, target):
    found = []
    while page := client.get(f"{target}&limit=1000&offset={len(found)}", expect=200).json:
        found += page
    return found


def changing_page(site, number, stop, chance):
    price = 0
    while not stop.wait(chance.uniform(0.2, 1.0)):
        price += 1
        site.page(f"/page/{number}", fixture_site.shop_html([("Product A", f"${price}"), ("Product B", "$1")]))


def run(kills, seconds, seed):
    chance = random.Random(seed)
    began = time.monotonic()
    with Receiver() as receiver, Receiver() as other, fixture_site.FixtureSite() as site, \
            harness.Server(*harness.UNLIMITED, *OPTIONS) as server:
        server.strict = False
        unreliable, steady = Unreliable(receiver, seed), Steady(other)
        takers = [(other, steady) if number == STEADY else (receiver, unreliable) for number in range(SCHEDULES)]
        client = server.admin()
        secrets = {}
        for number in range(SCHEDULES):
            site.page(f"/page/{number}", fixture_site.shop_html(fixture_site.PRODUCTS))
            url = site.url(f"/page/{number}")
            strategy = client.strategy(url)
            hook = takers[number][0].on(f"/hook/{number}", takers[number][1])
            schedule = client.post("/api/schedules", {"strategy_id": strategy["id"], "url": url, "interval_seconds": 1,
                                                      "webhook_url": hook}, expect=201).json
            secrets[schedule["id"]] = schedule["webhook_secret"]
        stop = threading.Event()
        pages = [threading.Thread(target=changing_page, args=(site, number, stop, random.Random(seed + number)))
                 for number in range(SCHEDULES)]
        for page in pages:
            page.start()
        try:
            for _ in range(kills):
                time.sleep(chance.uniform(0.2, 1.8) * max(seconds / kills - 0.2, 0.1))
                server.kill()
                server.start()
        finally:
            stop.set()
            for page in pages:
                page.join()
        for schedule in secrets:
            client.patch(f"/api/schedules/{schedule}", {"enabled": False}, expect=200)

        def quiet():
            waiting = [client.get(f"/api/jobs?status={status}", expect=200).json for status in ("pending", "running")]
            return not any(waiting) and not client.get("/api/webhooks/deliveries?status=pending", expect=200).json
        eventually(quiet, 60, "the end of all jobs and deliveries")

        told = attempts = changes = 0
        waited = []
        for number, (schedule, secret) in enumerate(secrets.items()):
            jobs = {job["job_id"]: job for job in all_of(client, f"/api/jobs?schedule_id={schedule}")}
            deliveries = all_of(client, f"/api/webhooks/deliveries?schedule_id={schedule}")
            by_job = collections.Counter(one["job_id"] for one in deliveries)
            if by_job != collections.Counter(jobs.keys()):
                raise AssertionError(f"jobs and deliveries of {schedule} are not one to one: "
                                     f"{len(jobs)} jobs, {len(deliveries)} deliveries")
            sent = collections.defaultdict(list)
            for hook in takers[number][0].requests(f"/hook/{number}"):
                check_signature(hook, secret)
                sent[hook.headers["x-webhook-id"]].append(hook)
            for one in deliveries:
                hooks = sent.pop(one["id"], [])
                if one["status"] != "delivered" or takers[number][1].taken[one["id"]] < 1:
                    raise AssertionError(f"not delivered: {one}, seen {len(hooks)} times")
                if len({hook.body for hook in hooks}) != 1:
                    raise AssertionError(f"delivery {one['id']} was sent with different bodies")
                payload, job = body_of(hooks[0]), jobs[one["job_id"]]
                if payload["status"] != job["status"] or payload["job_id"] != job["job_id"]:
                    raise AssertionError(f"delivery {one['id']} does not tell of its job: {payload} {job}")
                if number == STEADY:
                    waited.append(seconds_to_tell(hooks, job))
                told += 1
                attempts += len(hooks)
                changes += bool(payload.get("has_changes"))
            if sent:
                raise AssertionError(f"deliveries nobody knows: {sorted(sent)}")
        print(f"{kills} kills in {time.monotonic() - began:.0f} s: {told} events, {changes} changes, "
              f"{attempts} attempts, each delivered at least once with one id and one body")
        waited.sort()
        print(f"the well-behaved receiver: {len(waited)} events, at most p50 {waited[len(waited) // 2]:.3f} s, "
              f"p95 {waited[len(waited) * 95 // 100]:.3f} s, longest {waited[-1]:.3f} s")
        if told < SCHEDULES * 3:
            raise AssertionError("too few events to tell anything")
        return crash_run.store_faults(server)


if __name__ == "__main__":
    crash_run.main(__doc__, run, kills=50, seconds=60.0)
