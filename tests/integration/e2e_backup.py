#!/usr/bin/python3
"""Backups of a running collector, and a damaged store that one of them mends.

    e2e_backup.py        programs: see support/fleet.py

The tests build on each other.
"""
import os
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import FleetTest, program, run
from process import NotYet, until

PAGE = 4096


def identity(row):
    """What a result is known by, and what it says."""
    return (row["check"], row["agent"], row["seq"], row["ts"], row["status"],
            row["attempt"])


def backups(dir):
    return sorted(path for path in dir.glob("leadline-*"))


class Backup(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers(("acme",))
        cls.backups = fleet.dir / "backups"
        cls.settings = {
            "regions": ["eu", "us"],
            "backup": {"dir": str(cls.backups), "every": "1h", "keep": 2},
            "sites": [{"name": "acme", "checks": [
                fleet.check("home", "http", url=fleet.site.url("acme")),
                fleet.check("cert", "tls", host="acme.test",
                            port=fleet.site.port),
                fleet.check("port", "tcp", host="acme.test",
                            port=fleet.site.port)]}],
        }
        fleet.configure(**cls.settings)
        fleet.start_collector()
        for number, region in enumerate(("eu", "us")):
            fleet.add_agent(f"{region}1", region, bind=f"127.0.0.{11 + number}")
            fleet.start_agent(f"{region}1")

    def verify(self, store):
        done = run(program("leadline"), "--store", store, "--json", "verify")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_1_a_first_backup_is_made_by_itself(self):
        until("a first backup", 60, lambda: backups(self.backups), pause=0.2)
        self.fleet.collector.wait_for_log("backup.done", 10)
        self.verify(backups(self.backups)[0])

    def test_2_a_person_asks_for_one(self):
        self.fleet.wait_for_results("acme/home", 6)
        live = {identity(row) for row in self.fleet.export()}
        by_collector = self.fleet.ask("backup", self.fleet.dir / "asked")
        beside = run(program("leadline"), "--json", "--store", self.fleet.store,
                     "backup", self.fleet.dir / "beside")
        self.assertEqual(0, beside.returncode, beside.stderr)
        self.assertEqual([pathlib.Path(by_collector["path"])],
                         backups(self.fleet.dir / "asked"))
        for made in (*backups(self.fleet.dir / "asked"),
                     *backups(self.fleet.dir / "beside")):
            self.assertEqual(["data.mdb"], os.listdir(made))
            self.verify(made)
            exported = run(program("leadline"), "--store", made, "export",
                           "--since", "48h")
            self.assertGreaterEqual(len(exported.stdout.splitlines()),
                                    len(live))

    def test_3_older_ones_are_removed(self):
        for _ in range(3):
            self.fleet.ask("backup", self.backups, "--keep", "2")
        self.assertEqual(2, len(backups(self.backups)))
        self.assertEqual([], list(self.backups.glob(".leadline-*")))

    def test_4_what_cannot_be_made_is_said(self):
        for dir in ("/proc/backups", self.fleet.config_file):
            asked = self.fleet.cli("backup", dir)
            self.assertEqual(3, asked.returncode, asked.stdout)
            self.assertIn(str(dir), asked.stderr)
        asked = self.fleet.cli("backup", self.backups, "--keep", "0")
        self.assertEqual(2, asked.returncode, asked.stdout)

    def test_5_the_running_collector_verifies_itself(self):
        for _ in range(5):
            answer = self.fleet.ask("verify", codes=(0,))
            self.assertEqual([], answer["differences"])
            self.assertGreater(answer["results"], 0)
            self.assertGreater(answer["marks"], 0)
            count = len(self.fleet.export())
            until("more results", 30,
                  lambda: len(self.fleet.export()) > count, pause=0.2)

    def test_6_a_damaged_store_is_replaced_and_filled_again(self):
        fleet = self.fleet
        fleet.ask("backup", self.backups)
        kept = {identity(row) for row in fleet.export()}
        fleet.wait_for_results("acme/home", len(
            [1 for one in kept if one[0] == "acme/home"]) + 6)
        before = {identity(row) for row in fleet.export()}
        self.assertGreater(len(before), len(kept))
        since = fleet.collector.log_size()
        fleet.collector.kill()
        data = fleet.store / "data.mdb"
        with open(data, "r+b") as file:
            for page in range(2, data.stat().st_size // PAGE):
                file.seek(page * PAGE + 8)
                file.write(b"\xa5" * (PAGE - 8))
        fleet.start_collector()
        fleet.collector.wait_for_log("store.restored", 10, since)
        aside = list(fleet.store.glob("damaged-*"))
        self.assertEqual(1, len(aside))
        self.assertTrue((aside[0] / "data.mdb").exists())

        def all_there():
            now = {identity(row) for row in fleet.export()}
            if before - now:
                raise NotYet(f"{len(before - now)} of {len(before)} missing")
            return now
        now = until("what agents hold came again", 120, all_there, pause=0.3)
        self.assertEqual(len(now), len({one[:3] for one in now}))
        fleet.wait_until_drained()
        self.assertEqual([], fleet.ask("verify", codes=(0,))["differences"])

        until("the mail that says so", 60, lambda: self.told(
            "firing", "the store was damaged and was replaced by the backup"),
            pause=0.2)

    def told(self, state, words):
        return [mail for mail in self.fleet.mail.find(state)
                if words in " ".join(mail.get_body(("plain",))
                                     .get_content().split()).lower()]

    def test_7_a_failing_backup_is_told_once_and_then_that_it_works(self):
        fleet = self.fleet
        blocked = fleet.dir / "blocked"
        blocked.write_text("not a folder\n")
        since = fleet.collector.log_size()
        fleet.configure(**{**self.settings,
                           "backup": {"dir": str(blocked), "every": "1m"}})
        fleet.collector.send(signal.SIGHUP)
        fleet.collector.wait_for_log("backup.failed", 30, since)

        def told(state):
            return self.told(state, "the backup of the store failed")
        until("the mail that says so", 90, lambda: told("firing"), pause=0.2)
        blocked.unlink()
        fleet.configure(**{**self.settings,
                           "backup": {"dir": str(blocked), "every": "1h"}})
        fleet.collector.send(signal.SIGHUP)
        until("the mail that it works", 60, lambda: told("resolved"), pause=0.2)
        self.assertEqual(1, len(told("firing")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
