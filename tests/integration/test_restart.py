"""Nothing acknowledged is lost, and what was interrupted goes on: BEHAVIOUR 11.1, DESIGN 4 and 7."""

import concurrent.futures
import http.client
import json
import signal
import time
import unittest

import fixture_site
import harness
from harness import eventually

SHOP_ITEMS = [{"name": name, "price": price} for name, price in fixture_site.PRODUCTS]


class Restarts(harness.MeterCase):
    server_options = harness.QUICK_LEASES + ("--jobs-workers", "2")

    def setUp(self):
        self.url = self.site.url("/shop")
        self.user = self.other_client()
        self.strategy = self.user.strategy(self.url)
        self.gate = f"restart-{self.account}-{self._testMethodName}"
        self.gate_url = self.site.url(f"/gate/{self.gate}")
        self.addCleanup(self.site.open, self.gate)

    def hits(self):
        return self.site.hits(f"/gate/{self.gate}")

    def everything(self):
        lists = {target: self.user.get(f"{target}?limit=1000", expect=200).json
                 for target in ("/api/strategies", "/api/strategies/audit", "/api/jobs")}
        history = [self.user.get(f"/api/strategies/{strategy['id']}/history", expect=200).json
                   for strategy in lists["/api/strategies"]]
        return lists, history, self.user.get("/api/account/quota", expect=200).json

    def test_everything_is_there_after_a_restart_and_after_a_crash(self):
        batch = self.user.batch(self.strategy, [self.url, self.site.url("/status/404")])
        self.user.wait_batch(batch["batch_id"])
        self.user.execute(self.strategy, self.url)
        self.user.delete(f"/api/strategies/{self.user.strategy(self.url)['id']}", expect=200)
        before = self.everything()
        progress = self.user.get(f"/api/jobs/batch/{batch['batch_id']}").json
        for stop in (self.server.terminate, self.server.kill):
            with self.subTest(stop=stop.__name__):
                stop()
                self.server.start()
                self.assertEqual(self.everything(), before)
                self.assertEqual(self.user.get(f"/api/jobs/batch/{batch['batch_id']}").json, progress)

    def test_running_and_pending_jobs_go_on_after_a_crash(self):
        batch = self.user.batch(self.strategy, [self.gate_url] * 6)
        single = self.user.job(self.strategy, self.gate_url)
        eventually(lambda: self.hits() == 2, what="two running jobs")
        self.server.kill()
        self.site.open(self.gate)
        self.server.start()
        progress = self.user.wait_batch(batch["batch_id"])
        self.assertEqual((progress["completed"], progress["failed"]), (6, 0))
        self.assertEqual(self.user.wait_job(single["id"])["results"], SHOP_ITEMS)
        self.assertEqual(self.user.execute(self.strategy, self.url)["status"], "completed")

    def test_a_job_that_is_interrupted_twice_fails(self):
        job = self.user.job(self.strategy, self.gate_url)
        for hits in (1, 2):
            eventually(lambda: self.hits() == hits, what=f"claim {hits} of the job")
            self.assertEqual(self.user.get_job(job["id"])["status"], "running")
            self.server.kill()
            self.server.start()
        self.assert_failed(self.user.wait_job(job["id"]), "Interrupted by server restart")
        self.assertEqual(self.hits(), 2)

    def test_a_graceful_stop_ends_with_zero_in_time_and_gives_jobs_back(self):
        job = self.user.job(self.strategy, self.gate_url)
        waiting = self.user.batch(self.strategy, [self.gate_url] * 3)
        eventually(lambda: self.hits() == 2, what="two running jobs")
        started = time.monotonic()
        self.assertEqual(self.server.terminate(20), 0, self.server.log())
        self.assertLess(time.monotonic() - started, 15.5)
        self.server.start()
        self.site.open(self.gate)
        self.assertEqual(self.user.wait_job(job["id"])["status"], "completed")
        self.assertEqual(self.user.wait_batch(waiting["batch_id"])["completed"], 3)

    def test_an_idle_server_stops_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                started = time.monotonic()
                self.server.process.send_signal(number)
                self.assertEqual(self.server.process.wait(20), 0, self.server.log())
                self.assertLess(time.monotonic() - started, 5.0)
                self.server.start()

    def test_a_caller_of_execute_is_answered_when_the_server_stops(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(self.user.post, "/api/jobs/execute",
                                  {"strategy_id": self.strategy["id"], "url": self.gate_url})
            eventually(lambda: self.hits() >= 1, what="a running job")
            self.assertEqual(self.server.terminate(20), 0)
            answer = waiting.result(20)
        self.assertEqual(answer.status, 503, answer)
        self.server.start()
        self.site.open(self.gate)
        job = self.user.get(f"/api/jobs?strategy_id={self.strategy['id']}", expect=200).json[0]
        self.assertEqual(self.user.wait_job(job["id"])["status"], "completed")

    def test_a_stopping_server_says_so_or_takes_no_connection(self):
        self.user.job(self.strategy, self.gate_url)
        eventually(lambda: self.hits() >= 1, what="a running job")
        self.server.process.send_signal(signal.SIGTERM)
        seen = set()

        def gone():
            for target in ("/healthz", "/readyz"):
                try:
                    seen.add(self.server.client().get(target, timeout=5).status)
                except (OSError, http.client.HTTPException):
                    seen.add("refused")
            return self.server.process.poll() is not None
        eventually(gone, 20.0, "the end of the server")
        self.assertLessEqual(seen, {200, 503, "refused"})
        self.assertEqual(self.server.process.returncode, 0)
        self.server.start()

    def test_a_second_server_may_share_the_store(self):
        second = harness.Server(*harness.UNLIMITED, *harness.QUICK_LEASES, folder=self.server.folder)
        second.log_path = self.server.folder / "second.log"
        with second:
            client = second.client(self.user.key)
            self.assertEqual(client.get(f"/api/strategies/{self.strategy['id']}", expect=200).json, self.strategy)
            batch = client.batch(self.strategy, [self.url] * 20)
            self.assertEqual(self.user.wait_batch(batch["batch_id"])["completed"], 20)
        self.assertTrue(self.server.alive())

    def test_jobs_of_a_dead_server_are_taken_over_by_another(self):
        second = harness.Server(*harness.UNLIMITED, *harness.QUICK_LEASES, folder=self.server.folder)
        second.log_path = self.server.folder / "second.log"
        job = self.user.job(self.strategy, self.gate_url)
        eventually(lambda: self.hits() == 1, what="a running job")
        with second:
            self.server.kill()
            self.site.open(self.gate)
            self.assertEqual(second.client(self.user.key).wait_job(job["id"])["status"], "completed")
        self.server.start()


class OneAttempt(harness.MeterCase):
    server_options = harness.QUICK_LEASES + ("--jobs-max-attempts", "1")

    def test_a_crash_counts_as_an_attempt_and_a_stop_does_not(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        path = f"/gate/once-{self.account}"
        job = self.client.job(strategy, self.site.url(path))
        eventually(lambda: self.site.hits(path) == 1, what="a running job")
        self.assertEqual(self.server.terminate(20), 0)
        self.server.start()
        eventually(lambda: self.site.hits(path) == 2, what="the job running again")
        self.server.kill()
        self.server.start()
        self.assert_failed(self.client.wait_job(job["id"]), "Interrupted by server restart")
        self.site.open(f"once-{self.account}")


class CommandLine(harness.MeterCase):
    server_options = ()

    def test_check_finds_a_store_intact_while_it_is_served(self):
        self.client.strategy(self.site.url("/shop"))
        self.server.command("check", "--store", self.server.store)

    def test_check_reports_a_damaged_store(self):
        folder = self.server.folder / "damaged"
        folder.mkdir()
        self.server.terminate()
        data = bytearray((self.server.folder / "meter.db").read_bytes())
        self.server.start()
        for start in range(4096 + 200, len(data), 4096):
            data[start:start + 1000] = b"\xa5" * min(1000, len(data) - start)
        (folder / "meter.db").write_bytes(data)
        done = self.server.command("check", "--store", f"sqlite:{folder / 'meter.db'}", check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        (folder / "text.db").write_text("this is not a database, it only looks long enough to be one" * 50)
        self.assertNotEqual(self.server.command("check", "--store", f"sqlite:{folder / 'text.db'}",
                                                check=False).returncode, 0)

    def test_bad_options_end_with_a_message_and_no_server(self):
        for options in (["--no-such-option"], ["--jobs-workers", "many"], ["--jobs-workers", "-1"],
                        ["--listen", "nowhere"],
                        ["--store", "redis:x"], ["--rate-limit-default", "-5"], ["--quota-tier", "gold"],
                        ["--jobs-lease-seconds", "0"], ["--fetch-max-redirects", "1000"]):
            with self.subTest(options=options):
                done = self.server.command("serve", "--listen", "127.0.0.1:0", "--store", "memory:", *options,
                                           check=False,
                                           timeout=20)
                self.assertNotEqual(done.returncode, 0)
                self.assertTrue(done.stderr or done.stdout)

    def test_a_taken_port_is_an_error(self):
        done = self.server.command("serve", "--listen", f"127.0.0.1:{self.server.port}", "--store", "memory:",
                                   check=False,
                                   timeout=20)
        self.assertNotEqual(done.returncode, 0)

    def test_options_come_from_the_environment_too(self):
        with harness.Server(env={"METER_RATE_LIMIT_DEFAULT": "7"}, rate_limits=True) as server:
            self.assertEqual(server.admin().get("/api/jobs", expect=200).headers["x-ratelimit-limit"], "7")
        with harness.Server("--rate-limit-default", "9", env={"METER_RATE_LIMIT_DEFAULT": "7"}) as server:
            self.assertEqual(server.admin().get("/api/jobs", expect=200).headers["x-ratelimit-limit"], "9")

    def test_options_come_from_a_file_too(self):
        with harness.Server() as probe:
            path = probe.folder / "meter.conf"
            path.write_text("[rate_limit]\ndefault = 11\n")
            path.chmod(0o600)
            with harness.Server("--config", str(path)) as server:
                self.assertEqual(server.admin().get("/api/jobs", expect=200).headers["x-ratelimit-limit"], "11")

    def test_a_memory_store_serves_and_forgets(self):
        server = harness.Server(*harness.UNLIMITED)
        server.store = "memory:"
        with server:
            strategy = server.admin().strategy(self.site.url("/shop"))
            self.assertEqual(server.admin().execute(strategy, self.site.url("/shop"))["results"], SHOP_ITEMS)
            server.restart()
            server.admin().get(f"/api/strategies/{strategy['id']}", expect=404)

    def test_the_log_holds_request_ids_and_no_keys(self):
        answer = self.client.get("/api/jobs", expect=200)
        eventually(lambda: answer.headers["x-request-id"] in self.server.log(1 << 22), what="the request in the log")
        log = self.server.log(1 << 22)
        self.assertNotIn(self.key.secret, log)
        for line in log.splitlines():
            if line.startswith("{"):
                json.loads(line)

    def test_versions_agree(self):
        version = self.server.client().get("/healthz").json["version"]
        self.assertIn(version, self.server.command("--version").stdout)


if __name__ == "__main__":
    unittest.main()
