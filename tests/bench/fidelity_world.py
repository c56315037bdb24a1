"""One run of probes against delayd, in a network and a /etc/resolv.conf of its
own: the exporter asks the system's resolver, which must be delayd then.

    unshare -mn fidelity_world.py DIR RATE SECONDS

DIR holds ca.pem, site.pem and site.key.  Prints JSON: for "ours" and "theirs"
a list of probes, each with `measured` and `real` by phase in us; ours with
`late_us` and `lagged` too.
"""
import atexit
import json
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from builds import built  # noqa: E402
from peers import Exporter, Pacer  # noqa: E402

PHASES = ["dns", "tls", "wait", "transfer"]
THEIR_NAMES = {"resolve": "dns", "tls": "tls", "processing": "wait",
               "transfer": "transfer"}


class Delayd:
    def __init__(self, dir, name):
        self.log = dir / f"{name}.delays"
        self.child = subprocess.Popen(
            [built("delayd"), "53", dir / "site.pem", dir / "site.key",
             self.log], stdout=subprocess.PIPE, text=True)
        atexit.register(self.child.kill)
        self.dns_port, self.port = self.child.stdout.readline().split()

    def real(self):
        """What it really did, by name, in us; ends it."""
        self.child.send_signal(signal.SIGTERM)
        self.child.wait()
        real = {}
        for line in self.log.read_text().splitlines():
            what, name, *us = line.split()
            phases = ["dns"] if what == "dns" else ["tls", "wait", "transfer"]
            real.setdefault(name, {}).update(zip(phases, map(int, us)))
        return real


def ours(dir, rate, seconds):
    delayd = Delayd(dir, "ours")
    done = subprocess.run(
        [built("bench_fidelity"), delayd.port, "127.0.0.1#53", dir / "ca.pem",
         dir / f"spool{rate}", str(rate), str(rate * seconds)],
        capture_output=True, text=True, check=True)
    real = delayd.real()
    probes = []
    for line in done.stdout.splitlines():
        name, status, late_us, lagged, *us = line.split()
        if status != "up":
            raise AssertionError(f"{name} is {status}: {line}")
        dns, _, tls, request, wait, transfer, _ = map(int, us)
        probes.append({"measured": {"dns": dns, "tls": tls,
                                    "wait": request + wait,
                                    "transfer": transfer},
                       "real": real[name], "late_us": int(late_us),
                       "lagged": int(lagged)})
    return probes


def theirs(dir, rate, seconds):
    delayd = Delayd(dir, "theirs")
    exporter = Exporter(dir, dir / "ca.pem")
    lock = threading.Lock()
    texts = {}

    def ask(line, number):
        if number >= rate * seconds:
            return
        name = f"p{number}.delay.test"
        text = exporter.ask(line, "https", f"https://{name}:{delayd.port}/")
        with lock:
            texts[name] = text

    # As many threads as probes are under way, and some more.
    pacer = Pacer(exporter, rate, rate // 4 + 4, ask)
    time.sleep(seconds + 1)
    pacer.stop()
    exporter.stop()
    real = delayd.real()
    probes = []
    for name, text in texts.items():
        measured = {}
        for phase, value in re.findall(
                r'probe_http_duration_seconds\{phase="(\w+)"\} (\S+)', text):
            if phase in THEIR_NAMES:
                measured[THEIR_NAMES[phase]] = float(value) * 1e6
        probes.append({"measured": measured, "real": real[name]})
    return probes


def main():
    dir, rate, seconds = pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:])
    (dir / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", dir / "resolv.conf",
                    pathlib.Path("/etc/resolv.conf").resolve()], check=True)
    json.dump({"ours": ours(dir, rate, seconds),
               "theirs": theirs(dir, rate, seconds)}, sys.stdout)


if __name__ == "__main__":
    main()
