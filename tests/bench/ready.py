"""How soon after its start an agent measures, with 200 checks that it knows
from before."""
import datetime
import pathlib
import shutil
import tempfile
import time

import table
from load import World
from process import NotYet, until
from table import Limit

CHECKS, INTERVAL_S = 200, 30


def unix_s(text):
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


def ready_s(agent, since):
    """By the agent's own log, whose moments are in ms."""
    agent.wait_for_log("agent.ready", since=since)
    line = next(line for line in agent.log_text(since).splitlines()
                if " agent.ready " in line)
    return unix_s(line.split()[0])


def first_result_s(fleet, begun):
    def measured():
        ends = [unix_s(row["ts"]) + row["phases_us"]["total"] / 1e6
                for row in fleet.export()
                if row["phases_us"]["total"] is not None]
        ends = [end for end in ends if end > begun]
        if not ends:
            raise NotYet("no result yet")
        return min(ends)
    return until("a first result", 30, measured, pause=0.5)


def run():
    table.heading(f"Ready: a start with {CHECKS} checks from before")
    dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-bench-"))
    world = None
    try:
        world = World(dir)
        fleet = world.fleet(CHECKS, f"{INTERVAL_S}s")
        world.wait_until_measured(fleet, CHECKS, 3 * INTERVAL_S)
        agent = fleet.agents["eu1"].process
        agent.stop()
        # The beginning of another slot: something is due, and fits into it.
        time.sleep(INTERVAL_S - time.time() % INTERVAL_S)
        since = agent.log_size()
        begun = time.time()
        agent.start()
        table.row("started, configuration read, probes scheduled",
                  ready_s(agent, since) - begun, "s", limit=Limit(0.5))
        table.row("started, first result",
                  first_result_s(fleet, begun) - begun, "s", limit=Limit(1))
    finally:
        if world is not None:
            world.close()
        shutil.rmtree(dir, ignore_errors=True)
