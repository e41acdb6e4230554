"""How pages are fetched, and the error texts of jobs: BEHAVIOUR 11.5."""

import re
import unittest

import fixture_site
import harness
from harness import eventually, free_port

SHOP_ITEMS = [{"name": name, "price": price} for name, price in fixture_site.PRODUCTS]
HEADER_PLAN = {"container": {"selector": "li.header"},
               "fields": {"name": {"selector": "b"}, "value": {"selector": "i"}}}


class Fetching(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strategy = cls.client.strategy(cls.site.url("/shop"))

    def run_all(self, urls, strategy=None):
        """Runs jobs on the URLs side by side; returns them in order."""
        made = [self.client.job(strategy or self.strategy, url)["id"] for url in urls]
        return [self.client.wait_job(job_id, 60) for job_id in made]

    def test_error_texts(self):
        closed = free_port()
        root = self.site.url("")
        rows = (
            (f"http://127.0.0.1:{closed}/", "Connection failed: connection refused", "failed"),
            ("http://nosuch.invalid/", "Connection failed: could not resolve host", "failed"),
            (root.replace("http:", "https:") + "/shop", "Connection failed: TLS error", "failed"),
            (root + "/status/404", "Page not accessible: 404 Not Found", "failed"),
            (root + "/status/410", "Page not accessible: 410 Gone", "failed"),
            (root + "/status/500", "Page not accessible: 500 Internal Server Error", "failed"),
            (root + "/status/503", "Page not accessible: 503 Service Unavailable", "failed"),
            (root + "/status/401", "Page not accessible: 401 Unauthorized", "failed"),
            (root + "/status/403", "Page not accessible: 403 Forbidden", "blocked"),
            (root + "/status/429", "Page not accessible: 429 Too Many Requests", "blocked"),
            (root + "/redirect-loop", "Too many redirects", "failed"),
            (root + "/redirect/11", "Too many redirects", "failed"),
            (root + "/captcha", re.compile("^Page blocked: .+"), "blocked"),
            (root + "/gzip-bomb?mb=64", "Page too large", "failed"),
            (root + "/huge?bytes=25000000", "Page too large", "failed"),
            (root + "/drop", re.compile("^Connection failed: .+"), "failed"),
            (root + "/drop-now", re.compile("^Connection failed: .+"), "failed"),
            (root + "/bad-gzip", re.compile("^(Connection|Extraction) failed: .+"), "failed"),
            (root + "/redirect-to?url=ftp://127.0.0.1/x", re.compile(".+"), "failed"),
            (root + "/redirect-to?url=file:///etc/passwd", re.compile(".+"), "failed"),
        )
        for (url, error, outcome), job in zip(rows, self.run_all([row[0] for row in rows])):
            with self.subTest(url=url):
                self.assert_failed(job, error)
                self.assertEqual(job["outcome"], outcome)
                self.assertNotIn("root:", job["error"])

    def test_pages_that_are_fine(self):
        root = self.site.url("")
        paths = ["/gzip", "/deflate", "/redirect/1", "/redirect/10", "/slow?ms=300", "/etag", "/last-modified",
                 f"/flaky/{self.account}?times=2&status=503", f"/flaky/{self.account}-429?times=1&status=429"]
        for path, job in zip(paths, self.run_all([root + path for path in paths])):
            with self.subTest(path=path):
                self.assertEqual(job["results"], SHOP_ITEMS, job["error"])

    def test_a_page_just_within_the_limits_is_read(self):
        job = self.client.execute(self.strategy, self.site.url("/huge?bytes=15000000"))
        self.assertEqual(job["status"], "completed", job["error"])

    def test_two_retries_and_only_on_some_answers(self):
        statuses = {500: 1, 404: 1, 403: 1, 400: 1, 501: 1, 429: 3, 502: 3, 503: 3, 504: 3}
        strategy = self.client.strategy(self.site.url("/shop"))
        paths = {}
        for status, times in statuses.items():
            paths[status] = self.path()
            self.site.page(paths[status], "x", status=status)
        self.run_all([self.site.url(path) for path in paths.values()], strategy)
        self.assertEqual({status: self.site.hits(path) for status, path in paths.items()}, statuses)

    def test_a_retry_waits_as_long_as_it_is_told(self):
        path = self.path()
        self.site.page(path, "busy", status=503, headers=[("Retry-After", "3600")])
        job = self.client.execute(self.client.strategy(self.site.url("/shop"), fetch={"timeout_seconds": 2}),
                                  self.site.url(path))
        self.assertEqual(job["status"], "failed")
        self.assertEqual(self.site.hits(path), 1, "an hour is longer than the whole fetch may take")

    def test_a_page_that_never_answers_times_out(self):
        strategy = self.client.strategy(self.site.url("/shop"), fetch={"timeout_seconds": 1})
        for job in self.run_all([self.site.url("/hang"), self.site.url("/slow?ms=20000")], strategy):
            self.assert_failed(job, "Connection timeout: target site did not respond")
            self.assertEqual(job["outcome"], "failed")

    def test_at_most_four_fetches_of_one_host_run_at_once(self):
        with fixture_site.FixtureSite() as own:
            batch = self.client.batch(self.strategy, [own.url("/gate/crowd")] * 12)
            eventually(lambda: own.in_flight() == 4, what="four fetches")
            own.open("crowd")
            self.assertEqual(self.client.wait_batch(batch["batch_id"])["completed"], 12)
            self.assertEqual(own.most_in_flight(), 4)

    def test_a_slow_host_does_not_keep_others_waiting(self):
        with fixture_site.FixtureSite() as slow:
            jobs = [self.client.job(self.strategy, slow.url("/gate/never")) for _ in range(30)]
            eventually(lambda: slow.in_flight() == 4, what="four hanging fetches")
            self.assertEqual(self.client.execute(self.strategy, self.site.url("/shop"))["status"], "completed")
            slow.open("never")
            for job in jobs:
                self.client.wait_job(job["id"])

    def sent(self, strategy, url):
        job = self.client.execute(strategy, url)
        self.assertEqual(job["status"], "completed", job["error"])
        return {item["name"]: item["value"] for item in job["results"]}

    def test_requests_say_who_they_are(self):
        url = self.site.url("/echo-headers")
        headers = self.sent(self.client.strategy(url, HEADER_PLAN), url)
        self.assertRegex(headers["user-agent"], r"libmeter|meter-server")
        self.assertIn("gzip", headers.get("accept-encoding", ""))
        self.assertEqual(headers["host"], f"127.0.0.1:{self.site.port}")
        self.assertNotIn("authorization", headers)
        self.assertNotIn("cookie", headers)

    def test_headers_and_cookies_of_a_strategy_go_to_its_origin_only(self):
        with fixture_site.FixtureSite() as elsewhere:
            url = self.site.url("/echo-headers")
            strategy = self.client.strategy(url, HEADER_PLAN, fetch={
                "headers": {"X-Token": "secret", "Authorization": "Bearer inner"}, "cookies": {"session": "c1"}})
            same = self.sent(strategy, self.site.url("/redirect-to?url=/echo-headers"))
            self.assertEqual((same["x-token"], same["authorization"], same["cookie"]),
                             ("secret", "Bearer inner", "session=c1"))
            away = self.sent(strategy, self.site.url("/redirect-to?url=" + elsewhere.url("/echo-headers")))
            for name in ("x-token", "authorization", "cookie"):
                self.assertNotIn(name, away)

    def test_robots_txt_is_not_asked_for_a_named_page(self):
        with fixture_site.FixtureSite() as own:
            own.page("/robots.txt", "User-agent: *\nDisallow: /", "text/plain")
            self.assertEqual(self.client.execute(self.strategy, own.url("/shop"))["status"], "completed")
            self.assertEqual(own.hits("/robots.txt"), 0)

    def test_fragments_are_not_sent_and_other_characters_are_encoded(self):
        path = self.path()
        self.site.page(path, fixture_site.shop_html(fixture_site.PRODUCTS))
        self.client.execute(self.strategy, self.site.url(path) + "?q=\u00fc#part")
        self.assertEqual([request["target"] for request in self.site.requests(path)], [path + "?q=%C3%BC"])


class ConditionalRequests(harness.MeterCase):
    """A 304 completes the job from the baseline, as long as nothing was edited since (DESIGN 6)."""

    def setUp(self):
        self.site_of_test = fixture_site.FixtureSite()
        self.site_of_test.start()
        self.addCleanup(self.site_of_test.close)

    def validators(self, path, name):
        return [request["headers"].get(name) for request in self.site_of_test.requests(path)]

    def test_an_unchanged_page_is_answered_from_the_baseline(self):
        for path, name in (("/etag", "if-none-match"), ("/last-modified", "if-modified-since")):
            with self.subTest(path=path):
                url = self.site_of_test.url(path)
                strategy = self.client.strategy(url)
                first, second, third = (self.client.execute(strategy, url) for _ in range(3))
                self.assertEqual(first["results"], SHOP_ITEMS)
                for job in (second, third):
                    self.assertEqual({**job,
                                      **dict.fromkeys(("id", "job_id", "created_at", "started_at", "completed_at"))},
                                     {**first,
                                      **dict.fromkeys(("id", "job_id", "created_at", "started_at", "completed_at"))})
                    self.assertIs(job["has_changes"], False)
                sent = self.validators(path, name)[-2:]
                self.assertTrue(all(sent), f"the second and third request are conditional: {sent}")

    def test_a_changed_page_is_read_again(self):
        url = self.site_of_test.url("/etag")
        strategy = self.client.strategy(url)
        self.client.execute(strategy, url)
        self.site_of_test.set_price("Product A", "$1")
        job = self.client.execute(strategy, url)
        self.assertEqual((job["results"][0]["price"], job["has_changes"]), ("$1", True))
        again = self.client.execute(strategy, url)
        self.assertEqual((again["results"], again["has_changes"]), (job["results"], False))

    def test_an_edited_strategy_reads_the_page_anew(self):
        url = self.site_of_test.url("/etag")
        strategy = self.client.strategy(url)
        self.client.execute(strategy, url)
        keep = {"conditions": [{"field": "name", "operator": "contains", "value": "B"}]}
        self.client.patch(f"/api/strategies/{strategy['id']}", {"filter_config": keep}, expect=200)
        job = self.client.execute(strategy, url)
        self.assertEqual((job["results"], job["has_changes"]), (SHOP_ITEMS[1:], True))
        again = self.client.execute(strategy, url)
        self.assertEqual((again["results"], again["has_changes"]), (SHOP_ITEMS[1:], False))

    def test_edited_fetch_settings_ask_anew(self):
        url = self.site_of_test.url("/etag")
        strategy = self.client.strategy(url)
        self.client.execute(strategy, url)
        self.client.patch(f"/api/strategies/{strategy['id']}", {"fetch": {"headers": {"X-A": "1"}}}, expect=200)
        self.client.execute(strategy, url)
        self.assertIsNone(self.validators("/etag", "if-none-match")[-1])

    def test_validators_of_a_run_that_is_no_baseline_are_not_used(self):
        url = self.site_of_test.url("/etag")
        strategy = self.client.strategy(url)
        first = self.client.execute(strategy, url)
        self.site_of_test.set_products([])
        self.assertEqual([self.client.execute(strategy, url)["outcome"] for _ in range(2)], ["empty", "empty"])
        self.site_of_test.set_products(fixture_site.PRODUCTS)
        back = self.client.execute(strategy, url)
        self.assertEqual((back["outcome"], back["has_changes"], back["results"]), ("ok", False, first["results"]))

    def test_another_strategy_on_the_page_starts_anew(self):
        url = self.site_of_test.url("/etag")
        self.client.execute(self.client.strategy(url), url)
        names = {"container": {"selector": "li.product"}, "fields": {"n": {"selector": "h2"}}}
        self.assertEqual(self.client.execute(self.client.strategy(url, names), url)["results"],
                         [{"n": "Product A"}, {"n": "Product B"}])

    def test_a_304_that_nobody_asked_for_is_no_success(self):
        url = self.site_of_test.page("/odd", "", status=304)
        strategy = self.client.strategy(self.site_of_test.url("/shop"))
        self.assertEqual(self.client.execute(strategy, url)["status"], "failed")


class SmallLimits(harness.MeterCase):
    server_options = ("--fetch-max-redirects", "2", "--fetch-timeout-seconds", "2", "--fetch-max-body-bytes", "50000",
                      "--fetch-max-wire-bytes", "20000", "--fetch-per-host", "2")

    def test_the_limits_are_settings(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        for path, error in (("/redirect/2", None), ("/redirect/3", "Too many redirects"), ("/huge?bytes=19000", None),
                            ("/huge?bytes=21000", "Page too large"), ("/gzip-bomb?mb=1", "Page too large"),
                            ("/hang", "Connection timeout: target site did not respond")):
            with self.subTest(path=path):
                job = self.client.execute(strategy, self.site.url(path))
                if error:
                    self.assert_failed(job, error)
                else:
                    self.assertEqual(job["status"], "completed", job["error"])

    def test_parallel_fetches_per_host(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        with fixture_site.FixtureSite() as own:
            batch = self.client.batch(strategy, [own.url("/gate/two")] * 6)
            eventually(lambda: own.in_flight() == 2, what="two fetches")
            own.open("two")
            self.client.wait_batch(batch["batch_id"])
            self.assertEqual(own.most_in_flight(), 2)


class RespectRobots(harness.MeterCase):
    server_options = ("--fetch-respect-robots", "--fetch-max-retries", "0")

    def test_what_robots_txt_forbids_is_not_fetched(self):
        with fixture_site.FixtureSite() as own:
            own.page("/robots.txt", "User-agent: *\nDisallow: /detail/\n", "text/plain")
            strategy = self.client.strategy(own.url("/shop"))
            self.assert_failed(self.client.execute(strategy, own.url("/detail/1")), "Blocked by robots.txt")
            self.assertEqual(own.hits("/detail/1"), 0)
            self.assertEqual(self.client.execute(strategy, own.url("/shop"))["status"], "completed")
            self.assertEqual(own.hits("/robots.txt"), 1)
            self.assert_error(self.client.generate(own.url("/detail/2"), expect=422), 422, "Blocked by robots.txt")

    def test_a_site_whose_robots_txt_fails_is_left_alone(self):
        with fixture_site.FixtureSite() as own:
            own.page("/robots.txt", "", status=503)
            self.assert_error(self.client.generate(own.url("/shop"), expect=422), 422, "Blocked by robots.txt")
            self.assertEqual(own.hits("/shop"), 0)


class EgressPolicy(harness.MeterCase):
    server_options = ()
    server_arguments = {"allow_private": False}
    BLOCKED = "URL not allowed by server policy"

    def targets(self):
        port = self.site.port
        return [f"http://{host}:{port}/shop" for host in (
            "127.0.0.1", "localhost", "127.1", "127.0.0.2", "0.0.0.0", "0", "2130706433", "0x7f000001", "0177.0.0.1",
            "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::]",
            "LOCALHOST",
            "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1",
            "255.255.255.255", "[fe80::1]", "[fc00::1]", "192.0.2.1", "240.0.0.1", "[ff02::1]", "[2001:db8::1]")]

    def test_jobs_to_special_addresses_are_blocked(self):
        hits = self.site.hits("/shop")
        # A css plan needs a page for its preview and so cannot be made here; the store is filled by an open server.
        open_server = harness.Server(*harness.UNLIMITED, folder=self.server.folder)
        self.server.terminate()
        with open_server:
            strategy = open_server.client(self.key).strategy(self.site.url("/shop"))
        self.server.start()
        hits += 1
        jobs = [(url, self.client.job(strategy, url)) for url in self.targets()]
        for url, job in jobs:
            with self.subTest(url=url):
                self.assert_failed(self.client.wait_job(job["id"], 60), self.BLOCKED)
        self.assertEqual(self.site.hits("/shop"), hits)

    def test_generate_is_422(self):
        hits = self.site.hits("/shop")
        for url in self.targets()[:12]:
            with self.subTest(url=url):
                self.assert_error(self.client.generate(url, expect=422), 422, self.BLOCKED, "unprocessable")
        plan = {"type": "api", "request": {"url": self.site.url("/json/list")}, "items_path": "items"}
        self.assert_error(self.client.generate(self.site.url("/shop"), plan, expect=422), 422, self.BLOCKED)
        self.assertEqual(self.site.hits("/shop"), hits)


if __name__ == "__main__":
    unittest.main()
