"""Hosts that never answer take their share of the workers and no more: DESIGN 5, fairness."""

import unittest

import fixture_site
import harness
from harness import eventually


class HangingHosts(harness.MeterCase):
    server_options = harness.UNLIMITED

    def test_two_hundred_jobs_on_a_hanging_host_do_not_delay_those_of_another(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        other = self.other_client()
        theirs = other.strategy(self.site.url("/shop"))
        with fixture_site.FixtureSite() as hanging:
            stuck = self.client.batch(strategy, [hanging.url("/gate/never")] * 200)
            eventually(lambda: hanging.in_flight() == 4, what="four hanging fetches")
            for client, made in ((self.client, strategy), (other, theirs)):
                with self.subTest(client=client.key[:12]):
                    batch = client.batch(made, [self.site.url("/shop")] * 50)
                    self.assertEqual(client.wait_batch(batch["batch_id"], 20)["completed"], 50)
            progress = self.client.get(f"/api/jobs/batch/{stuck['batch_id']}", expect=200).json
            self.assertEqual((progress["completed"], progress["failed"]), (0, 0), "it still hangs")
            self.assertLess(progress["running"], 10, "jobs that cannot run yet are pending, not running")
            hanging.open("never")
            self.assertEqual(self.client.wait_batch(stuck["batch_id"])["completed"], 200)
            self.assertEqual(hanging.most_in_flight(), 4)

    def test_many_hanging_hosts_leave_workers_to_others(self):
        strategy = self.client.strategy(self.site.url("/shop"))
        sites = [fixture_site.FixtureSite() for _ in range(6)]
        for site in sites:
            site.start()
            self.addCleanup(site.close)
        stuck = self.client.batch(strategy, [site.url("/gate/never") for _ in range(40) for site in sites])
        eventually(lambda: all(site.in_flight() == 4 for site in sites), what="four hanging fetches of each")
        self.assertEqual(self.client.execute(strategy, self.site.url("/shop"))["status"], "completed")
        for site in sites:
            site.open("never")
        self.assertEqual(self.client.wait_batch(stuck["batch_id"])["completed"], 240)


if __name__ == "__main__":
    unittest.main()
