"""The crawl of bench_discover with Scrapy's LinkExtractor: every page of a site, the URLs of its products.

usage: scrapy_crawl.py SEED_URL; prints URLs, CPU and wall seconds as one JSON line.
"""
import json
import resource
import sys
import time

from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule

SEED = sys.argv[1]
FOUND = set()


class Links(CrawlSpider):
    name = "links"
    start_urls = [SEED]
    rules = (Rule(LinkExtractor(), callback="page", follow=True, process_links="collect"),)

    def collect(self, links):
        FOUND.update(link.url for link in links if "/product/" in link.url)
        return links

    def page(self, response):
        pass


began = time.monotonic()
process = CrawlerProcess({
    "LOG_LEVEL": "ERROR", "ROBOTSTXT_OBEY": True, "COOKIES_ENABLED": False, "RETRY_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False, "MEMUSAGE_ENABLED": False, "DEPTH_LIMIT": 10, "DOWNLOAD_DELAY": 0,
    "SCHEDULER_DISK_QUEUE": "scrapy.squeues.PickleFifoDiskQueue", "DEPTH_PRIORITY": 1,
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
})
process.crawl(Links)
process.start()
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"urls": len(FOUND), "cpu": round(usage.ru_utime + usage.ru_stime, 4),
                  "wall": round(time.monotonic() - began, 4)}))
