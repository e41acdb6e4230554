"""Strategy groups: members, schedules for all, a schema for all (BEHAVIOUR 18)."""

import re
import unittest

import fixture_site
import harness
import receiver as receivers
from harness import UNKNOWN_ID, eventually
from test_generate import catalogue

GROUPS = "/api/strategy-groups"


class Groups(harness.MeterCase):
    def group(self, name="Shops", *strategies, **members):
        made = self.client.post(GROUPS, {"name": name, **members}, expect=201).json
        if strategies:
            self.add(made, *strategies)
        return made

    def add(self, group, *strategies, expect=200):
        return self.client.post(f"{GROUPS}/{group['id']}/strategies",
                                {"strategy_ids": [strategy["id"] for strategy in strategies]}, expect=expect)

    def shops(self, count):
        return [self.client.strategy(self.site.url("/shop"), name=f"Shop {n}") for n in range(count)]

    def detail(self, group):
        return self.client.get(f"{GROUPS}/{group['id']}", expect=200).json

    def apply(self, group, expect=200, **members):
        return self.client.post(f"{GROUPS}/{group['id']}/schedule", members, expect=expect)

    def single(self, strategy):
        """A schedule that has nothing to do with the group."""
        made = self.client.post("/api/schedules", {"strategy_id": strategy["id"], "url": strategy["url"],
                                                   "interval_seconds": 600}, expect=201).json
        return self.client.get(f"/api/schedules/{made['id']}", expect=200).json

    def schedules(self, group):
        found = self.client.get("/api/schedules", expect=200).json
        return {each["id"]: each for each in found if each["strategy_group_id"] == group["id"]}


class Members(Groups):
    def test_a_group_is_made_listed_changed_and_deleted(self):
        first = self.group("First", description="Price tracking")
        self.assertEqual((first["name"], first["description"], first["strategy_count"]), ("First", "Price tracking", 0))
        second = self.group("First")  # names need not be unique
        self.assertIsNone(second["description"])
        self.assertEqual([each["id"] for each in self.client.get(f"{GROUPS}?limit=2", expect=200).json],
                         [second["id"], first["id"]])
        self.assertEqual(self.client.get(f"{GROUPS}?limit=1&offset=1", expect=200).json, [first])
        changed = self.client.patch(f"{GROUPS}/{first['id']}", {"name": "Renamed", "description": None},
                                    expect=200).json
        self.assertEqual((changed["name"], changed["description"]), ("Renamed", None))
        self.assertEqual(self.client.patch(f"{GROUPS}/{first['id']}", {}, expect=200).json, changed)
        self.assertEqual(self.detail(first), {**changed, "strategies": [], "output_schema": None})
        gone = self.client.delete(f"{GROUPS}/{second['id']}", expect=200).json
        self.assertEqual(gone, {"message": "Strategy group deleted successfully"})
        self.assert_error(self.client.delete(f"{GROUPS}/{second['id']}"), 404, "Strategy group not found")

    def test_members_come_move_and_go(self):
        a, b, c = self.shops(3)
        one, two = self.group("One", a, b), self.group("Two")
        self.assertEqual(self.add(one, a, c).json["added"], 1, "a member again is fine")
        detail = self.detail(one)
        self.assertEqual((detail["strategy_count"], [each["id"] for each in detail["strategies"]]),
                         (3, [c["id"], b["id"], a["id"]]))
        self.assertEqual(detail["strategies"][2]["name"], "Shop 0")
        self.assertEqual(self.client.get(f"/api/strategies/{a['id']}", expect=200).json["strategy_group_id"], one["id"])
        self.assertEqual(self.add(two, a).json["added"], 1)
        self.assertEqual([group["strategy_count"] for group in self.client.get(f"{GROUPS}?limit=2").json], [1, 2])
        self.assert_error(self.client.delete(f"{GROUPS}/{one['id']}/strategies/{a['id']}"), 404, "Strategy not found")
        self.client.delete(f"{GROUPS}/{one['id']}/strategies/{b['id']}", expect=200)
        self.client.delete(f"/api/strategies/{c['id']}", expect=200)
        self.assertEqual(self.detail(one)["strategies"], [])
        self.client.delete(f"{GROUPS}/{two['id']}", expect=200)
        self.assertIsNone(self.client.get(f"/api/strategies/{a['id']}", expect=200).json["strategy_group_id"])

    def test_an_unknown_strategy_adds_nothing(self):
        a, = self.shops(1)
        group = self.group()
        answer = self.client.post(f"{GROUPS}/{group['id']}/strategies", {"strategy_ids": [a["id"], UNKNOWN_ID]})
        self.assert_error(answer, 404, "Strategy not found")
        self.assertEqual(self.detail(group)["strategy_count"], 0)

    def test_a_strategy_may_be_made_in_a_group_and_gets_no_schedule_by_that(self):
        a, = self.shops(1)
        group = self.group("Made into", a)
        self.apply(group, interval_seconds=3600)
        made = self.client.strategy(self.site.url("/shop"), strategy_group_id=group["id"])
        self.assertEqual(made["strategy_group_id"], group["id"])
        self.assertEqual([each["id"] for each in self.detail(group)["strategies"]], [made["id"], a["id"]])
        self.assertEqual(len(self.schedules(group)), 1)
        watch = self.client.post("/api/watch", {"url": self.site.url("/shop"), "description": "d",
                                                "strategy": fixture_site.SHOP_PLAN, "strategy_group_id": group["id"]},
                                 expect=201).json
        self.assertEqual(self.detail(group)["strategies"][0]["id"], watch["strategy_id"])
        self.client.generate(self.site.url("/shop"), expect=404, strategy_group_id=UNKNOWN_ID)


class Schedules(Groups):
    def test_each_member_gets_a_schedule_on_its_own_url_and_the_next_call_changes_it(self):
        a, b = self.shops(2)
        own = self.single(a)
        group = self.group("Scheduled", a, b)
        made = self.apply(group, interval_seconds=3600, webhook_url="https://hook.test/x",
                          webhook_metadata={"team": "shop"}).json
        self.assertEqual((made["created"], made["updated"], made["webhook_type"]), (2, 0, "standard"))
        self.assertRegex(made["webhook_secret"], r"whsec_[0-9a-f]{32}")
        schedules = self.schedules(group)
        self.assertEqual(set(schedules), set(made["schedule_ids"]))
        self.assertEqual({each["strategy_id"] for each in schedules.values()}, {a["id"], b["id"]})
        for each in schedules.values():
            self.assertEqual((each["url"], each["interval_seconds"], each["webhook_url"], each["webhook_metadata"]),
                             (a["url"], 3600, "https://hook.test/x", {"team": "shop"}))

        c, = self.shops(1)
        self.add(group, c)
        self.assertEqual(len(self.schedules(group)), 2, "a strategy added later gets nothing by itself")
        again = self.apply(group, cron_expression="0 9 * * *", timezone="Europe/Berlin", webhook_on="changes").json
        self.assertEqual((again["created"], again["updated"]), (1, 2))
        self.assertNotIn("webhook_secret", again, "the secret was kept, not generated")
        for each in self.schedules(group).values():
            self.assertEqual((each["interval_seconds"], each["cron_expression"], each["timezone"], each["webhook_url"],
                              each["webhook_metadata"], each["webhook_on"]),
                             (None, "0 9 * * *", "Europe/Berlin", "https://hook.test/x", {"team": "shop"}, "changes"))
        self.assertEqual(self.client.get(f"/api/schedules/{own['id']}", expect=200).json, own)
        self.apply(group, interval_seconds=7200)
        self.assertNotIn("timezone", next(iter(self.schedules(group).values())), "the timing is replaced as a whole")

    def test_all_members_share_one_secret(self):
        with receivers.Receiver() as receiver:
            a, b = self.shops(2)
            group = self.group("Secret", a, b)
            url = receiver.url("/hook")
            self.apply(group, interval_seconds=3600, webhook_url=url, webhook_secret="given-secret")
            one, two = self.schedules(group).values()
            self.client.post(f"/api/schedules/{one['id']}/webhook-secret/regenerate", expect=200)
            self.apply(group, interval_seconds=3600)
            self.client.post(f"{GROUPS}/{group['id']}/webhook/test", {}, expect=200)
            hook = eventually(lambda: receiver.requests("/hook"), what="the test")[0]
            receivers.check_signature(hook, "given-secret")
            fresh = self.apply(group, interval_seconds=3600, webhook_secret="").json["webhook_secret"]
            self.assertRegex(fresh, r"whsec_[0-9a-f]{32}")

    def test_an_empty_group_is_no_error(self):
        group = self.group()
        made = self.apply(group, interval_seconds=3600).json
        self.assertEqual((made["created"], made["updated"], made["schedule_ids"]), (0, 0, []))
        self.assertIsNone(made["webhook_type"])
        self.assertEqual(self.client.delete(f"{GROUPS}/{group['id']}/schedule", expect=200).json["deleted"], 0)

    def test_toggle_and_delete_act_on_the_group_s_schedules_only(self):
        a, b = self.shops(2)
        own = self.single(a)
        group = self.group("Toggled", a, b)
        self.apply(group, interval_seconds=3600)
        toggle = f"{GROUPS}/{group['id']}/schedule/toggle"
        off = self.client.patch(toggle, {"enabled": False}, expect=200).json
        self.assertEqual((off["enabled"], off["updated"]), (False, 2))
        self.assertEqual({(each["enabled"], each["next_run_at"]) for each in self.schedules(group).values()},
                         {(False, None)})
        self.apply(group, interval_seconds=7200)
        self.assertEqual({each["enabled"] for each in self.schedules(group).values()}, {False})
        self.client.patch(toggle, {"enabled": True}, expect=200)
        self.assertTrue(all(each["next_run_at"] for each in self.schedules(group).values()))
        self.assertEqual(self.client.get(f"/api/schedules/{own['id']}", expect=200).json, own)
        singly = next(iter(self.schedules(group)))
        self.client.delete(f"/api/schedules/{singly}", expect=200)
        self.assertEqual(self.client.delete(f"{GROUPS}/{group['id']}/schedule", expect=200).json["deleted"], 1)
        self.assertEqual(self.schedules(group), {})
        self.client.get(f"/api/schedules/{own['id']}", expect=200)

    def test_leaving_a_group_ends_its_schedule_and_deleting_the_group_does_not(self):
        a, b, c = self.shops(3)
        group = self.group("Left", a, b, c)
        self.apply(group, interval_seconds=3600)
        self.client.delete(f"{GROUPS}/{group['id']}/strategies/{a['id']}", expect=200)
        self.group("Elsewhere", b)
        (left, schedule), = self.schedules(group).items()
        self.assertEqual(schedule["strategy_id"], c["id"])
        self.client.delete(f"{GROUPS}/{group['id']}", expect=200)
        self.assertIsNone(self.client.get(f"/api/schedules/{left}", expect=200).json["strategy_group_id"])

    def test_what_is_wrong_with_a_schedule_changes_nothing(self):
        a, = self.shops(1)
        group = self.group("Wrong", a)
        both = "Provide either interval_seconds or cron_expression"
        rows = (({}, 400, both), ({"interval_seconds": 60, "cron_expression": "0 9 * * *"}, 400, both + ", not both"),
                ({"interval_seconds": 59}, 400, None), ({"interval_seconds": "60"}, 400, None),
                ({"cron_expression": "0 9 * *"}, 400, None), ({"interval_seconds": 60, "timezone": 1}, 400, None),
                ({"cron_expression": "0 9 * * *", "timezone": "Mars/Base"}, 400, None),
                ({"interval_seconds": 60, "webhook_type": "carrier"}, 400, None),
                ({"interval_seconds": 60, "webhook_on": "never"}, 400, None),
                ({"interval_seconds": 60, "webhook_metadata": []}, 400, None),
                ({"interval_seconds": 60, "webhook_url": "https://hook.test/", "webhook_secret": "\t"}, 400, None),
                ({"interval_seconds": 60, "webhook_url": "nonsense"}, 422, "Invalid URL format"),
                ({"interval_seconds": 60, "webhook_url": "me@shop.test"}, 422,
                 "Email notifications are not configured"))
        for body, status, detail in rows:
            with self.subTest(body=body):
                self.assert_error(self.apply(group, expect=None, **body), status, detail)
        self.assertEqual(self.schedules(group), {})


class WebhookTest(Groups):
    def test_the_given_url_or_the_group_s(self):
        with receivers.Receiver() as receiver:
            a, = self.shops(1)
            group = self.group("Hooked", a)
            at = f"{GROUPS}/{group['id']}/webhook/test"
            self.assert_error(self.client.post(at, {}), 400, "Strategy group has no webhook URL")
            given = {"webhook_url": receiver.url("/given"), "webhook_secret": "mine", "webhook_metadata": {"a": 1}}
            self.assertEqual(self.client.post(at, given, expect=200).json,
                             {"success": True, "status_code": 200, "message": "Webhook delivered successfully"})
            receivers.check_signature(receiver.requests("/given")[0], "mine")
            secret = self.apply(group, interval_seconds=3600, webhook_url=receiver.url("/kept"),
                                webhook_metadata={"kept": True}).json["webhook_secret"]
            for body in ({}, {"webhook_url": None}):
                self.assertTrue(self.client.post(at, body, expect=200).json["success"])
            hook = receiver.requests("/kept")[-1]
            receivers.check_signature(hook, secret)
            self.assertEqual(hook.headers["x-webhook-event"], "test")
            self.assertIn(b'"kept":true', re.sub(rb"\s", b"", hook.body))
            self.assert_error(self.client.post(at, {"webhook_url": "nonsense"}), 422, "Invalid URL format")
            self.assert_error(self.client.post(at, {"webhook_url": 1}), 400)
            self.assert_error(self.client.post(at, {"webhook_type": "slack", "webhook_metadata": 1}), 400)


class Schema(Groups):
    server_options = harness.QUICK_LEASES

    def make(self, url, description="product names and prices", **members):
        return self.client.post("/api/strategies/generate",
                                {"url": url, "description": description, "name": "Made", **members}, expect=201).json

    def schema(self, group, schema, expect=200):
        return self.client.patch(f"{GROUPS}/{group['id']}/schema", {"output_schema": schema}, expect=expect)

    def progress(self, group):
        return self.client.get(f"{GROUPS}/{group['id']}/schema/progress", expect=200).json

    def wait(self, group):
        return eventually(lambda: (now := self.progress(group))["status"] != "running" and now, 60, "the regeneration")

    def test_every_member_is_made_again_and_keeps_its_id(self):
        made = self.make(self.page(catalogue()))
        # Its own plan: fields of the schema's names are mapped, nothing is generated.
        own = self.client.strategy(self.site.url("/shop"))
        content = self.client.strategy(self.page("<h1>News</h1><p>Words</p>"), {"type": "content"})
        broken = self.make(self.page(catalogue(9)), "kettle names")
        group = self.group("Schema", made, own, content, broken)
        idle = self.progress(group)
        self.assertEqual((idle["status"], idle["total"], idle["progress_percent"], idle["started_at"]),
                         ("idle", 0, 100, None))
        quota = self.client.get("/api/account/quota", expect=200).json
        answer = self.schema(group, {"name": "string", "price": "number"}).json
        self.assertEqual(answer["strategy_count"], 3)
        done = self.wait(group)
        self.assertEqual((done["status"], done["total"], done["completed"], done["failed"], done["skipped"],
                          done["pending"], done["progress_percent"], done["errors"]),
                         ("completed", 4, 3, 0, 1, 0, 100, []))
        self.assertIsNotNone(done["completed_at"])
        self.assertEqual(self.detail(group)["output_schema"], {"name": "string", "price": "number"})
        after = {each["id"]: self.client.get(f"/api/strategies/{each['id']}", expect=200).json
                 for each in (made, own, content, broken)}
        self.assertEqual(after[made["id"]]["preview_data"][0], {"name": "Kettle 1", "price": 1.5})
        self.assertEqual(set(after[own["id"]]["preview_data"][0]), {"name", "price"})
        self.assertEqual((after[own["id"]]["strategy"], after[own["id"]]["attempts"]), (own["strategy"], 0))
        self.assertEqual(after[broken["id"]]["preview_data"][0], {"name": "Kettle 1", "price": 1.5})
        self.assertEqual(after[content["id"]], {**content, "strategy_group_id": group["id"]})
        self.assertEqual(self.client.get("/api/account/quota", expect=200).json, quota, "no quota is used")
        job = self.client.execute(made, made["url"])
        self.assertEqual(job["results"][0], {"name": "Kettle 1", "price": 1.5})

    def test_the_kept_page_serves_when_the_site_is_gone(self):
        with fixture_site.FixtureSite() as own:
            own.page("/gone", catalogue())
            lost = self.make(own.url("/gone"))
        group = self.group("Gone", lost)
        self.schema(group, {"name": "string"})
        self.assertEqual(self.wait(group)["status"], "completed")
        self.assertEqual(self.client.get(f"/api/strategies/{lost['id']}", expect=200).json["preview_data"][0],
                         {"name": "Kettle 1"})

    def test_an_empty_group_is_done_at_once(self):
        group = self.group("Empty")
        self.assertEqual(self.schema(group, {"a": "string"}).json["strategy_count"], 0)
        done = self.progress(group)
        self.assertEqual((done["status"], done["total"], done["progress_percent"]), ("completed", 0, 100))

    def test_bad_schemas(self):
        group = self.group("Bad")
        for schema in (None, 1, [], "string", {"a": "colour"}, {"a": 1}):
            with self.subTest(schema=schema):
                self.assert_error(self.schema(group, schema, expect=400), 400)
        self.assert_error(self.client.patch(f"{GROUPS}/{group['id']}/schema", {}), 400,
                          "Missing required field: output_schema")

    def test_a_regeneration_goes_on_after_kill_minus_9(self):
        made = [self.make(self.page(catalogue(200 + n))) for n in range(12)]
        group = self.group("Killed", *made)
        self.schema(group, {"name": "string", "price": "number"})
        running = self.progress(group)
        self.assertEqual(running["status"], "running")
        self.assert_error(self.schema(group, {"name": "string"}, expect=409), 409,
                          "Schema regeneration is already running")
        self.server.kill()
        self.server.start()
        done = self.wait(group)
        self.assertEqual((done["status"], done["completed"], done["total"]), ("completed", 12, 12))
        for each in made:
            after = self.client.get(f"/api/strategies/{each['id']}", expect=200).json
            self.assertEqual(after["preview_data"][1], {"name": "Kettle 2", "price": 2.5})


class Errors(Groups):
    def operations(self, group_id, strategy_id=UNKNOWN_ID):
        at = f"{GROUPS}/{group_id}"
        return (("GET", at, None), ("PATCH", at, {"name": "x"}), ("DELETE", at, None),
                ("POST", at + "/strategies", {"strategy_ids": [strategy_id]}),
                ("DELETE", f"{at}/strategies/{strategy_id}", None),
                ("POST", at + "/schedule", {"interval_seconds": 3600}), ("DELETE", at + "/schedule", None),
                ("PATCH", at + "/schedule/toggle", {"enabled": True}),
                ("PATCH", at + "/schema", {"output_schema": {"a": "string"}}), ("GET", at + "/schema/progress", None),
                ("POST", at + "/webhook/test", {"webhook_url": "https://hook.test/"}))

    def test_unknown_malformed_and_foreign_groups_are_not_there(self):
        other = self.other_client()
        strategy = other.strategy(self.site.url("/shop"))
        group = self.group("Mine")
        for client, group_id in ((self.client, UNKNOWN_ID), (self.client, "invalid-uuid"), (other, group["id"])):
            for method, target, body in self.operations(group_id, strategy["id"]):
                with self.subTest(method=method, target=target):
                    self.assert_error(client.request(method, target, *([body] if body else [])), 404,
                                      "Strategy group not found")
        self.assertEqual(other.get(GROUPS, expect=200).json, [])
        self.assert_error(self.client.delete(f"{GROUPS}/{group['id']}/strategies/nonsense"), 404, "Strategy not found")

    def test_what_is_wrong_is_named(self):
        group = self.group("Wrong")
        at = f"{GROUPS}/{group['id']}"
        rows = (("POST", GROUPS, {}, "Missing required field: name"), ("POST", GROUPS, {"name": ""}, None),
                ("POST", GROUPS, {"name": "x" * 201}, None), ("POST", GROUPS, {"name": 1}, None),
                ("POST", GROUPS, {"name": "x", "description": "y" * 2001}, None),
                ("PATCH", at, {"name": None}, None), ("PATCH", at, {"description": 1}, None),
                ("POST", at + "/strategies", {}, "Missing required field: strategy_ids"),
                ("POST", at + "/strategies", {"strategy_ids": []}, None),
                ("POST", at + "/strategies", {"strategy_ids": ["x"]}, "strategy_ids.0 must be a UUID"),
                ("POST", at + "/strategies", {"strategy_ids": [UNKNOWN_ID] * 1001}, None),
                ("PATCH", at + "/schedule/toggle", {}, "Missing required field: enabled"),
                ("PATCH", at + "/schedule/toggle", {"enabled": "yes"}, None))
        for method, target, body, detail in rows:
            with self.subTest(target=target, body=str(body)[:60]):
                self.assert_error(self.client.request(method, target, body), 400, detail)
        for query in ("limit=0", "limit=1001", "offset=-1", "limit=x"):
            self.assert_error(self.client.get(f"{GROUPS}?{query}"), 400)


if __name__ == "__main__":
    unittest.main()
