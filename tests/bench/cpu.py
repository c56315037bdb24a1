"""CPU time of one probe, ours and the peers', against the same servers.

Rounds take turns, and the best of each side counts: what else the machine
does only ever adds.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

import table
from bench_site import BenchSite
from builds import built
from peers import Exporter, s_time_us
from servers import NameServer
from table import Limit

ROUNDS = int(os.environ.get("LEADLINE_BENCH_ROUNDS", "3"))


def bench_probe(kind, target, with_, probes, at_once):
    """(CPU us a probe, median of total in us)"""
    done = subprocess.run(
        [built("bench_probe"), kind, target, str(with_), str(probes),
         str(at_once)], capture_output=True, text=True, check=True)
    count, cpu_us, median_us, failed = done.stdout.split()
    if int(failed) != 0 or int(count) != probes:
        raise AssertionError(f"bench_probe: {done.stdout}")
    return float(cpu_us), float(median_us)


def best(*measures):
    """The least that each gave, over rounds in turn."""
    rounds = [[measure() for measure in measures] for _ in range(ROUNDS)]
    return [min(column) for column in zip(*rounds)]


def https(site, exporter):
    for at_once, limit, probes in ((8, 0.75, 2000), (1, 0.5, 1000)):
        ours, theirs = best(
            lambda: bench_probe("http", site.url(), site.ca_file, probes,
                                at_once)[0],
            lambda: exporter.cpu_us("https", site.url(), probes, at_once))
        table.row(f"HTTPS probe, {at_once} at once / blackbox_exporter", ours,
                  peer=theirs, limit=Limit(limit, of="ratio"))


def tls(site):
    for key, port in site.ports.items():
        ours, theirs = best(
            lambda: bench_probe("tls", f"127.0.0.1:{port}", site.ca_file,
                                1500, 1)[0],
            lambda: s_time_us(port, site.ca_file))
        table.row(f"TLS probe, {key} / openssl s_time -new -verify 5", ours,
                  peer=theirs, limit=Limit(1.3, of="ratio"))


def dns(server, exporter):
    ours, theirs = best(
        lambda: bench_probe("dns", "acme.test", server.address, 10000, 1)[0],
        lambda: exporter.cpu_us("dns", f"127.0.0.1:{server.port}", 1000, 1))
    table.row("DNS probe / blackbox_exporter", ours, peer=theirs,
              limit=Limit(60))


def run():
    table.heading("CPU of one probe: user and system time of the process")
    dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-bench-"))
    running = []
    try:
        site = BenchSite(dir / "site").start()
        running.append(site)
        server = NameServer(dir / "dns").start()
        running.append(server)
        exporter = Exporter(dir, site.ca_file)
        running.append(exporter)
        https(site, exporter)
        tls(site)
        dns(server, exporter)
    finally:
        for server in reversed(running):
            server.stop()
        shutil.rmtree(dir, ignore_errors=True)
