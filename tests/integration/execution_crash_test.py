#!/usr/bin/python3
"""Kills the server with SIGKILL while pipelines are being executed, and looks at what they wrote.

    execution_crash_test.py [--kills 8] [--seed N]      full size: --kills 60, or METER_EXECUTION_KILLS=60

Executions of file -> filter -> database -> file follow each other until all kills are spent. After every kill the store
is read as it was left: a node that is recorded as completed there never runs again, what ran may. Every execution ends
completed, with the same file and the same rows as one that nobody disturbed, and leaves no items behind. A scrape goes along:
however often its node runs again, it has one job.
"""

import contextlib
import http.client
import json
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
warnings.simplefilter("ignore", DeprecationWarning)

import crash_run
import fixture_site
import harness
from harness import eventually

LOST = (OSError, http.client.HTTPException)  # the server went away before it answered
ENDED = ("completed", "failed", "stopped")
ROWS = 30_000
API = "/api/v1/workflows"
OPTIONS = ("--jobs-lease-seconds", "0.4", "--jobs-sweep-seconds", "0.05", "--jobs-max-attempts", "100")


def pipeline(site, strategy):
    def node(identity, kind, **config):
        return {"id": identity, "nodeId": kind, "config": config}
    pairs = (("read", "cheap"), ("cheap", "keep"), ("keep", "write"), ("slow", "all"), ("write", "all"))
    return {"name": "Crash", "connections": [{"sourceNodeId": one, "targetNodeId": two} for one, two in pairs],
            "nodes": [node("read", "file-source", path="in.jsonl", format="jsonl"),
                      node("cheap", "filter", conditions=[{"field": "price", "operator": "lt", "value": 50}]),
                      node("keep", "sqlite-sink", connection="shop", table="sold", mode="upsert", key=["id"]),
                      node("write", "file-sink", path="out.jsonl", format="jsonl"),
                      node("slow", "http-request", url=site.url("/slow-page")), node("all", "merge"),
                      node("scrape", "meter-scrape", strategyId=strategy, url=site.url("/slow-shop"))]}


class Killer(threading.Thread):
    """Kills the server at random moments, reads what is left, starts it again."""

    def __init__(self, server, chance, kills):
        super().__init__(daemon=True)
        self.server, self.chance, self.left = server, chance, kills
        self.completed = {}  # (execution, node) -> when it started and ended, as first seen
        self.in_flight = 0
        self.enough = threading.Event()
        self.error = None

    def run(self):
        try:
            while self.left and not self.enough.wait(self.chance.uniform(0.3, 1.2)):
                self.server.kill()
                self.left -= 1
                for execution, node, status, started, ended in self.spans():
                    if status == "completed":
                        self.completed.setdefault((execution, node), (started, ended))
                    self.in_flight += status == "running"
                self.server.start()
        except Exception as error:  # noqa: BLE001 - a thread must hand its failure over
            self.error = error

    def ask(self, question):
        """Asks a copy of the store: the server's own files stay as the kill left them."""
        copy = self.server.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in self.server.folder.glob("meter.db*"):
            shutil.copy(path, copy / path.name)
        with contextlib.closing(sqlite3.connect(copy / "meter.db")) as store:
            return store.execute(question).fetchall()

    def spans(self):
        return self.ask("SELECT execution_id, node_id, status, started_at, ended_at FROM automation_spans")


def patient(call, deadline=60.0):
    """Repeats a call while the server is away."""
    def once():
        try:
            return (call(),)
        except LOST:
            return None
    return eventually(once, deadline, "an answer")[0]


def execute(client, flow, folder, expected):
    """Runs the pipeline once; what went wrong."""
    (folder / "files" / "out.jsonl").unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(folder / "shop.db", timeout=30)) as database, database:
        database.execute("DELETE FROM sold")
    run = patient(lambda: client.post(f"{API}/{flow}/execute", expect=201).json)["executionId"]

    def ended():
        one = patient(lambda: client.get(f"/api/v1/executions/{run}", expect=200).json)
        return one if one["status"] in ENDED else None
    end = eventually(ended, 60, "the end of an execution")
    if end["status"] != "completed":
        return [f"{run} ended {end['status']}: {end['error']}"]
    errors = []
    if (folder / "files" / "out.jsonl").read_bytes() != expected:
        errors.append(f"{run} wrote another file")
    with contextlib.closing(sqlite3.connect(folder / "shop.db", timeout=30)) as database:
        if database.execute("SELECT count(*), sum(price) FROM sold").fetchone() != \
                (ROWS // 2, sum(number % 100 for number in range(ROWS) if number % 100 < 50)):
            errors.append(f"{run} left other rows")
    return errors


def run_in(folder, kills, seed):
    chance = random.Random(seed)
    (folder / "files").mkdir()
    rows = [json.dumps({"id": number, "price": number % 100}, separators=(",", ":")) + "\n" for number in range(ROWS)]
    (folder / "files" / "in.jsonl").write_text("".join(rows))
    expected = "".join(row for number, row in enumerate(rows) if number % 100 < 50).encode()
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as database, database:
        database.execute("CREATE TABLE sold(id INTEGER PRIMARY KEY, price INTEGER)")
    connections = folder / "connections.json"
    connections.write_text(json.dumps({"shop": {"type": "sqlite", "path": str(folder / "shop.db")}}))
    connections.chmod(0o600)
    options = (*OPTIONS, "--automations-file-root", str(folder / "files"), "--automations-connections-file",
               str(connections))
    errors, number = [], 0
    with fixture_site.FixtureSite() as site, harness.Server(*harness.UNLIMITED, *options) as server:
        site.page("/slow-page", lambda _: (time.sleep(chance.uniform(0.0, 0.4)), "{}")[1])
        client = server.admin()
        shop = fixture_site.page("Shop", "<li class=product><h2>Tea</h2><span class=price>$1</span></li>")
        site.page("/slow-shop", lambda _: (time.sleep(chance.uniform(0.0, 0.4)), shop)[1])
        strategy = client.strategy(site.url("/slow-shop"))["id"]
        flow = client.post(API, pipeline(site, strategy), expect=201).json["workflowId"]
        killer = Killer(server, chance, kills)
        killer.start()
        while not errors and (killer.is_alive() or not number):
            errors += execute(client, flow, folder, expected)
            number += 1
        killer.enough.set()
        killer.join()
        if killer.error:
            raise killer.error
        if not server.alive():
            server.start()
        # An answer that a kill swallowed was an execution all the same.
        eventually(lambda: not any(client.get(f"/api/v1/executions?status={status}", expect=200).json["count"]
                                   for status in ("pending", "running")), 60, "the end of all")
        times = {(execution, node): (started, ended) for execution, node, _, started, ended in killer.spans()}
        for span, seen in killer.completed.items():
            if times[span] != seen:
                errors.append(f"{span} ran again after it was recorded as completed")
        left = killer.ask("SELECT count(*) FROM automation_items")[0][0]
        if left:
            errors.append(f"{left} chunks of items were left behind")
        jobs, executions = (killer.ask(f"SELECT count(*) FROM {table}")[0][0]
                            for table in ("jobs", "automation_executions"))
        if jobs != executions:
            errors.append(f"{executions} executions made {jobs} jobs")
        errors += crash_run.store_faults(server)
        print(f"{kills - killer.left} kills in {number} executions: {killer.in_flight} nodes were in flight at a kill "
              f"and ran again, none of {len(killer.completed)} that had completed")
    return errors


def run(kills, seed):
    with tempfile.TemporaryDirectory(prefix="meter-execution-crash-") as folder:
        return run_in(pathlib.Path(folder), kills, seed)


if __name__ == "__main__":
    crash_run.main(__doc__, run, kills=(8, "METER_EXECUTION_KILLS"))
