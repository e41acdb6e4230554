"""Lists: order, paging, filters (BEHAVIOUR 5 and 11.6)."""

import datetime
import unittest
import urllib.parse

import harness
from harness import UNKNOWN_ID, eventually


def ids(entries):
    return [entry["id"] for entry in entries]


class Paging(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = cls.site.url("/shop")
        cls.strategies = [cls.client.strategy(cls.url, name=f"s{number}") for number in range(55)]
        cls.strategy = cls.strategies[0]
        cls.batch = cls.client.batch(cls.strategy, [cls.url] * 30)
        cls.client.wait_batch(cls.batch["batch_id"])

    def lists(self):
        """Target, default page, entries there are."""
        return (("/api/strategies", 20, 55), ("/api/strategies/audit", 50, 55), ("/api/jobs", 20, 30),
                (f"/api/strategies/{self.strategy['id']}/history", 1000, 30),
                (f"/api/jobs/strategies/{self.strategy['id']}/history", 1000, 30))

    def test_a_limit_or_offset_out_of_range_is_400_never_clamped(self):
        for target, _, _ in self.lists():
            for query in ("limit=0", "limit=-1", "limit=1001", "limit=100000000000000000000", "limit=abc", "limit=1.5",
                          "limit=", "limit=1e2", "limit=0x10", "limit=%201", "limit=%2B1", "limit=1;", "offset=-1",
                          "offset=x",
                          "offset=1.0", "offset=", "offset=-0.5", "limit=true", "limit=%D9%A1",
                          "offset=99999999999999999999", "limit=10&offset=-1"):
                with self.subTest(target=target, query=query):
                    self.assert_error(self.client.get(f"{target}?{query}"), 400, code="invalid_request")

    def test_limits_from_one_to_a_thousand_are_taken(self):
        for target, _, count in self.lists():
            for limit in (1, 2, 1000):
                with self.subTest(target=target, limit=limit):
                    entries = self.client.get(f"{target}?limit={limit}", expect=200).json
                    self.assertEqual(len(entries), min(limit, count))

    def test_the_default_limit(self):
        for target, default, count in self.lists():
            with self.subTest(target=target):
                self.assertEqual(len(self.client.get(target, expect=200).json), min(default, count))

    def test_an_offset_past_the_end_gives_an_empty_list(self):
        for target, _, count in self.lists():
            for offset in (count, count + 1, 1_000_000, 2**62):
                with self.subTest(target=target, offset=offset):
                    self.assertEqual(self.client.get(f"{target}?offset={offset}", expect=200).json, [])

    def test_pages_join_to_the_whole_newest_first(self):
        for target, _, count in self.lists():
            with self.subTest(target=target):
                whole = self.client.get(f"{target}?limit=1000", expect=200).json
                self.assertEqual(len(whole), count)
                order = [(entry["created_at"], entry["id"]) for entry in whole]
                self.assertEqual([key[0] for key in order], sorted((key[0] for key in order), reverse=True))
                joined, offset = [], 0
                while chunk := self.client.get(f"{target}?limit=7&offset={offset}", expect=200).json:
                    joined += chunk
                    offset += 7
                self.assertEqual(ids(joined), ids(whole))
                self.assertEqual(len(set(ids(joined))), count)

    def test_ties_of_creation_time_are_broken_by_id_descending(self):
        """Times are shown in whole seconds, ids of version 7 sort by creation: so the ids descend as well."""
        for target in ("/api/strategies", "/api/jobs"):
            whole = self.client.get(f"{target}?limit=1000", expect=200).json
            self.assertEqual(ids(whole), sorted(ids(whole), reverse=True))
        self.assertEqual(ids(self.client.get("/api/strategies?limit=1000").json),
                         [strategy["id"] for strategy in reversed(self.strategies)])

    def test_new_ids_are_uuid_version_7(self):
        for each in (self.strategy["id"], self.batch["batch_id"], self.client.get("/api/jobs").json[0]["id"]):
            self.assertEqual(each[14], "7", each)
            self.assertIn(each[19], "89ab", each)

    def test_list_entries_are_the_full_objects(self):
        listed = self.client.get("/api/jobs?limit=1", expect=200).json[0]
        self.assertEqual(listed, self.client.get_job(listed["id"]))
        self.assertTrue(listed["results"])
        listed = self.client.get("/api/strategies?limit=1", expect=200).json[0]
        self.assertEqual(listed, self.client.get(f"/api/strategies/{listed['id']}", expect=200).json)

    def test_both_history_paths_answer_alike(self):
        one = self.client.get(f"/api/strategies/{self.strategy['id']}/history?limit=9&offset=3", expect=200).json
        two = self.client.get(f"/api/jobs/strategies/{self.strategy['id']}/history?limit=9&offset=3", expect=200).json
        self.assertEqual(one, two)


class JobFilters(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = cls.site.url("/shop")
        cls.first, cls.second = (cls.client.strategy(cls.url, name=name) for name in ("one", "two"))
        cls.good = cls.client.execute(cls.first, cls.url)
        cls.bad = cls.client.execute(cls.first, cls.site.url("/status/404"))
        cls.batch = cls.client.batch(cls.second, [cls.url, cls.url])
        cls.client.wait_batch(cls.batch["batch_id"])

    def jobs(self, **query):
        return self.client.get("/api/jobs?" + urllib.parse.urlencode(query), expect=200).json

    def test_each_filter_narrows_the_list(self):
        self.assertEqual(set(ids(self.jobs(strategy_id=self.first["id"]))), {self.good["id"], self.bad["id"]})
        self.assertEqual(ids(self.jobs(status="failed")), [self.bad["id"]])
        self.assertEqual(len(self.jobs(status="completed")), 3)
        self.assertEqual(self.jobs(status="pending"), [])
        self.assertEqual(self.jobs(status="running"), [])
        self.assertEqual(len(self.jobs(batch_id=self.batch["batch_id"])), 2)
        self.assertEqual({job["batch_id"] for job in self.jobs(batch_id=self.batch["batch_id"])},
                         {self.batch["batch_id"]})

    def test_filters_combine_with_and(self):
        self.assertEqual(ids(self.jobs(strategy_id=self.first["id"], status="completed")), [self.good["id"]])
        self.assertEqual(self.jobs(strategy_id=self.first["id"], batch_id=self.batch["batch_id"]), [])
        self.assertEqual(len(self.jobs(strategy_id=self.second["id"], batch_id=self.batch["batch_id"], since="1h",
                                       status="completed", limit=1)), 1)

    def test_unknown_ids_give_an_empty_list(self):
        for name in ("strategy_id", "schedule_id", "batch_id"):
            self.assertEqual(self.jobs(**{name: UNKNOWN_ID}), [], name)

    def test_malformed_filter_values_are_400(self):
        for target, query in (("/api/jobs", "strategy_id=x"), ("/api/jobs", "schedule_id=x"),
                              ("/api/jobs", "batch_id=1"), ("/api/jobs", "status=done"), ("/api/jobs", "status="),
                              ("/api/jobs", "status=COMPLETED"), ("/api/jobs", "strategy_id="),
                              ("/api/strategies/audit", "strategy_id=x"), ("/api/strategies/audit", "event=updated"),
                              ("/api/strategies/audit", "event=")):
            with self.subTest(target=target, query=query):
                self.assert_error(self.client.get(f"{target}?{query}"), 400)

    def test_since_takes_times_and_spans(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        past, future = now - datetime.timedelta(hours=1), now + datetime.timedelta(hours=1)
        for target, count in (("/api/jobs", 4), ("/api/strategies/audit", 2)):
            for since in ("1h", "3600s", "60m", "1d", "1w", "24h", past.strftime("%Y-%m-%dT%H:%M:%SZ"),
                          past.strftime("%Y-%m-%dT%H:%M:%S.250Z"),
                          past.replace(tzinfo=None).isoformat(), (past - datetime.timedelta(days=1)).date().isoformat(),
                          (past + datetime.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00"),
                          (past - datetime.timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S.123456-05:00"),
                          "1970-01-01T00:00:00Z"):
                with self.subTest(target=target, since=since):
                    found = self.client.get(f"{target}?since={urllib.parse.quote(since)}", expect=200).json
                    self.assertEqual(len(found), count)
            for since in (future.strftime("%Y-%m-%dT%H:%M:%SZ"), "9999-12-31T23:59:59Z"):
                with self.subTest(target=target, since=since):
                    self.assertEqual(self.client.get(f"{target}?since={urllib.parse.quote(since)}", expect=200).json,
                                     [])

    def test_since_that_is_neither_is_400(self):
        for since in ("", "yesterday", "1", "h", "1y", "-1h", "1.5h", "1 h", "1H", "2025-13-01T00:00:00Z",
                      "2025-02-30T00:00:00Z", "2025-01-15T25:00:00Z", "2025-01-15 10:30", "99999999999999999999d",
                      "1hh",
                      "2025-01-15T10:30:00+99:00", "0x5h"):
            for target in ("/api/jobs", "/api/strategies/audit"):
                with self.subTest(target=target, since=since):
                    self.assert_error(self.client.get(f"{target}?since={urllib.parse.quote(since)}"), 400)

    def test_since_compares_the_time_of_creation(self):
        client = self.other_client()
        strategy = client.strategy(self.url)
        early = client.execute(strategy, self.url)

        def later():
            job = client.execute(strategy, self.url)
            return job if job["created_at"] > early["created_at"] else None
        late = eventually(later, 5.0, "a job of a later second")
        self.assertEqual(ids(client.get(f"/api/jobs?since={late['created_at']}", expect=200).json), [late["id"]])


class Audit(harness.MeterCase):
    def test_creations_and_deletions_leave_events_that_survive_the_strategy(self):
        url = self.site.url("/shop")
        kept, gone = self.client.strategy(url, name="kept"), self.client.strategy(url, name="gone")
        self.client.patch(f"/api/strategies/{kept['id']}", {"name": "renamed"}, expect=200)
        self.client.delete(f"/api/strategies/{gone['id']}", expect=200)
        self.client.generate(self.site.url("/status/404"), expect=422)
        events = self.client.get("/api/strategies/audit", expect=200).json
        self.assertEqual([(event["event"], event["strategy_id"]) for event in events],
                         [("deleted", gone["id"]), ("created", gone["id"]), ("created", kept["id"])])
        self.assertEqual([event["strategy_name"] for event in events], ["gone", "gone", "kept"])
        self.assertEqual({event["url"] for event in events}, {url})
        self.assertEqual({event["api_key_prefix"] for event in events}, {self.key.prefix})
        self.assertEqual(len({event["id"] for event in events}), 3)

        def audit(query):
            return self.client.get(f"/api/strategies/audit?{query}", expect=200).json
        self.assertEqual(audit(f"strategy_id={gone['id']}"), events[:2])
        self.assertEqual(audit("event=deleted"), events[:1])
        self.assertEqual(audit(f"event=created&strategy_id={kept['id']}"), events[2:])
        self.assertEqual(audit(f"strategy_id={UNKNOWN_ID}"), [])

    def test_history_is_empty_for_a_new_strategy(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        self.assertEqual(self.client.get(f"/api/strategies/{strategy['id']}/history", expect=200).json, [])


if __name__ == "__main__":
    unittest.main()
