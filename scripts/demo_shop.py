#!/usr/bin/python3
"""The shop of the demo: a page of products on loopback whose content changes on request.

    python3 scripts/demo_shop.py --port 8099
    curl -X POST http://127.0.0.1:8099/change     # a price falls, one product goes, another one comes
    curl -X POST http://127.0.0.1:8099/reset
"""

import argparse
import html
import http.server
import threading

BEFORE = (
    ("Brass Samovar", "$1,249.00", "2 in stock", "samovar"),
    ("Enamel Kettle", "$39.95", "in stock", "kettle"),
    ("Glass Teapot", "$24.50", "in stock", "teapot"),
    ("Tea Strainer", "$6.80", "sold out", "strainer"),
    ("Travel Mug", "$18.00", "in stock", "mug"),
)
# A price falls, a product goes, one comes. The banner changes too, which is nobody's business.
AFTER = (
    ("Brass Samovar", "$1,249.00", "2 in stock", "samovar"),
    ("Enamel Kettle", "$34.95", "in stock", "kettle"),
    ("Glass Teapot", "$24.50", "in stock", "teapot"),
    ("Sencha Tin", "$12.40", "in stock", "sencha"),
    ("Travel Mug", "$18.00", "in stock", "mug"),
)

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>The Tea Shop</title></head>
<body>
<header><h1>The Tea Shop</h1><nav><a href="/">Home</a> <a href="/help">Help</a></nav></header>
<p class="banner">{banner}</p>
<main><ul class="products">
{products}
</ul></main>
<footer>Made for the demo of libmeter.</footer>
</body>
</html>
"""
PRODUCT = """<li class="product">
  <h2><a href="/item/{slug}">{name}</a></h2>
  <p>Price: <b class="price">{price}</b> <span class="stock">{stock}</span></p>
</li>"""


class DemoShop:
    """Serves the shop from a thread of its own, on a free port unless one is given."""

    def __init__(self, port=0):
        self._changed = False
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def change(self):
        self._changed = True

    def reset(self):
        self._changed = False

    def page(self):
        products = "\n".join(
            PRODUCT.format(name=html.escape(name), price=html.escape(price), stock=html.escape(stock), slug=slug)
            for name, price, stock, slug in (AFTER if self._changed else BEFORE))
        banner = "Winter sale: three days left!" if self._changed else "Winter sale: a week left!"
        return PAGE.format(banner=banner, products=products)

    def _handler(shop):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                found = self.path.split("?")[0] == "/"
                self._answer(200 if found else 404, shop.page() if found else "<p>No such page.")

            def do_POST(self):
                if self.path in ("/change", "/reset"):
                    shop.change() if self.path == "/change" else shop.reset()
                    self._answer(200, "<p>Done.")
                else:
                    self._answer(404, "<p>No such page.")

            def _answer(self, status, text):
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


def main():
    parser = argparse.ArgumentParser(description="The shop of the demo, on loopback.")
    parser.add_argument("--port", type=int, default=8099)
    with DemoShop(parser.parse_args().port) as shop:
        print(f"the shop is at {shop.url} (POST {shop.url}change changes it); Ctrl-C ends it")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
