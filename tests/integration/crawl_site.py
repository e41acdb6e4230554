"""A site of 2,000 pages that wants to keep a crawler for ever, and what a well-behaved one finds there.

Every page is a function of its path, so the site is the same for each visitor:
  40 /category/n and 1,960 /product/n, linked in circles
  /calendar/n   has a next day for ever          /list?page=n  has a next page for ever
  /s/KEY/...    the whole site again under a session key, and a new key on every page of it
  /go/n         redirects to a product           /hops/n       redirects to /hops/n+1 for ever
  /loop/1, /loop/2 redirect to each other        /gone, /broken answer 404 and 500
  /into-secret  redirects to what robots.txt forbids
"""

import collections
import hashlib
import http.server
import re
import threading
import time

CATEGORIES = 40
PRODUCTS = 1960
ROBOTS = "User-agent: *\nDisallow: /secret/\nDisallow: /s/\nAllow: /secret/open\n"
SESSION = re.compile(r"/s/([0-9a-f]{6})(/.*)")
MOST_REDIRECTS = 10


def session_key(path):
    return hashlib.sha256(path.encode()).hexdigest()[:6]


def links(path):
    """What a page links to, as paths; None: there is no such page."""
    if session := SESSION.fullmatch(path):
        inner = links(session[2])
        return inner and [f"/s/{session_key(path)}{target}" for target in inner if not target.startswith("/s/")]
    if path == "/":
        return ["/category/0", "/calendar/1", "/list?page=1", "/secret/1", "/secret/open", f"/s/{session_key(path)}/",
                *(f"/go/{n}" for n in range(20)), "/hops/0", "/loop/1", "/into-secret", "/gone", "/broken", "/"]
    if found := re.fullmatch(r"/category/(\d+)", path):
        number = int(found[1])
        children = [child for child in (2 * number + 1, 2 * number + 2) if child < CATEGORIES]
        return ["/", *(f"/category/{child}" for child in children), f"/category/{(number - 1) // 2 if number else 0}",
                f"/calendar/{number}", f"/s/{session_key(path)}/category/{number}",
                *(f"/product/{n}" for n in range(number, PRODUCTS, CATEGORIES))]
    if found := re.fullmatch(r"/product/(\d+)", path):
        number = int(found[1])
        return [f"/product/{(number + 1) % PRODUCTS}", f"/product/{(number - 1) % PRODUCTS}",
                f"/category/{number % CATEGORIES}", "/", path, f"/s/{session_key(path)}{path}", f"/secret/{number}"]
    if found := re.fullmatch(r"/calendar/(-?\d+)", path):
        return [f"/calendar/{int(found[1]) + 1}", f"/calendar/{int(found[1]) - 1}", "/"]
    if found := re.fullmatch(r"/list\?page=(\d+)", path):
        return [f"/list?page={int(found[1]) + 1}", f"/product/{int(found[1])}"]
    if path.startswith("/secret/"):
        return ["/product/1"] if path == "/secret/open" else ["/product/hidden"]
    return None


def redirect(path):
    if found := re.fullmatch(r"/go/(\d+)", path):
        return f"/product/{found[1]}"
    if found := re.fullmatch(r"/hops/(\d+)", path):
        return f"/hops/{int(found[1]) + 1}"
    return {"/loop/1": "/loop/2", "/loop/2": "/loop/1", "/into-secret": "/secret/2"}.get(path)


def is_allowed(path):
    return not path.startswith(("/secret/", "/s/")) or path.startswith("/secret/open")


def crawl(collects, visits, max_depth, budget, obey):
    """What BEHAVIOUR 17.2 makes of the site: (URLs found, paths fetched, truncated), each in order. `collects` and
    `visits` are predicates over paths."""
    queue, fetched, found = collections.deque([("/", 0, 0)]), [], {}
    known, truncated = {"/"}, False

    def enqueue(path, depth, hops):
        nonlocal truncated
        if len(known) >= budget:
            truncated = True
            return
        known.add(path)
        place = next((at for at, page in enumerate(queue) if page[1] > depth), len(queue))
        queue.insert(place, (path, depth, hops))

    while queue:
        path, depth, hops = queue.popleft()
        if obey and not is_allowed(path):
            continue
        fetched.append(path)
        target = redirect(path)
        if target is not None:
            if target not in known and hops < MOST_REDIRECTS:
                enqueue(target, depth, hops + 1)
            continue
        if path == "/" and collects(path):
            found[path] = None
        for link in links(path) or ():
            if collects(link):
                found[link] = None
            if depth + 1 < max_depth and link not in known and visits(link):
                enqueue(link, depth + 1, 0)
    return list(found), fetched, truncated


class CrawlSite:
    """Serves it, with the times of every request. `hold(n)`: from the nth page on, answers wait for release()."""

    def __init__(self, robots=ROBOTS):
        self.robots = robots
        self._lock = threading.Lock()
        self.requests = []  # (path, began)
        self.in_flight = self.most_in_flight = 0
        self._hold_from = None
        self._released = threading.Event()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                site._serve(self)

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def hold(self, number):
        self._hold_from = number

    def release(self):
        self._hold_from = None
        self._released.set()

    def paths(self):
        """What was asked for, robots.txt aside."""
        with self._lock:
            return [path for path, _ in self.requests if path != "/robots.txt"]

    def spelled(self, number, path):
        """One link, spelled in one of several ways."""
        return (path, self.url(path), path + "#part", f"//127.0.0.1:{self.port}{path}", f" {path}\n",
                self.url(path).replace("http", "HTTP"))[number % 6]

    def _serve(self, handler):
        path = handler.path
        with self._lock:
            self.requests.append((path, time.monotonic()))
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            held = self._hold_from is not None and len(self.requests) > self._hold_from
        try:
            if held:
                self._released.wait(60)
            self._answer(handler, path)
        finally:
            with self._lock:
                self.in_flight -= 1

    def _answer(self, handler, path):
        status, kind, headers = 200, "text/html; charset=utf-8", []
        if path == "/robots.txt":
            body, kind = self.robots, "text/plain"
        elif (target := redirect(path)) is not None:
            status, body, headers = 302, "", [("Location", target)]
        elif (found := links(path)) is not None:
            body = "<!doctype html><title>x</title><p><a href='mailto:a@b.test'>m</a><a href='javascript:x()'>j</a>" \
                   "<a>none</a><a href='https://other.test/product/1'>o</a>"
            body += "".join(f'<a href="{self.spelled(at, link)}">{at}</a>' for at, link in enumerate(found))
        else:
            status, body = (500 if path == "/broken" else 404), "no"
        data = body.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)
