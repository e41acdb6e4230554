"""Hashes, signatures, baselines and outcomes: BEHAVIOUR 12.1 to 12.3, with the vectors of its appendix C."""

import concurrent.futures
import hashlib
import unittest

import fixture_site
import harness

EMPTY_HASH = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
SHOP_HASH = "d63464a23634c95f2fc8ffed1fd5e813c93be11f32fa969d267c8de942f9449b"
SHOP_STRUCTURE = "45d69c5d5621135b64ed0e287a7a122cba938ac99f53ca0d8cb140852a6da5b5"


class Fingerprints(harness.MeterCase):
    def fingerprint(self, items):
        url = self.site.items(self.path(), items)
        strategy = self.client.strategy(url, {"type": "api", "request": {"url": url}})
        job = self.client.execute(strategy, url)
        self.assertEqual(job["status"], "completed", job)
        return job

    def test_the_hash_vectors(self):
        url = self.site.url("/shop")
        strategy = self.client.strategy(url)
        job = self.client.execute(strategy, url)
        self.assertEqual(job["content_hash"], SHOP_HASH)
        self.assertEqual(job["structural_signature"], {
            "version": 1, "hash": SHOP_STRUCTURE, "item_count": 2,
            "fields": {"name": {"types": ["string"], "always": True}, "price": {"types": ["string"], "always": True}}})
        self.assertEqual(self.client.execute(strategy, self.site.url("/blank"))["content_hash"], EMPTY_HASH)
        odd = [{"title": "Cafe\u0301  au\u00a0lait ", "x": None, "ok": True, "n": 1}]
        self.assertEqual(self.fingerprint(odd)["content_hash"],
                         "a1df2138cc5b7033af1ade27e4b16bee4a868c291642aae44246ae8952875290")

    def test_results_stay_as_they_were_extracted(self):
        odd = [{"title": "Cafe\u0301  au\u00a0lait ", "z": 1, "a": 1.0}]
        self.assertEqual(self.fingerprint(odd)["results"], odd)

    def test_order_of_items_counts_and_order_of_members_does_not(self):
        base = self.fingerprint([{"a": 1, "b": 2}, {"a": 3, "b": 4}])["content_hash"]
        self.assertEqual(self.fingerprint([{"b": 2, "a": 1}, {"b": 4, "a": 3}])["content_hash"], base)
        self.assertEqual(self.fingerprint([{"a": 1.0, "b": 2e0}, {"a": 3, "b": 4}])["content_hash"], base)
        self.assertNotEqual(self.fingerprint([{"a": 3, "b": 4}, {"a": 1, "b": 2}])["content_hash"], base)
        self.assertNotEqual(self.fingerprint([{"a": "1", "b": 2}, {"a": 3, "b": 4}])["content_hash"], base)

    def test_canonical_numbers_and_texts(self):
        rows = (([{"a": 1e21, "b": 1e-7, "c": 0.1, "d": -0.0, "e": 100000}],
                 '[{"a":1e+21,"b":1e-7,"c":0.1,"d":0,"e":100000}]'),
                ([{"a": "\"\\/\b\f\n\u0001\u007f"}], None), ([{"\u20ac": 1, "a": 2, "\U0001f600": 3, "\ufb33": 4}],
                                                            '[{"a":2,"\u20ac":1,"\U0001f600":3,"\ufb33":4}]'))
        for items, canonical in rows:
            if canonical:
                with self.subTest(items=items):
                    self.assertEqual(self.fingerprint(items)["content_hash"],
                                     hashlib.sha256(canonical.encode()).hexdigest())
            else:
                self.fingerprint(items)

    def test_structure_lists_types_and_presence_by_dotted_path(self):
        fields = self.fingerprint([{"a": 1, "b": "x", "o": {"k": True}, "l": [1]},
                                   {"a": None, "b": 2, "o": {"k": None}, "l": []},
                                   {"b": "y"}])["structural_signature"]["fields"]
        self.assertEqual(fields["b"], {"types": ["number", "string"], "always": True})
        self.assertFalse(fields["a"]["always"])
        self.assertIn("number", fields["a"]["types"])
        self.assertIn("o.k", fields)
        self.assertEqual(fields["l"]["types"], ["array"])

    def test_structure_does_not_depend_on_the_count_of_items(self):
        one, two = self.fingerprint([{"a": 1}]), self.fingerprint([{"a": 1}, {"a": 2}])
        self.assertEqual(one["structural_signature"]["hash"], two["structural_signature"]["hash"])
        self.assertEqual(two["structural_signature"]["item_count"], 2)


class Baselines(harness.MeterCase):
    def setUp(self):
        self.own = fixture_site.FixtureSite()
        self.own.start()
        self.addCleanup(self.own.close)
        self.url = self.own.url("/shop")
        self.strategy = self.client.strategy(self.url)

    def run_once(self, url=None, **members):
        return self.client.execute(self.strategy, url or self.url, **members)

    def test_the_first_run_is_no_change_and_later_ones_compare(self):
        seen = []
        for price in ("$19.99", "$19.99", "$21.99", "$21.99", "$19.99"):
            self.own.set_price("Product A", price)
            seen.append(self.run_once()["has_changes"])
        self.assertEqual(seen, [False, False, True, False, True])
        history = self.client.get(f"/api/strategies/{self.strategy['id']}/history", expect=200).json
        self.assertEqual([entry["has_changes"] for entry in history], list(reversed(seen)))

    def test_added_removed_and_reordered_items_are_changes(self):
        products = list(fixture_site.PRODUCTS)
        self.run_once()
        for changed in (products + [("Product C", "$1")], products, products[::-1], products[:1]):
            self.own.set_products(changed)
            self.assertIs(self.run_once()["has_changes"], True, changed)
            self.assertIs(self.run_once()["has_changes"], False, changed)

    def test_layout_and_white_space_are_no_change(self):
        page = "/layout"
        self.own.page(page, fixture_site.shop_html(fixture_site.PRODUCTS))
        self.run_once(self.own.url(page))
        self.own.page(page, "<div class=new><ul><li class='product x' id=n1><h2 style=x> Product&nbsp;\n A </h2>"
                            "<i>ad</i><b class=price>$19.99</b></li></ul></div><p>other text</p>"
                            "<li class=product><h2>Product B</h2><b class=price>$29.99")
        job = self.run_once(self.own.url(page))
        self.assertEqual((job["content_hash"], job["has_changes"]), (SHOP_HASH, False))

    def test_a_failed_job_is_never_a_baseline(self):
        self.own.page("/p", fixture_site.shop_html(fixture_site.PRODUCTS))
        url = self.own.url("/p")
        self.run_once(url)
        self.own.page("/p", "gone", status=404)
        failed = self.run_once(url)
        self.assertEqual((failed["status"], failed["has_changes"]), ("failed", None))
        self.own.page("/p", fixture_site.shop_html(fixture_site.PRODUCTS))
        self.assertIs(self.run_once(url)["has_changes"], False)
        self.own.page("/p", "gone", status=404)
        self.run_once(url)
        self.own.page("/p", fixture_site.shop_html([("Product A", "$1")]))
        self.assertIs(self.run_once(url)["has_changes"], True)

    def test_urls_are_compared_by_exact_text(self):
        self.run_once()
        self.own.set_price("Product A", "$1")
        for url in (self.url + "?", self.url + "#x", self.url + "?a=1", self.url.replace("http", "HTTP")):
            with self.subTest(url=url):
                self.assertIs(self.run_once(url)["has_changes"], False, "a URL of its own has no baseline yet")
        self.assertIs(self.run_once()["has_changes"], True)

    def test_strategies_have_baselines_of_their_own(self):
        self.run_once()
        self.own.set_price("Product A", "$1")
        self.strategy = self.client.strategy(self.url)
        self.assertIs(self.run_once()["has_changes"], False)

    def test_parameters_have_baselines_of_their_own(self):
        url = self.own.url("/json/api")
        self.strategy = self.client.strategy(url,
                                             {"type": "api", "request": {"url": url, "query": {"page": 1, "limit": 2}},
                                                   "items_path": "data.rows", "fields": {}})
        rows = ((None, False), ({"page": 2}, False), ({"page": 3}, False), ({"page": 2}, False), (None, False),
                ({"page": 3}, False))
        for parameters, changed in rows:
            with self.subTest(parameters=parameters):
                self.assertIs(self.run_once(url, parameters=parameters)["has_changes"], changed)

    def test_an_edited_filter_does_not_reset_the_baseline(self):
        self.run_once()
        target = f"/api/strategies/{self.strategy['id']}"
        self.client.patch(target,
                          {"filter_config": {"conditions": [{"field": "name", "operator": "contains", "value": "A"}]}},
                          expect=200)
        self.assertIs(self.run_once()["has_changes"], True)
        self.assertIs(self.run_once()["has_changes"], False)

    def test_batch_and_single_jobs_share_baselines(self):
        self.run_once()
        self.own.set_price("Product A", "$1")
        batch = self.client.batch(self.strategy, [self.url])
        self.client.wait_batch(batch["batch_id"])
        self.assertIs(self.client.get(f"/api/jobs?batch_id={batch['batch_id']}").json[0]["has_changes"], True)
        self.assertIs(self.run_once()["has_changes"], False)

    def test_a_page_that_turns_empty_is_not_changed_but_empty(self):
        first = self.run_once()
        self.own.set_products([])
        empty = self.run_once()
        self.assertEqual((empty["status"], empty["outcome"], empty["has_changes"], empty["item_count"],
                          empty["results"]),
                         ("completed", "empty", False, 0, []))
        self.assertEqual(self.run_once()["outcome"], "empty", "an empty run is no baseline")
        self.own.set_products(fixture_site.PRODUCTS)
        back = self.run_once()
        self.assertEqual((back["outcome"], back["has_changes"], back["content_hash"]),
                         ("ok", False, first["content_hash"]))

    def test_a_page_that_was_empty_from_the_start_is_ok(self):
        self.own.set_products([])
        for _ in range(2):
            job = self.run_once()
            self.assertEqual((job["outcome"], job["has_changes"]), ("ok", False))
        self.own.set_products(fixture_site.PRODUCTS)
        self.assertIs(self.run_once()["has_changes"], True)

    def degrade(self, baseline_prices, later_count):
        """Outcome of a run where no item has a price, after a baseline with these prices (None: no price)."""
        def body(prices):
            return "".join(f"<li class=product><h2>P{number}</h2>" + (f"<b class=price>{price}</b>"
                                                                      if price else "") + "</li>"
                           for number, price in enumerate(prices))
        path = f"/degrade/{len(baseline_prices)}/{later_count}/{sum(map(bool, baseline_prices))}"
        self.own.page(path, body(baseline_prices))
        first = self.run_once(self.own.url(path))
        self.own.page(path, body([None] * later_count))
        later = self.run_once(self.own.url(path))
        self.own.page(path, body(baseline_prices))
        back = self.run_once(self.own.url(path))
        self.assertEqual(first["outcome"], "ok")
        if later["outcome"] == "degraded":
            self.assertEqual((later["status"], later["has_changes"]), ("completed", False))
            self.assertIs(back["has_changes"], False, "a degraded run is no baseline")
        else:
            self.assertIs(back["has_changes"], first["content_hash"] != later["content_hash"])
        return later["outcome"]

    def test_a_field_that_vanishes_from_every_item_is_degraded(self):
        self.assertEqual(self.degrade(["$1"] * 4, 4), "degraded")
        self.assertEqual(self.degrade(["$1", "$2", None, None], 3), "degraded", "half of the baseline had it")
        self.assertEqual(self.degrade(["$1", None, None, None], 4), "ok", "less than half of the baseline had it")
        self.assertEqual(self.degrade(["$1"] * 4, 2), "ok", "fewer than three items")

    def test_blocked_runs_are_failed_and_no_baseline(self):
        self.own.page("/b", fixture_site.shop_html(fixture_site.PRODUCTS))
        url = self.own.url("/b")
        self.run_once(url)
        self.own.page("/b", "<title>Attention Required!</title><h1>Please verify you are a human</h1>"
                            "<div class=g-recaptcha data-sitekey=x></div><p>Complete the CAPTCHA to continue.</p>")
        blocked = self.run_once(url)
        self.assertEqual((blocked["status"], blocked["outcome"], blocked["has_changes"]), ("failed", "blocked", None))
        self.assertRegex(blocked["error"], "^Page blocked: .+")
        self.own.page("/b", fixture_site.shop_html(fixture_site.PRODUCTS))
        self.assertIs(self.run_once(url)["has_changes"], False)

    def test_one_change_seen_by_many_runs_at_once_is_a_change_for_one_at_least_and_then_none(self):
        self.run_once()
        self.own.set_price("Product A", "$1")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            flags = [job["has_changes"] for job in pool.map(lambda _: self.run_once(), range(8))]
        self.assertIn(True, flags)
        self.assertIs(self.run_once()["has_changes"], False)


class NoiseRules(harness.MeterCase):
    """12.7: members of a strategy that say what is no change."""

    def runs(self, before, after, **members):
        url = self.site.items(self.path(), before)
        strategy = self.client.strategy(url, {"type": "api", "request": {"url": url}}, **members)
        self.client.execute(strategy, url)
        self.site.items(url[len(self.site.url("")):], after)
        job = self.client.execute(strategy, url)
        self.assertEqual(job["results"], after, "results and hash stay those of the full items")
        return job["has_changes"]

    def test_ignored_fields_values_and_tolerances_are_no_change(self):
        before, after = [{"a": 1, "t": "seen 5 min ago", "n": 10}], [{"a": 1, "t": "seen 9 min ago", "n": 10.4}]
        self.assertIs(self.runs(before, after), True)
        rows = (({"fields": ["t", "n"]}, False), ({"fields": ["t"]}, True),
                ({"fields": ["n"], "values": [{"regex": r"\d+ min"}]}, False),
                ({"values": [{"field": "t", "regex": r"\d+"}], "tolerance": {"n": 0.5}}, False),
                ({"values": [{"field": "t", "regex": r"\d+"}], "tolerance": {"n": 0.1}}, True))
        for ignore, changed in rows:
            with self.subTest(ignore=ignore):
                self.assertIs(self.runs(before, after, ignore=ignore), changed)

    def test_rules_are_checked_kept_shown_and_cleared(self):
        url = self.site.url("/shop")
        for members in ({"ignore": 5}, {"ignore": {"fields": "x"}}, {"ignore": {"values": [{"regex": "("}]}},
                        {"ignore": {"tolerance": {"a": -1}}}, {"key": "x"}, {"key": [1]}):
            with self.subTest(members=members):
                self.assert_error(self.client.generate(url, expect=400, **members), 400)
        strategy = self.client.strategy(url, ignore={"fields": ["price"]}, key=["name"])
        self.assertEqual((strategy["ignore"], strategy["key"]), ({"fields": ["price"]}, ["name"]))
        target = f"/api/strategies/{strategy['id']}"
        self.assert_error(self.client.patch(target, {"ignore": {"fields": [5]}}), 400)
        patched = self.client.patch(target, {"ignore": {"fields": ["name"]}}, expect=200).json
        self.assertEqual((patched["ignore"], patched["key"]), ({"fields": ["name"]}, ["name"]))
        patched = self.client.patch(target, {"ignore": None, "key": None}, expect=200).json
        self.assertNotIn("ignore", patched)
        self.assertNotIn("key", patched)


class Compare(harness.MeterCase):
    """11.7, with the vector of appendix C."""

    def jobs(self, *lists):
        url = self.site.items(self.path(), lists[0])
        strategy = self.client.strategy(url, {"type": "api", "request": {"url": url}})
        made = []
        for items in lists:
            self.site.items(url[len(self.site.url("")):], items)
            made.append(self.client.execute(strategy, url))
        return made

    def compare(self, newer, baseline, expect=200):
        body = {"job_id": newer["id"], "other_job_id": baseline["id"]}
        answer = self.client.post("/api/jobs/compare", body, expect=expect)
        alias = self.client.get(f"/api/jobs/{newer['id']}/compare/{baseline['id']}", expect=expect)
        if expect == 200:
            self.assertEqual(answer.json, alias.json)
        return answer.json

    def test_the_vector(self):
        old, new = self.jobs([{"name": "A", "price": "1"}, {"name": "B", "price": "2"}],
                             [{"name": "A", "price": "9"}, {"name": "B", "price": "2"}, {"name": "C", "price": "3"}])
        found = self.compare(new, old)
        self.assertEqual((found["job_id"], found["other_job_id"]), (new["id"], old["id"]))
        self.assertEqual((found["content_hash_match"], found["structural_match"], found["item_count_diff"]),
                         (False, True, 1))
        self.assertEqual(found["changes"],
                         ["Item count changed: 2 -> 3", "1 item added", "Field 'price' changed in 1 item"])
        self.assertEqual(found["structural_changes"], [])
        self.assertEqual(self.compare(old, new)["item_count_diff"], -1)

    def test_a_job_against_itself(self):
        job, = self.jobs([{"name": "A"}])
        found = self.compare(job, job)
        self.assertEqual((found["content_hash_match"], found["structural_match"], found["semantic_similarity"],
                          found["item_count_diff"], found["changes"], found["structural_changes"]),
                         (True, True, 1.0, 0, [], []))

    def test_similarity_and_structure(self):
        old, new, none = self.jobs([{"name": "Product A", "price": "$19.99"}], [{"name": "Product A", "price": 29.99}],
                                   [])
        found = self.compare(new, old)
        self.assertEqual(found["semantic_similarity"], 0.75)
        self.assertFalse(found["structural_match"])
        self.assertEqual(found["structural_changes"], ["Field 'price' type changed: string -> number"])
        self.assertEqual(self.compare(none, old)["semantic_similarity"], 0.0)

    def test_other_strategies_are_allowed(self):
        one, = self.jobs([{"a": 1}])
        two, = self.jobs([{"a": 2}])
        self.assertFalse(self.compare(two, one)["content_hash_match"])

    def test_what_is_wrong(self):
        done, = self.jobs([{"a": 1}])
        strategy = self.client.strategy(self.site.url("/shop"))
        failed = self.client.execute(strategy, self.site.url("/status/404"))
        for pair in ((failed, done), (done, failed)):
            self.assertEqual(self.compare(*pair, expect=400)["detail"], "Both jobs must be completed")
        unknown = {"id": harness.UNKNOWN_ID}
        for pair in ((unknown, done), (done, unknown)):
            self.assertEqual(self.compare(*pair, expect=404)["detail"], "Job not found")
        foreign = self.other_client()
        self.assert_error(foreign.get(f"/api/jobs/{done['id']}/compare/{done['id']}"), 404, "Job not found")
        self.assert_error(self.client.get(f"/api/jobs/x/compare/{done['id']}"), 404, "Job not found")
        for body, status in (({"job_id": done["id"]}, 400), ({"other_job_id": done["id"]}, 400),
                             ({"job_id": "x", "other_job_id": done["id"]}, 400), ([], 400)):
            self.assert_error(self.client.post("/api/jobs/compare", body), status)

    def test_rules_reach_the_texts_only(self):
        url = self.site.items(self.path(), [{"name": "A", "views": 1}])
        strategy = self.client.strategy(url, {"type": "api", "request": {"url": url}}, ignore={"fields": ["views"]})
        old = self.client.execute(strategy, url)
        self.site.items(url[len(self.site.url("")):], [{"name": "A", "views": 2}])
        new = self.client.execute(strategy, url)
        found = self.compare(new, old)
        self.assertEqual((found["content_hash_match"], found["changes"]), (False, []))


class ScheduleChanges(harness.MeterCase):
    """14: changes, changelog and keyword filter of a schedule that runs."""

    server_options = ("--min-interval-seconds", "1")

    def setUp(self):
        self.own = fixture_site.FixtureSite()
        self.own.start()
        self.addCleanup(self.own.close)
        self.strategy = self.client.strategy(self.own.url("/shop"))
        self.schedule = self.start()

    def start(self, **members):
        made = self.client.post("/api/schedules", {"strategy_id": self.strategy["id"], "url": self.own.url("/shop"),
                                                   "interval_seconds": 1, **members}, expect=201).json
        self.addCleanup(lambda: self.client.delete(f"/api/schedules/{made['id']}"))
        self.run_once(made)
        return made

    def run_once(self, schedule=None):
        """Waits until a job that began after this call has ended."""
        target = f"/api/jobs?schedule_id={(schedule or self.schedule)['id']}"
        known = {job["id"] for job in self.client.get(target).json}
        harness.eventually(lambda: [job for job in self.client.get(target + "&status=completed").json
                                    if job["id"] not in known], what="another job")
        # The first may have fetched the page before the call; the second has not.
        harness.eventually(lambda: len([job for job in self.client.get(target + "&status=completed").json
                                        if job["id"] not in known]) >= 2, what="one more job")

    def change(self, products):
        self.own.set_products(products)
        self.run_once()

    def changes(self, query="", **options):
        return self.client.get(f"/api/schedules/{self.schedule['id']}/changes{query}", expect=200, **options).json

    def changelog(self, query=""):
        return self.client.get(f"/api/schedules/{self.schedule['id']}/changelog{query}", expect=200).json

    def test_changes_are_shown_once(self):
        empty = self.changes()
        self.assertEqual(empty, {"schedule_id": self.schedule["id"], "changes": [], "count": 0, "marked_seen": True,
                                 "filter_applied": None})
        self.change([("Product A", "$1"), ("Product B", "$29.99")])
        self.change([("Product A", "$2"), ("Product B", "$29.99")])
        preview = self.changes("?mark_seen=false")
        self.assertEqual((preview["count"], preview["marked_seen"]), (2, False))
        self.assertEqual([change["seen"] for change in preview["changes"]], [False, False])
        self.assertEqual([change["results"][0]["price"] for change in preview["changes"]], ["$2", "$1"])
        self.assertEqual(len(preview["changes"][0]["results"]), 2, "full results, not the difference")
        self.assertEqual((preview["changes"][0]["item_count"], preview["changes"][0]["total_item_count"]), (2, 2))
        self.client.request("HEAD", f"/api/schedules/{self.schedule['id']}/changes", expect=200)
        taken = self.changes("?mark_seen=1")
        self.assertEqual([(change["job_id"], change["seen"]) for change in taken["changes"]],
                         [(change["job_id"], True) for change in preview["changes"]])
        self.assertEqual(self.changes()["count"], 0)
        self.assertEqual(self.changelog()["total"], 2, "the changelog shows seen ones too")

    def test_the_changelog_tells_what_changed(self):
        self.change([("Product A", "$1"), ("Product C", "$3")])
        log = self.changelog()
        self.assertEqual((log["schedule_id"], log["count"], log["total"], log["limit"], log["offset"],
                          log["filter_applied"]), (self.schedule["id"], 1, 1, 20, 0, None))
        entry = log["entries"][0]
        self.assertEqual(entry["item_count"], 2)
        self.assertEqual(entry["new_items"], [{"name": "Product A", "price": "$1"},
                                              {"name": "Product C", "price": "$3"}])
        self.assertEqual(entry["removed_items"], [{"name": "Product A", "price": "$19.99"},
                                                  {"name": "Product B", "price": "$29.99"}])
        self.assertEqual((entry["new_items_count"], entry["removed_items_count"], entry["order_changed"]),
                         (2, 2, False))
        self.assertEqual(entry["modified_items"], [{"item": {"name": "Product A", "price": "$1"},
                                                    "fields": {"price": {"old": "$19.99", "new": "$1"}}}])
        bare = self.changelog("?include_items=false")["entries"][0]
        for member in ("new_items", "removed_items", "modified_items"):
            self.assertNotIn(member, bare)
        self.assertEqual((bare["new_items_count"], bare["removed_items_count"]), (2, 2))
        self.change([("Product C", "$3"), ("Product A", "$1")])
        swapped = self.changelog()["entries"][0]
        self.assertEqual((swapped["order_changed"], swapped["new_items"], swapped["removed_items"]), (True, [], []))
        job = self.client.get_job(swapped["job_id"])
        self.assertEqual((job["has_changes"], job["schedule_id"]), (True, self.schedule["id"]))
        self.assertEqual([each["job_id"] for each in self.changelog("?limit=1&offset=1")["entries"]],
                         [entry["job_id"]])
        self.assertEqual(self.changelog("?offset=9")["entries"], [])

    def test_keyword_filters(self):
        self.change([("Rubio backs tariff plan", "$1"), ("Melon prices, says Elon Musk", "$2")])
        self.change([("Rubio backs tariff plan", "$5"), ("Melon prices, says Elon Musk", "$2")])
        shown = self.changes("?mark_seen=false&filter=%22elon%20musk%22")
        self.assertEqual((shown["count"], shown["filter_applied"]), (2, '"elon musk"'))
        self.assertEqual([(each["item_count"], each["total_item_count"]) for each in shown["changes"]], [(1, 2)] * 2)
        self.assertEqual(shown["changes"][0]["results"], [{"name": "Melon prices, says Elon Musk", "price": "$2"}])
        self.assertEqual(self.changes("?filter=nobody")["count"], 0)
        self.assertEqual(self.changes("?mark_seen=false")["count"], 2, "what the filter left out stays unseen")
        for blank in ("", "%2B", "%20"):
            self.assertIsNone(self.changes(f"?mark_seen=false&filter={blank}")["filter_applied"])
        log = self.changelog("?filter=%2Bmusk")
        self.assertEqual((log["count"], log["total"], log["filter_applied"]), (1, 1, "+musk"))
        entry = log["entries"][0]
        self.assertEqual((entry["new_items_count"], entry["removed_items_count"], entry["item_count"]), (1, 0, 2))
        self.assertEqual(self.changelog("?filter=%2Brubio")["total"], 2)
        self.assertEqual(self.changelog("?filter=%2Brubio&limit=1&offset=1")["count"], 1)
        self.assertEqual(self.changelog("?filter=nobody"), {"schedule_id": self.schedule["id"], "entries": [],
                                                            "count": 0, "total": 0, "limit": 20, "offset": 0,
                                                            "filter_applied": "nobody"})
        self.assertEqual(self.changes("?filter=elon")["count"], 2)
        self.assertEqual(self.changes()["count"], 0)

    def test_what_is_wrong(self):
        target = f"/api/schedules/{self.schedule['id']}"
        for query in ("/changes?mark_seen=maybe", "/changelog?limit=0", "/changelog?limit=101",
                      "/changelog?offset=-1", "/changelog?include_items=x", "/changes?filter=" + "x" * 2001,
                      "/changelog?filter=" + "x" * 2001):
            with self.subTest(query=query[:60]):
                self.assert_error(self.client.get(target + query), 400)
        self.assert_error(self.client.get(target + "/changes?filter=" + "x" * 2001), 400,
                          "filter must have at most 2000 characters")
        self.assert_error(self.client.get(target + "/changes?filter=a%ff"), 400, "filter is malformed UTF-8 at byte 1")

    def test_two_readers_do_not_see_the_same_change(self):
        self.change([("Product A", "$1")])
        self.change([("Product A", "$2")])
        self.client.patch(f"/api/schedules/{self.schedule['id']}", {"enabled": False}, expect=200)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: self.changes(), range(6)))
        shown = [change["job_id"] for answer in answers for change in answer["changes"]]
        self.assertEqual(len(shown), 2)
        self.assertEqual(len(set(shown)), 2)

    def test_schedules_have_baselines_of_their_own(self):
        self.client.execute(self.strategy, self.own.url("/shop"))
        self.own.set_products([("Product A", "$1")])
        other = self.start()
        target = f"/api/schedules/{other['id']}/changelog"
        self.assertEqual(self.client.get(target, expect=200).json["total"], 0, "its first run is no change")
        self.assertEqual(self.changelog()["total"], 1)

    def test_rules_of_the_schedule_win(self):
        self.client.patch(f"/api/strategies/{self.strategy['id']}", {"ignore": {"fields": ["name"]}}, expect=200)
        self.client.patch(f"/api/schedules/{self.schedule['id']}", {"ignore": {"fields": ["price"]}}, expect=200)
        self.run_once()
        self.change([("Product A", "$1"), ("Product B", "$2")])
        self.assertEqual(self.changelog()["total"], 0)
        self.change([("Product A", "$1"), ("Product Z", "$2")])
        self.assertEqual(self.changelog()["total"], 1)
        self.client.patch(f"/api/schedules/{self.schedule['id']}", {"ignore": None}, expect=200)
        self.run_once()
        self.change([("Product A", "$1"), ("Product Y", "$2")])
        self.assertEqual(self.changelog()["total"], 1, "the strategy's rules hold again")


if __name__ == "__main__":
    unittest.main()
