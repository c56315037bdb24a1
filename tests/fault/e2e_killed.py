#!/usr/bin/python3
"""Nothing lost, nothing doubled: SIGKILL in mid-stream, again and again.

    e2e_killed.py [KILLS]      default 6, half of them the collector's

Agents measure and stream all the while.  Afterwards the store must hold each
result once, without a hole in any agent's numbers; only slots that an agent
could not have finished and synced before it was killed may be missing.
"""
import collections
import json
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import ledger
from fleet import FleetTest
from process import until

KILLS = int(sys.argv.pop(1)) if sys.argv[1:] and sys.argv[1].isdigit() else 6
CHECKS = 12
INTERVAL_S = 5
SYNC_S = 1.0      # what an agent may lose
ANSWER_S = 1.0    # the longest a probe may take
START_S = 3.0     # from the start of an agent until it measures


class Killed(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers()
        fleet.configure(regions=["eu", "us", "ap"], sites=[
            {"name": "acme", "checks": [
                fleet.check(f"port{n}", "tcp", host="acme.test",
                            port=fleet.site.port) for n in range(CHECKS)]}])
        fleet.start_collector()
        fleet.add_three()
        fleet.wait_for_results("acme/port0", 3)

    def results_arrive(self, seconds=60):
        """Until the collector has results newer than now."""
        begun = time.time()

        def newer():
            rows = self.fleet.export("acme/port0", "--from",
                                     str(int(begun) - 10))
            return any(ledger.seconds(row["ts"]) > begun for row in rows)
        until("results after a restart", seconds, newer, pause=0.2)

    def kill_collector(self):
        self.fleet.collector.kill()
        self.fleet.start_collector()

    def kill_agent(self):
        agent = random.choice(list(self.fleet.agents.values()))
        killed = time.time()
        agent.process.kill()
        agent.process.start()
        return (agent.name, killed - SYNC_S - ANSWER_S, time.time() + START_S)

    def test_killed_in_mid_stream(self):
        excused = []
        for number in range(KILLS):
            # Anywhere in the slot, so also inside a commit.
            time.sleep(random.uniform(0.2, 1.5))
            if number % 2 == 0:
                self.kill_collector()
            else:
                excused.append(self.kill_agent())
            if number % 3 == 2:
                self.results_arrive()
        self.results_arrive()
        self.fleet.wait_until_drained()
        rows = self.fleet.export()

        self.assertEqual([], ledger.doubled(rows))
        self.assertEqual([], ledger.holes(rows))
        self.assertEqual([], ledger.missing_slots(rows, INTERVAL_S, excused))
        self.assertEqual({"eu1", "us1", "ap1"},
                         {row["agent"] for row in rows})
        self.assertEqual(3, len({row["spool"] for row in rows}),
                         "a killed agent goes on with its spool")
        self.check_figures()

    def check_figures(self):
        """Raw results, cells and verdicts tell the same."""
        fleet = self.fleet
        for agent in fleet.agents.values():
            agent.process.stop()
        fleet.restart_collector()
        rows = fleet.export()
        counts = collections.Counter(
            row["check"] for row in ledger.served(rows, INTERVAL_S))
        answer = fleet.ask("p95", "--since", "2h")
        counted = {one["check"]: one["rows"][0]["n"]
                   for one in answer["checks"]}
        self.assertEqual(dict(counts), counted)
        for one in fleet.ask("sla", "--from", "-1h", "--to", "now")["checks"]:
            self.assertEqual(0, one["global"]["down_s"], one["check"])
            self.assertEqual([], one["incidents"]["global"])
        self.assertEqual(json.loads("[]"),
                         fleet.ask("incidents")["incidents"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
