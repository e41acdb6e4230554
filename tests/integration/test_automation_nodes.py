"""Node types, connections, templates and hooks of the automation dialect: BEHAVIOUR 20.4 to 20.6, over HTTP."""

import json
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

import harness

API = "/api/v1/workflows"
NODES = "/api/v1/workflow-nodes"
# Planted in every place where a connection keeps one; none may be seen again.
SECRETS = {name: f"planted-{name}-Xq7Zw0Lk" for name in
           ("token", "mysql", "postgres", "access", "secret", "session", "own", "deep")}


class Pipelines(harness.MeterCase):
    """A server with connections, a folder for files and a database for nodes; private addresses are closed."""

    server_arguments = {"allow_private": False, "env": {"METER_SITE_TOKEN": SECRETS["token"]}}

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-nodes-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.files = cls.folder / "files"
        cls.files.mkdir()
        cls.database = cls.folder / "nodes.db"
        with sqlite3.connect(cls.database) as database:
            database.executescript("CREATE TABLE prices(sku, name, price, seen); CREATE TABLE pages(url UNIQUE);"
                                   "CREATE TABLE events(received, body); CREATE TABLE plain(a, b);")
        database.close()
        cls.site = harness.Shared.site()
        origin = cls.site.url("").rstrip("/")
        closed = harness.free_port()
        http = {"type": "http", "base_url": f"{origin}/etl/", "private_host": "127.0.0.1"}
        connections = {
            "site": {**http, "headers": {"X-Token": {"$variable": "METER_SITE_TOKEN"}}},
            "api": http, "alerts": {**http, "base_url": f"{origin}/alerts"},
            "closed-api": {"type": "http", "base_url": f"{origin}/etl/"},
            "database": {"type": "sqlite", "path": str(cls.database)},
            "shop": {"type": "mysql", "host": "127.0.0.1", "port": closed, "database": "shop", "user": "meter",
                     "password": SECRETS["mysql"]},
            "warehouse": {"type": "postgres", "host": "127.0.0.1", "port": closed, "database": "sales",
                          "user": "meter", "password": SECRETS["postgres"]},
            "lake": {"type": "s3", "endpoint": f"http://127.0.0.1:{closed}", "private_host": "127.0.0.1",
                     "access_key_id": SECRETS["access"], "secret_access_key": SECRETS["secret"],
                     "session_token": SECRETS["session"]},
            "closed-lake": {"type": "s3", "endpoint": origin, "access_key_id": SECRETS["access"],
                            "secret_access_key": SECRETS["secret"]},
            "own": {"type": "own", "key": SECRETS["own"], "more": {"list": [SECRETS["deep"]]}},
        }
        file = cls.folder / "connections.json"
        file.write_text(json.dumps(connections))
        file.chmod(0o600)
        cls.server_options = ("--automations-connections-file", str(file), "--automations-file-root", str(cls.files))
        super().setUpClass()


class NodeTypes(Pipelines):
    def names(self, query="?limit=100"):
        page = self.client.get(NODES + query, expect=200).json
        return [one["nodeId"] for one in page["nodes"]]

    def test_every_type_of_the_contract_is_listed_with_its_schema(self):
        page = self.client.get(f"{NODES}?limit=100&active=false", expect=200).json
        self.assertEqual((page["count"], page["limit"], page["offset"]), (len(page["nodes"]), 100, 0))
        wanted = {"manual-trigger", "schedule-trigger", "webhook-trigger", "meter-scrape", "meter-workflow", "filter",
                  "merge", "webhook", "http-request", "transform", "sqlite-source", "sqlite-sink", "postgres-source",
                  "postgres-sink", "mysql-source", "mysql-sink", "s3-source", "s3-sink", "file-source", "file-sink"}
        found = {one["nodeId"]: one for one in page["nodes"]}
        self.assertEqual(wanted - set(found), set())
        self.assertIn("program", found["transform"]["configSchema"]["properties"])
        self.assertEqual([port["id"] for port in found["filter"]["outputs"]], ["output", "rejected"])
        self.assertEqual(found["manual-trigger"]["inputs"], [])
        self.assertTrue(all(one["isSystem"] for one in page["nodes"]))

    def test_conditions_hold_together_and_pages_fit(self):
        everything = self.names()
        self.assertEqual(self.names("?type=trigger&sort=name:asc"),
                         ["manual-trigger", "schedule-trigger", "webhook-trigger"])
        self.assertEqual(self.names("?type=trigger&search=HOOKS"), ["webhook-trigger"])
        self.assertEqual(set(self.names("?category=files")), {"file-source", "file-sink"})
        self.assertEqual(self.names("?isSystem=false"), [])
        self.assertEqual(self.names("?type=nothing"), [])
        self.assertEqual(self.names("?limit=3&offset=2"), everything[2:5])
        self.assertEqual(self.names("?limit=100&sort=label:desc"), everything[::-1])
        self.assertEqual(self.names("?offset=1000"), [])

    def test_bad_queries_are_400(self):
        for query in ("limit=0", "limit=101", "offset=-1", "sort=secret", "sort=label:up", "active=maybe",
                      "isSystem=2"):
            with self.subTest(query=query):
                self.assert_error(self.client.get(f"{NODES}?{query}"), 400)

    def test_reading_is_the_scope(self):
        for scope, status in (("workflows:read", 200), ("*", 200), ("workflows:write", 403), ("meter", 403)):
            with self.subTest(scope=scope):
                client = self.server.client(self.server.new_key(account=self.account, scopes=scope))
                self.assertEqual(client.get(NODES).status, status)


class Templates(Pipelines):
    def templates(self, client=None):
        listed = (client or self.client).get(f"{API}/templates", expect=200).json["templates"]
        return [one for one in listed if one["id"].startswith("wf_tmpl_")]

    def test_everybody_reads_and_duplicates_them_and_nobody_changes_them(self):
        self.assertGreaterEqual(len(self.templates()), 6)
        for one in self.templates():
            path = f"{API}/{one['id']}"
            with self.subTest(template=one["id"]):
                shown = self.other_client().get(path, expect=200).json
                self.assertEqual((shown["name"], shown["isTemplate"], shown["status"]), (one["name"], True, "draft"))
                self.assertNotIn("secret", json.dumps(shown["nodes"]))
                for method, suffix, body in (("PUT", "", {"name": "x"}), ("DELETE", "", None),
                                             ("PUT", "/status", {"status": "active"}),
                                             ("POST", "/versions", {"versionTag": "x"}),
                                             ("POST", "/share", {"userId": "x"})):
                    answer = self.client.request(method, path + suffix, **({"json": body} if body else {}))
                    self.assert_error(answer, 403, "Only the owner can modify this workflow")
                self.assertEqual(self.client.get(f"{path}/versions", expect=200).json["currentVersion"], 1)
                self.assertEqual(self.client.get(f"{path}/share", expect=200).json["sharedWith"], [])
        self.assertEqual(self.client.get(API, expect=200).json["count"], 0)
        self.assertEqual(self.client.get(f"{API}/stats", expect=200).json["total"], 0)


class Settings(unittest.TestCase):
    def test_a_server_with_bad_connections_does_not_start(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-nodes-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        file = folder / "connections.json"
        for text, mode, told in (("{}", 0o644, "chmod 600"), ("[]", 0o600, "must be an object"), ("{", 0o600, "JSON"),
                                 ('{"a": {"type": "postgres", "password": "planted-here"}}', 0o600, "connections.a.host"),
                                 ('{"a": {"type": "x", "k": {"$variable": "METER_NO"}}}', 0o600, "METER_NO is not set"),
                                 (None, 0o600, "No such file")):
            with self.subTest(text=text, mode=oct(mode)):
                file.unlink(missing_ok=True)
                if text is not None:
                    file.write_text(text)
                    file.chmod(mode)
                done = subprocess.run([str(harness.BINARY), "serve", "--store", "memory:", "--listen", "127.0.0.1:0",
                                       "--automations-connections-file", str(file)], capture_output=True, text=True,
                                      timeout=30, stdin=subprocess.DEVNULL, cwd=folder)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(told, done.stderr)
                self.assertNotIn("planted", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
