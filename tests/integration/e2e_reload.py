#!/usr/bin/python3
"""SIGHUP: what changed reaches the agents; what is wrong changes nothing."""
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import FleetTest
from process import until


class Reload(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers()
        cls.configure(fleet, ["one"])
        fleet.start_collector()
        fleet.add_agent("eu1", "eu")
        fleet.start_agent("eu1")
        fleet.wait_for_results("acme/one", 1)

    @staticmethod
    def configure(fleet, names, **settings):
        fleet.configure(regions=["eu"], sites=[{"name": "acme", "checks": [
            fleet.check(name, "tcp", host="acme.test", port=fleet.site.port)
            for name in names]}], **settings)

    def reload(self, says):
        since = self.fleet.collector.log_size()
        self.fleet.collector.send(signal.SIGHUP)
        self.fleet.collector.wait_for_log(says, 10, since)

    def checks(self):
        return [one["check"] for one in self.fleet.ask("status")["checks"]]

    def test_1_an_added_check_is_measured_within_seconds(self):
        self.configure(self.fleet, ["one", "two"])
        self.reload("config.in_force")
        begun = time.monotonic()
        self.fleet.wait_for_results("acme/two", 1, seconds=15)
        self.assertLess(time.monotonic() - begun, 15)
        self.assertEqual(["acme/one", "acme/two"], sorted(self.checks()))

    def test_2_a_bad_file_changes_nothing(self):
        self.fleet.config_file.write_text("regions: [eu]\nsites: 7\n")
        self.reload("config.refused")
        text = self.fleet.collector.log_text()
        self.assertIn("leadline.yaml:2:8: sites:", text)
        self.assertEqual(["acme/one", "acme/two"], sorted(self.checks()))
        self.assertIn("leadline.yaml: 1 mistake",
                      self.fleet.ask("status")["config"]["refused"])
        self.assertIn("refused", self.fleet.cli("status").stdout)
        count = len(self.fleet.export("acme/two"))
        self.fleet.wait_for_results("acme/two", count + 1, seconds=15)

    def test_3_a_removed_check_stops(self):
        self.configure(self.fleet, ["two"])
        self.reload("config.in_force")
        until("the check is gone", 10, lambda: self.checks() == ["acme/two"])
        self.assertIsNone(self.fleet.ask("status")["config"]["refused"])
        until("the agent has the new list", 15, lambda: self.fleet.ask(
            "agents")["agents"][0]["cfg"] == "ok")
        count = len(self.fleet.export("acme/two"))
        self.fleet.wait_for_results("acme/two", count + 2, seconds=20)

    def test_4_it_outlives_a_restart(self):
        self.fleet.restart_collector()
        self.assertEqual(["acme/two"], self.checks())
        count = len(self.fleet.export("acme/two"))
        self.fleet.wait_for_results("acme/two", count + 2, seconds=60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
