"""An agent by itself, as it is to live for a year: what the kernel keeps it
from, what it tells whoever started it, and how it ends.

agent_alone.py AGENT SPOOL_TOOL
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from process import NotYet, Process, until  # noqa: E402

AGENT, TOOL = sys.argv[1:3]
YAML = f"""endpoint: tcp://127.0.0.1:{{port}}
collector_key: {"33" * 32}
name: eu1
"""
BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
NOBODY = 65534
STOP_SECONDS = 5
SANITIZED = "LEADLINE_SANITIZED" in os.environ


def one_certificate():
    end = "-----END CERTIFICATE-----\n"
    return BUNDLE.read_text().split(end)[0] + end


class Silent:
    """Takes connections, by the kernel's grace, and never says a word."""

    def __init__(self):
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self.sock.getsockname()[1]

    def close(self):
        self.sock.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)
        self.root = pathlib.Path(self.tmp.name)
        self.dir = self.root / "agent"
        self.silent = Silent()
        self.addCleanup(self.silent.close)
        self.agent = None

    def tearDown(self):
        if self.agent is not None:
            self.agent.kill()

    def folder(self, more="", port=9):
        self.dir.mkdir(mode=0o700, exist_ok=True)
        self.write(YAML.format(port=port) + more)
        key = self.dir / "agent.key"
        key.touch(mode=0o600)
        key.write_text(f"{'11' * 32}\n{'22' * 32}\n")

    def write(self, text):
        (self.dir / "agent.yaml").write_text(text)

    def assign(self, count, interval_ms):
        """Timeouts are a quarter of the interval; two of four kinds hang."""
        ca = self.root / "ca.pem"
        ca.write_text(one_certificate())
        subprocess.run([TOOL, "assign", self.dir / "spool", str(count),
                        str(interval_ms), str(self.silent.port), ca],
                       check=True)

    def start(self, *words, env=None, ready=True):
        self.agent = Process("agent", [AGENT, "run", "--dir", self.dir, *words],
                             self.root / "agent.log", env)
        self.agent.start()
        if ready:
            self.agent.wait_for_log("agent.ready")
        return self.agent

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.agent.pid}/{name}").read_text()

    def connections(self):
        """How many of the agent's sockets are TCP and connected."""
        return len(self.sockets("01"))

    def sockets(self, state):
        """Inodes of the agent's TCP sockets in that state, of either family."""
        mine = set()
        for fd in os.listdir(f"/proc/{self.agent.pid}/fd"):
            try:
                to = os.readlink(f"/proc/{self.agent.pid}/fd/{fd}")
            except FileNotFoundError:
                continue
            found = re.fullmatch(r"socket:\[(\d+)\]", to)
            if found:
                mine.add(found[1])
        tables = (self.proc("net/tcp") + self.proc("net/tcp6")).splitlines()
        rows = [line.split() for line in tables if ":" in line.split()[0]]
        return [row[9] for row in rows if row[3] == state and row[9] in mine]

    def wait_until_hanging(self, count):
        def hanging():
            have = self.connections()
            if have < count:
                raise NotYet(f"{have} connections")
            return True
        until(f"{count} probes hang", 20, hanging, pause=0.05)

    def reasons(self):
        out = subprocess.run([TOOL, "dump", self.dir / "spool"], check=True,
                             capture_output=True, text=True).stdout
        return [line.split()[5] for line in out.splitlines()]

    def stops_in_time(self):
        begun = time.monotonic()
        code = self.agent.stop(20)
        took = time.monotonic() - begun
        self.assertEqual(0, code, self.agent.log_tail())
        self.assertLess(took, STOP_SECONDS)
        self.assertIn("agent.stopped", self.agent.log_text())


class Confined(Case):
    def statuses(self):
        tasks = pathlib.Path(f"/proc/{self.agent.pid}/task")
        return [(task / "status").read_text() for task in tasks.iterdir()]

    def hold(self, pattern):
        return [bool(re.search(pattern, text, re.M))
                for text in self.statuses()]

    def test_every_thread_is_and_no_port_is_open(self):
        self.folder()
        self.assign(50, 20000)
        self.start()
        log = self.agent.log_text()
        line = next(one for one in log.splitlines() if "agent.confined" in one)
        print(line)
        self.wait_until_hanging(2)
        self.assertGreater(len(self.statuses()), 2)     # libzmq's, the spool's
        if 'seccomp="on"' in line:
            self.assertNotIn(False, self.hold(r"^Seccomp:\s*2$"))
            self.assertNotIn(False, self.hold(r"^NoNewPrivs:\s*1$"))
        else:
            print("SKIPPED: this kernel takes no seccomp filter")
        self.assertEqual([], self.sockets("0A"))        # LISTEN
        self.assertRegex(self.proc("status"), r"Umask:\s*0077")
        limits = self.proc("limits")
        self.assertRegex(limits, r"Max core file size\s+[01]\s+[01]\s")
        soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)",
                               limits).groups()
        self.assertEqual(int(soft), max(min(int(hard), 65536), int(soft)))

    def test_a_scheduling_of_its_own_is_kept(self):
        """libzmq sets its threads' scheduling to what it is already."""
        real_time = ["chrt", "-r", "1"]
        may = subprocess.run([*real_time, "true"], capture_output=True,
                             text=True, check=False)
        if may.returncode != 0:
            self.skipTest(f"no real-time priority here: {may.stderr}")
        self.folder()
        self.agent = Process("agent", [*real_time, AGENT, "run", "--dir",
                                       self.dir], self.root / "agent.log")
        self.agent.start()
        self.agent.wait_for_log("agent.ready")
        self.stops_in_time()

    def test_not_where_the_file_says_off(self):
        self.folder("confine: off\n")
        self.start()
        self.assertIn("agent.unconfined", self.agent.log_text())
        self.assertNotIn(True, self.hold(r"^Seccomp:\s*[12]$"))
        self.stops_in_time()

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_an_ordinary_user_is_enough(self):
        self.folder("bind: 127.0.0.1\n")
        self.assign(50, 20000)
        os.chmod(self.root, 0o755)
        for path in [self.dir, *self.dir.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        with open(self.root / "agent.log", "ab") as out:
            try:
                child = subprocess.Popen(
                    [AGENT, "run", "--dir", self.dir], stdin=subprocess.DEVNULL,
                    stdout=out, stderr=out, user=NOBODY, group=NOBODY,
                    extra_groups=[])
            except PermissionError:
                self.skipTest("the build is not readable for other users")
        self.agent = Process("agent", [AGENT], self.root / "agent.log")
        self.agent.child = child
        self.agent.wait_for_log("agent.ready")
        self.assertNotIn("agent.root", self.agent.log_text())
        self.assertNotIn(False, self.hold(r"^CapEff:\s*0+$"))
        self.wait_until_hanging(2)
        self.stops_in_time()
        self.assertIn("agent_skipped", self.reasons())


class Ending(Case):
    def test_what_hangs_is_told_as_skipped_within_five_seconds(self):
        self.folder(port=self.silent.port)      # a collector that hangs, too
        self.assign(300, 30000)
        self.start()
        self.wait_until_hanging(12)
        self.stops_in_time()
        self.assertIn("agent.cut_short", self.agent.log_text())
        self.assertGreater(self.reasons().count("agent_skipped"), 8)

    def test_a_second_signal_ends_it_at_once(self):
        self.folder()
        self.assign(300, 30000)
        self.start()
        self.wait_until_hanging(5)
        self.agent.send(signal.SIGTERM)
        self.agent.wait_for_log("agent.stopping")
        begun = time.monotonic()
        self.agent.send(signal.SIGTERM)
        self.assertEqual(-signal.SIGTERM, self.agent.wait(10))
        self.assertLess(time.monotonic() - begun, 2)

    @unittest.skipIf(os.geteuid() != 0, "only root can mount a small disk")
    def test_a_full_disk_is_no_obstacle(self):
        self.dir.mkdir(mode=0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m",
                               "leadline-test", self.dir],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"no small disk: {done.stderr}")
        self.addCleanup(subprocess.run, ["umount", self.dir], check=True)
        self.folder()
        self.assign(300, 30000)
        self.start()
        self.wait_until_hanging(5)
        with open(self.dir / "filler", "ab", buffering=0) as out:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        out.write(b"x" * size)
                except OSError:
                    pass
        self.stops_in_time()


class Supervised(Case):
    """Somebody started it who wants to be told, as systemd does."""

    def setUp(self):
        super().setUp()
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.told.close)
        self.told.settimeout(15)

    def listen(self, address):
        self.told.bind(address)
        return {"NOTIFY_SOCKET": address.replace("\0", "@"),
                "WATCHDOG_USEC": "400000"}

    def next(self):
        return self.told.recv(1000).decode().split("\n")

    def wait_for(self, word):
        while True:
            said = self.next()
            if said[0] == word:
                return said

    def drain(self):
        self.told.setblocking(False)
        count = 0
        try:
            while True:
                self.told.recv(1000)
                count += 1
        except BlockingIOError:
            self.told.settimeout(15)
        return count

    def lives(self, env):
        self.folder()
        self.start(env=env, ready=False)
        ready = self.next()
        self.assertEqual("READY=1", ready[0])
        self.assertRegex(ready[1], r"STATUS=eu1 measures 0 checks for tcp://")
        self.assertEqual(["WATCHDOG=1"], self.next())
        self.assertEqual(["WATCHDOG=1"], self.next())

    def test_a_loop_that_hangs_sends_no_pings(self):
        self.lives(self.listen(str(self.root / "notify")))
        self.agent.send(signal.SIGSTOP)
        until("it stands still", 5,
              lambda: ") T " in self.proc("stat"), pause=0.01)
        self.drain()
        time.sleep(1)                   # five pings' time
        self.assertEqual(0, self.drain())
        self.agent.send(signal.SIGCONT)
        self.wait_for("WATCHDOG=1")
        self.stops_in_time()
        self.wait_for("STOPPING=1")

    def test_an_abstract_socket_is_reached_by_a_confined_agent(self):
        self.lives(self.listen(f"\0leadline-test-{os.getpid()}"))
        self.agent.send(signal.SIGHUP)
        said = self.wait_for("RELOADING=1")
        self.assertRegex(said[1], r"MONOTONIC_USEC=\d+")
        self.wait_for("READY=1")
        self.stops_in_time()


class Reloading(Case):
    def test_a_collector_that_moved_is_followed(self):
        old = Silent()
        self.addCleanup(old.close)
        self.folder(port=old.port)
        self.start()
        old.sock.settimeout(10)
        old.sock.accept()[0].close()
        new = self.silent
        self.write(YAML.format(port=new.port) + "spool_cap: 9MiB\n")
        self.agent.send(signal.SIGHUP)
        self.agent.wait_for_log("agent.reloaded")
        self.assertIn("for_the_next_start=spool_cap", self.agent.log_text())
        new.sock.settimeout(10)
        new.sock.accept()[0].close()
        since = self.agent.log_size()
        self.write("endpoint: nowhere\n")
        self.agent.send(signal.SIGHUP)
        self.agent.wait_for_log("agent.reload_failed", since=since)
        self.assertIn("agent.yaml:1:", self.agent.log_text(since))
        new.sock.accept()[0].close()            # it still tries there
        self.stops_in_time()


class Descriptors(Case):
    @unittest.skipIf(SANITIZED, "a sanitizer needs descriptors of its own")
    def test_running_out_is_told_as_our_own_limit(self):
        self.folder()
        self.assign(250, 20000)
        self.agent = Process("agent", [
            "/bin/sh", "-c", 'ulimit -n 64; exec "$0" "$@"', AGENT, "run",
            "--debug", "--dir", self.dir], self.root / "agent.log")
        self.agent.start()
        until("descriptors run out", 20, lambda: self.agent.log_text().count(
            "reason=agent_limit") > 10)
        self.assertTrue(self.agent.is_running(), self.agent.log_tail())
        self.stops_in_time()
        reasons = self.reasons()
        self.assertGreater(reasons.count("agent_limit"), 10)
        self.assertEqual(set(), {one for one in reasons
                                 if not one.startswith("agent_")
                                 and one not in ("none", "-", "tls_timeout")},
                         "the targets are not to blame")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
