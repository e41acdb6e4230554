"""HTTP itself: heads, lengths, keep-alive, pipelining, slow and hostile clients (BEHAVIOUR 3, DESIGN 7)."""

import concurrent.futures
import http.client
import json
import socket
import time
import unittest

import harness
from harness import eventually

LINE = b"\r\n"


def head(method=b"GET", target=b"/healthz", *lines, version=b"HTTP/1.1", host=True):
    return LINE.join([b" ".join((method, target, version)), *([b"Host: a"] if host else []), *lines, b"", b""])


class Heads(harness.MeterCase):
    def raw(self, data, **options):
        return self.server.raw(data, **options)

    def statuses(self, data, answers=1, **options):
        return [answer.status for answer in self.raw(data, answers=answers, **options)]

    def key_line(self):
        return f"Authorization: Bearer {self.key.secret}".encode()

    def test_a_long_target_is_414(self):
        answers = self.raw(head(target=b"/api/jobs?x=" + b"y" * 100_000), target="/api/jobs")
        self.assertEqual([answer.status for answer in answers], [414])

    def test_large_or_many_headers_are_431(self):
        for lines in ([b"X-Long: " + b"y" * 100_000], [b"X-%d: y" % number for number in range(2000)],
                      [b"N" * 100_000 + b": y"]):
            with self.subTest(first=lines[0][:20]):
                answers = self.raw(head(b"GET", b"/healthz", *lines), target="/healthz")
                self.assertEqual([answer.status for answer in answers], [431])

    def test_endless_heads_are_cut_off(self):
        for data in (b"GET /" + b"x" * (4 << 20), b"GET / HTTP/1.1\r\nX: " + b"y" * (4 << 20)):
            answers = self.raw(data, timeout=30)
            self.assertTrue(all(answer.status in (400, 414, 431) for answer in answers))
            self.server.client().get("/healthz", expect=200)

    def test_malformed_heads_are_400_or_closed(self):
        for data in (b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n",
                     b"\x00\x01\x02\r\n\r\n",
                     b"GET /healthz HTTP/9.9\r\n\r\n", b"GET /healthz HTTP/1.1\r\nno colon\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"
                     b"\x03\x03\r\n\r\n", b"GET /heal\x00thz HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nX: a\x00b\r\n\r\n"):
            with self.subTest(data=data[:40]):
                for answer in self.raw(data, half_close=True):
                    self.assertIn(answer.status, (400, 404, 405))
        self.server.client().get("/healthz", expect=200)

    def test_ambiguous_lengths_are_refused(self):
        body = b'{"strategy_id":"x"}'
        length = b"Content-Length: %d" % len(body)
        for lines in ([length, b"Content-Length: 5"], [length, b"Transfer-Encoding: chunked"],
                      [b"Content-Length: abc"], [b"Content-Length: -1"], [b"Content-Length: +5"],
                      [b"Content-Length: 0x10"], [b"Content-Length: 99999999999999999999"],
                      [b"Transfer-Encoding: gzip"], [b"Transfer-Encoding: chunked, gzip"],
                      [length, b"Content-Length: 5, 5"]):
            with self.subTest(lines=lines):
                request = head(b"POST", b"/api/jobs", self.key_line(), b"Content-Type: application/json", *lines)
                answers = self.raw(request + body + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", answers=2,
                                   half_close=True)
                self.assertTrue(all(answer.status in (400, 413) for answer in answers), answers)
                self.assertLessEqual(len(answers), 1, "nothing after it is read as a request")

    def test_malformed_chunks_are_refused(self):
        request = head(b"POST", b"/api/jobs", self.key_line(), b"Content-Type: application/json",
                       b"Transfer-Encoding: chunked")
        for chunks in (b"zz\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}\r\n0\r\n\r\n", b"2\r\n{}x\r\n0\r\n\r\n",
                       b"ffffffffffffffffff\r\n{}\r\n", b"5" * 5000 + b"\r\n"):
            with self.subTest(chunks=chunks[:20]):
                for answer in self.raw(request + chunks, half_close=True):
                    self.assertIn(answer.status, (400, 413))

    def test_a_body_that_ends_early_makes_nothing(self):
        client = self.other_client()
        strategy = client.strategy(self.site.url("/shop"))
        text = json.dumps({"strategy_id": strategy["id"], "url": self.site.url("/shop")}).encode()
        request = head(b"POST", b"/api/jobs", f"Authorization: Bearer {client.key}".encode(),
                       b"Content-Length: %d" % (len(text) + 10))
        for answer in self.raw(request + text, half_close=True):
            self.assertIn(answer.status, (400, 408))
        self.assertEqual(client.get("/api/jobs", expect=200).json, [])

    def test_an_encoded_request_body_is_refused(self):
        request = head(b"POST", b"/api/jobs", self.key_line(), b"Content-Type: application/json",
                       b"Content-Encoding: gzip",
                       b"Content-Length: 4")
        self.assertEqual(self.statuses(request + b"\x1f\x8b\x08\x00"), [400])

    def test_a_post_without_a_body_is_answered_at_once(self):
        started = time.monotonic()
        answers = self.raw(head(b"POST", b"/api/jobs", self.key_line()), target="/api/jobs", method="POST")
        self.assertEqual([answer.status for answer in answers], [400])
        self.assertLess(time.monotonic() - started, 3.0)

    def test_ranges_are_not_served(self):
        whole = self.client.get("/openapi.json", expect=200)
        part = self.client.get("/openapi.json", headers={"Range": "bytes=0-0," * 2000 + "0-1"}, expect=(200, 400, 431))
        if part.status == 200:
            self.assertEqual(part.body, whole.body)
        small = self.client.get("/healthz", headers={"Range": "bytes=0-1"}, expect=(200, 400))
        self.assertNotIn("content-range", small.headers)

    def test_a_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        for _ in range(50):
            connection.request("GET", "/healthz")
            first = connection.sock
            response = connection.getresponse()
            response.read()
            self.assertEqual(response.status, 200)
        self.assertIs(connection.sock, first, "kept alive")
        connection.close()

    def test_pipelined_requests_are_answered_in_order(self):
        data = b"".join(head(b"GET", target) for target in (b"/healthz", b"/nothing", b"/readyz", b"/api/jobs"))
        self.assertEqual(self.statuses(data, answers=4), [200, 404, 200, 401])
        body = b"{}"
        data = head(b"POST", b"/api/jobs", self.key_line(), b"Content-Length: 2") + body + head(b"GET", b"/healthz")
        self.assertEqual(self.statuses(data, answers=2), [400, 200])

    def test_the_body_of_a_get_is_never_read_as_the_next_request(self):
        smuggled = head(b"GET", b"/readyz")
        data = head(b"GET", b"/healthz", b"Content-Length: %d" % len(smuggled)) + smuggled
        answers = self.raw(data, answers=2, half_close=True)
        self.assertEqual(len(answers), 1)

    def test_http_1_0_and_connection_close_end_the_connection(self):
        self.assertEqual(self.statuses(head(version=b"HTTP/1.0") + head(), answers=2), [200])
        self.assertEqual(self.statuses(head(b"GET", b"/healthz", b"Connection: close") + head(), answers=2), [200])

    def test_expect_100_continue_is_served(self):
        text = b'{"strategy_id":1}'
        request = head(b"POST", b"/api/jobs", self.key_line(), b"Expect: 100-continue",
                       b"Content-Length: %d" % len(text))
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
            connection.sendall(request)
            first = connection.recv(4096)
            self.assertRegex(first, rb"^HTTP/1.1 (100|4\d\d) ")
            if b" 100 " in first.split(LINE)[0] + b" ":
                connection.sendall(text)
                while b" 400 " not in first:
                    more = connection.recv(4096)
                    self.assertTrue(more, first)
                    first += more

    def test_the_address_of_the_client_cannot_be_forged_into_the_answer(self):
        answer = self.client.get("/api/jobs", headers={"REMOTE_ADDR": "1.2.3.4", "LOCAL_PORT": "1"}, expect=200)
        self.assertNotIn("remote_addr", answer.headers)

    def test_header_values_are_not_reflected(self):
        answer = self.client.get("/api/jobs?limit=%0d%0aSet-Cookie:%20a=1", expect=400)
        self.assertNotIn("set-cookie", answer.headers)


class Queries(harness.MeterCase):
    def test_query_strings_are_decoded(self):
        self.client.get("/api/jobs?limit=%31%30&offset=0", expect=200)
        self.client.get("/api/jobs?status=%63ompleted", expect=200)
        self.client.get("/api/jobs?", expect=200)
        self.client.get("/api/jobs?&&limit=1&", expect=200)
        self.client.get("/api/jobs?unknown=1&x", expect=200)

    def test_undecodable_queries_do_no_harm(self):
        for query in ("limit=%", "limit=%zz", "since=%ff%fe", "%00=%00", "limit=1%00", "a=" + "%41" * 1000,
                      "&".join(f"x{n}=1" for n in range(500))):
            with self.subTest(query=query[:40]):
                self.client.get("/api/jobs?" + query, expect=(200, 400, 414))


class SlowClients(harness.MeterCase):
    server_options = ()

    def test_idle_and_dripping_clients_do_not_keep_others_waiting(self):
        sockets = []
        try:
            for number in range(300):
                connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=20)
                sockets.append(connection)
                if number % 2:
                    connection.sendall(b"GET /healthz HTT")
                if number % 3 == 0:
                    connection.sendall(b"POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                started = time.monotonic()
                done = list(pool.map(lambda _: self.client.get("/api/jobs", expect=200), range(40)))
                self.assertEqual(len(done), 40)
                self.assertLess(time.monotonic() - started, 10.0)
        finally:
            for connection in sockets:
                connection.close()

    def test_a_head_that_never_ends_is_408_or_closed(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=45) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n")
            data = b""
            with self.subTest("cut off within 40 s"):
                while chunk := connection.recv(4096):
                    data += chunk
            if data:
                self.assertIn(b" 408 ", data.split(LINE)[0])
                self.assertIn(b"x-request-id", data.lower())

    def test_clients_that_vanish_do_no_harm(self):
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                connection.sendall(head(b"GET", b"/openapi.json"))
        eventually(lambda: self.server.client().get("/healthz").status == 200, what="health")


if __name__ == "__main__":
    unittest.main()
