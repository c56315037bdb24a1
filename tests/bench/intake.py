"""Results a second that the collector commits and acknowledges through its
real socket, from a thousand sessions: see SHAPES.  Each run ends with
`leadline verify` over its store, whose results must be as many as were sent.

    intake.py [SHAPE...] [--seconds N] [--agents N] [--profile FILE]
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import builds
import intake_peers
import table
os.environ.setdefault("LEADLINE_BUILD", str(builds.BUILD))
from fleet import Fleet, program
from fleet import run as call
from loads import Load
from process import NotYet, until
from table import Limit

CHECKS = 100
# What a run is sized by; it lasts as long as it takes.
EXPECTED_RATE = {"live": 150000, "backlog": 400000}
AIMS = {"live": 100000, "backlog": 400000}
MEMORY_AIM_MB = 250
SHAPES = {
    "live": "each result of a batch in another chunk: a slot of 100 checks",
    "backlog": "batches of 1000 results, ten of each chunk",
    "paced": "as time passes: 500 checks each at 5 s, a batch a second",
    "storm": "live; all connections are broken and made anew in between",
}


class Run:
    def __init__(self, shape, agents, seconds, profile=None):
        self.shape = shape
        self.agents = agents
        self.seconds = seconds
        self.profile = profile
        self.fleet = Fleet()
        self.load = Load(self.fleet, agents, 500 if shape == "paced" else CHECKS)
        self.peak_mb = 0

    def results_a_batch(self):
        return {"backlog": 1000, "paced": 100}.get(self.shape, CHECKS)

    def words(self):
        if self.shape == "paced":
            return {"paced": 1, "batch": 1000, "from_ms": int(time.time() * 1000)}
        backlog = self.shape == "backlog"
        rate = EXPECTED_RATE["backlog" if backlog else "live"]
        batch = 1000 if backlog else CHECKS
        slots = max(1, rate * self.seconds // (self.agents * CHECKS))
        if backlog:
            slots = -(-slots // 10) * 10
        # In hours that are over, so that their cells are made as well.
        begin = time.time() // 3600 * 3600 - slots * self.load.interval_s
        return {"slots": slots, "batch": batch, "prepared": 1,
                "from_ms": int(begin * 1000)}

    def watch(self):
        """Until all is acknowledged; keeps the largest memory that was seen."""
        end = time.monotonic() + self.seconds
        storms = 0
        while self.load.child.poll() is None:
            try:
                kb = self.fleet.collector.memory_kb()
                self.peak_mb = max(self.peak_mb, kb / 1024)
            except (KeyError, OSError):
                raise AssertionError("the collector ended:\n" +
                                     self.fleet.collector.log_tail())
            if self.shape == "paced" and time.monotonic() > end:
                self.load.say("end")
                end = float("inf")
            if self.shape == "storm" and storms < 3 and \
                    self.load.tell()["acked"] > self.total * (storms + 1) / 5:
                self.load.say("storm")
                storms += 1
            time.sleep(0.25)
        return self.load.wait()

    def verify(self, said):
        """The collector settles what is late, stops, and its store is read."""
        def settled():
            answer = json.loads(call(
                program("leadline"), "--store", self.fleet.store, "--json",
                "verify", timeout=1800).stdout)
            # The running day is made when it is over; paced, its hour too.
            days = 2 if self.shape == "paced" else 1
            if answer["pending"] > days * self.load.checks:
                raise NotYet(f"{answer['pending']} pending")
            return answer
        answer = until("late hours made", 600, settled, pause=2)
        problems = answer["differences"][:3]
        if answer["results"] != said["acked"]:
            problems.append(f"{answer['results']} results kept of "
                            f"{said['acked']} acknowledged")
        if said["offered"] != said["acked"] or said["taken_back"]:
            problems.append(f"told {said}")
        return problems

    def run(self):
        fleet, load = self.fleet, self.load
        load.configure()
        load.enrol()
        fleet.start_collector()
        words = self.words()
        self.total = words.get("slots", 0) * self.agents * CHECKS
        load.start(timeout=600, **words)
        cpu = fleet.collector.cpu_seconds()
        perf = self.start_perf()
        load.go()
        said = self.watch()
        cpu = fleet.collector.cpu_seconds() - cpu
        if perf is not None:
            perf.terminate()
            perf.wait()
        settle = time.monotonic()
        problems = self.verify(said)
        settle = time.monotonic() - settle
        self.report(said, cpu, problems, settle)

    def start_perf(self):
        if self.profile is None:
            return None
        return subprocess.Popen(
            ["perf", "record", "-g", "-F", "499", "-o", self.profile, "-p",
             str(self.fleet.collector.pid)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def report(self, said, cpu, problems, settle):
        count = said["acked"]
        rate = count / said["seconds"]
        frame = said["bytes_sent"] / count * self.results_a_batch()
        alone, _ = intake_peers.line_alone(int(frame), self.results_a_batch())
        aim = AIMS.get(self.shape)
        print(f"  {self.shape}: {SHAPES[self.shape]}")
        table.row("time a result", 1e6 / rate, "us2",
                  peer=1e6 / alone, limit=aim and Limit(1e6 / aim),
                  note=f"{rate:.0f} a second; the peer is the line alone, "
                  f"frames of {frame:.0f} bytes")
        table.row("CPU of the collector a result", 1e6 * cpu / count, "us2",
                  note=f"senders {1e6 * said['cpu_s'] / count:.2f} us")
        table.row("anonymous memory of the collector", self.peak_mb, "MB",
                  limit=Limit(MEMORY_AIM_MB))
        table.row("slowest acknowledgement", said["slowest_ack_ms"], "ms",
                  note=f"{said['sessions']} sessions, {said['nacks']} refused, "
                  f"{said['bytes_sent'] / count:.1f} bytes a result sent")
        table.row("differences found by verify", len(problems), "",
                  limit=Limit(0), note=f"{count} results, {settle:.0f} s later"
                  + "".join(f"; {problem}" for problem in problems))


def measure(shape, agents, seconds, profile=None):
    one = Run(shape, agents, seconds, profile)
    try:
        one.run()
    finally:
        one.load.kill()
        one.fleet.close()


def run(shapes=tuple(SHAPES), agents=1000, seconds=60, profile=None):
    table.heading("Collector: results committed and acknowledged through its "
                  f"socket, {agents} sessions")
    for shape in shapes:
        measure(shape, agents, seconds, profile)
    peer = intake_peers.victoria(agents)
    if peer is None:
        print(f"  ({intake_peers.VM} is not installed: no peer)")
        return
    rate, cpu_us, memory_mb = peer
    print(f"  {intake_peers.VM}: the live shape's information, series known "
          f"before: {rate:.0f} results a second, {cpu_us:.2f} us of CPU a "
          f"result, {memory_mb:.0f} MB anonymous")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("shapes", nargs="*", default=list(SHAPES))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--profile")
    args = parser.parse_args()
    run(args.shapes, args.agents, args.seconds, args.profile)
    sys.exit(table.end())
