#!/usr/bin/python3
"""The crawl of a site of 2,000 pages with circles, traps, redirects and robots.txt (BEHAVIOUR 17.2)."""

import collections
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import crawl_site
import harness
from harness import eventually


def is_product(path):
    return re.search(r"/product/[^/?]+$", path) is not None


class CrawlCase(harness.MeterCase):
    def start(self, site, client=None, **members):
        request = {"method": "link_pattern", "seed_url": site.url("/"), "link_pattern": "/product/*", "max_depth": 10,
                   "max_urls": 10000, **members}
        return (client or self.client).post("/discover", {"discovery": request}, expect=201).json["discovery_id"]

    def wait(self, discovery_id, client=None):
        client = client or self.client

        def ended():
            found = client.get(f"/discover/{discovery_id}", expect=200).json
            return found if found["status"] in ("completed", "failed") else None
        done = eventually(ended, 240, "the end of the crawl")
        self.assertEqual(done["status"], "completed", done)
        urls = client.get(f"/discover/{discovery_id}/urls?limit=10000", expect=200).json["urls"]
        return done, urls

    def compare(self, site, urls, wanted):
        self.assertEqual(urls, [site.url(path) for path in wanted])


class Crawl(CrawlCase):
    server_options = (*harness.QUICK_LEASES, "--discovery-max-crawl-pages", "20000")

    def test_the_exact_urls_each_page_once_none_forbidden_two_at_a_time(self):
        wanted, pages, truncated = crawl_site.crawl(is_product, lambda path: True, 10, 20000, obey=True)
        self.assertEqual((len(wanted) >= crawl_site.PRODUCTS, len(pages) >= 2000, truncated), (True, True, False))
        with crawl_site.CrawlSite() as site:
            done, urls = self.wait(self.start(site))
            self.compare(site, urls, wanted)
            self.assertFalse(done["truncated"])
            asked = collections.Counter(site.paths())
            self.assertEqual([path for path, count in asked.items() if count > 1], [], "a page was fetched twice")
            self.assertEqual([path for path in asked if not crawl_site.is_allowed(path)], [], "robots.txt forbids it")
            self.assertEqual(set(asked), set(pages))
            self.assertLessEqual(site.most_in_flight, 2)
            self.assertEqual(sum(path == "/robots.txt" for path, _ in site.requests), 1)
            print(f"{len(urls)} URLs of {len(asked)} pages", end=" ", flush=True)

    def test_a_navigation_pattern_keeps_out_of_the_traps(self):
        wanted, pages, _ = crawl_site.crawl(is_product, lambda path: re.search(r"/category/[^/?]+$", path), 10, 20000,
                                            obey=True)
        with crawl_site.CrawlSite() as site:
            _, urls = self.wait(self.start(site, navigation_pattern="/category/*"))
            self.compare(site, urls, wanted)
            self.assertEqual(collections.Counter(site.paths()), collections.Counter(pages))

    def test_kill_minus_9_in_the_middle_loses_nothing_and_repeats_only_what_was_in_flight(self):
        wanted, pages, _ = crawl_site.crawl(is_product, lambda path: True, 10, 20000, obey=True)
        client = self.other_client()
        with crawl_site.CrawlSite() as site:
            site.hold(700)
            discovery_id = self.start(site, client)
            eventually(lambda: len(site.requests) > 700, 60, "a request on hold")
            self.server.kill()
            last = site.paths()[-3:]  # two at a time, and one that was answered and not yet stored
            site.release()
            self.server.start()
            _, urls = self.wait(discovery_id, client)
            self.compare(site, urls, wanted)
            asked = collections.Counter(site.paths())
            self.assertEqual(set(asked), set(pages))
            again = [path for path, count in asked.items() if count > 1]
            self.assertLessEqual(set(again), set(last))
            self.assertIn(len(again), (1, 2))
            self.assertEqual({count for count in asked.values()}, {1, 2})

    def test_the_crawl_delay_is_kept_between_starts(self):
        delay = 0.25
        with crawl_site.CrawlSite(f"{crawl_site.ROBOTS}Crawl-delay: {delay}\n") as site:
            self.wait(self.start(site, navigation_pattern="/category/*", max_depth=5))
            began = [at for path, at in site.requests if path != "/robots.txt"]
            self.assertEqual(len(began), 16)
            # When a request arrives is not quite when it was sent: judged over the whole, and each with room.
            self.assertGreaterEqual(began[-1] - began[0], (len(began) - 2) * delay)
            self.assertGreaterEqual(min(after - before for before, after in zip(began, began[1:])), delay / 2)


class Budget(CrawlCase):
    """A site without rules for its traps: the budget ends the crawl, at a page that is known beforehand."""

    server_options = ("--discovery-respect-robots=false",)

    def test_the_budget_ends_a_crawl_that_has_no_end(self):
        wanted, pages, truncated = crawl_site.crawl(is_product, lambda path: True, 10, 2000, obey=False)
        self.assertEqual((len(pages), truncated), (2000, True))
        with crawl_site.CrawlSite() as site:
            done, urls = self.wait(self.start(site))
            self.compare(site, urls, wanted)
            self.assertTrue(done["truncated"])
            self.assertEqual(collections.Counter(site.paths()), collections.Counter(pages))



if __name__ == "__main__":
    unittest.main()
