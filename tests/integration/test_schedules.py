"""Schedules: members, timing, updates, ticks, health (BEHAVIOUR 12.3, 13)."""

import datetime
import time
import unittest

import fixture_site
import harness
from harness import eventually

INTERVAL_MINIMUM = ("--min-interval-seconds", "1")
BAD_URLS = ("not a url", "ftp://x.test/", "http://", "http://a b.test/", "")


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


class ScheduleCase(harness.MeterCase):
    """What the tests of schedules begin with."""

    def setUp(self):
        self.own = fixture_site.FixtureSite()
        self.own.start()
        self.addCleanup(self.own.close)
        self.url = self.own.url("/shop")
        self.strategy = self.client.strategy(self.url)

    def schedule(self, expect=201, strategy=None, **members):
        body = {"strategy_id": (strategy or self.strategy)["id"], **members}
        if "url" not in body and body.get("urls") is None:
            body["url"] = self.url
        if "interval_seconds" not in body and "cron_expression" not in body:
            body["interval_seconds"] = 3600
        made = self.client.post("/api/schedules", body, expect=expect)
        if expect == 201:
            self.addCleanup(lambda: self.client.delete(f"/api/schedules/{made.json['id']}"))
        return made.json if expect == 201 else made

    def get(self, schedule, expect=200):
        return self.client.get(f"/api/schedules/{schedule['id']}", expect=expect).json

    def patch(self, schedule, body, expect=200):
        answer = self.client.patch(f"/api/schedules/{schedule['id']}", body, expect=expect)
        return answer.json if expect == 200 else answer

    def jobs(self, schedule, **query):
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return self.client.get(f"/api/jobs?schedule_id={schedule['id']}{more}", expect=200).json

    def ended(self, schedule, count=1, deadline=20.0):
        """Ended jobs of the schedule, newest first, once there are `count`."""
        def found():
            jobs = [job for job in self.jobs(schedule) if job["status"] in ("completed", "failed")]
            return jobs if len(jobs) >= count else None
        return eventually(found, deadline, f"the end of {count} scheduled jobs")

    def let_ticks_pass(self, count):
        """Until a schedule made now has ticked so often: then so would any other of one second."""
        witness = self.schedule(interval_seconds=1)
        self.ended(witness, count)
        self.client.delete(f"/api/schedules/{witness['id']}", expect=200)


class Members(ScheduleCase):
    def test_an_interval_schedule(self):
        before = time.time()
        schedule = self.schedule(interval_seconds=3600)
        self.assertEqual(schedule["id"], schedule["schedule_id"])
        self.assertEqual((schedule["strategy_id"], schedule["url"], schedule["urls"]),
                         (self.strategy["id"], self.url, None))
        self.assertEqual((schedule["schedule_type"], schedule["interval_seconds"], schedule["cron_expression"]),
                         ("interval", 3600, None))
        self.assertIs(schedule["enabled"], True)
        for member in ("webhook_url", "webhook_metadata", "webhook_secret", "webhook_type", "parameters",
                       "strategy_group_id", "discovery_id", "last_run_at"):
            self.assertIn(member, schedule)
            self.assertIsNone(schedule[member], member)
        self.assertEqual(schedule["webhook_on"], "all")
        self.assertEqual(moment(schedule["next_run_at"]), moment(schedule["created_at"]) + 3600)
        self.assertLess(abs(moment(schedule["created_at"]) - before), 5)
        runs = [moment(text) for text in schedule["next_runs"]]
        self.assertEqual(runs, [moment(schedule["next_run_at"]) + 3600 * n for n in range(5)])
        self.assertEqual(schedule["health"], {"state": "ok", "count": 0, "since": None})
        for absent in ("timezone", "jitter_seconds", "ignore", "key"):
            self.assertNotIn(absent, schedule)
        seen = self.get(schedule)
        self.assertEqual(seen, {name: value for name, value in schedule.items() if name != "webhook_secret"})

    def test_a_cron_schedule(self):
        schedule = self.schedule(cron_expression="30 4 * * *", timezone="Europe/Berlin", jitter_seconds=60)
        self.assertEqual((schedule["schedule_type"], schedule["interval_seconds"], schedule["cron_expression"]),
                         ("cron", None, "30 4 * * *"))
        self.assertEqual((schedule["timezone"], schedule["jitter_seconds"]), ("Europe/Berlin", 60))
        self.assertRegex(schedule["next_run_at"], "T0[23]:30:00Z$")
        self.assertEqual(schedule["next_runs"][0], schedule["next_run_at"])
        self.assertEqual(len(set(schedule["next_runs"])), 5)
        self.assertEqual(schedule["next_runs"], sorted(schedule["next_runs"]))

    def test_several_urls_keep_order_and_duplicates(self):
        urls = [self.url, self.own.url("/detail/1"), self.url]
        schedule = self.schedule(urls=urls)
        self.assertEqual((schedule["url"], schedule["urls"]), (None, urls))

    def test_what_is_wrong_is_named(self):
        rows = (
            ({"strategy_id": None}, "Missing required field: strategy_id"),
            ({"strategy_id": "x"}, None),
            ({"url": self.url, "urls": [self.url]}, "Provide either url or urls, not both"),
            ({"url": None}, "Provide either url or urls"),
            ({"interval_seconds": 60, "cron_expression": "0 9 * * *"},
             "Provide either interval_seconds or cron_expression, not both"),
            ({"interval_seconds": None}, "Provide either interval_seconds or cron_expression"),
            ({"url": None, "urls": []}, None), ({"url": 5}, None), ({"url": None, "urls": [5]}, None),
            ({"interval_seconds": 59}, "interval_seconds must be an integer from 60 to 31536000"),
            ({"interval_seconds": 31536001}, "interval_seconds must be an integer from 60 to 31536000"),
            ({"interval_seconds": 0}, "interval_seconds must be an integer from 60 to 31536000"),
            ({"interval_seconds": "60"}, "interval_seconds must be an integer"),
            ({"interval_seconds": 60.5}, None), ({"interval_seconds": True}, None), ({"interval_seconds": -60}, None),
            ({"cron_expression": 5, "interval_seconds": None}, None), ({"timezone": "Mars/Olympus"}, None),
            ({"timezone": 5}, None), ({"jitter_seconds": -1}, None), ({"jitter_seconds": 3601}, None),
            ({"jitter_seconds": "5"}, None), ({"parameters": []}, None), ({"parameters": {"a": {"b": 1}}}, None),
            ({"webhook_type": "pigeon"}, None), ({"webhook_on": "sometimes"}, None), ({"webhook_metadata": []}, None),
            ({"webhook_metadata": {"a": "x" * 17000}, "webhook_url": "https://h.test/"}, None),
            ({"webhook_url": 5}, None), ({"webhook_url": "https://h.test/", "webhook_secret": 5}, None),
            ({"webhook_url": "https://h.test/", "webhook_secret": "x" * 257}, None),
            ({"webhook_url": "https://h.test/", "webhook_secret": "\u00e4"}, None),
            ({"ignore": []}, None), ({"ignore": {"fields": [5]}}, None),
            ({"ignore": {"values": [{"regex": "("}]}}, None),
            ({"key": "id"}, None), ({"key": [5]}, None), ({"key": ["a"] * 11}, None),
        )
        for members, detail in rows:
            with self.subTest(members=members):
                body = {"strategy_id": self.strategy["id"], "url": self.url, "interval_seconds": 3600}
                body.update(members)
                answer = self.client.post("/api/schedules", {k: v for k, v in body.items() if v is not None})
                self.assert_error(answer, 400, detail)
        self.assertEqual(self.client.get(f"/api/schedules?strategy_id={self.strategy['id']}").json, [])

    def test_bad_cron_expressions(self):
        for text in ("0 0 30 2 *", "60 * * * *", "* * * *", "0 0 * * * *", "30 8 ? * 1", "", "a b c d e", "@never",
                     "0 0 L * *", "0 0 * * 1#2", "5-1 * * * *", "*/0 * * * *"):
            with self.subTest(text=text):
                answer = self.schedule(expect=400, cron_expression=text)
                self.assertRegex(answer.detail, "^Invalid cron expression: .")
                self.assertEqual(answer.json["errors"][0]["loc"], "body.cron_expression")

    def test_bad_urls_are_422(self):
        for url in BAD_URLS:
            with self.subTest(url=url):
                self.assert_error(self.schedule(expect=422, url=url), 422, "Invalid URL format", "invalid_url")
                self.assert_error(self.schedule(expect=422, urls=[self.url, url]), 422, "Invalid URL format")
                self.assert_error(self.schedule(expect=422, webhook_url=url), 422, "Invalid URL format")

    def test_webhook_urls_have_at_most_4096_characters(self):
        root = "https://h.test/"
        self.schedule(webhook_url=root + "x" * (4096 - len(root)))
        self.assert_error(self.schedule(expect=422, webhook_url=root + "x" * (4097 - len(root))), 422,
                          "Invalid URL format")

    def test_mail_needs_a_mail_server(self):
        self.assert_error(self.schedule(expect=422, webhook_url="mailto:a@b.test"), 422,
                          "Email notifications are not configured")

    def test_strategies_of_others_are_not_there(self):
        self.assert_error(self.schedule(expect=404, strategy={"id": harness.UNKNOWN_ID}), 404, "Strategy not found")
        foreign = self.other_client().strategy(self.url)
        self.assert_error(self.schedule(expect=404, strategy=foreign), 404, "Strategy not found")

    def test_null_members_count_as_absent(self):
        schedule = self.schedule(timezone=None, jitter_seconds=None, webhook_url=None, webhook_secret=None,
                                 webhook_type=None, webhook_metadata=None, parameters=None, ignore=None, key=None,
                                 urls=None)
        self.assertEqual(schedule["url"], self.url)

    def test_parameters_are_for_api_strategies(self):
        self.assertIsNone(self.schedule(parameters={"a": 1})["parameters"])
        api = self.client.strategy(self.own.url("/json/list"),
                                   {"type": "api", "request": {"url": self.own.url("/json/list")},
                                    "items_path": "items"})
        self.assertEqual(self.schedule(strategy=api, parameters={"a": [1, 2]})["parameters"], {"a": [1, 2]})

    def test_noise_rules_are_kept_and_shown(self):
        ignore = {"fields": ["views"], "values": [{"field": None, "regex": "\\d+ min"}], "tolerance": {"price": 0.5}}
        schedule = self.schedule(ignore=ignore, key=["name"])
        self.assertEqual((schedule["ignore"], schedule["key"]), (ignore, ["name"]))
        cleared = self.patch(schedule, {"ignore": None, "key": None})
        self.assertNotIn("ignore", cleared)
        self.assertNotIn("key", cleared)

    def test_lists_are_newest_first_and_page(self):
        made = [self.schedule()["id"] for _ in range(3)]
        target = f"/api/schedules?strategy_id={self.strategy['id']}"
        listed = self.client.get(target, expect=200).json
        self.assertEqual([each["id"] for each in listed], made[::-1])
        self.assertNotIn("webhook_secret", listed[0])
        self.assertEqual([each["id"] for each in self.client.get(target + "&limit=1&offset=1").json], [made[1]])
        self.assertEqual(self.client.get(target + "&offset=9").json, [])
        self.assertIn(made[0], [each["id"] for each in self.client.get("/api/schedules", expect=200).json])
        self.assertEqual(self.client.get(f"/api/schedules?strategy_id={harness.UNKNOWN_ID}", expect=200).json, [])
        for query in ("limit=0", "limit=1001", "offset=-1", "limit=x", "strategy_id=x"):
            self.assert_error(self.client.get("/api/schedules?" + query), 400)
        self.assertEqual(self.other_client().get("/api/schedules", expect=200).json, [])

    def test_unknown_and_foreign_schedules_are_404(self):
        schedule = self.schedule()
        other = self.other_client()
        for client, schedule_id in ((self.client, harness.UNKNOWN_ID), (self.client, "x"), (other, schedule["id"])):
            target = f"/api/schedules/{schedule_id}"
            for answer in (client.get(target), client.patch(target, {"enabled": False}), client.delete(target),
                           client.post(target + "/webhook-secret/regenerate"), client.get(target + "/changes"),
                           client.get(target + "/changelog")):
                self.assert_error(answer, 404, "Schedule not found", "not_found")
        self.assertIs(self.get(schedule)["enabled"], True)
        self.assertEqual(self.client.get(f"/api/schedules/{schedule['id'].upper()}", expect=200).json["id"],
                         schedule["id"])


class Webhooks(ScheduleCase):
    hook = "https://hooks.example.test/in"

    def test_a_secret_is_generated_and_shown_once(self):
        schedule = self.schedule(webhook_url=self.hook)
        self.assertRegex(schedule["webhook_secret"], "^whsec_[0-9a-f]{32}$")
        self.assertEqual(schedule["webhook_type"], "standard")
        self.assertNotIn("webhook_secret", self.get(schedule))
        self.assertNotIn("webhook_secret", self.patch(schedule, {"enabled": True}))
        self.assertNotEqual(self.schedule(webhook_url=self.hook)["webhook_secret"], schedule["webhook_secret"])
        self.assertEqual(self.schedule(webhook_url=self.hook, webhook_secret="my secret!")["webhook_secret"],
                         "my secret!")

    def test_types_are_detected_or_given(self):
        for url, detected in (("https://hooks.slack.com/services/T/B/x", "slack"),
                              ("https://hooks.slack.com/triggers/T/1/x", "slack_workflow"),
                              ("https://hooks.slack.com/workflows/T/1/x", "slack_workflow"),
                              ("https://discord.com/api/webhooks/1/x", "discord"),
                              ("https://canary.discordapp.com/api/webhooks/1/x", "discord"),
                              ("https://discord.com/other", "standard"), (self.hook, "standard")):
            with self.subTest(url=url):
                self.assertEqual(self.schedule(webhook_url=url)["webhook_type"], detected)
        self.assertEqual(self.schedule(webhook_url=self.hook, webhook_type="slack")["webhook_type"], "slack")

    def test_without_a_url_secret_and_type_are_ignored(self):
        schedule = self.schedule(webhook_secret="s", webhook_type="slack", webhook_metadata={"a": 1})
        self.assertEqual((schedule["webhook_secret"], schedule["webhook_type"], schedule["webhook_metadata"]),
                         (None, None, {"a": 1}))
        patched = self.patch(schedule, {"webhook_secret": "s", "webhook_type": "slack"})
        self.assertNotIn("webhook_secret", patched)
        self.assertIsNone(patched["webhook_type"])

    def test_patching_the_webhook(self):
        schedule = self.schedule(webhook_metadata={"a": 1})
        first = self.patch(schedule, {"webhook_url": self.hook})
        self.assertRegex(first["webhook_secret"], "^whsec_")
        self.assertEqual(first["webhook_type"], "standard")
        moved = self.patch(schedule, {"webhook_url": "https://discord.com/api/webhooks/1/x"})
        self.assertNotIn("webhook_secret", moved)  # the secret stays
        self.assertEqual(moved["webhook_type"], "discord")
        both = self.patch(schedule, {"webhook_url": self.hook, "webhook_type": "slack"})
        self.assertEqual(both["webhook_type"], "slack")
        self.assertEqual(self.patch(schedule, {"webhook_url": self.hook})["webhook_type"], "slack")
        self.assertEqual(self.patch(schedule, {"webhook_type": None})["webhook_type"], "standard")
        new = self.patch(schedule, {"webhook_secret": ""})["webhook_secret"]
        self.assertRegex(new, "^whsec_[0-9a-f]{32}$")
        self.assertNotEqual(new, first["webhook_secret"])
        self.assertEqual(self.patch(schedule, {"webhook_secret": "given"})["webhook_secret"], "given")
        self.assertEqual(self.patch(schedule, {"webhook_on": "changes"})["webhook_on"], "changes")
        gone = self.patch(schedule, {"webhook_url": None})
        self.assertEqual((gone["webhook_url"], gone["webhook_type"], gone["webhook_metadata"]), (None, None, {"a": 1}))
        self.assertNotIn("webhook_secret", gone)
        self.assertIsNone(self.patch(schedule, {"webhook_metadata": None})["webhook_metadata"])
        self.assertRegex(self.patch(schedule, {"webhook_url": self.hook})["webhook_secret"], "^whsec_")

    def test_regenerating_the_secret(self):
        schedule = self.schedule(webhook_url=self.hook)
        target = f"/api/schedules/{schedule['id']}/webhook-secret/regenerate"
        secrets = {schedule["webhook_secret"]}
        for options in ({}, {"body": b""}, {"json": {}}):
            answer = self.client.post(target, expect=200, **options).json
            self.assertEqual(answer["schedule_id"], schedule["id"])
            self.assertRegex(answer["webhook_secret"], "^whsec_[0-9a-f]{32}$")
            secrets.add(answer["webhook_secret"])
        self.assertEqual(len(secrets), 4)
        self.assert_error(self.client.post(target, body=b"["), 400)
        bare = self.schedule()
        self.assert_error(self.client.post(f"/api/schedules/{bare['id']}/webhook-secret/regenerate"), 400,
                          "Schedule has no webhook URL")


class Updates(ScheduleCase):
    def test_an_empty_patch_changes_nothing(self):
        schedule = self.schedule()
        self.assertEqual(self.patch(schedule, {}), self.get(schedule))
        self.assertEqual(self.patch(schedule, {"strategy_id": harness.UNKNOWN_ID, "unknown": 1})["strategy_id"],
                         self.strategy["id"])

    def test_url_and_urls_replace_each_other(self):
        schedule = self.schedule()
        many = self.patch(schedule, {"urls": [self.url, self.url]})
        self.assertEqual((many["url"], many["urls"]), (None, [self.url, self.url]))
        one = self.patch(schedule, {"url": self.own.url("/x")})
        self.assertEqual((one["url"], one["urls"]), (self.own.url("/x"), None))
        self.assertEqual(one["next_run_at"], schedule["next_run_at"])

    def test_timing_kinds_replace_each_other(self):
        schedule = self.schedule()
        cron = self.patch(schedule, {"cron_expression": "0 9 * * *"})
        self.assertEqual((cron["schedule_type"], cron["interval_seconds"], cron["cron_expression"]),
                         ("cron", None, "0 9 * * *"))
        self.assertRegex(cron["next_run_at"], "T09:00:00Z$")
        zoned = self.patch(schedule, {"timezone": "Asia/Kolkata"})
        self.assertRegex(zoned["next_run_at"], "T03:30:00Z$")
        self.assertRegex(self.patch(schedule, {"timezone": None})["next_run_at"], "T09:00:00Z$")
        back = self.patch(schedule, {"interval_seconds": 7200})
        self.assertEqual((back["schedule_type"], back["interval_seconds"], back["cron_expression"]),
                         ("interval", 7200, None))
        self.assertLess(abs(moment(back["next_run_at"]) - time.time() - 7200), 5)

    def test_whatever_is_edited_the_next_run_stays(self):
        for timing in ({"interval_seconds": 3600}, {"cron_expression": "7 3 * * *"}):
            schedule = self.schedule(**timing)
            made = moment(schedule["created_at"])
            eventually(lambda: time.time() > made + 1.1, what="another second")
            for body in ({"enabled": True}, timing, {"url": self.own.url("/x")}, {"urls": [self.url]},
                         {"webhook_url": "https://h.test/"}, {"webhook_secret": ""}, {"webhook_on": "changes"},
                         {"webhook_metadata": {"a": 1}}, {"webhook_url": None}, {"parameters": {"a": 1}},
                         {"parameters": None}, {"jitter_seconds": 30}, {"jitter_seconds": None},
                         {"ignore": {"fields": ["x"]}}, {"key": ["name"]}, {}):
                with self.subTest(timing=timing, body=body):
                    patched = self.patch(schedule, body)
                    self.assertEqual(patched["next_run_at"], schedule["next_run_at"])
                    self.assertEqual(patched["next_runs"], schedule["next_runs"])

    def test_disabling_and_enabling(self):
        schedule = self.schedule()
        off = self.patch(schedule, {"enabled": False})
        self.assertEqual((off["enabled"], off["next_run_at"], off["next_runs"]), (False, None, []))
        quiet = self.patch(schedule, {"interval_seconds": 600})
        self.assertEqual((quiet["enabled"], quiet["next_run_at"]), (False, None))
        on = self.patch(schedule, {"enabled": True})
        self.assertLess(abs(moment(on["next_run_at"]) - time.time() - 600), 5)
        self.assertEqual(self.patch(schedule, {"enabled": True})["next_run_at"], on["next_run_at"])

    def test_what_is_wrong_in_a_patch(self):
        schedule = self.schedule()
        rows = ({"url": self.url, "urls": [self.url]}, {"interval_seconds": 60, "cron_expression": "0 9 * * *"},
                {"enabled": None}, {"enabled": "yes"}, {"url": None}, {"urls": None}, {"urls": []},
                {"interval_seconds": None}, {"interval_seconds": 5}, {"cron_expression": None},
                {"cron_expression": "x"}, {"timezone": "Mars/Olympus"}, {"webhook_on": None}, {"webhook_type": "x"},
                {"parameters": 5}, {"jitter_seconds": 4000}, {"ignore": 5}, {"key": {}}, {"webhook_metadata": 5})
        for body in rows:
            with self.subTest(body=body):
                self.assert_error(self.patch(schedule, body, expect=400), 400)
        for url in BAD_URLS:
            self.assert_error(self.patch(schedule, {"url": url}, expect=422), 422, "Invalid URL format")
            self.assert_error(self.patch(schedule, {"webhook_url": url}, expect=422), 422, "Invalid URL format")
        self.assertEqual(self.get(schedule)["updated_at"], schedule["updated_at"])

    def test_deleting(self):
        schedule = self.schedule()
        answer = self.client.delete(f"/api/schedules/{schedule['id']}", expect=200).json
        self.assertEqual(answer["message"], "Schedule deleted successfully")
        self.get(schedule, expect=404)
        self.assert_error(self.client.delete(f"/api/schedules/{schedule['id']}"), 404, "Schedule not found")

    def test_a_strategy_takes_its_schedules_along(self):
        schedule = self.schedule()
        self.client.delete(f"/api/strategies/{self.strategy['id']}", expect=200)
        self.get(schedule, expect=404)


class Ticks(ScheduleCase):
    server_options = INTERVAL_MINIMUM

    def test_a_tick_makes_a_job_of_the_schedule(self):
        schedule = self.schedule(interval_seconds=1)
        job = self.ended(schedule)[-1]
        self.assertEqual((job["schedule_id"], job["batch_id"], job["url"], job["status"], job["has_changes"]),
                         (schedule["id"], None, self.url, "completed", False))
        self.assertGreaterEqual(moment(job["created_at"]), moment(schedule["next_run_at"]))
        now = self.get(schedule)
        self.assertGreater(now["next_run_at"], schedule["next_run_at"])
        self.assertIsNotNone(now["last_run_at"])
        self.assertEqual(now["health"]["state"], "ok")
        self.assertGreaterEqual(now["health"]["count"], 1)
        self.assertIsNotNone(now["health"]["since"])

    def test_ticks_keep_to_their_grid(self):
        schedule = self.schedule(interval_seconds=2)
        start = moment(schedule["created_at"])
        jobs = self.ended(schedule, 3)
        for job in jobs:
            late = (moment(job["created_at"]) - start) % 2
            self.assertIn(late, (0, 1), "created_at shows whole seconds")
        self.assertEqual((moment(self.get(schedule)["next_run_at"]) - start) % 2, 0)

    def test_several_urls_make_a_batch_a_tick(self):
        urls = [self.url, self.own.url("/detail/1")]
        schedule = self.schedule(interval_seconds=1, urls=urls)
        self.ended(schedule, 2)
        self.patch(schedule, {"enabled": False})
        jobs = self.jobs(schedule)
        batches = {job["batch_id"] for job in jobs}
        self.assertNotIn(None, batches)
        for batch in batches:
            self.assertEqual(sorted(job["url"] for job in jobs if job["batch_id"] == batch), sorted(urls))
            self.assertEqual(self.client.get(f"/api/jobs/batch/{batch}", expect=200).json["total"], 2)
        single = self.schedule(interval_seconds=1, urls=[self.url])
        self.assertIsNone(self.ended(single)[0]["batch_id"])

    def test_a_tick_is_skipped_while_jobs_run(self):
        gate = self.own.url("/gate/slow")
        schedule = self.schedule(interval_seconds=1, url=gate)
        eventually(lambda: self.jobs(schedule, status="running"), what="the first job")
        first = self.get(schedule)
        eventually(lambda: self.get(schedule)["next_run_at"] > first["next_run_at"], what="the next due time")
        self.let_ticks_pass(2)
        self.assertEqual(len(self.jobs(schedule)), 1)
        self.assertEqual(self.get(schedule)["last_run_at"], first["last_run_at"])
        self.own.open("slow")
        self.ended(schedule, 2)

    def test_a_disabled_schedule_does_not_tick(self):
        schedule = self.schedule(interval_seconds=1)
        self.patch(schedule, {"enabled": False})
        self.let_ticks_pass(3)
        count = len(self.jobs(schedule))
        self.assertLessEqual(count, 1)
        self.patch(schedule, {"enabled": True})
        self.ended(schedule, count + 1)

    def test_an_edit_counts_from_the_next_tick(self):
        schedule = self.schedule(interval_seconds=1)
        self.ended(schedule)
        other = self.own.url("/detail/1")
        self.patch(schedule, {"url": other})
        eventually(lambda: any(job["url"] == other for job in self.jobs(schedule)), what="a job on the new URL")

    def test_jobs_stay_when_the_schedule_goes(self):
        schedule = self.schedule(interval_seconds=1)
        self.ended(schedule)
        self.client.delete(f"/api/schedules/{schedule['id']}", expect=200)
        self.let_ticks_pass(2)
        jobs = self.jobs(schedule)
        self.assertTrue(jobs and all(job["schedule_id"] == schedule["id"] for job in jobs))
        self.let_ticks_pass(2)
        self.assertEqual(len(self.jobs(schedule)), len(jobs))

    def test_health_tells_broken_from_changed(self):
        path = "/health"
        self.own.page(path, fixture_site.shop_html(fixture_site.PRODUCTS))
        schedule = self.schedule(interval_seconds=1, url=self.own.url(path))

        def state(wanted):
            def reached():
                health = self.get(schedule)["health"]
                return health if health["state"] == wanted and health["count"] >= 2 else None
            return eventually(reached, what=f"health {wanted}")

        state("ok")
        self.own.page(path, fixture_site.shop_html([]))
        state("degraded")
        self.own.page(path, "gone", status=404)
        failing = state("failing")
        self.assertRegex(failing["since"], "Z$")
        self.own.page(path, "no", status=403)
        eventually(lambda: any(job.get("outcome") == "blocked" for job in self.jobs(schedule)), what="a blocked job")
        self.assertEqual(self.get(schedule)["health"]["since"], failing["since"], "blocked goes on being failing")
        self.own.page(path, fixture_site.shop_html(fixture_site.PRODUCTS))
        state("ok")
        self.patch(schedule, {"enabled": False})
        self.assertEqual(self.client.get(f"/api/schedules/{schedule['id']}/changelog", expect=200).json["total"], 0,
                         "failed, blocked and empty runs are no changes, nor is the first good one after them")

    def test_parameters_of_the_schedule_reach_the_api(self):
        url = self.own.url("/json/api")
        api = self.client.strategy(url, {"type": "api", "request": {"url": url, "query": {"page": 1, "limit": 2}},
                                         "items_path": "data.rows", "fields": {}})
        schedule = self.schedule(strategy=api, url=url, interval_seconds=1, parameters={"page": 2})
        job = self.ended(schedule)[0]
        self.assertEqual(job["parameters"], {"page": 2})
        self.assertEqual(job["item_count"], 2)

    def test_the_minimum_of_the_server_counts(self):
        self.schedule(interval_seconds=1)
        self.schedule(expect=400, interval_seconds=0)


class Restart(harness.MeterCase):
    # A job that the kill cut off holds its schedule until its lease ends.
    server_options = (*INTERVAL_MINIMUM, *harness.QUICK_LEASES)
    server_may_be_dead = True

    def test_overdue_schedules_tick_once_and_return_to_their_grid(self):
        url = self.site.url("/shop")
        strategy = self.client.strategy(url)
        schedules = [self.client.post("/api/schedules", {"strategy_id": strategy["id"], "url": url,
                                                         "interval_seconds": 2}, expect=201).json for _ in range(5)]

        def count(schedule):
            return len(self.client.get(f"/api/jobs?schedule_id={schedule['id']}", expect=200).json)

        eventually(lambda: all(count(each) >= 1 for each in schedules), what="the first ticks")
        self.server.kill()
        killed = time.time()
        eventually(lambda: time.time() > killed + 5, what="the passing of two ticks of every schedule")
        started = time.time()
        self.server.start()
        for schedule in schedules:
            eventually(lambda: [job for job in
                                self.client.get(f"/api/jobs?schedule_id={schedule['id']}", expect=200).json
                                if moment(job["created_at"]) >= int(started)], what="a tick after the restart")
        for schedule in schedules:
            now = self.client.get(f"/api/schedules/{schedule['id']}", expect=200).json
            self.assertEqual((moment(now["next_run_at"]) - moment(schedule["created_at"])) % 2, 0)
            jobs = self.client.get(f"/api/jobs?schedule_id={schedule['id']}", expect=200).json
            times = [job["created_at"] for job in jobs]
            during = [text for text in times if started - 4.5 < moment(text) < int(started) - 0.5]
            self.assertEqual(during, [], "nothing ran while the server was away")


if __name__ == "__main__":
    unittest.main()
