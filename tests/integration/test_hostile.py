"""Input made to hurt: costs stay linear, memory bounded, and whatever is stored comes back unharmed."""

import concurrent.futures
import json
import time
import unittest

import fixture_site
import harness
from harness import eventually

PATIENCE = 20  # seconds; what is quadratic here takes minutes


class HostileBodies(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = cls.site.url("/shop")
        cls.strategy = cls.client.strategy(cls.url)

    def members(self, pieces):
        """A good job request behind other members."""
        good = json.dumps({"strategy_id": self.strategy["id"], "url": self.url})
        return (b"{" + pieces + b"," + good[1:].encode())[:10 << 20]

    def test_bodies_of_ten_mib_of_anything_are_answered_soon(self):
        rows = {
            "members": b",".join(b'"k%d":1' % number for number in range(700_000)),
            "the same member": b",".join([b'"k":1'] * 1_500_000),
            "colliding prefixes": b",".join(b'"' + b"k" * 100 + b'%d":0' % number for number in range(80_000)),
            "array": b'"a":[' + b"1," * 4_000_000 + b"1]",
            "objects": b'"a":[' + b"{}," * 3_000_000 + b"{}]",
            "string": b'"a":"' + b"x" * 9_000_000 + b'"',
            "escapes": b'"a":"' + b"\\u00e9" * 1_500_000 + b'"',
            "number": b'"a":1' + b"0" * 5_000_000,
            "fraction": b'"a":0.' + b"1" * 5_000_000,
        }
        for name, pieces in rows.items():
            with self.subTest(name):
                started = time.monotonic()
                answer = self.client.post("/api/jobs", body=self.members(pieces), timeout=120)
                self.assertIn(answer.status, (201, 400))
                self.assertLess(time.monotonic() - started, PATIENCE)

    def test_odd_numbers_do_no_harm(self):
        for number in (b"1e400", b"-1e400", b"1e-400", b"-0", b"9223372036854775808", b"1E5", b"1" + b"0" * 400,
                       b"0.1e1"):
            with self.subTest(number=number[:20]):
                self.assertIn(self.client.post("/api/jobs", body=self.members(b'"n":' + number)).status, (201, 400))

    def test_texts_come_back_as_they_were_or_are_refused(self):
        for text in ("a\u0000b", "\u0001\u001f\u007f\u0080", "\ufeffx", "\u202eabc", "\U0010ffff", "\uffff",
                     "'; DROP TABLE jobs; --",
                     "%s%n{}", "\\u0041", "</script>", " padded "):
            with self.subTest(text=text):
                answer = self.client.generate(self.url, name=text, description=text, expect=(201, 400))
                if answer.status == 201:
                    self.assertEqual((answer.json["name"], answer.json["description"]), (text, text))
                    again = self.client.get(f"/api/strategies/{answer.json['id']}", expect=200).json
                    self.assertEqual((again["name"], again["description"]), (text, text))

    def test_odd_member_names_of_plans_and_results_come_back(self):
        names = ["", " ", "a.b", "a\u0000b", "\"", "\\", "__proto__", "x" * 200, "\u65e5", "*", "0", "id", "{{url}}"]
        plan = {"container": {"selector": "li.product"}, "fields": {name: {"selector": "h2"} for name in names}}
        answer = self.client.generate(self.url, plan, expect=(201, 400))
        if answer.status == 400:  # one of them is refused: leave out what no page needs
            for name in ("", "a\u0000b"):
                del plan["fields"][name]
            answer = self.client.generate(self.url, plan)
        self.assertEqual(list(answer.json["preview_data"][0]), list(plan["fields"]))
        job = self.client.execute(answer.json, self.url)
        self.assertEqual(list(job["results"][0]), list(plan["fields"]))


class HostilePages(harness.MeterCase):
    def finish(self, body, plan, content_type="text/html; charset=utf-8", **members):
        url = self.page("<p>start</p>" if content_type.startswith("text") else "[]", content_type)
        answer = self.client.generate(url, plan, expect=(201, 400), **members)
        if answer.status == 400:
            return None  # refused for what it would cost
        strategy = answer.json
        self.site.page(url[len(self.site.url("")):], body, content_type)
        started = time.monotonic()
        job = self.client.execute(strategy, url)
        self.assertIn(job["status"], ("completed", "failed"))
        self.assertLess(time.monotonic() - started, PATIENCE)
        return job

    def test_costly_selectors_end(self):
        nested = "<div>" * 200 + "x" + "</div>" * 200
        wide = "<div><p>x</p></div>" * 50_000
        for body in (nested * 50, wide):
            for selector in ("* * * * * * * * * *", ":has(:has(:has(x)))", "* ~ * ~ * ~ * ~ x",
                             "*:not(:has(* > * * x))",
                             ":nth-last-child(2n+1) :nth-last-of-type(odd) x",
                             "xpath://*[count(.//*[count(.//*)>0])>100000]",
                             "xpath://*//*//*//*//x", ", ".join(["div p"] * 200)):
                with self.subTest(selector=selector[:40], size=len(body)):
                    self.finish(body, {"container": {"selector": selector}, "fields": {"v": {"selector": None}}})

    def test_costly_texts_end(self):
        rows = (("<li>" + "a" * 5_000_000, "(a|a)*b"), ("<li>" + "ab" * 1_000_000, "(a?){50}a{50}"),
                ("<li>" + "&amp;" * 1_000_000, None), ("<li " + "a='" * 200_000, None),
                ("<table>" * 20_000 + "<li>x", None),
                ("<li>" + "<b>" * 100_000, None), ("<a><li>" * 20_000, None), ("<!--" + "-" * 2_000_000, None),
                ("<li>x</li>" + "<p>" * 200_000, None), ("<style>" + "<li>" * 200_000, None),
                ("\ufeff" * 100_000 + "<li>x", None))
        for body, regex in rows:
            with self.subTest(body=body[:20], regex=regex):
                field = {"selector": None, **({"regex": regex} if regex else {})}
                self.finish(body, {"container": {"selector": "li"}, "fields": {"v": field}})

    def test_costly_json_ends(self):
        plan = {"type": "api", "request": {"url": "{{url}}"}, "items_path": "", "fields": {}}
        rows = ("[" * 500 + "]" * 500, "[" * 100_000 + "]" * 100_000, '[{"a":' * 20_000 + "1" + "}]" * 20_000,
                "[" + ",".join(['{"a":1}'] * 9_000) + "]", "[{" + ",".join(f'"k{n}":1' for n in range(300_000)) + "}]",
                '["' + "x" * 5_000_000 + '"]', "[1e400]", '[{"a":' + "9" * 1_000_000 + "}]")
        for body in rows:
            with self.subTest(body=body[:30]):
                self.finish(body, plan, "application/json")

    def test_an_item_of_ten_thousand_fields_and_ten_thousand_items(self):
        plan = {"type": "api", "request": {"url": "{{url}}"}, "items_path": "", "fields": {}}
        for items in ([{f"k{number}": number for number in range(10_000)}] * 3,
                      [{"a": number} for number in range(10_000)]):
            job = self.finish(json.dumps(items), plan, "application/json")
            self.assertEqual(job["results"], items)
        too_many = self.finish(json.dumps([{"a": number} for number in range(10_001)]), plan, "application/json")
        self.assert_failed(too_many, "Extraction failed: too many results")

    def test_strange_answers_of_pages(self):
        url = self.site.url("/shop")
        strategy = self.client.strategy(url)
        for headers in ([("Content-Type", "text/html; charset=" + "x" * 10_000)],
                        [("Set-Cookie", "a=" + "b" * 8_000)] * 20,
                        [("X-Long", "y" * 60_000)], [("Location", "http://elsewhere.test/")],
                        [("Content-Encoding", "nonsense")],
                        [("Refresh", "0; url=http://elsewhere.test/")], [("ETag", '"' + "e" * 60_000 + '"')]):
            with self.subTest(headers=str(headers)[:60]):
                page = self.page(fixture_site.shop_html(fixture_site.PRODUCTS), None, headers=headers)
                for _ in range(2):
                    self.assertIn(self.client.execute(strategy, page)["status"], ("completed", "failed"))


class Races(harness.MeterCase):
    def test_patches_of_different_members_do_not_undo_each_other(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        target = f"/api/strategies/{strategy['id']}"

        def patch(member):
            for number in range(40):
                self.client.patch(target, {member: f"{member} {number}"}, expect=200)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(patch, ("name", "description")))
        after = self.client.get(target, expect=200).json
        self.assertEqual((after["name"], after["description"]), ("name 39", "description 39"))

    def test_a_deleted_strategy_is_not_brought_back_by_a_patch_or_a_job(self):
        for _ in range(10):
            strategy = self.client.strategy(self.site.url("/shop"))
            target = f"/api/strategies/{strategy['id']}"
            body = {"strategy_id": strategy["id"], "url": self.site.url("/shop")}
            with concurrent.futures.ThreadPoolExecutor(9) as pool:
                others = [pool.submit(self.client.patch, target, {"name": "x"}, expect=(200, 404)) for _ in range(4)]
                others += [pool.submit(self.client.post, "/api/jobs", body, expect=(201, 404)) for _ in range(4)]
                self.client.delete(target, expect=200)
                made = [each.result().json.get("job_id") for each in others]
            self.client.get(target, expect=404)
            for job_id in filter(None, made):
                self.client.get(f"/api/jobs/{job_id}", expect=404)
        self.assertEqual(self.client.get(f"/api/jobs?strategy_id={strategy['id']}", expect=200).json, [])

    def test_of_many_deletions_one_succeeds(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: self.client.delete(f"/api/strategies/{strategy['id']}").status,
                                     range(8)))
        self.assertEqual(sorted(statuses), [200] + [404] * 7)
        events = self.client.get(f"/api/strategies/audit?strategy_id={strategy['id']}&event=deleted", expect=200).json
        self.assertEqual(len(events), 1)


class Fairness(harness.MeterCase):
    server_options = ("--jobs-workers", "2", "--fetch-per-host", "50")

    def test_a_long_queue_of_one_account_does_not_hold_up_another(self):
        with fixture_site.FixtureSite() as own:
            ahead = []
            own.page("/small", lambda _: (ahead.append(own.hits("/shop")), "x")[1])
            big, small = self.client, self.other_client()
            mine, theirs = big.strategy(own.url("/shop")), small.strategy(own.url("/content"))
            holders = [big.job(mine, own.url("/gate/hold"))["id"] for _ in range(2)]
            eventually(lambda: own.in_flight() == 2, what="two busy workers")
            before = own.hits("/shop")
            batch = big.batch(mine, [own.url("/shop")] * 300)
            job = small.job(theirs, own.url("/small"))
            own.open("hold")
            small.wait_job(job["id"])
            self.assertLessEqual(ahead[0] - before, 10, "claims go round the accounts")
            big.wait_batch(batch["batch_id"])
            for job_id in holders:
                big.wait_job(job_id)


if __name__ == "__main__":
    unittest.main()
