"""Keys, scopes and the order of checks: BEHAVIOUR 2."""

import pathlib
import re
import unittest

import harness
from harness import UNKNOWN_ID, eventually

# One request per secured operation in scope.
SECURED = (
    ("generateStrategy", "POST", "/api/strategies/generate", b"{}"),
    ("refineStrategy", "POST", f"/api/strategies/{UNKNOWN_ID}/refine", b"{}"),
    ("listStrategies", "GET", "/api/strategies", None),
    ("listStrategyAudit", "GET", "/api/strategies/audit", None),
    ("getStrategy", "GET", f"/api/strategies/{UNKNOWN_ID}", None),
    ("updateStrategy", "PATCH", f"/api/strategies/{UNKNOWN_ID}", b"{}"),
    ("deleteStrategy", "DELETE", f"/api/strategies/{UNKNOWN_ID}", None),
    ("getStrategyHistory", "GET", f"/api/strategies/{UNKNOWN_ID}/history", None),
    ("getStrategyHistoryAlias", "GET", f"/api/jobs/strategies/{UNKNOWN_ID}/history", None),
    ("getAccountQuota", "GET", "/api/account/quota", None),
    ("createJob", "POST", "/api/jobs", b"{}"),
    ("listJobs", "GET", "/api/jobs", None),
    ("executeJob", "POST", "/api/jobs/execute", b"{}"),
    ("getJob", "GET", f"/api/jobs/{UNKNOWN_ID}", None),
    ("getBatchProgress", "GET", f"/api/jobs/batch/{UNKNOWN_ID}", None),
    ("compareJobs", "POST", "/api/jobs/compare", b"{}"),
    ("compareJobsAlias", "GET", f"/api/jobs/{UNKNOWN_ID}/compare/{UNKNOWN_ID}", None),
    ("createSchedule", "POST", "/api/schedules", b"{}"),
    ("listSchedules", "GET", "/api/schedules", None),
    ("getSchedule", "GET", f"/api/schedules/{UNKNOWN_ID}", None),
    ("updateSchedule", "PATCH", f"/api/schedules/{UNKNOWN_ID}", b"{}"),
    ("deleteSchedule", "DELETE", f"/api/schedules/{UNKNOWN_ID}", None),
    ("regenerateWebhookSecret", "POST", f"/api/schedules/{UNKNOWN_ID}/webhook-secret/regenerate", None),
    ("getScheduleChanges", "GET", f"/api/schedules/{UNKNOWN_ID}/changes", None),
    ("getScheduleChangelog", "GET", f"/api/schedules/{UNKNOWN_ID}/changelog", None),
    ("createWatch", "POST", "/api/watch", b"{}"),
    ("testWebhook", "POST", "/api/webhooks/test", b"{}"),
    ("listWebhookDeliveries", "GET", "/api/webhooks/deliveries", None),
    ("replayWebhookDelivery", "POST", f"/api/webhooks/deliveries/{UNKNOWN_ID}/replay", None),
    ("startDiscovery", "POST", "/discover", b"{}"),
    ("getDiscovery", "GET", f"/discover/{UNKNOWN_ID}", None),
    ("deleteDiscovery", "DELETE", f"/discover/{UNKNOWN_ID}", None),
    ("getDiscoveryUrls", "GET", f"/discover/{UNKNOWN_ID}/urls", None),
    ("executeDiscovery", "POST", f"/discover/{UNKNOWN_ID}/execute", b"{}"),
    ("scheduleDiscovery", "POST", f"/discover/{UNKNOWN_ID}/schedule", b"{}"),
    ("listDiscoveries", "GET", "/discoveries", None),
    ("createStrategyGroup", "POST", "/api/strategy-groups", b"{}"),
    ("listStrategyGroups", "GET", "/api/strategy-groups", None),
    ("getStrategyGroup", "GET", f"/api/strategy-groups/{UNKNOWN_ID}", None),
    ("updateStrategyGroup", "PATCH", f"/api/strategy-groups/{UNKNOWN_ID}", b"{}"),
    ("deleteStrategyGroup", "DELETE", f"/api/strategy-groups/{UNKNOWN_ID}", None),
    ("addStrategiesToGroup", "POST", f"/api/strategy-groups/{UNKNOWN_ID}/strategies", b"{}"),
    ("removeStrategyFromGroup", "DELETE", f"/api/strategy-groups/{UNKNOWN_ID}/strategies/{UNKNOWN_ID}", None),
    ("applyGroupSchedule", "POST", f"/api/strategy-groups/{UNKNOWN_ID}/schedule", b"{}"),
    ("deleteGroupSchedules", "DELETE", f"/api/strategy-groups/{UNKNOWN_ID}/schedule", None),
    ("toggleGroupSchedules", "PATCH", f"/api/strategy-groups/{UNKNOWN_ID}/schedule/toggle", b"{}"),
    ("applyGroupSchema", "PATCH", f"/api/strategy-groups/{UNKNOWN_ID}/schema", b"{}"),
    ("getGroupSchemaProgress", "GET", f"/api/strategy-groups/{UNKNOWN_ID}/schema/progress", None),
    ("testGroupWebhook", "POST", f"/api/strategy-groups/{UNKNOWN_ID}/webhook/test", b"{}"),
    ("createWorkflow", "POST", "/api/workflows", b"{}"),
    ("listWorkflows", "GET", "/api/workflows", None),
    ("getWorkflow", "GET", f"/api/workflows/{UNKNOWN_ID}", None),
    ("updateWorkflow", "PUT", f"/api/workflows/{UNKNOWN_ID}", b"{}"),
    ("deleteWorkflow", "DELETE", f"/api/workflows/{UNKNOWN_ID}", None),
    ("addWorkflowNode", "POST", f"/api/workflows/{UNKNOWN_ID}/nodes", b"{}"),
    ("updateWorkflowNode", "PUT", f"/api/workflows/{UNKNOWN_ID}/nodes/x", b"{}"),
    ("deleteWorkflowNode", "DELETE", f"/api/workflows/{UNKNOWN_ID}/nodes/x", None),
    ("addWorkflowEdge", "POST", f"/api/workflows/{UNKNOWN_ID}/edges", b"{}"),
    ("deleteWorkflowEdge", "DELETE", f"/api/workflows/{UNKNOWN_ID}/edges/{UNKNOWN_ID}", None),
    ("runWorkflow", "POST", f"/api/workflows/{UNKNOWN_ID}/run", None),
    ("listWorkflowRuns", "GET", f"/api/workflows/{UNKNOWN_ID}/runs", None),
    ("getWorkflowRun", "GET", f"/api/workflows/{UNKNOWN_ID}/runs/{UNKNOWN_ID}", None),
    ("getLatestWorkflowOutput", "GET", f"/api/workflows/{UNKNOWN_ID}/runs/latest/output", None),
    ("cancelWorkflowRun", "POST", f"/api/workflows/{UNKNOWN_ID}/runs/{UNKNOWN_ID}/cancel", None),
    ("getWorkflowGraph", "GET", f"/api/workflows/{UNKNOWN_ID}/graph.svg", None),
    ("createWorkflowSchedule", "POST", f"/api/workflows/{UNKNOWN_ID}/schedules", b"{}"),
    ("listWorkflowSchedules", "GET", f"/api/workflows/{UNKNOWN_ID}/schedules", None),
    ("updateWorkflowSchedule", "PATCH", f"/api/workflows/{UNKNOWN_ID}/schedules/{UNKNOWN_ID}", b"{}"),
    ("deleteWorkflowSchedule", "DELETE", f"/api/workflows/{UNKNOWN_ID}/schedules/{UNKNOWN_ID}", None),
    ("metrics", "GET", "/metrics", None),
)
_FLOW = "/api/v1/workflows/wf_000000000000"
_RUN = "/api/v1/executions/exec_000000000000"
# The same of the automation dialect; who may do what there is in test_automations.
AUTOMATION = (
    ("automationListWorkflows", "GET", "/api/v1/workflows", None),
    ("automationCreateWorkflow", "POST", "/api/v1/workflows", b"{}"),
    ("automationListTemplates", "GET", "/api/v1/workflows/templates", None),
    ("automationStats", "GET", "/api/v1/workflows/stats", None),
    ("automationGetWorkflow", "GET", _FLOW, None),
    ("automationUpdateWorkflow", "PUT", _FLOW, b"{}"),
    ("automationDeleteWorkflow", "DELETE", _FLOW, None),
    ("automationDuplicateWorkflow", "POST", f"{_FLOW}/duplicate", None),
    ("automationSetStatus", "PUT", f"{_FLOW}/status", b"{}"),
    ("automationListVersions", "GET", f"{_FLOW}/versions", None),
    ("automationCreateVersion", "POST", f"{_FLOW}/versions", b"{}"),
    ("automationListShares", "GET", f"{_FLOW}/share", None),
    ("automationShareWorkflow", "POST", f"{_FLOW}/share", b"{}"),
    ("automationUnshareWorkflow", "DELETE", f"{_FLOW}/share/someone", None),
    ("automationWhoAmI", "GET", "/api/v1/auth/whoami", None),
    ("automationExecuteWorkflow", "POST", f"{_FLOW}/execute", None),
    ("automationDeployWorkflow", "POST", f"{_FLOW}/deploy", None),
    ("automationUndeployWorkflow", "POST", f"{_FLOW}/undeploy", None),
    ("automationListExecutions", "GET", "/api/v1/executions", None),
    ("automationGetExecution", "GET", f"{_RUN}", None),
    ("automationStopExecution", "POST", f"{_RUN}/stop", None),
    ("automationListExecutionSpans", "GET", f"{_RUN}/spans", None),
    ("automationListExecutionLogs", "GET", f"{_RUN}/logs", None),
    ("automationListNodeTypes", "GET", "/api/v1/workflow-nodes", None),
)


class Keys(harness.MeterCase):
    def test_without_a_good_key_every_operation_is_401(self):
        good = self.key.secret
        bad = (None, "wrong", good[:-1], good + "x", good.upper(), good.swapcase(), "", "sk_live_" + "x" * 32, "*")
        for name, method, target, body in SECURED + AUTOMATION:
            for key in bad:
                with self.subTest(operation=name, key=key and key[:12]):
                    answer = self.server.client().request(method, target, body=body, key=key)
                    self.assert_error(answer, 401, "Invalid or missing API key", "unauthorized")

    def test_the_scheme_word_is_read_in_any_case(self):
        for scheme in ("Bearer", "bearer", "BEARER", "bEaReR"):
            self.server.client().get("/api/jobs", headers={"Authorization": f"{scheme} {self.key.secret}"}, expect=200)

    def test_other_schemes_and_malformed_headers_are_401(self):
        for value in ("Basic dXNlcjpwYXNz", f"Token {self.key.secret}", "Bearer", "Bearer ", self.key.secret,
                      f"Bearer {self.key.secret} x", f"Bearer{self.key.secret}", f"Bearer \t x{self.key.secret}",
                      "Bearer " + "a" * 8000):
            with self.subTest(value=value[:40]):
                self.assert_error(self.server.client().get("/api/jobs", headers={"Authorization": value}), 401,
                                  "Invalid or missing API key")

    def test_the_other_dialects_header_is_accepted_and_the_own_one_wins(self):
        client, good = self.server.client(), self.key.secret
        client.get("/api/jobs", headers={"X-API-Key": good}, expect=200)
        client.get("/api/jobs", headers={"x-api-key": good}, expect=200)
        client.get("/api/jobs", headers={"X-API-Key": "wrong"}, expect=401)
        client.get("/api/jobs", headers={"Authorization": f"Bearer {good}", "X-API-Key": "wrong"}, expect=200)
        client.get("/api/jobs", headers={"Authorization": "Bearer wrong", "X-API-Key": good}, expect=401)

    def test_two_keys_of_one_account_see_the_same_objects(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        second = self.server.client(self.server.new_key(account=self.account))
        self.assertEqual(second.get(f"/api/strategies/{strategy['id']}", expect=200).json["id"], strategy["id"])

    def test_a_new_key_has_the_documented_form(self):
        first, second = self.server.create_key(account=self.account), self.server.create_key(account=self.account)
        for key in (first, second):
            self.assertRegex(key.secret, r"^sk_live_[A-Za-z0-9]{32,}$")
        self.assertNotEqual(first.secret, second.secret)

    def test_keys_are_listed_by_prefix_and_never_shown_again(self):
        key = self.server.create_key("--name", "visible name", account=self.account)
        for options in ([], ["--json"]):
            output = self.server.command("keys", "list", "--store", self.server.store, *options).stdout
            self.assertIn(key.prefix, output)
            self.assertIn("visible name", output)
            self.assertNotIn(key.secret[:16], output)

    def test_keys_are_stored_hashed(self):
        needle = self.key.secret.encode()
        for path in pathlib.Path(self.server.folder).iterdir():
            if path.is_file():
                data = path.read_bytes()
                self.assertNotIn(needle, data, path.name)
                self.assertNotIn(needle[8:], data, path.name)

    def test_a_revoked_key_dies_within_about_a_second(self):
        key = self.server.new_key(account=self.account)
        client = self.server.client(key)
        client.get("/api/jobs", expect=200)
        self.server.command("keys", "revoke", key.prefix, "--store", self.server.store)
        eventually(lambda: client.get("/api/jobs").status == 401, 3.0, "401 for a revoked key")
        self.client.get("/api/jobs", expect=200)

    def test_revoking_an_unknown_prefix_fails(self):
        done = self.server.command("keys", "revoke", "sk_live_none", "--store", self.server.store, check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_a_key_ends_at_its_expiry(self):
        key = self.server.new_key("--expires", "2s", account=self.account)
        client = self.server.client(key)
        client.get("/api/jobs", expect=200)
        eventually(lambda: client.get("/api/jobs").status == 401, 6.0, "401 for an expired key")
        lasting = self.server.new_key("--expires", "90d", account=self.account)
        self.server.client(lasting).get("/api/jobs", expect=200)

    def test_bad_key_options_are_refused(self):
        for options in (["--expires", "soon"], ["--expires", "-1d"], ["--scopes", "root"], ["--scopes", ""],
                        ["--scopes", ","]):
            with self.subTest(options=options):
                done = self.server.command("keys", "create", "--store", self.server.store, "--json",
                                           "--account", self.account, *options, check=False)
                self.assertNotEqual(done.returncode, 0, done.stdout)


class Scopes(harness.MeterCase):
    def test_a_scope_opens_what_it_names_and_nothing_else(self):
        rows = (("*", True, True), ("meter", True, False), ("meter,workflows:read", True, False),
                ("workflows:read", False, False), ("workflows:read,workflows:write,workflows:execute", False, False))
        for scopes, meter, metrics in rows:
            client = self.server.client(self.server.new_key(account=self.account, scopes=scopes))
            for name, method, target, body in SECURED:
                with self.subTest(scopes=scopes, operation=name):
                    answer = client.request(method, target, body=body)
                    if metrics if name == "metrics" else meter:
                        self.assertNotIn(answer.status, (401, 403))
                    else:
                        self.assert_error(answer, 403, "You do not have permission to access this resource",
                                          "forbidden")

    def test_a_key_without_a_scope_list_opens_everything(self):
        client = self.server.client(self.server.new_key(account=self.account))
        client.get("/metrics", expect=200)
        client.get("/api/jobs", expect=200)


class OrderOfChecks(harness.MeterCase):
    """route -> key -> scope -> rate limit -> body -> idempotency -> members -> referenced objects -> state -> quota"""

    def test_route_before_key(self):
        self.server.client().get("/api/nothing", expect=404)
        self.server.client().request("PUT", "/api/jobs", body=b"", expect=405)

    def test_key_before_body(self):
        self.server.client().post("/api/jobs", body=b"{not json", expect=401)

    def test_scope_before_body_and_objects(self):
        client = self.server.client(self.server.new_key(account=self.account, scopes="workflows:read"))
        client.post("/api/jobs", body=b"{not json", expect=403)
        client.get(f"/api/jobs/{UNKNOWN_ID}", expect=403)

    def test_members_before_referenced_objects(self):
        both = {"strategy_id": UNKNOWN_ID, "url": "http://a.test/", "urls": ["http://a.test/"]}
        self.assert_error(self.client.post("/api/jobs", both), 400, "Provide either url or urls, not both")
        self.assert_error(self.client.post("/api/jobs", {"strategy_id": UNKNOWN_ID, "url": "nonsense"}), 422,
                          "Invalid URL format")
        self.assert_error(self.client.post("/api/jobs", {"strategy_id": UNKNOWN_ID, "url": "http://a.test/"}), 404,
                          "Strategy not found")
        self.assert_error(self.client.generate("http://nosuch.invalid/", {"type": "css"}, expect=400,
                                               strategy_group_id=UNKNOWN_ID), 400)

    def test_body_before_unknown_path_id(self):
        self.client.patch(f"/api/strategies/{UNKNOWN_ID}", body=b"{not json", expect=400)


class FirstKey(unittest.TestCase):
    def test_an_empty_store_prints_one_admin_key_once(self):
        with harness.Server(bootstrap=False, *harness.UNLIMITED) as server:
            printed = set(re.findall(r"sk_live_[A-Za-z0-9]{32,}", server.log(1 << 20)))
            self.assertEqual(len(printed), 1, server.log())
            client = server.client(printed.pop())
            client.get("/metrics", expect=200)
            server.log_path.write_text("")
            server.restart()
            self.assertEqual(re.findall(r"sk_live_[A-Za-z0-9]{32,}", server.log(1 << 20)), [])
            client.get("/api/jobs", expect=200)

    def test_the_bootstrap_key_is_taken_from_the_environment_and_not_printed(self):
        with harness.Server(*harness.UNLIMITED) as server:
            server.admin().get("/metrics", expect=200)
            self.assertNotIn(server.bootstrap_key, server.log(1 << 20))
            self.assertEqual(re.findall(r"sk_live_[A-Za-z0-9]{32,}", server.log(1 << 20)), [])
            server.restart()
            server.admin().get("/metrics", expect=200)

    def test_listening_beyond_loopback_needs_the_insecure_flag(self):
        server = harness.Server()
        try:
            done = server.command("serve", "--listen", "0.0.0.0:0", "--store", "memory:", check=False, timeout=20)
            self.assertNotEqual(done.returncode, 0)
        finally:
            server.close()


if __name__ == "__main__":
    unittest.main()
