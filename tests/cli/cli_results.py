#!/usr/bin/python3
"""`leadline results`: single results, as they were and as they come."""
import datetime
import json
import pathlib
import queue
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import shape
from fleet import FleetTest, program


def result(seconds_ago, **more):
    now = datetime.datetime.now(datetime.timezone.utc)
    ts = now - datetime.timedelta(seconds=seconds_ago)
    return {"ts": ts.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "check": "acme/port",
            "region": "eu", "agent": "eu1", "family": 4, "status": "up",
            "phases_us": {"connect": 500, "total": 812}, **more}


class Results(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.configure(regions=["eu"], sites=[{
            "name": "acme", "checks": [fleet.check(
                "port", "tcp", host="127.0.0.1", port=9)]}])
        fleet.start_collector()
        cls.give(fleet, result(600), result(300, status="down", attempt=1,
                                            reason="connect_refused",
                                            failed_phase="connect",
                                            phases_us={"total": 90}),
                 result(200, isolated=True, agent="eu2", status="down",
                        reason="connect_timeout", failed_phase="connect"))

    @staticmethod
    def give(fleet, *results):
        done = fleet.cli("import", "-", input="".join(
            json.dumps(one) + "\n" for one in results))
        assert done.returncode == 0, done.stderr

    def test_a_table_for_people(self):
        shown = self.fleet.cli("results", "acme/port").stdout
        head, *rows = shown.splitlines()
        for title in ("TIME", "REGION", "AGENT", "TRY", "IP", "STATUS",
                      "REASON", "CONNECT", "TOTAL", "FLAGS"):
            self.assertIn(title, head)
        self.assertNotIn("TRANSFER", head)  # nobody has that
        self.assertGreaterEqual(len(rows), 3)
        self.assertRegex(rows[0], r"eu +eu1 +0 +4 +up .*812 .s")
        self.assertRegex(rows[1], r" 1 +4 +down +connect_refused +failed")
        self.assertIn("isolated", rows[2])
        self.assertNotIn("\x1b", shown)

    def test_filters(self):
        def count(*words):
            asked = self.fleet.cli("--json", "results", "acme/port", *words)
            self.assertEqual(0, asked.returncode, asked.stderr)
            return len(asked.stdout.splitlines())
        self.assertEqual(1, count("--agent", "eu2"))
        self.assertEqual(1, count("--since", "250s", "--agent", "eu2"))
        self.assertEqual(0, count("--since", "100s", "--agent", "eu2"))
        asked = self.fleet.cli("results", "acme/port", "--since", "1s")
        self.assertIn("no results", asked.stdout)

    def test_lines_have_the_shape_of_the_export(self):
        asked = self.fleet.cli("--json", "results", "acme/port")
        for line in asked.stdout.splitlines():
            self.assertEqual([], shape.misfits(json.loads(line),
                                               shape.RESULT))

    def test_new_ones_are_followed_each_once_and_late_ones_too(self):
        child = subprocess.Popen(
            [str(program("leadline")), "--control", self.fleet.control,
             "--json", "results", "acme/port", "--follow", "--agent", "eu1"],
            stdout=subprocess.PIPE, text=True)
        lines = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line
                                         in child.stdout], daemon=True).start()
        try:
            seen = [json.loads(lines.get(timeout=20))["ts"] for _ in range(2)]
            newest, late = result(20), result(100)
            self.give(self.fleet, newest)
            seen.append(json.loads(lines.get(timeout=20))["ts"])
            self.assertEqual(newest["ts"], seen[-1])
            self.give(self.fleet, late)
            seen.append(json.loads(lines.get(timeout=20))["ts"])
            self.assertEqual(late["ts"], seen[-1])
            self.assertEqual(4, len(set(seen)))
            child.send_signal(signal.SIGINT)
            self.assertEqual(0, child.wait(20))
            self.assertTrue(lines.empty())
        finally:
            child.kill()
            child.wait()
            child.stdout.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
