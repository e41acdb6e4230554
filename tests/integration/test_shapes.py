"""Output schemas and filters: BEHAVIOUR 9 and 10, with the vectors of its appendix C."""

import unittest

import fixture_site
import harness


class OutputSchemas(harness.MeterCase):
    def shape(self, items, schema):
        """Items of a JSON answer, shaped by a schema: the results of a job."""
        url = self.site.items(self.path(), items)
        strategy = self.client.strategy(url, {"type": "api", "request": {"url": url}}, output_schema=schema)
        job = self.client.execute(strategy, url)
        self.assertEqual(job["status"], "completed", job)
        return job

    def coerced(self, word, values):
        item = {f"f{number}": value for number, value in enumerate(values)}
        shaped = self.shape([item], {name: word for name in item})["results"][0]
        return list(shaped.values())

    def test_words(self):
        euro = "\u20ac"
        rows = (
            ("string",
             (("a", "a"), (1, "1"), (1.5, "1.5"), (True, "true"), ("", None), (["a", "b"], "a, b"), (None, None))),
            ("number", (("$19.99", 19.99), (f"{euro}1,299.00", 1299), ("free", None), ("-5%", -5), (3, 3), (True, None),
                        ("1 299", 1299), ("about 12 of 30", 12), (2.5, 2.5), (None, None), ("", None))),
            ("float", (("$19.99", 19.99), ("x", None))),
            ("integer", (("225 points", 225), ("2.5", 3), ("-2.5", -3), (2.4, 2), ("none", None), (True, None))),
            ("int", (("7", 7), ("$1,000", 1000))),
            ("boolean",
             (("Yes", True), (" 0 ", False), ("maybe", None), (True, True), ("TRUE", True), (1, True), (0, False),
                         ("no", False), (2, None), (None, None), (" false", False))),
            ("array", (("a, b,,c", ["a", "b", "c"]), (5, [5]), (["x", 1], ["x", 1]), (None, None), (True, [True]))),
            (["number"], (("1, 2,x", [1, 2, None]), (["$5", "6"], [5, 6]))),
            (["string"], (([1, "a"], ["1", "a"]),)),
        )
        for word, pairs in rows:
            with self.subTest(word=word):
                self.assertEqual(self.coerced(word, [given for given, _ in pairs]), [wanted for _, wanted in pairs])

    def test_items_hold_exactly_the_keys_of_the_schema_in_its_order(self):
        results = self.shape([{"b": "2", "a": "1", "extra": "x"}, {"a": "3"}, {}],
                             {"c": "string", "a": "string", "b": "string"})
        self.assertEqual([list(item.items()) for item in results["results"][:2]],
                         [[("c", None), ("a", "1"), ("b", "2")], [("c", None), ("a", "3"), ("b", None)]])

    def test_names_match_without_regard_to_case_dashes_and_spaces(self):
        self.assertEqual(self.shape([{"Product-Name": "a", "UNIT price": "2"}],
                                    {"product_name": "string", "Unit_Price": "number"})["results"],
                         [{"product_name": "a", "Unit_Price": 2}])

    def test_nested_schemas_are_filled_from_flattened_names(self):
        schema = {"product": {"name": "string", "pricing": {"amount": "number", "currency": "string"}},
                  "tags": ["string"]}
        self.assertEqual(self.shape([{"product_name": "A", "product_pricing_amount": "$5", "tags": "x, y"}],
                                    schema)["results"],
                         [{"product": {"name": "A", "pricing": {"amount": 5, "currency": None}}, "tags": ["x", "y"]}])
        self.assertEqual(self.shape([{"tags": "x"}], schema)["results"],
                         [{"product": {"name": None, "pricing": {"amount": None, "currency": None}}, "tags": ["x"]}])

    def test_arrays_of_objects_are_shaped_inside(self):
        self.assertEqual(self.shape([{"offers": [{"price": "$1", "x": 1}, {"price": "2"}]}, {"offers": None}],
                                    {"name": "string", "offers": [{"price": "number"}]})["results"],
                         [{"name": None, "offers": [{"price": 1}, {"price": 2}]}, {"name": None, "offers": None}])

    def test_the_wrapper_form(self):
        url = self.site.url("/shop")
        schema = {"listings": [{"name": "string", "price": "number"}]}
        strategy = self.client.strategy(url, output_schema=schema)
        inner = [{"name": "Product A", "price": 19.99}, {"name": "Product B", "price": 29.99}]
        self.assertEqual(strategy["preview_data"], [{"listings": inner}])
        self.assertEqual(strategy["output_schema"], schema)
        job = self.client.execute(strategy, url)
        self.assertEqual((job["results"], job["item_count"]), ([{"listings": inner}], 2))
        empty = self.client.execute(strategy, self.site.url("/content"))
        self.assertEqual((empty["results"], empty["item_count"]), ([{"listings": []}], 0))
        target = f"/api/strategies/{strategy['id']}"
        self.client.patch(target,
                          {"filter_config": {"conditions": [{"field": "price", "operator": "gt", "value": 20}]}},
                          expect=200)
        job = self.client.execute(strategy, url)
        self.assertEqual((job["results"], job["item_count"]), ([{"listings": inner[1:]}], 1))

    def test_keys_that_name_links_are_made_absolute(self):
        shaped = self.shape([{"url": "/detail/1", "Image_Link": "x.png", "name": "/not/a/link"}],
                            {"url": "string", "image_link": "string", "name": "string"})["results"][0]
        self.assertEqual(shaped["url"], self.site.url("/detail/1"))
        self.assertTrue(shaped["image_link"].startswith(self.site.url("")), shaped)
        self.assertEqual(shaped["name"], "/not/a/link")

    def test_a_json_schema_is_reduced_to_the_short_form(self):
        long = {"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "description": "x"}, "price": {"type": "number"}, "n": {"type": "integer"},
            "ok": {"type": "boolean"}, "tags": {"type": "array", "items": {"type": "string"}},
            "any": {"type": "object"},
            "seller": {"type": "object", "properties": {"city": {"type": "string"}}}}}
        item = {"name": "a", "price": "$2", "n": "3", "ok": "yes", "tags": "x,y", "any": 5, "seller_city": "Ulm",
                "extra": 1}
        wanted = {"name": "a", "price": 2, "n": 3, "ok": True, "tags": ["x", "y"], "any": "5",
                  "seller": {"city": "Ulm"}}
        for schema in (long, {"type": "array", "items": long}):
            with self.subTest(type=schema["type"]):
                self.assertEqual(self.shape([item], schema)["results"], [wanted])

    def test_bad_schemas_are_400(self):
        deep = "string"
        for _ in range(9):
            deep = {"a": deep}
        for schema in ({}, {"a": "text"}, {"a": "String"}, {"a": {}}, {"a": []}, {"a": ["string", "string"]}, {"a": 1},
                       {"a": None},
                       {"a": [[]]}, {"a": ["text"]}, {"a": {"b": "text"}}, {f"k{n}": "string" for n in range(201)},
                       deep):
            with self.subTest(schema=str(schema)[:60]):
                self.assert_error(self.client.generate(self.site.url("/shop"), expect=400, output_schema=schema), 400,
                                  code="invalid_request")
        self.client.strategy(self.site.url("/shop"), output_schema={f"k{n}": "string" for n in range(200)})

    def test_css_fields_are_coerced(self):
        url = self.site.url("/shop")
        job = self.client.execute(self.client.strategy(url, output_schema={"PRICE": "number", "name": "array"}), url)
        self.assertEqual(job["results"][0], {"PRICE": 19.99, "name": ["Product A"]})


ITEM = {"name": "Blue Shirt", "price": "$20.00", "in_stock": True, "tags": ["Sale", "new"], "note": "", "count": 0,
        "off": False,
        "empty": [], "bare": {}, "nothing": None, "size": {"eu": 42, "uk": "8"}, "a.b": "dotted", "a": {"b": "nested"},
        "images": [{"url": "x.png"}, {"url": "y.png"}], "city": "STRASSE \u00c4\u03a3", "n": 5, "f": 2.5, "text5": "5"}


class Filters(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        url = cls.site.items(f"/t/{cls.account}/item", [ITEM])
        cls.strategy = cls.client.strategy(url, {"type": "api", "request": {"url": url}})
        cls.url = url

    def passes(self, config):
        answer = self.client.patch(f"/api/strategies/{self.strategy['id']}", {"filter_config": config}, expect=200)
        return len(answer.json["preview_data"]) == 1

    def table(self, rows):
        for field, operator, value, wanted, *sensitive in rows:
            condition = {"field": field, "operator": operator}
            if value is not None:
                condition["value"] = value
            if sensitive:
                condition["case_sensitive"] = sensitive[0]
            with self.subTest(condition=condition):
                self.assertEqual(self.passes({"conditions": [condition]}), wanted)

    def test_the_vectors(self):
        self.table((
            ("name", "contains", "shirt", True), ("name", "contains", "shirt", False, True),
            ("price", "gt", "19.5", True), ("price", "lt", 20, False),
            ("in_stock", "equals", "true", True), ("missing", "not_equals", "x", True),
            ("missing", "equals", "x", False),
            ("tags", "equals", "sale", True), ("tags", "not_contains", "sal", False),
            ("note", "exists", None, False), ("missing", "not_exists", None, True),
            ("name", "regex_match", "^blue\\s", True)))

    def test_text_operators(self):
        self.table((
            ("name", "contains", "BLUE S", True), ("name", "contains", "BLUE S", False, True),
            ("name", "contains", "red", False),
            ("name", "not_contains", "red", True), ("name", "not_contains", "blue", False),
            ("missing", "contains", "x", False),
            ("missing", "not_contains", "x", True), ("tags", "contains", "al", True),
            ("tags", "contains", "old", False),
            ("tags", "not_contains", "old", True), ("name", "equals", "blue shirt", True),
            ("name", "equals", "blue", False),
            ("name", "equals", "Blue Shirt", True, True), ("name", "equals", "blue shirt", False, True),
            ("name", "not_equals", "blue shirt", False), ("tags", "equals", "new", True),
            ("tags", "not_equals", "new", False),
            ("tags", "equals", "sale", False, True), ("city", "contains", "\u00e4\u03c3", True),
            ("city", "contains", "\u00e4\u03c2", True), ("in_stock", "contains", "ru", True),
            ("count", "equals", "0", True),
            ("size", "contains", '"eu":42', True), ("name", "contains", "", True)))

    def test_numbers(self):
        self.table((
            ("n", "equals", 5, True), ("n", "equals", "5.0", True), ("n", "equals", 5.0, True),
            ("n", "equals", "05", True),
            ("n", "not_equals", "5.0", False), ("text5", "equals", "5.0", False), ("text5", "equals", "5", True),
            ("n", "equals", "five", False), ("f", "equals", 2.5, True), ("f", "gt", 2.5, False),
            ("f", "gt", 2.49, True),
            ("f", "lt", "2.51", True), ("price", "gt", 20, False), ("price", "gt", 19, True),
            ("price", "lt", "20.01", True),
            ("name", "gt", 1, False), ("missing", "gt", 1, False), ("missing", "lt", 1, False),
            ("in_stock", "gt", 0, False),
            ("count", "lt", 1, True), ("count", "gt", -1, True), ("text5", "gt", "$4", True)))

    def test_existence(self):
        self.table([(field, operator, None, (operator == "exists") == there)
                    for field,
                    there in (("name", True), ("count", True), ("off", True), ("note", False), ("empty", False),
                                         ("bare", False), ("nothing", False), ("missing", False), ("size.eu", True),
                                         ("size.us", False), ("images.1.url", True), ("images.2.url", False))
                    for operator in ("exists", "not_exists")])

    def test_paths(self):
        self.table((
            ("size.eu", "equals", 42, True), ("images.0.url", "equals", "x.png", True),
            ("images.1.url", "equals", "x.png", False),
            ("a.b", "equals", "dotted", True), ("a.b", "equals", "nested", False),
            ("size.eu.x", "exists", None, False)))

    def test_regexes(self):
        self.table((
            ("name", "regex_match", "BLUE", True), ("name", "regex_match", "BLUE", False, True),
            ("name", "regex_match", "irt$", True),
            ("name", "regex_match", "^irt", False), ("name", "regex_match", "(?i)shirt", True, True),
            ("missing", "regex_match", ".*", False),
            ("price", "regex_match", r"\$\d+", True), ("name", "regex_match", "(a*)*$", True),
            ("tags", "regex_match", "^new$", True)))

    def test_modes(self):
        yes, no = {"field": "name", "operator": "exists"}, {"field": "missing", "operator": "exists"}
        for mode, conditions, wanted in ((None, [yes, no], False), ("all", [yes, no], False), ("any", [yes, no], True),
                                         ("any", [no, no], False), ("all", [yes, yes], True), (None, [], True),
                                         ("all", [], True),
                                         ("any", [], True)):
            config = {"conditions": conditions} if mode is None else {"mode": mode, "conditions": conditions}
            with self.subTest(config=config):
                self.assertEqual(self.passes(config), wanted)

    def test_jobs_are_filtered_like_the_preview(self):
        self.passes({"conditions": [{"field": "name", "operator": "contains", "value": "red"}]})
        job = self.client.execute(self.strategy, self.url)
        self.assertEqual((job["results"], job["item_count"], job["status"]), ([], 0, "completed"))

    def test_a_hundred_conditions_are_taken(self):
        self.assertTrue(self.passes({"conditions": [{"field": "name", "operator": "exists"}] * 100}))

    def test_hostile_regexes_are_quick(self):
        url = self.page(fixture_site.shop_html([("a" * 50_000, "$1")]))
        strategy = self.client.strategy(url, filter_config={"conditions": [
            {"field": "name", "operator": "regex_match", "value": "(a+)+b"}]})
        self.assertEqual(self.client.execute(strategy, url)["results"], [])


if __name__ == "__main__":
    unittest.main()
