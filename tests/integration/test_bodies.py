"""Request bodies: encoding, JSON, size, media type, and the type of every member (BEHAVIOUR 1 and 3)."""

import json
import unittest

import fixture_site
import harness
from harness import UNKNOWN_ID

MIB = 1 << 20
# Wrong for a member that must be of the named type.
WRONG = {
    "string": (1, 1.5, True, [], {}, ["x"]),
    "boolean": (1, 0, "true", "", [], {}),
    "object": (1, "x", True, [], [{}]),
    "array": (1, "x", True, {}),
}


class Bodies(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strategy = cls.client.strategy(cls.site.url("/shop"))
        cls.url = cls.site.url("/shop")
        cls.workflow = cls.client.post("/api/workflows", {"name": "w"}, expect=201).json

    def operations(self):
        """Every operation with a body: method, target, a good body, the status it answers."""
        return (
            ("POST", "/api/strategies/generate",
             {"url": self.url, "description": "d", "name": "n", "strategy": fixture_site.SHOP_PLAN}, 201),
            ("PATCH", f"/api/strategies/{self.strategy['id']}", {"name": "renamed"}, 200),
            ("POST", "/api/jobs", {"strategy_id": self.strategy["id"], "url": self.url}, 201),
            ("POST", "/api/jobs/execute", {"strategy_id": self.strategy["id"], "url": self.url}, 200),
            ("POST", "/api/workflows", {"name": "w"}, 201),
            ("PUT", f"/api/workflows/{self.workflow['id']}", {"name": "renamed"}, 200),
        )

    def each(self):
        for method, target, good, status in self.operations():
            yield method, target, good, status, json.dumps(good).encode()

    def test_malformed_json_is_400(self):
        def bad(text):
            return (b"{", b"", b" ", b"{]", b"[1,]", b"nul", b"{'a':1}", b"{\"a\":1,}", b"{a:1}", text + b"x",
                    text + text, b"// c\n" + text, text[:-1], b"\"text", b"{\"a\":01}", b"{\"a\":+1}", b"{\"a\":.5}",
                    b"{\"a\":1.}", b"{\"a\":NaN}", b"{\"a\":Infinity}", b"{\"a\":\"\t\"}", b"{\"a\":\"\\x\"}",
                    b"{\"a\":\"\\u12\"}", b"{\"a\" 1}", b"{1:2}", b"\x0c" + text)
        for method, target, _, _, text in self.each():
            for body in bad(text):
                with self.subTest(target=target, body=body[:40]):
                    self.assert_error(self.client.request(method, target, body=body), 400)

    def test_broken_text_has_a_code_of_its_own(self):
        for method, target, _, _, _ in self.each():
            self.assert_error(self.client.request(method, target, body=b"{"), 400, code="malformed_json")

    def test_bodies_that_are_not_objects_are_400(self):
        for method, target, _, _, text in self.each():
            for body in (b"[]", b"null", b"true", b"1", b"\"x\"", b"[" + text + b"]"):
                with self.subTest(target=target, body=body[:40]):
                    self.assert_error(self.client.request(method, target, body=body), 400)

    def test_a_byte_order_mark_a_nul_or_malformed_utf8_is_400(self):
        for method, target, _, _, text in self.each():
            rest = text[1:]
            for body in (b"\xef\xbb\xbf" + text, b"\x00" + text, text + b"\x00", b'{"x":"\x00",' + rest,
                         b'{"x":"\xff",' + rest, b'{"x":"\xc3",' + rest, b'{"x":"\xc0\xaf",' + rest,
                         b'{"x":"\xed\xa0\x80",' + rest, b'{"x":"\xf4\x90\x80\x80",' + rest, b'{"\xe9":1,' + rest,
                         text.decode().encode("utf-16"), text.decode().encode("utf-32")):
                with self.subTest(target=target, body=body[:20]):
                    self.assert_error(self.client.request(method, target, body=body), 400)

    def test_escaped_nul_and_surrogates_do_no_harm(self):
        for method, target, _, status, text in self.each():
            for piece in (b'"\\u0000"', b'"\\ud83d\\ude00"', b'"\\ud800"', b'"\\udc00\\ud800"'):
                with self.subTest(target=target, piece=piece):
                    answer = self.client.request(method, target, body=b'{"unknown":' + piece + b"," + text[1:])
                    self.assertIn(answer.status, (status, 400))

    def test_depth_64_is_read_and_depth_65_is_400(self):
        for method, target, _, status, text in self.each():
            for depth, expected in ((64, status), (65, 400), (200_000, 400)):
                for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
                    nested = opening * (depth - 1) + (b"1" if opening != b"[" else b"") + closing * (depth - 1)
                    with self.subTest(target=target, depth=depth, opening=opening):
                        answer = self.client.request(method, target, body=b'{"deep":' + nested + b"," + text[1:])
                        self.assertEqual(answer.status, expected, answer)

    def test_the_last_of_repeated_members_counts(self):
        body = b'{"name":"first","description":"d","name":"second","url":"nonsense","url":' + \
            json.dumps(self.url).encode() + b',"strategy":' + json.dumps(fixture_site.SHOP_PLAN).encode() + b"}"
        self.assertEqual(self.client.post("/api/strategies/generate", body=body, expect=201).json["name"], "second")
        body = json.dumps({"strategy_id": self.strategy["id"], "url": self.url})[:-1].encode() + b',"url":"nonsense"}'
        self.assert_error(self.client.post("/api/jobs", body=body), 422, "Invalid URL format")

    def test_10_mib_are_read_and_one_byte_more_is_413(self):
        for method, target, _, status, text in self.each():
            with self.subTest(target=target):
                fits = text + b" " * (10 * MIB - len(text))
                self.client.request(method, target, body=fits, expect=status)
                answer = self.client.request(method, target, body=fits + b" ")
                self.assert_error(answer, 413, code="payload_too_large")

    def test_a_chunked_body_is_counted_too(self):
        def chunked(size):
            return [b"100000\r\n" + b" " * MIB + b"\r\n"] * (size // MIB) + [b"1\r\n \r\n", b"0\r\n\r\n"]
        head = (f"POST /api/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.key.secret}\r\n"
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
        answers = self.server.raw([head, *chunked(11 * MIB)], target="/api/jobs", method="POST")
        self.assertEqual([answer.status for answer in answers], [413])
        text = json.dumps({"strategy_id": self.strategy["id"], "url": self.url}).encode()
        small = head + f"{len(text):x}\r\n".encode() + text + b"\r\n0\r\n\r\n"
        answers = self.server.raw(small, target="/api/jobs", method="POST")
        self.assertEqual([answer.status for answer in answers], [201])

    def test_the_media_type_must_be_json_or_absent(self):
        for method, target, _, status, text in self.each():
            for media_type in ("application/json", "application/json; charset=utf-8", "Application/JSON", None,
                               "application/json;charset=UTF-8"):
                with self.subTest(target=target, media_type=media_type):
                    self.client.request(method, target, body=text, content_type=media_type, expect=status)
            for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                               "application/xml", "application/jsonx", "json", "text/json"):
                with self.subTest(target=target, media_type=media_type):
                    answer = self.client.request(method, target, body=text, content_type=media_type)
                    self.assert_error(answer, 400, "Content-Type must be application/json")

    def test_unknown_members_are_ignored(self):
        for method, target, good, status, _ in self.each():
            self.client.request(method, target, json={**good, "surprise": {"a": [1, None]}, "": 1, "__proto__": {}},
                                expect=status)

    def test_detail_is_one_string_for_many_mistakes(self):
        answer = self.client.post("/api/strategies/generate", {"url": 1, "name": 2, "description": 3}, expect=400)
        self.assertIsInstance(answer.detail, str)

    def test_a_body_on_get_or_delete_is_no_harm(self):
        self.client.request("GET", "/api/jobs", body=b"{}", expect=(200, 400))
        self.client.request("DELETE", f"/api/strategies/{UNKNOWN_ID}", body=b"{}", expect=(404, 400))


class Members(harness.MeterCase):
    """Every member with every wrong type; missing and null members."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = cls.site.url("/shop")
        cls.strategy = cls.client.strategy(cls.url)
        cls.good_generate = {"url": cls.url, "description": "d", "name": "n", "strategy": fixture_site.SHOP_PLAN}
        cls.good_job = {"strategy_id": cls.strategy["id"], "url": cls.url}

    def refuse(self, method, target, body, detail=None):
        with self.subTest(target=target, body=str(body)[:300]):
            self.assert_error(self.client.request(method, target, json=body), 400, detail)

    def test_wrong_types_are_400_in_generate(self):
        types = {"url": "string", "description": "string", "name": "string", "force_api": "boolean",
                 "output_schema": "object", "scraper_type": "string", "filter_config": "object",
                 "strategy_group_id": "string", "strategy": "object", "fetch": "object"}
        for member, kind in types.items():
            for value in WRONG[kind]:
                self.refuse("POST", "/api/strategies/generate", {**self.good_generate, member: value})

    def test_wrong_types_are_400_in_patch(self):
        types = {"name": "string", "description": "string", "filter_config": "object", "fetch": "object"}
        for member, kind in types.items():
            for value in WRONG[kind]:
                self.refuse("PATCH", f"/api/strategies/{self.strategy['id']}", {member: value})

    def test_wrong_types_are_400_in_jobs(self):
        for target in ("/api/jobs", "/api/jobs/execute"):
            for member, kind in {"strategy_id": "string", "url": "string", "parameters": "object"}.items():
                for value in WRONG[kind]:
                    self.refuse("POST", target, {**self.good_job, member: value})
        batch = {"strategy_id": self.strategy["id"]}
        for value in WRONG["array"] + ([], [1], [None], [self.url, 1], [[self.url]], [{}]):
            self.refuse("POST", "/api/jobs", {**batch, "urls": value})

    def test_missing_members_are_named(self):
        def without(body, member):
            return {name: value for name, value in body.items() if name != member}
        for member in ("url", "description", "name"):
            self.refuse("POST", "/api/strategies/generate", without(self.good_generate, member),
                        f"Missing required field: {member}")
        self.refuse("POST", "/api/jobs", without(self.good_job, "strategy_id"), "Missing required field: strategy_id")
        self.refuse("POST", "/api/jobs", without(self.good_job, "url"), "Provide either url or urls")
        for member in ("strategy_id", "url"):
            self.refuse("POST", "/api/jobs/execute", without(self.good_job, member),
                        f"Missing required field: {member}")
        self.refuse("POST", "/api/jobs/execute", {"strategy_id": self.strategy["id"], "urls": [self.url]},
                    "Missing required field: url")

    def test_null_members_count_as_absent_on_create(self):
        for member in ("url", "description", "name"):
            self.refuse("POST", "/api/strategies/generate", {**self.good_generate, member: None},
                        f"Missing required field: {member}")
        nulls = dict.fromkeys(("output_schema", "scraper_type", "filter_config", "strategy_group_id", "force_api",
                               "fetch", "ignore", "key", "surprise"))
        made = self.client.post("/api/strategies/generate", {**self.good_generate, **nulls}, expect=201).json
        self.assertIsNone(made["output_schema"])
        self.assertIsNone(made["filter_config"])
        self.assertNotIn("fetch", made)
        for target in ("/api/jobs", "/api/jobs/execute"):
            self.refuse("POST", target, {**self.good_job, "strategy_id": None},
                        "Missing required field: strategy_id")
            self.client.post(target, {**self.good_job, "parameters": None}, expect=(200, 201))
        self.refuse("POST", "/api/jobs", {**self.good_job, "url": None}, "Provide either url or urls")
        self.client.post("/api/jobs", {**self.good_job, "urls": None}, expect=201)
        self.client.post("/api/jobs", {"strategy_id": self.strategy["id"], "url": None, "urls": [self.url]},
                         expect=201)

    def test_null_clears_what_can_be_cleared_on_patch_and_is_400_elsewhere(self):
        target = f"/api/strategies/{self.strategy['id']}"
        self.client.patch(target, {"filter_config": {"conditions": [{"field": "name", "operator": "exists"}]}},
                          expect=200)
        self.assertIsNone(self.client.patch(target, {"filter_config": None}, expect=200).json["filter_config"])
        self.refuse("PATCH", target, {"name": None})

    def test_both_or_neither_of_url_and_urls_is_400(self):
        self.refuse("POST", "/api/jobs", {**self.good_job, "urls": [self.url]}, "Provide either url or urls, not both")
        self.refuse("POST", "/api/jobs", {"strategy_id": self.strategy["id"]}, "Provide either url or urls")
        self.refuse("POST", "/api/jobs", {"strategy_id": self.strategy["id"], "urls": []})

    def test_malformed_ids_in_a_body_are_400(self):
        for each in ("", "1", "invalid-uuid", UNKNOWN_ID + "0", "{" + UNKNOWN_ID + "}", UNKNOWN_ID.replace("-", "")):
            for target in ("/api/jobs", "/api/jobs/execute"):
                self.refuse("POST", target, {**self.good_job, "strategy_id": each})
            self.refuse("POST", "/api/strategies/generate", {**self.good_generate, "strategy_group_id": each})

    def test_unknown_ids_in_a_body_are_404(self):
        for target in ("/api/jobs", "/api/jobs/execute"):
            self.assert_error(self.client.post(target, {**self.good_job, "strategy_id": UNKNOWN_ID}), 404,
                              "Strategy not found", "not_found")
        answer = self.client.post("/api/strategies/generate", {**self.good_generate, "strategy_group_id": UNKNOWN_ID})
        self.assert_error(answer, 404, "Strategy group not found", "not_found")

    def test_strings_that_are_not_absolute_http_urls_are_422(self):
        bad = ("", " ", "nonsense", "/relative", "//host/path", "http:", "http://", "https://", "http:///path",
               "ftp://a.test/", "file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "gopher://a.test/",
               "http://a b.test/", "http://a.test/ x", "http://a.test/\n", "http://a.test/\t", " http://a.test/",
               "http://a.test/ ", "http://a.test/\u0000", "http://a.test/\u007f", "http://a.test/\u00a0x",
               "http://a.test/" + "x" * 4083, "http//a.test", "http:a.test", "mailto:a@a.test", "http://?q",
               "http://#f",
               "http://:80/", "http://a.test:99999/", "http://a.test:port/", "http://[::1/", "http://user@/")
        for url in bad:
            for target, body in (("/api/jobs", {**self.good_job, "url": url}),
                                 ("/api/jobs/execute", {**self.good_job, "url": url}),
                                 ("/api/jobs", {"strategy_id": self.strategy["id"], "urls": [self.url, url]}),
                                 ("/api/strategies/generate", {**self.good_generate, "url": url})):
                with self.subTest(target=target, url=url[:60]):
                    self.assert_error(self.client.post(target, body), 422, "Invalid URL format", "invalid_url")

    def test_the_url_that_is_none_is_named(self):
        for target, members, place in (("/api/jobs", {"url": "x"}, "body.url"),
                                       ("/api/jobs", {"urls": [self.url, self.url, "x"]}, "body.urls.2"),
                                       ("/api/schedules", {"url": self.url, "interval_seconds": 60,
                                                           "webhook_url": "x"}, "body.webhook_url")):
            with self.subTest(members=members):
                answer = self.client.post(target, {"strategy_id": self.strategy["id"], **members}, expect=422)
                self.assertEqual(answer.json["errors"], [{"loc": place, "msg": "Invalid URL format"}])

    def test_urls_are_stored_and_echoed_as_given(self):
        root = self.site.url("")
        self.site.page("/echo/%C3%BC", "<p>x</p>")
        for url in (root + "/shop", root + "/shop?b=2&a=1#part", root + "/shop?q=\u00fc\u65e5", root + "/shop/../shop",
                    root + "/echo/\u00fc", root.replace("http", "HTTP") + "/shop",
                    root + "/shop?" + "x" * (4096 - len(root) - 6)):
            with self.subTest(url=url[:80]):
                job = self.client.job(self.strategy, url)
                self.assertEqual(job["url"], url)
                self.assertEqual(self.client.wait_job(job["id"])["url"], url)

    def test_lengths_have_limits(self):
        long = "x" * 200
        self.assertEqual(self.client.post("/api/strategies/generate", {**self.good_generate, "name": long},
                                          expect=201).json["name"], long)
        self.client.post("/api/strategies/generate", {**self.good_generate, "description": "d" * 10000}, expect=201)
        self.refuse("POST", "/api/strategies/generate", {**self.good_generate, "name": long + "x"})
        self.refuse("POST", "/api/strategies/generate", {**self.good_generate, "name": ""})
        self.refuse("POST", "/api/strategies/generate", {**self.good_generate, "description": "d" * 10001})
        target = f"/api/strategies/{self.strategy['id']}"
        self.refuse("PATCH", target, {"name": ""})
        self.refuse("PATCH", target, {"name": long + "x"})
        self.refuse("PATCH", target, {"description": "d" * 10001})
        self.client.patch(target, {"name": "\u65e5" * 200, "description": ""}, expect=200)

    def test_a_batch_may_hold_10000_urls_and_no_more(self):
        client = self.other_client()
        strategy = client.strategy(self.url)
        self.assert_error(client.post("/api/jobs", {"strategy_id": strategy["id"], "urls": [self.url] * 10001}), 400)
        self.assertEqual(client.get("/api/jobs", expect=200).json, [])

        batch = client.batch(strategy, [self.url] * 10000)
        self.assertEqual(batch["job_count"], 10000)
        client.delete(f"/api/strategies/{strategy['id']}", expect=200)


if __name__ == "__main__":
    unittest.main()
