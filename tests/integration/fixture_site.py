"""A small web site on loopback that behaves well or badly on demand.

As a module:
    with FixtureSite() as site:
        site.url("/shop")                      # "http://127.0.0.1:PORT/shop"
        site.set_price("Product A", "$21.99")
        site.hits("/shop")                     # requests so far
As a program, for demos:  python3 fixture_site.py --port 8099

Pages (GET unless said otherwise; a path is counted without its query):
  /shop                 list of products; prices change with POST /control/shop
  /detail/N             one product
  /content              headings and paragraphs with navigation and footer around them
  /embedded             JSON-LD, a __NEXT_DATA__ script and an assignment to window.__STATE__
  /json/list            {"items": [...]}, the products of /shop
  /json/api?page=&limit=&q=   pages of a made-up list of 25, with what it was asked for
  /json/echo            what was asked: method, path, query pairs, body, headers
  /json/board/NAME      jobs of the board NAME (siblings for retargeting)
  /echo-headers         a list of the request's headers
  /etag, /last-modified products with a validator; 304 when it matches
  /gzip /deflate        /shop, compressed           /latin1 /windows1252 /utf16   other charsets
  /bad-gzip             not gzip though it says so  /gzip-bomb?mb=   a long page in few bytes
  /huge?bytes=          a long page                 /slow?ms=        answers late
  /hang                 never answers               /gate/NAME       answers once NAME is opened
  /drop                 closes half way             /drop-now        closes without an answer
  /redirect/N           N redirects, then /shop     /redirect-loop   for ever
  /redirect-to?url=     one redirect                /status/N        status N (?retry_after=)
  /flaky/NAME?status=&times=   fails so often, then is /shop
  /captcha              200 with a captcha page     /blank           200 without content
  anything set with page() or POST /control/page
Control:  POST /control/shop {"Product A": "$1"} or [{"name","price"}...], POST /control/page {"path","body",
  "content_type","status"}, POST /control/open/NAME, POST /control/reset, GET /control/hits
"""

import argparse
import collections
import contextlib
import gzip
import html
import http.server
import json
import socket
import threading
import time
import urllib.parse
import zlib

PRODUCTS = (("Product A", "$19.99"), ("Product B", "$29.99"))
PAGE = "<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title></head><body>{body}</body></html>"
SHOP_PLAN = {
    "type": "css",
    "container": {"selector": "li.product"},
    "fields": {"name": {"selector": "h2"}, "price": {"selector": ".price"}},
}


def page(title, body):
    return PAGE.format(title=html.escape(title), body=body)


def shop_html(products):
    rows = "".join(
        f'<li class="product"><h2><a href="/detail/{index}">{html.escape(name)}</a></h2>'
        f'<span class="price">{html.escape(price)}</span></li>'
        for index, (name, price) in enumerate(products, 1))
    return page("Shop", f'<nav><a href="/">Home</a></nav><main><ul class="products">{rows}</ul></main>')


CONTENT = page("Handbook", """
<header><p>Site header</p></header><nav><a href=/>Home</a></nav>
<main><p>Words before the first heading.</p>
<h1>Install</h1><p>Get the   package.</p><ul><li>one</li><li>two</li></ul>
<h2>From source</h2><pre>make
make install</pre>
<h2>Empty section</h2>
<h3>Table</h3><table><tr><th>key</th><th>value</th></tr><tr><td>a</td><td>1</td></tr></table>
<aside>Advert</aside><p hidden>Secret</p><p aria-hidden=true>Decoration</p><script>var x = 1;</script>
</main><footer><p>Site footer</p></footer>""")


def embedded_html():
    linked = [{"@type": "Product", "name": name, "offers": {"price": price.strip("$"), "priceCurrency": "USD"}}
              for name, price in PRODUCTS]
    data = {"props": {"pageProps": {"list": [{"id": number, "title": f"Next {number}"} for number in (1, 2, 3)]}}}
    state = {"rows": [{"sku": "S1", "qty": 4}, {"sku": "S2", "qty": 0}]}
    return page("Embedded", f"""
<script type="application/ld+json">{json.dumps(linked[0])}</script>
<script type="application/ld+json">{json.dumps(linked[1])}</script>
<script id="__NEXT_DATA__" type="application/json">{json.dumps(data)}</script>
<script>window.__STATE__ = {json.dumps(state)};</script><div id=root></div>""")


class FixtureSite:
    """The site and its state. Every method may be called from any thread."""

    def __init__(self, port=0, host="127.0.0.1"):
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server((host, port), self)
        self.host, self.port = host, self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.reset()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        self._thread.start()

    def close(self):
        self._closing.set()
        with self._lock:
            gates = list(self._gates.values())
        for gate in gates:
            gate.set()
        self._server.shutdown()
        self._server.server_close()

    # -- what tests set -----------------------------------------------------------------------------------------

    def reset(self):
        with self._lock:
            for gate in getattr(self, "_gates", {}).values():
                gate.set()
            self.products = list(PRODUCTS)
            self._pages = {}
            self._gates = {}
            self._hits = collections.Counter()
            self._requests = collections.defaultdict(list)
            self._flaky = collections.Counter()
            self._in_flight = 0
            self._most_in_flight = 0

    def set_products(self, products):
        with self._lock:
            self.products = [tuple(product) for product in products]

    def set_price(self, name, price):
        with self._lock:
            self.products = [(known, price if known == name else old) for known, old in self.products]

    def page(self, path, body, content_type="text/html; charset=utf-8", status=200, headers=()):
        """Serves `body` at `path` from now on; returns its URL. A callable gets the request and returns the body."""
        with self._lock:
            self._pages[path] = (body, content_type, status, tuple(headers))
        return self.url(path)

    def items(self, path, items):
        """Serves a JSON list at `path`."""
        return self.page(path, json.dumps(items), "application/json")

    def gate(self, name):
        with self._lock:
            return self._gates.setdefault(name, threading.Event())

    def open(self, name):
        self.gate(name).set()

    # -- what tests read ----------------------------------------------------------------------------------------

    def url(self, path="/"):
        return f"http://{self.host}:{self.port}{path}"

    def hits(self, path):
        with self._lock:
            return self._hits[path]

    def all_hits(self):
        with self._lock:
            return dict(self._hits)

    def requests(self, path):
        """The requests of a path so far: dicts of method, target, headers (lower case), body."""
        with self._lock:
            return list(self._requests[path])

    def most_in_flight(self):
        with self._lock:
            return self._most_in_flight

    def in_flight(self):
        with self._lock:
            return self._in_flight

    # -- for the handler ----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def visit(self, path, request):
        with self._lock:
            self._hits[path] += 1
            kept = self._requests[path]
            kept.append(request)
            del kept[:-200]
            self._in_flight += 1
            self._most_in_flight = max(self._most_in_flight, self._in_flight)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1

    def fails_now(self, name, times):
        with self._lock:
            self._flaky[name] += 1
            return self._flaky[name] <= times

    def fixed(self, path):
        with self._lock:
            return self._pages.get(path)

    def wait(self, event):
        """Waits for the event or the end of the site; was it the event?"""
        while not self._closing.is_set():
            if event.wait(0.2):
                return not self._closing.is_set()
        return False


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address, site):
        super().__init__(address, _Handler)
        self.site = site

    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the show


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _answer(self):
        self.site = self.server.site
        parts = urllib.parse.urlsplit(self.path)
        self.route = parts.path
        self.pairs = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
        self.query = dict(self.pairs)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.route.startswith("/control/"):
            return self._control()
        request = {"method": self.command, "target": self.path, "body": self.body.decode("utf-8", "replace"),
                   "headers": {name.lower(): value for name, value in self.headers.items()}}
        with self.site.visit(self.route, request):
            fixed = self.site.fixed(self.route)
            if fixed:
                body, content_type, status, headers = fixed
                return self._send(body(request) if callable(body) else body, content_type, status, headers)
            first, _, rest = self.route[1:].partition("/")
            handler = getattr(self, "_get_" + first.replace("-", "_"), None)
            if handler is None:
                return self._send(page("Not found", "<p>Nothing here</p>"), status=404)
            return handler(rest)

    def _send(self, body, content_type="text/html; charset=utf-8", status=200, headers=()):
        data = body.encode("utf-8") if isinstance(body, str) else body
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        for name, value in headers:
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(data)

    def _json(self, value, status=200):
        self._send(json.dumps(value), "application/json", status)

    def _control(self):
        word, _, rest = self.route[len("/control/"):].partition("/")
        given = json.loads(self.body) if self.body else None
        if word == "shop" and isinstance(given, dict):
            for name, price in given.items():
                self.site.set_price(name, price)
        elif word == "shop":
            self.site.set_products((row["name"], row["price"]) for row in given)
        elif word == "page":
            self.site.page(given["path"], given["body"], given.get("content_type", "text/html; charset=utf-8"),
                           given.get("status", 200))
        elif word == "open":
            self.site.open(rest)
        elif word == "reset":
            self.site.reset()
        elif word == "hits":
            return self._json(self.site.all_hits())
        else:
            return self._json({"error": "no such control"}, 404)
        return self._json({"ok": True})

    # -- well behaved -------------------------------------------------------------------------------------------

    def _shop(self):
        return shop_html(self.site.products)

    def _get_(self, _):
        links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in ("/shop", "/content", "/embedded"))
        self._send(page("Fixture site", f"<ul>{links}</ul>"))

    def _get_shop(self, _):
        self._send(self._shop())

    def _get_detail(self, number):
        products = dict(enumerate(self.site.products, 1))
        if not number.isdigit() or int(number) not in products:
            return self._send(page("Not found", ""), status=404)
        name, price = products[int(number)]
        return self._send(page(name, f'<article class="product"><h1>{html.escape(name)}</h1>'
                                     f'<p class="price">{html.escape(price)}</p>'
                                     f'<p class="sku">SKU-{number}</p></article>'))

    def _get_content(self, _):
        self._send(CONTENT)

    def _get_embedded(self, _):
        self._send(embedded_html())

    def _get_json(self, rest):
        kind, _, name = rest.partition("/")
        if kind == "list":
            return self._json({"items": [{"name": name, "price": price} for name, price in self.site.products]})
        if kind == "api":
            start = (int(self.query.get("page", 1)) - 1) * int(self.query.get("limit", 10))
            rows = [{"id": number, "title": f"Row {number}", "q": self.query.get("q")} for number in range(1, 26)]
            return self._json({"data": {"rows": rows[start:start + int(self.query.get("limit", 10))]},
                               "asked": self.pairs})
        if kind == "echo":
            return self._json({"items": [{
                "method": self.command, "path": self.route, "query": [list(pair) for pair in self.pairs],
                "body": self.body.decode("utf-8", "replace"), "type": self.headers.get("Content-Type")}]})
        if kind == "board" and name:
            return self._json({"jobs": [{"board": name, "title": f"{name} {role}", "page": self.query.get("page")}
                                        for role in ("engineer", "designer")]})
        return self._json({"error": "not found"}, 404)

    def _get_echo_headers(self, _):
        rows = "".join(f'<li class="header"><b>{html.escape(name.lower())}</b><i>{html.escape(value)}</i></li>'
                       for name, value in self.headers.items())
        self._send(page("Headers", f"<ul>{rows}</ul>"))

    def _get_etag(self, _):
        body = self._shop()
        tag = f'"{zlib.crc32(body.encode()):08x}"'
        same = self.headers.get("If-None-Match") == tag
        self._send("" if same else body, status=304 if same else 200, headers=[("ETag", tag)])

    def _get_last_modified(self, _):
        when = "Wed, 15 Jan 2025 10:30:00 GMT"
        same = self.headers.get("If-Modified-Since") == when
        self._send("" if same else self._shop(), status=304 if same else 200, headers=[("Last-Modified", when)])

    def _get_gzip(self, _):
        self._send(gzip.compress(self._shop().encode()), headers=[("Content-Encoding", "gzip")])

    def _get_deflate(self, _):
        self._send(zlib.compress(self._shop().encode()), headers=[("Content-Encoding", "deflate")])

    def _get_latin1(self, _):
        text = '<ul><li class="product"><h2>Caf\u00e9 \u00fcber</h2><b class="price">\u00a35</b></li></ul>'
        self._send(text.encode("latin-1"), "text/html; charset=iso-8859-1")

    def _get_windows1252(self, _):
        text = ('<meta charset=windows-1252><li class="product"><h2>\u201cquoted\u201d</h2>'
                '<b class="price">\u20ac5</b></li>')
        self._send(text.encode("windows-1252"), "text/html")

    def _get_utf16(self, _):
        text = '<li class="product"><h2>\u65e5\u672c</h2><b class="price">5</b></li>'
        self._send(b"\xff\xfe" + text.encode("utf-16-le"), "text/html; charset=iso-8859-1")

    # -- badly behaved ------------------------------------------------------------------------------------------

    def _get_slow(self, _):
        self.site.wait(_Timer(int(self.query.get("ms", 1000)) / 1000))
        self._get_shop("")

    def _get_hang(self, _):
        self.site.wait(threading.Event())
        self.close_connection = True

    def _get_gate(self, name):
        if self.site.wait(self.site.gate(name)):
            self._get_shop("")
        else:
            self.close_connection = True

    def _get_drop(self, _):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"<ul><li class=product><h2>half")
        self._get_drop_now("")

    def _get_drop_now(self, _):
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _get_redirect(self, count):
        left = int(count) if count.isdigit() else 0
        self._redirect(f"/redirect/{left - 1}" if left > 1 else "/shop")

    def _get_redirect_loop(self, _):
        self._redirect("/redirect-loop")

    def _get_redirect_to(self, _):
        self._redirect(self.query.get("url", "/shop"))

    def _redirect(self, where):
        self._send("", status=302, headers=[("Location", where)])

    def _get_status(self, number):
        extra = [("Retry-After", self.query["retry_after"])] if "retry_after" in self.query else []
        self._send(page("Status", f"<p>{html.escape(number)}</p>"), status=int(number), headers=extra)

    def _get_flaky(self, name):
        if self.site.fails_now(name, int(self.query.get("times", 1))):
            return self._get_status(self.query.get("status", "503"))
        return self._get_shop("")

    def _get_bad_gzip(self, _):
        self._send(b"this is not gzip at all" * 10, headers=[("Content-Encoding", "gzip")])

    def _get_gzip_bomb(self, _):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        chunk = b" " * (1 << 20)
        data = b"".join(packer.compress(chunk) for _ in range(int(self.query.get("mb", 64)))) + packer.flush()
        self._send(data, headers=[("Content-Encoding", "gzip")])

    def _get_huge(self, _):
        size = int(self.query.get("bytes", 40 << 20))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        chunk = (b"<p>" + b"word " * 200 + b"</p>\n") * 64
        while size > 0:
            self.wfile.write(chunk[:size])
            size -= len(chunk)

    def _get_captcha(self, _):
        self._send(page("Attention Required!", '<h1>Please verify you are a human</h1><div class="g-recaptcha" '
                        'data-sitekey="x"></div><p>Complete the CAPTCHA to continue.</p>'))

    def _get_blank(self, _):
        self._send(page("", ""))


class _Timer:
    """An event that sets itself after some seconds."""

    def __init__(self, seconds):
        self._end = time.monotonic() + seconds

    def wait(self, timeout):
        left = self._end - time.monotonic()
        threading.Event().wait(max(0.0, min(left, timeout)))
        return time.monotonic() >= self._end


def main():
    parser = argparse.ArgumentParser(description="A loopback site with named pages and misbehaviours.")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()
    with FixtureSite(arguments.port, arguments.host) as site:
        print(site.url("/"), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
