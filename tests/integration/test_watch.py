"""Watch: a strategy and its schedule in one step, both or neither (BEHAVIOUR 16)."""

import unittest

import fixture_site
import harness
from harness import eventually
from test_schedules import moment


class Watch(harness.MeterCase):
    def watch(self, expect=201, url=None, **members):
        body = {"url": url or self.site.url("/shop"), "description": "Products",
                "strategy": fixture_site.SHOP_PLAN, **members}
        answer = self.client.post("/api/watch", body, expect=expect)
        if expect == 201:
            self.addCleanup(lambda: self.client.delete(f"/api/strategies/{answer.json['strategy_id']}"))
        return answer

    def counts(self):
        return (len(self.client.get("/api/strategies?limit=1000").json), len(self.client.get("/api/schedules").json))

    def test_both_are_made(self):
        used = int(self.client.get("/api/account/quota").json["strategy_quota"]["used"])
        answer = self.watch()
        watch = answer.json
        self.assertEqual(int(answer.headers["x-strategy-quota-used"]), used + 1)
        self.assertEqual(set(watch), {"strategy_id", "schedule_id", "preview_data", "next_run_at"})
        self.assertEqual([item["name"] for item in watch["preview_data"]], ["Product A", "Product B"])
        schedule = self.client.get(f"/api/schedules/{watch['schedule_id']}", expect=200).json
        self.assertEqual((schedule["strategy_id"], schedule["url"], schedule["interval_seconds"]),
                         (watch["strategy_id"], self.site.url("/shop"), 3600))
        self.assertEqual(schedule["next_run_at"], watch["next_run_at"])
        self.assertEqual(moment(schedule["next_run_at"]), moment(schedule["created_at"]) + 3600)
        strategy = self.client.get(f"/api/strategies/{watch['strategy_id']}", expect=200).json
        self.assertEqual(strategy["preview_data"], watch["preview_data"])
        self.assertEqual(strategy["name"], "Watch: " + self.site.url("/shop").split("://")[1])
        self.assertEqual(len(self.client.get(f"/api/strategies/audit?strategy_id={strategy['id']}").json), 1)

    def test_names(self):
        long = self.page(fixture_site.shop_html(fixture_site.PRODUCTS)) + "/" + "x" * 300
        self.site.page(long.split("/", 3)[3].join(["/", ""]), fixture_site.shop_html(fixture_site.PRODUCTS))
        name = self.client.get(f"/api/strategies/{self.watch(url=long).json['strategy_id']}").json["name"]
        self.assertEqual(name, ("Watch: " + long.split("://")[1])[:200])
        for given in ("", None):
            made = self.watch(name=given, url=self.site.url("/shop?a=1")).json
            self.assertEqual(self.client.get(f"/api/strategies/{made['strategy_id']}").json["name"],
                             "Watch: " + self.site.url("/shop").split("://")[1])
        made = self.watch(name="Mine").json
        self.assertEqual(self.client.get(f"/api/strategies/{made['strategy_id']}").json["name"], "Mine")

    def test_a_webhook_tells_its_secret(self):
        watch = self.watch(webhook_url="https://discord.com/api/webhooks/1/x", webhook_metadata={"a": 1},
                           interval_seconds=600, webhook_on="changes").json
        self.assertRegex(watch["webhook_secret"], "^whsec_[0-9a-f]{32}$")
        self.assertEqual(watch["webhook_type"], "discord")
        schedule = self.client.get(f"/api/schedules/{watch['schedule_id']}").json
        self.assertEqual((schedule["webhook_metadata"], schedule["interval_seconds"], schedule["webhook_on"]),
                         ({"a": 1}, 600, "changes"))
        self.assertEqual(self.watch(webhook_url="https://h.test/", webhook_secret="given").json["webhook_secret"],
                         "given")

    def test_members_of_the_strategy(self):
        watch = self.watch(filter_config={"conditions": [{"field": "name", "operator": "contains", "value": "A"}]},
                           ignore={"fields": ["price"]}, key=["name"], output_schema={"name": "string"}).json
        self.assertEqual(watch["preview_data"], [{"name": "Product A"}])
        strategy = self.client.get(f"/api/strategies/{watch['strategy_id']}").json
        self.assertEqual((strategy["ignore"], strategy["key"]), ({"fields": ["price"]}, ["name"]))

    def test_content(self):
        answer = self.client.post("/api/watch", {"url": self.site.url("/content"), "description": "",
                                                 "scraper_type": "content"}, expect=201)
        self.assertIn("heading", answer.json["preview_data"][0])

    def test_what_is_wrong(self):
        before = self.counts()
        rows = (({"url": None}, 400), ({"description": None}, 400), ({"interval_seconds": 59}, 400),
                ({"interval_seconds": "x"}, 400), ({"webhook_type": "x"}, 400), ({"webhook_on": "x"}, 400),
                ({"webhook_metadata": 5}, 400), ({"name": "x" * 201}, 400), ({"name": 5}, 400),
                ({"description": "", "strategy": None}, 400), ({"strategy": {"type": "css"}}, 400),
                ({"ignore": 5}, 400), ({"filter_config": {"conditions": 5}}, 400),
                ({"url": "ftp://x.test/"}, 422), ({"url": "nonsense"}, 422), ({"webhook_url": "nonsense"}, 422),
                ({"webhook_url": "mailto:a@b.test"}, 422),
                ({"url": self.site.url("/status/404")}, 422), ({"strategy_group_id": harness.UNKNOWN_ID}, 404))
        for members, status in rows:
            with self.subTest(members=members):
                body = {"url": self.site.url("/shop"), "description": "Products",
                        "strategy": fixture_site.SHOP_PLAN}
                body.update(members)
                body = {name: value for name, value in body.items() if value is not None}
                self.assert_error(self.client.post("/api/watch", body), status)
        self.assertEqual(self.counts(), before, "nothing is kept of what failed")

    def test_the_schedule_is_checked_before_anything_is_fetched(self):
        url = self.page(fixture_site.shop_html(fixture_site.PRODUCTS))
        path = "/" + url.split("/", 3)[3]
        self.watch(expect=400, url=url, interval_seconds=1)
        self.watch(expect=422, url=url, webhook_url="nonsense")
        self.assertEqual(self.site.hits(path), 0)

    def test_idempotency_keys_are_ignored(self):
        headers = {"Idempotency-Key": "watch-1"}
        body = {"url": self.site.url("/shop"), "description": "x", "strategy": fixture_site.SHOP_PLAN}
        ids = {self.client.post("/api/watch", body, headers=headers, expect=201).json["strategy_id"] for _ in range(2)}
        self.assertEqual(len(ids), 2)


class WatchRuns(harness.MeterCase):
    server_options = ("--min-interval-seconds", "1")

    def test_the_preview_is_no_baseline(self):
        own = fixture_site.FixtureSite()
        own.start()
        self.addCleanup(own.close)
        watch = self.client.post("/api/watch", {"url": own.url("/shop"), "description": "Products",
                                                "strategy": fixture_site.SHOP_PLAN, "interval_seconds": 1},
                                 expect=201).json
        own.set_price("Product A", "$1")
        target = f"/api/jobs?schedule_id={watch['schedule_id']}&status=completed"
        eventually(lambda: self.client.get(target).json, what="the first job")
        self.assertEqual([job["has_changes"] for job in self.client.get(target).json], [False])
        own.set_price("Product A", "$2")
        changes = f"/api/schedules/{watch['schedule_id']}/changes?mark_seen=false"
        eventually(lambda: self.client.get(changes, expect=200).json["count"] == 1, what="the change")


class WatchLimits(harness.MeterCase):
    server_options = ("--rate-limit-generation", "2", "--quota-limit", "1", "--quota-tier", "free")

    def test_quota_and_rate_limit_count_watches(self):
        body = {"url": self.site.url("/shop"), "description": "x", "strategy": fixture_site.SHOP_PLAN}
        self.client.post("/api/watch", body, expect=201)
        self.assert_error(self.client.post("/api/watch", body), 403,
                          "Strategy quota exceeded: 1 of 1 strategies used in the last 30 days", "quota_exceeded")
        self.assert_error(self.client.post("/api/watch", body), 429)
        self.assertEqual(len(self.client.get("/api/schedules").json), 1)


if __name__ == "__main__":
    unittest.main()
