"""Strategies from a URL and a sentence, and their refinement: BEHAVIOUR 8.2, 8.3."""

import concurrent.futures
import unittest

import fixture_site
import harness
from harness import UNKNOWN_ID

SHOP_ITEMS = [{"name": name, "price": price} for name, price in fixture_site.PRODUCTS]
NAMES = [{"name": item["name"]} for item in SHOP_ITEMS]


def catalogue(count=8, extra=""):
    rows = "".join(
        f'<li class="product"><h2><a href="/p/{n}">Kettle {n}</a></h2><img src="/i/{n}.jpg" alt="">'
        f'<span class="price">${n}.50</span><span class="sku">SKU-{n:04}</span></li>' for n in range(1, count + 1))
    return fixture_site.page("Kettles", f'<nav><a href="/">Home</a><a href="/about">About</a></nav><main>'
                                        f'<ul class="products">{rows}</ul></main>{extra}')


class Generate(harness.MeterCase):
    def make(self, url, description, expect=201, **members):
        return self.client.post("/api/strategies/generate",
                                {"url": url, "description": description, "name": "Made", **members}, expect=expect).json

    def test_a_sentence_is_enough(self):
        made = self.make(self.site.url("/shop"), "Product names and prices")
        self.assertEqual(made["scraper_type"], "css")
        self.assertEqual(made["attempts"], 1)
        self.assertEqual([list(item.values()) for item in made["preview_data"]],
                         [list(item.values()) for item in SHOP_ITEMS])
        self.assertEqual(set(made["strategy"]["fields"]), set(made["preview_data"][0]))
        for name, field in made["strategy"]["explain"].items():
            self.assertIn(name, made["strategy"]["fields"])
            self.assertTrue(0 <= field["confidence"] <= 1, field)
        job = self.client.execute(made, self.site.url("/shop"))
        self.assertEqual(job["results"], made["preview_data"])
        self.assertFalse(job["has_changes"])

    def test_a_schema_names_and_types_the_fields(self):
        made = self.make(self.page(catalogue()), "the kettles", output_schema={"title": "string", "price": "number"})
        self.assertEqual(made["preview_data"][:2], [{"title": "Kettle 1", "price": 1.5},
                                                    {"title": "Kettle 2", "price": 2.5}])
        self.assertEqual(len(made["preview_data"]), 8)

    def test_a_nested_schema_is_filled_by_what_its_inner_keys_say(self):
        made = self.make(self.site.url("/shop"), "products", output_schema={
            "product": {"name": "string", "pricing": {"amount": "number", "currency": "string"}}})
        self.assertEqual([item["product"]["name"] for item in made["preview_data"]], ["Product A", "Product B"])
        self.assertEqual([item["product"]["pricing"]["amount"] for item in made["preview_data"]], [19.99, 29.99])

    def test_an_api_that_a_script_asks_serves_sibling_pages_too(self):
        for name in ("kettles", "cups"):
            self.site.page(f"/boards/{name}", f"<title>{name}</title><div id=root></div>"
                           f"<script>fetch('/json/board/{name}?page=1').then(show)</script>")
        made = self.make(self.site.url("/boards/kettles"), "titles", force_api=True)
        self.assertEqual((made["scraper_type"], made["api_parameters"]), ("api", {"page": "1"}))
        self.assertEqual(made["preview_data"], [{"title": "kettles engineer"}, {"title": "kettles designer"}])
        job = self.client.execute(made, self.site.url("/boards/cups"))
        self.assertEqual(job["results"], [{"title": "cups engineer"}, {"title": "cups designer"}])

    def test_the_same_page_and_sentence_give_the_same_plan(self):
        url = self.page(catalogue())
        plans = [self.make(url, "names, prices and links")["strategy"] for _ in range(3)]
        self.assertEqual(plans[0], plans[1])
        self.assertEqual(plans[0], plans[2])

    def test_a_field_that_is_not_there_is_null_with_a_warning(self):
        made = self.make(self.page(catalogue()), "product names, prices and author birthdays")
        self.assertEqual(len(made["preview_data"]), 8)
        wanted = [name for name in made["preview_data"][0] if made["preview_data"][0][name] is None]
        self.assertTrue(made["warnings"])
        for warning in made["warnings"]:
            self.assertTrue(not wanted or any(name in warning for name in wanted), made)

    def test_a_page_without_anything_that_fits_is_422_and_counts_nothing(self):
        used = self.client.get("/api/account/quota").json["strategy_quota"]["used"]
        for path, detail in (("/blank", "No items could be extracted"), ("/captcha", "Page blocked: captcha")):
            with self.subTest(path=path):
                answer = self.client.post("/api/strategies/generate", {
                    "url": self.site.url(path), "description": "product names and prices", "name": "None"})
                self.assert_error(answer, 422, detail, "unprocessable")
                if path == "/blank":
                    self.assertRegex(answer.json["errors"][0]["msg"], "^looked for .*price.*; found ")
        self.assertEqual(self.client.get("/api/account/quota").json["strategy_quota"]["used"], used)

    def test_an_api_is_asked_for_and_there_is_none(self):
        self.assert_error(self.client.post("/api/strategies/generate", {
            "url": self.site.url("/content"), "description": "prices", "name": "None", "scraper_type": "api"}), 422,
            "No API found for this page", "unprocessable")

    def test_a_url_that_answers_json_is_an_api(self):
        for members in ({"scraper_type": "api"}, {"force_api": True}, {}):
            with self.subTest(**members):
                made = self.make(self.site.url("/json/list"), "names and prices", **members)
                self.assertEqual(made["scraper_type"], "api")
                self.assertEqual(made["preview_data"], SHOP_ITEMS)

    def test_force_api_falls_back_to_the_page(self):
        made = self.make(self.site.url("/shop"), "names and prices", force_api=True)
        self.assertEqual(made["scraper_type"], "css")
        self.assertEqual(len(made["preview_data"]), 2)

    def test_an_idempotency_key_makes_one_strategy(self):
        body = {"url": self.site.url("/shop"), "description": "names", "name": "Once"}
        headers = {"Idempotency-Key": "generate-once"}
        first = self.client.post("/api/strategies/generate", body, headers=headers, expect=201)
        again = self.client.post("/api/strategies/generate", body, headers=headers, expect=201)
        self.assertEqual(first.json, again.json)
        self.assertEqual(again.headers["idempotent-replayed"], "true")


class Refine(harness.MeterCase):
    def refine(self, strategy, feedback, expect=200):
        return self.client.post(f"/api/strategies/{strategy['id']}/refine", {"feedback": feedback}, expect=expect)

    def names(self):
        return self.client.post("/api/strategies/generate", {
            "url": self.page(catalogue()), "description": "product names", "name": "Kettles"}, expect=201).json

    def test_a_field_is_added_in_place(self):
        before = self.names()
        after = self.refine(before, "also extract prices").json
        for member in ("id", "name", "url", "description", "created_at", "output_schema", "filter_config"):
            self.assertEqual(after[member], before[member], member)
        self.assertGreaterEqual(after["updated_at"], before["updated_at"])
        added = set(after["preview_data"][0]) - set(before["preview_data"][0])
        self.assertEqual(len(added), 1, after["preview_data"][0])
        self.assertEqual([item[added.copy().pop()] for item in after["preview_data"]][:2], ["$1.50", "$2.50"])
        self.assertEqual(self.client.get(f"/api/strategies/{before['id']}").json, after)
        job = self.client.execute(after, after["url"])
        self.assertEqual(job["results"], after["preview_data"])

    def test_the_kept_page_counts_not_the_page_of_today(self):
        path = "/refined-page"
        self.site.page(path, catalogue())
        made = self.client.post("/api/strategies/generate", {
            "url": self.site.url(path), "description": "product names", "name": "Kettles"}, expect=201).json
        self.site.page(path, fixture_site.page("Gone", "<p>Closed."))
        self.assertEqual(len(self.refine(made, "also extract prices").json["preview_data"]), 8)
        self.assertEqual(self.site.hits(path), 1)

    def test_feedback_that_is_not_understood_is_422_with_its_words(self):
        before = self.names()
        answer = self.refine(before, "flurble the wibbly gronk", expect=422)
        self.assertTrue(answer.json["detail"].startswith("Feedback not understood: "), answer.json)
        self.assertIn("flurble", answer.json["detail"])
        self.assertEqual(self.client.get(f"/api/strategies/{before['id']}").json, before)

    def test_bad_bodies_are_400(self):
        strategy = self.names()
        for body in ({}, {"feedback": ""}, {"feedback": " \n"}, {"feedback": None}, {"feedback": 7},
                     {"feedback": ["x"]}, {"feedback": "x" * 10001}):
            with self.subTest(body=str(body)[:40]):
                answer = self.client.post(f"/api/strategies/{strategy['id']}/refine", body)
                self.assert_error(answer, 400)
                self.assertIn("feedback", str(answer.json))

    def test_content_cannot_be_refined(self):
        made = self.client.post("/api/strategies/generate", {
            "url": self.site.url("/content"), "description": "", "name": "Docs", "scraper_type": "content"},
            expect=201).json
        self.assert_error(self.client.post(f"/api/strategies/{made['id']}/refine", {"feedback": "add prices"}), 400,
                          "Content strategies cannot be refined")

    def test_a_strategy_that_is_not_there_is_404(self):
        mine = self.names()
        other = self.server.client(self.server.new_key(account="refine-other"))
        for client, strategy_id in ((self.client, UNKNOWN_ID), (self.client, "nonsense"), (other, mine["id"])):
            with self.subTest(strategy_id=strategy_id):
                self.assert_error(client.post(f"/api/strategies/{strategy_id}/refine", {"feedback": "add prices"}), 404,
                                  "Strategy not found")

    def test_refinements_at_once_are_all_kept(self):
        strategy = self.names()
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda what: self.refine(strategy, f"also extract {what}"),
                                    ("prices", "sku", "images")))
        self.assertEqual([answer.status for answer in answers], [200] * 3)
        final = self.client.get(f"/api/strategies/{strategy['id']}").json
        self.assertEqual(len(final["preview_data"][0]), 4, final["preview_data"][0])


if __name__ == "__main__":
    unittest.main()
