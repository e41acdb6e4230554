"""Workflows: definitions, nodes, edges, what is refused, the drawing (BEHAVIOUR 19.1, 19.8)."""

import unittest
import xml.etree.ElementTree

import harness
from harness import UNKNOWN_ID
from test_bodies import WRONG
from workflow_case import DETAIL_PLAN, WorkflowCase

SVG = "{http://www.w3.org/2000/svg}"


class Definitions(WorkflowCase):
    def test_a_workflow_as_the_client_makes_it(self):
        board = self.board()
        condition = {"field": "note", "operator": "contains", "value": "plain", "case_sensitive": False}
        body = self.two_steps(board)
        body["edges"] = [self.edge("index", "details", condition)]
        made = self.create(body)
        self.assertEqual(made["id"], made["workflow_id"])
        self.assertEqual((made["name"], made["description"], made["enabled"]), ("Two steps", None, True))
        self.assertEqual(made["created_at"], made["updated_at"])
        index, details = made["nodes"]
        self.assertEqual((index["node_key"], index["strategy_id"], index["input_type"], index["static_urls"]),
                         ("index", self.index["id"], "static_urls", [board.url]))
        self.assertEqual((details["node_key"], details["input_type"], details["url_field"]),
                         ("details", "upstream_urls", "link"))
        for node in made["nodes"]:
            self.assertIsNone(node["static_parameters"])
            self.assertIsNone(node["parameter_config"])
        self.assertEqual((index["url_field"], details["static_urls"]), (None, None))
        edge, = made["edges"]
        self.assertEqual((edge["source_node_key"], edge["target_node_key"]), ("index", "details"))
        self.assertEqual(edge["filter_config"], {"mode": "all", "conditions": [condition]})
        ids = {made["id"], index["id"], details["id"], edge["id"]}
        self.assertEqual(len(ids), 4)
        self.assertEqual({each[14] for each in ids}, {"7"})
        self.assertEqual(self.client.get(self.at(made), expect=200).json, made)
        self.assertEqual(self.client.get(f"/api/workflows/{made['id'].upper()}", expect=200).json, made)

    def test_the_members_of_a_node_are_kept(self):
        api = self.api_strategy()
        members = {"url_field": "link.0", "static_parameters": {"q": ["a", 1, True], "page": None},
                   "parameter_config": {"q": "title", "page": {"field": "number", "default": 1, "required": False},
                                        "limit": {"value": 5}}}
        made = self.workflow([self.start("a", api, "http://a.test/"), self.follow("b", api, **members)],
                             [self.edge("a", "b")])
        self.assertEqual({name: made["nodes"][1][name] for name in members}, members)

    def test_nodes_and_edges_may_be_left_out(self):
        for members in ({}, {"nodes": [], "edges": []}, {"nodes": None, "edges": None, "description": None}):
            made = self.create({"name": "Empty", **members})
            self.assertEqual((made["nodes"], made["edges"]), ([], []))
            self.assert_error(self.client.post(self.at(made, "/run")), 400, "Workflow has no nodes")

    def test_an_empty_filter_is_none(self):
        empty = {**self.edge("index", "details"), "filter_config": {}}
        made = self.create(self.two_steps(self.board(), edges=[empty]))
        self.assertIsNone(made["edges"][0]["filter_config"])
        self.client.delete(self.at(made, f"/edges/{made['edges'][0]['id']}"), expect=200)
        self.assertIsNone(self.client.post(self.at(made, "/edges"), empty, expect=201).json["filter_config"])

    def test_nulls_in_filters_and_parameters_are_absent(self):
        exists = {"field": "title", "operator": "exists"}
        body = self.two_steps(self.board())
        body["edges"][0]["filter_config"] = {"mode": None, "conditions": [{**exists, "value": None,
                                                                            "case_sensitive": None}]}
        body["nodes"][1]["parameter_config"] = {"q": {"field": "title", "default": None, "required": None}}
        made = self.create(body)
        self.assertEqual(made["edges"][0]["filter_config"], {"conditions": [exists]})
        self.assertEqual(made["nodes"][1]["parameter_config"], {"q": {"field": "title", "default": None}})
        strategy = self.client.strategy(self.board().url, filter_config=body["edges"][0]["filter_config"])
        self.assertEqual(strategy["filter_config"], {"conditions": [exists]})

    def test_unknown_members_are_ignored(self):
        board = self.board()
        made = self.create({**self.two_steps(board), "id": "x", "enabled": "who knows", "color": {"a": 1}})
        self.assertIs(made["enabled"], True)

    def test_lists_are_newest_first_and_page(self):
        client = self.other_client()
        self.assertEqual(client.get("/api/workflows", expect=200).json, [])
        made = [self.create({"name": f"w{number}"}, client=client) for number in range(53)]
        whole = client.get("/api/workflows?limit=1000", expect=200).json
        self.assertEqual(whole, made[::-1])
        self.assertEqual(client.get("/api/workflows", expect=200).json, whole[:50])
        self.assertEqual(client.get("/api/workflows?limit=2&offset=50", expect=200).json, whole[50:52])
        self.assertEqual(client.get("/api/workflows?offset=53", expect=200).json, [])
        for query in ("limit=0", "limit=1001", "limit=x", "offset=-1"):
            self.assert_error(client.get("/api/workflows?" + query), 400)

    def test_put_changes_what_is_given(self):
        made = self.create({"name": "old", "description": "words"})
        target = self.at(made)
        for body, seen in (({}, ("old", "words", True)), ({"name": "new"}, ("new", "words", True)),
                           ({"enabled": False}, ("new", "words", False)),
                           ({"description": None}, ("new", None, False)),
                           ({"name": "x" * 200, "description": "", "enabled": True}, ("x" * 200, "", True)),
                           ({"nodes": "ignored"}, ("x" * 200, "", True))):
            with self.subTest(body=body):
                changed = self.client.request("PUT", target, json=body, expect=200).json
                self.assertEqual((changed["name"], changed["description"], changed["enabled"]), seen)
                self.assertEqual(self.client.get(target, expect=200).json, changed)
        for body in ({"name": None}, {"enabled": None}, {"name": ""}, {"name": "x" * 201}, {"name": 5},
                     {"enabled": "yes"}, {"description": 5}, {"description": "x" * 10_001}):
            with self.subTest(body=body):
                answer = self.client.request("PUT", target, json=body, expect=400)
                self.assertEqual(answer.json["errors"][0]["loc"], f"body.{next(iter(body))}")
        self.client.request("PUT", target, body=b"{", expect=400)
        self.client.request("PUT", target, body=b"[]", expect=400)

    def test_a_strategy_in_use_cannot_be_deleted(self):
        strategy = self.client.strategy(self.board().detail_url("a"), DETAIL_PLAN)
        target = f"/api/strategies/{strategy['id']}"
        made = self.workflow([self.start("only", strategy, "http://a.test/")])
        answer = self.client.delete(target)
        self.assert_error(answer, 409, code="conflict")
        self.assertIn("workflow", answer.detail)
        self.client.get(target, expect=200)
        self.assertEqual(self.client.delete(self.at(made), expect=200).json["message"],
                         "Workflow deleted successfully")
        self.client.delete(target, expect=200)
        self.assert_error(self.client.get(self.at(made)), 404, "Workflow not found")
        self.assert_error(self.client.delete(self.at(made)), 404, "Workflow not found")

    def test_a_strategy_that_no_node_names_any_more_can_be_deleted(self):
        first, second = (self.client.strategy(self.board().detail_url("a"), DETAIL_PLAN) for _ in range(2))
        made = self.workflow([self.start("only", first, "http://a.test/")])
        self.client.request("PUT", self.at(made, "/nodes/only"), json={"strategy_id": second["id"]}, expect=200)
        self.client.delete(f"/api/strategies/{first['id']}", expect=200)
        self.client.delete(f"/api/strategies/{second['id']}", expect=409)
        self.client.delete(self.at(made, "/nodes/only"), expect=200)
        self.client.delete(f"/api/strategies/{second['id']}", expect=200)


class Refusals(WorkflowCase):
    def rows(self):
        """What is wrong: a change to two_steps(), the member that is named, and what the text has to tell."""
        first, second = ("nodes", 0), ("nodes", 1)

        def put(path, **members):
            def change(body):
                for step in path:
                    body = body[step]
                body.update(members)
            return change

        def leave_out(path, name):
            def change(body):
                for step in path:
                    body = body[step]
                del body[name]
            return change

        def edges(*pairs):
            return put((), edges=[self.edge(*pair) for pair in pairs])

        def fan(body):
            body["nodes"].append(self.follow("third", self.detail))
            body["edges"] += [self.edge("details", "third"), self.edge("third", "details")]

        def into_start(body):
            body["nodes"].append(self.start("other", self.index, "http://a.test/"))
            body["edges"].append(self.edge("details", "other"))

        bad_filter = {"mode": "all", "conditions": [{"field": "a", "operator": "like", "value": "x"}]}
        bad_regex = {"conditions": [{"field": "a", "operator": "regex_match", "value": "(?=x)"}]}
        return (
            ("no name", leave_out((), "name"), "name", "^Missing required field: name$"),
            ("empty name", put((), name=""), "name", None),
            ("long name", put((), name="x" * 201), "name", None),
            ("description of another type", put((), description=[]), "description", None),
            ("nodes of another type", put((), nodes={}), "nodes", None),
            ("edges of another type", put((), edges="x"), "edges", None),
            ("a node that is no object", put((), nodes=["x"]), "nodes.0", None),
            ("no node_key", leave_out(first, "node_key"), "nodes.0.node_key", "Missing required field: .*node_key$"),
            ("empty node_key", put(first, node_key=""), "nodes.0.node_key", None),
            ("long node_key", put(first, node_key="k" * 101), "nodes.0.node_key", None),
            ("duplicate node_key", put(second, node_key="index"), "nodes.1.node_key", "index"),
            ("no strategy_id", leave_out(first, "strategy_id"), "nodes.0.strategy_id", "strategy_id"),
            ("malformed strategy_id", put(first, strategy_id="x"), "nodes.0.strategy_id", None),
            ("no input_type", leave_out(first, "input_type"), "nodes.0.input_type", "input_type"),
            ("unknown input_type", put(first, input_type="magic"), "nodes.0.input_type", None),
            ("no static_urls", leave_out(first, "static_urls"), "nodes.0.static_urls", "static_urls"),
            ("empty static_urls", put(first, static_urls=[]), "nodes.0.static_urls", None),
            ("static_urls of another type", put(first, static_urls=[5]), "nodes.0.static_urls", None),
            ("no url_field", leave_out(second, "url_field"), "nodes.1.url_field", "url_field"),
            ("empty url_field", put(second, url_field=""), "nodes.1.url_field", None),
            ("static_parameters of another type", put(first, static_parameters=[]), "nodes.0.static_parameters", None),
            ("nested static_parameters", put(first, static_parameters={"a": {"b": 1}}), "nodes.0.static_parameters",
             None),
            ("parameter_config of another type", put(second, parameter_config="x"), "nodes.1.parameter_config", None),
            ("parameter_config without a source", put(second, parameter_config={"q": {"default": 1}}),
             "nodes.1.parameter_config", None),
            ("an edge from an unknown node", edges(("index", "details"), ("nobody", "details")),
             "edges.1.source_node_key", "nobody"),
            ("an edge to an unknown node", edges(("index", "nobody")), "edges.0.target_node_key", "nobody"),
            ("an edge to itself", edges(("index", "details"), ("details", "details")), "edges.1", "details"),
            ("a duplicate edge", edges(("index", "details"), ("index", "details")), "edges.1", "index"),
            ("an edge into a start node", into_start, "edges.1", "other"),
            ("a cycle", fan, "edges", "details -> third -> details|third -> details -> third"),
            ("an upstream node without an edge", put((), edges=[]), "nodes.1", "details"),
            ("an unknown operator", put(("edges", 0), filter_config=bad_filter), "edges.0.filter_config", None),
            ("a regex that is none", put(("edges", 0), filter_config=bad_regex), "edges.0.filter_config", None),
            ("a filter of another type", put(("edges", 0), filter_config=[]), "edges.0.filter_config", None),
        )

    def test_what_is_wrong_is_named(self):
        board = self.board()
        for what, change, member, text in self.rows():
            with self.subTest(what):
                body = self.two_steps(board)
                change(body)
                answer = self.create(body, expect=400)
                self.assert_error(answer, 400, code="invalid_request")
                self.assertTrue(answer.json["errors"][0]["loc"].startswith("body." + member), answer)
                if text:
                    self.assertRegex(answer.detail, text)
        self.assertEqual(self.other_client().get("/api/workflows", expect=200).json, [])

    def test_every_member_with_every_wrong_type_is_400(self):
        made = self.create(self.two_steps(self.board()))
        kinds = {"name": "string", "description": "string", "nodes": "array", "edges": "array"}
        node = {"node_key": "string", "strategy_id": "string", "input_type": "string", "static_urls": "array",
                "url_field": "string", "static_parameters": "object", "parameter_config": "object"}
        edge = {"source_node_key": "string", "target_node_key": "string", "filter_config": "object"}
        rows = [("POST", "/api/workflows", self.two_steps(self.board()), kinds),
                ("PUT", self.at(made), {}, {"name": "string", "description": "string", "enabled": "boolean"}),
                ("POST", self.at(made, "/nodes"), self.start("z", self.index, "http://a.test/", url_field="x"), node),
                ("PUT", self.at(made, "/nodes/details"), {}, node),
                ("POST", self.at(made, "/edges"), self.edge("index", "details"), edge),
                ("POST", self.at(made, "/run"), {}, {"force": "boolean"}),
                ("PATCH", self.at(made, f"/schedules/{UNKNOWN_ID}"), {}, {"enabled": "boolean"})]
        for method, target, good, members in rows:
            for member, kind in members.items():
                for value in WRONG[kind]:
                    with self.subTest(method=method, target=target, member=member, value=value):
                        answer = self.client.request(method, target, json={**good, member: value})
                        self.assert_error(answer, 400, code="invalid_request")
                        self.assertTrue(answer.json["errors"][0]["loc"].startswith(f"body.{member}"), answer)
        self.assertEqual(self.client.get(self.at(made), expect=200).json, made)

    def test_bad_urls_are_422(self):
        for url in ("not a url", "ftp://x.test/", "http://", "http://a b.test/", "", "/relative"):
            with self.subTest(url=url):
                node = self.start("a", self.index, "http://fine.test/", url)
                self.assert_error(self.create({"name": "w", "nodes": [node]}, expect=422), 422, "Invalid URL format",
                                  "invalid_url")
        made = self.create({"name": "w"})
        bad = self.start("a", self.index, "nonsense")
        self.assert_error(self.client.post(self.at(made, "/nodes"), bad), 422, "Invalid URL format")
        self.client.post(self.at(made, "/nodes"), self.start("a", self.index, "http://fine.test/"), expect=201)
        self.assert_error(self.client.request("PUT", self.at(made, "/nodes/a"), json={"static_urls": ["nonsense"]}),
                          422, "Invalid URL format")

    def test_strategies_of_others_are_not_there(self):
        foreign = self.other_client().strategy(self.board().url)
        made = self.workflow([self.start("mine", self.index, "http://a.test/")])
        for strategy in (foreign, {"id": UNKNOWN_ID}):
            node = self.start("a", strategy, "http://a.test/")
            self.assert_error(self.create({"name": "w", "nodes": [node]}, expect=404), 404, "Strategy not found")
            self.assert_error(self.client.post(self.at(made, "/nodes"), node), 404, "Strategy not found")
            self.assert_error(self.client.request("PUT", self.at(made, "/nodes/mine"),
                                                  json={"strategy_id": strategy["id"]}), 404, "Strategy not found")

    def test_members_before_referenced_objects(self):
        node = self.start("a", {"id": UNKNOWN_ID}, "nonsense")
        self.assert_error(self.create({"name": "w", "nodes": [node]}, expect=422), 422, "Invalid URL format")
        self.client.post(f"/api/workflows/{UNKNOWN_ID}/nodes", {"node_key": ""}, expect=400)
        self.client.post(f"/api/workflows/{UNKNOWN_ID}/run", body=b"{", expect=400)
        self.client.request("PUT", f"/api/workflows/{UNKNOWN_ID}/nodes/x", json={"node_key": 5}, expect=400)
        self.client.get(f"/api/workflows/{UNKNOWN_ID}/graph.svg?run_id=x", expect=400)
        self.client.get(f"/api/workflows/{UNKNOWN_ID}/runs?limit=0", expect=400)

    def test_numbers_of_nodes_edges_and_urls_are_bounded(self):
        nodes = [self.start(f"n{number}", self.index, "http://a.test/") for number in range(500)]
        self.assertEqual(len(self.workflow(nodes)["nodes"]), 500)
        extra = nodes + [self.start("more", self.index, "http://a.test/")]
        answer = self.create({"name": "w", "nodes": extra}, expect=400)
        self.assertEqual(answer.json["errors"][0]["loc"], "body.nodes")
        sources = [self.start(f"s{number}", self.index, "http://a.test/") for number in range(45)]
        targets = [self.follow(f"t{number}", self.detail) for number in range(45)]
        edges = [self.edge(source["node_key"], target["node_key"]) for source in sources for target in targets]
        self.workflow(sources + targets, edges[:2000])
        answer = self.create({"name": "w", "nodes": sources + targets, "edges": edges[:2001]}, expect=400)
        self.assertEqual(answer.json["errors"][0]["loc"], "body.edges")
        urls = ["http://a.test/"] * 10_001
        self.create({"name": "w", "nodes": [self.start("a", self.index, *urls)]}, expect=400)
        self.workflow([self.start("a", self.index, *urls[:-1])])

    def test_workflows_grown_node_by_node_keep_the_bounds(self):
        made = self.workflow([self.start(f"n{number}", self.index, "http://a.test/") for number in range(500)])
        self.client.post(self.at(made, "/nodes"), self.start("more", self.index, "http://a.test/"), expect=400)

    def test_unknown_foreign_and_malformed_ids_are_404(self):
        made = self.create(self.two_steps(self.board()))
        run = self.begin(made)
        self.wait_run(made, run)
        schedule = self.client.post(self.at(made, "/schedules"), {"interval_seconds": 3600}, expect=201).json
        node, edge = made["nodes"][0], made["edges"][0]
        for client, workflow in ((self.client, UNKNOWN_ID), (self.client, "x"), (self.other_client(), made["id"])):
            target = f"/api/workflows/{workflow}"
            calls = (
                ("GET", "", None), ("PUT", "", {"name": "n"}), ("DELETE", "", None),
                ("POST", "/nodes", self.start("z", self.index, "http://a.test/")),
                ("PUT", f"/nodes/{node['id']}", {"node_key": "z"}), ("PUT", "/nodes/index", {"node_key": "z"}),
                ("DELETE", f"/nodes/{node['id']}", None), ("POST", "/edges", self.edge("index", "details")),
                ("DELETE", f"/edges/{edge['id']}", None), ("POST", "/run", {}), ("GET", "/runs", None),
                ("GET", f"/runs/{run['id']}", None), ("GET", "/runs/latest/output", None),
                ("POST", f"/runs/{run['id']}/cancel", None), ("GET", "/graph.svg", None),
                ("GET", f"/graph.svg?run_id={run['id']}", None),
                ("POST", "/schedules", {"interval_seconds": 3600}), ("GET", "/schedules", None),
                ("PATCH", f"/schedules/{schedule['id']}", {"enabled": False}),
                ("DELETE", f"/schedules/{schedule['id']}", None),
            )
            for method, suffix, body in calls:
                with self.subTest(method=method, suffix=suffix, workflow=workflow):
                    options = {} if body is None else {"json": body}
                    answer = client.request(method, target + suffix, **options)
                    self.assert_error(answer, 404, code="not_found")
                    self.assertEqual(answer.detail, "Workflow not found")
        self.assertEqual(self.client.get(self.at(made), expect=200).json, made)
        self.assertIs(self.client.get(self.at(made, "/schedules"), expect=200).json[0]["enabled"], True)

    def test_parts_of_another_workflow_are_404(self):
        made, other = (self.create(self.two_steps(self.board())) for _ in range(2))
        run = self.begin(made)
        self.wait_run(made, run)
        schedule = self.client.post(self.at(made, "/schedules"), {"interval_seconds": 3600}, expect=201).json
        rows = (
            ("PUT", f"/nodes/{made['nodes'][0]['id']}", {"node_key": "z"}, "Node not found"),
            ("DELETE", f"/nodes/{made['nodes'][0]['id']}", None, "Node not found"),
            ("PUT", "/nodes/nobody", {"node_key": "z"}, "Node not found"),
            ("DELETE", "/nodes/nobody", None, "Node not found"),
            ("DELETE", f"/edges/{made['edges'][0]['id']}", None, "Edge not found"),
            ("DELETE", f"/edges/{UNKNOWN_ID}", None, "Edge not found"),
            ("DELETE", "/edges/x", None, "Edge not found"),
            ("GET", f"/runs/{run['id']}", None, "Workflow run not found"),
            ("GET", f"/runs/{UNKNOWN_ID}", None, "Workflow run not found"),
            ("GET", "/runs/latest", None, "Workflow run not found"),
            ("POST", f"/runs/{run['id']}/cancel", None, "Workflow run not found"),
            ("POST", "/runs/x/cancel", None, "Workflow run not found"),
            ("GET", f"/graph.svg?run_id={run['id']}", None, "Workflow run not found"),
            ("GET", f"/graph.svg?run_id={UNKNOWN_ID}", None, "Workflow run not found"),
            ("PATCH", f"/schedules/{schedule['id']}", {"enabled": False}, "Schedule not found"),
            ("PATCH", "/schedules/x", {"enabled": False}, "Schedule not found"),
            ("DELETE", f"/schedules/{schedule['id']}", None, "Schedule not found"),
            ("DELETE", f"/schedules/{UNKNOWN_ID}", None, "Schedule not found"),
        )
        for method, suffix, body, detail in rows:
            with self.subTest(method=method, suffix=suffix):
                options = {} if body is None else {"json": body}
                self.assert_error(self.client.request(method, self.at(other, suffix), **options), 404, detail)
        self.assertEqual(len(self.client.get(self.at(made, "/schedules"), expect=200).json), 1)

    def test_wrong_methods_and_other_paths(self):
        for method, target, allowed in (("PATCH", "/api/workflows", {"GET", "HEAD", "POST"}),
                                        ("PATCH", f"/api/workflows/{UNKNOWN_ID}", {"GET", "HEAD", "PUT", "DELETE"}),
                                        ("GET", f"/api/workflows/{UNKNOWN_ID}/run", {"POST"}),
                                        ("POST", f"/api/workflows/{UNKNOWN_ID}/graph.svg", {"GET", "HEAD"})):
            answer = self.client.request(method, target, expect=405)
            self.assertEqual({each.strip() for each in answer.headers["allow"].split(",")}, allowed)
        for target in ("/api/workflows/", f"/api/workflows/{UNKNOWN_ID}/", f"/api/workflows/{UNKNOWN_ID}/graph.png"):
            self.client.get(target, expect=404)


class Parts(WorkflowCase):
    def test_a_workflow_is_built_piece_by_piece(self):
        made = self.create({"name": "w"})
        start = self.client.post(self.at(made, "/nodes"), self.start("index", self.index, "http://a.test/"),
                                 expect=201).json
        details = self.client.post(self.at(made, "/nodes"), {**self.follow("details", self.detail),
                                                             "static_urls": None, "parameter_config": None},
                                   expect=201).json
        # What is not connected yet waits until it is used.
        for suffix, body in (("/run", {}), ("/schedules", {"interval_seconds": 3600})):
            answer = self.client.post(self.at(made, suffix), body)
            self.assert_error(answer, 400, code="invalid_request")
            self.assertIn("details", answer.detail)
        edge = self.client.post(self.at(made, "/edges"), {**self.edge("index", "details"), "filter_config": None},
                                expect=201).json
        seen = self.client.get(self.at(made), expect=200).json
        self.assertEqual((seen["nodes"], seen["edges"]), ([start, details], [edge]))
        self.assertIsNone(edge["filter_config"])
        self.client.post(self.at(made, "/schedules"), {"interval_seconds": 3600}, expect=201)

    def test_nodes_are_found_by_id_and_key_and_edges_follow_a_new_key(self):
        made = self.create(self.two_steps(self.board()))
        index = made["nodes"][0]
        changed = self.client.request("PUT", self.at(made, f"/nodes/{index['id']}"), json={"node_key": "list of/ä"},
                                      expect=200).json
        self.assertEqual({**changed, "node_key": "index", "updated_at": index["updated_at"]}, index)
        seen = self.client.get(self.at(made), expect=200).json
        self.assertEqual(seen["edges"][0]["source_node_key"], "list of/ä")
        self.assertEqual(seen["edges"][0]["id"], made["edges"][0]["id"])
        target = self.at(made, "/nodes/list%20of%2F%C3%A4")
        back = self.client.request("PUT", target, json={"node_key": "index", "static_urls": ["http://b.test/"]},
                                   expect=200).json
        self.assertEqual((back["id"], back["static_urls"]), (index["id"], ["http://b.test/"]))
        same = self.client.request("PUT", self.at(made, "/nodes/index"), json={}, expect=200).json
        self.assertEqual({**same, "updated_at": back["updated_at"]}, back)

    def test_a_merged_node_has_to_be_one_that_could_be_made(self):
        made = self.create(self.two_steps(self.board()))
        rows = (("details", {"node_key": "index"}, "node_key"), ("details", {"url_field": None}, "url_field"),
                ("details", {"input_type": "static_urls"}, "static_urls"), ("index", {"static_urls": None}, "static_urls"),
                ("index", {"static_urls": []}, "static_urls"), ("index", {"input_type": "upstream_urls"}, "url_field"),
                ("index", {"node_key": None}, "node_key"), ("index", {"strategy_id": None}, "strategy_id"),
                ("index", {"input_type": None}, "input_type"), ("index", {"input_type": 5}, "input_type"),
                ("details", {"parameter_config": [1]}, "parameter_config"), ("details", {"node_key": ""}, "node_key"))
        for key, body, member in rows:
            with self.subTest(key=key, body=body):
                answer = self.client.request("PUT", self.at(made, f"/nodes/{key}"), json=body)
                self.assert_error(answer, 400, code="invalid_request")
                self.assertEqual(answer.json["errors"][0]["loc"], f"body.{member}", answer)
        # An edge leads into it, so it cannot become a start node.
        answer = self.client.request("PUT", self.at(made, "/nodes/details"),
                                     json={"input_type": "static_urls", "static_urls": ["http://a.test/"]})
        self.assert_error(answer, 400)
        self.assertIn("details", answer.detail)
        self.assertEqual(self.client.get(self.at(made), expect=200).json, made)

    def test_null_clears_what_may_be_absent(self):
        api = self.api_strategy()
        made = self.workflow([self.start("a", api, "http://a.test/"),
                              {"node_key": "b", "strategy_id": api["id"], "input_type": "upstream_data",
                               "url_field": "x", "static_urls": ["http://b.test/"], "static_parameters": {"q": 1},
                               "parameter_config": {"q": "title"}}], [self.edge("a", "b")])
        names = ("url_field", "static_urls", "static_parameters", "parameter_config")
        cleared = self.client.request("PUT", self.at(made, "/nodes/b"), json={name: None for name in names},
                                      expect=200).json
        self.assertEqual([cleared[name] for name in names], [None] * 4)

    def test_a_node_goes_with_its_edges(self):
        made = self.workflow([self.start("a", self.index, "http://a.test/"), self.follow("b", self.detail),
                              self.follow("c", self.detail)],
                             [self.edge("a", "b"), self.edge("b", "c"), self.edge("a", "c")])
        self.assertEqual(self.client.delete(self.at(made, "/nodes/b"), expect=200).json["message"],
                         "Node deleted successfully")
        seen = self.client.get(self.at(made), expect=200).json
        self.assertEqual(([node["node_key"] for node in seen["nodes"]], seen["edges"]),
                         (["a", "c"], [made["edges"][2]]))
        self.client.delete(self.at(made, f"/nodes/{made['nodes'][2]['id']}"), expect=200)
        self.assert_error(self.client.delete(self.at(made, "/nodes/b")), 404, "Node not found")

    def test_edges_are_checked_one_by_one(self):
        made = self.workflow([self.start("a", self.index, "http://a.test/"), self.follow("b", self.detail),
                              self.follow("c", self.detail)], [self.edge("a", "b"), self.edge("b", "c")])
        rows = ((self.edge("a", "b"), "a"), (self.edge("c", "c"), "c"), (self.edge("b", "a"), "a"),
                (self.edge("c", "b"), "b -> c -> b|c -> b -> c"), (self.edge("a", "nobody"), "nobody"),
                (self.edge("nobody", "b"), "nobody"), ({"source_node_key": "a"}, "target_node_key"),
                ({"target_node_key": "c"}, "source_node_key"), ({"source_node_key": 5, "target_node_key": "c"}, None),
                ({**self.edge("a", "c"), "filter_config": {"conditions": 5}}, None),
                ({**self.edge("a", "c"), "filter_config": {"conditions": [
                    {"field": "x", "operator": "gt", "value": "many"}]}}, None))
        for body, text in rows:
            with self.subTest(body=body):
                answer = self.client.post(self.at(made, "/edges"), body)
                self.assert_error(answer, 400, code="invalid_request")
                if text:
                    self.assertRegex(answer.detail, text)
        edge = self.client.post(self.at(made, "/edges"), self.edge("a", "c", {"field": "x", "operator": "exists"}),
                                expect=201).json
        self.assertEqual(edge["filter_config"]["conditions"][0]["operator"], "exists")
        self.assertEqual(self.client.delete(self.at(made, f"/edges/{edge['id']}"), expect=200).json["message"],
                         "Edge deleted successfully")
        self.assertEqual(self.client.get(self.at(made), expect=200).json["edges"], made["edges"])

    def test_edits_move_updated_at(self):
        made = self.create(self.two_steps(self.board()))
        harness.eventually(lambda: self.client.request("PUT", self.at(made), json={"name": "x"}, expect=200)
                           .json["updated_at"] > made["updated_at"], 5, "a later second")
        self.assertEqual(self.client.get(self.at(made), expect=200).json["created_at"], made["created_at"])


class Drawing(WorkflowCase):
    def texts(self, answer):
        root = xml.etree.ElementTree.fromstring(answer.body)
        self.assertEqual(root.tag, SVG + "svg")
        self.assertEqual([element for element in root.iter() if element.tag.endswith("script")], [])
        return " ".join(text.strip() for text in root.itertext() if text.strip())

    def test_a_graph_is_drawn_with_and_without_a_run(self):
        made = self.create(self.two_steps(self.board("a", "b", "c")))
        plain = self.client.get(self.at(made, "/graph.svg"), expect=200)
        self.assertEqual(plain.headers["content-type"], "image/svg+xml")
        for key in ("index", "details"):
            self.assertIn(key, self.texts(plain))
        self.assertNotIn("completed", self.texts(plain))
        run = self.run_to_end(made)
        drawn = self.texts(self.client.get(self.at(made, f"/graph.svg?run_id={run['id'].upper()}"), expect=200))
        self.assertIn("completed", drawn)
        self.assertRegex(drawn, r"\b3\b")
        self.assertEqual(self.client.request("HEAD", self.at(made, "/graph.svg"), expect=200).body, b"")

    def test_texts_of_the_caller_stay_texts(self):
        key = '<script>alert("x")</script>&]]>'
        made = self.workflow([self.start(key, self.index, "http://a.test/")], name="<b>&")
        answer = self.client.get(self.at(made, "/graph.svg"), expect=200)
        self.assertNotIn(b"<script", answer.body)
        self.assertIn("<script>", self.texts(answer))

    def test_empty_and_unfinished_graphs_are_drawn(self):
        self.texts(self.client.get(self.at(self.create({"name": "empty"}), "/graph.svg"), expect=200))
        made = self.create({"name": "w"})
        self.client.post(self.at(made, "/nodes"), self.follow("lonely", self.detail), expect=201)
        self.assertIn("lonely", self.texts(self.client.get(self.at(made, "/graph.svg"), expect=200)))


if __name__ == "__main__":
    unittest.main()
