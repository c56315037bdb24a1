"""Many agents in one process, by load_tool: enrolled, sending, told what to do.

    load = Load(fleet, agents=1000, checks=100)
    load.configure()                  one check a column, regions r0 to r9
    load.enrol()                      before the collector runs
    fleet.start_collector()
    load.start(slots=180, batch=100)
    load.go()
    print(load.wait())                what was offered, acknowledged, ...
"""
import json
import os
import pathlib
import subprocess

from fleet import TOP, run

REGIONS = 10


def tool():
    build = pathlib.Path(os.environ.get("LEADLINE_BUILD", TOP / "build/dev"))
    path = pathlib.Path(os.environ.get("LEADLINE_LOAD_TOOL",
                                       build / "tests/load_tool"))
    if not path.exists():
        raise SystemExit(f"{path} is not there: build first")
    return path


class Load:
    def __init__(self, fleet, agents, checks, interval_s=5, first=0):
        self.fleet = fleet
        self.agents = agents
        self.first = first      # of those that were enrolled
        self.checks = checks
        self.interval_s = interval_s
        self.keys = fleet.dir / "load_keys"
        self.child = None

    def settings(self):
        """Of the configuration: what these agents measure."""
        return {
            "regions": [f"r{n}" for n in range(REGIONS)],
            "sites": [{"name": "load", "derive": False, "checks": [
                {"name": f"c{n}", "kind": "http",
                 "url": f"https://load.example/{n}",
                 "interval": f"{self.interval_s}s", "timeout": "4s"}
                for n in range(self.checks)]}]}

    def configure(self, **more):
        self.fleet.configure(**{**self.settings(), **more})

    def enrol(self):
        done = run(tool(), "enrol", self.fleet.store, self.keys,
                   self.agents + self.first, REGIONS)
        assert done.returncode == 0, done.stderr

    def start(self, timeout=120, **words):
        """Until all agents have a session; nothing is sent yet."""
        words = {"endpoint": f"tcp://127.0.0.1:{self.fleet.port}",
                 "keys": self.keys,
                 "server_key": self.fleet.dir / "collector.key",
                 "agents": self.agents, "first": self.first, "checks": self.checks,
                 "interval_ms": self.interval_s * 1000, **words}
        self.child = subprocess.Popen(
            [str(tool()), "run", *[f"{k}={v}" for k, v in words.items()]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = self.child.stdout.readline()
        assert said == "welcome\n", said

    def say(self, word):
        self.child.stdin.write(word + "\n")
        self.child.stdin.flush()

    def go(self):
        self.say("go")

    def tell(self):
        self.say("tell")
        return json.loads(self.child.stdout.readline())

    def end(self):
        """Nothing new from now on; what it says when all is acknowledged."""
        self.say("end")
        return self.wait()

    def wait(self):
        said = json.loads(self.child.stdout.readline())
        code = self.child.wait()
        self.close()
        assert code == 0, code
        return said

    def kill(self):
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.close()

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child = None
