#!/usr/bin/python3
"""The collector's disk is full: agents keep their results until there is room.

Needs root, for a small file system of its own; skipped with a word otherwise.
"""
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import ledger
from fleet import FleetTest
from process import NotYet, until

DISK_MIB = 4


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
        fleet.store = cls.disk / "store"
        fleet.start_servers()
        fleet.configure(regions=["eu"], sites=[{"name": "acme", "checks": [
            fleet.check(f"port{n}", "tcp", host="acme.test",
                        port=fleet.site.port) for n in range(10)]}])
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

    def test_results_wait_until_there_is_room(self):
        fleet = self.fleet
        agent = fleet.agents["eu1"].process
        self.fill_disk()
        agent.wait_for_log("code=DISK_FULL", 60)
        self.assertIn("disk", fleet.collector.log_text().lower())
        self.assertTrue(fleet.collector.is_running())
        # Questions are answered all the while.
        before = len(fleet.export())

        def spooled():
            count = fleet.spooled()["eu1"]
            if count < 20:
                raise NotYet(f"{count} in the spool")
            return count
        try:
            until("the agent keeps its results", 30, spooled, pause=0.5)
        except AssertionError:
            # The count travels with PING, which a full disk may not store.
            pass
        self.assertTrue(agent.is_running())
        (self.disk / "filler").unlink()

        def arrived():
            rows = fleet.export()
            if len(rows) < before + 40:
                raise NotYet(f"{len(rows)} results, {before} before")
            return rows
        until("what waited arrives", 90, arrived, pause=0.5)
        until("the spool is empty", 30,
              lambda: not any(fleet.spooled().values()), pause=0.05)
        rows = fleet.export()
        self.assertEqual([], ledger.doubled(rows))
        self.assertEqual([], ledger.holes(rows))
        self.assertEqual([], ledger.missing_slots(rows, 5))


if __name__ == "__main__":
    unittest.main(verbosity=2)
