"""Node types, connections, templates and hooks of the automation dialect: BEHAVIOUR 20.4 to 20.6, over HTTP."""

import base64
import csv
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest

import harness

API = "/api/v1/workflows"
NODES = "/api/v1/workflow-nodes"
# Planted in every place where a connection keeps one; none may be seen again.
SECRETS = {name: f"planted-{name}-Xq7Zw0Lk" for name in
           ("token", "mysql", "postgres", "access", "secret", "session", "own", "deep")}


def node(identity, kind, **config):
    return {"id": identity, "nodeId": kind, "config": config}


def chain(*nodes):
    return [{"sourceNodeId": a["id"], "targetNodeId": b["id"]} for a, b in zip(nodes, nodes[1:])]


def signature(secret, identity, timestamp, body):
    key = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(key + "=" * (-len(key) % 4), validate=True)
    except ValueError:
        key = key.encode()
    digest = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


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
        cls.server_options = ("--automations-connections-file", str(file), "--automations-file-root", str(cls.files),
                              "--automations-transform-seconds", "3", "--automations-transform-memory", "64MiB")
        super().setUpClass()

    def create(self, *nodes, connections=None, client=None, **members):
        body = {"name": self.id(), "nodes": list(nodes), **members,
                "connections": chain(*nodes) if connections is None else connections}
        return f"{API}/{(client or self.client).post(API, body, expect=201).json['workflowId']}"

    def execute(self, path, client=None, **body):
        started = (client or self.client).post(f"{path}/execute", body, expect=201).json["executionId"]
        return self.ended(started, client)

    def ended(self, execution, client=None):
        def look():
            found = (client or self.client).get(f"/api/v1/executions/{execution}", expect=200).json
            return found if found["status"] in ("completed", "failed", "stopped") else None
        return harness.eventually(look, 60.0, "end of the execution")

    def run_nodes(self, *nodes, connections=None, **body):
        return self.execute(self.create(*nodes, connections=connections), **body)

    def assert_completed(self, execution):
        self.assertEqual((execution["status"], execution["error"]), ("completed", None))

    def rows(self, query):
        with sqlite3.connect(self.database) as database:
            found = database.execute(query).fetchall()
        database.close()
        return found


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
                                             ("POST", "/share", {"userId": "x"}), ("POST", "/deploy", None)):
                    answer = self.client.request(method, path + suffix, **({"json": body} if body else {}))
                    self.assert_error(answer, 403, "Only the owner can modify this workflow")
                self.assertEqual(self.client.get(f"{path}/versions", expect=200).json["currentVersion"], 1)
                self.assertEqual(self.client.get(f"{path}/share", expect=200).json["sharedWith"], [])
                self.assertIn(self.client.post(f"{path}/execute").status, (403, 404, 409))
        fresh = self.other_client()
        self.assertEqual(fresh.get(API, expect=200).json["count"], 0)
        self.assertEqual(fresh.get(f"{API}/stats", expect=200).json["total"], 0)

    def copy(self, name):
        made = self.client.post(f"{API}/wf_tmpl_{name}/duplicate", expect=201).json["workflowId"]
        return f"{API}/{made}"

    def test_a_copy_of_each_is_deployed(self):
        for one in self.templates():
            with self.subTest(template=one["id"]):
                path = self.copy(one["id"].removeprefix("wf_tmpl_"))
                self.client.post(f"{path}/deploy", expect=200)
                self.client.delete(path, expect=204)

    def test_list_to_details(self):
        self.site.page("/etl/list.json", json.dumps({"items": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}),
                       "application/json")
        for name in "ab":
            self.site.page(f"/etl/details/{name}.json", json.dumps({"id": name, "text": f"I am {name}"}),
                           "application/json")
        self.assert_completed(self.execute(self.copy("listToDetails")))
        lines = next(self.files.glob("details-*.jsonl")).read_text().splitlines()
        self.assertEqual([json.loads(line)["text"] for line in lines], ["I am a", "I am b"])
        self.assertEqual(self.site.requests("/etl/list.json")[-1]["headers"]["x-token"], SECRETS["token"])

    def test_api_to_csv(self):
        self.site.page("/etl/items", json.dumps({"data": [{"a": 1, "b": "x,y"}, {"a": 2, "b": None}]}),
                       "application/json")
        self.assert_completed(self.execute(self.copy("apiToCsv")))
        with open(next(self.files.glob("items-*.csv")), newline="", encoding="utf-8") as file:
            self.assertEqual(list(csv.DictReader(file)), [{"a": "1", "b": "x,y"}, {"a": "2", "b": ""}])

    def test_sitemap_sync(self):
        self.site.page("/etl/sitemap.xml", "<urlset><url><loc> https://x.test/a?b=1&amp;c=2 </loc></url>"
                       "<url><loc>https://x.test/d</loc></url></urlset>", "application/xml")
        path = self.copy("sitemapSync")
        for _ in range(2):
            self.assert_completed(self.execute(path))
        self.assertEqual(self.rows("SELECT url FROM pages ORDER BY url"),
                         [("https://x.test/a?b=1&c=2",), ("https://x.test/d",)])

    def test_price_watch(self):
        self.site.page("/etl/prices.json", json.dumps({"items": [{"sku": 1, "name": 'A "B"', "price": "19.50"},
                                                                {"sku": 2, "name": "C", "price": 30}]}),
                       "application/json")
        self.site.page("/alerts", "{}", "application/json")
        self.assert_completed(self.execute(self.copy("priceWatch")))
        self.assertEqual(self.rows("SELECT sku, price FROM prices ORDER BY sku"), [(1, 19.5), (2, 30)])
        told = [one for one in self.site.requests("/alerts") if one["method"] == "POST"]
        self.assertEqual([json.loads(one["body"]) for one in told], [{"text": 'A "B" costs 19.5'}])

    def test_webhook_to_database(self):
        path = self.copy("webhookToDatabase")
        hook = next(one for one in self.client.get(path, expect=200).json["nodes"] if one["nodeId"] == "webhook-trigger")
        self.client.post(f"{path}/deploy", expect=200)
        workflow = path.rsplit("/", 1)[1]
        started = self.server.client().post(f"/hooks/{workflow}/{hook['id']}", {"n": 1}, expect=201,
                                            headers={"X-Webhook-Secret": hook["config"]["secret"]})
        self.assert_completed(self.ended(started.json["executionId"]))
        self.assertEqual([json.loads(body) for (body,) in self.rows("SELECT body FROM events")], [{"n": 1}])


class Deploy(Pipelines):
    def test_what_cannot_run_is_refused_by_node(self):
        sink = node("keep", "file-sink", path="x.jsonl")
        for nodes, connections, told in (
                ([node("a", "no-such-type")], [], "Node 'a': Unknown node type: no-such-type"),
                ([node("a", "transform")], [], "Node 'a': Missing required field: config.program"),
                ([node("a", "transform", program="{")], [], "Node 'a'"),
                ([node("a", "filter", conditions=[{"field": "x", "operator": "resembles"}])], [], "Node 'a'"),
                ([node("a", "webhook-trigger")], [], "Node 'a': Missing required field: config.secret"),
                ([node("a", "webhook-trigger", secret="")], [], "Node 'a': config.secret"),
                ([node("a", "schedule-trigger", intervalSeconds=60, cronExpression="0 9 * * *")], [],
                 "Node 'a': config.cronExpression or config.intervalSeconds must be given, and not both"),
                ([node("a", "mysql-source", connection="gone", query="SELECT 1")], [],
                 "Node 'a': config.connection names no configured connection: gone"),
                ([node("a", "mysql-source", connection="own", query="SELECT 1")], [],
                 "Node 'a': config.connection must name a connection of type mysql, not own"),
                ([node("a", "file-sink", path="../out.jsonl")], [], "Node 'a'"),
                ([node("a", "file-source", path="/etc/passwd", format="csv")], [], "Node 'a'"),
                ([node("a", "meter-scrape", strategyId="x", url="https://a.test/")], [],
                 "Node 'a': config.strategyId must be a UUID"),
                ([sink], [{"sourceNodeId": "keep", "targetNodeId": "gone"}],
                 "A connection names the node 'gone', which is not there"),
                ([node("a", "merge"), sink], [{"sourceNodeId": "a", "sourcePort": "left", "targetNodeId": "keep"}],
                 "Node 'a' (merge) has no output port 'left'"),
                ([node("a", "merge"), node("b", "merge")],
                 [{"sourceNodeId": "a", "targetNodeId": "b"}, {"sourceNodeId": "b", "targetNodeId": "a"}],
                 "Workflow contains a cycle: a -> b -> a")):
            with self.subTest(told=told, nodes=nodes):
                path = self.create(*nodes, connections=connections)
                answer = self.client.post(f"{path}/deploy")
                self.assertEqual(answer.status, 400, answer)
                self.assertIn(told, answer.detail)
                self.assertEqual(self.client.get(path, expect=200).json["status"], "draft")
                # The same graph as a definition of one execution.
                again = self.client.post(f"{self.create()}/execute",
                                         {"definition": {"nodes": nodes, "connections": connections}})
                self.assertEqual((again.status, told in again.detail), (400, True), again)

    def test_an_empty_graph_deploys(self):
        self.client.post(f"{self.create()}/deploy", expect=200)


class Hooks(Pipelines):
    secret = "whsec_" + base64.b64encode(b"a key of the test").decode()

    def deployed(self, *more):
        path = self.create(node("in", "webhook-trigger", secret=self.secret), *more,
                           connections=[{"sourceNodeId": "in", "targetNodeId": one["id"]} for one in more])
        self.client.post(f"{path}/deploy", expect=200)
        return path, f"/hooks/{path.rsplit('/', 1)[1]}/in"

    def call(self, target, body=None, headers=()):
        """`body`: bytes as they are, anything else as JSON."""
        given = {} if body is None else {"body" if isinstance(body, bytes) else "json": body}
        kind = None if "Content-Type" in headers else "application/json"
        return self.server.client().request("POST", target, headers=dict(headers), content_type=kind, **given)

    def test_the_secret_or_a_signature_starts_an_execution_with_the_body(self):
        path, hook = self.deployed(node("keep", "file-sink", path="hook.jsonl"))
        body = json.dumps({"order": 7}).encode()
        now = str(int(time.time()))
        for headers in ({"X-Webhook-Secret": self.secret},
                        {"webhook-id": "m1", "webhook-timestamp": now,
                         "webhook-signature": "v1,AAAA " + signature(self.secret, "m1", now, body)}):
            started = self.call(hook, body=body, headers=headers)
            self.assertEqual(started.status, 201, started)
            done = self.ended(started.json["executionId"])
            self.assert_completed(done)
            self.assertEqual((done["triggerType"], done["trigger"]["type"]), ("webhook", "webhook"))
            self.assertEqual(json.loads((self.files / "hook.jsonl").read_text()), {"order": 7})
        started = self.call(hook, headers={"X-Webhook-Secret": self.secret})
        self.assert_completed(self.ended(started.json["executionId"]))
        self.assertEqual(json.loads((self.files / "hook.jsonl").read_text()), {})

    def test_without_proof_it_is_401(self):
        _, hook = self.deployed()
        body, now = b"{}", str(int(time.time()))
        good = {"webhook-id": "m", "webhook-timestamp": now, "webhook-signature": signature(self.secret, "m", now, body)}
        old, ahead = str(int(now) - 400), str(int(now) + 400)
        for headers in ({}, {"X-Webhook-Secret": ""}, {"X-Webhook-Secret": self.secret[:-1]},
                        {"X-Webhook-Secret": self.secret + "x"}, {"X-Webhook-Secret": self.key.secret},
                        {"Authorization": f"Bearer {self.key.secret}"}, {**good, "webhook-id": "n"},
                        {**good, "webhook-signature": ""}, {**good, "webhook-signature": "v1,"},
                        {**good, "webhook-timestamp": old, "webhook-signature": signature(self.secret, "m", old, body)},
                        {**good, "webhook-timestamp": ahead,
                         "webhook-signature": signature(self.secret, "m", ahead, body)},
                        {**good, "webhook-timestamp": "soon"}, {**good, "webhook-signature": signature("x", "m", now, body)}):
            with self.subTest(headers=headers):
                self.assert_error(self.call(hook, body=body, headers=headers), 401, code="unauthorized")
        self.assert_error(self.call(hook, body=b'{"a":1}', headers=good), 401)
        self.assertEqual(self.call(hook, body=body, headers=good).status, 201)

    def test_what_is_no_hook_is_404_with_and_without_the_secret(self):
        path, hook = self.deployed(node("keep", "file-sink", path="none.jsonl"))
        workflow = path.rsplit("/", 1)[1]
        for headers in ({}, {"X-Webhook-Secret": self.secret}):
            for target in (f"/hooks/{workflow}/keep", f"/hooks/{workflow}/gone", "/hooks/wf_000000000000/in",
                           "/hooks/nonsense/in", "/hooks/wf_tmpl_webhookToDatabase/hook"):
                with self.subTest(target=target, headers=headers):
                    self.assert_error(self.call(target, {}, headers), 404)
            for status in ("draft", "paused", "archived"):
                self.client.request("PUT", f"{path}/status", {"status": status}, expect=200)
                self.assert_error(self.call(hook, {}, headers), 404)
            self.client.request("PUT", f"{path}/status", {"status": "active"}, expect=200)
        self.assertEqual(self.call(hook, {}, {"X-Webhook-Secret": self.secret}).status, 201)
        self.client.delete(path, expect=204)
        self.assert_error(self.call(hook, {}, {"X-Webhook-Secret": self.secret}), 404)

    def test_bodies_are_those_of_all_requests(self):
        _, hook = self.deployed()
        proof = {"X-Webhook-Secret": self.secret}
        for body, headers, status in ((b"[]", {}, 400), (b"{", {}, 400), (b"{}", {"Content-Type": "text/plain"}, 400),
                                      (b"{}", {"Content-Encoding": "gzip"}, 400), (b"x" * (11 << 20), {}, 413)):
            with self.subTest(body=body[:5], headers=headers):
                self.assert_error(self.call(hook, body=body, headers={**proof, **headers}), status)
        self.assert_error(self.server.client().get(hook), 405)

    def test_the_limit_is_that_of_the_workflow(self):
        server = harness.Server("--rate-limit-default", "20")
        with server:
            client = server.client(server.new_key(account="hooks"))
            made = client.post(API, {"name": "h", "nodes": [node("in", "webhook-trigger", secret=self.secret)]},
                               expect=201).json["workflowId"]
            client.post(f"{API}/{made}/deploy", expect=200)
            hook = f"/hooks/{made}/in"
            statuses = [server.client().post(hook, {}, headers={"X-Webhook-Secret": self.secret}).status
                        for _ in range(25)]
            self.assertEqual(statuses, [201] * 20 + [429] * 5)
            # Who has no proof can neither use up the limit nor learn of it.
            self.assert_error(server.client().post(hook, {}), 401)

    def test_who_guesses_is_told_to_wait_and_nobody_else(self):
        with harness.Server("--rate-limit-default", "20") as server:
            client = server.client(server.new_key(account="guessed"))
            hooks = []
            for name in ("one", "two"):
                made = client.post(API, {"name": name, "nodes": [node("in", "webhook-trigger", secret=self.secret)]},
                                   expect=201).json["workflowId"]
                client.post(f"{API}/{made}/deploy", expect=200)
                hooks.append(f"/hooks/{made}/in")

            def call(hook, secret):
                return server.client().post(hook, {}, headers={"X-Webhook-Secret": secret})
            guesses = [call(hooks[0], f"guess-{number}") for number in range(25)]
            self.assertEqual([one.status for one in guesses], [401] * 20 + [429] * 5)
            for refused in (guesses[-1], call(hooks[0], self.secret)):  # a right guess is not told either
                self.assert_error(refused, 429, code="rate_limited")
                self.assertTrue(1 <= int(refused.headers["retry-after"]) <= 60, refused.headers)
            self.assertEqual(call(hooks[1], self.secret).status, 201)
            self.assert_error(call(hooks[1], "wrong"), 401)
            # Another network is another caller.
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30,
                                                    source_address=("127.0.0.2", 0))
            self.addCleanup(connection.close)
            connection.request("POST", hooks[0], b"{}", {"X-Webhook-Secret": self.secret,
                                                         "Content-Type": "application/json"})
            self.assertEqual(connection.getresponse().status, 201)


class Hostile(Pipelines):
    def assert_failed(self, execution, text):
        self.assertEqual(execution["status"], "failed", execution)
        self.assertRegex(execution["error"], text)

    def test_requests_to_private_places_are_refused(self):
        self.site.page("/etl/inside", "secret page")
        self.site.page("/etl/away", "", status=302, headers=[("Location", "http://127.0.0.1:1/")])
        away = f"http://localhost:{self.site.port}/etl/inside"
        self.site.page("/etl/elsewhere", "", status=302, headers=[("Location", away)])
        before = self.site.hits("/etl/inside")
        for config in ({"url": self.site.url("/etl/inside")}, {"url": f"http://localhost:{self.site.port}/etl/inside"},
                       {"url": "inside", "connection": "closed-api"}, {"url": "http://169.254.169.254/latest/meta-data"},
                       {"url": "http://[::1]/"}, {"url": "http://0x7f000001/"}, {"url": "elsewhere", "connection": "api"},
                       {"url": "away", "connection": "api"}):
            with self.subTest(config=config):
                self.assert_failed(self.run_nodes(node("get", "http-request", **config)), ".")
        self.assert_failed(self.run_nodes(node("get", "http-request", connection="site",
                                               url=f"http://127.0.0.1:{self.server.port}/healthz")), "leads away")
        for kind, extra in (("s3-source", {}), ("s3-sink", {})):
            target = node("lake", kind, connection="closed-lake", bucket="bucket", key="k.jsonl", **extra)
            self.assert_failed(self.run_nodes(target), "lake")
        hook = node("tell", "webhook", url=self.site.url("/etl/inside"))
        self.assert_failed(self.run_nodes(hook), "tell")
        self.assertEqual(self.site.hits("/etl/inside"), before)

    def test_paths_lead_nowhere_else(self):
        outside = self.folder / "outside.jsonl"
        outside.write_text('{"planted": "outside"}\n')
        os.symlink(outside, self.files / "link.jsonl")
        os.symlink(self.folder, self.files / "folder")
        for path in ("../outside.jsonl", "/etc/passwd", "a/../../outside.jsonl", "link.jsonl", "folder/outside.jsonl",
                     "connections.json", "./link.jsonl"):
            for kind in ("file-source", "file-sink"):
                if path == "connections.json" and kind == "file-sink":
                    continue
                with self.subTest(path=path, kind=kind):
                    # A sink replaces a link in its own folder; what the link leads to stays.
                    done = self.run_nodes(node("go", kind, path=path, format="jsonl"))
                    if (path, kind) != ("link.jsonl", "file-sink"):
                        self.assert_failed(done, ".")
                    self.assertEqual(outside.read_text(), '{"planted": "outside"}\n')

    def test_values_are_no_sql(self):
        evil = "x'); DROP TABLE plain; --"
        items = node("in", "manual-trigger")
        self.assert_completed(self.run_nodes(items, node("keep", "sqlite-sink", connection="database", table="plain"),
                                             triggerInputs={"a": evil, "b": 1}))
        read = node("read", "sqlite-source", connection="database", query="SELECT b FROM plain WHERE a = ?",
                    parameters=[evil])
        self.assert_completed(self.run_nodes(read, node("keep", "file-sink", path="sql.jsonl")))
        self.assertEqual((self.files / "sql.jsonl").read_text(), '{"b":1}\n')
        for table, row in (("plain; DROP TABLE plain", {"a": 1}), ("plain", {'a") VALUES (1); DROP TABLE plain; --': 1})):
            sink = node("keep", "sqlite-sink", connection="database", table=table)
            self.assert_failed(self.run_nodes(items, sink, triggerInputs=row), ".")
        drop = node("read", "sqlite-source", connection="database", query="DROP TABLE plain")
        self.assert_failed(self.run_nodes(drop), ".")
        self.assertEqual(self.rows("SELECT count(*) FROM plain"), [(1,)])

    def test_programs_end(self):
        for program in ("def f: f; f", "[range(1e9)]", "env.METER_SITE_TOKEN // $ENV.METER_SITE_TOKEN // halt_error",
                        'input_filename | error', '"a" * 1e9'):
            with self.subTest(program=program):
                done = self.run_nodes(node("in", "manual-trigger"), node("go", "transform", program=program))
                self.assertIn(done["status"], ("failed", "completed"))
                self.assertNotIn(SECRETS["token"], json.dumps(done))

    def test_a_line_without_end_is_refused(self):
        with open(self.files / "long.csv", "wb") as file:
            file.write(b"a\n")
            file.truncate(1 << 30)  # a hole: a gigabyte of NUL bytes in one field
        self.assert_failed(self.run_nodes(node("read", "file-source", path="long.csv")), "longer than 16777216 bytes")
        os.unlink(self.files / "long.csv")

    def test_no_secret_of_a_connection_is_ever_seen(self):
        self.site.page("/etl/echo", lambda request: json.dumps(request["headers"]), "application/json")
        self.site.page("/etl/fails", lambda request: json.dumps(request["headers"]), "application/json", 500)
        item = node("in", "manual-trigger")
        paths = []
        for last in (node("x", "http-request", connection="site", url="fails"),
                     node("x", "mysql-source", connection="shop", query="SELECT 1"),
                     node("x", "mysql-sink", connection="shop", table="t"),
                     node("x", "postgres-source", connection="warehouse", query="SELECT 1"),
                     node("x", "postgres-sink", connection="warehouse", table="t"),
                     node("x", "s3-source", connection="lake", bucket="bucket", key="a.jsonl"),
                     node("x", "s3-sink", connection="lake", bucket="bucket", key="a.jsonl"),
                     node("x", "s3-sink", connection="own", bucket="bucket", key="a.jsonl"),
                     node("x", "sqlite-source", connection="database", query="SELECT * FROM nowhere")):
            paths.append(self.create(item, last))
            with self.subTest(node=last):
                self.assert_failed(self.execute(paths[-1]), ".")
        paths.append(self.create(item, node("x", "http-request", connection="site", url="echo")))
        self.assert_completed(self.execute(paths[-1]))
        self.assertEqual(self.site.requests("/etl/echo")[-1]["headers"]["x-token"], SECRETS["token"])

        seen = [self.client.get(target, expect=200).body for target in
                [f"{NODES}?active=false&limit=100", API, "/api/v1/executions?limit=100", f"{API}/templates", *paths]]
        for execution in self.client.get("/api/v1/executions?limit=100", expect=200).json["executions"]:
            for part in ("", "/spans", "/logs"):
                seen.append(self.client.get(f"/api/v1/executions/{execution['id']}{part}", expect=200).body)
        seen += [self.client.post(f"{path}/deploy").body for path in paths]
        seen.append(self.server.admin().get("/metrics", expect=200).body)
        seen.append(self.server.log_path.read_bytes())
        stored = b"".join(file.read_bytes() for file in self.server.folder.glob("meter.db*"))
        for name, secret in SECRETS.items():
            with self.subTest(secret=name):
                self.assertFalse(any(secret.encode() in one for one in seen))
                if name != "token":  # an answer that repeats it makes it an item
                    self.assertNotIn(secret.encode(), stored)


class Scrapes(harness.MeterCase):
    """The two types that need the engine."""

    PLAN = {"container": {"selector": "li"}, "fields": {"name": {"selector": "a"},
                                                       "link": {"selector": "a", "attribute": "href"}}}
    run_nodes, create, execute, ended = Pipelines.run_nodes, Pipelines.create, Pipelines.execute, Pipelines.ended
    assert_completed = Pipelines.assert_completed

    def listing(self, *links):
        return "<ul>" + "".join(f"<li><a href='{link}'>{link.rsplit('/', 1)[1]}</a></li>" for link in links) + "</ul>"

    def outputs(self, execution, name):
        spans = self.client.get(f"/api/v1/executions/{execution['id']}/spans", expect=200).json["spans"]
        return [item["name"] for item in next(span for span in spans if span["nodeId"] == name)["outputData"]]

    def test_a_list_leads_to_its_details(self):
        details = [self.page(self.listing(f"/item/{name}")) for name in "abc"]
        index = self.page(self.listing(*details, details[0]))
        strategy = self.client.strategy(index, self.PLAN)["strategy_id"]
        done = self.run_nodes(node("list", "meter-scrape", strategyId=strategy, url=index),
                              node("details", "meter-scrape", strategyId=strategy, urlField="link"))
        self.assert_completed(done)
        self.assertEqual(self.outputs(done, "details"), ["a", "b", "c"])
        self.assertEqual(self.site.hits(details[0].split(str(self.site.port), 1)[1]), 1)

    def test_a_workflow_of_scrapes_is_a_source(self):
        index = self.page(self.listing("/item/x", "/item/y"))
        strategy = self.client.strategy(index, self.PLAN)["strategy_id"]
        flow = self.client.post("/api/workflows", {"name": "w", "nodes": [
            {"node_key": "index", "strategy_id": strategy, "input_type": "static_urls", "static_urls": [index]}],
            "edges": []}, expect=201).json["id"]
        done = self.run_nodes(node("flow", "meter-workflow", workflowId=flow, force=True))
        self.assert_completed(done)
        self.assertEqual(self.outputs(done, "flow"), ["x", "y"])

    def test_what_is_of_another_account_is_not_there(self):
        index = self.page(self.listing("/item/x"))
        strategy = self.other_client().strategy(index, self.PLAN)["strategy_id"]
        done = self.run_nodes(node("list", "meter-scrape", strategyId=strategy, url=index))
        self.assertEqual(done["status"], "failed")
        self.assertIn("Strategy not found", done["error"])


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
