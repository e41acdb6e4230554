"""No denied address or spelling is ever connected to, through every entry that takes a URL (BEHAVIOUR 11.5).

The cases are those of the public suite `ssrf`, read by path. A canary listens on every loopback address and counts.
"""

import contextlib
import json
import socket
import threading
import unittest

import harness
import suites

BLOCKED = "URL not allowed by server policy"


class Canary:
    """Counts connections to one port of every local address, IPv4 and IPv6."""

    def __init__(self):
        self.count = 0
        self.sockets = [self._listen(socket.AF_INET, "0.0.0.0", 0)]
        self.port = self.sockets[0].getsockname()[1]
        with contextlib.suppress(OSError):  # a machine without IPv6
            self.sockets.append(self._listen(socket.AF_INET6, "::", self.port))
        for each in self.sockets:
            threading.Thread(target=self._accept, args=(each,), daemon=True).start()

    @staticmethod
    def _listen(family, host, port):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(64)
        return listener

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.count += 1
                connection.close()

    def close(self):
        for each in self.sockets:
            each.close()


def denied_urls(port):
    """Every spelling of the suite, and every denied address of it as a host."""
    suite = json.loads((suites.folder("ssrf") / "ssrf.json").read_text())
    urls = [row["url"].replace("{P}", str(port)) for row in suite["urls"]]
    for row in suite["ips"]:
        # Smokescreen denies every embedded form; here the IPv4 address inside decides, and 8.8.8.8 is public.
        if row["deny"] and row["ip"] not in ("64:ff9b::808:808", "2002:808:808::1"):
            host = f"[{row['ip']}]" if ":" in row["ip"] else row["ip"]
            urls.append(f"http://{host}:{port}/")
    urls += [f"http://{host}:{port}/" for host in ("[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]",
                                                   "[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
                                                   "localhost", "LOCALHOST", "user:pass@127.0.0.1")]
    return urls, suite["schemes"]


class EveryEntry(harness.MeterCase):
    server_options = ("--jobs-workers", "16")
    server_arguments = {"allow_private": False}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.strict = False  # operations that are not there yet answer 404
        cls.canary = Canary()
        cls.addClassCleanup(cls.canary.close)
        cls.urls, cls.schemes = denied_urls(cls.canary.port)
        # A css plan needs a page for its preview: the strategies are made by a server whose gate is open.
        open_server = harness.Server(*harness.UNLIMITED, folder=cls.server.folder)
        cls.server.terminate()
        with open_server:
            client = open_server.client(cls.key)
            cls.strategy = client.strategy(cls.site.url("/shop"))
            plan = {"type": "api", "request": {"url": cls.site.url("/json/list")}, "items_path": "items"}
            cls.api_strategy = client.strategy(cls.site.url("/json/list"), plan)
        cls.server.start()

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.canary.count, 0, "something was connected to")

    def ended(self, answer):
        """The jobs an answer speaks of, once they have ended."""
        if answer.status not in (200, 201):
            return []
        if "batch_id" in answer.json and answer.json.get("job_count"):
            self.client.wait_batch(answer.json["batch_id"], 120)
            return self.client.get(f"/api/jobs?batch_id={answer.json['batch_id']}&limit=1000").json
        return [self.client.wait_job(answer.json["job_id"])] if "job_id" in answer.json else []

    def test_jobs(self):
        for strategy in (self.strategy, self.api_strategy):
            answer = self.client.post("/api/jobs", {"strategy_id": strategy["id"], "urls": self.urls})
            if answer.status == 422:  # one of them is no URL for us: then each alone
                answers = [self.client.post("/api/jobs", {"strategy_id": strategy["id"], "urls": [url]})
                           for url in self.urls]
            else:
                answers = [answer]
            for answer in answers:
                self.assertIn(answer.status, (201, 422), answer)
                for job in self.ended(answer):
                    with self.subTest(url=job["url"], type=strategy["scraper_type"]):
                        self.assertEqual((job["status"], job["error"]), ("failed", BLOCKED))

    def test_execute(self):
        for url in self.urls[:12]:
            with self.subTest(url=url):
                answer = self.client.post("/api/jobs/execute", {"strategy_id": self.strategy["id"], "url": url})
                self.assertIn(answer.status, (200, 422))
                if answer.status == 200:
                    self.assertEqual((answer.json["status"], answer.json["error"]), ("failed", BLOCKED))

    def test_generate(self):
        for url in self.urls:
            api_plan = {"type": "api", "request": {"url": url}, "items_path": "items"}
            for body in ({"url": url}, {"url": url, "scraper_type": "content", "strategy": None},
                         {"url": "http://192.0.2.1/", "strategy": api_plan}, {"url": url, "strategy": api_plan}):
                with self.subTest(body=str(body)[:100]):
                    answer = self.client.generate(body.pop("url"), expect=(400, 422), **body)
                    if answer.status == 422 and answer.json["code"] == "unprocessable":
                        self.assertEqual(answer.detail, BLOCKED)

    def test_refine_reads_no_page_that_is_denied(self):
        hits = self.site.all_hits()
        self.client.post(f"/api/strategies/{self.strategy['id']}/refine", {"feedback": "also the link"})
        self.assertEqual(self.site.all_hits(), hits)

    def test_other_entries(self):
        """Those of the contract that this server may not have yet: a 404 connects to nothing either."""
        entries = (
            ("/api/schedules", lambda url: {"strategy_id": self.strategy["id"], "url": url, "interval_seconds": 60}),
            ("/api/schedules", lambda url: {"strategy_id": self.strategy["id"], "urls": [url],
                                            "cron_expression": "* * * * *", "webhook_url": url}),
            ("/api/webhooks/test", lambda url: {"webhook_url": url}),
            ("/api/watch", lambda url: {"url": url, "description": "x", "interval_seconds": 60, "webhook_url": url}),
            ("/discover", lambda url: {"discovery": {"method": "sitemap", "sitemap_url": url}}),
            ("/discover", lambda url: {"discovery": {"method": "pagination", "url_template": url + "?p={n}",
                                                     "max_pages": 2}}),
            ("/discover", lambda url: {"discovery": {"method": "link_pattern", "seed_url": url,
                                                     "link_pattern": "*"}}),
        )
        for target, body in entries:
            for url in self.urls:
                with self.subTest(target=target, url=url):
                    answer = self.client.post(target, body(url), expect=(200, 201, 400, 404, 422, 503))
                    if target == "/api/webhooks/test" and answer.status == 200:
                        self.assertFalse(answer.json["success"])

    def test_schemes(self):
        for url in self.schemes:
            with self.subTest(url=url):
                self.client.post("/api/jobs", {"strategy_id": self.strategy["id"], "url": url}, expect=422)
                self.client.generate(url, expect=422)

    def test_the_address_the_server_listens_on(self):
        own = f"http://127.0.0.1:{self.server.port}/healthz"
        job = self.client.execute(self.strategy, own)
        self.assertEqual((job["status"], job["error"]), ("failed", BLOCKED))


class Redirects(harness.MeterCase):
    """A server that may go to loopback still refuses what is no http."""

    def test_a_redirect_to_another_scheme_is_refused(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        for where in ("file:///etc/passwd", "gopher://127.0.0.1:1/_x", "ftp://127.0.0.1/", "dict://127.0.0.1/"):
            with self.subTest(where=where):
                job = self.client.execute(strategy, self.site.url("/redirect-to?url=" + where))
                self.assert_failed(job, BLOCKED)


if __name__ == "__main__":
    unittest.main()
