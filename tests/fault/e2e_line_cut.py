#!/usr/bin/python3
"""The collector is away for a minute; agents go on.

What they measured arrives afterwards, in order and once.  An outage that was
over before the collector saw it is kept as late and told to nobody; one that
still lasts is told at once; one that had been told and ended meanwhile is told
as over.
"""
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import ledger
from fleet import FleetTest
from process import NotYet, until

INTERVAL_S = 5


class LineCut(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        names = ("acme", "beta", "gamma")
        fleet.start_servers(names)
        fleet.configure(
            regions=["eu", "us", "ap"],
            alerts={"regional": {"open_after": 2, "close_after": 2,
                                 "min": "0s"}},
            sites=[{"name": name, "checks": [
                fleet.check("home", "http", url=fleet.site.url(name))]}
                for name in names])
        fleet.start_collector()
        fleet.add_three()
        fleet.wait_for_results("acme/home", 6)

    def test_1_an_outage_without_witness_is_late_and_one_that_lasts_is_told(
            self):
        fleet = self.fleet
        fleet.site.drop("gamma")
        until("the mail before the cut", 60,
              lambda: fleet.mail.find("firing", "gamma/home"), pause=0.2)
        stopped = time.time()
        self.assertEqual(0, fleet.collector.stop())
        fleet.site.let_through("gamma")
        fleet.site.drop("acme", "127.0.0.11")
        # Slots pass by themselves; nothing can be asked of a stopped collector.
        time.sleep(6 * INTERVAL_S)
        fleet.site.let_through("acme", "127.0.0.11")
        fleet.site.drop("beta")
        time.sleep(6 * INTERVAL_S)
        for agent in fleet.agents.values():
            self.assertTrue(agent.process.is_running())
        started = time.time()
        fleet.start_collector()

        def late():
            found = [one for one in fleet.ask("incidents")["incidents"]
                     if one["check"] == "acme/home"]
            if not found or found[0]["state"] != "closed":
                raise NotYet(str(found))
            return found
        incident, = until("the incident nobody saw", 90, late, pause=0.3)
        self.assertEqual("eu", incident["scope"])
        self.assertTrue(incident["late"], incident)
        start = ledger.seconds(incident["start"])
        self.assertGreater(start, stopped - INTERVAL_S)
        self.assertLess(ledger.seconds(incident["end"]), started)

        until("the mail about what still lasts", 60,
              lambda: fleet.mail.find("firing", "beta/home"), pause=0.2)
        fleet.site.let_through("beta")
        until("the mail that it is over", 60,
              lambda: fleet.mail.find("resolved", "beta/home"), pause=0.2)
        until("the mail that what was told is over", 60,
              lambda: fleet.mail.find("resolved", "gamma/home"), pause=0.2)
        self.assertEqual(1, len(fleet.mail.find("firing", "gamma/home")))
        self.assertEqual([], fleet.mail.find(about="acme/home"))

        fleet.wait_until_drained()
        rows = fleet.export()
        self.assertEqual([], ledger.doubled(rows))
        self.assertEqual([], ledger.holes(rows))
        self.assertEqual([], ledger.missing_slots(rows, INTERVAL_S))
        away = [row for row in rows
                if stopped < ledger.seconds(row["ts"]) < started]
        self.assertEqual({"eu1", "us1", "ap1"}, {r["agent"] for r in away})


if __name__ == "__main__":
    unittest.main(verbosity=2)
