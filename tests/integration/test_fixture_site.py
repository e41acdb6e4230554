"""The fixture site itself: other tests and the demo rely on what it says it does."""

import gzip
import http.client
import json
import threading
import unittest
import urllib.error
import urllib.request

import fixture_site
import harness


class Site(unittest.TestCase):
    def setUp(self):
        self.site = fixture_site.FixtureSite()
        self.site.start()
        self.addCleanup(self.site.close)

    def fetch(self, path, data=None, headers=None):
        request = urllib.request.Request(self.site.url(path), data=data, headers=headers or {})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()

    def test_prices_change_on_command_and_hits_are_counted(self):
        self.assertIn(b"$19.99", self.fetch("/shop"))
        self.fetch("/control/shop", json.dumps({"Product A": "$1.00"}).encode())
        self.assertIn(b"$1.00", self.fetch("/shop?x=1"))
        self.fetch("/control/shop", json.dumps([{"name": "New", "price": "$2"}]).encode())
        self.assertIn(b"New", self.fetch("/shop"))
        self.assertEqual(self.site.hits("/shop"), 3)
        self.assertEqual(json.loads(self.fetch("/control/hits")), {"/shop": 3})
        self.fetch("/control/reset", b"")
        self.assertEqual(self.site.hits("/shop"), 0)

    def test_a_validator_is_honoured(self):
        with urllib.request.urlopen(self.site.url("/etag"), timeout=20) as answer:
            tag = answer.headers["ETag"]
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.fetch("/etag", headers={"If-None-Match": tag})
        self.assertEqual(caught.exception.code, 304)
        self.site.set_price("Product A", "$5")
        self.assertIn(b"$5", self.fetch("/etag", headers={"If-None-Match": tag}))

    def test_a_gate_holds_its_visitors_until_it_is_opened(self):
        got = []
        visitor = threading.Thread(target=lambda: got.append(self.fetch("/gate/g")))
        visitor.start()
        harness.eventually(lambda: self.site.in_flight() == 1, what="a visitor")
        self.assertEqual(got, [])
        self.site.open("g")
        visitor.join(10)
        self.assertIn(b"Product A", got[0])

    def test_misbehaviour(self):
        self.assertIn(b"Product A", gzip.decompress(self.fetch("/gzip")))
        self.assertIn(b"Product A", self.fetch("/redirect/3"))
        self.assertEqual(self.site.hits("/redirect/1"), 1)
        self.assertEqual(len(self.fetch("/huge?bytes=100000")), 100_000)
        for path, error in (("/drop-now", (OSError, http.client.HTTPException)), ("/drop", http.client.IncompleteRead),
                            ("/redirect-loop", urllib.error.HTTPError), ("/status/503", urllib.error.HTTPError)):
            with self.subTest(path=path):
                with self.assertRaises(error):
                    self.fetch(path)
        with self.assertRaises(urllib.error.HTTPError):
            self.fetch("/flaky/x?times=1")
        self.assertIn(b"Product A", self.fetch("/flaky/x?times=1"))

    def test_pages_can_be_set(self):
        self.site.page("/own", lambda request: request["headers"]["x-a"])
        self.assertEqual(self.fetch("/own", headers={"X-A": "b"}), b"b")
        self.fetch("/control/page", json.dumps({"path": "/two", "body": "2", "content_type": "text/plain"}).encode())
        self.assertEqual(self.fetch("/two"), b"2")

    def test_closing_frees_those_who_hang(self):
        failed = []

        def visit():
            try:
                self.fetch("/hang")
            except (OSError, http.client.HTTPException):
                failed.append(1)
        visitor = threading.Thread(target=visit)
        visitor.start()
        harness.eventually(lambda: self.site.in_flight() == 1, what="a visitor")
        self.site.close()
        visitor.join(10)
        self.assertEqual(failed, [1])


if __name__ == "__main__":
    unittest.main()
