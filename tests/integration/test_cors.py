"""Pages of other origins: BEHAVIOUR 1 (CORS) and the CORS protocol of the Fetch standard."""

import os
import subprocess

import harness
from harness import UNKNOWN_ID

APP, LOCAL, STRANGER = "https://app.example", "http://localhost:3000", "https://stranger.example"
# Fetch: what every page may send and read, and what concerns the connection or caches alone.
SENT_BY_ALL = {"accept", "accept-language", "content-language"}
READ_BY_ALL = {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified",
               "pragma"}
NOT_FOR_PAGES = {"connection", "keep-alive", "vary"}


def told(answer):
    """What an answer says about other origins."""
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def words(answer, name):
    return {word.strip().lower() for word in answer.headers.get(name, "").split(",") if word.strip()}


def preflight(client, target, origin, method="GET", headers=""):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return client.request("OPTIONS", target, key=None, headers=asked)


def head(target, origin, *lines, method="GET"):
    """The bytes of a request, its Origin last."""
    return "\r\n".join((f"{method} {target} HTTP/1.1", "Host: a", *lines, f"Origin: {origin}", "", "")).encode()


def refused(server, origin):
    """Answers to requests that are refused before they have a route, by status."""
    length = ("Content-Length: 4000000",)
    requests = (
        (400, head("/api/jobs", origin, "Bad line")),
        (400, head("/api/jobs", origin, "Content-Length: 1", "Content-Length: 2", method="POST")),
        (400, head("/api/jobs", origin, "Transfer-Encoding: chunked", method="POST") + b"zz\r\n"),
        (414, head("/" + "x" * 9000, origin)),
        (431, head("/api/jobs", origin, *(f"X-{i}: y" for i in range(120)))),
        (431, head("/api/jobs", origin, "X: " + "y" * 40_000)),
        (503, head("/api/jobs", origin, *length, method="POST") + b"x" * 2_000_000),
    )
    for status, data in requests:
        (answer,) = server.raw(data)
        yield status, answer


class Unset(harness.MeterCase):
    server_options = ("--http-max-buffered", "1MiB")

    def test_no_answer_tells_of_other_origins(self):
        answers = []
        for origin in (APP, "null", "*", "http://127.0.0.1"):
            headers = {"Origin": origin}
            answers += [self.client.get("/api/strategies", headers=headers, expect=200),
                        self.client.get("/healthz", headers=headers, key=None, expect=200),
                        self.client.get(f"/api/jobs/{UNKNOWN_ID}", headers=headers, expect=404),
                        self.client.get("/api/jobs", headers=headers, key=None, expect=401),
                        self.client.request("PUT", "/api/jobs", headers=headers, expect=405),
                        self.client.request("OPTIONS", "/api/jobs", headers=headers, expect=405),
                        preflight(self.client, "/api/jobs", origin), preflight(self.client, "/nothing", origin)]
            answers += [answer for _, answer in refused(self.server, origin)]
        for answer in answers:
            self.assertEqual(told(answer), {})
            self.assertNotIn("vary", answer.headers)
        self.assertEqual({answer.status for answer in answers}, {200, 400, 401, 404, 405, 414, 431, 503})


class Listed(harness.MeterCase):
    server_options = ("--cors-allow-origins", f"HTTPS://App.Example:443, {LOCAL}", "--http-max-buffered", "1MiB",
                      "--http-max-body", "8MiB", "--jobs-max-pending", "1")

    def assert_shared(self, answer, origin):
        self.assertEqual(answer.headers.get("access-control-allow-origin"), origin, answer)
        self.assertEqual(answer.headers.get("vary"), "Origin")
        self.assertNotIn("access-control-allow-credentials", answer.headers)
        sent = {name for name in answer.headers if not name.startswith("access-control-")}
        hidden = sent - READ_BY_ALL - NOT_FOR_PAGES - words(answer, "access-control-expose-headers")
        self.assertEqual(hidden, set())

    def fetch(self, origin, method, target, **options):
        """What a page does: it asks first, then sends, then may read the answer."""
        asks = "authorization,content-type,idempotency-key"
        allowed = preflight(self.client, target, origin, method, asks)
        self.assertEqual((allowed.status, allowed.body), (204, b""))
        self.assertEqual(allowed.headers["access-control-allow-origin"], origin)
        self.assertIn(method.lower(), words(allowed, "access-control-allow-methods"))
        self.assertLessEqual(set(asks.split(",")), words(allowed, "access-control-allow-headers"))
        self.assertEqual(allowed.headers["access-control-max-age"], "600")
        self.assertEqual(allowed.headers["vary"], "Origin")
        answer = self.client.request(method, target, headers={"Origin": origin, "Idempotency-Key": f"k{next(self._paths)}"},
                                     **options)
        self.assert_shared(answer, origin)
        return answer

    def test_a_page_of_a_listed_origin_works_with_the_api(self):
        url = self.site.url("/shop")
        body = {"url": url, "description": "x", "name": "x", "strategy": harness.fixture_site.SHOP_PLAN}
        for origin in (APP, LOCAL):
            with self.subTest(origin=origin):
                made = self.fetch(origin, "POST", "/api/strategies/generate", json=body, expect=201).json
                target = f"/api/strategies/{made['id']}"
                self.fetch(origin, "GET", "/api/strategies", expect=200)
                self.fetch(origin, "PATCH", target, json={"name": "y"}, expect=200)
                self.fetch(origin, "DELETE", target, expect=200)
                self.fetch(origin, "GET", target, expect=404)

    def test_errors_can_be_read(self):
        origin = {"Origin": APP}
        strategy = self.client.strategy(self.site.url("/shop"))
        batch = {"strategy_id": strategy["id"], "urls": [self.site.url("/shop")] * 3}
        for answer in (self.client.get("/api/jobs", key=None, headers=origin, expect=401),
                       self.client.get("/api/v1/workflows", key="sk_live_wrong", headers=origin, expect=401),
                       self.client.get("/nothing", headers=origin, expect=404),
                       self.client.request("PUT", "/api/jobs", headers=origin, expect=405),
                       self.client.request("OPTIONS", "/api/jobs", headers=origin, expect=405),
                       self.client.request("HEAD", "/api/jobs", headers=origin, expect=200),
                       self.client.post("/api/jobs", body=b"{", headers=origin, expect=400),
                       self.client.post("/api/jobs", body=b"{}" + b" " * (9 << 20), headers=origin, expect=413),
                       self.client.post("/api/jobs", batch, headers=origin, expect=503)):
            with self.subTest(status=answer.status):
                self.assert_shared(answer, APP)

    def test_refusals_before_the_route_can_be_read(self):
        for status, answer in refused(self.server, APP):
            with self.subTest(status=status):
                self.assertEqual(answer.status, status, answer)
                self.assert_shared(answer, APP)
        for status, answer in refused(self.server, STRANGER):
            with self.subTest(status=status):
                self.assertEqual((answer.status, told(answer)), (status, {}), answer)

    def test_other_origins_are_told_nothing(self):
        for origin in (STRANGER, "null", "*", "", "http://app.example", f"{APP}:8443", f"{APP}.{STRANGER}", f"{APP}/",
                       "http://localhost", f"{APP}, {LOCAL}"):
            with self.subTest(origin=origin):
                answers = (self.client.get("/api/jobs", headers={"Origin": origin}, expect=200),
                           self.client.get("/api/jobs", headers={"Origin": origin}, key=None, expect=401),
                           preflight(self.client, "/api/jobs", origin), preflight(self.client, "/nothing", origin))
                self.assertEqual([answer.status for answer in answers], [200, 401, 405, 404])
                for answer in answers:
                    self.assertEqual((told(answer), answer.headers["vary"]), ({}, "Origin"))
        twice = self.client.get("/api/jobs", headers=[("Origin", APP), ("Origin", STRANGER)], expect=200)
        self.assertEqual(told(twice), {})
        # Kept by a cache, it must not be given to a page (Fetch, "CORS protocol and HTTP caches").
        alone = self.client.get("/api/jobs", expect=200)
        self.assertEqual((told(alone), alone.headers["vary"]), ({}, "Origin"))

    def test_options_is_a_preflight_only_with_the_method_it_asks_about(self):
        for headers in ({"Origin": APP}, {"Access-Control-Request-Method": "GET"}, {}):
            answer = self.client.request("OPTIONS", "/api/jobs", headers=headers, expect=405)
            self.assertEqual(words(answer, "allow"), {"get", "head", "post"})
            self.assertNotIn("access-control-allow-methods", answer.headers)
        for target in ("/api/jobs", "/nothing", "/metrics", f"/hooks/wf_x/{UNKNOWN_ID}"):
            self.assertEqual(preflight(self.client, target, APP).status, 204)

    def test_what_the_api_reads_may_be_sent_and_what_it_says_may_be_read(self):
        document = harness.the_spec().document
        resolve = lambda node: harness.the_spec().resolver.resolve(node["$ref"])[1] if "$ref" in node else node
        reads = {scheme["name"] for scheme in document["components"]["securitySchemes"].values() if "name" in scheme}
        says = set()
        for item in document["paths"].values():
            for operation in [item, *(each for each in item.values() if isinstance(each, dict))]:
                parameters = map(resolve, operation.get("parameters", ()))
                reads |= {parameter["name"] for parameter in parameters if parameter["in"] == "header"}
                for response in map(resolve, operation.get("responses", {}).values()):
                    says |= set(response.get("headers", ()))
        self.assertGreater(len(reads), 2)
        self.assertGreater(len(says), 7)
        may_send = words(preflight(self.client, "/api/jobs", APP), "access-control-allow-headers")
        self.assertEqual({name.lower() for name in reads} - SENT_BY_ALL - may_send, set())
        answer = self.client.get("/api/jobs", headers={"Origin": APP}, expect=200)
        may_read = words(answer, "access-control-expose-headers")
        self.assertEqual({name.lower() for name in says} - READ_BY_ALL - may_read, set())


class Others(harness.MeterCase):
    server_options = ("--cors-allow-origins", "*", "--rate-limit-default", "4")

    def test_the_star_lets_every_page_read_and_preflights_are_not_counted(self):
        client = self.server.client(self.server.create_key(account=self.account))
        for _ in range(20):
            self.assertEqual(preflight(client, "/api/jobs", STRANGER, "POST", "authorization").status, 204)
        answers = harness.eventually(
            lambda: (first := client.get("/api/jobs", headers={"Origin": STRANGER})).status != 401 and [first])
        self.assertEqual(answers[0].headers["x-ratelimit-remaining"], "3")
        while len(answers) < 50 and answers[-1].status == 200:
            answers.append(client.get("/api/jobs", headers={"Origin": "null"}))
        self.assert_error(answers[-1], 429)
        self.assertEqual(preflight(client, "/api/jobs", STRANGER).status, 204)
        answers += [client.get("/healthz"), preflight(client, "/api/jobs", "null")]
        for answer in answers:
            self.assertEqual(answer.headers["access-control-allow-origin"], "*")
            self.assertNotIn("access-control-allow-credentials", answer.headers)
            self.assertNotIn("vary", answer.headers)
        self.assertIn("retry-after", words(answers[-3], "access-control-expose-headers"))

    def test_what_is_no_origin_keeps_the_server_from_starting(self):
        for value, entry in (("app.example", "app.example"), (f"{APP},", ""), (f"{APP},*", "*"), ("null", "null"),
                             (f"{APP},{LOCAL}/", f"{LOCAL}/"), ("https://*.example", "https://*.example")):
            with self.subTest(value=value):
                done = self.server.command("serve", "--listen", "127.0.0.1:0", "--store", "memory:",
                                           "--cors-allow-origins", value, check=False, timeout=20)
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, r"--cors-allow-origins must be origins")
                self.assertIn(f'"{entry}"', done.stderr)
        done = subprocess.run([str(harness.BINARY), "serve", "--store", "memory:", "--listen", "127.0.0.1:0"],
                              env={**os.environ, "METER_CORS_ALLOW_ORIGINS": "x"}, capture_output=True, text=True,
                              timeout=20)
        self.assertEqual(done.returncode, 2)
        self.assertIn("METER_CORS_ALLOW_ORIGINS must be origins", done.stderr)
