"""Beside intake: what the line alone moves, and what Debian's VictoriaMetrics
takes in of the same information, twelve samples a result.

It keeps samples in memory for some seconds before they are on disk, where a
result that leadline acknowledges is synced; and it computes no verdicts.
"""
import http.client
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from builds import built
from process import Process, until
from servers import free_ports

VM = "victoria-metrics"
LINES = 10000        # a request
REGIONS = 10
PHASES = {"dns": 812, "connect": 10233, "tls": 21877, "request": 95,
          "wait": 30112, "transfer": 1203}


def line_alone(frame_bytes, results, seconds=5):
    """Results a second, and CPU of both ends, if frames were all there is."""
    said = subprocess.run(
        [built("bench_line"), str(frame_bytes), str(seconds)], check=True,
        capture_output=True, text=True).stdout.split()
    return float(said[0]) * results, float(said[1]) / results


def lines_of(agents, checks, slots):
    """Bodies of InfluxDB's line protocol, a slot of all agents after another."""
    chance = random.Random(7)
    start = time.time_ns() // 10 ** 9 - slots * 5
    lines = []
    for slot in range(slots):
        for agent in range(agents):
            for check in range(checks):
                phases = {name: us + chance.randrange(us // 3 + 1)
                          for name, us in PHASES.items()}
                fields = ",".join(f"{k}={v}" for k, v in phases.items())
                lines.append(
                    f"r,check=c{check},region=r{agent % REGIONS},agent=a{agent}"
                    f" {fields},total={sum(phases.values())},status=1,http=200,"
                    f"attempt=0,family=4,seq={slot * checks + check} "
                    f"{(start + slot * 5) * 10 ** 9}")
                if len(lines) == LINES:
                    yield "\n".join(lines).encode()
                    lines = []
    if lines:
        yield "\n".join(lines).encode()


class VictoriaMetrics:
    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-bench-"))
        self.port, = free_ports(1)
        self.process = Process(
            VM, [shutil.which(VM), "-storageDataPath", self.dir / "data",
                 "-httpListenAddr", f"127.0.0.1:{self.port}",
                 "-retentionPeriod", "13"], self.dir / "log").start()
        until(f"{VM} answers", 30, self.is_up)
        return self

    def __exit__(self, *_):
        self.process.stop(60)
        shutil.rmtree(self.dir, ignore_errors=True)

    def is_up(self):
        try:
            return self.ask("GET", "/health") == 200
        except OSError:
            return False

    def ask(self, method, path, body=None):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        line.request(method, path, body)
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer.status

    def take(self, bodies, results):
        """Results a second, CPU us a result, MB anonymous."""
        cpu = self.process.cpu_seconds()
        begun = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        for body in bodies:
            line.request("POST", "/write", body)
            answer = line.getresponse()
            answer.read()
            if answer.status != 204:
                raise AssertionError(f"{VM} answers {answer.status}")
        line.close()
        took = time.monotonic() - begun
        return (results / took,
                1e6 * (self.process.cpu_seconds() - cpu) / results,
                self.process.memory_kb() / 1024)


def victoria(agents=1000, checks=100, slots=6):
    """None where it is not installed."""
    if shutil.which(VM) is None:
        return None
    per_slot = agents * checks // LINES
    bodies = list(lines_of(agents, checks, slots + 1))
    with VictoriaMetrics() as server:
        # A series is dear when it is new: that is not counted.
        server.take(bodies[:per_slot], agents * checks)
        return server.take(bodies[per_slot:], agents * checks * slots)
