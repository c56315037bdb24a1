#!/usr/bin/python3
"""SIGKILL at random moments while at least 5 000 results a second arrive.

    e2e_killed_load.py [KILLS]      default 4

Whatever was acknowledged before a kill must be known after it, each result
must be kept exactly once, and marks, raw results, verdicts and cells must
agree, as `leadline verify` makes them anew.
"""
import json
import os
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import Fleet, program, run
from loads import Load
from process import NotYet, until

KILLS = int(sys.argv.pop(1)) if sys.argv[1:] and sys.argv[1].isdigit() else 4
# 5 000 results a second; a sanitizer makes each cost ten times as much.
AGENTS = 10 if "LEADLINE_SANITIZED" in os.environ else 50
CHECKS = 500
SEED = 20261124


class KilledUnderLoad(unittest.TestCase):
    def setUp(self):
        self.fleet = Fleet()
        self.load = Load(self.fleet, AGENTS, CHECKS)
        self.addCleanup(self.fleet.close)
        self.addCleanup(self.load.kill)

    def wait_for_acks(self, count):
        """Until `count` results more than now are acknowledged."""
        begun = self.load.tell()["acked"]

        def came():
            acked = self.load.tell()["acked"]
            if acked < begun + count:
                raise NotYet(f"{acked - begun} results acknowledged")
            return True
        until(f"{count} results acknowledged", 120, came)

    def test_killed_while_results_arrive(self):
        fleet, load = self.fleet, self.load
        chance = random.Random(SEED)
        load.configure()
        load.enrol()
        fleet.start_collector()
        load.start(paced=1, batch=100)
        load.go()
        self.wait_for_acks(1000)
        for number in range(KILLS):
            # Anywhere: also before the first commit, also inside one.
            time.sleep(chance.uniform(0, 1))
            fleet.collector.kill()
            fleet.start_collector(seconds=60)
            if number % 2 == 1:
                self.wait_for_acks(AGENTS * CHECKS // 5)
        said = load.end()
        self.assertEqual(said["offered"], said["acked"])
        self.assertEqual(0, said["taken_back"],
                         "acknowledged, and not there after a kill")
        self.assertEqual(0, fleet.collector.stop(60))
        done = run(program("leadline"), "--store", fleet.store, "--json",
                   "verify", timeout=1200)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual([], found["differences"])
        self.assertEqual(said["acked"], found["results"])
        self.assertEqual(AGENTS, found["marks"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
