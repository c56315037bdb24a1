"""The same mixed load for an agent and for the exporter: of five checks two of
kind http, one of each tls, tcp and dns."""
from bench_site import BenchSite
from fleet import Fleet
from peers import Exporter, Pacer
from process import NotYet, until
from servers import NameServer

KINDS = ["http", "tls", "http", "tcp", "dns"]


class World:
    """One nginx and one nsd, and fleets of one agent that measure them."""

    def __init__(self, dir):
        self.dir = dir
        self.site = BenchSite(dir / "site").start()
        self.dns = NameServer(dir / "dns").start()
        self.to_close = [self.dns.stop, self.site.stop]

    def close(self):
        for close in reversed(self.to_close):
            close()

    def check(self, number, interval):
        kind = KINDS[number % len(KINDS)]
        ca = {"ca_file": str(self.site.ca_file)}
        target = {
            "http": {"url": self.site.url(path=f"/?{number}"), **ca},
            "tls": {"host": "127.0.0.1", "port": self.site.ports["P-256"],
                    **ca},
            "tcp": {"host": "127.0.0.1", "port": self.site.plain_port},
            "dns": {"host": "acme.test", "server": self.dns.address,
                    "type": ["A"]},
        }[kind]
        return {"name": f"c{number}", "kind": kind, "interval": interval,
                "timeout": "5s", **target}

    def fleet(self, checks, interval, more=()):
        """A collector and one agent, both running."""
        fleet = Fleet()
        self.to_close.append(fleet.close)
        port = self.site.plain_port
        fleet.configure(
            regions=["eu"],
            self_check={"targets": [f"127.0.0.1:{port}", f"127.0.0.2:{port}"],
                        "resolvers": [self.dns.address]},
            sites=[{"name": "acme", "checks": [
                self.check(n, interval) for n in range(checks)] + list(more)}])
        fleet.start_collector()
        fleet.add_agent("eu1", "eu")
        fleet.start_agent("eu1")
        return fleet

    def wait_until_measured(self, fleet, checks, seconds):
        def all_measured():
            seen = {line["check"] for line in fleet.export()}
            if len(seen) < checks:
                raise NotYet(f"{len(seen)} of {checks} checks measured")
            return True
        until("every check measured", seconds, all_measured, pause=2)

    def ask(self, exporter, line, number):
        kind = KINDS[number % len(KINDS)]
        module, target = {
            "http": ("https", self.site.url(path=f"/?{number}")),
            "tls": ("tls", f"127.0.0.1:{self.site.ports['P-256']}"),
            "tcp": ("tcp", f"127.0.0.1:{self.site.plain_port}"),
            "dns": ("dns", f"127.0.0.1:{self.dns.port}"),
        }[kind]
        exporter.ask(line, module, target)

    def exporter(self, name, rate):
        """An exporter asked `rate` times a second, until close()."""
        dir = self.dir / name
        dir.mkdir()
        exporter = Exporter(dir, self.site.ca_file)
        self.to_close.append(exporter.stop)
        pacer = Pacer(exporter, rate, 8,
                      lambda line, n: self.ask(exporter, line, n))
        self.to_close.append(pacer.stop)
        return exporter
