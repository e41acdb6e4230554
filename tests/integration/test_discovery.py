"""URLs from sitemaps, page counts and links: BEHAVIOUR 17."""

import gzip
import unittest

import fixture_site
import harness
from harness import UNKNOWN_ID, eventually


def links(*paths):
    return fixture_site.page("Links", "".join(f'<p><a href="{path}">x</a></p>' for path in paths))


class Discovery(harness.MeterCase):
    def discover(self, expect=201, **discovery):
        return self.client.post("/discover", {"discovery": discovery}, expect=expect).json

    def wait(self, discovery_id, client=None):
        def ended():
            found = (client or self.client).get(f"/discover/{discovery_id}", expect=200).json
            return found if found["status"] in ("completed", "failed") else None
        return eventually(ended, what="the end of the discovery")

    def found(self, **discovery):
        """The URLs of a discovery that completes, without the site."""
        made = self.discover(**discovery)
        done = self.wait(made["discovery_id"])
        self.assertEqual(done["status"], "completed", done)
        urls = self.client.get(f"/discover/{made['discovery_id']}/urls?limit=10000", expect=200).json
        self.assertEqual(urls["total"], done["total_urls"])
        self.assertEqual(urls["urls"][:10], done["sample_urls"])
        return [url.split("/", 3)[3] for url in urls["urls"]]


class Methods(Discovery):
    def test_a_discovery_is_accepted_at_once_and_runs_by_itself(self):
        url = self.site.page("/d1/sitemap.xml", "<urlset><url><loc>/d1/a</loc></url></urlset>", "text/xml")
        made = self.discover(method="sitemap", sitemap_url=url)
        self.assertEqual((made["status"], made["discovery_method"], made["root_url"]), ("pending", "sitemap", url))
        done = self.wait(made["discovery_id"])
        self.assertEqual(done["config"], {"method": "sitemap", "sitemap_url": url, "url_pattern": None,
                                          "max_urls": 1000})
        self.assertEqual((done["total_urls"], done["truncated"], done["error"]), (1, False, None))
        self.assertIn(done["discovery_id"], [one["id"] for one in self.client.get("/discoveries", expect=200).json])
        self.assertIn(done["id"], [one["id"] for one in self.client.get("/discoveries?status=completed").json])
        self.assertNotIn(done["id"], [one["id"] for one in self.client.get("/discoveries?status=failed").json])

    def test_an_index_of_sitemaps_with_gzip_and_a_list(self):
        self.site.page("/d2/index.xml", "<sitemapindex><sitemap><loc>a.xml.gz</loc></sitemap><sitemap><loc>none.xml"
                       "</loc></sitemap><sitemap><loc>b.txt</loc></sitemap></sitemapindex>", "text/xml")
        self.site.page("/d2/a.xml.gz", gzip.compress(b"<urlset><url><loc>/d2/products/1</loc></url>"
                                                     b"<url><loc>/d2/about</loc></url></urlset>"), "application/gzip")
        self.site.page("/d2/b.txt", self.site.url("/d2/products/2") + "\n", "text/plain")
        self.assertEqual(self.found(method="sitemap", sitemap_url=self.site.url("/d2/index.xml"),
                                    url_pattern="products/*/"), ["d2/products/1", "d2/products/2"])

    def test_a_first_file_that_cannot_be_read_fails_the_discovery(self):
        self.site.page("/d3/html", "<html><p>Not here.", "text/html")
        for path, error in (("/d3/nothing.xml", "Page not accessible: 404 Not Found"),
                            ("/d3/html", "Extraction failed: not a sitemap"),
                            ("/drop-now", "Connection failed")):
            with self.subTest(path=path):
                done = self.wait(self.discover(method="sitemap", sitemap_url=self.site.url(path))["discovery_id"])
                self.assertEqual(done["status"], "failed")
                self.assertTrue(done["error"].startswith(error), done["error"])
                self.assertIsNotNone(done["completed_at"])

    def test_pagination_counts(self):
        self.assertEqual(self.found(method="pagination", url_template="https://shop.test/p?page={n}", max_pages=3),
                         ["p?page=1", "p?page=2", "p?page=3"])

    def test_a_crawl_obeys_robots_txt_and_visits_each_page_once(self):
        with fixture_site.FixtureSite() as own:
            own.page("/robots.txt", "User-agent: *\nDisallow: /secret/\n", "text/plain")
            own.page("/start", links("/category/a", "/secret/b", "/product/1", "/start", "https://other.test/product/9"))
            own.page("/category/a", links("/product/2", "/category/a", "/start", "/missing"))
            own.page("/secret/b", links("/product/3"))
            self.assertEqual(self.found(method="link_pattern", seed_url=own.url("/start"), link_pattern="/product/*",
                                        max_depth=4), ["product/1", "product/2"])
            self.assertEqual([own.hits(path) for path in ("/start", "/category/a", "/secret/b", "/robots.txt")],
                             [1, 1, 0, 1])

    def test_max_urls_cuts_and_says_so(self):
        url = self.site.page("/d4/s.txt", "".join(f"{self.site.url('/d4')}/{n}\n" for n in range(30)), "text/plain")
        made = self.discover(method="sitemap", sitemap_url=url, max_urls=20)
        done = self.wait(made["discovery_id"])
        self.assertEqual((done["total_urls"], done["truncated"]), (20, True))
        part = self.client.get(f"/discover/{made['discovery_id']}/urls?limit=5&offset=18", expect=200).json
        self.assertEqual((len(part["urls"]), part["total"], part["limit"], part["offset"]), (2, 20, 5, 18))


class Use(Discovery):
    def sitemap(self, name, *paths):
        body = "<urlset>" + "".join(f"<url><loc>{path}</loc></url>" for path in paths) + "</urlset>"
        made = self.discover(method="sitemap", sitemap_url=self.site.page(f"/use/{name}", body, "text/xml"))
        self.wait(made["discovery_id"])
        return made["discovery_id"]

    def test_the_urls_become_a_batch(self):
        discovery_id = self.sitemap("batch", "/shop", "/detail/1", "/detail/2")
        strategy = self.client.strategy(self.site.url("/shop"))
        made = self.client.post(f"/discover/{discovery_id}/execute", {"strategy_id": strategy["id"]}, expect=201).json
        self.assertEqual((made["job_count"], made["discovery_id"]), (3, discovery_id))
        self.client.wait_batch(made["batch_id"])
        again = self.client.post(f"/discover/{discovery_id}/execute", {
            "strategy_id": strategy["id"], "urls": [self.site.url("/detail/2"), self.site.url("/shop")],
            "max_urls": 1}, expect=201).json
        self.assertEqual(again["job_count"], 1)

    def test_what_cannot_be_executed(self):
        strategy = self.client.strategy(self.site.url("/shop"))["id"]
        full, empty = self.sitemap("full", "/shop"), self.sitemap("empty")
        failed = self.discover(method="sitemap", sitemap_url=self.site.url("/use/nothing"))["discovery_id"]
        self.wait(failed)
        rows = (
            (failed, {"strategy_id": strategy}, 409, "Discovery is not completed"),
            (empty, {"strategy_id": strategy}, 400, "No URLs to scrape"),
            (full, {}, 400, "Missing required field: strategy_id"),
            (full, {"strategy_id": UNKNOWN_ID}, 404, "Strategy not found"),
            (full, {"strategy_id": strategy, "urls": ["https://shop.test/else"]}, 400, None),
            (full, {"strategy_id": strategy, "urls": []}, 400, None),
            (full, {"strategy_id": strategy, "max_urls": 0}, 400, None),
            (UNKNOWN_ID, {"strategy_id": strategy}, 404, "Discovery not found"),
        )
        for discovery_id, body, status, detail in rows:
            with self.subTest(body=body, status=status):
                self.assert_error(self.client.post(f"/discover/{discovery_id}/execute", body), status, detail)

    def test_deleting_stops_a_crawl(self):
        with fixture_site.FixtureSite() as own:
            own.page("/start", links("/gate/door", *(f"/page/{n}" for n in range(50))))
            made = self.discover(method="link_pattern", seed_url=own.url("/start"), link_pattern="**")
            eventually(lambda: own.hits("/gate/door"), what="the crawl at the gate")
            running = self.client.get(f"/discover/{made['discovery_id']}", expect=200).json
            self.assertEqual(running["status"], "running")
            self.assertEqual(running["total_urls"], 52, "what was found can be read while it runs")
            self.client.delete(f"/discover/{made['discovery_id']}", expect=200)
            self.assert_error(self.client.get(f"/discover/{made['discovery_id']}"), 404, "Discovery not found")
            own.open("door")
            eventually(lambda: own.in_flight() == 0, what="the end of the crawl's requests")
            self.assertEqual(sum(own.hits(f"/page/{n}") for n in range(5, 50)), 0)

    def test_other_accounts_see_nothing(self):
        discovery_id = self.sitemap("mine", "/shop")
        other = self.other_client()
        strategy = other.strategy(self.site.url("/shop"))["id"]
        for method, path, body in (("GET", "", None), ("GET", "/urls", None), ("DELETE", "", None),
                                   ("POST", "/execute", {"strategy_id": strategy})):
            with self.subTest(method=method, path=path):
                self.assert_error(other.request(method, f"/discover/{discovery_id}{path}",
                                                 *([body] if body else [])), 404,
                                  "Discovery not found")
        self.assertEqual(other.get("/discoveries", expect=200).json, [])


class OfASitemap(Discovery):
    def sitemap(self, own, *paths):
        return own.page("/sitemap.xml", "<urlset>" + "".join(f"<url><loc>{path}</loc></url>" for path in paths)
                        + "</urlset>", "text/xml")

    def discovered(self, own, *paths):
        made = self.discover(method="sitemap", sitemap_url=self.sitemap(own, *paths))["discovery_id"]
        self.wait(made)
        return made


class Schedules(OfASitemap):
    def test_a_schedule_is_an_ordinary_one_with_the_urls_of_the_discovery(self):
        with fixture_site.FixtureSite() as own:
            discovery_id = self.discovered(own, "/shop", "/detail/1")
            strategy = self.client.strategy(own.url("/shop"))
            made = self.client.post(f"/discover/{discovery_id}/schedule", {
                "strategy_id": strategy["id"], "cron_expression": "0 9 * * *", "timezone": "Europe/Berlin",
                "webhook_url": "https://hook.test/", "webhook_on": "changes"}, expect=201).json
            self.assertEqual((made["discovery_id"], made["url"], made["urls"]),
                             (discovery_id, None, [own.url("/shop"), own.url("/detail/1")]))
            self.assertRegex(made["webhook_secret"], "whsec_")
            at = f"/api/schedules/{made['id']}"
            self.assertEqual(self.client.get(at, expect=200).json["discovery_id"], discovery_id)
            self.assertEqual(self.client.patch(at, {"enabled": False}, expect=200).json["discovery_id"], discovery_id)
            detached = self.client.patch(at, {"url": own.url("/shop")}, expect=200).json
            self.assertEqual((detached["discovery_id"], detached["urls"]), (None, None))
            fixed = self.client.post(f"/discover/{discovery_id}/schedule", {
                "strategy_id": strategy["id"], "interval_seconds": 3600, "rediscover": False}, expect=201).json
            self.client.delete(f"/discover/{discovery_id}", expect=200)
            self.assert_error(self.client.get(f"/api/schedules/{fixed['id']}"), 404, "Schedule not found")
            self.client.get(at, expect=200)

    def test_what_cannot_be_scheduled(self):
        with fixture_site.FixtureSite() as own:
            strategy = self.client.strategy(own.url("/shop"))["id"]
            failed = self.discover(method="sitemap", sitemap_url=own.url("/use/nothing"))["discovery_id"]
            self.wait(failed)
            empty, full = self.discovered(own), self.discovered(own, "/shop")
            hourly = {"strategy_id": strategy, "interval_seconds": 3600}
            rows = (
                (failed, hourly, 409, "Discovery is not completed"),
                (empty, {**hourly, "rediscover": False}, 400, "No URLs to scrape"),
                (full, {"interval_seconds": 3600}, 400, "Missing required field: strategy_id"),
                (full, {"strategy_id": strategy}, 400, "Provide either interval_seconds or cron_expression"),
                (full, {**hourly, "cron_expression": "0 9 * * *"}, 400, None),
                (full, {**hourly, "interval_seconds": 59}, 400, None),
                (full, {**hourly, "rediscover": "yes"}, 400, None),
                (full, {**hourly, "webhook_url": "nonsense"}, 422, "Invalid URL format"),
                (full, {**hourly, "strategy_id": UNKNOWN_ID}, 404, "Strategy not found"),
                (UNKNOWN_ID, hourly, 404, "Discovery not found"),
                ("nonsense", hourly, 404, "Discovery not found"),
            )
            for discovery_id, body, status, detail in rows:
                with self.subTest(body=body, status=status):
                    self.assert_error(self.client.post(f"/discover/{discovery_id}/schedule", body), status, detail)
            self.client.post(f"/discover/{empty}/schedule", hourly, expect=201)
            self.assert_error(self.other_client().post(f"/discover/{full}/schedule", hourly), 404)


class Rediscovery(OfASitemap):
    server_options = ("--min-interval-seconds", "1")

    def jobs_of(self, schedule):
        return self.client.get(f"/api/jobs?schedule_id={schedule['id']}&limit=1000", expect=200).json

    def urls_of_ticks(self, schedule):
        """The paths of each tick's jobs so far, the newest tick first."""
        ticks = {}
        for job in self.jobs_of(schedule):
            ticks.setdefault(job["batch_id"] or job["id"], []).append("/" + job["url"].split("/", 3)[3])
        return [sorted(paths) for paths in ticks.values()]

    def test_new_urls_join_vanished_ones_stop_and_a_failure_keeps_the_list(self):
        with fixture_site.FixtureSite() as own:
            discovery_id = self.discovered(own, "/detail/1", "/detail/2")
            strategy = self.client.strategy(own.url("/shop"))
            self.sitemap(own, "/detail/2", "/detail/3", "/shop")
            made = self.client.post(f"/discover/{discovery_id}/schedule", {
                "strategy_id": strategy["id"], "interval_seconds": 1}, expect=201).json
            changed = ["/detail/2", "/detail/3", "/shop"]
            eventually(lambda: changed in self.urls_of_ticks(made), 30, "a tick with the new list")
            self.assertEqual(set(map(tuple, self.urls_of_ticks(made))), {tuple(changed)})
            at = f"/api/schedules/{made['id']}"
            self.assertEqual(self.client.get(at, expect=200).json["urls"],
                             [own.url("/detail/2"), own.url("/detail/3"), own.url("/shop")])
            self.assertEqual([each["id"] for each in self.client.get("/discoveries", expect=200).json],
                             [discovery_id], "what ticks run is nobody else's business")

            own.page("/sitemap.xml", "<p>gone", "text/html")
            ticks = len(self.urls_of_ticks(made))
            eventually(lambda: len(self.urls_of_ticks(made)) >= ticks + 2, 30, "ticks with the list of before")
            self.assertEqual(self.urls_of_ticks(made)[0], changed)

            self.sitemap(own)
            eventually(lambda: self.client.get(at, expect=200).json["urls"] == [], 30, "the empty list")
            self.sitemap(own, "/detail/7")
            eventually(lambda: ["/detail/7"] in self.urls_of_ticks(made), 30, "a single URL")
            health = eventually(lambda: (found := self.client.get(at).json["health"])["since"] and found, 30, "health")
            self.assertIn(health["state"], ("ok", "degraded", "failing"))
            self.client.delete(f"/discover/{discovery_id}", expect=200)
            self.assert_error(self.client.get(at), 404)


class BadRequests(Discovery):
    def test_what_is_wrong_is_named(self):
        good = {"method": "sitemap", "sitemap_url": "https://shop.test/sitemap.xml"}
        rows = (
            ({}, "Missing required field: discovery"),
            (good, "Missing required field: discovery"),
            ({"discovery": []}, None),
            ({"discovery": {**good, "method": "guess"}}, None),
            ({"discovery": {"method": "sitemap"}}, None),
            ({"discovery": {**good, "max_urls": 10001}}, None),
            ({"discovery": {**good, "max_urls": "5"}}, None),
            ({"discovery": {**good, "sitemap_url": "ftp://shop.test"}}, None),
            ({"discovery": {"method": "pagination", "url_template": "https://shop.test/"}}, None),
            ({"discovery": {"method": "link_pattern", "seed_url": "https://shop.test/"}}, None),
        )
        for body, detail in rows:
            with self.subTest(body=body):
                answer = self.client.post("/discover", body)
                self.assertIn(answer.status, (400, 422), answer)
                if detail:
                    self.assert_error(answer, 400, detail)
        for query in ("limit=0", "limit=10001", "offset=-1"):
            self.assert_error(self.client.get(f"/discover/{UNKNOWN_ID}/urls?{query}"), 400)
        self.assert_error(self.client.get("/discoveries?status=done"), 400)


class WithoutRobots(Discovery):
    server_options = ("--discovery-respect-robots=false",)

    def test_robots_txt_may_be_left_out(self):
        with fixture_site.FixtureSite() as own:
            own.page("/robots.txt", "User-agent: *\nDisallow: /", "text/plain")
            own.page("/start", links("/product/1"))
            self.assertEqual(self.found(method="link_pattern", seed_url=own.url("/start"), link_pattern="/product/*"),
                             ["product/1"])
            self.assertEqual(own.hits("/robots.txt"), 0)


class Restart(harness.MeterCase):
    server_options = harness.QUICK_LEASES

    def test_a_crawl_goes_on_after_kill_minus_9(self):
        client = self.other_client()
        with fixture_site.FixtureSite() as own:
            own.page("/start", links(*(f"/page/{n}" for n in range(20)), "/gate/door"))
            for n in range(20):
                own.page(f"/page/{n}", links(f"/found/{n}"))
            made = client.post("/discover", {"discovery": {
                "method": "link_pattern", "seed_url": own.url("/start"), "link_pattern": "/found/*"}}, expect=201).json

            def look():
                return client.get(f"/discover/{made['discovery_id']}", expect=200).json
            eventually(lambda: own.hits("/gate/door") and look()["total_urls"] == 20, what="all pages but the last")
            self.server.kill()
            before = [own.hits(f"/page/{n}") for n in range(20)]
            own.open("door")
            self.server.start()
            done = eventually(lambda: (found := look())["status"] == "completed" and found, 60, "completion")
            self.assertEqual((done["total_urls"], done["truncated"]), (20, False))
            self.assertEqual(([own.hits(f"/page/{n}") for n in range(20)], before), ([1] * 20, [1] * 20))


if __name__ == "__main__":
    unittest.main()
