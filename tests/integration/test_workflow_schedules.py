"""Workflow schedules: members, updates, ticks, webhooks of scheduled runs (BEHAVIOUR 13, 15.2, 15.3, 19.8)."""

import unittest

import harness
from harness import UNKNOWN_ID, eventually
from receiver import Receiver, body_of, check_signature
from test_schedules import BAD_URLS, moment
from workflow_case import WorkflowCase

PAYLOAD = ["workflow_id", "workflow_name", "run_id", "schedule_id", "status", "trigger", "has_changes",
           "changed_since_previous", "item_count", "final_results_by_url_grouped", "error", "started_at",
           "completed_at", "metadata"]
HOOK = "https://hooks.example.test/in"


class ScheduleCase(WorkflowCase):
    def schedule(self, workflow, expect=201, **members):
        if "interval_seconds" not in members and "cron_expression" not in members:
            members["interval_seconds"] = 3600
        made = self.client.post(self.at(workflow, "/schedules"), members, expect=expect)
        if expect == 201:
            self.addCleanup(lambda: self.client.delete(self.at(workflow, f"/schedules/{made.json['id']}")))
        return made.json if expect == 201 else made

    def schedules(self, workflow):
        return self.client.get(self.at(workflow, "/schedules"), expect=200).json

    def patch(self, workflow, schedule, body, expect=200):
        answer = self.client.patch(self.at(workflow, f"/schedules/{schedule['id']}"), body, expect=expect)
        return answer.json if expect == 200 else answer

    def runs(self, workflow):
        return self.client.get(self.at(workflow, "/runs?limit=1000"), expect=200).json


class Members(ScheduleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = cls.client.post("/api/workflows", {"name": "W", "nodes": [cls.start(
            "only", cls.index, "http://a.invalid/")]}, expect=201).json

    def test_an_interval_schedule(self):
        schedule = self.schedule(self.made, interval_seconds=3600, webhook_url=None, webhook_metadata=None,
                                 webhook_secret=None, webhook_type=None)
        self.assertEqual((schedule["id"], schedule["workflow_id"]), (schedule["schedule_id"], self.made["id"]))
        self.assertEqual((schedule["schedule_type"], schedule["interval_seconds"], schedule["cron_expression"],
                          schedule["enabled"], schedule["last_run_at"], schedule["webhook_on"]),
                         ("interval", 3600, None, True, None, "all"))
        for member in ("webhook_url", "webhook_metadata", "webhook_secret", "webhook_type"):
            self.assertIsNone(schedule[member], member)
        for absent in ("url", "urls", "strategy_id", "parameters", "timezone", "jitter_seconds"):
            self.assertNotIn(absent, schedule)
        self.assertEqual(moment(schedule["next_run_at"]), moment(schedule["created_at"]) + 3600)
        self.assertEqual([moment(text) for text in schedule["next_runs"]],
                         [moment(schedule["next_run_at"]) + 3600 * n for n in range(5)])
        listed, = [each for each in self.schedules(self.made) if each["id"] == schedule["id"]]
        self.assertEqual(listed, {name: value for name, value in schedule.items() if name != "webhook_secret"})

    def test_a_cron_schedule_in_a_zone(self):
        schedule = self.schedule(self.made, cron_expression="30 4 * * *", timezone="Europe/Berlin", jitter_seconds=60)
        self.assertEqual((schedule["schedule_type"], schedule["interval_seconds"], schedule["cron_expression"],
                          schedule["timezone"], schedule["jitter_seconds"]),
                         ("cron", None, "30 4 * * *", "Europe/Berlin", 60))
        self.assertRegex(schedule["next_run_at"], "T0[23]:30:00Z$")

    def test_members_of_other_schedules_are_ignored(self):
        schedule = self.schedule(self.made, url="nonsense", urls=[5], strategy_id="x", parameters=[], workflow_id="x")
        self.assertEqual(schedule["workflow_id"], self.made["id"])

    def test_what_is_wrong_is_named(self):
        rows = (
            ({"interval_seconds": 60, "cron_expression": "0 9 * * *"},
             "Provide either interval_seconds or cron_expression, not both", None),
            ({"interval_seconds": None}, "Provide either interval_seconds or cron_expression", None),
            ({"interval_seconds": 59}, None, "interval_seconds"),
            ({"interval_seconds": 31536001}, None, "interval_seconds"),
            ({"interval_seconds": "60"}, None, "interval_seconds"),
            ({"interval_seconds": None, "cron_expression": 5}, None, "cron_expression"),
            ({"interval_seconds": None, "cron_expression": "0 0 30 2 *"}, None, "cron_expression"),
            ({"timezone": "Mars/Olympus"}, None, "timezone"), ({"jitter_seconds": -1}, None, "jitter_seconds"),
            ({"jitter_seconds": 3601}, None, "jitter_seconds"), ({"webhook_type": "pigeon"}, None, "webhook_type"),
            ({"webhook_on": "sometimes"}, None, "webhook_on"), ({"webhook_metadata": []}, None, "webhook_metadata"),
            ({"webhook_url": 5}, None, "webhook_url"),
            ({"webhook_url": HOOK, "webhook_secret": "x" * 257}, None, "webhook_secret"),
        )
        for members, detail, name in rows:
            with self.subTest(members=members):
                body = {name: value for name, value in {"interval_seconds": 3600, **members}.items()
                        if value is not None}
                answer = self.client.post(self.at(self.made, "/schedules"), body)
                self.assert_error(answer, 400, detail)
                if name:
                    self.assertEqual(answer.json["errors"][0]["loc"], f"body.{name}")
        for url in BAD_URLS:
            self.assert_error(self.schedule(self.made, expect=422, webhook_url=url), 422, "Invalid URL format")
        self.assert_error(self.schedule(self.made, expect=422, webhook_url="mailto:a@b.test"), 422,
                          "Email notifications are not configured")
        for body in (b"", b"{", b"[]"):
            self.client.request("POST", self.at(self.made, "/schedules"), body=body, expect=400)

    def test_secrets_are_shown_once(self):
        schedule = self.schedule(self.made, webhook_url=HOOK)
        self.assertRegex(schedule["webhook_secret"], "^whsec_[0-9a-f]{32}$")
        self.assertEqual(schedule["webhook_type"], "standard")
        self.assertNotIn("webhook_secret", self.patch(self.made, schedule, {"enabled": True}))
        self.assertNotIn("webhook_secret", self.schedules(self.made)[0])
        self.assertEqual(self.patch(self.made, schedule, {"webhook_secret": "my own"})["webhook_secret"], "my own")
        self.assertRegex(self.patch(self.made, schedule, {"webhook_secret": ""})["webhook_secret"], "^whsec_")
        self.assertEqual(self.schedule(self.made, webhook_url="https://hooks.slack.com/services/T/B/x")["webhook_type"],
                         "slack")
        removed = self.patch(self.made, schedule, {"webhook_url": None})
        self.assertEqual((removed["webhook_url"], removed["webhook_type"]), (None, None))

    def test_updates_follow_the_rules_of_schedules(self):
        schedule = self.schedule(self.made, interval_seconds=3600)
        same = self.patch(self.made, schedule, {})
        self.assertEqual(same["next_run_at"], schedule["next_run_at"])
        cron = self.patch(self.made, schedule, {"cron_expression": "0 9 * * *"})
        self.assertEqual((cron["schedule_type"], cron["interval_seconds"]), ("cron", None))
        self.assertRegex(cron["next_run_at"], "T09:00:00Z$")
        back = self.patch(self.made, schedule, {"interval_seconds": 7200})
        self.assertEqual((back["schedule_type"], back["cron_expression"]), ("interval", None))
        off = self.patch(self.made, schedule, {"enabled": False})
        self.assertEqual((off["enabled"], off["next_run_at"], off["next_runs"]), (False, None, []))
        self.assertIsNotNone(self.patch(self.made, schedule, {"enabled": True})["next_run_at"])
        self.assertEqual(self.patch(self.made, schedule, {"url": "nonsense", "parameters": 5})["workflow_id"],
                         self.made["id"])
        for body, member in (({"interval_seconds": 5}, "interval_seconds"), ({"enabled": "no"}, "enabled"),
                             ({"enabled": None}, "enabled"), ({"interval_seconds": None}, "interval_seconds"),
                             ({"cron_expression": "x"}, "cron_expression"), ({"webhook_on": 5}, "webhook_on")):
            with self.subTest(body=body):
                answer = self.patch(self.made, schedule, body, expect=400)
                self.assertEqual(answer.json["errors"][0]["loc"], f"body.{member}")
        self.assert_error(self.patch(self.made, schedule, {"interval_seconds": 60, "cron_expression": "0 9 * * *"},
                                     expect=400), 400,
                          "Provide either interval_seconds or cron_expression, not both")
        self.assert_error(self.patch(self.made, schedule, {"webhook_url": "nonsense"}, expect=422), 422,
                          "Invalid URL format")

    def test_a_workflow_may_have_several(self):
        made = self.workflow([self.start("only", self.index, "http://a.invalid/")])
        ids = [self.schedule(made)["id"] for _ in range(3)][::-1]
        self.assertEqual([each["id"] for each in self.schedules(made)], ids)
        self.assertEqual(self.client.delete(self.at(made, f"/schedules/{ids[1]}"), expect=200).json["message"],
                         "Schedule deleted successfully")
        self.assertEqual([each["id"] for each in self.schedules(made)], [ids[0], ids[2]])
        self.client.delete(self.at(made, f"/schedules/{ids[1]}"), expect=404)

    def test_they_are_no_schedules_of_strategies(self):
        schedule = self.schedule(self.made, webhook_url=HOOK)
        self.assertEqual(self.client.get("/api/schedules?limit=1000", expect=200).json, [])
        target = f"/api/schedules/{schedule['id']}"
        for answer in (self.client.get(target), self.client.patch(target, {"enabled": False}),
                       self.client.delete(target), self.client.get(target + "/changes"),
                       self.client.get(target + "/changelog"),
                       self.client.post(target + "/webhook-secret/regenerate")):
            self.assert_error(answer, 404, "Schedule not found")
        self.assertIs(self.schedules(self.made)[0]["enabled"], True)

    def test_an_unfinished_graph_cannot_be_scheduled(self):
        empty = self.create({"name": "w"})
        self.assert_error(self.schedule(empty, expect=400), 400, "Workflow has no nodes")
        self.assert_error(self.client.post(f"/api/workflows/{UNKNOWN_ID}/schedules", {"interval_seconds": 5}), 400)

    def test_they_go_with_the_workflow(self):
        made = self.workflow([self.start("only", self.index, "http://a.invalid/")])
        self.client.post(self.at(made, "/schedules"), {"interval_seconds": 3600}, expect=201)
        self.client.delete(self.at(made), expect=200)
        self.assert_error(self.client.get(self.at(made, "/schedules")), 404, "Workflow not found")


class Ticks(ScheduleCase):
    server_options = ("--min-interval-seconds", "1", "--webhooks-timeout-seconds", "2")

    def setUp(self):
        self.receiver = Receiver().start()
        self.addCleanup(self.receiver.close)

    def assert_payload(self, payload):
        self.assertEqual(list(payload), PAYLOAD)
        harness.the_spec()._schema({"$ref": "#/components/schemas/WorkflowRunPayload"}, payload)

    def hooks(self, path, count, condition=lambda payload: True):
        def found():
            hooks = [hook for hook in self.receiver.requests(path) if condition(body_of(hook))]
            return hooks if len(hooks) >= count else None
        return eventually(found, 20, f"{count} requests at {path}")

    def test_scheduled_runs_are_told_with_their_results(self):
        board = self.board("a", "b")
        made = self.create(self.two_steps(board))
        schedule = self.schedule(made, interval_seconds=1, webhook_url=self.receiver.url("/hook"),
                                 webhook_metadata={"team": "shop"})
        first, second = self.hooks("/hook", 2)[:2]
        check_signature(first, schedule["webhook_secret"])
        payload = body_of(first)
        self.assert_payload(payload)
        self.assertEqual((payload["workflow_id"], payload["workflow_name"], payload["schedule_id"], payload["status"],
                          payload["trigger"], payload["has_changes"], payload["item_count"], payload["error"],
                          payload["metadata"]),
                         (made["id"], "Two steps", schedule["id"], "completed", "schedule", False, 2, None,
                          {"team": "shop"}))
        self.assertEqual(payload["final_results_by_url_grouped"],
                         {board.detail_url(name): {"default": [board.item(name)]} for name in "ab"})
        self.assertTrue(first.headers["x-webhook-event"])
        run = self.get_run(made, {"id": payload["run_id"]})
        self.assertEqual((run["trigger"], run["force"], run["schedule_id"]), ("schedule", False, schedule["id"]))
        self.assertNotEqual(body_of(second)["run_id"], payload["run_id"])
        self.assertEqual(board.hits()[1], 2, "unchanged entries are not fetched again")

        board.write("a", "two"), board.note("a", "new")
        payload = body_of(self.hooks("/hook", 1, lambda payload: payload["has_changes"])[0])
        self.assert_payload(payload)
        self.assertIs(payload["changed_since_previous"], True)
        self.assertEqual(payload["final_results_by_url_grouped"][board.detail_url("a")]["default"],
                         [board.item("a", "two")])

        board.break_index()
        payload = body_of(self.hooks("/hook", 1, lambda payload: payload["status"] == "failed")[0])
        self.assert_payload(payload)
        self.assertIsNone(payload["final_results_by_url_grouped"])
        self.assertEqual(payload["error"], "Node 'index' failed: Page not accessible: 404 Not Found")

        board.write_index()
        board.break_detail("b")
        board.note("b", "look"), board.add("c")
        payload = body_of(self.hooks("/hook", 1, lambda payload: payload["status"] == "partial")[0])
        self.assert_payload(payload)
        self.assertEqual(set(payload["final_results_by_url_grouped"]), {board.detail_url("a"), board.detail_url("c")})
        listed = self.client.get(f"/api/webhooks/deliveries?schedule_id={schedule['id']}", expect=200).json
        self.assertGreaterEqual(len(listed), 4)
        self.assertIsNotNone(self.schedules(made)[0]["last_run_at"])

    def test_manual_and_cancelled_runs_are_told_to_nobody(self):
        gate = self.path().replace("/", "-")
        made = self.workflow([self.start("slow", self.index, self.site.url("/gate/" + gate))])
        schedule = self.schedule(made, interval_seconds=1, webhook_url=self.receiver.url("/hook"))
        run = eventually(lambda: self.runs(made), what="a scheduled run")[0]
        self.assertEqual(run["trigger"], "schedule")
        self.patch(made, schedule, {"enabled": False})
        self.client.post(self.at(made, f"/runs/{run['id']}/cancel"), expect=200)
        self.site.open(gate)
        board = self.board("a")
        self.client.request("PUT", self.at(made, "/nodes/slow"), json={"static_urls": [board.url]}, expect=200)
        self.run_to_end(made)
        # What is told of the next scheduled run is the first that is told at all.
        self.patch(made, schedule, {"enabled": True})
        hook = self.hooks("/hook", 1)[0]
        manual = {each["id"] for each in self.runs(made) if each["trigger"] == "manual"}
        self.assertNotIn(body_of(hook)["run_id"], manual | {run["id"]})
        self.assertEqual(body_of(hook)["status"], "completed")

    def test_only_changes_and_failures_when_asked(self):
        board = self.board("a")
        made = self.create(self.two_steps(board))
        self.schedule(made, interval_seconds=1, webhook_url=self.receiver.url("/hook"), webhook_on="changes")
        eventually(lambda: len([run for run in self.runs(made) if run["status"] == "completed"]) >= 2, 20, "two runs")
        self.assertEqual(self.receiver.requests("/hook"), [])
        board.write("a", "two"), board.note("a", "new")
        self.assertIs(body_of(self.hooks("/hook", 1)[0])["has_changes"], True)
        board.break_index()
        self.hooks("/hook", 1, lambda payload: payload["status"] == "failed")

    def test_other_kinds_of_receivers_are_told_in_their_form(self):
        kinds = ("slack", "slack_workflow", "discord")
        for kind in kinds:
            made = self.create(self.two_steps(self.board("a")))
            self.schedule(made, interval_seconds=1, webhook_type=kind, webhook_url=self.receiver.url(f"/{kind}"))
        bodies = {kind: body_of(self.hooks(f"/{kind}", 1)[0]) for kind in kinds}
        self.assertTrue(bodies["slack"]["blocks"])
        self.assertEqual({type(value) for value in bodies["slack_workflow"].values()}, {str})
        self.assertTrue(bodies["discord"]["embeds"])
        for kind in kinds:
            self.assertIn("Two steps", str(bodies[kind]))

    def test_a_tick_meanwhile_is_skipped(self):
        gate = self.path().replace("/", "-")
        made = self.workflow([self.start("slow", self.index, self.site.url("/gate/" + gate))])
        run = self.begin(made)
        schedule = self.schedule(made, interval_seconds=1)
        due = moment(schedule["next_run_at"])
        eventually(lambda: moment(self.schedules(made)[0]["next_run_at"]) >= due + 2, 20, "two ticks")
        self.assertEqual([each["id"] for each in self.runs(made)], [run["id"]])
        self.site.open(gate)
        eventually(lambda: len(self.runs(made)) > 1, 20, "the next tick")

    def test_a_disabled_workflow_does_not_tick_but_runs_by_hand(self):
        made = self.create(self.two_steps(self.board("a")))
        self.client.request("PUT", self.at(made), json={"enabled": False}, expect=200)
        self.schedule(made, interval_seconds=1)
        other = self.create(self.two_steps(self.board("a")))
        self.schedule(other, interval_seconds=1)
        eventually(lambda: len(self.runs(other)) >= 2, 20, "ticks of another workflow")
        self.assertEqual(self.runs(made), [])
        self.assertEqual(self.run_to_end(made)["trigger"], "manual")
        self.client.request("PUT", self.at(made), json={"enabled": True}, expect=200)
        eventually(lambda: any(run["trigger"] == "schedule" for run in self.runs(made)), 20, "a tick")

    def test_runs_stay_when_their_schedule_goes(self):
        made = self.create(self.two_steps(self.board("a")))
        schedule = self.schedule(made, interval_seconds=1)
        eventually(lambda: any(run["status"] == "completed" for run in self.runs(made)), 20, "a run")
        self.client.delete(self.at(made, f"/schedules/{schedule['id']}"), expect=200)
        self.assertEqual(self.runs(made)[-1]["schedule_id"], schedule["id"])


if __name__ == "__main__":
    unittest.main()
