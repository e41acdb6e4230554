#!/usr/bin/python3
"""Kills the server with SIGKILL while runs of a ten-node workflow are under way, and looks at what was fetched.

    workflow_crash_test.py [--kills 10] [--seed N]      full size: --kills 60, or METER_WORKFLOW_KILLS=60

Runs follow each other, each on pages of its own, until all kills are spent. After every kill the store is read as it
was left: what is recorded there is never fetched again, what ran may be. Every run ends once, completed, with the same
output as a run that nobody disturbed, and its webhook is sent once for each run.
"""

import collections
import http.client
import json
import pathlib
import random
import shutil
import sqlite3
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
from receiver import Receiver, body_of

LOST = (OSError, http.client.HTTPException)  # the server went away before it answered
ENDED = ("completed", "partial", "failed", "cancelled")
# Node -> its followers. Every node makes two pages out of each that leads to it, n9 gathers.
GRAPH = {"n0": ("n1", "n2"), "n1": ("n3", "n4"), "n2": ("n4", "n5"), "n3": ("n6",), "n4": ("n6", "n7"),
         "n5": ("n7", "n8"), "n6": ("n9",), "n7": ("n9",), "n8": ("n9",), "n9": ()}
PAGES = 3  # of each node but the first
PLAN = {"type": "css", "container": {"selector": "li"},
        "fields": {"target": {"selector": "b"}, "link": {"selector": "a", "attribute": "href"}}}
OPTIONS = ("--jobs-max-attempts", "1000", "--jobs-lease-seconds", "0.4", "--jobs-sweep-seconds", "0.05",
           "--min-interval-seconds", "1", "--jobs-workers", "4", "--webhooks-lease-seconds", "1",
           "--webhooks-retry-seconds", "0.2,0.2,0.2,0.2,0.2")


class Pages:
    """The pages of one run. Each takes a moment, so that a kill finds something under way."""

    def __init__(self, site, base, chance):
        self.site, self.base = site, base
        for node, followers in GRAPH.items():
            for number in range(1 if node == "n0" else PAGES):
                rows = "".join(f'<li><b>{follower}</b><a href="{base}/{follower}/{each}">x</a></li>'
                               for follower in followers for each in range(PAGES))
                rows = rows or f"<li><b>end {number}</b><a href=none>x</a></li>"
                text, wait = fixture_site.page(node, f"<ul>{rows}</ul>"), chance.uniform(0.0, 0.08)
                site.page(f"{base}/{node}/{number}", lambda _, text=text, wait=wait: (time.sleep(wait), text)[1])

    def hits(self):
        return {path: count for path, count in self.site.all_hits().items() if path.startswith(self.base + "/")}

    def workflow(self, strategy):
        def node(key):
            if key == "n0":
                return {"node_key": key, "strategy_id": strategy, "input_type": "static_urls",
                        "static_urls": [self.site.url(f"{self.base}/n0/0")]}
            return {"node_key": key, "strategy_id": strategy, "input_type": "upstream_urls", "url_field": "link"}

        def edge(source, target):
            condition = {"field": "target", "operator": "equals", "value": target, "case_sensitive": False}
            return {"source_node_key": source, "target_node_key": target,
                    "filter_config": {"mode": "all", "conditions": [condition]}}
        return {"name": self.base, "nodes": [node(key) for key in GRAPH],
                "edges": [edge(source, target) for source, targets in GRAPH.items() for target in targets]}

    def expected_output(self):
        return {self.site.url(f"{self.base}/n9/{number}"): {"default": [
            {"target": f"end {number}", "link": self.site.url(f"{self.base}/n9/none")}]} for number in range(PAGES)}


class Killer(threading.Thread):
    """Kills the server at random moments, reads what is left, starts it again."""

    def __init__(self, server, site, chance, kills):
        super().__init__(daemon=True)
        self.server, self.site, self.chance, self.left = server, site, chance, kills
        self.enough = threading.Event()
        self.allowed = collections.Counter()  # path -> kills that found it running
        self.recorded = {}                    # path -> requests when it was first seen recorded
        self.error = None

    def run(self):
        try:
            while self.left and not self.enough.wait(self.chance.uniform(0.05, 0.9)):
                self.server.kill()
                self.left -= 1
                eventually(lambda: self.site.in_flight() == 0, 5, "the end of the fetches")
                self.look()
                self.server.start()
        except Exception as error:  # noqa: BLE001 - a thread must hand its failure over
            self.error = error

    def look(self):
        """Reads a copy of the store: the server's own files stay as the kill left them."""
        copy = self.server.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in self.server.folder.glob("meter.db*"):
            shutil.copy(path, copy / path.name)
        with sqlite3.connect(copy / "meter.db") as store:
            rows = store.execute("SELECT url, status FROM jobs").fetchall()
        store.close()
        hits = self.site.all_hits()
        for url, status in rows:
            path = url.removeprefix(self.site.url(""))
            if status == "running":
                self.allowed[path] += 1
            elif status in ("completed", "failed"):
                self.recorded.setdefault(path, hits.get(path, 0))


def patient(call, deadline=60.0):
    """Repeats a call while the server is away."""
    def once():
        try:
            return (call(),)
        except LOST:
            return None
    return eventually(once, deadline, "an answer")[0]


def one_run(client, site, receiver, strategy, number, chance):
    """Starts a run by schedule, waits for its end; what went wrong."""
    errors = []
    pages = Pages(site, f"/run{number}", chance)
    made = patient(lambda: client.post("/api/workflows", pages.workflow(strategy), expect=201).json)
    at = f"/api/workflows/{made['id']}"
    hook = f"/hook{number}"
    schedule = patient(lambda: client.post(at + "/schedules", {"interval_seconds": 1, "webhook_url": receiver.url(hook)},
                                           expect=201).json)
    runs = eventually(lambda: patient(lambda: client.get(at + "/runs", expect=200).json), 30, "the first tick")
    if any(run["status"] in ENDED for run in runs):
        print(f"run {number} was over before its schedule could be switched off")
    patient(lambda: client.patch(f"{at}/schedules/{schedule['id']}", {"enabled": False}, expect=200))
    first = runs[-1]["id"]
    # Editing the definition does not reach a run that is under way.
    patient(lambda: client.request("PUT", at + "/nodes/n9", json={"url_field": "nothing"}, expect=200))

    def ended():
        run = patient(lambda: client.get(f"{at}/runs/{first}", expect=200).json)
        return run if run["status"] in ENDED else None
    run = eventually(ended, 120, f"the end of run {number}")
    states = {node["node_key"]: (node["status"], node["job_count"], node["item_count"], node["failed_job_count"])
              for node in run["node_executions"]}
    wanted = {key: ("completed", 1 if key == "n0" else PAGES,
                    (1 if key == "n0" else PAGES) * max(PAGES * len(GRAPH[key]), 1), 0) for key in GRAPH}
    if run["status"] != "completed" or states != wanted:
        errors.append(f"run {number} ended {run['status']}: {states}")
    later = patient(lambda: client.get(f"{at}/runs?limit=1000", expect=200).json)
    eventually(lambda: receiver.requests(hook), 30, "the webhook")
    if len(later) == 1:
        output = patient(lambda: client.get(at + "/runs/latest/output", expect=200).json)
        if output["final_results_by_url_grouped"] != pages.expected_output():
            errors.append(f"run {number} has another output: {json.dumps(output)[:600]}")
        extra = {path: count for path, count in pages.hits().items() if count > 1}
        return errors, pages, extra, (at, first, run)
    return errors, pages, None, (at, first, run)


def run(kills, seed):
    chance = random.Random(seed)
    errors, refetched, numbers = [], 0, 0
    with Receiver() as receiver, fixture_site.FixtureSite() as site, \
            harness.Server(*harness.UNLIMITED, *OPTIONS) as server:
        client = server.admin()
        url = site.page("/template", fixture_site.page("t", '<ul><li><b>n1</b><a href="/x">x</a></li></ul>'))
        strategy = client.strategy(url, PLAN)["id"]
        killer = Killer(server, site, chance, kills)
        killer.start()
        kept = []
        while not errors and (killer.is_alive() or not numbers):
            found, pages, extra, ends = one_run(client, site, receiver, strategy, numbers, chance)
            errors += found
            kept.append((pages, extra, ends))
            numbers += 1
        killer.enough.set()
        killer.join()
        if killer.error:
            raise killer.error
        if not server.alive():
            server.start()
        for number, (pages, extra, (at, first, ended)) in enumerate(kept):
            if client.get(f"{at}/runs/{first}", expect=200).json != ended:
                errors.append(f"run {number} was written to after its end")
            identities = collections.defaultdict(set)
            for hook in receiver.requests(f"/hook{number}"):
                identities[body_of(hook)["run_id"]].add((hook.headers["x-webhook-id"], hook.body))
            if len(identities[first]) != 1:
                errors.append(f"run {number} was told {len(identities[first])} times")
            if extra is None:
                continue  # a second tick came before the schedule was switched off: pages were fetched for it too
            hits = pages.hits()
            for path, count in hits.items():
                refetched += count - 1
                if count > 1 + killer.allowed[path]:
                    errors.append(f"{path} was fetched {count} times, running at {killer.allowed[path]} kills")
                if path in killer.recorded and count != killer.recorded[path]:
                    errors.append(f"{path} was recorded after {killer.recorded[path]} fetches, then fetched again")
            if len(hits) != 1 + PAGES * 9:
                errors.append(f"run {number} fetched {len(hits)} pages")
        errors += crash_run.store_faults(server)
        print(f"{kills - killer.left} kills in {numbers} runs of {len(GRAPH)} nodes, {1 + PAGES * 9} pages each: "
              f"{refetched} pages were under way at a kill and fetched again, no recorded one")
    return errors


if __name__ == "__main__":
    crash_run.main(__doc__, run, kills=(10, "METER_WORKFLOW_KILLS"))
