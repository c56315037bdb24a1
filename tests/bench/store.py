"""A store after thirteen months of the reference load (ten regions, a hundred
checks, 30 s): what each tier takes, and how long answers take.

    store.py [DAYS [RAW_DAYS]]      395 and 35 unless told
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import table
from builds import built
from table import Limit

DAY_S = 86400
RESULTS_A_DAY = 10 * 100 * DAY_S // 30
CHECK = "load/c5"
RAW_AIM_BYTES = 24
DAY_AIM_MB = 130
TIMES = 21
# What is asked, the aim in the process and as a command in milliseconds.
QUESTIONS = [
    ("p95 over 30 days, 10 regions", ["p95"],
     {"since": "30d", "by": "region"}, 5, 30),
    ("p95 over 30 days, regions merged", ["p95"], {"since": "30d"}, 5, 30),
    ("sla of a year", ["sla"], {"since": "365d"}, 50, None),
    ("incidents of a year", ["incidents"], {"since": "365d"}, None, None),
]


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def fill(store, now, days, raw_days):
    begun = time.monotonic()
    subprocess.run([built("fill"), store, str(now), str(days), str(raw_days)],
                   check=True)
    print(f"    filled in {time.monotonic() - begun:.0f} s")


def sizes(store, now, days, raw_days):
    """What each tier takes, in whole pages."""
    said = subprocess.run([built("bench_query"), store, "sizes"], check=True,
                          capture_output=True, text=True).stdout
    whole = os.stat(store / "data.mdb").st_size
    part_of_day = (now % DAY_S) / DAY_S
    shares = {}
    for line in said.splitlines():
        name, rows, size = line.split()
        kept = (raw_days if name == "raw" else days) + part_of_day
        shares[name] = int(size) / kept / 1e6
        print(f"    {name:10} {int(rows):9} rows {int(size) / 1e6:9.1f} MB "
              f"{shares[name]:8.2f} MB a day")
    raw = round(shares["raw"] * 1e6 / RESULTS_A_DAY, 2)
    table.row("a raw result, bytes", raw, "", limit=Limit(RAW_AIM_BYTES))
    table.row("a day, all tiers", sum(shares.values()), "MB",
              limit=Limit(DAY_AIM_MB))
    table.row("the whole file", whole / 1e6, "MB")


def in_process_ms(store, now, words, options):
    said = subprocess.run(
        [built("bench_query"), store, str(now), str(TIMES), *words,
         f"check={CHECK}", *[f"{k}={v}" for k, v in options.items()]],
        check=True, capture_output=True, text=True).stdout
    return int(said.split()[0]) / 1000


def as_command_ms(store, now, words, options):
    took = []
    argv = [built("leadline"), "--store", store, "--now", moment(now),
            "--json", *words]
    if words[0] != "incidents":
        argv.append(CHECK)
    # The command has no --since for every question.
    if words[0] == "sla":
        argv += ["--from", moment(now - 365 * DAY_S), "--to", moment(now)]
    else:
        for key, value in options.items():
            argv += [f"--{key}", value]
    for _ in range(TIMES):
        begun = time.monotonic()
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        took.append(1000 * (time.monotonic() - begun))
    return statistics.median(took)


def questions(store, now):
    for what, words, options, process_aim, command_aim in QUESTIONS:
        if words[0] == "sla":
            options = {"from": moment(now - 365 * DAY_S), "to": moment(now)}
        table.row(f"{what}, in process",
                  in_process_ms(store, now, words, options), "ms",
                  limit=process_aim and Limit(process_aim))
        table.row(f"{what}, as a command",
                  as_command_ms(store, now, words, options), "ms",
                  limit=command_aim and Limit(command_aim))


def run(days=395, raw_days=35):
    table.heading(f"Store: {days} days of 10 regions, 100 checks, 30 s; "
                  f"results of {raw_days}")
    now = int(time.time()) // 3600 * 3600
    with tempfile.TemporaryDirectory(prefix="leadline-bench-") as dir:
        store = pathlib.Path(dir) / "store"
        fill(store, now, days, raw_days)
        sizes(store, now, days, raw_days)
        questions(store, now)


if __name__ == "__main__":
    run(*[int(word) for word in sys.argv[1:]])
    sys.exit(table.end())
