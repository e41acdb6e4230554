"""A disk that takes no more: 503, nothing half done, and recovery by itself (BEHAVIOUR 3, DESIGN 4)."""

import concurrent.futures
import contextlib
import resource
import unittest

import fixture_site
import harness
from harness import eventually

SHOP_ITEMS = [{"name": name, "price": price} for name, price in fixture_site.PRODUCTS]


class FullDisk(harness.MeterCase):
    """RLIMIT_FSIZE of the running server stands in for the full disk: every write past the limit fails."""

    server_options = harness.QUICK_LEASES

    @contextlib.contextmanager
    def full_disk(self):
        pid = self.server.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def test_writes_are_503_reads_go_on_and_it_recovers(self):
        url = self.site.url("/shop")
        client = self.other_client()
        strategy, doomed = client.strategy(url), client.strategy(url)
        job = client.execute(strategy, url)
        schedule = client.post("/api/schedules", {"strategy_id": strategy["id"], "url": url, "interval_seconds": 3600,
                                                  "webhook_url": "https://hooks.test/"}, expect=201).json
        at_schedule = f"/api/schedules/{schedule['id']}"
        counted = {"discovery": {"method": "pagination", "url_template": f"{url}?page={{n}}", "max_pages": 2}}
        found = client.post("/discover", counted, expect=201).json["discovery_id"]
        eventually(lambda: client.get(f"/discover/{found}").json["status"] == "completed", what="the discovery")
        group = client.post("/api/strategy-groups", {"name": "Kept"}, expect=201).json
        at_group = f"/api/strategy-groups/{group['id']}"
        body = {"strategy_id": strategy["id"], "url": url}
        flow = "/api/v1/workflows/" + client.post("/api/v1/workflows", {"name": "f"}, expect=201).json["workflowId"]
        client.post(f"{flow}/share", {"userId": "someone"}, expect=200)
        asking = {"name": "w", "nodes": [{"id": "a", "nodeId": "http-request", "config": {"url": self.site.url("/hang")}}]}
        waits = client.post("/api/v1/workflows", asking, expect=201).json["workflowId"]
        waiting = client.post(f"/api/v1/workflows/{waits}/execute", expect=201).json["executionId"]
        waiting = f"/api/v1/executions/{waiting}"
        node = {"node_key": "a", "strategy_id": strategy["id"], "input_type": "static_urls", "static_urls": [url]}
        pair = client.post("/api/workflows", {"name": "flow", "nodes": [node]}, expect=201).json
        at_flow = f"/api/workflows/{pair['id']}"
        follower = {"node_key": "b", "strategy_id": strategy["id"], "input_type": "upstream_data"}
        pair = client.post(at_flow + "/nodes", follower, expect=201) and client.get(at_flow).json
        ticking = client.post("/api/workflows", {"name": "ticking", "nodes": [node]}, expect=201).json
        at_ticking = f"/api/workflows/{ticking['id']}"
        tick = client.post(at_ticking + "/schedules", {"interval_seconds": 3600}, expect=201).json
        run = client.post(at_ticking + "/run", expect=201).json
        slow = {**node, "static_urls": [self.site.url("/hang")]}
        hanging = client.post("/api/workflows", {"name": "hanging", "nodes": [slow]}, expect=201).json
        at_run = f"/api/workflows/{hanging['id']}/runs/"
        at_run += client.post(f"/api/workflows/{hanging['id']}/run", expect=201).json["id"]
        eventually(lambda: client.get(f"{at_ticking}/runs/{run['id']}").json["status"] == "completed", what="a run")
        with self.full_disk():
            for method, target, json in (
                    ("POST", "/api/jobs", body),
                    ("POST", "/api/jobs", {"strategy_id": strategy["id"], "urls": [url] * 3}),
                    ("POST", "/api/jobs/execute", body),
                    ("PATCH", f"/api/strategies/{strategy['id']}", {"name": "lost"}),
                    ("POST", f"/api/strategies/{strategy['id']}/refine", {"feedback": "also extract links"}),
                    ("POST", "/discover", counted),
                    ("POST", f"/discover/{found}/execute", {"strategy_id": strategy["id"]}),
                    ("POST", f"/discover/{found}/schedule", {"strategy_id": strategy["id"], "interval_seconds": 600}),
                    ("POST", "/api/schedules", {**body, "interval_seconds": 600}),
                    ("PATCH", at_schedule, {"enabled": False}),
                    ("POST", at_schedule + "/webhook-secret/regenerate", {}),
                    ("POST", "/api/strategy-groups", {"name": "lost"}),
                    ("PATCH", at_group, {"name": "lost"}),
                    ("POST", at_group + "/strategies", {"strategy_ids": [strategy["id"]]}),
                    ("POST", at_group + "/schedule", {"interval_seconds": 600}),
                    ("PATCH", at_group + "/schema", {"output_schema": {"name": "string"}}),
                    ("POST", "/api/v1/workflows", {"name": "lost"}),
                    ("PUT", flow, {"name": "lost"}),
                    ("PUT", f"{flow}/status", {"status": "active"}),
                    ("POST", f"{flow}/duplicate", {}),
                    ("POST", f"{flow}/versions", {"versionTag": "lost"}),
                    ("POST", f"{flow}/share", {"userId": "lost"}),
                    ("DELETE", f"{flow}/share/someone", {}),
                    ("POST", f"{flow}/execute", {}),
                    ("POST", f"{flow}/deploy", {}),
                    ("POST", f"{flow}/undeploy", {}),
                    ("POST", f"{waiting}/stop", {}),
                    ("POST", "/api/workflows", {"name": "lost"}),
                    ("PUT", at_flow, {"name": "lost"}),
                    ("POST", at_flow + "/nodes", {**node, "node_key": "lost"}),
                    ("PUT", at_flow + "/nodes/a", {"node_key": "lost"}),
                    ("POST", at_flow + "/edges", {"source_node_key": "a", "target_node_key": "b"}),
                    ("POST", at_ticking + "/run", {}),
                    ("POST", at_ticking + "/schedules", {"interval_seconds": 600}),
                    ("PATCH", f"{at_ticking}/schedules/{tick['id']}", {"enabled": False}),
                    ("POST", at_run + "/cancel", {}),
                    ("POST", "/api/watch", {"url": url, "description": "d", "strategy": fixture_site.SHOP_PLAN}),
                    ("POST", "/api/strategies/generate", {"url": url, "description": "d", "name": "n",
                                                          "strategy": fixture_site.SHOP_PLAN})):
                with self.subTest(method=method, target=target):
                    answer = client.request(method, target, json=json)
                    self.assert_error(answer, 503, code="unavailable")
            deleted = client.delete(f"/api/strategies/{doomed['id']}", expect=(200, 503)).status == 200
            gone = client.delete(at_schedule, expect=(200, 503)).status == 200
            client.delete(f"/discover/{found}", expect=(200, 503))
            self.assertEqual(client.get(at_flow, expect=200).json, pair)
            self.assertEqual(client.get_job(job["id"]), job)
            self.assertEqual(client.get(f"/api/strategies/{strategy['id']}", expect=200).json, strategy)
        eventually(lambda: client.post("/api/jobs", body).status == 201, what="writes again")
        self.assertEqual(client.execute(strategy, url)["results"], SHOP_ITEMS)
        client.post(at_run + "/cancel", {}, expect=200)
        client.post(f"{waiting}/stop", expect=200)
        client.post(at_ticking + "/run", expect=201)
        schedules = [each["id"] for each in client.get("/api/schedules", expect=200).json]
        self.assertEqual(schedules, [] if gone else [schedule["id"]])
        names = {each["id"]: each["name"] for each in client.get("/api/strategies?limit=1000", expect=200).json}
        self.assertEqual(names, {strategy["id"]: "Shop", **({} if deleted else {doomed["id"]: "Shop"})})
        self.server.command("check", "--store", self.server.store)

    def test_running_jobs_end_once_there_is_room(self):
        own = fixture_site.FixtureSite()
        own.start()
        self.addCleanup(own.close)
        strategy = self.client.strategy(own.url("/shop"))
        jobs = [self.client.job(strategy, own.url("/gate/disk")) for _ in range(3)]
        for job in jobs:
            self.client.wait_running(job["id"])
        eventually(lambda: own.in_flight() == 3, what="three fetches")
        with self.full_disk():
            own.open("disk")
            eventually(lambda: own.in_flight() == 0, what="the end of the fetches")
            for job in jobs:
                self.assertEqual(self.client.get_job(job["id"])["status"], "running", "no result could be kept")
        for job in jobs:
            self.assertIn(self.client.wait_job(job["id"], 60)["status"], ("completed", "failed"))

    def test_no_acknowledged_write_is_lost_around_a_full_disk(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        body = {"strategy_id": strategy["id"], "url": self.site.url("/shop")}
        kept = []

        def write(_):
            answer = self.client.post("/api/jobs", body, expect=(201, 503))
            if answer.status == 201:
                kept.append(answer.json["id"])
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(40)))
            with self.full_disk():
                list(pool.map(write, range(40)))
            eventually(lambda: self.client.post("/api/jobs", body).status == 201, what="writes again")
            list(pool.map(write, range(40)))
        self.server.kill()
        self.server.start()
        self.assertGreaterEqual(len(kept), 80)
        for job_id in kept:
            self.client.wait_job(job_id)


if __name__ == "__main__":
    unittest.main()
