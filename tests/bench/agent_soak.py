"""How an agent's memory and descriptors stand over time, with 500 checks
against local servers.

    LEADLINE_BUILD=build/release agent_soak.py [MINUTES]     (30 unless told)

Prints a line every half minute: the least and the most of its thirty seconds.
The most says how many probes a busy machine had under way at once; a leak
raises the least.  Judged is therefore the least, of the last third of the time
against the second third: the first belongs to what a process gathers once.
Exits with 1 where either has grown.
"""
import os
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from load import World  # noqa: E402

CHECKS, INTERVAL_S = 500, 10
SAMPLE_S = 30
ANON_MAY_GROW_KB = 128  # what an allocator gives and takes between samples
FILE_MAY_GROW_KB = 512  # pages of the spool that are mapped


def sample(agent):
    return {"anon": agent.memory_kb("RssAnon"),
            "file": agent.memory_kb("RssFile"),
            "fds": len(os.listdir(f"/proc/{agent.pid}/fd"))}


FIGURES = (("anon", "RssAnon kB"), ("file", "RssFile kB"), ("fds", "fds"))


def watch(agent, minutes):
    """A list of {what: (least, most)}, one for each half minute."""
    samples = []
    end = time.monotonic() + minutes * 60
    print(f"{'min':>5}" + "".join(f" {title:>13}" for _, title in FIGURES))
    while time.monotonic() < end:
        burst = []
        for _ in range(SAMPLE_S):
            burst.append(sample(agent))
            time.sleep(1)
        now = {what: (min(one[what] for one in burst),
                      max(one[what] for one in burst)) for what, _ in FIGURES}
        samples.append(now)
        left = max(0, end - time.monotonic())
        print(f"{minutes - left / 60:5.1f}" + "".join(
            f" {now[what][0]:6}-{now[what][1]:6}" for what, _ in FIGURES),
            flush=True)
    return samples


def judge(samples):
    third = len(samples) // 3
    if third < 1:
        sys.exit("too short to be judged: at least 2 minutes")
    grown = {}
    for what, title in FIGURES:
        middle, last = (
            [min(one[what][0] for one in part), max(one[what][1] for one in part)]
            for part in (samples[third:2 * third], samples[-third:]))
        grown[what] = last[0] - middle[0]
        print(f"last third against second: {title} least {grown[what]:+} "
              f"({middle[0]} to {last[0]}), most {last[1] - middle[1]:+}")
    return (grown["anon"] <= ANON_MAY_GROW_KB
            and grown["file"] <= FILE_MAY_GROW_KB
            and grown["fds"] <= 0)


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-soak-"))
    world = None
    try:
        world = World(dir)
        fleet = world.fleet(CHECKS, f"{INTERVAL_S}s")
        world.wait_until_measured(fleet, CHECKS, 6 * INTERVAL_S)
        agent = fleet.agents["eu1"].process
        kept = judge(watch(agent, minutes))
        status = fleet.export()
        bad = sum(line["status"] != "up" for line in status)
        print(f"{len(status)} results, {bad} of them not up")
    finally:
        if world is not None:
            world.close()
        shutil.rmtree(dir, ignore_errors=True)
    return 0 if kept and bad == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
