"""Automations executed: BEHAVIOUR 20.2, 20.5 and 20.6, over HTTP."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
import tempfile
import unittest

import fixture_site
import harness
from harness import eventually

API = "/api/v1/workflows"
RUNS = "/api/v1/executions"
ENDED = ("completed", "failed", "stopped")
UNKNOWN = "exec_" + "0" * 32
START = {"id": "start", "nodeId": "manual-trigger"}


def node(identity, kind, **config):
    return {"id": identity, "nodeId": kind, "config": config}


def chain(*nodes):
    """Nodes and the connections from each to the next."""
    pairs = zip(nodes, nodes[1:])
    return {"nodes": list(nodes),
            "connections": [{"sourceNodeId": one["id"], "targetNodeId": two["id"]} for one, two in pairs]}


class Executed(harness.MeterCase):
    server_options = harness.QUICK_LEASES  # and a folder for files, see setUpClass

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="meter-executions-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        (cls.folder / "files").mkdir()
        cls.database = cls.folder / "shop.db"
        with contextlib.closing(sqlite3.connect(cls.database)) as database, database:
            database.execute("CREATE TABLE sold(name PRIMARY KEY, price)")
        connections = cls.folder / "connections.json"
        connections.write_text(json.dumps({"shop": {"type": "sqlite", "path": str(cls.database)}}))
        connections.chmod(0o600)
        cls.server_options = (*harness.QUICK_LEASES, "--min-interval-seconds", "1", "--automations-file-root", str(cls.folder / "files"),
                              "--automations-connections-file", str(connections))
        super().setUpClass()
        cls.owner = cls.with_key("owner")
        cls.colleague = cls.with_key("colleague")
        cls.stranger = cls.with_key("stranger", organization="elsewhere")

    @classmethod
    def with_key(cls, name, organization="here", scopes=None):
        account = f"{cls.account}-{name}"
        return cls.server.client(cls.server.new_key("--organization", f"{cls.account}-{organization}",
                                                    "--user", account, account=account, scopes=scopes))

    def make(self, graph, **members):
        made = self.owner.post(API, {"name": "Pipeline", **graph, **members}, expect=201).json
        return f"{API}/{made['workflowId']}"

    def start(self, flow, body=None, client=None):
        given = () if body is None else (body,)
        made = (client or self.owner).post(f"{flow}/execute", *given, expect=201).json
        self.assertRegex(made["executionId"], "^exec_[A-Za-z0-9]{12,}$")
        return f"{RUNS}/{made['executionId']}"

    def ended(self, run):
        return eventually(lambda: (one := self.owner.get(run, expect=200).json)["status"] in ENDED and one, 30, run)

    def run_graph(self, graph, body=None, **members):
        run = self.start(self.make(graph, **members), body)
        return self.ended(run), {one["nodeId"]: one for one in self.owner.get(f"{run}/spans", expect=200).json["spans"]}

    def hanging(self, **members):
        return self.make(chain(node("get", "http-request", url=self.site.url("/hang")), node("after", "merge")),
                         **members)

    def running(self, flow):
        run = self.start(flow)
        eventually(lambda: self.owner.get(f"{run}/spans").json["spans"][0]["status"] == "running", what="a node")
        return run


class Pipelines(Executed):
    def test_a_pipeline_runs_from_file_to_database(self):
        rows = "".join(f"item {number},{number}\n" for number in range(1000))
        (self.folder / "files" / "in.csv").write_text("name,price\n" + rows)
        done, spans = self.run_graph(chain(
            node("read", "file-source", path="in.csv", format="csv"),
            node("cheap", "filter", conditions=[{"field": "price", "operator": "lt", "value": 300}]),
            node("keep", "sqlite-sink", connection="shop", table="sold", mode="upsert", key=["name"]),
            node("write", "file-sink", path="out.jsonl", format="jsonl")))
        self.assertEqual((done["status"], done["error"], done["progress"]), ("completed", None, 100))
        self.assertEqual({name: span["status"] for name, span in spans.items()},
                         dict.fromkeys(("read", "cheap", "keep", "write"), "completed"))
        self.assertEqual(spans["read"]["outputData"][0], {"name": "item 0", "price": "0"})
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            self.assertEqual(database.execute("SELECT count(*) FROM sold").fetchone(), (300,))
        self.assertEqual(len((self.folder / "files" / "out.jsonl").read_text().splitlines()), 300)
        page = self.owner.get(f"{RUNS}/{done['id']}/logs", expect=200).json
        self.assertEqual((page["count"], page["limit"], page["logs"][0]["message"]), (8, 100, "Node 'read' started"))
        self.assertEqual({one["level"] for one in page["logs"]}, {"info"})
        self.assertEqual(len(self.owner.get(f"{RUNS}/{done['id']}/logs?limit=3&offset=6").json["logs"]), 2)
        for query in ("limit=0", "limit=1001", "offset=-1"):
            self.owner.get(f"{RUNS}/{done['id']}/logs?{query}", expect=400)

    def test_what_a_filter_rejects_is_not_shown_as_what_it_emits(self):
        graph = chain(START, node("odd", "filter", conditions=[{"field": "n", "operator": "equals", "value": 1}]))
        graph["nodes"].append(node("even", "merge"))
        graph["connections"].append({"sourceNodeId": "odd", "sourcePort": "rejected", "targetNodeId": "even"})
        for number, passed, rejected in ((1, [{"n": 1}], []), (2, [], [{"n": 2}])):
            with self.subTest(number=number):
                _, spans = self.run_graph(graph, {"triggerInputs": {"n": number}})
                self.assertEqual((spans["odd"]["outputData"], spans["even"]["inputData"]), (passed, rejected))

    def test_trigger_inputs_and_bodies(self):
        flow = self.make(chain(START, node("all", "merge")), config={"a": 1})
        for body, output in ((None, {}), ({}, {}), ({"triggerInputs": {"day": 1}}, {"day": 1}),
                             ({"triggerInputs": None, "definition": None, "other": 5}, {})):
            with self.subTest(body=body):
                run = self.start(flow, body)
                done = self.ended(run)
                spans = self.owner.get(f"{run}/spans", expect=200).json
                self.assertEqual((spans["count"], spans["spans"][1]["outputData"]), (2, [output]))
                self.assertEqual((done["trigger"], done["triggerType"], done["config"], done["userId"]),
                                 ({"type": "api", "data": output}, "api", {"a": 1}, f"{self.account}-owner"))
                self.assertGreaterEqual(done["durationMs"], 0)
        for body, named in (({"triggerInputs": []}, "triggerInputs"), ({"definition": []}, "definition"),
                            ({"definition": {"nodes": []}}, "definition.connections"),
                            ({"definition": {"nodes": [{"id": "a"}], "connections": []}}, "definition.nodes.0.nodeId"),
                            ({"definition": {"nodes": [node("a", "nope")], "connections": []}}, "nope"),
                            ({"definition": {**chain(START, START)}}, "definition.nodes.1.id")):
            with self.subTest(body=str(body)[:60]):
                self.assertIn(named, self.owner.post(f"{flow}/execute", body, expect=400).detail)
        self.owner.post(f"{flow}/execute", body=b"[]", expect=400)
        self.owner.post(f"{flow}/execute", body=b"{", expect=400)

    def test_a_definition_counts_for_one_execution_of_the_owner(self):
        flow = self.make(chain(START), isPublic=True)
        other = {"definition": chain(START, node("more", "merge"))}
        self.assertEqual(self.ended(self.start(flow, other))["status"], "completed")
        self.assertEqual(len(self.owner.get(flow).json["nodes"]), 1)
        self.start(flow, client=self.colleague)
        self.colleague.post(f"{flow}/execute", other, expect=403)

    def test_what_fails_says_why(self):
        for graph, error, span in (
                (chain(node("a", "nonsense")), "Unknown node type: nonsense", "Unknown node type: nonsense"),
                (chain(node("a", "http-request")), "config.url", "config.url"),
                (chain(node("a", "sqlite-source", connection="none", query="SELECT 1")), "none", "none"),
                (chain(START, {**START, "id": "a"}), None, None),
                ({**chain(node("a", "merge")), "connections": [{"sourceNodeId": "a", "targetNodeId": "b"}]},
                 "unknown node: b", None)):
            with self.subTest(error=error):
                done, spans = self.run_graph(graph)
                self.assertEqual(done["status"], "failed" if error else "completed")
                self.assertIn(error or "", done["error"] or "")
                if span:
                    self.assertEqual((spans["a"]["status"], span in spans["a"]["error"]), ("failed", True))

    def test_a_node_that_fails_is_tried_again(self):
        name = self.path("retry").strip("/").replace("/", "-")
        asked = node("get", "http-request", url=self.site.url(f"/flaky/{name}?status=500&times=1"))
        settings = {"retryOnFailure": True, "maxRetries": 2}
        done, spans = self.run_graph(chain(asked, node("after", "merge")), settings=settings)
        self.assertEqual((done["status"], spans["get"]["error"]), ("completed", None))
        self.assertGreaterEqual(spans["get"]["durationMs"], 1000)

    def test_past_its_timeout_an_execution_fails(self):
        done = self.ended(self.start(self.hanging(settings={"timeout": 1})))
        self.assertEqual((done["status"], done["error"]), ("failed", "Execution timed out after 1 seconds"))

    def test_stopping(self):
        run = self.running(self.hanging())
        before = self.owner.get(run, expect=200).json
        self.assertEqual((before["status"], before["progress"], before["endedAt"]), ("running", 0, None))
        stopped = self.owner.post(f"{run}/stop", expect=200).json
        self.assertEqual((stopped["status"], stopped["error"]), ("stopped", None))
        self.assertEqual(self.owner.post(f"{run}/stop", {}, expect=200).json, stopped)
        spans = self.owner.get(f"{run}/spans", expect=200).json["spans"]
        self.assertEqual([one["status"] for one in spans], ["stopped", "skipped"])
        eventually(lambda: [one["message"] for one in self.owner.get(f"{run}/logs", expect=200).json["logs"]]
                   == ["Node 'get' started", "Node 'get' was stopped"], what="the logs of the node")
        flow = self.hanging()
        for _ in range(4):  # as many as run at a time: what is stopped makes room
            self.owner.post(f"{self.running(flow)}/stop", expect=200)
        done = self.ended(self.start(self.make(chain(START))))
        self.owner.post(f"{RUNS}/{done['id']}/stop", expect=409)

    def test_paused_and_archived_ones_are_not_executed(self):
        flow = self.make(chain(START))
        for status, expected in (("paused", 409), ("archived", 409), ("active", 201), ("draft", 201)):
            self.owner.request("PUT", f"{flow}/status", {"status": status}, expect=200)
            self.owner.post(f"{flow}/execute", expect=expected)

    def test_a_list_filters_counts_and_sorts(self):
        flow, other = self.make(chain(START)), self.make(chain(node("a", "nonsense")))
        runs = [self.ended(self.start(which))["id"] for which in (flow, other, flow)]

        def listed(query=""):
            page = self.owner.get(f"{RUNS}?workflow_id={flow.rsplit('/', 1)[1]}{query}", expect=200).json
            return [one["id"] for one in page["executions"]], page["count"]
        self.assertEqual(listed(), ([runs[2], runs[0]], 2))
        self.assertEqual(listed("&sort=startedAt"), ([runs[0], runs[2]], 2))
        self.assertEqual(listed("&sort=endedAt:desc&limit=1&offset=1"), ([runs[0]], 2))
        self.assertEqual(listed("&status=failed"), ([], 0))
        self.assertEqual(listed("&trigger_type=api")[1], 2)
        self.assertEqual(listed("&trigger_type=schedule")[1], 0)
        self.assertEqual(listed("&since=1h")[1], 2)
        self.assertEqual(listed("&since=2999-01-01T00:00:00Z")[1], 0)
        self.assertEqual(listed("&until=2020-01-01T00:00:00Z")[1], 0)
        self.assertIn(runs[1], [one["id"] for one in
                                self.owner.get(f"{RUNS}?status=failed&sort=createdAt:desc").json["executions"]])
        for query in ("limit=0", "limit=101", "offset=-1", "status=open", "trigger_type=x", "since=x", "until=x",
                      "sort=name", "sort=startedAt:up"):
            with self.subTest(query=query):
                self.owner.get(f"{RUNS}?{query}", expect=400)

    def test_what_was_in_flight_when_the_server_died_is_done_again(self):
        gate = self.path("gate").strip("/").replace("/", "-")
        (self.folder / "files" / "seed.jsonl").write_text('{"a":1}\n{"a":2}\n')
        flow = self.make(chain(node("seed", "file-source", path="seed.jsonl", format="jsonl"),
                               node("wait", "http-request", url=self.site.url(f"/gate/{gate}")), node("all", "merge")))
        run = self.start(flow)
        eventually(lambda: [one["status"] for one in self.owner.get(f"{run}/spans").json["spans"]][:2]
                   == ["completed", "running"], what="the second node")
        (self.folder / "files" / "seed.jsonl").unlink()  # who would read it again fails
        self.server.kill()
        self.server.start()
        self.site.open(gate)
        self.assertEqual(self.ended(run)["status"], "completed")

    def test_jobs_and_runs_that_a_killed_server_had_begun_are_taken_up(self):
        gate = self.path("begun").strip("/").replace("/", "-")
        path = self.path("quick")
        shut, quick = self.site.url(f"/gate/{gate}"), self.site.page(path, fixture_site.page(
            "Shop", "<li class=product><h2>Tea</h2><span class=price>$1</span>"))
        strategy = self.owner.strategy(quick)["id"]
        inner = self.owner.post("/api/workflows", {"name": "Inner", "nodes": [
            {"node_key": "shop", "strategy_id": strategy, "input_type": "static_urls", "static_urls": [shut]}]},
            expect=201).json["id"]
        before = self.site.hits(path)
        run = self.start(self.make({"connections": [], "nodes": [
            node("scrape", "meter-scrape", strategyId=strategy, urls=[quick, shut]),
            node("flow", "meter-workflow", workflowId=inner)]}))

        def jobs():
            return sorted(one["status"] for one in
                          self.owner.get(f"/api/jobs?strategy_id={strategy}", expect=200).json)
        eventually(lambda: jobs() == ["completed", "running", "running"], what="two jobs that wait")
        self.server.kill()
        self.server.start()
        self.site.open(gate)
        done = self.ended(run)
        self.assertEqual((done["status"], done["error"]), ("completed", None))
        self.assertEqual(jobs(), ["completed"] * 3)
        self.assertEqual(self.site.hits(path), before + 1)
        self.assertEqual(len(self.owner.get(f"/api/workflows/{inner}/runs", expect=200).json), 1)


class Deploying(Executed):
    def test_deploying_checks_and_both_ways_are_idempotent(self):
        flow = self.make(chain(START, node("all", "merge")))
        identity = flow.rsplit("/", 1)[1]
        for way, status in (("deploy", "active"), ("deploy", "active"), ("undeploy", "draft"), ("undeploy", "draft")):
            answer = self.owner.post(f"{flow}/{way}", expect=200).json
            self.assertEqual(answer, {"message": f"Workflow {way}ed successfully", "workflowId": identity,
                                      "status": status})
            self.assertEqual(self.owner.get(flow).json["status"], status)
        self.owner.post(f"{self.make({})}/deploy", expect=200)  # an empty graph
        loop = chain(node("one", "merge"), node("two", "merge"))
        loop["connections"].append({"sourceNodeId": "two", "targetNodeId": "one"})
        wrong_port = chain(node("one", "merge"), node("two", "merge"))
        wrong_port["connections"][0]["sourcePort"] = "sideways"
        for graph, named in ((loop, "one"), (chain(node("odd", "nope")), "odd"), (wrong_port, "sideways"),
                             (chain(node("ask", "http-request")), "ask"),
                             (chain(node("rows", "sqlite-source", connection="none", query="SELECT 1")), "rows"),
                             (chain(node("tick", "schedule-trigger")), "tick")):
            with self.subTest(named=named):
                flow = self.make(graph)
                self.assertIn(named, self.owner.post(f"{flow}/deploy", expect=400).detail)
                self.assertEqual(self.owner.get(flow).json["status"], "draft")

    def test_schedule_triggers_tick_while_it_is_active(self):
        flow = self.make(chain(node("tick", "schedule-trigger", intervalSeconds=1), node("all", "merge")))
        listed = f"{RUNS}?workflow_id={flow.rsplit('/', 1)[1]}"
        schedules = self.owner.get("/api/schedules", expect=200).json
        self.owner.post(f"{flow}/deploy", expect=200)
        eventually(lambda: self.owner.get(listed).json["count"] >= 2, what="two ticks")
        self.assertEqual(self.owner.get("/api/schedules", expect=200).json, schedules)
        self.owner.post(f"{flow}/undeploy", expect=200)
        page = self.owner.get(f"{listed}&sort=createdAt:asc", expect=200).json
        self.assertEqual({one["triggerType"] for one in page["executions"]}, {"schedule"})
        done = self.ended(f"{RUNS}/{page['executions'][0]['id']}")
        self.assertEqual(list(done["trigger"]["data"]), ["scheduledAt"])
        spans = self.owner.get(f"{RUNS}/{done['id']}/spans").json["spans"]
        self.assertEqual(spans[1]["outputData"], [done["trigger"]["data"]])


class Access(Executed):
    def test_executions_are_seen_by_who_sees_their_workflow(self):
        flow = self.make(chain(START, node("hook", "webhook-trigger", secret="s3cret-value")), config={"secret": "s3cret-value"})
        run = self.start(flow)
        self.ended(run)
        for suffix in ("", "/spans", "/logs"):
            self.assertEqual(self.stranger.get(run + suffix, expect=404).detail, "Execution not found")
        self.assertEqual(self.stranger.post(f"{run}/stop", expect=404).detail, "Execution not found")
        self.assertEqual(self.stranger.get(RUNS, expect=200).json["count"], 0)
        self.owner.post(f"{flow}/share", {"userId": f"{self.account}-stranger"}, expect=200)
        for suffix in ("", "/spans", "/logs"):
            self.assertNotIn(b"s3cret-value", self.stranger.get(run + suffix, expect=200).body)
        self.assertEqual(self.stranger.get(RUNS, expect=200).json["count"], 1)
        mine = self.start(flow, client=self.stranger)
        self.assertEqual(self.ended(mine)["userId"], f"{self.account}-stranger")

    def test_who_may_execute_may_stop(self):
        flow = self.hanging(isPublic=True)
        run = self.running(flow)
        self.assertEqual(self.colleague.post(f"{run}/stop", expect=200).json["status"], "stopped")
        for way in ("deploy", "undeploy"):
            self.assertEqual(self.colleague.post(f"{flow}/{way}", expect=403).detail,
                             "Only the owner can modify this workflow")

    def test_deleting_the_workflow_stops_its_executions(self):
        flow = self.hanging()
        run = self.running(flow)
        self.owner.delete(flow, expect=204)
        self.owner.get(run, expect=404)

    def test_unknown_ids_are_not_found(self):
        for suffix in ("", "/spans", "/logs"):
            self.assertEqual(self.owner.get(f"{RUNS}/{UNKNOWN}{suffix}", expect=404).detail, "Execution not found")
        self.owner.post(f"{RUNS}/{UNKNOWN}/stop", expect=404)
        for way in ("execute", "deploy", "undeploy"):
            answer = self.owner.post(f"{API}/wf_{'0' * 32}/{way}", expect=404)
            self.assertEqual(answer.detail, "Workflow not found")


class Access(Executed):
    def test_the_matrix_of_routes_scopes_and_relations(self):
        """Route x scope x relation to the automation: exact, from the OpenAPI file."""
        routes = [(method.upper(), path, operation["x-required-scope"])
                  for path, operations in harness.the_spec().document["paths"].items() if path.startswith(RUNS)
                  for method, operation in operations.items() if isinstance(operation, dict)]
        self.assertEqual(len(routes), 5, routes)
        relations = {"own": "owner", "shared": "stranger", "public": "colleague", "other": "nobody"}
        for relation, name in relations.items():
            flow = self.make(chain(node("m", "manual-trigger")), isPublic=relation == "public")
            if relation == "shared":
                self.owner.post(f"{flow}/share", {"userId": f"{self.account}-stranger"}, expect=200)
            run = self.start(flow)
            self.assertEqual(self.ended(run)["status"], "completed")
            for held in ("workflows:read", "workflows:write", "workflows:execute", "meter", "*"):
                client = self.with_key(name, "here" if name in ("owner", "colleague") else "elsewhere", held)
                for method, path, scope in routes:
                    with self.subTest(relation=relation, held=held, route=f"{method} {path}"):
                        answer = client.request(method, path.replace("{executionId}", run.rsplit("/", 1)[1]))
                        if held not in (scope, "*"):
                            self.assertEqual((answer.status, answer.detail),
                                             (403, f"API key lacks required scope: {scope}"))
                        elif path == RUNS:
                            ids = [one["id"] for one in answer.json["executions"]]
                            self.assertEqual(run.rsplit("/", 1)[1] in ids, relation != "other")
                        elif relation == "other":
                            self.assertEqual((answer.status, answer.detail), (404, "Execution not found"))
                        else:
                            self.assertEqual(answer.status, 409 if path.endswith("/stop") else 200)


if __name__ == "__main__":
    unittest.main()
