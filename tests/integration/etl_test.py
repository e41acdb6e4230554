#!/usr/bin/python3
"""The pipeline of the automation dialect's own documentation, for real: orders in MariaDB, transformed, loaded to S3.

MariaDB and the object store are started here and end with the test. Without MariaDB it is skipped, with exit code 77;
METER_REQUIRE_DATABASES makes that a failure. METER_ETL_ROWS is how many
orders there are (100,000).
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import harness
import s3_server

API = "/api/v1/workflows"
ROWS = int(os.environ.get("METER_ETL_ROWS", 100_000))
PROGRAM = 'select(.amount != null) | {id, customer, cents: ((.amount | tonumber) * 100 | round), day: .placed_at[0:10]}'
NOBODY = 65534


class MariaDb:
    """A server in a folder of its own, on a socket only."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-etl-"))
        self.socket = self.folder / "socket"
        self.process = None

    def start(self):
        as_user = {"user": NOBODY, "group": NOBODY} if os.getuid() == 0 else {}
        if as_user:
            os.chown(self.folder, NOBODY, NOBODY)
        data = f"--datadir={self.folder / 'data'}"
        with open(self.folder / "log", "ab") as log:
            subprocess.run([find("mariadb-install-db"), "--no-defaults", data, "--skip-test-db",
                            "--auth-root-authentication-method=normal"], stdout=log, stderr=log, check=True, **as_user)
            self.process = subprocess.Popen(
                [find("mariadbd"), "--no-defaults", data, f"--socket={self.socket}", "--skip-networking",
                 "--innodb-flush-log-at-trx-commit=0", f"--pid-file={self.folder / 'pid'}"],
                stdout=log, stderr=log, **as_user)
        harness.eventually(lambda: self.socket.exists() or self.process.poll() is not None, 60, "the socket of MariaDB")

    def run(self, statements):
        return subprocess.run([find("mariadb"), "--no-defaults", "-u", "root", f"--socket={self.socket}", "-N", "-B", "--raw"],
                              input=statements, capture_output=True, text=True, check=True).stdout

    def close(self):
        if self.process:
            self.process.terminate()
            self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


def find(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


class Etl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = MariaDb()
        cls.addClassCleanup(cls.database.close)
        cls.database.start()
        cls.database.run(f"""
            CREATE DATABASE shop; USE shop;
            CREATE TABLE orders (id BIGINT PRIMARY KEY, customer VARCHAR(80), amount DECIMAL(10,2), placed_at DATETIME);
            INSERT INTO orders SELECT seq, CONCAT('K\u00fcnde "', seq % 977, '"'), IF(seq % 10 = 0, NULL, seq % 100000 / 4),
                '2025-01-01' + INTERVAL seq MINUTE FROM seq_1_to_{ROWS};
            CREATE USER meter@localhost IDENTIFIED BY 'etl-password'; GRANT SELECT ON shop.* TO meter@localhost;""")
        cls.expected = [json.loads(line) for line in cls.database.run(
            "SELECT JSON_OBJECT('id', id, 'customer', customer, 'cents', CAST(ROUND(amount * 100) AS INTEGER), 'day', "
            "DATE_FORMAT(placed_at, '%Y-%m-%d')) FROM shop.orders WHERE amount IS NOT NULL ORDER BY id;").splitlines()]
        cls.store = s3_server.ObjectStore("AKIDETL", "secret-of-the-lake")
        cls.store.__enter__()
        cls.addClassCleanup(cls.store.__exit__)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-etl-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        connections = folder / "connections.json"
        connections.write_text(json.dumps({
            "shop": {"type": "mysql", "socket": str(cls.database.socket), "database": "shop", "user": "meter",
                     "password": "etl-password"},
            "lake": {"type": "s3", "endpoint": cls.store.url, "private_host": "127.0.0.1", "access_key_id": "AKIDETL",
                     "secret_access_key": "secret-of-the-lake"}}))
        connections.chmod(0o600)
        os.chmod(cls.database.folder, 0o755)
        cls.server = harness.Server(*harness.UNLIMITED, *harness.QUICK_LEASES, "--automations-connections-file",
                                    str(connections), allow_private=False)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        cls.client = cls.server.client(cls.server.new_key(account="etl"))

    def pipeline(self, key, cron):
        """The template, with a program and an object of our own."""
        path = f"{API}/{self.client.post(f'{API}/wf_tmpl_mysqlToS3/duplicate', expect=201).json['workflowId']}"
        nodes = self.client.get(path, expect=200).json["nodes"]
        config = {"schedule-trigger": {"cronExpression": cron, "timezone": "UTC"}, "transform": {"program": PROGRAM},
                  "s3-sink": {"connection": "lake", "bucket": "exports", "key": key, "format": "jsonl"}}
        for node in nodes:
            node["config"] = config.get(node["nodeId"], node["config"])
        self.client.request("PUT", path, {"name": "Daily ETL Pipeline", "nodes": nodes}, expect=200)
        return path

    def executions(self, path):
        return self.client.get(f"/api/v1/executions?workflow_id={path.rsplit('/', 1)[1]}", expect=200).json["executions"]

    def ended(self, path, deadline=240.0):
        def look():
            found = self.executions(path)
            return found[-1] if found and found[-1]["status"] in ("completed", "failed", "stopped") else None
        done = harness.eventually(look, deadline, "end of the execution")
        self.assertEqual((done["status"], done["error"]), ("completed", None))
        return done

    def check_object(self, key):
        rows = [json.loads(line) for line in self.store.objects[f"exports/{key}"].splitlines()]
        self.assertEqual(len(rows), len(self.expected))
        self.assertEqual(rows, self.expected)
        self.assertEqual(self.store.refused, [])

    def test_deployed_it_runs_by_cron_and_the_object_has_every_row(self):
        path = self.pipeline("by-cron.jsonl", "* * * * *")
        self.assertEqual(self.executions(path), [])
        self.client.post(f"{path}/deploy", expect=200)
        done = self.ended(path)
        self.assertEqual(done["triggerType"], "schedule")
        self.client.post(f"{path}/undeploy", expect=200)
        self.check_object("by-cron.jsonl")
        spans = self.client.get(f"/api/v1/executions/{done['id']}/spans", expect=200).json["spans"]
        self.assertEqual(spans[-1]["outputData"][0]["rowCount"], len(self.expected))

    def test_killed_in_the_middle_it_makes_the_same_object(self):
        chance = random.Random(int(os.environ.get("METER_SEED", time.time_ns())))
        path = self.pipeline("killed.jsonl", "0 0 1 1 *")
        identity = self.client.post(f"{path}/execute", expect=201).json["executionId"]
        cut = 0
        for name in ("extract", "transform", "load"):
            def status():
                spans = self.client.get(f"/api/v1/executions/{identity}/spans", expect=200).json["spans"]
                return next(span["status"] for span in spans if span["nodeId"] == name)
            harness.eventually(lambda: status() not in ("pending", "stopped"), 60, f"start of {name}")
            time.sleep(chance.uniform(0, 0.3))
            cut += status() == "running"
            self.server.kill()
            self.server.start()
        self.assertGreater(cut, 0, "every node had ended when the server was killed")
        self.ended(path)
        self.check_object("killed.jsonl")


if __name__ == "__main__":
    missing = [name for name in ("mariadbd", "mariadb-install-db", "mariadb") if not find(name)]
    if missing:
        print(f"skipped: not installed: {', '.join(missing)}")
        sys.exit(1 if os.environ.get("METER_REQUIRE_DATABASES") else 77)
    unittest.main()
