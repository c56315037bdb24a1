#!/usr/bin/python3
"""Whoever reads a large export slowly gets all of it, and hinders nobody.

More than a hundred megabytes: more than the socket's queue holds.
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import Fleet, program, run

SLOTS = 200000
T_S = 5


def write_results(path):
    end = int(time.time()) // T_S * T_S
    with open(path, "w", encoding="ascii") as out:
        for slot in range(SLOTS):
            for region in ("eu", "us"):
                out.write(json.dumps({
                    "ts": (end - (SLOTS - slot) * T_S) * 1000,
                    "check": "acme/port", "region": region,
                    "agent": region + "1", "status": "up",
                    "phases_us": {"connect": 100 + slot % 999,
                                  "total": 120 + slot % 999}}) + "\n")


class SlowReader(unittest.TestCase):
    def test_a_slow_reader_gets_all_of_it_and_others_are_answered(self):
        fleet = Fleet()
        self.addCleanup(fleet.close)
        fleet.configure(regions=["eu", "us"], sites=[{
            "name": "acme", "checks": [fleet.check(
                "port", "tcp", host="127.0.0.1", port=1)]}])
        file = fleet.dir / "results.jsonl"
        write_results(file)
        done = run(program("leadline-collector"), "--config",
                   fleet.config_file, "import", file, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        fleet.start_collector()
        whole = run(program("leadline"), "--store", fleet.store, "export",
                    timeout=300)
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertEqual(whole.stdout.count("\n"), 2 * SLOTS)
        self.assertGreater(len(whole.stdout), 100 << 20)

        with subprocess.Popen(
                [program("leadline"), "--control", fleet.control, "export"],
                stdout=subprocess.PIPE) as reader:
            text = hashlib.sha256(reader.stdout.read(1000))
            for _ in range(20):        # while nothing more is read
                self.assertEqual(len(fleet.ask("status")["checks"]), 1)
            while piece := reader.stdout.read(1 << 20):
                text.update(piece)
        self.assertEqual(reader.returncode, 0)
        self.assertEqual(
            text.hexdigest(),
            hashlib.sha256(whole.stdout.encode()).hexdigest())


if __name__ == "__main__":
    unittest.main()
