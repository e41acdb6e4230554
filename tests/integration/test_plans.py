"""What plans make of pages and JSON answers: BEHAVIOUR 8.5 to 8.8."""

import json
import unittest

import fixture_site
import harness

SHOP_ITEMS = [{"name": name, "price": price} for name, price in fixture_site.PRODUCTS]


def css(container="li", **fields):
    return {"type": "css", "container": {"selector": container},
            "fields": {name: field if isinstance(field, dict) else {"selector": field} for name,
                       field in fields.items()}}


class CssPlans(harness.MeterCase):
    def one(self, body, field, container="body", **options):
        items = self.items_of(body, css(container, v=field), **options)
        return items[0]["v"] if items else None

    def test_items_come_in_document_order_and_fields_are_read_inside_them(self):
        page = "<b>out</b><li><b>1</b></li><div><li><b>2</b><b>x</b></li></div><li><b>3</b></li>"
        self.assertEqual(self.items_of(page, css(v="b")), [{"v": "1"}, {"v": "2"}, {"v": "3"}])

    def test_text_is_normalised(self):
        rows = (("<p>  a \n\t b  </p>", "a b"), ("<p>a&nbsp;&nbsp;b\u2003c</p>", "a b c"), ("<p>a<br>b</p>", "a b"),
                ("<p><b>a</b><i>b</i></p>", "ab"), ("<div><p>a</p><p>b</p></div>", "a b"),
                ("<p>a<script>x()</script><style>y{}</style>b</p>", "ab"),
                ("<p>&lt;a&gt; &amp; &eacute;</p>", "<a> & \u00e9"),
                ("<p>a<template>hidden</template></p>", "a"), ("<ul><li>a<li>b</ul>", "a b"))
        for page, text in rows:
            with self.subTest(page=page):
                self.assertEqual(self.one(page, {"selector": None}), text)

    def test_the_container_itself_can_be_a_field(self):
        for selector in (None, "", ":self"):
            self.assertEqual(self.items_of('<li data-x="1">a</li>', css(v={"selector": selector}, x={
                "selector": selector, "attribute": "data-x"})), [{"v": "a", "x": "1"}])

    def test_attributes_are_read_verbatim_and_links_made_absolute(self):
        page = ('<base href="/base/"><li><a href="x?a=1&amp;b=2" title=" as is " data-href="../y" data-id=" 7 ">t</a>'
                '<img src="//cdn.test/i.png" srcset="s1.png 1x, s2.png 2x" data-src="#f"></li>')
        root = self.site.url("")
        rows = (("a", "href", root + "/base/x?a=1&b=2"), ("a", "title", " as is "), ("a", "data-href", root + "/y"),
                ("a", "data-id", " 7 "), ("img", "src", "http://cdn.test/i.png"),
                ("img", "srcset", root + "/base/s1.png"),
                ("img", "data-src", root + "/base/#f"), ("a", "nothing", None))
        plan = css("li", **{f"f{number}": {"selector": selector, "attribute": attribute}
                            for number, (selector, attribute, _) in enumerate(rows)})
        item = self.items_of(page, plan)[0]
        for number, (selector, attribute, value) in enumerate(rows):
            with self.subTest(selector=selector, attribute=attribute):
                self.assertEqual(item[f"f{number}"], value)

    def test_links_are_relative_to_the_page_reached_by_redirects(self):
        target = self.page('<li><a href="next">x</a></li>')
        url = self.site.url("/redirect-to?url=" + target)
        strategy = self.client.strategy(target, css(v={"selector": "a", "attribute": "href"}))
        self.assertEqual(self.client.execute(strategy, url)["results"],
                         [{"v": target.rsplit("/", 1)[0] + "/next"}])

    def test_html_is_the_inner_html(self):
        self.assertEqual(self.one("<p>a <b>b</b></p>", {"selector": "p", "attribute": "html"}), "a <b>b</b>")

    def test_all_gives_every_match_and_no_match_gives_null_or_an_empty_list(self):
        plan = css("li", tags={"selector": "i", "all": True}, name="b")
        self.assertEqual(self.items_of("<li><b>n</b><i>1</i><i>2</i></li><li><b>m</b></li><li><i>3</i></li><li></li>",
                                       plan),
                         [{"tags": ["1", "2"], "name": "n"}, {"tags": [], "name": "m"}, {"tags": ["3"], "name": None}])

    def test_a_regex_keeps_its_first_group_or_the_match(self):
        page = "<li>SKU: A-17 (new)</li>"
        for regex, value in ((r"SKU: (\S+)", "A-17"), (r"[A-Z]-\d+", "A-17"), (r"none", None), (r"(\d)(\d)", "1")):
            with self.subTest(regex=regex):
                plan = css("li", v={"selector": None, "regex": regex}, whole={"selector": None})
                self.assertEqual(self.items_of(page, plan)[0]["v"], value)

    def test_the_limit_cuts_the_items(self):
        plan = css("li", v=None)
        plan["container"]["limit"] = 2
        self.assertEqual(self.items_of("<li>1<li>2<li>3", plan), [{"v": "1"}, {"v": "2"}])

    def test_the_selector_language(self):
        page = ('<div id=a class="x y" data-k="Key"><p class=first>1</p><p>2</p><p lang=en-GB>3 <b>bold</b></p></div>'
                "<section><p>4</p></section>")
        rows = (("p", 4), ("#a > p", 3), ("div p:first-child", 1), ("p:nth-child(2)", 1), ("p:nth-child(odd)", 3),
                ("p:nth-of-type(2n+1)", 3), ("p:last-of-type", 2), ("p + p", 2), ("p.first ~ p", 2), (".x.y p", 3),
                ("[data-k=Key] p", 3), ('[data-k="key" i] p', 3), ('[data-k="key"] p', 0), ("[class~=y] p", 3),
                ("[lang|=en]", 1), ('[data-k^="K"] p', 3), ('[data-k$="y"] p', 3), ('[data-k*="e"] p', 3),
                ("p:not(.first)", 3), ("p:not(.first, [lang])", 2), ("p:has(b)", 1), (":is(div, section) > p", 4),
                (":where(section) p", 1), ('p:contains("BOLD")', 1), ("p:not(:has(b)):not(.first)", 2),
                ("xpath://section/p", 1), ("xpath://p[b]", 1), ("section p, p.first", 2), ("P.first", 1),
                ("p.FIRST", 0))
        for selector, count in rows:
            with self.subTest(selector=selector):
                self.assertEqual(len(self.items_of(page, css(selector, v=None))), count)

    def test_charsets(self):
        rows = (("/latin1", "Caf\u00e9 \u00fcber", "\u00a35"), ("/windows1252", "\u201cquoted\u201d", "\u20ac5"),
                ("/utf16", "\u65e5\u672c", "5"))
        for path, name, price in rows:
            with self.subTest(path=path):
                url = self.site.url(path)
                job = self.client.execute(self.client.strategy(url), url)
                self.assertEqual(job["results"], [{"name": name, "price": price}])
        page = "<li class=product><h2>\u00fc\u65e5</h2><b class=price>\u20ac</b></li>"
        for content_type in ("text/html", "text/html; charset=utf-8", "text/html; charset=unknown-charset"):
            self.assertEqual(self.items_of(page.encode(), fixture_site.SHOP_PLAN, content_type),
                             [{"name": "\u00fc\u65e5", "price": "\u20ac"}])
        self.assertEqual(self.items_of("<li class=product><h2>\u00fc</h2></li>".encode("latin-1"),
                                       fixture_site.SHOP_PLAN,
                                       "text/html"), [{"name": "\u00fc", "price": None}])

    def test_hostile_pages_do_no_harm(self):
        deep = "<div>" * 20_000 + "<li>x" + "</div>" * 20_000
        wide = "<li " + " ".join(f"a{number}=1" for number in range(20_000)) + ">x</li>"
        for body in (deep, wide, "<li>" * 5_000 + "x", "", "\x00<li>x</li>", "<!--" * 10_000,
                     "<li>&#0;&#x110000;&#xd800;</li>",
                     b"\xff\xfe<\x00l", "<![CDATA[" + "<li>x</li>", "&" * 100_000, "<" * 100_000):
            with self.subTest(body=body[:30]):
                job = self.run_plan(body, css("li", v=None))
                self.assertIn(job["status"], ("completed", "failed"))


class EmbeddedPlans(harness.MeterCase):
    def items(self, script, items_path="", fields=None, body=None, limit=None):
        plan = {"container": {"script": script}, "fields": fields or {}}
        if items_path:
            plan["items_path"] = items_path
        if limit:
            plan["container"]["limit"] = limit
        return self.items_of(body or fixture_site.embedded_html(), plan)

    def test_scripts_are_found_by_type_id_and_variable(self):
        self.assertEqual(self.items({"type": "application/ld+json"},
                                    fields={"n": {"path": "name"}, "p": {"path": "offers.price"}}),
                         [{"n": "Product A", "p": "19.99"}, {"n": "Product B", "p": "29.99"}])
        self.assertEqual(self.items({"id": "__NEXT_DATA__"}, "props.pageProps.list", {"i": {"path": "id"}}),
                         [{"i": 1}, {"i": 2}, {"i": 3}])
        self.assertEqual(self.items({"variable": "__STATE__"}, "rows"),
                         [{"sku": "S1", "qty": 4}, {"sku": "S2", "qty": 0}])

    def test_types_are_kept_and_missing_members_are_null(self):
        body = ('<script id=d type="application/json">'
                '[{"a":1,"b":true,"c":null,"d":[1],"e":{"f":1.5}}, {"a":"x"}]</script>')
        fields = {name: {"path": path} for name, path in (("a", "a"), ("b", "b"), ("f", "e.f"), ("first", "d.0"))}
        self.assertEqual(self.items({"id": "d"}, "", fields, body),
                         [{"a": 1, "b": True, "f": 1.5, "first": 1}, {"a": "x", "b": None, "f": None, "first": None}])

    def test_an_assignment_may_come_in_several_forms(self):
        for text in ('window.__D__ = {"r":[{"a":1}]};', 'var __D__={"r":[{"a":1}]}', '__D__ = {"r":[{"a":1}]};x()',
                     "window['__D__'] = {\"r\":[{\"a\":1}]};", "/* __D__ = */ window.__D__ = {\"r\":[{\"a\":1}]}"):
            with self.subTest(text=text):
                self.assertEqual(self.items({"variable": "__D__"}, "r", body=f"<script>{text}</script>"), [{"a": 1}])

    def test_scripts_that_are_missing_or_broken_give_no_items(self):
        for body in ("<p>nothing</p>", "<script id=d>{broken</script>", "<script id=d></script>",
                     '<script id=d>{"r":5}</script>', "<script id=d>" + "[" * 100_000 + "</script>"):
            with self.subTest(body=body[:40]):
                job = self.run_plan(body, {"container": {"script": {"id": "d"}}, "items_path": "r", "fields": {}})
                if job["status"] == "completed":
                    self.assertEqual(job["results"], [])

    def test_the_limit_cuts_the_items(self):
        self.assertEqual(len(self.items({"id": "__NEXT_DATA__"}, "props.pageProps.list", limit=2)), 2)


class ApiPlans(harness.MeterCase):
    def plan(self, path="/json/api", items_path="data.rows", fields=None, **request):
        return {"type": "api", "request": {"url": self.site.url(path), **request}, "items_path": items_path,
                "fields": fields or {}}

    def echo(self, strategy, url, **members):
        job = self.client.execute(strategy, url, **members)
        self.assertEqual(job["status"], "completed", job)
        return job["results"][0]

    def asked(self, strategy, url, **members):
        return self.echo(strategy, url, **members)["query"]

    def echo_strategy(self, url=None, path="/json/echo", **request):
        return self.client.strategy(url or self.site.url("/shop"), self.plan(path, "items", **request))

    def test_captured_parameters_are_listed_and_sent(self):
        strategy = self.client.strategy(self.site.url("/shop"), self.plan(query={"page": 1, "limit": 5, "q": "x"}))
        self.assertEqual({name: str(value) for name, value in strategy["api_parameters"].items()},
                         {"page": "1", "limit": "5", "q": "x"})
        job = self.client.execute(strategy, self.site.url("/shop"))
        self.assertEqual([item["id"] for item in job["results"]], [1, 2, 3, 4, 5])
        self.assertEqual({item["q"] for item in job["results"]}, {"x"})

    def test_job_parameters_override_and_are_echoed(self):
        strategy = self.client.strategy(self.site.url("/shop"), self.plan(query={"page": 1, "limit": 5}))
        url, parameters = self.site.url("/shop"), {"page": 3, "limit": "4"}
        job = self.client.execute(strategy, url, parameters=parameters)
        self.assertEqual([item["id"] for item in job["results"]], [9, 10, 11, 12])
        self.assertEqual(job["parameters"], parameters)
        self.assertEqual(self.client.job(strategy, url, parameters=parameters)["parameters"], parameters)
        self.assertIsNone(self.client.execute(strategy, url)["parameters"])
        batch = self.client.batch(strategy, [url, url], parameters={"page": 2, "limit": 5})
        self.client.wait_batch(batch["batch_id"])
        for job in self.client.get(f"/api/jobs?batch_id={batch['batch_id']}").json:
            self.assertEqual([item["id"] for item in job["results"]], [6, 7, 8, 9, 10])

    def test_null_removes_and_an_array_repeats_a_parameter(self):
        strategy = self.echo_strategy(query={"a": "1", "b": "2"})
        url = self.site.url("/shop")
        rows = (({}, [["a", "1"], ["b", "2"]]), ({"a": None}, [["b", "2"]]), ({"a": ["x", "y", 3]}, [
            ["a", "x"], ["a", "y"], ["a", "3"], ["b", "2"]]), ({"new": "n"}, [["a", "1"], ["b", "2"], ["new", "n"]]),
            ({"a": True, "b": 1.5}, [["a", "true"], ["b", "1.5"]]),
            ({"a": "\u00fc &=+#"}, [["a", "\u00fc &=+#"], ["b", "2"]]),
            ({"a": "", "b": []}, [["a", ""]]))
        for parameters, query in rows:
            with self.subTest(parameters=parameters):
                self.assertEqual(sorted(self.asked(strategy, url, parameters=parameters)), sorted(query))

    def test_the_api_url_itself_is_called_with_its_query_laid_over(self):
        strategy = self.echo_strategy(query={"a": "1", "b": "2"})
        direct = self.site.url("/json/echo?b=9&c=3")
        self.assertEqual(sorted(self.asked(strategy, direct)), [["a", "1"], ["b", "9"], ["c", "3"]])
        self.assertEqual(sorted(self.asked(strategy, direct, parameters={"b": "last"})),
                         [["a", "1"], ["b", "last"], ["c", "3"]])
        self.assertEqual(sorted(self.asked(strategy, self.site.url("/shop?b=9"))), [["a", "1"], ["b", "2"]])

    def test_placeholders_are_filled_from_the_job_url(self):
        strategy = self.client.strategy(self.site.url("/shop?team=one"), self.plan("/json/echo", "items", query={
            "u": "{{url}}", "h": "{{url.host}}", "p": "{{url.path.0}}", "t": "{{url.query.team}}"}))
        for path, segment, team in (("/shop?team=two", "shop", "two"), ("/a%20b/c?x=1&team=%C3%BC", "a b", "\u00fc")):
            with self.subTest(path=path):
                url = self.site.url(path)
                query = dict(self.asked(strategy, url))
                self.assertEqual(query["u"], url)
                self.assertTrue(query["h"].startswith(self.site.host), query["h"])
                self.assertEqual((query["p"], query["t"]), (segment, team))
        for path in ("/shop", "/?team=x"):
            job = self.client.execute(strategy, self.site.url(path))
            self.assert_failed(job, "Extraction failed: URL does not match the strategy")

    def test_one_strategy_works_for_sibling_pages(self):
        self.site.page("/openai", "<p>board</p>")
        self.site.page("/sierra", "<p>board</p>")
        plan = self.plan("/json/board/{{url.path.0}}", "jobs", {"title": {"path": "title"}})
        strategy = self.client.strategy(self.site.url("/openai"), plan)
        self.assertEqual(strategy["preview_data"], [{"title": "openai engineer"}, {"title": "openai designer"}])
        self.assertEqual(self.client.execute(strategy, self.site.url("/sierra"))["results"],
                         [{"title": "sierra engineer"}, {"title": "sierra designer"}])

    def test_json_and_form_bodies_take_parameters(self):
        url = self.site.url("/shop")
        strategy = self.echo_strategy(method="POST", body={"filter": {"page": 1, "tags": ["a"]}, "size": 5, "on": True},
                                      body_type="json")
        parameters = strategy["api_parameters"]
        self.assertEqual((parameters["filter.page"], parameters["size"], parameters["on"]), (1, 5, True))
        item = self.echo(strategy, url, parameters={"filter.page": 2, "extra": "e", "on": None})
        self.assertEqual(item["method"], "POST")
        self.assertEqual(item["type"].split(";")[0], "application/json")
        self.assertEqual(json.loads(item["body"]), {"filter": {"page": 2, "tags": ["a"]}, "size": 5, "extra": "e"})
        strategy = self.echo_strategy(method="POST", body={"a": "1", "b": "x y"}, body_type="form")
        item = self.echo(strategy, url, parameters={"a": "2&3"})
        self.assertEqual(item["type"].split(";")[0], "application/x-www-form-urlencoded")
        self.assertEqual(sorted(item["body"].split("&")), ["a=2%263", item["body"].split("&")[1]])
        self.assertIn(item["body"].split("&")[1], ("b=x+y", "b=x%20y"))

    def test_headers_of_the_plan_are_sent(self):
        path = self.path()
        url = self.site.items(path, [{"a": 1}])
        strategy = self.client.strategy(url, {"type": "api", "request": {"url": url, "headers": {"X-Own": "yes"}}})
        self.client.execute(strategy, url)
        self.assertEqual({request["headers"].get("x-own") for request in self.site.requests(path)}, {"yes"})

    def test_items_paths_and_field_paths(self):
        body = json.dumps({"groups": [{"rows": [{"a": {"b": [10, 20]}}]}, {"rows": [{"a": {"b": [30]}}, {}]}, {"x": 1}],
                           "one": {"a": 1}})
        plan = {"type": "api", "request": {"url": None}, "items_path": "groups.*.rows",
                "fields": {"first": {"path": "a.b.0"}, "second": {"path": "a.b.1"}}}
        url = self.page(body, "application/json")
        plan["request"]["url"] = url
        strategy = self.client.strategy(url, plan)
        items = self.client.execute(strategy, url)["results"]
        self.assertEqual(items[:2], [{"first": 10, "second": 20}, {"first": 30, "second": None}])

    def test_members_keep_their_json_types(self):
        items = [{"i": 9007199254740993, "n": -0.5, "t": True, "f": False, "z": None, "s": "1", "l": [1, "a", None],
                  "o": {"k": {"d": []}}, "e": "", "u": "\u65e5\U0001f600", "big": 1e300}]
        url = self.site.items(self.path(), items)
        strategy = self.client.strategy(url, {"type": "api", "request": {"url": url}})
        self.assertEqual(self.client.execute(strategy, url)["results"], items)

    def test_an_answer_that_is_not_json_fails_the_job(self):
        for body in ("<html>", "", "{", "{'a':1}", "[1,]", "\x00", "[" * 100_000):
            url = self.site.items(self.path(), [{"a": 1}])
            strategy = self.client.strategy(url, {"type": "api", "request": {"url": url}})
            self.site.page(url[len(self.site.url("")):], body, "application/json")
            with self.subTest(body=body[:20]):
                self.assert_failed(self.client.execute(strategy, url), "Extraction failed: response is not JSON")

    def test_parameters_of_other_strategies_are_ignored_and_echoed_as_null(self):
        url = self.site.url("/shop")
        strategy = self.client.strategy(url)
        self.assertIsNone(self.client.execute(strategy, url, parameters={"page": 2})["parameters"])
        self.assertIsNone(self.client.job(strategy, url, parameters={"page": 2}).get("parameters"))
        self.assertIsNone(strategy["api_parameters"])

    def test_values_that_are_not_scalars_or_arrays_of_them_are_400(self):
        strategy = self.echo_strategy(query={"a": "1"})
        for value in ({}, {"b": 1}, [[1]], [{}]):
            for target in ("/api/jobs", "/api/jobs/execute"):
                with self.subTest(target=target, value=value):
                    self.assert_error(self.client.post(target, {
                        "strategy_id": strategy["id"], "url": self.site.url("/shop"), "parameters": {"a": value}}), 400)


class ContentPlans(harness.MeterCase):
    SECTIONS = [
        {"heading": "Handbook", "level": 0, "content": "Words before the first heading."},
        {"heading": "Install", "level": 1, "content": "Get the package.\n- one\n- two"},
        {"heading": "From source", "level": 2, "content": "make\nmake install"},
        {"heading": "Empty section", "level": 2, "content": ""},
        {"heading": "Table", "level": 3, "content": "key | value\na | 1"},
    ]

    def sections(self, body, **plan):
        return self.items_of(body, {"type": "content", **plan})

    def test_sections_of_a_page(self):
        self.assertEqual(self.sections(fixture_site.CONTENT), self.SECTIONS)

    def test_a_strategy_without_a_plan_reads_the_same(self):
        url = self.site.url("/content")
        strategy = self.client.post("/api/strategies/generate", {
            "url": url, "description": "", "name": "c", "scraper_type": "content"}, expect=201).json
        self.assertEqual(strategy["preview_data"], self.SECTIONS)
        self.assertEqual(self.client.execute(strategy, url)["results"], self.SECTIONS)

    def test_deeper_headings_than_max_level_stay_in_the_text(self):
        headings = [section["heading"] for section in self.sections(fixture_site.CONTENT, max_level=1)]
        self.assertEqual(headings, ["Handbook", "Install"])

    def test_roots_and_exclusions(self):
        body = ("<title>T</title><p>outside</p><main><h1>M</h1><p>main</p><p class=ad>ad</p></main>"
                "<div id=other><h2>O</h2><p>other</p></div>")
        self.assertEqual(self.sections(body, exclude_selectors=[".ad"]),
                         [{"heading": "M", "level": 1, "content": "main"}])
        self.assertEqual(self.sections(body, root_selector="#other"),
                         [{"heading": "O", "level": 2, "content": "other"}])
        body = "<title>T</title><article><h1>A</h1>x</article>"
        self.assertEqual(self.sections("<p>out</p>" + body), [{"heading": "A", "level": 1, "content": "x"}])
        body = "<article><h1>A</h1>x</article><article><h1>B</h1>y</article>"
        self.assertEqual([section["heading"] for section in self.sections(body)], ["A", "B"])

    def test_filters_apply_to_sections(self):
        sections = self.items_of(fixture_site.CONTENT, {"type": "content"}, filter_config={
            "conditions": [{"field": "level", "operator": "equals", "value": 2}]})
        self.assertEqual([section["heading"] for section in sections], ["From source", "Empty section"])

    def test_a_page_without_text_completes_with_no_items(self):
        strategy = self.client.strategy(self.site.url("/content"), {"type": "content"})
        job = self.client.execute(strategy, self.site.url("/blank"))
        self.assertEqual((job["status"], job["results"], job["item_count"]), ("completed", [], 0))


class Pipeline(harness.MeterCase):
    """8.8: extract -> output schema -> filter -> signatures -> store."""

    def test_filters_and_signatures_see_the_shaped_items(self):
        schema = {"price": "number", "name": "string"}
        keep = {"conditions": [{"field": "price", "operator": "equals", "value": 19.99}]}
        url = self.site.url("/shop")
        job = self.client.execute(self.client.strategy(url, output_schema=schema, filter_config=keep), url)
        self.assertEqual(job["results"], [{"price": 19.99, "name": "Product A"}])
        self.assertEqual(job["item_count"], 1)
        self.assertEqual(job["structural_signature"]["item_count"], 1)
        self.assertEqual(job["structural_signature"]["fields"]["price"], {"types": ["number"], "always": True})

    def test_a_filter_on_a_field_that_the_schema_drops_sees_nothing(self):
        keep = {"conditions": [{"field": "price", "operator": "exists"}]}
        url = self.site.url("/shop")
        strategy = self.client.strategy(url, output_schema={"name": "string"}, filter_config=keep)
        self.assertEqual(self.client.execute(strategy, url)["results"], [])


if __name__ == "__main__":
    unittest.main()
