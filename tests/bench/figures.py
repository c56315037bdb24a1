"""The figures that tests/bench/run prints; see there.

    figures.py [memory] [probe] [intake]      all three unless told
"""
import http.client
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import TOP, Fleet, program
from process import NotYet, Process, until
from servers import find_program, free_ports, port_answers

CHECKS = 200
SETTLE_S = 60
PROBES = 4000
AT_ONCE = 8
ROUNDS = 3
BUILD = pathlib.Path(os.environ.get("LEADLINE_BUILD", TOP / "build/release"))


def row(what, value, note=""):
    print(f"  {what:<58} {value:>14}  {note}".rstrip(), flush=True)


def built(name):
    return next(path for path in (BUILD / "tests" / name,
                                  BUILD / "tests/bench" / name)
                if path.exists())


# ---- (a) and the agent's part of (b) ----

def many_checks(fleet, interval):
    return [{"name": "acme", "checks": [
        fleet.check(f"home{n}", "http", url=fleet.site.url("acme", f"/?{n}"),
                    interval=interval, timeout="5s") for n in range(CHECKS)]}]


def all_measured(fleet):
    seen = {line["check"] for line in fleet.export()}
    if len(seen) < CHECKS:
        raise NotYet(f"{len(seen)} of {CHECKS} checks measured")
    return True


def memory():
    print(f"\nAgent with {CHECKS} HTTPS checks (own CA, HTTP/2), interval 60 s")
    fleet = Fleet()
    try:
        fleet.start_servers()
        fleet.configure(regions=["eu"], sites=many_checks(fleet, "60s"))
        fleet.start_collector()
        fleet.add_agent("eu1", "eu")
        fleet.start_agent("eu1")
        until("every check measured", 120, lambda: all_measured(fleet),
              pause=1)
        time.sleep(SETTLE_S)
        agent = fleet.agents["eu1"].process
        row("anonymous memory (RssAnon)",
            f"{agent.memory_kb('RssAnon') / 1024:.1f} MiB", "aim: at most 5")
        row("of files: programs, libraries, spool (RssFile)",
            f"{agent.memory_kb('RssFile') / 1024:.1f} MiB")
        row("collector's anonymous memory",
            f"{fleet.collector.memory_kb() / 1024:.1f} MiB")
    finally:
        fleet.close()


def agent_cpu(fleet):
    """CPU of a whole agent: measuring, keeping, sending; at 40 a second."""
    fleet.configure(regions=["eu"], sites=many_checks(fleet, "5s"))
    fleet.start_collector()
    fleet.add_agent("eu1", "eu")
    fleet.start_agent("eu1")
    until("every check measured", 60, lambda: all_measured(fleet), pause=0.5)
    agent = fleet.agents["eu1"].process
    begun, before = time.monotonic(), agent.cpu_seconds()
    time.sleep(30)
    spent = agent.cpu_seconds() - before
    probes = CHECKS / 5 * (time.monotonic() - begun)
    row("leadline-agent, whole: measured, spooled, sent, acknowledged",
        f"{spent / probes * 1e6:.0f} us", f"at {CHECKS // 5} probes a second")


# ---- (b) ----

def bench_probe(url, ca_file):
    done = subprocess.run([built("bench_probe"), url, ca_file, str(PROBES),
                           str(AT_ONCE)], capture_output=True, text=True,
                          check=True)
    count, cpu_us, median_us, failed = done.stdout.split()
    assert int(failed) == 0 and int(count) == PROBES, done.stdout
    return float(cpu_us), float(median_us)


class Exporter:
    """Debian's prometheus-blackbox-exporter, asked AT_ONCE at a time."""

    def __init__(self, fleet):
        self.port, = free_ports(1)
        file = fleet.dir / "blackbox.yml"
        file.write_text(json.dumps({"modules": {"https": {
            "prober": "http", "timeout": "10s", "http": {
                "preferred_ip_protocol": "ip4",
                "tls_config": {"ca_file": str(fleet.site.ca_file)}}}}}))
        self.process = Process(
            "blackbox", [find_program("prometheus-blackbox-exporter"),
                         f"--config.file={file}",
                         f"--web.listen-address=127.0.0.1:{self.port}",
                         "--log.level=error"],
            fleet.dir / "blackbox.log").start()
        until("the exporter listens", 20, lambda: port_answers(self.port))

    def ask(self, url, count):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for _ in range(count):
            line.request("GET", f"/probe?module=https&target={url}")
            text = line.getresponse().read()
            assert b"\nprobe_success 1" in text, text
        line.close()

    def cpu_us(self, url):
        before = self.process.cpu_seconds()
        threads = [threading.Thread(target=self.ask,
                                    args=(url, PROBES // AT_ONCE))
                   for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (self.process.cpu_seconds() - before) / PROBES * 1e6


def probe():
    print(f"\nCPU of one HTTPS probe, {AT_ONCE} at once, same nginx, "
          f"{PROBES} probes, best of {ROUNDS} rounds in turn")
    fleet = Fleet()
    exporter = None
    try:
        fleet.start_servers()
        # By address: neither side asks a name server.
        url = f"https://127.0.0.1:{fleet.site.port}/"
        exporter = Exporter(fleet)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(bench_probe(url, fleet.site.ca_file))
            theirs.append(exporter.cpu_us(url))
        ours_us, median_us = min(ours)
        row("the agent's probe (bench_probe)", f"{ours_us:.0f} us",
            f"median of total {median_us / 1000:.1f} ms")
        row("prometheus-blackbox-exporter", f"{min(theirs):.0f} us",
            f"resident {exporter.process.memory_kb('VmRSS') / 1024:.0f} MiB")
        row("ours / theirs", f"{ours_us / min(theirs):.2f}", "aim: below 1")
        agent_cpu(fleet)
    finally:
        if exporter is not None:
            exporter.process.stop()
        fleet.close()


# ---- (c) ----

def intake():
    print("\nCollector: results committed and acknowledged through its socket")
    fleet = Fleet()
    try:
        for agents, checks in ((500, 400), (1000, 400), (2000, 400)):
            dir = fleet.dir / f"intake{agents}"
            done = subprocess.run(
                [built("bench_intake"), program("leadline-collector"), dir,
                 str(agents), str(checks), "15"], capture_output=True,
                text=True, check=False, timeout=600)
            print("".join(f"    {line}\n"
                          for line in done.stdout.splitlines()), end="")
            if done.returncode not in (0, 1):
                print(done.stderr, file=sys.stderr)
    finally:
        fleet.close()


def main():
    parts = {"memory": memory, "probe": probe, "intake": intake}
    wanted = sys.argv[1:] or list(parts)
    if not set(wanted) <= set(parts):
        sys.exit(__doc__)
    print(f"{os.cpu_count()} cores; {BUILD.name} build")
    for name in wanted:
        parts[name]()


if __name__ == "__main__":
    main()
