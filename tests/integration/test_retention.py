"""How long jobs are kept: BEHAVIOUR 11.1, retention.jobs."""

import contextlib
import sqlite3

import fixture_site
import harness
from harness import eventually


class OldJobs(harness.MeterCase):
    server_options = ("--retention-jobs", "3600")

    def setUp(self):
        self.own = fixture_site.FixtureSite()
        self.own.start()
        self.addCleanup(self.own.close)
        self.url = self.own.url("/shop")
        self.strategy = self.client.strategy(self.url)

    def run_at(self, price):
        self.own.set_price("Product A", price)
        return self.client.execute(self.strategy, self.url)

    def grow_old(self):
        """Everything that has ended did so two hours ago."""
        self.assertEqual(self.server.terminate(), 0)
        with contextlib.closing(sqlite3.connect(self.server.folder / "meter.db")) as database, database:
            database.execute("UPDATE jobs SET completed_at = completed_at - 7200000")
        self.server.start()

    def gone(self, job):
        eventually(lambda: self.client.get(f"/api/jobs/{job['id']}").status == 404, what=f"the removal of {job['id']}")
        self.assert_error(self.client.get(f"/api/jobs/{job['id']}"), 404, "Job not found")

    def history(self):
        return [one["id"] for one in self.client.get(f"/api/strategies/{self.strategy['id']}/history", expect=200).json]

    def test_old_jobs_go_and_the_next_one_knows_what_changed(self):
        batch = self.client.batch(self.strategy, [self.url, self.url])
        self.client.wait_batch(batch["batch_id"])
        jobs = [self.run_at(price) for price in ("$1", "$2")]
        self.grow_old()
        self.gone(jobs[0])
        self.assertEqual(self.history(), [jobs[1]["id"]])
        self.assertEqual(self.client.get_job(jobs[1]["id"])["results"], jobs[1]["results"])
        self.assert_error(self.client.get(f"/api/jobs/batch/{batch['batch_id']}"), 404, "Batch not found")
        self.assertEqual(self.client.get(f"/api/jobs?batch_id={batch['batch_id']}", expect=200).json, [])
        self.assert_error(self.client.post("/api/jobs/compare", {
            "job_id": jobs[1]["id"], "other_job_id": jobs[0]["id"]}), 404, "Job not found")
        same, other = self.run_at("$2"), self.run_at("$3")
        self.assertEqual((same["has_changes"], other["has_changes"]), (False, True))
        self.assertEqual(self.history(), [other["id"], same["id"], jobs[1]["id"]])

    def test_what_a_workflow_handed_on_last_is_there(self):
        flow = self.client.post("/api/workflows", {"name": "Shop", "nodes": [
            {"node_key": "shop", "strategy_id": self.strategy["id"], "input_type": "static_urls",
             "static_urls": [self.url]}]}, expect=201).json["id"]

        def run(price):
            self.own.set_price("Product A", price)
            made = self.client.post(f"/api/workflows/{flow}/run", {"force": True}, expect=201).json["id"]
            target = f"/api/workflows/{flow}/runs/{made}"
            done = eventually(lambda: (now := self.client.get(target, expect=200).json)["status"] == "completed"
                              and now, what="the end of a run")
            return done["node_executions"][0]["job_id"]

        first, second = run("$1"), run("$2")
        self.grow_old()
        self.gone({"id": first})
        results = self.client.get_job(second)["results"]
        output = self.client.get(f"/api/workflows/{flow}/runs/latest/output", expect=200)
        self.assertIn(results[0]["price"], output.body.decode())
        self.assertEqual(len(self.client.get(f"/api/workflows/{flow}/runs", expect=200).json), 2)
