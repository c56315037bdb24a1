#!/usr/bin/python3
"""The collector's disk is full, or bad: agents keep their results until it is
good again.

Needs root, for a small file system of its own; skipped with a word otherwise.
"""
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import ledger
from fleet import FleetTest, bad_disk
from process import NotYet, until
from servers import free_ports

DISK_MIB = 6
CHECKS = 60     # so many that a batch of theirs needs more than one import


def mount(dir):
    dir.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m",
                    "leadline-test", str(dir)], check=True,
                   capture_output=True)


class DiskFull(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        cls.disk = fleet.dir / "disk"
        cls.mounted = False
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can mount a small disk")
        try:
            mount(cls.disk)
        except subprocess.CalledProcessError as failed:
            raise unittest.SkipTest(
                f"no small disk: {failed.stderr.decode()}") from None
        cls.mounted = True
        cls.web, = free_ports(1)
        fleet.store = cls.disk / "store"
        fleet.start_servers()
        fleet.configure(regions=["eu"], dashboard={
            "listen": f"127.0.0.1:{cls.web}"}, sites=[{"name": "acme", "checks": [
            fleet.check(f"port{n}", "tcp", host="acme.test",
                        port=fleet.site.port) for n in range(CHECKS)]}])
        cls.switch = fleet.dir / "bad_disk"
        fleet.collector.env = bad_disk(cls.switch)
        fleet.start_collector()
        fleet.add_agent("eu1", "eu")
        fleet.start_agent("eu1")
        fleet.wait_for_results("acme/port0", 1)

    @classmethod
    def tearDownClass(cls):
        fleet = cls.fleet
        bad = fleet.stop_all()
        if cls.mounted:
            subprocess.run(["umount", str(cls.disk)], check=True)
        fleet.close()
        if bad:
            raise AssertionError("; ".join(bad))

    def fill_disk(self):
        with open(self.disk / "filler", "ab", buffering=0) as out:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        out.write(b"x" * size)
                except OSError:
                    pass

    def health(self):
        line = http.client.HTTPConnection("127.0.0.1", self.web, timeout=20)
        try:
            line.request("GET", "/healthz")
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        finally:
            line.close()

    def measured(self):
        return [row for row in self.fleet.export() if row["agent"] == "eu1"]

    def import_until_full(self):
        """Takes the last free pages inside the store, too."""
        at = int(time.time()) - 20 * 86400
        for count in (50, 1):
            for _ in range(5000):
                lines = []
                for _ in range(count):
                    at += 1800
                    lines.append(json.dumps({
                        "ts": at * 1000, "check": f"acme/port{at // 1800 % CHECKS}",
                        "region": "eu", "agent": "filler", "status": "up"}))
                    if at > time.time() - 86400:
                        at -= 19 * 86400 - 1
                done = self.fleet.cli("import", "-", input="\n".join(lines))
                if done.returncode != 0:
                    break
            self.assertEqual(3, done.returncode, done.stderr)
            self.assertIn("full", done.stderr)

    def full(self):
        status, reason = self.health()
        if status != 503:
            raise NotYet(f"{status} {reason}")
        return reason

    def wait_for_more(self, before):
        """What was kept arrives, and nothing is missing or doubled."""
        def arrived():
            count = len(self.measured())
            if count < before + 3 * CHECKS:
                raise NotYet(f"{count} results, {before} while it was bad")
            return True
        until("what waited arrives", 90, arrived, pause=0.5)
        self.assertEqual((200, "ok\n"), self.health())
        self.fleet.wait_until_drained(under_way=2 * CHECKS)
        rows = self.measured()
        self.assertEqual([], ledger.doubled(rows))
        self.assertEqual([], ledger.holes(rows))
        self.assertEqual([], ledger.missing_slots(rows, 5))

    def test_results_wait_until_there_is_room(self):
        fleet = self.fleet
        agent = fleet.agents["eu1"].process
        self.assertEqual((200, "ok\n"), self.health())
        # Nobody sends anything, and still it is said.
        agent.send(signal.SIGSTOP)
        self.addCleanup(agent.send, signal.SIGCONT)
        self.fill_disk()
        self.assertIn("full", until("an idle store says that it is full", 60,
                                    self.full))
        agent.send(signal.SIGCONT)
        self.import_until_full()
        agent.wait_for_log("code=DISK_FULL", 60)
        until("what cannot be kept is noticed", 60, lambda:
              "the store cannot be written" in self.full())
        self.assertIn("full", fleet.collector.log_text())
        self.assertTrue(fleet.collector.is_running())
        # Questions are answered all the while.
        full = len(self.measured())
        time.sleep(10)          # two slots, whose results have nowhere to go
        self.assertTrue(agent.is_running())
        self.assertLess(len(self.measured()), full + CHECKS)
        (self.disk / "filler").unlink()
        self.wait_for_more(full)

    def test_the_end_of_a_commit_is_refused(self):
        collector = self.fleet.collector
        since = collector.log_size()
        self.addCleanup(self.switch.unlink, missing_ok=True)
        self.switch.write_text("e")
        # LMDB gives nothing more: somebody must start it again.
        self.assertGreater(collector.wait(60), 0)
        said = collector.log_text(since)
        self.assertIn("must be opened again", said)
        self.assertNotIn("move data.mdb aside", said)
        self.switch.unlink()
        since = collector.log_size()
        self.fleet.start_collector()
        self.assertIn("result=whole", collector.log_text(since))
        # That nothing is lost or doubled, the next test says of all of it.

    def test_the_file_system_becomes_read_only(self):
        collector = self.fleet.collector
        since = collector.log_size()
        self.addCleanup(self.switch.unlink, missing_ok=True)
        # In words, once a minute: it was started anew, and has said nothing.
        self.switch.write_text("r")
        collector.wait_for_log("store.turn_lost", 60, since)
        said = collector.log_text(since)
        self.assertIn("Read-only file system: look at dmesg", said)
        self.assertIn("kept_by=agents", said)
        status, reason = self.health()
        self.assertEqual(503, status)
        self.assertIn("Read-only file system", reason)
        before = len(self.measured())
        time.sleep(10)          # two slots, whose results have nowhere to go
        self.assertEqual(before, len(self.measured()))
        self.switch.unlink()
        self.wait_for_more(before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
