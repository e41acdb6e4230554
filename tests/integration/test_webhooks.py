"""Webhooks: bodies, headers, signatures, attempts, isolation, dead letters, tests, mail (BEHAVIOUR 13.3, 15)."""

import datetime
import email
import email.policy
import shutil
import socket
import subprocess
import unittest

import fixture_site
import harness
from harness import eventually
from receiver import MailServer, Receiver, body_of, check_signature

QUICK = ("--min-interval-seconds", "1", "--webhooks-timeout-seconds", "1", "--webhooks-retry-seconds", "0.2,0.2,0.2",
         "--webhooks-lease-seconds", "2")
STANDARD_COMPLETED = ["job_id", "schedule_id", "status", "url", "results", "item_count", "has_changes", "content_hash",
                      "changes", "completed_at", "metadata"]
STANDARD_FAILED = ["job_id", "schedule_id", "status", "url", "error", "completed_at", "metadata"]


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class WebhookCase(harness.MeterCase):
    server_options = QUICK

    def setUp(self):
        self.own = fixture_site.FixtureSite()
        self.own.start()
        self.addCleanup(self.own.close)
        self.receiver = Receiver().start()
        self.addCleanup(self.receiver.close)

    def schedule(self, hook, url=None, once=True, **members):
        """A schedule that ticks every second; with `once` it is disabled after its first job."""
        url = url or self.own.url("/shop")
        strategy = self.client.strategy(self.own.url("/shop"))
        schedule = self.client.post("/api/schedules", {"strategy_id": strategy["id"], "url": url, "interval_seconds": 1,
                                                       "webhook_url": hook, **members}, expect=201).json
        self.addCleanup(lambda: self.client.delete(f"/api/schedules/{schedule['id']}"))
        if once:
            eventually(lambda: self.deliveries(schedule), what="the first delivery")
            self.client.patch(f"/api/schedules/{schedule['id']}", {"enabled": False}, expect=200)
        return schedule

    def deliveries(self, schedule, **query):
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return self.client.get(f"/api/webhooks/deliveries?schedule_id={schedule['id']}{more}", expect=200).json

    def ended(self, schedule, count=1, deadline=20.0):
        def found():
            ended = [one for one in self.deliveries(schedule) if one["status"] != "pending"]
            return ended if len(ended) >= count else None
        return eventually(found, deadline, f"the end of {count} deliveries")

    def hooks(self, path, count=1, deadline=15.0):
        def found():
            hooks = self.receiver.requests(path)
            return hooks if len(hooks) >= count else None
        return eventually(found, deadline, f"{count} requests at {path}")

    def assert_payload(self, name, payload):
        harness.the_spec()._schema({"$ref": f"#/components/schemas/{name}"}, payload)


class Standard(WebhookCase):
    def test_every_job_is_told_with_signature_and_difference(self):
        schedule = self.schedule(self.receiver.url("/hook"), once=False, webhook_metadata={"team": "shop", "n": [1]})
        secret = schedule["webhook_secret"]
        self.assertRegex(secret, r"^whsec_[0-9a-f]{32}$")
        first = self.hooks("/hook")[0]
        check_signature(first, secret)
        payload = body_of(first)
        self.assert_payload("JobCompletedPayload", payload)
        self.assertEqual(list(payload), STANDARD_COMPLETED)
        self.assertEqual((payload["schedule_id"], payload["status"], payload["has_changes"], payload["changes"]),
                         (schedule["id"], "completed", False, None))
        self.assertEqual(payload["metadata"], {"team": "shop", "n": [1]})
        self.assertEqual(payload["results"], self.client.get_job(payload["job_id"])["results"])
        for name, value in {"content-type": "application/json", "x-webhook-event": "job.completed",
                            "x-webhook-attempt": "1"}.items():
            self.assertEqual(first.headers[name], value)
        self.assertRegex(first.headers["user-agent"], r"^meter-server/\d")

        self.own.set_price("Product A", "$21.99")

        def changed():
            return next((hook for hook in self.receiver.requests("/hook") if body_of(hook)["has_changes"]), None)
        hook = eventually(changed, what="a delivery of the change")
        check_signature(hook, secret)
        self.assert_payload("JobCompletedPayload", body_of(hook))
        changes = body_of(hook)["changes"]
        self.assertEqual(changes["modified"][0]["fields"], {"price": {"old": "$19.99", "new": "$21.99"}})
        self.assertEqual((len(changes["added"]), len(changes["removed"])), (1, 1))

        self.client.patch(f"/api/schedules/{schedule['id']}", {"url": self.own.url("/status/404")}, expect=200)

        def failed():
            return next((hook for hook in self.receiver.requests("/hook") if body_of(hook)["status"] == "failed"), None)
        hook = eventually(failed, what="a delivery of the failure")
        self.assertEqual(list(body_of(hook)), STANDARD_FAILED)
        self.assert_payload("JobFailedPayload", body_of(hook))
        self.assertEqual(hook.headers["x-webhook-event"], "job.failed")
        self.assertEqual(body_of(hook)["error"], "Page not accessible: 404 Not Found")

        delivered = [one for one in self.ended(schedule, 3) if one["status"] == "delivered"]
        ids = {hook.headers["x-webhook-id"] for hook in self.receiver.requests("/hook")}
        self.assertLessEqual({one["id"] for one in delivered}, ids)
        self.assertEqual({one["last_status_code"] for one in delivered}, {200})
        self.assertNotIn(secret, self.server.log(1_000_000))

    def test_only_changes_and_failures_when_asked(self):
        schedule = self.schedule(self.receiver.url("/changes"), once=False, webhook_on="changes")
        query = f"/api/jobs?schedule_id={schedule['id']}&status=completed"
        eventually(lambda: len(self.client.get(query).json) >= 2, what="two unchanged jobs")
        self.assertEqual(self.receiver.requests("/changes"), [])
        self.own.set_price("Product A", "$1.00")
        self.assertTrue(body_of(self.hooks("/changes")[0])["has_changes"])
        self.own.set_products([])
        eventually(lambda: len([hook for hook in self.receiver.requests("/changes")
                                if body_of(hook)["results"] == []]) == 1, what="the first empty run")
        count = len(self.client.get(query).json)
        eventually(lambda: len(self.client.get(query).json) >= count + 2, what="more empty runs")
        self.assertEqual(len([hook for hook in self.receiver.requests("/changes")
                              if body_of(hook)["results"] == []]), 1)

    def test_several_urls_are_told_one_by_one(self):
        urls = [self.own.url("/shop"), self.own.url("/detail/1")]
        strategy = self.client.strategy(urls[0])
        schedule = self.client.post("/api/schedules", {
            "strategy_id": strategy["id"], "urls": urls, "interval_seconds": 1,
            "webhook_url": self.receiver.url("/many")}, expect=201).json
        self.addCleanup(lambda: self.client.delete(f"/api/schedules/{schedule['id']}"))
        hooks = self.hooks("/many", 2)
        self.assertEqual(sorted(body_of(hook)["url"] for hook in hooks[:2]), sorted(urls))

    def test_manual_jobs_are_told_to_nobody(self):
        schedule = self.schedule(self.receiver.url("/manual"))
        before = len(self.deliveries(schedule))
        self.client.execute({"strategy_id": schedule["strategy_id"]}, self.own.url("/shop"))
        self.assertEqual(len(self.deliveries(schedule)), before)


class Attempts(WebhookCase):
    def assert_repeated(self, path, count, secret=None):
        """The same id and bytes each time, attempts counted, signatures of their own time."""
        hooks = self.hooks(path, count)
        by_id = {}
        for hook in hooks:
            by_id.setdefault(hook.headers["x-webhook-id"], []).append(hook)
        repeated = max(by_id.values(), key=len)
        self.assertGreaterEqual(len(repeated), count)
        self.assertEqual(len({hook.body for hook in repeated}), 1)
        self.assertEqual([hook.headers["x-webhook-attempt"] for hook in repeated][:count],
                         [str(number + 1) for number in range(count)])
        for hook in repeated if secret else []:
            check_signature(hook, secret)
        return repeated

    def test_failures_are_tried_again_until_one_succeeds(self):
        for name, failure in (("500", 500), ("408", 408), ("425", 425), ("429", 429),
                              ("die", self.receiver.die), ("hang", self.receiver.hang), ("drip", self.receiver.drip)):
            with self.subTest(name):
                hook = self.receiver.on(f"/{name}", self.receiver.fail_first(2, failure))
                schedule = self.schedule(hook)
                self.assert_repeated(f"/{name}", 3, schedule["webhook_secret"])
                ended = self.ended(schedule)[-1]
                self.assertEqual((ended["status"], ended["attempts"], ended["last_error"]), ("delivered", 3, None))

    def test_a_receiver_that_was_not_there(self):
        port = unused_port()
        schedule = self.schedule(f"http://127.0.0.1:{port}/late")
        eventually(lambda: self.deliveries(schedule)[-1]["attempts"] >= 1, what="the first attempt")
        with Receiver(port) as late:
            eventually(lambda: late.requests("/late"), what="a later attempt")
            self.assertEqual(self.ended(schedule)[-1]["status"], "delivered")

    def test_after_the_last_attempt_it_is_listed_and_can_be_replayed(self):
        hook = self.receiver.on("/dead", self.receiver.fail_first(4, 503))
        schedule = self.schedule(hook)
        dead = self.ended(schedule)[-1]
        self.assertEqual((dead["status"], dead["attempts"], dead["last_status_code"], dead["next_attempt_at"]),
                         ("failed", 4, 503, None))
        self.assertEqual(dead["last_error"], "Webhook returned status 503")
        self.assertIn(dead["id"], [one["id"] for one in self.deliveries(schedule, status="failed")])
        sent = self.assert_repeated("/dead", 4)
        replay = f"/api/webhooks/deliveries/{dead['id']}/replay"
        self.assertEqual(self.other_client().post(replay).status, 404)
        again = self.client.post(replay, expect=200).json
        self.assertEqual((again["status"], again["attempts"], again["completed_at"]), ("pending", 0, None))
        last = eventually(lambda: [hook for hook in self.receiver.requests("/dead")
                                   if hook.headers["x-webhook-id"] == dead["id"]][4:], what="the replay")[0]
        self.assertEqual((last.body, last.headers["x-webhook-attempt"]), (sent[0].body, "1"))
        eventually(lambda: next(one for one in self.deliveries(schedule) if one["id"] == dead["id"])["status"] ==
                   "delivered", what="its end")

    def test_refusals_and_redirects_end_it_at_once(self):
        other = self.receiver.url("/elsewhere")
        for code in (301, 302, 307, 308, 400, 401, 404, 410):
            with self.subTest(code):
                headers = [("Location", other)] if code < 400 else []
                schedule = self.schedule(self.receiver.on(f"/end/{code}", self.receiver.status(code, headers=headers)))
                ended = self.ended(schedule)[-1]
                self.assertEqual((ended["status"], ended["attempts"], ended["last_status_code"]), ("failed", 1, code))
        self.assertEqual(self.receiver.requests("/elsewhere"), [])

    def test_retry_after_is_waited_for(self):
        slow_down = self.receiver.status(429, headers=[("Retry-After", "2")])
        schedule = self.schedule(self.receiver.on("/later", self.receiver.fail_first(1, slow_down)))
        self.assertEqual(self.ended(schedule)[-1]["status"], "delivered")
        first, second = [hook for hook in self.receiver.requests("/later")
                         if hook.headers["x-webhook-id"] == self.deliveries(schedule)[-1]["id"]][:2]
        self.assertGreaterEqual(second.at - first.at, 1.9)

    def test_an_answer_that_drips_has_been_given(self):
        def drips(handler, _):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
            handler.wfile.flush()
            self.receiver.released.wait(5)
            handler.close_connection = True
        schedule = self.schedule(self.receiver.on("/drips", drips))
        ended = self.ended(schedule)[-1]
        self.assertEqual((ended["status"], ended["attempts"]), ("delivered", 1))

    def test_receivers_that_hang_delay_no_other(self):
        for number in range(3):
            self.schedule(self.receiver.on(f"/hang/{number}", self.receiver.hang), once=False)
        with Receiver() as quick:
            schedule = self.schedule(quick.url("/quick"), once=False)
            eventually(lambda: len(quick.requests("/quick")) >= 4, what="deliveries to the quick receiver")
            for one in self.ended(schedule, 4):
                self.assertEqual((one["status"], one["attempts"]), ("delivered", 1))
            late = sorted(hook.wall - moment(body_of(hook)["completed_at"]) for hook in quick.requests("/quick"))
            # Two seconds, and one that the whole seconds of completed_at leave out.
            self.assertLess(late[int(len(late) * 0.95)], 3)

    def test_the_secret_of_the_moment_signs(self):
        hook = self.receiver.on("/secret", self.receiver.fail_first(1, self.receiver.status(
            503, headers=[("Retry-After", "2")])))
        schedule = self.schedule(hook)
        self.hooks("/secret")
        target = f"/api/schedules/{schedule['id']}/webhook-secret/regenerate"
        fresh = self.client.post(target, expect=200).json["webhook_secret"]
        first, second = self.assert_repeated("/secret", 2)[:2]
        check_signature(first, schedule["webhook_secret"])
        check_signature(second, fresh)

    def test_deleting_the_schedule_drops_what_is_pending(self):
        hook = self.receiver.on("/drop", self.receiver.status(503, headers=[("Retry-After", "1000")]))
        schedule = self.schedule(hook)
        eventually(lambda: self.deliveries(schedule, status="pending"), what="a pending delivery")
        self.client.delete(f"/api/schedules/{schedule['id']}", expect=200)
        self.assertEqual(self.deliveries(schedule, status="pending"), [])

    def test_what_has_nowhere_to_go_any_more_is_not_replayed_and_stays_listed(self):
        schedule = self.schedule(self.receiver.url("/gone"))
        ended = eventually(lambda: self.deliveries(schedule, status="delivered"), what="a delivery")[-1]
        target = f"/api/schedules/{schedule['id']}"
        replay = f"/api/webhooks/deliveries/{ended['id']}/replay"
        self.client.patch(target, {"webhook_url": None, "enabled": False}, expect=200)
        self.assert_error(self.client.post(replay), 409, "Schedule has no webhook URL", "conflict")
        self.client.delete(target, expect=200)
        self.assert_error(self.client.post(replay), 409, "The schedule of this delivery was deleted", "conflict")
        self.assertIn(ended, self.deliveries(schedule))


class Lists(WebhookCase):
    def test_deliveries_are_listed_by_schedule_and_status(self):
        good = self.schedule(self.receiver.url("/good"))
        bad = self.schedule(self.receiver.on("/bad", self.receiver.status(400)))
        self.ended(good)
        self.ended(bad)
        every = self.client.get("/api/webhooks/deliveries", expect=200).json
        times = [(one["created_at"], one["id"]) for one in every]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertEqual({one["schedule_id"] for one in self.deliveries(bad)}, {bad["id"]})
        self.assertEqual({one["status"] for one in self.deliveries(bad, status="failed")}, {"failed"})
        self.assertEqual(self.deliveries(bad, status="delivered"), [])
        self.assertEqual(self.client.get("/api/webhooks/deliveries?limit=1&offset=1", expect=200).json, every[1:2])
        for one in every:
            self.assertEqual(one["id"], one["delivery_id"])
            self.assertEqual(self.client.get_job(one["job_id"])["schedule_id"], one["schedule_id"])
        self.assertEqual(self.other_client().get("/api/webhooks/deliveries", expect=200).json, [])

    def test_what_is_asked_wrongly_is_400_or_404(self):
        for query in ("limit=0", "limit=1001", "offset=-1", "status=lost", "schedule_id=x"):
            self.assert_error(self.client.get("/api/webhooks/deliveries?" + query), 400)
        for delivery in (harness.UNKNOWN_ID, "nonsense"):
            self.assert_error(self.client.post(f"/api/webhooks/deliveries/{delivery}/replay"), 404)

    def test_what_is_pending_cannot_be_replayed(self):
        hook = self.receiver.on("/wait", self.receiver.status(503, headers=[("Retry-After", "1000")]))
        schedule = self.schedule(hook)
        pending = eventually(lambda: self.deliveries(schedule, status="pending"), what="a pending delivery")[0]
        self.assert_error(self.client.post(f"/api/webhooks/deliveries/{pending['id']}/replay"), 409,
                          "The delivery is still pending")


class Tests(WebhookCase):
    def test_a_standard_test(self):
        body = {"webhook_url": self.receiver.url("/test"), "webhook_secret": "whsec_AAECAwQF",
                "webhook_metadata": {"a": 1}}
        answer = self.client.post("/api/webhooks/test", body, expect=200).json
        self.assertEqual(answer, {"success": True, "status_code": 200, "message": "Webhook delivered successfully"})
        hook = self.receiver.requests("/test")[0]
        check_signature(hook, "whsec_AAECAwQF")
        self.assertEqual(hook.headers["x-webhook-event"], "test")
        payload = body_of(hook)
        self.assert_payload("JobCompletedPayload", payload)
        self.assertEqual((payload["has_changes"], len(payload["results"]), payload["metadata"]), (True, 2, {"a": 1}))

        self.client.post("/api/webhooks/test", {"webhook_url": self.receiver.url("/bare")}, expect=200)
        bare = self.receiver.requests("/bare")[0].headers
        self.assertFalse({"x-webhook-secret", "x-webhook-signature", "webhook-signature"} & set(bare))

    def test_failures_are_answers(self):
        for code in (301, 404, 500):
            url = self.receiver.on(f"/code/{code}", self.receiver.status(code))
            answer = self.client.post("/api/webhooks/test", {"webhook_url": url}, expect=200).json
            self.assertEqual(answer, {"success": False, "status_code": code,
                                      "message": f"Webhook returned status {code}"})
            self.assertEqual(len(self.receiver.requests(f"/code/{code}")), 1)
        for url in (f"http://127.0.0.1:{unused_port()}/", self.receiver.on("/slow", self.receiver.hang),
                    "http://nowhere.invalid/", "mailto:me@shop.example"):
            answer = self.client.post("/api/webhooks/test", {"webhook_url": url}, expect=200).json
            self.assertEqual((answer["success"], answer["status_code"]), (False, 0))
            self.assertRegex(answer["message"], r"^Webhook request failed: \S")

    def test_wrong_members(self):
        for body in ({}, {"webhook_url": None}, {"webhook_url": 5},
                     {"webhook_url": "http://x.test/", "webhook_type": "fax"},
                     {"webhook_url": "http://x.test/", "webhook_metadata": []},
                     {"webhook_url": "http://x.test/", "webhook_secret": "\u00e4"}):
            with self.subTest(body):
                self.assert_error(self.client.post("/api/webhooks/test", body), 400)
        for url in ("", "nonsense", "ftp://x.test/", "http://", "mailto:", "mailto:a b@c.test"):
            self.assert_error(self.client.post("/api/webhooks/test", {"webhook_url": url}), 422, "Invalid URL format")

    def test_bodies_of_every_type(self):
        for kind, schema in (("slack", "SlackPayload"), ("slack_workflow", "SlackWorkflowPayload"),
                             ("discord", "DiscordPayload")):
            with self.subTest(kind):
                body = {"webhook_url": self.receiver.url(f"/{kind}"), "webhook_type": kind,
                        "webhook_secret": "whsec_hidden", "webhook_metadata": {"team": "a"}}
                self.assertTrue(self.client.post("/api/webhooks/test", body, expect=200).json["success"])
                hook = self.receiver.requests(f"/{kind}")[0]
                self.assert_payload(schema, body_of(hook))
                self.assertNotIn(b"whsec_hidden", hook.body)
                self.assertFalse([name for name, value in hook.headers.items()
                                  if "hidden" in value or "signature" in name])
                self.assertEqual(hook.headers["x-webhook-event"], "test")
        self.assertEqual(body_of(self.receiver.requests("/slack_workflow")[0])["metadata_team"], "a")


class Guarded(harness.MeterCase):
    server_arguments = {"allow_private": False}

    def test_receivers_inside_are_refused(self):
        with Receiver() as receiver:
            answer = self.client.post("/api/webhooks/test", {"webhook_url": receiver.url("/x")}, expect=200).json
            self.assertEqual(answer, {"success": False, "status_code": 0,
                                      "message": "Webhook request failed: URL not allowed by server policy"})
            self.assertEqual(receiver.requests("/x"), [])

    def test_mail_needs_a_mail_server(self):
        self.assertEqual(
            self.client.post("/api/webhooks/test", {"webhook_url": "me@shop.example"}, expect=200).json["message"],
            "Webhook request failed: Email notifications are not configured")


class Mails(WebhookCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = MailServer(login=("meter", "pass word")).__enter__()
        cls.addClassCleanup(cls.mail.__exit__)
        cls.server_options = QUICK + (
            "--smtp-host", "127.0.0.1", "--smtp-port", str(cls.mail.port), "--smtp-security", "none",
            "--smtp-username", "meter", "--smtp-from", "meter@shop.example")
        cls.server_arguments = {"env": {"METER_SMTP_PASSWORD": "pass word"}}
        super().setUpClass()

    def text_of(self, message):
        parsed = email.message_from_bytes(message, policy=email.policy.default)
        return parsed, parsed.get_content()

    def test_a_scheduled_mail(self):
        schedule = self.schedule("mailto:a@x.example,b@y.example")
        self.assertEqual(schedule["webhook_type"], "email")
        wanted = ("meter@shop.example", ["a@x.example", "b@y.example"])
        sent = eventually(lambda: [mail for mail in list(self.mail.messages) if mail[:2] == wanted], what="a mail")
        message = sent[-1][2]
        parsed, text = self.text_of(message)
        self.assertEqual(parsed["Subject"], "[meter] unchanged: Shop")
        self.assertIn("Shop: no changes (2 items) - " + self.own.url("/shop"), text)
        self.assertIn(self.deliveries(schedule)[-1]["id"], parsed["Message-ID"])
        self.assertEqual(self.ended(schedule)[-1]["status"], "delivered")
        self.assertIn(("meter", "pass word"), self.mail.logins)
        self.assertNotIn("pass word", self.server.log(1_000_000))

    def test_a_mail_that_is_put_off_comes_later(self):
        with self.mail.lock:
            self.mail.answers = ["451 later"]
            before = len(self.mail.messages)
        answer = self.client.post("/api/webhooks/test", {"webhook_url": "me@shop.example"}, expect=200).json
        self.assertEqual(answer, {"success": False, "status_code": 0,
                                  "message": "Webhook request failed: Mail server answered 451"})
        answer = self.client.post("/api/webhooks/test", {"webhook_url": "me@shop.example"}, expect=200).json
        self.assertTrue(answer["success"])
        self.assertEqual(len(self.mail.messages), before + 1)
        self.assertIn("Sample product", self.text_of(self.mail.messages[-1][2])[1])


@unittest.skipUnless(shutil.which("openssl"), "no openssl to make a certificate with")
class MailsOverTls(harness.MeterCase):
    @classmethod
    def setUpClass(cls):
        server = harness.Server()
        cls.addClassCleanup(server.close)
        pem = server.folder / "mail.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", pem,
                        "-out", server.folder / "cert.pem"], check=True, capture_output=True)
        pem.write_bytes(pem.read_bytes() + (server.folder / "cert.pem").read_bytes())
        cls.mail = MailServer(login=("u", "p"), certificate=str(pem)).__enter__()
        cls.addClassCleanup(cls.mail.__exit__)
        cls.server_options = ("--smtp-host", "127.0.0.1", "--smtp-port", str(cls.mail.port), "--smtp-username", "u",
                              "--smtp-from", "meter@shop.example", "--smtp-ca-file", str(server.folder / "cert.pem"))
        cls.server_arguments = {"env": {"METER_SMTP_PASSWORD": "p"}}
        super().setUpClass()

    def test_starttls_comes_before_everything(self):
        answer = self.client.post("/api/webhooks/test", {"webhook_url": "me@shop.example"}, expect=200).json
        self.assertTrue(answer["success"], answer)
        self.assertEqual([secure for *_, secure in self.mail.messages], [True])

    def test_without_starttls_nothing_is_sent(self):
        with MailServer() as plain:
            with harness.Server(*harness.UNLIMITED, "--smtp-host", "127.0.0.1", "--smtp-port", str(plain.port),
                                "--smtp-from", "meter@shop.example") as server:
                answer = server.admin().post("/api/webhooks/test", {"webhook_url": "me@shop.example"}, expect=200).json
            self.assertEqual(answer["message"], "Webhook request failed: Mail server does not offer STARTTLS")
            self.assertEqual(plain.messages, [])


if __name__ == "__main__":
    unittest.main()
