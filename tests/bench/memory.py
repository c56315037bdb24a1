"""What a whole agent keeps in memory: at work, beside blackbox_exporter under
the same load, and while its spool fills and drains.
"""
import pathlib
import shutil
import subprocess
import tempfile
import time

import table
from builds import built
from load import World
from table import Limit

INTERVAL_S = 30
SIZES = ((100, 5), (2000, 12))  # checks, MB
WATCH_S = 20
SPOOL_MIB = 256


def mb(kb):
    return kb * 1024 / 1e6


def at_work(world):
    """Both sizes at once, and an exporter for each."""
    running = {}
    for checks, _ in SIZES:
        running[checks] = (
            world.fleet(checks, f"{INTERVAL_S}s"),
            world.exporter(f"exporter{checks}", checks / INTERVAL_S))
    for checks, (fleet, _) in running.items():
        world.wait_until_measured(fleet, checks, 3 * INTERVAL_S)
    time.sleep(INTERVAL_S)
    most = {checks: [0, 0] for checks in running}
    for _ in range(WATCH_S):
        time.sleep(1)
        for checks, (fleet, exporter) in running.items():
            pair = (fleet.agents["eu1"].process, exporter.process)
            most[checks] = [max(so_far, process.memory_kb("RssAnon"))
                            for so_far, process in zip(most[checks], pair)]
    for checks, limit_mb in SIZES:
        ours, theirs = map(mb, most[checks])
        table.row(f"RssAnon, {checks} checks", ours, "MB",
                  limit=Limit(limit_mb))
        table.row(f"RssAnon, {checks} checks / blackbox_exporter", ours, "MB",
                  peer=theirs, limit=Limit(0.5, of="ratio"))
    agent = running[SIZES[-1][0]][0].agents["eu1"].process
    table.row(f"RssFile, {SIZES[-1][0]} checks: programs, libraries, spool",
              mb(agent.memory_kb("RssFile")), "MB")


def spool(dir):
    """By bench_spool: the spool's own code alone in a process."""
    done = subprocess.run([built("bench_spool"), dir / "spool",
                           str(SPOOL_MIB)], capture_output=True, text=True,
                          check=True)
    for line in done.stdout.splitlines():
        what, kb = line.rsplit(" ", 1)
        table.row(f"RssFile grows while {SPOOL_MIB} MiB of spool {what}",
                  mb(int(kb)), "MB", limit=Limit(8))


def run():
    table.heading("Memory of the whole agent: http, tls, tcp and dns every "
                  f"{INTERVAL_S} s, collector beside it")
    dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-bench-"))
    world = None
    try:
        world = World(dir)
        at_work(world)
        spool(dir)
    finally:
        if world is not None:
            world.close()
        shutil.rmtree(dir, ignore_errors=True)
