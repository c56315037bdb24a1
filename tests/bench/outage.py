"""From a real outage to the mail server's 250: three agents, a collector, sites
on loopback that stop answering, T = 10 s; beside the decision alone, of the
same judge in fake time (detect), to which the wait before a page (5 s; 30 s
where it is one region) and the delivery come.
"""
import random
import time

import table
from fleet import Fleet
from process import NotYet, until

WHOLE = [f"s{i}" for i in range(20)]
PARTS = [f"r{i}" for i in range(10)]
REGIONS = {"eu": "127.0.0.11", "us": "127.0.0.12", "ap": "127.0.0.13"}
SPREAD_S = 60


def start(fleet):
    names = WHOLE + PARTS
    fleet.start_servers(names)
    fleet.configure(
        regions=list(REGIONS),
        # One receiver a site: none waits for another's mails.
        receivers=[{"name": name, "mail": [f"{name}@leadline.test"],
                    "sites": [name], "from_severity": "notify"}
                   for name in names],
        sites=[{"name": name, "derive": False, "checks": [fleet.check(
            "home", "http", url=fleet.site.url(name), interval="10s",
            timeout="2s")]} for name in names])
    fleet.start_collector()
    for region, address in REGIONS.items():
        fleet.add_agent(f"{region}1", region, bind=address)
        fleet.start_agent(f"{region}1")
    for name in names:
        fleet.wait_for_results(f"{name}/home", 6)


def cut_all(fleet):
    """Each at its own moment; gives the moments."""
    moments = sorted(
        (random.uniform(0, SPREAD_S), name) for name in WHOLE + PARTS)
    begin = time.time()
    cut = {}
    for after, name in moments:
        time.sleep(max(0.0, begin + after - time.time()))
        fleet.site.drop(name, "all" if name in WHOLE else REGIONS["ap"])
        cut[name] = time.time()
    return cut


def came(fleet, name):
    with fleet.mail.lock:
        for mail in fleet.mail.mails:
            if mail.receivers == [f"{name}@leadline.test"]:
                return mail.came
    return None


def measure(fleet):
    cut = cut_all(fleet)

    def all_came():
        missing = [name for name in cut if came(fleet, name) is None]
        if missing:
            raise NotYet(f"no mail of {' '.join(missing)}")
    until("every mail", 300, all_came, pause=0.5)
    return {name: came(fleet, name) - at for name, at in cut.items()}


def show(what, seconds):
    seconds = sorted(seconds)
    table.row(f"{what}: mean of {len(seconds)}",
              sum(seconds) / len(seconds), "s",
              note=f"p50 {seconds[len(seconds) // 2]:.1f} s, "
                   f"p95 {seconds[len(seconds) * 95 // 100]:.1f} s")
    table.row(f"{what}: worst", seconds[-1], "s")


def run():
    table.heading("Outage: from a real outage to the mail server's 250, T 10 s")
    fleet = Fleet()
    try:
        start(fleet)
        took = measure(fleet)
    finally:
        fleet.close()
    show("three regions, 2 of 3 decide", [took[name] for name in WHOLE])
    show("one region, 60 s at least", [took[name] for name in PARTS])
