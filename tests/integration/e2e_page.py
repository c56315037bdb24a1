#!/usr/bin/python3
"""A check of kind page, from the configuration to its results: a confined
agent loads it, its figures and its budget arrive.

    e2e_page.py           programs: see support/fleet.py
"""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import FleetTest


class Pages(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers()
        url = fleet.site.url("acme")
        distrusted = fleet.check("distrusted", "page", url=url)
        del distrusted["ca_file"]
        fleet.configure(regions=["eu"], sites=[{"name": "acme", "checks": [
            fleet.check("look", "page", url=url),
            distrusted,
            fleet.check("tight", "page", url=url, expect={"requests": 1,
                                                           "fcp": "1ms"}),
        ]}])
        fleet.start_collector()
        fleet.add_agent("eu1", "eu", bind="127.0.0.11")
        fleet.start_agent("eu1")
        fleet.wait_for_results("acme/look", 1)
        fleet.wait_for_results("acme/tight", 1)
        fleet.wait_for_results("acme/distrusted", 1)

    def first(self, check):
        lines = map(json.loads, self.fleet.cli("export").stdout.splitlines())
        return [line for line in lines if line["check"] == check][0]

    def test_figures_arrive(self):
        line = self.first("acme/look")
        self.assertEqual("up", line["status"], line)
        for figure in ("ttfb", "fcp", "lcp", "fully_loaded"):
            self.assertGreater(line["phases_us"][figure], 0, line)

    def test_over_its_budget_is_slow(self):
        line = self.first("acme/tight")
        self.assertEqual(("slow", "page_budget"),
                         (line["status"], line["reason"]), line)

    def test_a_bad_certificate_is_one_of_the_page(self):
        line = self.first("acme/distrusted")
        self.assertEqual(("down", "tls", "tls_cert_incomplete_chain"),
                         (line["status"], line["failed_phase"],
                          line["reason"]), line)


if __name__ == "__main__":
    unittest.main()
