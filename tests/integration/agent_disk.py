"""An agent's disk that is another's, read-only, or full: what is said, and what
goes on.

agent_disk.py AGENT SPOOL_TOOL

Needs root, to mount a small disk; skips what it may not.
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from process import Process  # noqa: E402

AGENT, TOOL = sys.argv[1:3]
CHECKS, INTERVAL_MS, DISK_KB = 40, 5000, 3072
FULL_DISK = os.environ.get("LEADLINE_FULL_DISK")


class Target:
    """Says hello by accepting, and no more."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.listener.accept()[0].close()


class AgentDisk(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="agent-disk-"))
        self.disk = self.root / "disk"
        self.disk.mkdir()
        self.mounted = False
        self.agent = None

    def tearDown(self):
        if self.agent is not None:
            self.agent.kill()
        if self.mounted:
            subprocess.run(["umount", self.disk], check=True)
        subprocess.run(["rm", "-rf", self.root], check=True)

    def mount(self):
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_KB}k",
                               "tmpfs", self.disk], capture_output=True,
                              check=False)
        if made.returncode != 0:
            self.skipTest("SKIPPED: no disk may be mounted here: "
                          + made.stderr.decode().strip())
        self.mounted = True

    def prepare(self, assign=True):
        """DIR is on the disk; with checks for it."""
        self.dir = self.disk / "agent"
        self.dir.mkdir(mode=0o700)
        (self.dir / "agent.yaml").write_text(
            f"endpoint: tcp://127.0.0.1:9\ncollector_key: {'33' * 32}\n"
            "name: eu1\n")
        (self.dir / "agent.key").touch(mode=0o600)
        (self.dir / "agent.key").write_text(f"{'11' * 32}\n{'22' * 32}\n")
        if assign:
            subprocess.run([TOOL, "assign_tcp", self.dir / "spool", str(CHECKS),
                            str(INTERVAL_MS), "127.0.0.1",
                            str(Target().port)], check=True)

    def start(self, env=None):
        self.agent = Process("agent", [AGENT, "run", "--dir", self.dir],
                             self.root / "log", env).start()
        self.agent.wait_for_log("agent.ready")

    def refused(self):
        """What an agent says that cannot even start."""
        ended = subprocess.run([AGENT, "run", "--dir", self.dir],
                               capture_output=True, text=True, timeout=20,
                               check=False)
        self.assertEqual(3, ended.returncode, ended.stderr)
        last = ended.stderr.strip().splitlines()[-1]
        self.assertTrue(last.startswith("leadline-agent: spool "), last)
        return last

    def fill(self):
        with open(self.disk / "ballast", "ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass

    def free(self):
        (self.disk / "ballast").unlink()

    def records(self):
        out = subprocess.run([TOOL, "dump", self.dir / "spool"],
                             capture_output=True, text=True, check=True)
        return [line.split() for line in out.stdout.splitlines()]

    def test_a_second_process_is_told_who_has_the_spool(self):
        self.prepare()
        self.start()
        self.assertIn(f"in use by process {self.agent.pid}", self.refused())
        self.agent.kill()
        self.start()  # the lock of one that was killed holds nobody up

    def test_a_read_only_disk_is_named_at_the_start(self):
        self.mount()
        self.prepare()
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        self.assertIn("read-only", self.refused())

    def test_a_disk_that_is_full_at_the_start_is_named(self):
        self.mount()
        self.prepare(assign=False)
        self.fill()
        self.assertIn("No space left", self.refused())

    def test_a_disk_that_fills_up_costs_the_oldest_and_is_got_over(self):
        self.mount()
        self.prepare()
        self.start()
        time.sleep(3)
        # Room is taken as soon as the agent makes some.
        end_s = time.monotonic() + 6
        while time.monotonic() < end_s:
            self.fill()
            time.sleep(0.2)
        self.assertTrue(self.agent.is_running())
        full_ms = time.time() * 1000
        self.free()
        time.sleep(3)
        self.assertEqual(0, self.agent.stop())
        said = self.agent.log_text()
        records = self.records()
        stamps = sorted(int(record[7]) for record in records)
        self.assertTrue(stamps, said)
        newest = [stamp for stamp in stamps if stamp > full_ms]
        self.assertGreater(len(newest), CHECKS / 5, said)
        # From the oldest that is left on, no check has missed a slot unsaid.
        have = {(record[1], int(record[2])) for record in records}
        slots = sorted({slot for _, slot in have})[1:-1]
        missing = CHECKS * len(slots) - sum(s in slots for _, s in have)
        if "spool.result_lost" not in said:
            self.assertEqual(0, missing, said)
        print(f"{len(records)} results kept; log:\n" + "\n".join(
            line for line in said.splitlines() if " spool." in line))

    @unittest.skipIf(FULL_DISK is None, "not with a sanitizer")
    def test_a_disk_that_has_room_again_at_the_very_end_is_used(self):
        """After the last sync has failed and the line was closed."""
        self.prepare()
        # A write is under way while the agent is told to end.
        self.start({"LD_PRELOAD": FULL_DISK, "FULL_DISK_FROM": "agent.ready",
                    "FULL_DISK_GO_ON": "agent.stopping",
                    "FULL_DISK_UNTIL": "spool.sync_failed",
                    "MALLOC_PERTURB_": "165"})
        self.agent.wait_for_log("full_disk.waits")
        self.assertEqual(0, self.agent.stop())
        said = self.agent.log_text()
        self.assertLess(said.index("agent.stopping"),
                        said.index("spool.sync_failed"), said)
        self.assertLess(said.index("spool.sync_failed"),
                        said.index("spool.recovered"), said)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
unittest.main(argv=sys.argv[:1], verbosity=2)
