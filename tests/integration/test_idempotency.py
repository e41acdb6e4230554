"""Idempotency-Key on POST /api/strategies/generate: every row of BEHAVIOUR 6."""

import concurrent.futures
import json
import unittest

import fixture_site
import harness
from harness import eventually

TARGET = "/api/strategies/generate"


class Idempotency(harness.MeterCase):
    server_options = ()  # restarts it

    def setUp(self):
        self.user = self.other_client()
        self.path_of_page = self.path()
        self.url = self.site.page(self.path_of_page, fixture_site.shop_html(fixture_site.PRODUCTS))
        self.body = {"url": self.url, "description": "d", "name": "n", "strategy": fixture_site.SHOP_PLAN}

    def send(self, key, body=None, client=None, expect=None, raw=None):
        options = {"body": raw} if raw is not None else {"json": self.body if body is None else body}
        return (client or self.user).request("POST", TARGET, headers={"Idempotency-Key": key}, expect=expect, **options)

    def count(self):
        return len(self.user.get("/api/strategies?limit=1000", expect=200).json)

    def test_the_same_key_and_body_replay_the_stored_answer(self):
        first = self.send("a", expect=201)
        self.assertNotIn("idempotent-replayed", first.headers)
        for _ in range(3):
            again = self.send("a", expect=201)
            self.assertEqual(again.headers.get("idempotent-replayed"), "true")
            self.assertEqual(again.json, first.json)
            self.assertEqual(again.headers["x-strategy-quota-used"], "1")
            self.assertNotEqual(again.headers["x-request-id"], first.headers["x-request-id"])
        self.assertEqual(self.count(), 1)
        self.assertEqual(self.site.hits(self.path_of_page), 1, "a replay fetches nothing")

    def test_spacing_and_member_order_do_not_make_another_body(self):
        first = self.send("order", expect=201)
        plan = dict(reversed(fixture_site.SHOP_PLAN.items()))
        turned = {**dict(reversed(self.body.items())), "strategy": plan}
        for raw in (json.dumps(turned, indent=4).encode(), json.dumps(self.body, separators=(",", ":")).encode(),
                    json.dumps(self.body).replace("/", "\\/").encode(),
                    b'{"name":"other",' + json.dumps(self.body)[1:].encode()):
            with self.subTest(raw=raw[:60]):
                again = self.send("order", raw=raw, expect=201)
                self.assertEqual(again.json["id"], first.json["id"])
                self.assertEqual(again.headers.get("idempotent-replayed"), "true")

    def test_another_body_is_422(self):
        self.send("b", expect=201)
        for change in ({"name": "other"}, {"extra": 1}, {"url": "nonsense"}, {"name": 5}, {"description": None}):
            with self.subTest(change=change):
                answer = self.send("b", {**self.body, **change})
                self.assert_error(answer, 422, "Idempotency-Key reused with a different request body.",
                                  "idempotency_mismatch")
        self.assertEqual(self.count(), 1)
        self.send("b", expect=201)

    def test_an_unreadable_body_comes_before_the_lookup(self):
        self.send("c", expect=201)
        self.assert_error(self.send("c", raw=b"{"), 400)

    def test_a_key_in_progress_is_409(self):
        gate = f"idem-{self.account}-{id(self)}"
        body = {**self.body, "url": self.site.url(f"/gate/{gate}")}
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(self.send, "d", body, expect=201)
            eventually(lambda: self.site.hits(f"/gate/{gate}"), what="the first fetch")
            busy = self.send("d", body)
            self.assert_error(busy, 409, "Idempotent request still in progress. Retry shortly.",
                              "idempotency_in_progress")
            self.assertEqual(busy.headers["retry-after"], "5")
            self.assert_error(self.send("d", {**body, "name": "other"}), 422)
            self.send("d-other", self.body, expect=201)
            self.send("d", self.body, client=self.other_client(), expect=201)
            self.site.open(gate)
            first = running.result()
        again = self.send("d", body, expect=201)
        self.assertEqual(again.json, first.json)
        self.assertEqual(self.site.hits(f"/gate/{gate}"), 1)

    def test_twenty_at_once_make_one_strategy(self):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: self.send("race", expect=(201, 409)), range(20)))
        made = {answer.json["id"] for answer in answers if answer.status == 201}
        self.assertEqual(len(made), 1)
        self.assertEqual(self.count(), 1)

    def test_keys_belong_to_the_account_and_two_keys_of_it_share_them(self):
        account = harness.Shared.account("shared")
        one, two = (self.server.client(self.server.new_key(account=account)) for _ in range(2))
        first = self.send("e", client=one, expect=201)
        self.assertEqual(self.send("e", client=two, expect=201).json, first.json)
        self.assertNotEqual(self.send("e", expect=201).json["id"], first.json["id"])

    def test_other_outcomes_free_the_key(self):
        for body, status in (({**self.body, "url": self.site.url("/status/404")}, 422),
                             ({**self.body, "name": ""}, 400),
                             ({**self.body, "url": "nonsense"}, 422),
                             ({**self.body, "strategy_group_id": harness.UNKNOWN_ID}, 404)):
            with self.subTest(status=status, body=str(body)[:80]):
                key = f"f{status}{len(str(body))}"
                self.assertNotIn("idempotent-replayed", self.send(key, body, expect=status).headers)
                self.assertNotIn("idempotent-replayed", self.send(key, body, expect=status).headers)
                self.assertNotIn("idempotent-replayed", self.send(key, self.body, expect=201).headers)

    def test_without_the_header_nothing_changes(self):
        first, second = (self.user.post(TARGET, self.body, expect=201).json for _ in range(2))
        self.assertNotEqual(first["id"], second["id"])

    def test_keys_of_1_to_255_printable_ascii_characters(self):
        for key in ("x", "~" * 255, "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}", "a b", "0"):
            with self.subTest(key=key[:20]):
                self.send(key, expect=201)
                self.assertEqual(self.send(key, expect=201).headers.get("idempotent-replayed"), "true")
        for key in ("", "x" * 256, "caf\u00e9".encode("utf-8"), b"\x7f", b"a\tb"):
            with self.subTest(key=key[:20]):
                self.assert_error(self.send(key), 400)

    def test_keys_are_case_sensitive(self):
        self.assertNotEqual(self.send("Case", expect=201).json["id"], self.send("case", expect=201).json["id"])

    def test_other_posts_ignore_the_header(self):
        strategy = self.user.strategy(self.url)
        body = {"strategy_id": strategy["id"], "url": self.url}
        for target, status in (("/api/jobs", 201), ("/api/jobs/execute", 200)):
            for key in ("same", "x" * 300):
                made = [self.user.post(target, body, headers={"Idempotency-Key": key}, expect=status) for _ in range(2)]
                self.assertEqual(len({answer.json["id"] for answer in made}), 2)
                self.assertFalse([answer for answer in made if "idempotent-replayed" in answer.headers])

    def test_a_replay_after_deletion_gives_the_stored_answer(self):
        first = self.send("g", expect=201)
        self.user.delete(f"/api/strategies/{first.json['id']}", expect=200)
        again = self.send("g", expect=201)
        self.assertEqual(again.json, first.json)
        self.assertEqual(self.count(), 0)

    def test_a_replay_gives_the_answer_of_then_not_of_now(self):
        first = self.send("h", expect=201)
        self.user.patch(f"/api/strategies/{first.json['id']}", {"name": "renamed"}, expect=200)
        self.assertEqual(self.send("h", expect=201).json, first.json)

    def test_stored_answers_survive_restarts_and_crashes(self):
        first = self.send("i", expect=201)
        self.server.restart()
        self.assertEqual(self.send("i", expect=201).json, first.json)
        self.assert_error(self.send("i", {**self.body, "name": "other"}), 422)
        second = self.send("j", expect=201)
        self.server.kill()
        self.server.start()
        self.assertEqual(self.send("j", expect=201).json, second.json)

    def test_a_crash_frees_the_key(self):
        gate = f"crash-{self.account}"
        body = {**self.body, "url": self.site.url(f"/gate/{gate}")}
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            lost = pool.submit(self.send, "k", body)
            eventually(lambda: self.site.hits(f"/gate/{gate}"), what="the first fetch")
            self.server.kill()
            self.assertIsInstance(lost.exception(30), Exception)
        self.site.open(gate)
        self.server.start()
        again = self.send("k", body, expect=201)
        self.assertNotIn("idempotent-replayed", again.headers)


if __name__ == "__main__":
    unittest.main()
