"""Jobs, batches and execute: BEHAVIOUR 11.1 to 11.4."""

import concurrent.futures
import datetime
import json
import socket
import unittest

import fixture_site
import harness
from harness import eventually

SHOP_ITEMS = [{"name": name, "price": price} for name, price in fixture_site.PRODUCTS]
ENDED = ("completed", "failed")


def seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


class Single(harness.MeterCase):
    def test_a_job_goes_from_pending_to_completed(self):
        url = self.site.url("/shop")
        strategy = self.client.strategy(url)
        created = self.client.post("/api/jobs", {"strategy_id": strategy["id"], "url": url}, expect=201).json
        self.assertEqual(created["id"], created["job_id"])
        self.assertEqual((created["status"], created["strategy_id"], created["url"]), ("pending", strategy["id"], url))
        self.assertIsNone(created.get("parameters"))
        job = self.client.wait_job(created["id"])
        self.assertEqual(job["id"], job["job_id"])
        self.assertEqual((job["status"], job["outcome"], job["error"]), ("completed", "ok", None))
        self.assertEqual(job["results"], SHOP_ITEMS)
        self.assertEqual(job["item_count"], 2)
        self.assertIs(job["has_changes"], False)
        for member in ("schedule_id", "batch_id", "workflow_run_id", "parameters"):
            self.assertIsNone(job[member], member)
        self.assertLessEqual(seconds(job["created_at"]), seconds(job["started_at"]))
        self.assertLessEqual(seconds(job["started_at"]), seconds(job["completed_at"]))
        self.assertEqual(job["created_at"], created["created_at"])

    def test_results_keep_the_order_of_members(self):
        url = self.site.url("/shop")
        plan = {"container": {"selector": "li.product"},
                "fields": {"z": {"selector": "h2"}, "a": {"selector": ".price"}}}
        self.assertEqual(list(self.client.execute(self.client.strategy(url, plan), url)["results"][0]), ["z", "a"])

    def test_an_unfinished_job_shows_nulls(self):
        gate = f"pending-{self.account}"
        strategy = self.client.strategy(self.site.url("/shop"))
        job = self.client.job(strategy, self.site.url(f"/gate/{gate}"))
        self.client.wait_running(job["id"])
        running = self.client.get_job(job["id"])
        for member in ("results", "item_count", "content_hash", "structural_signature", "has_changes", "error",
                       "completed_at"):
            self.assertIsNone(running[member], member)
        self.assertIsNotNone(running["started_at"])
        self.assertNotIn("outcome", running)
        entry = self.client.get(f"/api/strategies/{strategy['id']}/history", expect=200).json[0]
        self.assertEqual((entry["status"], entry["has_changes"], entry["item_count"], entry["completed_at"]),
                         ("running", False, None, None))
        self.assertEqual([each["id"] for each in self.client.get("/api/jobs?status=running").json], [job["id"]])
        self.site.open(gate)
        self.assertEqual(self.client.wait_job(job["id"])["results"], SHOP_ITEMS)

    def test_no_items_is_completed_with_an_empty_list(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        job = self.client.execute(strategy, self.site.url("/blank"))
        self.assertEqual((job["status"], job["results"], job["item_count"], job["has_changes"]),
                         ("completed", [], 0, False))
        self.assertEqual(job["outcome"], "ok", "there is no baseline with items")

    def test_the_url_of_the_strategy_is_not_a_default(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        self.assert_error(self.client.post("/api/jobs", {"strategy_id": strategy["id"]}), 400)

    def test_a_hundred_jobs_of_many_writers_all_end(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            made = list(pool.map(lambda _: self.client.job(strategy, self.site.url("/shop"))["id"], range(100)))
        self.assertEqual(len(set(made)), 100)
        for job_id in made:
            self.assertEqual(self.client.wait_job(job_id)["status"], "completed")

    def test_warnings_name_fields_that_no_item_has(self):
        plan = {"container": {"selector": "li.product"},
                "fields": {"name": {"selector": "h2"}, "gone": {"selector": ".gone"}}}
        url = self.site.url("/shop")
        job = self.client.execute(self.client.strategy(url, plan), url)
        self.assertTrue(any("gone" in warning for warning in job["warnings"]))
        self.assertNotIn("warnings", self.client.execute(self.client.strategy(url), url))


class Batches(harness.MeterCase):
    def setUp(self):
        self.url = self.site.url("/shop")
        self.strategy = self.client.strategy(self.url)

    def jobs(self, batch):
        return self.client.get(f"/api/jobs?batch_id={batch['batch_id']}&limit=1000", expect=200).json

    def test_order_and_duplicates_are_kept(self):
        urls = [self.url, self.site.url("/detail/1"), self.url, self.site.url("/content"), self.url]
        batch = self.client.batch(self.strategy, urls)
        self.assertEqual((batch["job_count"], batch["status"], batch["strategy_id"]),
                         (5, "pending", self.strategy["id"]))
        self.client.wait_batch(batch["batch_id"])
        self.assertEqual([job["url"] for job in reversed(self.jobs(batch))], urls)
        self.assertEqual({job["batch_id"] for job in self.jobs(batch)}, {batch["batch_id"]})

    def test_one_url_in_a_list_is_a_batch_too(self):
        batch = self.client.batch(self.strategy, [self.url])
        self.assertEqual(batch["job_count"], 1)
        self.assertNotIn("job_id", batch)
        self.client.wait_batch(batch["batch_id"])

    def test_one_bad_url_rejects_the_whole_call(self):
        before = self.client.get("/api/jobs?limit=1000").json
        self.assert_error(self.client.post("/api/jobs", {"strategy_id": self.strategy["id"],
                                                         "urls": [self.url, "nonsense", self.url]}), 422,
                                                         "Invalid URL format")
        self.assertEqual(len(self.client.get("/api/jobs?limit=1000").json), len(before))

    def test_progress_counts_every_job(self):
        gates = [f"{self.id()}-{number}" for number in range(3)]
        self.site.page("/" + gates[2], lambda _: (self.site.wait(self.site.gate(gates[2])), "x")[1], status=404)
        urls = [self.site.url(f"/gate/{gates[0]}"), self.site.url(f"/gate/{gates[1]}"), self.site.url("/" + gates[2])]
        batch = self.client.batch(self.strategy, urls)

        def progress():
            return self.client.get(f"/api/jobs/batch/{batch['batch_id']}", expect=200).json
        eventually(lambda: progress()["running"] == 3, what="three running jobs")
        self.assertEqual({**progress(), "created_at": 0}, {
            "batch_id": batch["batch_id"], "strategy_id": self.strategy["id"], "status": "running", "total": 3,
            "pending": 0,
            "running": 3, "completed": 0, "failed": 0, "progress_percent": 0, "created_at": 0})
        self.site.open(gates[0])
        eventually(lambda: progress()["completed"] == 1, what="one completed job")
        self.assertEqual(progress()["progress_percent"], 33.3)
        self.site.open(gates[2])
        eventually(lambda: progress()["failed"] == 1, what="one failed job")
        state = progress()
        self.assertEqual((state["progress_percent"], state["status"]), (66.7, "running"))
        self.site.open(gates[1])
        state = self.client.wait_batch(batch["batch_id"])
        self.assertEqual((state["status"], state["completed"], state["failed"], state["progress_percent"]),
                         ("completed", 2, 1, 100.0))

    def test_a_batch_is_failed_only_when_every_job_failed(self):
        missing = self.site.url("/status/404")
        for urls, status in (([missing, missing], "failed"), ([missing, self.url], "completed"),
                             ([self.url], "completed")):
            with self.subTest(urls=urls):
                self.assertEqual(self.client.wait_batch(self.client.batch(self.strategy, urls)["batch_id"])["status"],
                                 status)

    def test_a_large_batch_ends(self):
        batch = self.client.batch(self.strategy, [self.url] * 500)
        state = self.client.wait_batch(batch["batch_id"], 90)
        self.assertEqual((state["completed"], state["total"]), (500, 500))
        self.assertEqual(len({job["id"] for job in self.jobs(batch)}), 500)


class Execute(harness.MeterCase):
    def setUp(self):
        self.url = self.site.url("/shop")
        self.strategy = self.client.strategy(self.url)

    def test_it_answers_the_finished_job(self):
        job = self.client.execute(self.strategy, self.url)
        self.assertEqual((job["status"], job["results"]), ("completed", SHOP_ITEMS))
        self.assertEqual(self.client.get_job(job["id"]), job)

    def test_a_failed_job_is_200_too(self):
        job = self.client.execute(self.strategy, self.site.url("/status/404"))
        self.assert_failed(job, "Page not accessible: 404 Not Found")
        self.assertEqual(job["outcome"], "failed")

    def test_the_job_goes_on_when_the_caller_hangs_up(self):
        gate = f"hangup-{self.account}"
        body = json.dumps({"strategy_id": self.strategy["id"], "url": self.site.url(f"/gate/{gate}")}).encode()
        with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
            connection.sendall(b"POST /api/jobs/execute HTTP/1.1\r\nHost: a\r\n"
                               b"Authorization: Bearer " + self.client.key.encode() +
                               b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            eventually(lambda: self.site.hits(f"/gate/{gate}"), what="the fetch of the job")
        job = self.client.get(f"/api/jobs?strategy_id={self.strategy['id']}", expect=200).json[0]
        self.assertEqual(job["status"], "running")
        self.site.open(gate)
        self.assertEqual(self.client.wait_job(job["id"])["results"], SHOP_ITEMS)

    def test_many_executes_at_once_each_get_their_own_job(self):
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            jobs = list(pool.map(lambda _: self.client.execute(self.strategy, self.url), range(80)))
        self.assertEqual(len({job["id"] for job in jobs}), 80)
        self.assertEqual({job["status"] for job in jobs}, {"completed"})

    def test_waiting_callers_do_not_keep_others_out(self):
        gate = f"waiting-{self.account}"
        body = {"strategy_id": self.strategy["id"], "url": self.site.url(f"/gate/{gate}")}
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            # Far more than four, which is what one host is given at a time: most wait before their fetch. Past half of
            # http.threads there is no place to wait: 503.
            waiting = [pool.submit(self.client.post, "/api/jobs/execute", body, expect=(200, 503)) for _ in range(200)]
            eventually(lambda: self.site.hits(f"/gate/{gate}") >= 4, what="four fetches")
            for _ in range(20):
                self.client.get("/api/strategies", expect=200, timeout=10)
            self.site.open(gate)
            answers = [each.result(60) for each in waiting]
        done = [answer.json["status"] for answer in answers if answer.status == 200]
        self.assertEqual(set(done), {"completed"})
        self.assertGreaterEqual(len(done), 64)


class ShortPatience(harness.MeterCase):
    server_options = ("--jobs-execute-timeout", "1")

    def test_execute_gives_up_after_its_time(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        gate = f"patience-{self.account}"
        try:
            job = self.client.execute(strategy, self.site.url(f"/gate/{gate}"))
            self.assert_failed(job, "Job timed out after 1 seconds")
            self.assertEqual(self.client.get_job(job["id"]), job)
        finally:
            self.site.open(gate)
        after = self.client.execute(strategy, self.site.url("/shop"))
        self.assertEqual(after["status"], "completed")
        self.assertEqual(self.client.get_job(job["id"]), job, "a late result changes nothing")


class SmallLimits(harness.MeterCase):
    server_options = ("--jobs-max-items", "5", "--jobs-max-result-bytes", "2000", "--jobs-max-pending", "3",
                      "--jobs-workers", "1")

    def test_too_many_items_fail_the_job(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        for count, length, status in ((5, 10, "completed"), (6, 10, "failed"), (3, 1000, "failed")):
            with self.subTest(count=count, length=length):
                url = self.page(fixture_site.shop_html([("n" * length, "$1")] * count))
                job = self.client.execute(strategy, url)
                self.assertEqual(job["status"], status)
                if status == "failed":
                    self.assert_failed(job, "Extraction failed: too many results")

    def test_a_full_queue_is_503(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        gate = f"full-{self.account}"
        url = self.site.url(f"/gate/{gate}")
        body = {"strategy_id": strategy["id"], "url": url}
        try:
            first = self.client.job(strategy, url)
            self.client.wait_running(first["id"])
            jobs = [self.client.job(strategy, url)["id"] for _ in range(3)]
            self.assert_error(self.client.post("/api/jobs", body), 503, code="unavailable")
            self.assert_error(self.client.post("/api/jobs/execute", body), 503, code="unavailable")
            self.assert_error(self.client.post("/api/jobs", {"strategy_id": strategy["id"], "urls": [url]}), 503)
            self.assertEqual(len(self.client.get(f"/api/jobs?strategy_id={strategy['id']}").json), 4)
        finally:
            self.site.open(gate)
        for job_id in [first["id"], *jobs]:
            self.client.wait_job(job_id)
        self.client.post("/api/jobs", body, expect=201)


if __name__ == "__main__":
    unittest.main()
