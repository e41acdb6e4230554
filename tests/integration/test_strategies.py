"""Making, reading, changing and deleting strategies: BEHAVIOUR 8.1 to 8.4."""

import concurrent.futures
import unittest

import fixture_site
import harness
from harness import UNKNOWN_ID, eventually

SHOP_ITEMS = [{"name": name, "price": price} for name, price in fixture_site.PRODUCTS]
CONDITION = {"field": "name", "operator": "contains", "value": "product a"}


class Generate(harness.MeterCase):
    def test_a_ready_plan_becomes_a_strategy_with_a_preview(self):
        url = self.site.url("/shop")
        made = self.client.post("/api/strategies/generate", {
            "url": url, "description": "Product names and prices", "name": "Product Scraper", "force_api": False,
            "strategy": fixture_site.SHOP_PLAN}, expect=201).json
        self.assertEqual(made["id"], made["strategy_id"])
        self.assertEqual((made["name"], made["description"], made["url"], made["scraper_type"]),
                         ("Product Scraper", "Product names and prices", url, "css"))
        self.assertEqual(made["strategy"], fixture_site.SHOP_PLAN)
        self.assertEqual(made["preview_data"], SHOP_ITEMS)
        self.assertEqual(made["attempts"], 0, "the caller gave the plan")
        for member in ("api_parameters", "output_schema", "filter_config", "strategy_group_id"):
            self.assertIsNone(made[member], member)
        for member in ("fetch", "ignore", "key", "warnings"):
            self.assertNotIn(member, made)
        self.assertEqual(made["created_at"], made["updated_at"])
        self.assertEqual(self.client.get(f"/api/strategies/{made['id']}", expect=200).json, made)

    def test_every_kind_of_plan_is_taken(self):
        site = self.site
        rows = (
            ("css", site.url("/shop"), fixture_site.SHOP_PLAN, SHOP_ITEMS),
            ("css", site.url("/embedded"), {"type": "css", "container": {"script": {"id": "__NEXT_DATA__"}},
             "items_path": "props.pageProps.list", "fields": {"t": {"path": "title"}}},
             [{"t": "Next 1"}, {"t": "Next 2"}, {"t": "Next 3"}]),
            ("api", site.url("/json/list"), {"type": "api", "request": {"url": site.url("/json/list")},
                                             "items_path": "items", "fields": {}}, SHOP_ITEMS),
            ("content", site.url("/content"), {"type": "content", "max_level": 1}, None),
        )
        for kind, url, plan, items in rows:
            with self.subTest(kind=kind, plan=plan):
                made = self.client.strategy(url, plan)
                self.assertEqual(made["scraper_type"], kind)
                if items is not None:
                    self.assertEqual(made["preview_data"], items)
                self.assertEqual(made["attempts"], 0)

    def test_the_type_may_be_left_out_of_a_css_plan(self):
        plan = {name: value for name, value in fixture_site.SHOP_PLAN.items() if name != "type"}
        self.assertEqual(self.client.strategy(self.site.url("/shop"), plan)["scraper_type"], "css")
        plan = {"container": {"script": {"variable": "__STATE__"}}, "items_path": "rows", "fields": {}}
        self.assertEqual(self.client.strategy(self.site.url("/embedded"), plan)["scraper_type"], "css")

    def test_content_needs_no_plan_and_no_description(self):
        made = self.client.post("/api/strategies/generate", {
            "url": self.site.url("/content"), "description": "", "name": "Docs", "force_api": False,
            "scraper_type": "content"}, expect=201).json
        self.assertEqual(made["scraper_type"], "content")
        self.assertEqual(made["strategy"]["type"], "content")
        self.assertTrue(made["preview_data"])
        self.assertEqual(set(made["preview_data"][0]), {"heading", "level", "content"})

    def test_a_page_without_text_has_no_content(self):
        self.assert_error(self.client.post("/api/strategies/generate", {
            "url": self.site.url("/blank"), "description": "", "name": "Blank", "scraper_type": "content"}), 422,
            "No items could be extracted", "unprocessable")

    def test_content_excludes_force_api_and_an_output_schema(self):
        base = {"url": self.site.url("/content"), "description": "", "name": "Docs", "scraper_type": "content"}
        for extra in ({"force_api": True}, {"output_schema": {"heading": "string"}}):
            with self.subTest(extra=extra):
                self.assert_error(self.client.post("/api/strategies/generate", {**base, **extra}), 400)

    def test_a_blank_description_is_400_unless_a_plan_or_content_is_given(self):
        for description in ("", " ", "\n\t", "\u00a0"):
            body = {"url": self.site.url("/shop"), "description": description, "name": "Shop"}
            self.assert_error(self.client.post("/api/strategies/generate", body), 400, "Invalid request parameters",
                              "invalid_request")
            self.client.generate(self.site.url("/shop"), description=description)

    def test_bad_scraper_types_are_400(self):
        for word in ("", "CSS", "html", "browser", "auto"):
            with self.subTest(word=word):
                self.assert_error(self.client.generate(self.site.url("/shop"), expect=400, scraper_type=word), 400)

    def test_a_page_that_cannot_be_fetched_is_422_and_leaves_nothing(self):
        before = self.client.get("/api/strategies?limit=1000").json
        for path, detail in (("/status/404", "Page not accessible: 404 Not Found"),
                             ("/status/403", "Page not accessible: 403 Forbidden"),
                             ("/status/500", "Page not accessible: 500 Internal Server Error"),
                             ("/redirect-loop", "Too many redirects")):
            for plan in (fixture_site.SHOP_PLAN, {"type": "content"}):
                with self.subTest(path=path, plan=plan["type"]):
                    self.assert_error(self.client.generate(self.site.url(path), plan, expect=422), 422, detail,
                                      "unprocessable")
        self.assertEqual(self.client.get("/api/strategies?limit=1000").json, before)

    def test_a_plan_that_finds_nothing_is_stored_with_an_empty_preview(self):
        made = self.client.strategy(self.site.url("/blank"))
        self.assertEqual(made["preview_data"], [])
        self.assertEqual(self.client.execute(made, self.site.url("/shop"))["results"], SHOP_ITEMS)

    def test_a_filter_that_removes_everything_is_fine(self):
        nothing = {"conditions": [{"field": "name", "operator": "equals", "value": "none"}]}
        self.assertEqual(self.client.strategy(self.site.url("/shop"), filter_config=nothing)["preview_data"], [])

    def test_the_preview_holds_ten_shaped_and_filtered_items(self):
        rows = "".join(f'<li class=product><h2>P{number}</h2><b class=price>${number}</b></li>' for number in range(30))
        made = self.client.strategy(self.page(f"<ul>{rows}</ul>"), output_schema={"price": "integer", "name": "string"},
                                    filter_config={"conditions": [{"field": "price", "operator": "gt", "value": 4}]})
        self.assertEqual(made["preview_data"], [{"price": number, "name": f"P{number}"} for number in range(5, 15)])
        self.assertEqual(list(made["preview_data"][0]), ["price", "name"])

    def test_members_are_echoed(self):
        filter_config = {"mode": "any", "conditions": [CONDITION, {"field": "price", "operator": "exists"}]}
        made = self.client.strategy(self.site.url("/shop"), filter_config=filter_config,
                                    output_schema={"name": "string", "price": "number"},
                                    name="N\u00e4me \U0001f600 \"q\"",
                                    description="two\nlines", fetch={"headers": {"X-A": "1"}})
        self.assertEqual(made["filter_config"], filter_config)
        self.assertEqual(made["output_schema"], {"name": "string", "price": "number"})
        self.assertEqual(made["name"], "N\u00e4me \U0001f600 \"q\"")
        self.assertEqual(made["description"], "two\nlines")
        self.assertEqual(made["fetch"]["headers"], {"X-A": "1"})

    def test_a_wanted_field_that_no_item_has_is_a_warning(self):
        plan = {"container": {"selector": "li.product"}, "fields": {"name": {"selector": "h2"},
                                                                     "colour": {"selector": ".colour"}}}
        made = self.client.strategy(self.site.url("/shop"), plan)
        self.assertTrue(any("colour" in warning for warning in made["warnings"]), made["warnings"])

    def test_bad_plans_are_400_before_any_fetch(self):
        fields = {"a": {"selector": "b"}}
        bad = (
            {}, {"type": "css"}, {"type": "xml", "container": {"selector": "a"}, "fields": fields},
            {"container": {}, "fields": fields}, {"container": {"selector": ""}, "fields": fields},
            {"container": {"selector": "li["}, "fields": fields},
            {"container": {"selector": "li::text"}, "fields": fields},
            {"container": {"selector": "li:nope"}, "fields": fields},
            {"container": {"selector": "a,,b"}, "fields": fields},
            {"container": {"selector": "> >"}, "fields": fields}, {"container": {"selector": 1}, "fields": fields},
            {"container": {"selector": "li"}, "fields": {}}, {"container": {"selector": "li"}},
            {"container": {"selector": "li"}, "fields": []}, {"container": {"selector": "li"}, "fields": {"a": "b"}},
            {"container": {"selector": "li"}, "fields": {"a": {"selector": "x["}}},
            {"container": {"selector": "li"}, "fields": {"a": {"selector": "b", "regex": "("}}},
            {"container": {"selector": "li"}, "fields": {"a": {"selector": "b", "regex": "(?=x)"}}},
            {"container": {"selector": "li"}, "fields": {"a": {"selector": "b", "all": "yes"}}},
            {"container": {"selector": "li", "limit": 0}, "fields": fields},
            {"container": {"selector": "xpath://li["}, "fields": fields},
            {"container": {"selector": "li" * 2000}, "fields": fields},
            {"container": {"script": {}}, "fields": {}},
            {"container": {"script": {"type": "a", "id": "b"}}, "fields": {}},
            {"container": {"script": "x"}, "fields": {}}, {"container": {"script": {"id": ""}}, "fields": {}},
            {"type": "api"}, {"type": "api", "request": {}}, {"type": "api", "request": {"url": 1}},
            {"type": "api", "request": {"url": "http://a.test/", "method": "DELETE"}},
            {"type": "api", "request": {"url": "http://a.test/", "body_type": "xml"}},
            {"type": "api", "request": {"url": "http://a.test/"}, "fields": {"a": {}}},
            {"type": "api", "request": {"url": "http://a.test/"}, "items_path": 5},
            {"type": "content", "max_level": 0}, {"type": "content", "max_level": 7},
            {"type": "content", "root_selector": "["}, {"type": "content", "exclude_selectors": ["["]},
            {"type": "content", "exclude_selectors": "nav"},
        )
        path = self.path()
        url = self.site.page(path, "<p>x</p>")
        for plan in bad:
            with self.subTest(plan=str(plan)[:120]):
                self.assert_error(self.client.generate(url, plan, expect=400), 400, code="invalid_request")
        self.assertEqual(self.site.hits(path), 0)

    def test_bad_fetch_settings_are_refused(self):
        for settings in ({"render": "firefox"}, {"headers": []}, {"headers": {"a": 1}}, {"cookies": {"a": []}},
                         {"timeout_seconds": 0}, {"timeout_seconds": 601}, {"timeout_seconds": "1"},
                         {"headers": {"a": "x\r\ny: z"}}, {"headers": {"bad name": "x"}}, {"headers": {"": "x"}},
                         {"headers": {str(number): "x" for number in range(51)}}, {"wait_for": 1}):
            with self.subTest(settings=str(settings)[:60]):
                self.assert_error(self.client.generate(self.site.url("/shop"), expect=400, fetch=settings), 400)
        self.assert_error(self.client.generate(self.site.url("/shop"), expect=422, fetch={"render": "browser"}), 422,
                          "No browser is configured")

    def test_many_strategies_at_once_are_all_kept(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            made = list(pool.map(lambda number: self.client.strategy(self.site.url("/shop"), name=f"c{number}")["id"],
                                 range(60)))
        self.assertEqual(len(set(made)), 60)
        self.assertLessEqual(set(made), {each["id"] for each in self.client.get("/api/strategies?limit=1000").json})


class Deadline(harness.MeterCase):
    server_options = ("--generator-deadline", "1", "--quota-limit", "5")

    def test_past_the_deadline_it_is_503_and_nothing_is_kept(self):
        for plan in (fixture_site.SHOP_PLAN, {"type": "content"}):
            answer = self.client.generate(self.site.url("/hang"), plan, expect=503)
            self.assert_error(answer, 503, code="unavailable")
            self.assertEqual(answer.headers["retry-after"], "30")
        self.assertEqual(self.client.get("/api/strategies", expect=200).json, [])
        self.assertEqual(self.client.get("/api/account/quota", expect=200).json["strategy_quota"]["used"], 0)
        self.client.strategy(self.site.url("/shop"))


class Update(harness.MeterCase):
    def setUp(self):
        self.strategy = self.client.strategy(self.site.url("/shop"), description="before")
        self.target = f"/api/strategies/{self.strategy['id']}"

    def test_only_given_members_change(self):
        after = self.client.patch(self.target, {"name": "New"}, expect=200).json
        self.assertEqual({**after, "updated_at": None}, {**self.strategy, "name": "New", "updated_at": None})
        after = self.client.patch(self.target, {"description": "after"}, expect=200).json
        self.assertEqual((after["name"], after["description"]), ("New", "after"))
        self.assertEqual(self.client.get(self.target, expect=200).json, after)

    def test_an_empty_object_changes_nothing(self):
        self.assertEqual(self.client.patch(self.target, {}, expect=200).json, self.strategy)
        self.assertEqual(self.client.patch(self.target, {"unknown": 1}, expect=200).json["name"], self.strategy["name"])

    def test_what_cannot_change_is_ignored(self):
        after = self.client.patch(self.target,
                                  {"url": "http://other.test/", "id": UNKNOWN_ID, "strategy": {}, "attempts": 9,
                                                "scraper_type": "api"}, expect=200).json
        self.assertEqual({**after, "updated_at": None}, {**self.strategy, "updated_at": None})

    def test_a_filter_is_set_replaced_and_removed_and_the_preview_follows(self):
        hits = self.site.hits("/shop")
        config = {"conditions": [CONDITION]}
        after = self.client.patch(self.target, {"filter_config": config}, expect=200).json
        self.assertEqual(after["filter_config"]["conditions"][0]["value"], "product a")
        self.assertEqual(after["preview_data"], SHOP_ITEMS[:1])
        config = {"conditions": [{"field": "name", "operator": "contains", "value": "b"}]}
        self.assertEqual(self.client.patch(self.target, {"filter_config": config}).json["preview_data"], SHOP_ITEMS[1:])
        for empty in ({}, None):
            self.client.patch(self.target, {"filter_config": config}, expect=200)
            after = self.client.patch(self.target, {"filter_config": empty}, expect=200).json
            self.assertIsNone(after["filter_config"])
            self.assertEqual(after["preview_data"], SHOP_ITEMS)
        self.assertEqual(self.site.hits("/shop"), hits, "the stored page is used")

    def test_nulls_in_a_filter_count_as_absent_and_are_not_shown(self):
        given = {"mode": None, "conditions": [{**CONDITION, "case_sensitive": None},
                                              {"field": "name", "operator": "exists", "value": None}]}
        shown = {"conditions": [CONDITION, {"field": "name", "operator": "exists"}]}
        self.assertEqual(self.client.patch(self.target, {"filter_config": given}, expect=200).json["filter_config"],
                         shown)
        self.assertEqual(self.client.strategy(self.site.url("/shop"), filter_config=given, fetch={"render": None},
                                              ignore={"fields": None})["filter_config"], shown)

    def test_a_changed_filter_is_for_later_jobs_only(self):
        before = self.client.execute(self.strategy, self.site.url("/shop"))
        self.client.patch(self.target, {"filter_config": {"conditions": [CONDITION]}}, expect=200)
        self.assertEqual(self.client.get_job(before["id"]), before)
        self.assertEqual(self.client.execute(self.strategy, self.site.url("/shop"))["results"], SHOP_ITEMS[:1])

    def test_bad_filters_are_400_and_change_nothing(self):
        for bad in ({"mode": "none", "conditions": []}, {"conditions": {}}, {"conditions": [1]},
                    {"conditions": [{"field": "a", "operator": "like", "value": "x"}]}, {"mode": "all"},
                    {"conditions": [{"operator": "exists"}]}, {"conditions": [{"field": "", "operator": "exists"}]},
                    {"conditions": [{"field": "a", "operator": "equals"}]},
                    {"conditions": [{"field": "a", "operator": "contains", "value": []}]},
                    {"conditions": [{"field": "a", "operator": "gt", "value": "cheap"}]},
                    {"conditions": [{"field": "a", "operator": "regex_match", "value": "("}]},
                    {"conditions": [{"field": "a", "operator": "regex_match", "value": "(?<=a)b"}]},
                    {"conditions": [{"field": "a", "operator": "regex_match", "value": "(a)\\1"}]},
                    {"conditions": [{"field": "a", "operator": "equals", "value": "x", "case_sensitive": "no"}]},
                    {"conditions": [{"field": "a", "operator": "exists"}] * 101}):
            with self.subTest(bad=str(bad)[:100]):
                self.assert_error(self.client.patch(self.target, {"filter_config": bad}), 400, code="invalid_request")
                self.assert_error(self.client.generate(self.site.url("/shop"), expect=400, filter_config=bad), 400)
        self.assertEqual(self.client.get(self.target).json, self.strategy)

    def test_updated_at_moves(self):
        def moved():
            return self.client.patch(self.target, {"name": "again"}).json["updated_at"] > self.strategy["updated_at"]
        eventually(moved, 5.0, "a later updated_at")
        self.assertEqual(self.client.get(self.target).json["created_at"], self.strategy["created_at"])

    def test_fetch_settings_are_set_and_removed(self):
        url = self.site.url("/echo-headers")
        plan = {"container": {"selector": "li.header"},
                "fields": {"name": {"selector": "b"}, "value": {"selector": "i"}}}
        strategy = self.client.strategy(url, plan)
        target = f"/api/strategies/{strategy['id']}"

        def sent():
            return {item["name"]: item["value"] for item in self.client.execute(strategy, url)["results"]}
        self.assertNotIn("x-own", sent())
        after = self.client.patch(target, {"fetch": {"headers": {"X-Own": "yes"}, "cookies": {"a": "1", "b": "2"}}},
                                  expect=200).json
        self.assertEqual(after["fetch"]["headers"], {"X-Own": "yes"})
        self.assertEqual(sent()["x-own"], "yes")
        self.assertEqual(set(sent()["cookie"].split("; ")), {"a=1", "b=2"})
        self.assert_error(self.client.patch(target, {"fetch": {"render": "tv"}}), 400)
        self.assertNotIn("fetch", self.client.patch(target, {"fetch": None}, expect=200).json)
        self.assertNotIn("x-own", sent())


class Delete(harness.MeterCase):
    def test_a_deleted_strategy_takes_its_jobs_and_batches_along(self):
        url = self.site.url("/shop")
        strategy, kept = self.client.strategy(url), self.client.strategy(url)
        job, batch = self.client.execute(strategy, url), self.client.batch(strategy, [url, url])
        other = self.client.execute(kept, url)
        self.client.wait_batch(batch["batch_id"])
        answer = self.client.delete(f"/api/strategies/{strategy['id']}", expect=200)
        self.assertEqual(answer.json["message"], "Strategy deleted successfully")
        for target, detail in ((f"/api/strategies/{strategy['id']}", "Strategy not found"),
                               (f"/api/strategies/{strategy['id']}/history", "Strategy not found"),
                               (f"/api/jobs/{job['id']}", "Job not found"),
                               (f"/api/jobs/batch/{batch['batch_id']}", "Batch not found")):
            self.assert_error(self.client.get(target), 404, detail)
        self.assert_error(self.client.delete(f"/api/strategies/{strategy['id']}"), 404, "Strategy not found")
        self.assert_error(self.client.patch(f"/api/strategies/{strategy['id']}", {}), 404, "Strategy not found")
        self.assert_error(self.client.post("/api/jobs", {"strategy_id": strategy["id"], "url": url}), 404)
        self.assertEqual(self.client.get(f"/api/jobs?strategy_id={strategy['id']}").json, [])
        self.assertEqual(self.client.get_job(other["id"]), other)

    def test_pending_and_running_jobs_stop(self):
        gate = f"delete-{self.account}"
        url = self.site.url(f"/gate/{gate}")
        strategy = self.client.strategy(self.site.url("/shop"))
        jobs = [self.client.job(strategy, url) for _ in range(8)]
        eventually(lambda: self.site.hits(f"/gate/{gate}"), what="a running job")
        self.client.delete(f"/api/strategies/{strategy['id']}", expect=200)
        for job in jobs:
            self.assert_error(self.client.get(f"/api/jobs/{job['id']}"), 404)
        seen = self.site.hits(f"/gate/{gate}")
        self.site.open(gate)
        # Whoever still held the jobs must not bring them back; a job made now ends after them.
        after = self.client.strategy(self.site.url("/shop"))
        self.client.execute(after, self.site.url("/shop"))
        self.assertEqual([self.client.get(f"/api/jobs/{job['id']}").status for job in jobs], [404] * 8)
        self.assertLessEqual(seen, 4)

    def test_an_execute_in_progress_ends_when_its_strategy_goes(self):
        gate = f"delete-execute-{self.account}"
        strategy = self.client.strategy(self.site.url("/shop"))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            body = {"strategy_id": strategy["id"], "url": self.site.url(f"/gate/{gate}")}
            running = pool.submit(self.client.post, "/api/jobs/execute", body)
            try:
                eventually(lambda: self.site.hits(f"/gate/{gate}"), what="a running job")
                self.client.delete(f"/api/strategies/{strategy['id']}", expect=200)
                self.assertIn(running.result(15).status, (200, 404))
            finally:
                self.site.open(gate)


if __name__ == "__main__":
    unittest.main()
