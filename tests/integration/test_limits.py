"""Rate limits and the strategy quota: BEHAVIOUR 4 and 7."""

import concurrent.futures
import datetime
import time
import unittest

import harness
from harness import UNKNOWN_ID
from test_auth import AUTOMATION, SECURED

GENERATION = ("generateStrategy", "refineStrategy", "createWatch")  # the operations of the smaller bucket


def numbers(answer):
    return tuple(int(answer.headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))


class RateLimits(harness.MeterCase):
    server_options = ("--rate-limit-default", "30", "--rate-limit-generation", "3")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = cls.site.url("/shop")

    def fresh(self, **options):
        """A client that has its whole allowance, made by a command so that no request was counted yet."""
        return self.server.client(self.server.create_key(account=self.account, **options))

    def settled(self, client):
        """First answer that is not 401: the server learns of new keys within a second."""
        return harness.eventually(lambda: (answer := client.get("/api/jobs")).status != 401 and answer, 3.0, "new key")

    def test_headers_count_down_within_one_window(self):
        client = self.fresh()
        first = self.settled(client)
        self.assertEqual(numbers(first)[:2], (30, 29))
        second = client.get(f"/api/jobs/{UNKNOWN_ID}", expect=404)
        if numbers(second)[2] == numbers(first)[2]:  # a window that ends in between starts anew
            self.assertEqual(numbers(second)[:2], (30, 28))
        generated = client.generate(self.url)
        self.assertEqual(numbers(generated)[:2], (3, 2))

    def test_every_operation_is_429_over_the_limit_and_before_the_body_is_read(self):
        client = self.fresh()
        self.settled(client)
        for _ in range(40):  # both buckets
            client.get("/api/account/quota")
            client.post("/api/strategies/generate", {})
        refused = 0
        for name, method, target, body in SECURED + AUTOMATION:
            with self.subTest(operation=name):
                answer = client.request(method, target, body=None if body is None else b"{not json")
                if answer.status != 429:
                    continue  # the window ended meanwhile
                refused += 1
                limit, remaining, reset = numbers(answer)
                self.assertEqual((limit, remaining), (3 if name in GENERATION else 30, 0))
                wait = int(answer.headers["retry-after"])
                self.assertTrue(1 <= wait <= 60, wait)
                self.assertLessEqual(abs(time.time() + wait - reset), 2)
                self.assert_error(answer, 429, code="rate_limited")
        self.assertGreater(refused, 0)
        if refused < len(SECURED) + len(AUTOMATION):  # once more within one window
            self.test_every_operation_is_429_over_the_limit_and_before_the_body_is_read()

    def test_buckets_are_apart_and_per_key(self):
        client, other = self.fresh(), self.fresh()
        self.settled(client), self.settled(other)
        while client.post("/api/strategies/generate", {}).status != 429:
            pass
        self.assertNotEqual(client.get("/api/jobs").status, 429)
        self.assertNotEqual(other.post("/api/strategies/generate", {}).status, 429)

    def test_failed_requests_count_too_and_refused_keys_do_not(self):
        client = self.fresh()
        first = numbers(self.settled(client))
        client.post("/api/jobs", body=b"{not json", expect=400)
        client.request("PUT", "/api/jobs", body=b"", expect=405)
        self.server.client().get("/api/jobs", key="wrong", expect=401)
        last = numbers(client.get("/api/jobs", expect=200))
        if last[2] == first[2]:
            self.assertEqual(first[1] - last[1], 2)

    def test_replays_count_for_the_rate_limit(self):
        client = self.fresh()
        self.settled(client)
        answers = [client.generate(self.url, headers={"Idempotency-Key": "rate"}, expect=(201, 429)) for _ in range(7)]
        self.assertIn(429, [answer.status for answer in answers])
        self.assertEqual(len({answer.json["id"] for answer in answers if answer.status == 201}), 1)

    def test_scope_is_checked_before_the_rate_limit(self):
        client = self.server.client(self.server.create_key(account=self.account, scopes="workflows:read"))
        harness.eventually(lambda: client.get("/api/jobs").status == 403, 3.0, "new key")
        self.assertEqual({client.get("/api/jobs").status for _ in range(40)}, {403})


class RateLimitsOff(harness.MeterCase):
    server_options = ("--rate-limit-default", "0", "--rate-limit-generation", "0")
    server_arguments = {"rate_limits": False}

    def test_a_bucket_of_zero_is_off_and_its_headers_are_left_out(self):
        for _ in range(60):
            self.assertNotIn("x-ratelimit-limit", self.client.get("/api/account/quota", expect=200).headers)
        self.assertNotIn("x-ratelimit-limit", self.client.generate(self.site.url("/shop")).headers)


class Defaults(harness.MeterCase):
    server_options = ("--rate-limit-default", "600")

    def test_twenty_generations_a_minute_by_default(self):
        answer = self.client.post("/api/strategies/generate", {}, expect=400)
        self.assertEqual(answer.headers["x-ratelimit-limit"], "20")


class DefaultQuota(harness.MeterCase):
    def test_the_quota_is_unlimited_by_default(self):
        def quota():
            return self.client.get("/api/account/quota", expect=200).json["strategy_quota"]
        self.assertEqual(quota(), {"used": 0, "limit": -1, "tier": "enterprise"})
        made = self.client.generate(self.site.url("/shop"))
        self.assertEqual(quota(), {"used": 1, "limit": -1, "tier": "enterprise"})
        self.assertEqual(made.headers["x-strategy-quota-used"], "1")
        self.assertEqual(made.headers["x-strategy-quota-limit"], "-1")
        self.assertEqual(made.headers["x-strategy-quota-tier"], "enterprise")
        self.assertNotIn("x-strategy-quota-reset", made.headers)
        self.assertNotIn("x-strategy-quota-used", self.client.get("/api/strategies", expect=200).headers)


class Quota(harness.MeterCase):
    server_options = ("--quota-tier", "free", "--quota-limit", "3")

    def setUp(self):
        self.url = self.site.url("/shop")
        self.user = self.other_client()

    def used(self, client=None):
        return (client or self.user).get("/api/account/quota", expect=200).json["strategy_quota"]["used"]

    def test_the_fourth_strategy_is_refused_before_any_fetch(self):
        self.assertEqual(self.user.get("/api/account/quota").json["strategy_quota"],
                         {"used": 0, "limit": 3, "tier": "free"})
        for used in (1, 2, 3):
            made = self.user.generate(self.url)
            self.assertEqual(made.headers["x-strategy-quota-used"], str(used))
            self.assertEqual(made.headers["x-strategy-quota-limit"], "3")
            self.assertEqual(made.headers["x-strategy-quota-tier"], "free")
        path = self.path()
        refused = self.user.generate(self.site.page(path, "<p>x</p>"), expect=403)
        self.assert_error(refused, 403, "Strategy quota exceeded: 3 of 3 strategies used in the last 30 days",
                          "quota_exceeded")
        self.assertEqual(refused.headers["x-strategy-quota-used"], "3")
        self.assertEqual(self.site.hits(path), 0)
        self.client.generate(self.url)  # another account has its own

    def test_reset_is_thirty_days_after_the_oldest_counted_strategy(self):
        first = self.user.generate(self.url)
        created = datetime.datetime.strptime(first.json["created_at"], "%Y-%m-%dT%H:%M:%SZ")
        reset = (created + datetime.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.assertEqual(first.headers["x-strategy-quota-reset"], reset)
        self.user.generate(self.url)
        quota = self.user.get("/api/account/quota").json["strategy_quota"]
        self.assertEqual(quota, {"used": 2, "limit": 3, "tier": "free", "reset_at": reset})

    def test_what_counts_and_what_does_not(self):
        headers = {"Idempotency-Key": "once"}
        made = self.user.generate(self.url, headers=headers).json
        self.assertEqual(self.used(), 1)
        replay = self.user.generate(self.url, headers=headers)
        self.assertEqual(replay.headers["x-strategy-quota-used"], "1")
        self.user.generate(self.site.url("/status/404"), expect=422)
        self.user.generate("nonsense", expect=422)
        self.user.generate(self.url, {"type": "css"}, expect=400)
        self.user.post("/api/strategies/generate", body=b"{", expect=400)
        self.user.patch(f"/api/strategies/{made['id']}", {"name": "x"}, expect=200)
        self.assertEqual(self.used(), 1)
        self.user.delete(f"/api/strategies/{made['id']}", expect=200)
        self.assertEqual(self.used(), 1, "deleted ones stay counted")
        self.user.post("/api/strategies/generate", {"url": self.site.url("/content"), "description": "", "name": "c",
                                                    "scraper_type": "content"}, expect=201)
        self.assertEqual(self.used(), 2, "content strategies count")

    def test_the_quota_comes_last(self):
        for _ in range(3):
            self.user.generate(self.url)
        self.user.generate("nonsense", expect=422)
        self.user.post("/api/strategies/generate", {"url": self.url}, expect=400)
        self.user.generate(self.url, expect=404, strategy_group_id=UNKNOWN_ID)
        self.user.generate(self.url, expect=403)

    def test_a_replay_still_answers_when_the_quota_is_used_up(self):
        headers = {"Idempotency-Key": "kept"}
        first = self.user.generate(self.url, headers=headers)
        for _ in range(2):
            self.user.generate(self.url)
        again = self.user.generate(self.url, headers=headers)
        self.assertEqual(again.json, first.json)
        self.assertEqual(again.headers["x-strategy-quota-used"], "3", "current, not stored, quota headers")

    def test_a_slot_is_reserved_at_the_start_and_given_back_on_failure(self):
        for _ in range(2):
            self.user.generate(self.url)
        gate = f"quota-{self.account}-{id(self)}"
        self.site.page(f"/ends/{gate}", lambda _: (self.site.wait(self.site.gate(gate)), "gone")[1], status=404)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = pool.submit(self.user.generate, self.site.url(f"/ends/{gate}"), expect=422)
            harness.eventually(lambda: self.site.hits(f"/ends/{gate}"), what="the first fetch")
            self.user.generate(self.url, expect=403)
            self.site.open(gate)
            first.result()
        self.user.generate(self.url, expect=201)
        self.user.generate(self.url, expect=403)

    def test_ten_at_once_get_three_slots(self):
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: self.user.generate(self.url, expect=(201, 403)).status, range(10)))
        self.assertEqual(sorted(answers), [201] * 3 + [403] * 7)


class QuotaSurvives(harness.MeterCase):
    server_options = ("--quota-tier", "hobby", "--quota-limit", "2")

    def test_the_count_survives_a_restart(self):
        for _ in range(2):
            self.client.generate(self.site.url("/shop"))
        self.server.restart()
        quota = self.client.get("/api/account/quota", expect=200).json["strategy_quota"]
        self.assertEqual((quota["used"], quota["limit"], quota["tier"]), (2, 2, "hobby"))
        self.client.generate(self.site.url("/shop"), expect=403)


if __name__ == "__main__":
    unittest.main()
