"""The same work as bench_jobs with Scrapy and an SQLite pipeline: fetch, extract, hash, store durably page by page.

usage: scrapy_spider.py BASE_URL PAGES DATABASE; prints pages, CPU and wall seconds as one JSON line.
"""
import hashlib
import json
import resource
import sqlite3
import sys
import time

import scrapy
from scrapy.crawler import CrawlerProcess

BASE, PAGES, DATABASE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
COUNTS = {"pages": 0, "items": 0}


class Store:
    """One durable transaction a page, as the peer does: results, their hash, the page's URL."""

    def open_spider(self, spider):
        self.db = sqlite3.connect(DATABASE, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE jobs(url TEXT, content_hash TEXT, item_count INT, results TEXT)")

    def process_item(self, item, spider):
        results = json.dumps(item["items"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("INSERT INTO jobs VALUES (?,?,?,?)",
                        (item["url"], hashlib.sha256(results.encode()).hexdigest(), len(item["items"]), results))
        self.db.execute("COMMIT")
        COUNTS["pages"] += 1
        COUNTS["items"] += len(item["items"])
        return item

    def close_spider(self, spider):
        self.db.close()


class Shop(scrapy.Spider):
    name = "shop"
    start_urls = [f"{BASE}/{n}.html" for n in range(PAGES)]

    def parse(self, response):
        items = []
        for product in response.css("li.product"):
            items.append({
                "name": product.css("h2 a::text").get(),
                "url": response.urljoin(product.css("h2 a::attr(href)").get()),
                "price": product.css(".price::text").get(),
                "image": response.urljoin(product.css(".media img::attr(src)").get()),
                "stock": product.css(".stock::text").get(),
            })
        yield {"url": response.url, "items": items}


began = time.monotonic()
process = CrawlerProcess({
    "LOG_LEVEL": "ERROR", "ROBOTSTXT_OBEY": False, "COOKIES_ENABLED": False, "RETRY_ENABLED": False,
    "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "TELNETCONSOLE_ENABLED": False,
    "ITEM_PIPELINES": {Store: 1}, "MEMUSAGE_ENABLED": False,
})
process.crawl(Shop)
process.start()
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({**COUNTS, "cpu": round(usage.ru_utime + usage.ru_stime, 4), "wall": round(time.monotonic() - began, 4)}))
