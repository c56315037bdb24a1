"""A collector and its agents as real processes, for tests to ask and to hurt.

    fleet = Fleet()
    fleet.configure(regions=["eu"], sites=[...])
    fleet.start_collector()
    fleet.add_agent("eu1", "eu", bind="127.0.0.11")
    fleet.start_agent("eu1")
    fleet.ask("p95", "acme/home")           the answer of `leadline --json`
    fleet.close()

The programs are those of $LEADLINE_BIN/..., see programs().
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from process import NotYet, Process, until
from servers import MailServer, NameServer, Site, free_ports

TOP = pathlib.Path(__file__).resolve().parent.parent.parent

# Where the build puts each program, and what overrides that.
PROGRAMS = {
    "leadline": ("LEADLINE", "collector/leadline"),
    "leadline-agent": ("LEADLINE_AGENT", "agent/leadline-agent"),
    "leadline-collector": ("LEADLINE_COLLECTOR", "collector/leadline-collector"),
}


def program(name):
    variable, in_build = PROGRAMS[name]
    build = pathlib.Path(os.environ.get("LEADLINE_BUILD", TOP / "build/dev"))
    path = pathlib.Path(os.environ.get(variable, build / in_build))
    if not path.exists():
        raise SystemExit(f"{path} is not there: build first, or set {variable}")
    return path


def run(*words, input=None, env=None, timeout=60, cwd=None):
    """A program from start to end, with what it said."""
    return subprocess.run([str(word) for word in words], input=input, text=True,
                          capture_output=True, timeout=timeout, cwd=cwd,
                          env={**os.environ, **(env or {})}, check=False)


def preloaded(name):
    library = os.environ.get(f"LEADLINE_{name.upper()}",
                             TOP / f"build/dev/tests/lib{name}.so")
    return {"LD_PRELOAD": str(library),
            # A sanitizer's library wants to be the first, and is content.
            "ASAN_OPTIONS": "verify_asan_link_order=0"}


def shifted_clock(seconds):
    """Environment in which a program's date is wrong by so much."""
    return {**preloaded("shift_clock"), "SHIFT_CLOCK_S": str(seconds)}


def bad_disk(switch):
    """Environment in which its disk is bad while there is a file `switch`:
    support/bad_disk.c says how."""
    return {**preloaded("bad_disk"), "BAD_DISK": str(switch)}


class Agent:
    def __init__(self, name, region, dir):
        self.name = name
        self.region = region
        self.dir = dir
        self.process = Process(
            name, [program("leadline-agent"), "run", "--dir", dir],
            dir.with_suffix(".log"))


class Fleet:
    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-test-"))
        self.agents = {}
        self.servers = []
        self.site = self.dns = self.mail = None
        self.config_file = self.dir / "leadline.yaml"
        self.control = f"ipc://{self.dir}/control"
        self.store = self.dir / "store"
        self.port, = free_ports(1)
        self.collector = Process(
            "collector", [program("leadline-collector"), "--config",
                          self.config_file, "run"], self.dir / "collector.log")

    # ---- what is around it ----

    def start_servers(self, names=("acme",)):
        self.site = Site(self.dir / "site", names).start()
        self.servers.append(self.site)
        self.dns = NameServer(self.dir / "dns", names).start()
        self.servers.append(self.dns)
        self.mail = MailServer().start()
        self.servers.append(self.mail)

    def check(self, name, kind, **settings):
        """A check of a configuration, asking our name server and CA."""
        check = {"name": name, "kind": kind, "interval": "5s", "timeout": "3s",
                 **settings}
        if self.dns is not None:
            check.setdefault("server", self.dns.address)
        if self.site is not None and kind in ("http", "tls", "page"):
            check.setdefault("ca_file", str(self.site.ca_file))
        return check

    def config(self, **settings):
        config = {
            "listen": f"tcp://127.0.0.1:{self.port}",
            "public": f"tcp://127.0.0.1:{self.port}",
            "control": self.control,
            "store": str(self.store),
            "key_file": str(self.dir / "collector.key"),
        }
        if self.mail is not None:
            config["mail"] = {"server": f"smtp://127.0.0.1:{self.mail.port}",
                              "from": "alerts@leadline.test",
                              "to": ["oncall@leadline.test"]}
        if self.site is not None:
            port = self.site.plain_port
            config["self_check"] = {
                "targets": [f"127.0.0.1:{port}", f"127.0.0.2:{port}"],
                "resolvers": [self.dns.address]}
        config.update(settings)
        return config

    def configure(self, **settings):
        """Writes the configuration.  JSON is YAML."""
        self.config_file.write_text(
            json.dumps(self.config(**settings), indent=1) + "\n")

    # ---- the programs ----

    def start_collector(self, seconds=30):
        since = self.collector.log_size()
        self.collector.start()
        self.collector.wait_for_log("collector.ready", seconds, since)

    def restart_collector(self):
        self.collector.kill()
        self.start_collector()

    def token(self, name, region):
        return self.ask("agent", "add", name, "--region", region)["token"]

    def enrol(self, token, dir, env=None):
        return run(program("leadline-agent"), "enrol", token, "--dir", dir,
                   env=env)

    def add_agent(self, name, region, bind=None):
        dir = self.dir / name
        enrolled = self.enrol(self.token(name, region), dir)
        assert enrolled.returncode == 0, enrolled.stderr
        if bind is not None:
            with open(dir / "agent.yaml", "a", encoding="ascii") as out:
                out.write(f"bind: {bind}\n")
        self.agents[name] = Agent(name, region, dir)
        return self.agents[name]

    def start_agent(self, name):
        self.agents[name].process.start()

    def start_the_least(self):
        """Servers, the collector, and agent eu1 that asks acme/port."""
        self.start_servers()
        self.configure(regions=["eu"], sites=[{"name": "acme", "checks": [
            self.check("port", "tcp", host="acme.test",
                       port=self.site.port)]}])
        self.start_collector()
        self.add_agent("eu1", "eu")
        self.start_agent("eu1")
        self.wait_for_results("acme/port", 1)

    def add_three(self):
        """Agents eu1, us1, ap1 at 127.0.0.11, .12, .13, running."""
        for number, region in enumerate(("eu", "us", "ap")):
            name = f"{region}1"
            self.add_agent(name, region, bind=f"127.0.0.{11 + number}")
            self.start_agent(name)

    # ---- asking ----

    def cli(self, *words, input=None, timeout=60):
        return run(program("leadline"), "--control", self.control, *words,
                   input=input, timeout=timeout)

    def ask(self, *words, codes=(0, 1)):
        """The answer as an object; its exit code must be among `codes`."""
        asked = self.cli("--json", *words)
        if asked.returncode not in codes:
            raise AssertionError(
                f"leadline {' '.join(map(str, words))}: exit "
                f"{asked.returncode}: {asked.stderr}{asked.stdout}")
        return json.loads(asked.stdout)

    def export(self, *words):
        """Every result in the store, each as an object."""
        span = [] if "--from" in words else ["--since", "48h"]
        asked = self.cli("export", *span, *words)
        assert asked.returncode == 0, asked.stderr
        return [json.loads(line) for line in asked.stdout.splitlines()]

    def wait_for_results(self, check, count, seconds=60, region=None):
        def enough():
            rows = [row for row in self.export(check)
                    if region in (None, row["region"])]
            if len(rows) < count:
                raise NotYet(f"{len(rows)} results of {check}")
            return rows
        return until(f"{count} results of {check}", seconds, enough, pause=0.3)

    def wait_for_agents(self, count, seconds=40):
        def present():
            return self.ask("status")["agents"]["present"] == count
        until(f"{count} agents present", seconds, present, pause=0.2)

    def spooled(self):
        """Results that agents hold and the collector does not have yet."""
        return {agent["name"]: agent["spool_records"]
                for agent in self.ask("agents")["agents"]}

    def wait_until_drained(self, seconds=60, under_way=8):
        """Until agents hold no more than what may be under way.

        The figure is that of the last PING, in the midst of measuring: what
        was measured in the last second or so is always there.
        """
        def drained():
            spooled = self.spooled()
            if any(count > under_way for count in spooled.values()):
                raise NotYet(str(spooled))
            return True
        until("spools drained", seconds, drained, pause=0.2)

    # ---- the end ----

    def tails(self):
        said = []
        for process in [self.collector,
                        *[agent.process for agent in self.agents.values()]]:
            said.append(f"---- {process.name}: {process.log}\n"
                        f"{process.log_tail()}")
        return "\n".join(said)

    def stop_all(self):
        """Ends everything; tells who did not end well (a sanitizer's word)."""
        bad = []
        for process in [*[a.process for a in self.agents.values()],
                        self.collector]:
            if process.child is not None:
                code = process.stop()
                if code != 0:
                    bad.append(f"{process.name} ended with {code}")
        for server in reversed(self.servers):
            server.stop()
        self.servers = []
        return bad + self.verify_store()

    def verify_store(self):
        """What `leadline verify` has against the store, now that it is left."""
        if not (self.store / "data.mdb").exists():
            return []
        done = run(program("leadline"), "--store", self.store, "verify",
                   timeout=120)
        if done.returncode == 0:
            return []
        return [f"verify: exit {done.returncode}\n"
                f"{done.stdout}{done.stderr}"]

    def close(self):
        try:
            return self.stop_all()
        finally:
            for process in [self.collector,
                            *[a.process for a in self.agents.values()]]:
                process.kill()
            if "LEADLINE_KEEP" in os.environ:
                print(f"kept: {self.dir}", file=sys.stderr)
            else:
                shutil.rmtree(self.dir, ignore_errors=True)


class FleetTest(unittest.TestCase):
    """A test whose `fleet` is made once; logs are shown when it fails."""
    fleet = None

    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet()
        try:
            cls.start_fleet(cls.fleet)
        except BaseException:
            print(cls.fleet.tails(), file=sys.stderr)
            cls.fleet.close()
            raise

    @classmethod
    def start_fleet(cls, fleet):
        """What the tests need; each class says."""

    @classmethod
    def tearDownClass(cls):
        tails = cls.fleet.tails()
        bad = cls.fleet.close()
        if bad:
            print(tails, file=sys.stderr)
            raise AssertionError("; ".join(bad))

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            print(f"==== {self.id()} failed ====\n{self.fleet.tails()}",
                  file=sys.stderr)
