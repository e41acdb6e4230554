"""Routes, methods and the operations without a key: BEHAVIOUR 1 and the tag `operations`."""

import json
import re
import unittest

import harness
import spec as contract
from harness import UNKNOWN_ID

# Path -> methods that are served there (HEAD comes with GET).
PATHS = {
    "/healthz": {"GET"}, "/readyz": {"GET"}, "/metrics": {"GET"}, "/openapi.json": {"GET"},
    "/api/strategies": {"GET"}, "/api/strategies/generate": {"POST"}, "/api/strategies/audit": {"GET"},
    f"/api/strategies/{UNKNOWN_ID}": {"GET", "PATCH", "DELETE"},
    f"/api/strategies/{UNKNOWN_ID}/history": {"GET"}, f"/api/jobs/strategies/{UNKNOWN_ID}/history": {"GET"},
    "/api/account/quota": {"GET"}, "/api/jobs": {"GET", "POST"}, "/api/jobs/execute": {"POST"},
    f"/api/jobs/{UNKNOWN_ID}": {"GET"}, f"/api/jobs/batch/{UNKNOWN_ID}": {"GET"},
}
LISTS = ("/api/strategies", "/api/strategies/audit", "/api/jobs")


def allow(answer):
    return {word.strip() for word in answer.headers["allow"].split(",")}


class Routes(harness.MeterCase):
    def test_a_method_that_a_path_lacks_is_405_with_allow(self):
        for path, methods in PATHS.items():
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
                if method in methods:
                    continue
                with self.subTest(path=path, method=method):
                    answer = self.client.request(method, path, body=b"" if method in ("POST", "PUT", "PATCH") else None)
                    self.assert_error(answer, 405, code="method_not_allowed")
                    self.assertEqual(allow(answer) - {"HEAD"}, methods)

    def test_allow_names_head_only_where_get_is(self):
        self.assertNotIn("HEAD", allow(self.client.get("/api/jobs/execute", expect=405)))
        self.client.request("HEAD", "/api/jobs/execute", expect=405)
        self.client.request("HEAD", "/api/strategies/generate", expect=405)

    def test_405_needs_no_key_and_no_body(self):
        self.server.client().request("PUT", "/api/jobs", body=b"{}", expect=405)
        self.server.client().request("OPTIONS", "/api/jobs", headers={"Origin": "http://evil.test"}, expect=405)

    def test_head_answers_like_get_without_a_body(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        job = self.client.execute(strategy, self.site.url("/shop"))
        batch = self.client.batch(strategy, [self.site.url("/shop")])
        targets = ["/healthz", "/readyz", "/openapi.json", "/api/account/quota", *LISTS,
                   f"/api/strategies/{strategy['id']}", f"/api/strategies/{strategy['id']}/history",
                   f"/api/jobs/strategies/{strategy['id']}/history", f"/api/jobs/{job['id']}",
                   f"/api/jobs/batch/{batch['batch_id']}"]
        for target in targets:
            with self.subTest(target=target):
                got, head = self.client.get(target, expect=200), self.client.request("HEAD", target, expect=200)
                self.assertEqual(head.body, b"")
                self.assertEqual(head.headers["content-type"], got.headers["content-type"])
        self.server.admin().request("HEAD", "/metrics", expect=200)
        self.client.request("HEAD", f"/api/jobs/{UNKNOWN_ID}", expect=404)

    def test_unknown_paths_are_404_with_or_without_a_key(self):
        for target in ("/", "/api", "/api/", "/api/nothing", "/v1/strategies", "/v1/jobs", "/api/discover",
                       "/api/jobs/a/b/c", "/API/jobs", "/api//jobs", "/api/jobs/batch", "/favicon.ico",
                       "/api/strategies/a/b", "/metrics/x", "/%61pi/nothing"):
            for client in (self.client, self.server.client()):
                with self.subTest(target=target, key=bool(client.key)):
                    if target == "/api/jobs/batch" and client.key is None:
                        continue  # "batch" is a malformed job id there, so the key is asked for first
                    self.assert_error(client.get(target), 404, code="not_found")

    def test_a_trailing_slash_is_404(self):
        for path in PATHS:
            with self.subTest(path=path):
                self.assert_error(self.client.get(path + "/"), 404)
        self.assert_error(self.client.post("/api/jobs/", {}), 404)
        self.assert_error(self.client.post("/api/strategies/generate/", {}), 404)

    def test_literal_path_parts_win_over_ids(self):
        self.assertIsInstance(self.client.get("/api/strategies/audit", expect=200).json, list)
        self.client.get("/api/strategies/generate", expect=405)
        self.client.get("/api/jobs/execute", expect=405)
        self.assert_error(self.client.get(f"/api/jobs/batch/{UNKNOWN_ID}"), 404, "Batch not found")

    def test_unknown_and_malformed_ids_are_404(self):
        rows = (("/api/strategies/{}", "Strategy not found", ("GET", "DELETE", "PATCH")),
                ("/api/strategies/{}/history", "Strategy not found", ("GET",)),
                ("/api/jobs/strategies/{}/history", "Strategy not found", ("GET",)),
                ("/api/jobs/{}", "Job not found", ("GET",)),
                ("/api/jobs/batch/{}", "Batch not found", ("GET",)))
        ids = (UNKNOWN_ID, "invalid-uuid", "1", UNKNOWN_ID + "0", UNKNOWN_ID.replace("-", ""), "%00", "%F0%28",
               "..%2f..%2fetc", "null", "x" * 3000, "%27%20OR%201=1", "{" + UNKNOWN_ID + "}", UNKNOWN_ID[:-1] + "g")
        for pattern, detail, methods in rows:
            for each in ids:
                for method in methods:
                    with self.subTest(pattern=pattern, id=each[:60], method=method):
                        body = b'{"name": "x"}' if method == "PATCH" else None
                        self.assert_error(self.client.request(method, pattern.format(each), body=body), 404, detail,
                                          "not_found")

    def test_path_ids_are_matched_in_any_case(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        job = self.client.execute(strategy, self.site.url("/shop"))
        for target, member, value in (
                (f"/api/strategies/{strategy['id'].upper()}", "id", strategy["id"]),
                (f"/api/jobs/{job['id'].upper()}", "id", job["id"])):
            self.assertEqual(self.client.get(target, expect=200).json[member], value)
        history = self.client.get(f"/api/strategies/{strategy['id'].upper()}/history", expect=200).json
        self.assertEqual([entry["id"] for entry in history], [job["id"]])

    def test_an_object_of_another_account_does_not_exist(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        job = self.client.execute(strategy, self.site.url("/shop"))
        batch = self.client.batch(strategy, [self.site.url("/shop")])
        other = self.other_client()
        for method, target, detail in (
                ("GET", f"/api/strategies/{strategy['id']}", "Strategy not found"),
                ("PATCH", f"/api/strategies/{strategy['id']}", "Strategy not found"),
                ("DELETE", f"/api/strategies/{strategy['id']}", "Strategy not found"),
                ("GET", f"/api/strategies/{strategy['id']}/history", "Strategy not found"),
                ("GET", f"/api/jobs/strategies/{strategy['id']}/history", "Strategy not found"),
                ("GET", f"/api/jobs/{job['id']}", "Job not found"),
                ("GET", f"/api/jobs/batch/{batch['batch_id']}", "Batch not found")):
            with self.subTest(method=method, target=target):
                answer = other.request(method, target, body=b'{"name":"stolen"}' if method == "PATCH" else None)
                self.assert_error(answer, 404, detail)
        body = {"strategy_id": strategy["id"], "url": self.site.url("/shop")}
        self.assert_error(other.post("/api/jobs", body), 404, "Strategy not found")
        self.assert_error(other.post("/api/jobs/execute", body), 404, "Strategy not found")
        for target in LISTS:
            self.assertEqual(other.get(target, expect=200).json, [], target)
        for query in (f"strategy_id={strategy['id']}", f"batch_id={batch['batch_id']}"):
            self.assertEqual(other.get(f"/api/jobs?{query}", expect=200).json, [], query)
        self.assertEqual(self.client.get(f"/api/strategies/{strategy['id']}", expect=200).json["name"], "Shop")


class Operations(harness.MeterCase):
    def test_health_and_readiness_need_no_key(self):
        client = self.server.client()
        health = client.get("/healthz", expect=200).json
        self.assertEqual(health["status"], "ok")
        self.assertRegex(health["version"], r"^\d+\.\d+\.\d+")
        self.assertEqual(client.get("/readyz", expect=200).json["status"], "ok")
        client.get("/healthz", expect=200, key="wrong")

    def test_openapi_json_is_the_contract_itself(self):
        answer = self.server.client().get("/openapi.json", expect=200)
        self.assertEqual(answer.json, json.loads(json.dumps(harness.the_spec().document)))

    def test_metrics_is_prometheus_text_and_needs_the_scope_of_everything(self):
        answer = self.server.admin().get("/metrics", expect=200)
        sample = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="([^"\\]|\\.)*",?)*\})? '
                            r'(-?\d+(\.\d+)?([eE][-+]?\d+)?|[-+]?Inf|NaN)( -?\d+)?')
        typed = re.compile(r"# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)")
        lines = answer.body.decode().splitlines()
        self.assertTrue(lines)
        names = set()
        for line in lines:
            if line.startswith("#"):
                if line.startswith("# TYPE"):
                    match = typed.fullmatch(line)
                    self.assertTrue(match, line)
                    self.assertNotIn(match[1], names, "a metric is typed once")
                    names.add(match[1])
            elif line:
                self.assertTrue(sample.fullmatch(line), line)
        self.assertTrue(names)
        self.assertTrue(answer.body.endswith(b"\n"))
        self.assert_error(self.server.client(self.server.new_key(account=self.account, scopes="meter")).get("/metrics"),
                          403)

    def test_metrics_count_finished_jobs(self):
        def total():
            text = self.server.admin().get("/metrics", expect=200).body.decode()
            values = re.findall(r"^(\w*job\w*)(?:\{[^}]*\})? (\d+(?:\.\d+)?)$", text, re.M)
            return sum(float(value) for _, value in values)
        before = total()
        strategy = self.client.strategy(self.site.url("/shop"))
        self.client.execute(strategy, self.site.url("/shop"))
        harness.eventually(lambda: total() > before, what="a job metric that moves")

    def test_every_answer_has_its_own_request_id(self):
        ids = [self.client.get("/healthz").headers["x-request-id"] for _ in range(20)]
        ids += [self.client.get(f"/api/jobs/{UNKNOWN_ID}").headers["x-request-id"] for _ in range(20)]
        self.assertEqual(len(set(ids)), 40)

    def test_objects_carry_only_members_the_contract_names(self):
        strategy = self.client.strategy(self.site.url("/shop"), description="x")
        job = self.client.execute(strategy, self.site.url("/shop"))
        batch = self.client.batch(strategy, [self.site.url("/shop")])
        schemas = harness.the_spec().document["components"]["schemas"]
        rows = (("Strategy", strategy), ("Job", job), ("BatchCreated", batch),
                ("JobCreated", self.client.job(strategy, self.site.url("/shop"))),
                ("BatchProgress", self.client.wait_batch(batch["batch_id"])),
                ("StrategyAuditEvent", self.client.get("/api/strategies/audit").json[0]),
                ("StrategyHistoryEntry", self.client.get(f"/api/strategies/{strategy['id']}/history").json[0]),
                ("StrategyQuota", self.client.get("/api/account/quota").json["strategy_quota"]),
                ("StructuralSignature", job["structural_signature"]))
        for name, instance in rows:
            with self.subTest(name=name):
                self.assertEqual(set(instance) - set(schemas[name]["properties"]), set())


class Contract(unittest.TestCase):
    """The judge itself: it must refuse what the contract refuses."""

    def judge(self, method, target, status, headers, body, rate_limited=False):
        answer = harness.Answer(status, headers, body, 0)
        contract.Spec.check(self.spec, method, target, answer, rate_limited)

    @classmethod
    def setUpClass(cls):
        cls.spec = contract.Spec()

    def test_the_judge_accepts_good_answers_and_refuses_bad_ones(self):
        json_type, request_id = ("Content-Type", "application/json"), ("X-Request-Id", "r1")
        rates = [("X-RateLimit-Limit", "5"), ("X-RateLimit-Remaining", "4"), ("X-RateLimit-Reset", "0")]
        health = b'{"status":"ok","version":"0.1.0"}'
        job = {"id": UNKNOWN_ID, "job_id": UNKNOWN_ID, "status": "pending", "strategy_id": UNKNOWN_ID,
               "url": "http://a/", "created_at": "2025-01-15T10:30:00Z"}
        good = [
            ("GET", "/healthz", 200, [json_type, request_id], health),
            ("POST", "/api/jobs", 201, [json_type, request_id], json.dumps(job).encode()),
            ("GET", "/nothing", 404, [json_type, request_id], b'{"detail":"Not Found","code":"not_found"}'),
            ("PUT", "/api/jobs", 405, [json_type, request_id, ("Allow", "GET")], b'{"detail":"x"}'),
        ]
        for row in good:
            self.judge(*row)
        bad = [
            ("GET", "/healthz", 200, [json_type], health),                                   # no X-Request-Id
            ("GET", "/healthz", 200, [request_id], health),                                  # no Content-Type
            ("GET", "/healthz", 200, [json_type, request_id], b'{"status":"fine","version":"1"}'),
            ("GET", "/healthz", 200, [json_type, request_id], b'{"status":"ok","status":"ok","version":"1"}'),
            ("GET", "/healthz", 404, [json_type, request_id], b'{"detail":"x"}'),            # not documented
            ("GET", "/healthz", 200, [json_type, request_id, ("Access-Control-Allow-Origin", "*")], health),
            ("GET", "/healthz", 302, [json_type, request_id], b"{}"),
            ("PUT", "/api/jobs", 405, [json_type, request_id], b'{"detail":"x"}'),           # no Allow
            ("GET", "/api/jobs", 401, [json_type, request_id], b'{"detail":"x"}'),           # no challenge
            ("GET", "/api/jobs", 429, [json_type, request_id], b'{"detail":"x"}'),           # no Retry-After
            ("GET", "/api/jobs", 400, [json_type, request_id], b'{"detail":["x"]}'),         # detail is a string
            ("GET", "/api/jobs", 400, [json_type, request_id], b'{"detail":"x","code":"not_found"}'),
            ("GET", "/api/jobs", 200, [json_type, request_id, *rates], b"[]"),               # buckets are off
            ("GET", "/api/jobs", 200, [json_type, request_id], b"{}"),                       # not a list
            ("POST", "/api/jobs", 201, [json_type, request_id],
             json.dumps({**job, "created_at": "2025-01-15T10:30:00.5Z"}).encode()),
            ("POST", "/api/jobs", 201, [json_type, request_id], json.dumps({**job, "id": "A" * 36}).encode()),
            ("POST", "/api/strategies/generate", 400, [json_type, request_id], b'{"detail":"x"}'),  # no quota headers
        ]
        for row in bad:
            with self.subTest(row=row):
                with self.assertRaises(contract.ContractError):
                    self.judge(*row)
        with self.assertRaises(contract.ContractError):
            self.judge("GET", "/api/jobs", 200, [json_type, request_id], b"[]", rate_limited=True)


if __name__ == "__main__":
    unittest.main()
