"""Fifteen agents bring a week that they held back, while others measure: how
late the newest slots are judged meanwhile.

    backlog.py [DAYS]      7 unless told: 30 million results
"""
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import builds
import table
os.environ.setdefault("LEADLINE_BUILD", str(builds.BUILD))
from fleet import Fleet, program
from fleet import run as call
from loads import Load
from table import Limit

FRESH, BACK = 20, 15
CHECKS = 100
INTERVAL_S = 30
TIMEOUT_S = 4
LATE_AIM_S = 2
WATCHED = ["load/c0", "load/c50", "load/c99"]


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Judged:
    """When slots were first seen judged, after the moment they had to be."""

    def __init__(self, fleet, since):
        self.fleet = fleet
        self.first = {check: (int(since) // INTERVAL_S + 1) * INTERVAL_S
                      for check in WATCHED}
        self.worst_s = 0.0
        self.count = 0

    def due(self, slot):
        # The agents that bring old results are heard, and do not vote.
        return slot + INTERVAL_S + 2 * TIMEOUT_S + 8

    def look(self):
        for check, slot in self.first.items():
            if time.time() < self.due(slot):
                continue
            answer = self.fleet.ask(
                "sla", check, "--from", moment(slot),
                "--to", moment(slot + INTERVAL_S), "--verdicts")
            late = time.time() - self.due(slot)
            self.worst_s = max(self.worst_s, late)
            if answer["verdicts"]["global"][:1] not in ("", "."):
                self.count += 1
                self.first[check] = slot + INTERVAL_S


def bring(fleet, fresh, back, days):
    slots = int(days * 86400) // INTERVAL_S
    begin = time.time() // INTERVAL_S * INTERVAL_S - slots * INTERVAL_S
    fresh.start(paced=1, batch=100)
    fresh.go()
    back.start(timeout=600, slots=slots, batch=1000, prepared=1,
               from_ms=int(begin * 1000))
    judged = Judged(fleet, time.time())
    back.go()
    begun = time.monotonic()
    while back.child.poll() is None or judged.count < 2 * len(WATCHED):
        judged.look()
        time.sleep(0.1)
    took = time.monotonic() - begun
    return judged, back.wait(), fresh.end(), took


def run(days=7.0):
    table.heading(f"Backlog: {days:g} days from {BACK} agents at once, while "
                  f"{FRESH} measure")
    fleet = Fleet()
    back = Load(fleet, BACK, CHECKS, INTERVAL_S, first=FRESH)
    fresh = Load(fleet, FRESH, CHECKS, INTERVAL_S)
    try:
        fresh.configure()
        back.enrol()
        fleet.start_collector()
        judged, said, fresh_said, took = bring(fleet, fresh, back, days)
        rate = said["acked"] / said["seconds"]
        table.row("results brought, time a result", 1e6 / rate, "us2",
                  note=f"{said['acked']} at {rate:.0f} a second")
        table.row("latest verdict of a newest slot", judged.worst_s, "s",
                  limit=Limit(LATE_AIM_S),
                  note=f"{judged.count} slots in {took:.0f} s")
        table.row("slowest acknowledgement of fresh results",
                  fresh_said["slowest_ack_ms"], "ms")
        assert fleet.collector.stop(120) == 0
        found = json.loads(call(
            program("leadline"), "--store", fleet.store, "--json", "verify",
            timeout=3600).stdout)
        lost = said["offered"] + fresh_said["offered"] - found["results"]
        table.row("differences found by verify", len(found["differences"]), "",
                  limit=Limit(0), note=str(found["differences"][:2] or ""))
        table.row("results lost", abs(lost), "", limit=Limit(0),
                  note=f"{found['results']} kept")
    finally:
        for load in (back, fresh):
            load.kill()
        fleet.close()


if __name__ == "__main__":
    run(*[float(word) for word in sys.argv[1:]])
    sys.exit(table.end())
