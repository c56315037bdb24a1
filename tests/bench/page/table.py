"""What Lighthouse says and what we say, as a table, with what it is made of."""

import statistics

TYPES = {"Document": 0, "Stylesheet": 1, "Script": 2, "Image": 3, "Font": 4,
         "Media": 5}
PRIORITIES = {"VeryHigh": 0, "High": 1, "Medium": 2, "Low": 3, "VeryLow": 4}
FIGURES = ("fcp", "lcp")
# Beyond this a median of Lighthouse's own runs says little.
OWN_SPREAD = 0.3


def blocking(request):
    """As Lantern takes it: by priority."""
    return int((request["type"], request["priority"]) in
               (("Stylesheet", "VeryHigh"), ("Script", "High")))


def model_lines(requests):
    """Chromium's requests as lines for bench_page_model."""
    levels = []
    lines = []
    for i, r in enumerate(requests):
        origin = r["from"] if 0 <= r["from"] < i else 0
        levels.append(0 if i == 0 else levels[origin] + 1)
        kind = TYPES.get(r["type"], 7)
        server_us = -1 if r["server"] is None else round(r["server"] * 1000)
        lines.append(" ".join(str(word) for word in (
            r["url"], kind, PRIORITIES[r["priority"]], blocking(r),
            origin if i else -1, levels[i], int(r["h2"]), r["status"],
            r["bytes"], 0, r["decoded"], server_us, int(kind == 4), 0)))
    return "\n".join(lines) + "\n"


def row(site, version, runs, ours):
    """One site: theirs with their spread, ours with its error."""
    made = {"site": site, "version": version, "runs": len(runs)}
    for figure in FIGURES:
        values = sorted(run[figure] for run in runs)
        median = statistics.median(values)
        made[figure] = {
            "theirs": median, "low": values[0], "high": values[-1],
            "ours": ours[figure + "_us"] / 1000,
            "error": ours[figure + "_us"] / 1000 / median - 1,
            "unsure": (values[-1] - values[0]) / median > OWN_SPREAD}
    return made


def print_rows(rows, title):
    print(f"\n{title}")
    print(f"{'page':11} {'http':5} {'FCP Lighthouse (spread)':>26} {'ours':>6} "
          f"{'error':>7}   {'LCP Lighthouse (spread)':>26} {'ours':>6} "
          f"{'error':>7}")
    for r in rows:
        cells = []
        for f in FIGURES:
            v = r[f]
            spread = f"({v['low']:.0f}..{v['high']:.0f})"
            cells.append(f"{v['theirs']:8.0f} {spread:>17} {v['ours']:6.0f} "
                         f"{v['error']:+7.1%}{'?' if v['unsure'] else ' '}")
        print(f"{r['site']:11} {r['version'][-1]:5} " + "   ".join(cells))
    for f in FIGURES:
        errors = [abs(r[f]["error"]) for r in rows]
        sure = [abs(r[f]["error"]) for r in rows if not r[f]["unsure"]]
        print(f"{f.upper()}: median absolute error "
              f"{statistics.median(errors):.1%}, largest {max(errors):.1%}; "
              f"of the {len(sure)} rows where Lighthouse agrees with itself "
              f"{statistics.median(sure):.1%}, {max(sure):.1%}"
              if sure else f"{f.upper()}: nothing to say")
    if any(r[f]["unsure"] for r in rows for f in FIGURES):
        print("? Lighthouse's own runs differ by more than "
              f"{OWN_SPREAD:.0%} of their median")


def recall(requests, found):
    """URLs that Chromium asked for and we did not, each with who asked."""
    ours = set(found)
    return [(r["url"], "a script" if r["script"] else r["type"])
            for r in requests if r["url"] not in ours]
