"""How far off each phase of an HTTPS probe is, against a server that waits and
tells how long it really did (tests/support/delayd.c).

An error is |what the probe says - what the server did|.  It holds what our own
end of the connection has to do in that phase: of tls, its part of the
handshake.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import table
from bench_site import BenchSite
from table import Limit

SECONDS = 10
RATES = ((50, 1), (200, 3))  # probes a second, ms
PHASES = {"dns": 20, "tls": 30, "wait": 50, "transfer": 40}  # ms


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * q))]


def p99_ms(probes, phase):
    return quantile([abs(probe["measured"][phase] - probe["real"][phase])
                     for probe in probes], 0.99) / 1000


def run_world(dir, rate):
    done = subprocess.run(
        ["unshare", "-mn", sys.executable, "-B",
         pathlib.Path(__file__).parent / "fidelity_world.py", dir, str(rate),
         str(SECONDS)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"fidelity_world: {done.stderr}")
    return json.loads(done.stdout)


def show(rate, limit_ms, seen):
    ours, theirs = seen["ours"], seen["theirs"]
    for phase, delay_ms in PHASES.items():
        table.row(f"{rate}/s, {phase} of {delay_ms} ms: error p99",
                  p99_ms(ours, phase), "ms", peer=p99_ms(theirs, phase),
                  limit=Limit(limit_ms))
    late = [probe["late_us"] / 1000 for probe in ours]
    lagged = sum(probe["lagged"] for probe in ours)
    table.row(f"{rate}/s, start later than due: p99", quantile(late, 0.99),
              "ms", note=f"most {max(late):.1f} ms; {lagged} of {len(ours)} "
              f"marked lagged; exporter answered {len(theirs)}")


def run():
    table.heading("Fidelity: HTTPS probes started evenly, each to a name of "
                  "its own / blackbox_exporter")
    if os.geteuid() != 0:
        print("  SKIPPED: only root may make a network of its own")
        return
    dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-bench-"))
    try:
        site = BenchSite(dir)
        site.make_certificates()
        for end in ("pem", "key"):
            shutil.copy(dir / f"P-256.{end}", dir / f"site.{end}")
        for rate, limit_ms in RATES:
            show(rate, limit_ms, run_world(dir, rate))
    finally:
        shutil.rmtree(dir, ignore_errors=True)
