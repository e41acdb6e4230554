#!/usr/bin/python3
"""One changelog entry and one event for each change, with the server killed again and again in between.

    change_crash_test.py [--versions 40] [--kills 6] [--seed N]      full size: --versions 300 --kills 20

A page moves on to its next version only once the last one is in the changelog, while the server is killed with SIGKILL
at random moments. At the end there are exactly as many entries as versions, in their order, and at least as many
deliveries reached the receiver, one id for each version and identical bytes under each id.
METER_CRASH_VERSIONS and METER_CRASH_KILLS set the size as well.
"""

import collections
import http.client
import http.server
import json
import pathlib
import random
import sys
import threading
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
warnings.simplefilter("ignore", DeprecationWarning)

import crash_run
import fixture_site
import harness
from harness import eventually

LOST = (OSError, http.client.HTTPException)  # the server went away before it answered


class Receiver:
    """Takes every delivery and remembers it."""

    def __init__(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with receiver.lock:
                    receiver.bodies[self.headers["X-Webhook-Id"]].append(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.lock = threading.Lock()
        self.bodies = collections.defaultdict(list)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def events(self):
        """Id -> bodies of the deliveries that report a change."""
        with self.lock:
            return {key: list(bodies) for key, bodies in self.bodies.items()
                    if json.loads(bodies[0]).get("has_changes")}


class Killer(threading.Thread):
    """Kills and restarts the server a number of times."""

    def __init__(self, server, rng, kills):
        super().__init__(daemon=True)
        self.server, self.rng, self.left = server, rng, kills
        self.done = threading.Event()

    def run(self):
        while self.left and not self.done.wait(self.rng.uniform(0.3, 2.5)):
            self.server.kill()
            self.left -= 1
            self.server.start()


def shop(version):
    return fixture_site.shop_html([("Product A", f"${version}"), ("Product B", "$29.99")])


def patient(call, deadline=60.0):
    """Repeats a call while the server is away."""
    def once():
        try:
            return (call(),)
        except LOST:
            return None
    return eventually(once, deadline, "an answer")[0]


def run(versions, kills, seed):
    rng = random.Random(seed)
    site = fixture_site.FixtureSite()
    site.start()
    receiver = Receiver()
    server = harness.Server(*harness.UNLIMITED, *harness.QUICK_LEASES, "--min-interval-seconds", "1",
                            "--jobs-max-attempts", "1000")
    server.start()
    errors = []
    try:
        url = site.page("/page", shop(0))
        client = server.admin()
        strategy = client.strategy(url)
        schedule = client.post("/api/schedules", {"strategy_id": strategy["id"], "url": url, "interval_seconds": 1,
                                                  "webhook_url": receiver.url}, expect=201).json
        target = f"/api/schedules/{schedule['id']}"

        def total():
            page = patient(lambda: client.get(target + "/changelog?limit=1&include_items=false", expect=200).json)
            return page["total"]

        jobs = f"/api/jobs?schedule_id={schedule['id']}&status=completed&limit=1"
        eventually(lambda: patient(lambda: client.get(jobs, expect=200).json), 60.0, "the baseline")
        killer = Killer(server, rng, kills)
        killer.start()
        for version in range(1, versions + 1):
            site.page("/page", shop(version))
            eventually(lambda: total() >= version, 90.0, f"version {version} in the changelog")
            if total() != version:
                errors.append(f"{total()} entries after {version} versions")
                break
        killer.done.set()
        killer.join()
        if killer.left:
            print(f"{killer.left} kills were left over: the versions were through before")
        if not server.alive():
            server.start()

        entries = []
        while len(entries) < versions:
            page = client.get(f"{target}/changelog?limit=100&offset={len(entries)}", expect=200).json["entries"]
            if not page:
                break
            entries += page
        prices = [entry["new_items"][0]["price"] for entry in reversed(entries)]
        if prices != [f"${version}" for version in range(1, versions + 1)]:
            errors.append(f"the changelog tells another story: {prices}")

        eventually(lambda: len(receiver.events()) >= versions, 90.0, f"{versions} events at the receiver")
        events = receiver.events()
        told = collections.Counter()
        for key, bodies in events.items():
            if len(set(bodies)) != 1:
                errors.append(f"delivery {key} came with different bytes")
            told[json.loads(bodies[0])["results"][0]["price"]] += 1
        doubled = {price: count for price, count in told.items() if count != 1}
        if doubled:
            errors.append(f"events with several ids: {doubled}")
        if len(events) != versions:
            errors.append(f"{len(events)} ids for {versions} versions")
        errors += crash_run.store_faults(server)
        attempts = sum(len(bodies) for bodies in events.values())
        print(f"{versions} versions, {kills - killer.left} kills: {len(entries)} entries, {len(events)} ids, "
              f"{attempts} deliveries")
    finally:
        server.close()
        site.close()
    return errors


if __name__ == "__main__":
    crash_run.main(__doc__, run, versions=(40, "METER_CRASH_VERSIONS"), kills=(6, "METER_CRASH_KILLS"))
