"""Clients that hold connections, drip bytes or speak odd HTTP: others are served, memory stays bounded (DESIGN 7)."""

import http.client
import re
import resource
import socket
import threading
import time
import unittest

import harness
from harness import eventually

MIB = 1 << 20


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    return connection


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024


class Crowds(harness.MeterCase):
    server_options = ()

    @classmethod
    def setUpClass(cls):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 12_000:
            raise unittest.SkipTest(f"at most {hard} open files are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # the server inherits it
        super().setUpClass()

    def ask(self, target, times, key=None):
        """Seconds that each answer took."""
        took = []
        for _ in range(times):
            began = time.monotonic()
            self.server.client(key).get(target, expect=200)
            took.append(time.monotonic() - began)
        return sorted(took)

    def under(self, crowd, rounds=100, most=32 * MIB):
        """Answers and memory while the crowd is there."""
        figures = []
        for target, key in (("/healthz", None), ("/api/jobs?limit=1", self.key)):
            took = self.ask(target, rounds, key)
            figures.append(f"{target} p50 {took[len(took) // 2] * 1000:.1f} ms, p99 {took[-2] * 1000:.1f} ms")
        grown = resident_bytes(self.server.process.pid) - self.rss_before
        print(f"{crowd}: {'; '.join(figures)}; RSS {grown / MIB:+.1f} MiB")
        if not harness.SANITIZED:
            self.assertLess(grown, most)

    def setUp(self):
        self.ask("/healthz", 20)
        self.ask("/api/jobs?limit=1", 20, self.key)
        self.rss_before = resident_bytes(self.server.process.pid)
        self.sockets = []
        self.addCleanup(lambda: [each.close() for each in self.sockets])

    def test_five_hundred_connections_of_one_byte_now_and_then(self):
        request = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"y" * 1000
        stop = threading.Event()
        for _ in range(500):
            connection = connect(self.server.port)
            connection.setblocking(False)
            self.sockets.append(connection)

        def drip():
            for at in range(len(request)):
                for connection in self.sockets:
                    try:
                        connection.send(request[at:at + 1])
                    except OSError:
                        pass  # cut off: that is what they deserve
                if stop.wait(3):
                    return
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            self.under("500 slow connections")

            def cut(connection):
                try:
                    return connection.recv(4096)[:12] in (b"", b"HTTP/1.1 408")
                except BlockingIOError:
                    return False
                except OSError:
                    return True
            left = list(self.sockets)

            def all_cut():
                left[:] = [each for each in left if not cut(each)]
                return not left
            eventually(all_cut, 45, "the end of every slow connection")
        finally:
            stop.set()
            dripping.join()

    def test_five_thousand_idle_connections(self):
        for _ in range(5000):
            self.sockets.append(connect(self.server.port))
        self.under("5,000 idle connections")
        busy = self.sockets[-200:]
        for each in busy:  # they are connections like others
            each.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        for each in busy:
            self.assertTrue(each.recv(4096).startswith(b"HTTP/1.1 200"))

    def test_a_thousand_requests_that_never_end_their_body(self):
        for _ in range(1000):
            connection = connect(self.server.port)
            self.sockets.append(connection)
            connection.sendall(b"POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 2000)
        self.under("1,000 unfinished bodies")

    def test_readers_that_do_not_read(self):
        request = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        for _ in range(1000):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", self.server.port))
            connection.sendall(request * 20)
            self.sockets.append(connection)
        # 200 KiB each, of which 128 MiB in all are kept.
        self.under("1,000 clients that ask 20 times and read nothing", most=192 * MIB)


class OddRequests(harness.MeterCase):
    """What two servers could read differently, and what costs a server much and a client little."""

    def statuses(self, data):
        return [answer.status for answer in self.server.raw(data, answers=3, half_close=True)]

    def test_each_is_refused_or_harmless(self):
        key = f"Authorization: Bearer {self.key.secret}\r\n".encode()
        post = b"POST /api/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + key
        get = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
        rows = {
            "doubled length": (post + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
            "two lengths in one": (post + b"Content-Length: 2, 2\r\n\r\n{}", 400),
            "signed length": (post + b"Content-Length: +2\r\n\r\n{}", 400),
            "hexadecimal length": (post + b"Content-Length: 0x2\r\n\r\n{}", 400),
            "length and coding": (post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            "coding twice": (post + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            "unknown coding": (post + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
            "coding of HTTP/1.0": (post.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            "bare line feeds": (b"GET /healthz HTTP/1.1\nHost: a\n\n", 400),
            "one bare line feed": (get + b"X: y\nZ: w\r\n\r\n", 400),
            "bare carriage return": (get + b"X: y\rZ: w\r\n\r\n", 400),
            "folded header": (get + b"X: y\r\n z\r\n\r\n", 400),
            "folded first header": (b"GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n", 400),
            "space before the colon": (get + b"X : y\r\n\r\n", 400),
            "no host": (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
            "two hosts": (get + b"Host: b\r\n\r\n", 400),
            "NUL in a header": (get + b"X: a\0b\r\n\r\n", 400),
            "encoded body": (post + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 400),
            "encoding named identity": (post + b"Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}", 400),
            "ranges": (get + b"Range: bytes=" + b",".join([b"0-"] * 2000) + b"\r\n\r\n", 200),
            "one range": (get + b"Range: bytes=0-1\r\n\r\n", 200),
            "too many headers": (get + b"A: b\r\n" * 101 + b"\r\n", 431),
            "long target": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            "a form of 9 KB": (post.replace(b"application/json", b"application/x-www-form-urlencoded") +
                               b"Content-Length: 9000\r\n\r\n" + b"a=b&" * 2250, 400),
            "a body of 11 MB": (post + b"Content-Length: 11000000\r\n\r\n", 413),
            "chunks of 11 MB": (post + b"Transfer-Encoding: chunked\r\n\r\n" +
                                (b"100000\r\n" + b"x" * MIB + b"\r\n") * 11 + b"0\r\n\r\n", 413),
            "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        }
        for name, (data, status) in rows.items():
            with self.subTest(name):
                self.assertEqual(self.statuses(data)[:1], [status])

    def test_nothing_behind_a_refusal_is_read_as_a_request(self):
        smuggled = b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"
        for lines in (b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
                      b"Transfer-Encoding: x\r\n", b"Content-Length: 0x0\r\n"):
            with self.subTest(lines=lines):
                self.assertEqual(self.statuses(b"POST /api/jobs HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n" + smuggled),
                                 [400])

    def test_the_address_of_a_client_is_not_taken_from_a_header(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        connection.request("GET", "/api/jobs", headers={"REMOTE_ADDR": "203.0.113.9", "X-Forwarded-For": "203.0.113.9",
                                                        "Authorization": f"Bearer {self.key.secret}"})
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()
        self.assertNotIn("203.0.113.9", self.server.log(1 << 20))


if __name__ == "__main__":
    unittest.main()
