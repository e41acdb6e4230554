"""Workflow runs: states, one at a time, cancelling, limits, edits meanwhile, restarts (BEHAVIOUR 19.5, 19.7)."""

import concurrent.futures
import unittest

import fixture_site
import harness
from harness import eventually
from workflow_case import DETAIL_PLAN, Board, Stopwatch, WorkflowCase


class TheClient(WorkflowCase):
    """The calls of appendix A, as the Python client makes them."""

    def test_create_run_poll_output(self):
        board = self.board("a", "b")
        made = self.create(self.two_steps(board))
        self.assert_error(self.output(made, expect=404), 404, "No completed runs found")
        run = self.begin(made, force=False)
        self.assertEqual(run["id"], run["run_id"])
        self.assertEqual((run["workflow_id"], run["status"], run["trigger"], run["force"], run["schedule_id"]),
                         (made["id"], "pending", "manual", False, None))
        for member in ("changed_since_previous", "error", "started_at", "completed_at"):
            self.assertIsNone(run[member], member)
        ended = self.wait_run(made, run)
        self.assertEqual(ended["status"], "completed", ended)
        self.assertEqual((ended["failed_job_count"], ended["error"], ended["changed_since_previous"]), (0, None, False))
        self.assertLessEqual(ended["created_at"], ended["started_at"])
        self.assertLessEqual(ended["started_at"], ended["completed_at"])
        index, details = ended["node_executions"]
        self.assertEqual((index["node_key"], index["node_id"], index["status"], index["job_count"],
                          index["item_count"], index["batch_id"]),
                         ("index", made["nodes"][0]["id"], "completed", 1, 2, None))
        self.assertEqual((details["job_count"], details["item_count"], details["failed_job_count"],
                          details["reused_count"]), (2, 2, 0, 0))
        for node in (index, details):
            self.assertEqual((node["skip_reason"], node["error"]), (None, None))
            self.assertIsNotNone(node["started_at"])
            self.assertIsNotNone(node["completed_at"])
            self.assertIn(node["job_id"], [job["id"] for job in self.jobs_of(node)])
        self.assertEqual([job["url"] for job in self.jobs_of(index)], [board.url])
        self.assertEqual(self.client.get(f"/api/jobs/batch/{details['batch_id']}", expect=200).json["total"], 2)
        output = self.output(made)
        self.assertEqual(output["final_results_by_url_grouped"],
                         {board.detail_url(name): {"default": [board.item(name)]} for name in "ab"})
        self.assertNotIn("final_results_by_url", output)
        self.assertNotIn("node_outputs", output)
        self.assertEqual((output["workflow_id"], output["run_id"], output["status"],
                          output["changed_since_previous"], output["completed_at"]),
                         (made["id"], run["id"], "completed", False, ended["completed_at"]))
        flat = self.output(made, "?flat=true")
        self.assertEqual(flat["final_results_by_url"],
                         {board.detail_url(name): [board.item(name)] for name in "ab"})
        self.assertNotIn("final_results_by_url_grouped", flat)
        self.assertEqual(self.client.get(self.at(made, "/runs?limit=20&offset=0"), expect=200).json,
                         [{name: value for name, value in ended.items() if name != "node_executions"}])

    def test_the_body_of_a_run_is_optional(self):
        made = self.create(self.two_steps(self.board()))
        for body, content_type in ((None, None), (None, "application/json"), (b"", "application/json"),
                                   (b"", "text/plain"), (b"{}", "application/json"),
                                   (b'{"force":null}', "application/json"), (b'{"x":1}', None)):
            with self.subTest(body=body, content_type=content_type):
                run = self.client.request("POST", self.at(made, "/run"), body=body, content_type=content_type,
                                          expect=201).json
                self.assertIs(run["force"], False)
                self.wait_run(made, run)
        for body in (b"[]", b"{", b'{"force":"yes"}', b'{"force":1}', b"null", b" "):
            with self.subTest(body=body):
                self.client.request("POST", self.at(made, "/run"), body=body, expect=400)
        answer = self.client.request("POST", self.at(made, "/run"), body=b"{}", content_type="text/plain")
        self.assert_error(answer, 400, "Content-Type must be application/json")
        answer = self.client.post(self.at(made, "/run"), {"force": "yes"}, expect=400)
        self.assertEqual(answer.json["errors"][0]["loc"], "body.force")
        self.assertIs(self.begin(made, force=True)["force"], True)

    def test_flags_of_output_are_read_in_every_case(self):
        board = self.board("a")
        made = self.create(self.two_steps(board))
        self.run_to_end(made)
        for query in ("?flat=true", "?flat=TRUE", "?flat=1"):
            self.assertIn("final_results_by_url", self.output(made, query))
        for query in ("?flat=false", "?flat=0", "?include_intermediate=False"):
            self.assertIn("final_results_by_url_grouped", self.output(made, query))
        for query in ("?flat=yes", "?flat=", "?include_intermediate=2"):
            self.assert_error(self.output(made, query, expect=400), 400)
        self.assertEqual(self.client.request("HEAD", self.at(made, "/runs/latest/output"), expect=200).body, b"")

    def test_runs_are_listed_newest_first(self):
        made = self.create(self.two_steps(self.board("a")))
        ids = [self.run_to_end(made)["id"] for _ in range(3)][::-1]
        self.assertEqual([run["id"] for run in self.client.get(self.at(made, "/runs"), expect=200).json], ids)
        self.assertEqual([run["id"] for run in self.client.get(self.at(made, "/runs?limit=1&offset=1")).json], ids[1:2])
        self.assertEqual(self.client.get(self.at(made, "/runs?offset=3"), expect=200).json, [])
        self.assertEqual(self.client.get(self.at(self.create({"name": "w"}), "/runs"), expect=200).json, [])
        for query in ("limit=0", "limit=1001", "offset=-1", "limit=x"):
            self.assert_error(self.client.get(self.at(made, "/runs?" + query)), 400)


class States(WorkflowCase):
    """Appendix C, run states; index -> details (2 URLs)."""

    def test_both_ok_is_completed(self):
        run = self.run_to_end(self.create(self.two_steps(self.board())))
        self.assertEqual(self.states(run), {"index": "completed", "details": "completed"})

    def test_one_failed_detail_is_partial(self):
        board = self.board("a", "b")
        board.break_detail("b")
        made = self.create(self.two_steps(board))
        run = self.run_to_end(made, "partial")
        self.assertEqual(self.states(run), {"index": "completed", "details": "completed"})
        self.assertEqual((run["failed_job_count"], self.node(run, "details")["failed_job_count"],
                          self.node(run, "details")["item_count"]), (1, 1, 1))
        output = self.output(made)
        self.assertEqual((output["status"], output["final_results_by_url_grouped"]),
                         ("partial", {board.detail_url("a"): {"default": [board.item("a")]}}))

    def test_both_failed_is_failed(self):
        board = self.board()
        board.break_detail("a"), board.break_detail("b")
        made = self.create(self.two_steps(board))
        run = self.run_to_end(made, "failed")
        self.assertEqual(self.states(run), {"index": "completed", "details": "failed"})
        self.assertEqual(run["error"], "Node 'details' failed: Page not accessible: 404 Not Found")
        self.assertEqual(self.node(run, "details")["error"], "Page not accessible: 404 Not Found")
        self.assert_error(self.output(made, expect=404), 404, "No completed runs found")

    def test_a_failed_index_skips_the_details(self):
        board = self.board()
        board.break_index(500)
        run = self.run_to_end(self.create(self.two_steps(board)), "failed")
        self.assertEqual(self.states(run), {"index": "failed", "details": "upstream_failed"})
        self.assertEqual(run["error"], "Node 'index' failed: Page not accessible: 500 Internal Server Error")
        self.assertEqual(board.hits()[1], 0)
        details = self.node(run, "details")
        self.assertEqual((details["job_id"], details["job_count"], details["item_count"]), (None, 0, 0))

    def test_an_unchanged_index_skips_the_details(self):
        board = self.board()
        made = self.create(self.two_steps(board))
        first = self.run_to_end(made)
        before = self.output(made)
        second = self.run_to_end(made)
        self.assertEqual(self.states(second), {"index": "completed", "details": "unchanged"})
        self.assertIs(second["changed_since_previous"], False)
        details = self.node(second, "details")
        self.assertEqual((details["item_count"], details["job_id"], details["job_count"]), (2, None, 0))
        after = self.output(made)
        self.assertEqual((after["run_id"], after["final_results_by_url_grouped"]),
                         (second["id"], before["final_results_by_url_grouped"]))
        self.assertNotEqual(first["id"], second["id"])

    def test_no_items_is_completed_with_nothing(self):
        board = Board(self.site, self.path(), ("a",))
        self.site.page(board.base + "/list", fixture_site.page("List", "<ul></ul>"))
        made = self.create(self.two_steps(board))
        run = self.run_to_end(made)
        self.assertEqual(self.states(run), {"index": "completed", "details": "completed"})
        self.assertEqual((self.node(run, "details")["job_count"], self.node(run, "details")["item_count"]), (0, 0))
        self.assertEqual(self.output(made)["final_results_by_url_grouped"], {})

    def test_one_failed_branch_leaves_the_other(self):
        board = self.board("a")
        made = self.workflow([self.start("good", self.index, board.url),
                              self.start("bad", self.index, self.site.url("/status/404")),
                              self.follow("after good", self.detail), self.follow("after bad", self.detail),
                              self.follow("after both", self.detail)],
                             [self.edge("good", "after good"), self.edge("bad", "after bad"),
                              self.edge("good", "after both"), self.edge("bad", "after both")])
        run = self.run_to_end(made, "partial")
        self.assertEqual(self.states(run), {"good": "completed", "bad": "failed", "after good": "completed",
                                            "after bad": "upstream_failed", "after both": "completed"})
        self.assertEqual(run["failed_job_count"], 1)

    def test_a_url_without_items_shows_an_empty_list(self):
        board = self.board("a", "b")
        self.site.page(board.detail_path("b"), fixture_site.page("b", "<p>no article</p>"))
        made = self.create(self.two_steps(board))
        self.run_to_end(made)
        self.assertEqual(self.output(made, "?flat=true")["final_results_by_url"],
                         {board.detail_url("a"): [board.item("a")], board.detail_url("b"): []})


class OneAtATime(WorkflowCase):
    def test_a_second_run_is_409_and_names_the_first(self):
        gate = self.path().replace("/", "-")
        made = self.workflow([self.start("slow", self.index, self.site.url("/gate/" + gate))])
        run = self.begin(made)
        answer = self.begin(made, expect=409)
        self.assert_error(answer, 409, "Workflow is already running", "conflict")
        self.assertEqual(answer.json["run_id"], run["id"])
        self.site.open(gate)
        self.wait_run(made, run)
        self.wait_run(made, self.begin(made))

    def test_of_two_that_race_one_gets_the_run(self):
        made = self.workflow([self.start("only", self.index, self.board("a").url)])
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for _ in range(100):
                answers = list(pool.map(lambda _: self.client.post(self.at(made, "/run")), range(2)))
                started = [answer.json["id"] for answer in answers if answer.status == 201]
                refused = [answer.json["run_id"] for answer in answers if answer.status == 409]
                self.assertEqual(len(started) + len(refused), 2, answers)
                if refused:
                    self.assertEqual(refused, started, "the one refused names the other")
                for run_id in started:
                    self.wait_run(made, {"id": run_id})
        runs = self.client.get(self.at(made, "/runs?limit=1000"), expect=200).json
        spans = sorted((run["created_at"], run["completed_at"]) for run in runs)
        self.assertGreaterEqual(len(runs), 100)
        self.assertEqual({run["status"] for run in runs}, {"completed"})
        for (_, ended), (begun, _) in zip(spans, spans[1:]):
            self.assertLessEqual(ended, begun)


class Cancelling(WorkflowCase):
    server_options = ("--jobs-workers", "4")

    def test_a_run_with_500_queued_jobs_is_cancelled_within_a_second(self):
        gate = self.path().replace("/", "-")
        board = Board(self.site, self.path(), [f"n{number}" for number in range(500)])
        for name in board.notes:
            board.hold(name, gate)
        made = self.create(self.two_steps(board))
        run = self.begin(made)
        self.wait_node(made, run, "details", "running")
        eventually(lambda: self.node(self.get_run(made, run), "details")["job_count"] == 500, 30, "500 jobs")
        with Stopwatch() as watch:
            cancelled = self.client.post(self.at(made, f"/runs/{run['id']}/cancel"), expect=200).json
        self.assertLess(watch.seconds, 1 if not harness.SANITIZED else 5)
        self.assertEqual((cancelled["status"], self.states(cancelled)),
                         ("cancelled", {"index": "completed", "details": "cancelled"}))
        self.assertIsNotNone(cancelled["completed_at"])
        self.site.open(gate)
        jobs = self.jobs_of(self.node(cancelled, "details"))
        self.assertEqual({(job["status"], job["error"]) for job in jobs}, {("failed", "Cancelled")})
        eventually(lambda: self.client.get("/api/jobs?status=running", expect=200).json == [], what="idle workers")
        # A job that runs to its end proves that the workers have been through what they had.
        self.client.execute(self.index, board.url)
        self.assertEqual(self.get_run(made, run), cancelled, "no later write")
        self.assertEqual(self.jobs_of(self.node(cancelled, "details")), jobs)
        again = self.client.post(self.at(made, f"/runs/{run['id']}/cancel"), json={}, expect=200).json
        self.assertEqual(again, cancelled)
        self.assert_error(self.output(made, expect=404), 404, "No completed runs found")
        self.assertEqual(self.client.get(self.at(made, "/runs"), expect=200).json[0]["status"], "cancelled")

    def test_a_pending_run_can_be_cancelled_and_another_begun(self):
        made = self.create(self.two_steps(self.board()))
        run = self.begin(made)
        status = self.client.post(self.at(made, f"/runs/{run['id']}/cancel")).status
        self.assertIn(status, (200, 409))
        run = self.begin(made)
        self.assertEqual(self.wait_run(made, run)["status"], "completed")

    def test_an_ended_run_cannot_be_cancelled(self):
        made = self.create(self.two_steps(self.board()))
        run = self.run_to_end(made)
        self.assert_error(self.client.post(self.at(made, f"/runs/{run['id']}/cancel")), 409,
                          "Workflow run has already finished", "conflict")
        self.assertEqual(self.get_run(made, run), run)
        board = self.board()
        board.break_index()
        failed = self.create(self.two_steps(board))
        run = self.run_to_end(failed, "failed")
        self.assert_error(self.client.post(self.at(failed, f"/runs/{run['id']}/cancel")), 409,
                          "Workflow run has already finished", "conflict")

    def test_deleting_the_workflow_cancels_its_run(self):
        gate = self.path().replace("/", "-")
        board = self.board("a", "b")
        board.hold("a", gate)
        made = self.create(self.two_steps(board))
        run = self.begin(made)
        self.wait_node(made, run, "details", "running")
        eventually(lambda: self.node(self.get_run(made, run), "details")["job_count"] == 2, what="two jobs")
        jobs = self.jobs_of(self.node(self.get_run(made, run), "details"))
        self.client.delete(self.at(made), expect=200)
        self.assert_error(self.client.get(self.at(made, f"/runs/{run['id']}")), 404, code="not_found")
        self.assertEqual(self.client.get("/api/jobs?status=pending", expect=200).json, [])
        self.site.open(gate)
        held = next(job["id"] for job in jobs if job["url"] == board.detail_url("a"))
        self.assertEqual(self.client.wait_job(held)["error"], "Cancelled")
        self.assertEqual(len([self.client.get_job(job["id"]) for job in jobs]), 2, "jobs stay")


class MeanwhileEdited(WorkflowCase):
    def test_edits_change_nothing_in_a_run(self):
        gate = self.path().replace("/", "-")
        board = self.board("a", "b")
        detail = self.client.strategy(board.detail_url("a"), DETAIL_PLAN)
        first = self.site.url("/gate/" + gate)
        self.site.page("/gate/" + gate, lambda _: (self.site.wait(self.site.gate(gate)), fixture_site.page(
            "List", f'<ul><li class=entry><a href="{board.detail_url("a")}">a</a></ul>'))[1])
        made = self.workflow([self.start("index", self.index, first), self.follow("details", detail)],
                             [self.edge("index", "details")])
        run = self.begin(made)
        eventually(lambda: self.site.hits("/gate/" + gate) == 1, what="the first fetch")
        self.client.request("PUT", self.at(made, "/nodes/index"),
                            json={"static_urls": ["http://changed.invalid/"], "node_key": "renamed"}, expect=200)
        self.client.request("PUT", self.at(made, "/nodes/details"), json={"strategy_id": self.index["id"]}, expect=200)
        self.client.delete(self.at(made, f"/edges/{made['edges'][0]['id']}"), expect=200)
        self.client.post(self.at(made, "/nodes"), self.start("extra", self.index, "http://extra.invalid/"), expect=201)
        self.client.delete(self.at(made, "/nodes/details"), expect=200)
        self.client.patch(f"/api/strategies/{detail['id']}", {"filter_config": {"conditions": [
            {"field": "title", "operator": "equals", "value": "nothing"}]}}, expect=200)
        self.site.open(gate)
        ended = self.wait_run(made, run)
        self.assertEqual((ended["status"], self.states(ended)),
                         ("completed", {"index": "completed", "details": "completed"}))
        self.assertEqual(self.output(made, "?flat=true")["final_results_by_url"],
                         {board.detail_url("a"): [board.item("a")]})
        drawn = self.client.get(self.at(made, f"/graph.svg?run_id={run['id']}"), expect=200).body
        self.assertIn(b"details", drawn)
        self.assertNotIn(b"extra", drawn)


class Limits(WorkflowCase):
    server_options = ("--workflows-max-node-jobs", "5", "--workflows-run-timeout", "2", "--compat-partial-as",
                      "completed")

    def test_more_inputs_than_allowed_are_cut_and_noted(self):
        board = Board(self.site, self.path(), [f"n{number}" for number in range(9)])
        made = self.create(self.two_steps(board))
        run = self.run_to_end(made)
        details = self.node(run, "details")
        self.assertEqual((details["status"], details["job_count"], board.hits()[1]), ("completed", 5, 5))
        self.assertRegex(details["error"], r"\b4\b|\b5\b")

    def test_a_run_past_its_time_fails_its_jobs(self):
        gate = self.path().replace("/", "-")
        made = self.workflow([self.start("slow", self.index, self.site.url("/gate/" + gate)),
                              self.follow("details", self.detail)], [self.edge("slow", "details")])
        run = self.run_to_end(made, "failed")
        self.assertEqual(self.states(run), {"slow": "failed", "details": "upstream_failed"})
        self.assertRegex(run["error"], "^Node 'slow' failed: .*timed out")
        self.site.open(gate)
        self.assertEqual(self.get_run(made, run), run)

    def test_partial_is_shown_as_the_setting_says(self):
        board = self.board("a", "b")
        board.break_detail("b")
        made = self.create(self.two_steps(board))
        run = self.run_to_end(made, "completed")
        self.assertEqual(run["failed_job_count"], 1)
        self.assertEqual(self.client.get(self.at(made, "/runs"), expect=200).json[0]["status"], "completed")
        self.assertEqual(self.output(made)["status"], "partial", "only run endpoints are told otherwise")


class Accounts(WorkflowCase):
    def test_metrics_count_runs_and_nodes(self):
        def value(name):
            text = self.server.admin().get("/metrics", expect=200).body.decode()
            return next((int(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name)), 0)
        ended = 'meter_workflow_runs_total{status="completed"}'
        nodes = "meter_workflow_node_transitions_total"
        before = value(ended), value(nodes)
        made = self.create(self.two_steps(self.board()))
        self.run_to_end(made)
        eventually(lambda: value(ended) > before[0] and value(nodes) >= before[1] + 4, what="counters")
        gate = self.path().replace("/", "-")
        slow = self.workflow([self.start("slow", self.index, self.site.url("/gate/" + gate))])
        run = self.begin(slow)
        eventually(lambda: value('meter_workflow_runs_open') >= 1, what="an open run")
        self.client.post(self.at(slow, f"/runs/{run['id']}/cancel"), expect=200)
        self.site.open(gate)

    def test_jobs_of_a_run_are_jobs_of_the_account(self):
        made = self.create(self.two_steps(self.board("a")))
        run = self.run_to_end(made)
        job = self.client.get_job(self.node(run, "index")["job_id"])
        self.assertEqual((job["strategy_id"], job["status"], job["item_count"]), (self.index["id"], "completed", 1))
        self.assert_error(self.other_client().get(f"/api/jobs/{job['id']}"), 404, "Job not found")


class Restart(WorkflowCase):
    server_options = (*harness.QUICK_LEASES, "--jobs-max-attempts", "10")

    def test_a_run_goes_on_after_kill_and_after_a_graceful_stop(self):
        for stop in (self.server.kill, self.server.terminate):
            gate = self.path().replace("/", "-")
            board = self.board("a", "b", "c")
            board.hold("b", gate)
            made = self.create(self.two_steps(board))
            run = self.begin(made)
            eventually(lambda: {job["status"] for job in self.jobs_of(self.node(self.get_run(made, run), "details"))
                                if job["url"] != board.detail_url("b")} == {"completed"}
                       and self.node(self.get_run(made, run), "details")["job_count"] == 3, what="a and c")
            eventually(lambda: self.site.hits(board.detail_path("b")) == 1, what="b")
            stop()
            self.site.open(gate)
            self.server.start()
            ended = self.wait_run(made, run)
            self.assertEqual((ended["status"], self.node(ended, "details")["item_count"]), ("completed", 3))
            self.assertEqual([self.site.hits(board.detail_path(name)) for name in "ac"], [1, 1])
            self.assertEqual(self.site.hits(board.base + "/list"), 1)


if __name__ == "__main__":
    unittest.main()
