"""A small book shop and a receiver of webhooks on loopback: what the commands in the documents are run against."""

import http.server
import threading

TITLES = ["A Light in the Attic", "Tipping the Velvet", "Soumission", "Sharp Objects", "Sapiens", "The Requiem Red",
          "The Dirty Little Secrets", "The Coming Woman", "The Boys in the Boat", "The Black Maria", "Starving Hearts",
          "Set Me Free"]


def page(number):
    books = "".join(
        f'<li><article class="product_pod"><div class="image_container"><a href="/catalogue/book-{number}-{i}.html">'
        f'<img src="/media/{number}-{i}.jpg" alt="{title}"></a></div><p class="star-rating Three"></p>'
        f'<h3><a href="/catalogue/book-{number}-{i}.html" title="{title}">{title}</a></h3>'
        f'<div class="product_price"><p class="price_color">£{10 + 3 * i}.{50 + number}</p>'
        '<p class="instock availability">In stock</p></div></article></li>'
        for i, title in enumerate(TITLES))
    return (f'<!doctype html><html><head><title>All products</title></head><body><header><h1>Books</h1></header>'
            f'<main><ol class="row">{books}</ol><a href="/catalogue/page-{number + 1}.html">next</a></main></body></html>')


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.split("?")[0]
        if name == "/robots.txt":
            return self.answer("text/plain", "User-agent: *\nDisallow:\n")
        if name == "/sitemap.xml":
            base = f"http://{self.headers['Host']}"
            urls = "".join(f"<url><loc>{base}/catalogue/page-{i}.html</loc></url>" for i in (1, 2, 3))
            return self.answer("application/xml", '<?xml version="1.0"?><urlset '
                               f'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>')
        number = int(name[-6]) if name.startswith("/catalogue/page-") and name[-6:-5].isdigit() else 1
        if number > 3 or (name != "/" and not name.startswith("/catalogue/")):
            return self.answer("text/html", "no such page", 404)
        return self.answer("text/html; charset=utf-8", page(number))

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer("application/json", "{}")

    def answer(self, content_type, text, status=200):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def start():
    """Returns the address of the site, which lives as long as the program."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
