"""meter-server export and import: a store moves whole, or not at all; watches of other programs."""

import json
import pathlib
import shutil
import stat
import subprocess
import tempfile
import time
import unittest

import fixture_site
import harness
import receiver as receivers
from harness import eventually
from test_automations import CONNECTIONS, NODES
from workflow_case import DETAIL_PLAN, INDEX_PLAN, Board

KINDS = {"meter_export", "end", "api_key", "strategy_group", "strategy", "page_snapshot", "audit_event", "discovery",
         "discovery_url", "workflow", "workflow_node", "workflow_edge", "schedule", "schedule_tick", "batch", "job",
         "job_result", "baseline", "schedule_change", "workflow_run", "workflow_run_definition",
         "workflow_run_strategy", "workflow_node_run", "workflow_input", "webhook_delivery", "webhook_payload",
         "automation", "automation_graph", "automation_version", "automation_share", "execution", "execution_graph",
         "execution_span", "execution_log", "execution_items"}


class Moving(harness.MeterCase):
    server_options = (*harness.QUICK_LEASES, "--min-interval-seconds", "1")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-move-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.fill(cls.client)
        cls.server.kill()  # with jobs that run, and no time for them
        cls.exported = cls.folder / "export.jsonl"
        cls.server.command("export", str(cls.exported), "--store", cls.server.store)
        cls.text = cls.exported.read_bytes()

    @classmethod
    def fill(cls, client):
        """Every kind of object, made by callers."""
        hook = receivers.Receiver().start()
        cls.addClassCleanup(hook.close)
        shop = cls.site.page(f"/t/{cls.account}/shop", fixture_site.page("Shop", "<li class=p>Tea \u20ac 3</li>"))
        plan = {"container": {"selector": "li.p"}, "fields": {"text": {"selector": ":self"}}}
        cls.strategy = client.strategy(shop, plan, ignore={"fields": ["views"]}, key=["text"],
                                       output_schema={"text": "string"}, fetch={"headers": {"X-Token": "1"}})
        cls.shop, cls.plan = shop, plan
        client.strategy(shop, scraper_type="content", strategy=None)
        group = client.post("/api/strategy-groups", {"name": "Shops"}, expect=201).json
        client.post(f"/api/strategy-groups/{group['id']}/strategies", {"strategy_ids": [cls.strategy["id"]]}, expect=200)
        client.post(f"/api/strategy-groups/{group['id']}/schedule",
                    {"cron_expression": "0 9 * * 1-5", "timezone": "Europe/Berlin"}, expect=200)
        watch = client.post("/api/watch", {"url": shop, "description": "tea", "strategy": plan, "interval_seconds": 1,
                                           "webhook_url": hook.url("/hook"), "webhook_metadata": {"a": 1.50}},
                            expect=201).json
        cls.schedule = watch["schedule_id"]
        eventually(lambda: client.get(f"/api/jobs?schedule_id={cls.schedule}&status=completed", expect=200).json,
                   what="a run of the schedule")
        cls.site.page(f"/t/{cls.account}/shop", fixture_site.page("Shop", "<li class=p>Tea \u20ac 4</li>"))
        eventually(lambda: client.get(f"/api/schedules/{cls.schedule}/changelog").json["total"], what="a change")
        client.patch(f"/api/schedules/{cls.schedule}", {"enabled": False}, expect=200)
        client.wait_batch(client.batch(cls.strategy, [shop] * 3)["batch_id"])
        client.execute(cls.strategy, shop)
        board = Board(cls.site, f"/t/{cls.account}/board")
        nodes = [{"node_key": "index", "strategy_id": client.strategy(board.url, INDEX_PLAN)["id"],
                  "input_type": "static_urls", "static_urls": [board.url]},
                 {"node_key": "details", "strategy_id": client.strategy(board.url, DETAIL_PLAN)["id"],
                  "input_type": "upstream_urls", "url_field": "link"}]
        edge = {"source_node_key": "index", "target_node_key": "details",
                "filter_config": {"conditions": [{"field": "title", "operator": "exists"}]}}
        flow = client.post("/api/workflows", {"name": "Board", "nodes": nodes, "edges": [edge]}, expect=201).json
        client.post(f"/api/workflows/{flow['id']}/schedules", {"interval_seconds": 3600}, expect=201)
        run = client.post(f"/api/workflows/{flow['id']}/run", expect=201).json
        eventually(lambda: client.get(f"/api/workflows/{flow['id']}/runs/{run['id']}").json["status"] == "completed",
                   what="a run")
        cls.flow = flow["id"]
        hanging = client.post("/api/workflows", {"name": "Open", "nodes": [
            {**nodes[0], "static_urls": [cls.site.url("/hang")]}]}, expect=201).json
        client.post(f"/api/workflows/{hanging['id']}/run", expect=201)  # is open when the server ends
        found = client.post("/discover", {"discovery": {"method": "pagination", "url_template": shop + "?p={n}",
                                                        "max_pages": 3}}, expect=201).json["discovery_id"]
        eventually(lambda: client.get(f"/discover/{found}").json["status"] == "completed", what="a discovery")
        client.post(f"/discover/{found}/schedule", {"strategy_id": cls.strategy["id"], "interval_seconds": 3600},
                    expect=201)
        path = "/api/v1/workflows/" + client.post("/api/v1/workflows", {
            "name": "\u00c4rger", "nodes": NODES, "connections": CONNECTIONS, "tags": ["b", "a"],
            "settings": {"timeout": 60}, "config": {"big": 12345678901234567890, "real": 1e5}},
            expect=201).json["workflowId"]
        client.post(path + "/versions", {"versionTag": "v2"}, expect=201)
        client.post(path + "/share", {"userId": "someone"}, expect=200)
        cls.automation = path
        nodes = [{"id": "in", "nodeId": "manual-trigger"}, {"id": "all", "nodeId": "merge"}]
        lead = [{"sourceNodeId": "in", "targetNodeId": "all"}]
        done = cls.execute(client, nodes, lead)
        eventually(lambda: client.get(done).json["status"] == "completed", what="an execution")
        nodes[1] = {"id": "all", "nodeId": "http-request", "config": {"url": cls.site.url("/hang")}}
        cls.hanging = cls.execute(client, nodes, lead)  # is open when the server ends, with an item on its way
        eventually(lambda: client.get(cls.hanging).json["progress"] == 50, what="half an execution")

    @classmethod
    def execute(cls, client, nodes, connections):
        made = client.post("/api/v1/workflows", {"name": "Run", "nodes": nodes, "connections": connections}, expect=201)
        started = client.post(f"/api/v1/workflows/{made.json['workflowId']}/execute",
                              {"triggerInputs": {"day": "\u20ac"}}, expect=201)
        return f"/api/v1/executions/{started.json['executionId']}"

    def new_store(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-new-", dir=self.folder))
        return folder, f"sqlite:{folder / 'meter.db'}"

    def tearDown(self):
        pass  # the server has ended: it is the store that is looked at

    def export_of(self, store):
        output = subprocess.run([str(harness.BINARY), "export", "-", "--store", store], capture_output=True, timeout=60)
        self.assertEqual(output.returncode, 0, output.stderr)
        return output.stdout

    def refused(self, data, *expected):
        path = self.folder / "spoilt.jsonl"
        path.write_bytes(data)
        _, store = self.new_store()
        done = self.server.command("import", str(path), "--store", store, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        for text in expected:
            self.assertIn(text, done.stderr)
        self.assertEqual(self.export_of(store).count(b"\n"), 2, "a refused import left something")

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_the_name_of_an_export_is_on_the_disk_too(self):
        target, log = self.folder / "durable.jsonl", self.folder / "durable.strace"
        done = subprocess.run(["strace", "-f", "-y", "-o", str(log), "-e", "trace=fsync,link,linkat", str(harness.BINARY),
                               "export", str(target), "--store", self.server.store], capture_output=True, timeout=60)
        if not target.exists() and b"ptrace" in done.stderr:
            self.skipTest("strace may not trace here")
        calls = log.read_text().splitlines()
        linked = next(i for i, call in enumerate(calls) if "link" in call and str(target) in call)
        self.assertTrue(any("fsync(" in call and f"<{self.folder.resolve()}>" in call for call in calls[linked:]), calls)

    def test_export_import_export_is_the_same_to_the_byte(self):
        kinds = {json.loads(line)["kind"] for line in self.text.splitlines()}
        self.assertEqual(KINDS - kinds, set())
        _, store = self.new_store()
        done = self.server.command("import", str(self.exported), "--store", store)
        self.assertEqual(done.stdout, f"Imported {self.text.count(10) - 2} records\n")
        self.assertEqual(self.export_of(store), self.text)
        self.server.command("check", "--store", store)
        # The same through pipes.
        _, piped = self.new_store()
        done = subprocess.run([str(harness.BINARY), "import", "-", "--store", piped], input=self.text,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.export_of(piped), self.text)

    def test_the_file_is_for_its_owner_and_takes_no_other_files_place(self):
        self.assertEqual(stat.S_IMODE(self.exported.stat().st_mode), 0o600)
        again = self.server.command("export", str(self.exported), "--store", self.server.store, check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("exists already", again.stderr)
        self.assertEqual(self.exported.read_bytes(), self.text)
        missing = self.server.command("export", "-", "--store", f"sqlite:{self.folder / 'nowhere.db'}", check=False)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("There is no store", missing.stderr)
        self.assertEqual([path.name for path in self.folder.glob("export*")], ["export.jsonl"])
        self.assertNotIn(self.key.secret.encode(), self.text)

    def test_what_was_moved_goes_on(self):
        folder, store = self.new_store()
        self.server.command("import", str(self.exported), "--store", store)
        with harness.Server(*harness.UNLIMITED, *harness.QUICK_LEASES, "--min-interval-seconds", "1",
                            folder=folder) as moved:
            client = moved.client(self.key)
            self.assertEqual(client.get(f"/api/strategies/{self.strategy['id']}", expect=200).json["key"], ["text"])
            self.assertEqual(client.get(self.automation, expect=200).json["nodes"], NODES)
            spans = eventually(lambda: (found := client.get(f"{self.hanging}/spans", expect=200).json["spans"])[1][
                "status"] == "running" and found, what="the execution to go on")
            self.assertEqual(spans[0]["outputData"], [{"day": "\u20ac"}])
            self.assertEqual(client.post(f"{self.hanging}/stop", expect=200).json["status"], "stopped")
            self.assertEqual(client.get(f"/api/workflows/{self.flow}/runs", expect=200).json[0]["status"], "completed")
            self.assertGreater(client.get(f"/api/schedules/{self.schedule}/changelog", expect=200).json["total"], 0)
            self.assertFalse(client.execute(self.strategy, self.shop)["has_changes"])
            known = client.get(f"/api/schedules/{self.schedule}/changelog").json["total"]
            before = client.get(f"/api/schedules/{self.schedule}").json["last_run_at"]
            client.patch(f"/api/schedules/{self.schedule}", {"enabled": True}, expect=200)
            eventually(lambda: client.get(f"/api/schedules/{self.schedule}").json["last_run_at"] != before,
                       what="a tick in the new place")
            self.assertEqual(client.get(f"/api/schedules/{self.schedule}/changelog").json["total"], known)
            self.site.page(f"/t/{self.account}/shop", fixture_site.page("Shop", "<li class=p>Tea \u20ac 5</li>"))
            self.addCleanup(self.site.page, f"/t/{self.account}/shop",
                            fixture_site.page("Shop", "<li class=p>Tea \u20ac 4</li>"))
            self.assertTrue(client.execute(self.strategy, self.shop)["has_changes"])
            moved.kill()

    def test_only_an_empty_store_is_filled(self):
        done = self.server.command("import", str(self.exported), "--store", self.server.store, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("The store is not empty", done.stderr)
        self.assertEqual(self.export_of(self.server.store), self.text)
        folder, store = self.new_store()
        with harness.Server(folder=folder):  # a server has a key at least
            done = self.server.command("import", str(self.exported), "--store", store, check=False)
            self.assertIn("The store is not empty: there is a record of kind api_key", done.stderr)

    def test_what_is_wrong_is_named_and_nothing_is_written(self):
        lines = self.text.splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if line.startswith(b'{"kind":"strategy"'))
        spoilt = json.loads(lines[at])
        spoilt["strategy"]["container"]["selector"] = "a::b"
        changed = [*lines[:at], json.dumps(spoilt).encode() + b"\n", *lines[at + 1:]]
        self.refused(b"".join(changed), f"line {at + 1}: ", "selector")
        self.refused(b"".join(lines[:-1]), f"line {len(lines)}: ", "not whole")
        self.refused(self.text[:len(self.text) // 2], "line ")
        gone = [line for line in lines if not line.startswith(b'{"kind":"strategy_group"')]
        gone[-1] = b'{"kind":"end","records":%d}\n' % (len(gone) - 2)
        self.refused(b"".join(gone), "strategies of a group that is not there")
        self.refused(b"\x00" * 1000, "line 1: ")
        _, store = self.new_store()
        for limit, expected in (("1KiB", "is longer than 1024 bytes"), ("5GiB", "--max-line must be from 1024")):
            done = self.server.command("import", str(self.exported), "--store", store, "--max-line", limit, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(expected, done.stderr)
        self.refused(b"[" * 1_000_000, "line 1: ")

    def test_an_import_that_is_killed_leaves_nothing(self):
        lines = self.text.splitlines(keepends=True)
        job = next(json.loads(line) for line in lines if line.startswith(b'{"kind":"audit_event"'))
        at = next(i for i, line in enumerate(lines) if line.startswith(b'{"kind":"audit_event"'))
        many = b"".join(json.dumps({**job, "id": f"00000000-0000-7000-8000-{n:012d}", "url": "u" * 500}).encode() + b"\n"
                        for n in range(60_000))
        path = self.folder / "large.jsonl"
        path.write_bytes(b"".join(lines[:at]) + many + b"".join(lines[at:-1]) +
                         b'{"kind":"end","records":%d}\n' % (len(lines) - 2 + 60_000))
        for _ in range(3):
            folder, store = self.new_store()
            process = subprocess.Popen([str(harness.BINARY), "import", str(path), "--store", store],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            log = folder / "meter.db-wal"
            end = time.monotonic() + 30
            while process.poll() is None and time.monotonic() < end:
                if log.exists() and log.stat().st_size > 4_000_000:
                    break
            self.assertIsNone(process.poll(), "the import ended before it was killed")
            process.kill()
            process.wait()
            self.assertEqual(self.export_of(store).count(b"\n"), 2)
            self.server.command("check", "--store", store)
        self.server.command("import", str(path), "--store", store)  # and can be done again
        self.assertEqual(self.export_of(store).count(b"\n"), len(lines) + 60_000)
        path.unlink()


CHANGEDETECTION = {
    "watching": {
        "3f2a": {"url": "https://shop.test/kettle", "title": "Kettle", "tags": ["t1", "t2"], "paused": False,
                 "include_filters": [".price", "#stock"], "ignore_text": ["Views: "], "headers": {"X-A": "b"},
                 "time_between_check": {"hours": 2}, "time_between_check_use_default": False,
                 "notification_urls": ["discord://id/token", "tgram://bot/chat"], "browser_steps": [{"x": 1}]},
        "77aa": {"url": "https://api.test/items.json", "include_filters": ["json:$.data.items[*].name"],
                 "paused": True},
        "0000": {"url": "{{ template }}"},
    },
    "settings": {"application": {"tags": {"t1": {"title": "Shops"}, "t2": {"title": "Tea"}}},
                 "requests": {"time_between_check": {"minutes": 30}}},
}
URLWATCH = """name: "Books"
url: "https://books.test/"
headers: {User-Agent: watcher}
filter:
  - css: article h3
  - html2text
  - grep: "[Ll]ight"
---
navigate: https://spa.test/
---
url: https://plain.test/
max_tries: 3
"""


class OtherPrograms(harness.MeterCase):
    """Into the store of a running server, which takes the watches up."""

    def setUp(self):
        self.account = harness.Shared.account("foreign")
        self.client = self.server.client(self.server.new_key(account=self.account))

    def bring(self, program, text, *options, code=0):
        path = pathlib.Path(tempfile.mkdtemp(prefix="meter-from-")) / "file"
        self.addCleanup(shutil.rmtree, path.parent, ignore_errors=True)
        path.write_text(text)
        done = self.server.command("import", "--from", program, str(path), "--store", self.server.store, "--account",
                                   self.account, *options, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def named(self, collection, name):
        return next(each for each in self.client.get(collection, expect=200).json if each["name"] == name)

    def test_watches_of_changedetection(self):
        told = self.bring("changedetection", json.dumps(CHANGEDETECTION), "--dry-run", code=1)
        self.assertIn("Would import 2 of 3 watches", told)
        self.assertEqual(self.client.get("/api/strategies", expect=200).json, [])
        told = self.bring("changedetection", json.dumps(CHANGEDETECTION), code=1)
        self.assertRegex(told, r"watch 3f2a: https://shop.test/kettle: strategy [-0-9a-f]{36}, schedule [-0-9a-f]{36}\n"
                               r"(    not mapped: .*\n){3}")
        for note in ('tag "Tea"', 'notification by "tgram"', "browser steps"):
            self.assertIn("    not mapped: " + note, told)
        self.assertNotIn("token", told)
        self.assertIn("watch 0000: {{ template }}: not imported: its URL is a template\n", told)
        kettle = self.named("/api/strategies", "Kettle")
        self.assertEqual(kettle["strategy"], {"container": {"selector": ".price, #stock"},
                                              "fields": {"text": {"selector": ":self"}}, "type": "css"})
        self.assertEqual(kettle["strategy_group_id"], self.named("/api/strategy-groups", "Shops")["id"])
        schedules = {each["strategy_id"]: each for each in self.client.get("/api/schedules", expect=200).json}
        schedule = schedules[kettle["id"]]
        self.assertEqual((schedule["interval_seconds"], schedule["enabled"], schedule["webhook_url"]),
                         (7200, True, "https://discord.com/api/webhooks/id/token"))
        items = self.named("/api/strategies", "Watch: api.test/items.json")
        self.assertEqual((items["strategy"]["items_path"], items["strategy"]["fields"]),
                         ("data.items", {"name": {"path": "name"}}))
        self.assertEqual((schedules[items["id"]]["interval_seconds"], schedules[items["id"]]["enabled"]), (1800, False))

    def test_jobs_of_urlwatch(self):
        told = self.bring("urlwatch", URLWATCH, "--interval", "30m", code=1)
        self.assertRegex(told, r"line 1: Books: strategy [-0-9a-f]{36}, schedule [-0-9a-f]{36}\n")
        self.assertIn("line 8: not imported: navigate: there is no browser\n", told)
        self.assertIn("    not mapped: max_tries", told)
        self.assertIn("Imported 2 of 3 watches", told)
        books = self.named("/api/strategies", "Books")
        self.assertEqual(books["filter_config"]["conditions"][0]["operator"], "regex_match")
        self.assertEqual(self.named("/api/strategies", "Watch: plain.test/")["scraper_type"], "content")

    def test_an_account_is_one_that_a_key_can_name(self):
        done = self.server.command("import", "--from", "urlwatch", "-", "--store", self.server.store, "--account", "",
                                   check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("account_id must not be empty", done.stderr)

    def test_files_that_are_none(self):
        for program, text, expected in (("changedetection", "[]", "no url-watches.json"),
                                        ("changedetection", "{", "byte"),
                                        ("urlwatch", "a: [", "line "),
                                        ("urlwatch", "[" * 100_000, "more than 32 levels")):
            path = pathlib.Path(tempfile.mkdtemp(prefix="meter-from-")) / "file"
            self.addCleanup(shutil.rmtree, path.parent, ignore_errors=True)
            path.write_text(text)
            done = self.server.command("import", "--from", program, str(path), "--store", self.server.store, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(expected, done.stderr)
