"""What workflow nodes hand on: inputs, filters, output, incremental runs (BEHAVIOUR 19.2 to 19.4, 19.6, 19.7)."""

import unittest

import harness
from workflow_case import DETAIL_PLAN, Board, WorkflowCase


class Inputs(WorkflowCase):
    def items_page(self, items):
        """A JSON list, and an api strategy that reads it: (strategy, URL)."""
        url = self.site.items(self.path(), items)
        strategy = self.client.strategy(url, {"type": "api", "request": {"url": url}, "items_path": ""})
        return strategy, url

    def fed(self, items, *follow_nodes, edges=None):
        """A workflow whose first node hands on these items."""
        source, url = self.items_page(items)
        nodes = [self.start("source", source, url), *follow_nodes]
        return self.workflow(nodes, edges or [self.edge("source", node["node_key"]) for node in follow_nodes])

    def test_urls_are_read_made_absolute_and_once_each(self):
        board = self.board("a", "b", "c")
        links = [board.detail_url("a"), "/" + board.detail_path("b").lstrip("/"), board.detail_url("a"), "", None, 5,
                 "mailto:x@y.test", "javascript:void(0)", "http://", board.detail_url("a") + "#part"]
        items = [{"deep": {"list": [link]}} for link in links] + [{"deep": {}}, {},
                 {"deep": {"list": [board.detail_url("c"), board.detail_url("b")]}}]
        made = self.fed(items, self.follow("details", self.detail, "deep.list"))
        run = self.run_to_end(made)
        jobs = {job["url"] for job in self.jobs_of(self.node(run, "details"))}
        self.assertLessEqual({board.detail_url(name) for name in "abc"}, jobs)
        self.assertLessEqual(jobs - {board.detail_url(name) for name in "abc"}, {board.detail_url("a") + "#part"})

    def test_filters_belong_to_edges(self):
        board = self.board()
        board.add("c", "d", note="special")
        plain = {"field": "note", "operator": "equals", "value": "plain"}
        special = {"field": "note", "operator": "equals", "value": "special"}
        named_a = {"field": "title", "operator": "equals", "value": "a"}
        made = self.workflow([self.start("index", self.index, board.url),
                              *(self.follow(key, self.detail) for key in ("plain", "special", "all", "either", "none"))],
                             [self.edge("index", "plain", plain), self.edge("index", "special", special),
                              self.edge("index", "all"), self.edge("index", "either", special, named_a, mode="any"),
                              self.edge("index", "none", special, named_a)])
        run = self.run_to_end(made)
        self.assertEqual({node["node_key"]: node["item_count"] for node in run["node_executions"]},
                         {"index": 4, "plain": 2, "special": 2, "all": 4, "either": 3, "none": 0})
        outputs = self.output(made, "?include_intermediate=true")["node_outputs"]
        self.assertEqual([item["title"] for item in outputs["either"]], ["a", "c", "d"])

    def test_fan_in_joins_in_the_order_of_edges(self):
        first, second = self.board("a"), self.board("x", "y")
        made = self.workflow([self.start("one", self.index, first.url), self.start("two", self.index, second.url),
                              self.follow("both", self.detail)],
                             [self.edge("two", "both"), self.edge("one", "both")])
        run = self.run_to_end(made)
        self.assertEqual(self.node(run, "both")["item_count"], 3)
        outputs = self.output(made, "?include_intermediate=true")["node_outputs"]
        self.assertEqual([item["title"] for item in outputs["both"]], ["x", "y", "a"])
        self.assertEqual(set(outputs), {"one", "two", "both"})

    def test_static_urls_make_a_job_each(self):
        boards = [self.board("a"), self.board("b", "c")]
        made = self.workflow([self.start("index", self.index, *(board.url for board in boards)),
                              self.follow("details", self.detail)], [self.edge("index", "details")])
        run = self.run_to_end(made)
        index = self.node(run, "index")
        self.assertEqual((index["job_count"], index["item_count"]), (2, 3))
        self.assertEqual({job["url"] for job in self.jobs_of(index)}, {board.url for board in boards})
        self.assertEqual(self.node(run, "details")["item_count"], 3, "links are relative to the page of their item")

    def test_upstream_data_asks_an_api_once_for_each_item(self):
        echo = self.api_strategy()
        items = [{"word": "x", "n": 1}, {"word": "y", "n": 2}, {"word": "x", "n": 1}, {"n": 3}, {"word": "", "n": 4}]
        node = {"node_key": "ask", "strategy_id": echo["id"], "input_type": "upstream_data",
                "static_parameters": {"page": 7, "fixed": "f"},
                "parameter_config": {"q": {"field": "word", "required": True}, "page": "n", "limit": {"value": 9},
                                     "other": {"field": "nothing", "default": "d"}, "gone": "nothing"}}
        made = self.fed(items, node)
        run = self.run_to_end(made)
        self.assertEqual(self.node(run, "ask")["job_count"], 2)
        asked = [dict(map(tuple, item["query"])) for item in self.output(
            made, "?include_intermediate=true")["node_outputs"]["ask"]]
        self.assertEqual(asked, [{"q": word, "page": str(n), "limit": "9", "other": "d", "fixed": "f"}
                                 for word, n in (("x", 1), ("y", 2))])

    def test_upstream_data_passes_known_fields_without_a_config(self):
        echo = self.api_strategy()
        names = echo["api_parameters"]
        self.assertIn("q", names)
        made = self.fed([{"q": "one", "foreign": "z"}, {"q": "two"}],
                        {"node_key": "ask", "strategy_id": echo["id"], "input_type": "upstream_data"})
        self.run_to_end(made)
        asked = [dict(map(tuple, item["query"])) for item in self.output(
            made, "?include_intermediate=true")["node_outputs"]["ask"]]
        self.assertEqual([query["q"] for query in asked], ["one", "two"])
        self.assertNotIn("foreign", asked[0])

    def test_upstream_data_of_a_page_strategy_runs_once(self):
        board = self.board("a")
        node = {"node_key": "once", "strategy_id": self.detail["id"], "input_type": "upstream_data",
                "static_urls": [board.detail_url("a")]}
        made = self.fed([{"n": 1}, {"n": 2}], node)
        run = self.run_to_end(made)
        self.assertEqual((self.node(run, "once")["job_count"], board.hits()[1]), (1, 1))
        nothing = self.fed([{"n": 1}], node, edges=[self.edge("source", "once", {
            "field": "n", "operator": "gt", "value": 5})])
        run = self.run_to_end(nothing)
        self.assertEqual((self.node(run, "once")["job_count"], board.hits()[1]), (0, 1))

    def test_trigger_only_runs_on_its_own_urls_once_something_passed(self):
        board = self.board("a", "b")
        node = {"node_key": "triggered", "strategy_id": self.detail["id"], "input_type": "trigger_only",
                "static_urls": [board.detail_url("a"), board.detail_url("b")]}
        run = self.run_to_end(self.fed([{"n": 1}, {"n": 2}], node))
        self.assertEqual((self.node(run, "triggered")["job_count"], board.hits()[1]), (2, 2))
        run = self.run_to_end(self.fed([], node))
        self.assertEqual((self.node(run, "triggered")["job_count"], board.hits()[1]), (0, 2))

    def test_static_parameters_reach_the_jobs_of_a_start_node(self):
        echo = self.api_strategy()
        made = self.workflow([self.start("ask", echo, self.site.url("/json/echo?q=url"),
                                         static_parameters={"q": "fixed", "page": None})])
        self.run_to_end(made)
        item, = self.output(made, "?include_intermediate=true")["node_outputs"]["ask"]
        self.assertEqual(dict(map(tuple, item["query"])), {"q": "fixed"})


class Output(WorkflowCase):
    def test_leaves_labels_and_intermediate(self):
        board = self.board("a", "b")
        made = self.workflow(
            [self.start("index", self.index, board.url), self.follow("main", self.detail),
             self.follow("script:purchasing_reps", self.detail), self.follow("purchasing reps", self.detail)],
            [self.edge("index", "main"), self.edge("index", "script:purchasing_reps"),
             self.edge("index", "purchasing reps")])
        self.run_to_end(made)
        a, b = board.detail_url("a"), board.detail_url("b")
        grouped = self.output(made)["final_results_by_url_grouped"]
        self.assertEqual(grouped, {board.detail_url(name): {"default": [board.item(name)],
                                                            "purchasing reps": [board.item(name)] * 2}
                                   for name in "ab"})
        flat = self.output(made, "?flat=true&include_intermediate=1")
        self.assertEqual(flat["final_results_by_url"], {a: [board.item("a")] * 3, b: [board.item("b")] * 3})
        self.assertNotIn("final_results_by_url_grouped", flat)
        self.assertEqual(set(flat["node_outputs"]), {"index", "main", "script:purchasing_reps", "purchasing reps"})
        self.assertEqual(flat["node_outputs"]["main"], [board.item("a"), board.item("b")])
        self.assertEqual([item["title"] for item in flat["node_outputs"]["index"]], ["a", "b"])

    def test_the_output_is_that_of_the_latest_finished_run(self):
        board = self.board("a")
        made = self.create(self.two_steps(board))
        good = self.run_to_end(made)
        board.break_index()
        self.run_to_end(made, "failed")
        self.assertEqual(self.output(made)["run_id"], good["id"])
        self.client.request("PUT", self.at(made, "/nodes/index"), json={"static_urls": [self.site.url("/gate/out")]},
                            expect=200)
        run = self.begin(made)
        self.assertEqual(self.output(made)["run_id"], good["id"])
        self.client.post(self.at(made, f"/runs/{run['id']}/cancel"), expect=200)
        self.assertEqual(self.output(made)["run_id"], good["id"])
        self.assertIs(self.output(made)["changed_since_previous"], False)

    def test_changed_since_previous_compares_leaves(self):
        board = self.board("a")
        made = self.create(self.two_steps(board))
        self.run_to_end(made)
        board.write("a", "two")
        self.assertIs(self.run_to_end(made, force=True)["changed_since_previous"], True)
        self.assertIs(self.run_to_end(made, force=True)["changed_since_previous"], False)
        board.note("a", "other note")  # the index differs, the leaf does not
        self.assertIs(self.run_to_end(made, force=True)["changed_since_previous"], False)
        self.assertIs(self.output(made)["changed_since_previous"], False)

    def test_a_large_output_comes_whole(self):
        words = "word " * 4000
        names = [f"p{number}" for number in range(200)]
        board = Board(self.site, self.path(), names)
        for name in names:
            board.write(name, words)
        made = self.create(self.two_steps(board))
        self.run_to_end(made)
        answer = self.client.get(self.at(made, "/runs/latest/output"), expect=200)
        self.assertGreater(len(answer.body), 3_500_000)
        self.assertEqual(len(answer.json["final_results_by_url_grouped"]), 200)


class Incremental(WorkflowCase):
    def test_only_new_and_changed_entries_are_fetched_again(self):
        names = [f"n{number}" for number in range(100)]
        board = Board(self.site, self.path(), names)
        made = self.create(self.two_steps(board))

        def fetched(status="completed", **body):
            before = board.hits()
            run = self.run_to_end(made, status, **body)
            after = board.hits()
            details = self.node(run, "details")
            return (after[0] - before[0], after[1] - before[1]), (details["item_count"], details["reused_count"]), run

        self.assertEqual(fetched()[:2], ((1, 100), (100, 0)))
        self.assertEqual(fetched()[0], (1, 0), "nothing new")
        board.add(*(f"new{number}" for number in range(10)))
        pages, counts, run = fetched()
        self.assertEqual((pages, counts), ((1, 10), (110, 100)))
        self.assertIs(run["changed_since_previous"], True)
        self.assertEqual(self.node(run, "details")["job_count"], 10)
        board.note("n7", "changed")
        self.assertEqual(fetched()[:2], ((1, 1), (110, 109)))
        pages, counts, run = fetched()
        self.assertEqual((pages, self.node(run, "details")["skip_reason"]), ((1, 0), "unchanged"))
        self.assertEqual(fetched(force=True)[:2], ((1, 110), (110, 0)))
        output = self.output(made, "?flat=true")["final_results_by_url"]
        self.assertEqual(output, {board.detail_url(name): [board.item(name)] for name in board.notes})
        del board.notes["n3"]
        board.write_index()
        self.assertEqual(fetched()[:2], ((1, 0), (109, 109)))
        self.assertNotIn(board.detail_url("n3"), self.output(made, "?flat=true")["final_results_by_url"])

    def test_edits_and_failures_reuse_nothing(self):
        board = self.board("a", "b")
        strategy = self.client.strategy(board.detail_url("a"), DETAIL_PLAN)
        body = self.two_steps(board)
        body["nodes"][1]["strategy_id"] = strategy["id"]
        made = self.create(body)

        def fetched(status="completed"):
            before = board.hits()[1]
            self.run_to_end(made, status)
            return board.hits()[1] - before
        self.assertEqual((fetched(), fetched()), (2, 0))
        harness.eventually(lambda: self.client.patch(f"/api/strategies/{strategy['id']}", {"name": "new"}, expect=200)
                           .json["updated_at"] > strategy["updated_at"], 5, "a later second")
        self.assertEqual((fetched(), fetched()), (2, 0))
        self.client.request("PUT", self.at(made, "/nodes/details"), json={"static_parameters": {"x": 1}}, expect=200)
        self.assertEqual((fetched(), fetched()), (2, 0))
        edge = self.client.get(self.at(made), expect=200).json["edges"][0]
        self.client.delete(self.at(made, f"/edges/{edge['id']}"), expect=200)
        self.client.post(self.at(made, "/edges"), self.edge("index", "details", {"field": "title",
                                                                                 "operator": "exists"}), expect=201)
        self.assertEqual((fetched(), fetched()), (2, 0))
        self.client.request("PUT", self.at(made), json={"name": "renamed"}, expect=200)
        self.assertEqual(fetched(), 0, "a name is no part of it")
        board.break_detail("b")
        board.note("b", "look again")
        self.assertEqual(fetched("partial"), 1)
        board.write("b")
        self.assertEqual(fetched(), 1, "what failed is tried again, the list unchanged or not")
        self.assertEqual(fetched(), 0)

    def test_a_failed_or_cancelled_run_is_not_compared_with(self):
        board = self.board("a", "b")
        made = self.create(self.two_steps(board))
        self.run_to_end(made)
        board.break_index()
        self.run_to_end(made, "failed")
        board.write_index()
        run = self.run_to_end(made)
        self.assertEqual(self.states(run)["details"], "unchanged")

    def test_parameters_count_as_input(self):
        echo = self.api_strategy()
        url = self.site.items(self.path(), [{"q": "one"}, {"q": "two"}])
        source = self.client.strategy(url, {"type": "api", "request": {"url": url}, "items_path": ""})
        made = self.workflow([self.start("source", source, url),
                              {"node_key": "ask", "strategy_id": echo["id"], "input_type": "upstream_data"}],
                             [self.edge("source", "ask")])
        self.assertEqual(self.node(self.run_to_end(made), "ask")["job_count"], 2)
        self.site.items(url.removeprefix(self.site.url("")), [{"q": "one"}, {"q": "three"}, {"q": "two"}])
        ask = self.node(self.run_to_end(made), "ask")
        self.assertEqual((ask["job_count"], ask["reused_count"], ask["item_count"]), (1, 2, 3))
        asked = [dict(map(tuple, item["query"]))["q"]
                 for item in self.output(made, "?include_intermediate=true")["node_outputs"]["ask"]]
        self.assertEqual(asked, ["one", "three", "two"])


if __name__ == "__main__":
    unittest.main()
