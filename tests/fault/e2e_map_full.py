#!/usr/bin/python3
"""The store has reached its limit: agents keep their results until it is raised.

    e2e_map_full.py        programs: see support/fleet.py
"""
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import ledger
from fleet import FleetTest
from process import NotYet, until

CHECKS = 20     # measured
BULK = 40       # imported: an hour's slot each, so that judging them is cheap


class MapFull(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers()
        measured = [fleet.check(f"port{n}", "tcp", host="acme.test",
                                port=fleet.site.port) for n in range(CHECKS)]
        bulk = [fleet.check(f"bulk{n}", "tcp", host="acme.test",
                            port=fleet.site.port, interval="1h")
                for n in range(BULK)]
        cls.settings = {"regions": ["eu"], "store_max": "2MiB",
                        "sites": [{"name": "acme", "checks": measured + bulk}]}
        fleet.configure(**cls.settings)
        fleet.start_collector()
        fleet.add_agent("eu1", "eu")
        fleet.start_agent("eu1")
        fleet.wait_for_results("acme/port0", 1)

    def measured(self):
        return [row for row in self.fleet.export() if row["agent"] == "eu1"
                and row["check"].startswith("acme/port")]

    def import_until_full(self):
        """One result a chunk, each of them new; then one by one."""
        at = int(time.time()) - 30 * 86400
        number = 0
        for count in (1000, 40, 1):
            for _ in range(100):
                lines = []
                for _ in range(count):
                    number += 1
                    lines.append(json.dumps({
                        "ts": (at + number // BULK * 1800) * 1000,
                        "check": f"acme/bulk{number % BULK}", "region": "eu",
                        "agent": "bulk", "status": "up"}))
                done = self.fleet.cli("import", "-", input="\n".join(lines))
                if done.returncode != 0:
                    break
            self.assertEqual(3, done.returncode, done.stderr)
            self.assertIn("full", done.stderr)

    def test_results_wait_until_the_limit_is_raised(self):
        fleet = self.fleet
        agent = fleet.agents["eu1"].process
        self.import_until_full()
        agent.wait_for_log("code=DISK_FULL", 90)
        self.assertIn("map is full", fleet.collector.log_text())
        self.assertTrue(fleet.collector.is_running())
        # Questions are answered.  In so small a map much of what is free is
        # what one transaction needs to write its pages anew.
        status = fleet.ask("status")
        self.assertGreater(status["store"]["used_ratio"], 0.5)
        full = len(self.measured())
        fleet.configure(**{**self.settings, "store_max": "64MiB"})
        self.assertEqual(0, fleet.collector.stop())
        fleet.start_collector()

        def arrived():
            count = len(self.measured())
            if count < full + 3 * CHECKS:
                raise NotYet(f"{count} results, {full} while it was full")
            return True
        until("what waited arrives", 90, arrived, pause=0.5)
        fleet.wait_until_drained(under_way=2 * CHECKS)
        rows = self.measured()
        self.assertEqual([], ledger.doubled(rows))
        self.assertEqual([], ledger.missing_slots(rows, 5))
        self.assertEqual([], fleet.ask("verify", codes=(0,))["differences"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
