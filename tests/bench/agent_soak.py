"""How an agent's memory and descriptors stand over time, with 500 checks
against local servers.

    LEADLINE_BUILD=build/release agent_soak.py [MINUTES]     (30 unless told)

Prints a line every half minute.  What is judged is the last third of the time
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
ANON_MAY_GROW_KB = 256  # what an allocator gives and takes between samples


def sample(agent):
    return {"anon": agent.memory_kb("RssAnon"),
            "file": agent.memory_kb("RssFile"),
            "fds": len(os.listdir(f"/proc/{agent.pid}/fd"))}


def most(samples, what):
    return max(one[what] for one in samples)


def watch(agent, minutes):
    samples = []
    end = time.monotonic() + minutes * 60
    print(f"{'min':>5} {'RssAnon kB':>11} {'RssFile kB':>11} {'fds':>5}")
    while time.monotonic() < end:
        burst = []
        for _ in range(SAMPLE_S):  # peaks count, too
            burst.append(sample(agent))
            time.sleep(1)
        samples.append({what: most(burst, what) for what in burst[0]})
        now = samples[-1]
        left = max(0, end - time.monotonic())
        print(f"{minutes - left / 60:5.1f} {now['anon']:11} {now['file']:11} "
              f"{now['fds']:5}", flush=True)
    return samples


def judge(samples):
    third = len(samples) // 3
    if third < 1:
        sys.exit("too short to be judged: at least 2 minutes")
    middle, last = samples[third:2 * third], samples[-third:]
    anon = most(last, "anon") - most(middle, "anon")
    fds = most(last, "fds") - most(middle, "fds")
    print(f"last third against second: RssAnon {anon:+} kB, "
          f"descriptors {fds:+}")
    return anon <= ANON_MAY_GROW_KB and fds <= CHECKS // 50


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
