"""How long after an outage has begun the judge decides that there is one, in
seconds of fake time: it does not depend on the machine."""
import os
import subprocess

import table
from builds import BUILD
from table import Limit

# What is promised, mean and worst, in the order of bench_detect.
LIMITS = [(49, 60), (29, 41), (67, 90), (47, 71), (None, None),
          (None, None)]


def run():
    table.heading("Detect: from an outage's begin to the decision")
    env = dict(os.environ)
    if os.access("/dev/shm", os.W_OK):
        env["TMPDIR"] = "/dev/shm"
    lines = subprocess.run(
        [BUILD / "tests" / "bench_detect"], env=env, check=True, text=True,
        stdout=subprocess.PIPE).stdout.splitlines()
    for line, (mean_limit, worst_limit) in zip(lines, LIMITS, strict=True):
        name, mean, median, p95, worst = line.split("\t")
        table.row(f"{name}: mean", float(mean), "s",
                  limit=mean_limit and Limit(mean_limit),
                  note=f"p50 {median} s, p95 {p95} s")
        table.row(f"{name}: worst", float(worst), "s",
                  limit=worst_limit and Limit(worst_limit))
