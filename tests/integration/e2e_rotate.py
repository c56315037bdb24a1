#!/usr/bin/python3
"""A new key for an agent: at any moment, without a gap and without a loss."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import TOP, Agent, FleetTest
from ledger import doubled, holes
from process import NotYet, until

HOLD_STORE = os.environ.get("LEADLINE_HOLD_STORE",
                            TOP / "build/dev/tests/hold_store")


class Rotate(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_the_least()

    @property
    def agent(self):
        return self.fleet.agents["eu1"].process

    @property
    def key_file(self):
        return self.fleet.dir / "eu1" / "agent.key"

    def shown(self):
        agent, = [agent for agent in self.fleet.ask("agents")["agents"]
                  if agent["name"] == "eu1"]
        return agent

    def ask_for_rotation(self):
        asked = self.fleet.cli("agent", "rotate", "eu1")
        self.assertEqual(0, asked.returncode, asked.stderr)

    @contextlib.contextmanager
    def writer_waiting(self):
        """The collector commits nothing meanwhile."""
        with subprocess.Popen([HOLD_STORE, self.fleet.store],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as holder:
            self.assertEqual("held\n", holder.stdout.readline())
            yield
            holder.stdin.close()
            self.assertEqual(0, holder.wait(20))

    def wait_until_rotated(self, key_before):
        def rotated():
            if self.shown()["rotating"]:
                raise NotYet("rotating")
            return self.key_file.read_bytes() != key_before
        until("the agent has its new key", 60, rotated, pause=0.2)

    def expect_more_and_nothing_lost(self):
        count = len(self.fleet.export())
        self.fleet.wait_for_results("acme/port", count + 2)
        self.fleet.wait_until_drained()
        rows = self.fleet.export()
        self.assertEqual([], doubled(rows))
        self.assertEqual([], holes(rows))
        self.assertEqual(1, len({row["spool"] for row in rows}))

    def try_old_key(self, name, old_key):
        """A process that has nothing but the old key; test_7 looks at it."""
        dir = self.fleet.dir / name
        dir.mkdir(mode=0o700)
        shutil.copy2(self.fleet.dir / "eu1" / "agent.yaml", dir)
        (dir / "agent.key").write_bytes(old_key)
        (dir / "agent.key").chmod(0o600)
        self.fleet.agents[name] = Agent(name, "eu", dir)
        self.fleet.start_agent(name)

    def test_1_while_connected(self):
        before = self.key_file.read_bytes()
        self.ask_for_rotation()
        self.wait_until_rotated(before)
        self.assertEqual(0o600, self.key_file.stat().st_mode & 0o777)
        self.expect_more_and_nothing_lost()
        self.assertNotIn("DUPLICATE", self.agent.log_text())
        # Its file is read again: with the new key in it the line stays.
        since = self.agent.log_size()
        self.agent.send(signal.SIGHUP)
        self.agent.wait_for_log("agent.reloaded", since=since)
        self.expect_more_and_nothing_lost()
        self.assertNotIn("uplink.streaming", self.agent.log_text(since))
        self.try_old_key("old1", before)

    def test_2_while_disconnected(self):
        before = self.key_file.read_bytes()
        self.assertEqual(0, self.agent.stop())
        self.ask_for_rotation()
        self.assertTrue(self.shown()["rotating"])
        self.assertIn("eu1: rotating", self.fleet.cli("agents").stdout)
        # It is remembered, also by a collector that starts again.
        self.fleet.restart_collector()
        self.assertTrue(self.shown()["rotating"])
        self.agent.start()
        self.wait_until_rotated(before)
        self.expect_more_and_nothing_lost()
        self.try_old_key("old2", before)

    def announce_and_stay(self):
        """The agent has announced a key that the collector cannot commit."""
        self.assertEqual(0, self.agent.stop())
        self.ask_for_rotation()
        return self.key_file.read_bytes()

    def wait_for_announcement(self):
        since = self.fleet.collector.log_size()
        self.agent.start()
        self.fleet.collector.wait_for_log("result=\"announced\"", 30, since)

    def test_3_agent_killed_before_the_answer(self):
        before = self.announce_and_stay()
        with self.writer_waiting():
            self.wait_for_announcement()
            self.agent.kill()
        self.assertEqual(before, self.key_file.read_bytes())
        self.agent.start()
        self.wait_until_rotated(before)
        self.expect_more_and_nothing_lost()
        self.try_old_key("old3", before)

    def test_4_collector_killed_before_the_commit(self):
        before = self.announce_and_stay()
        with self.writer_waiting():
            self.wait_for_announcement()
            self.fleet.collector.kill()
        self.assertEqual(before, self.key_file.read_bytes())
        self.fleet.start_collector()
        self.wait_until_rotated(before)
        self.expect_more_and_nothing_lost()
        self.try_old_key("old4", before)

    def test_5_only_who_has_a_key_can_rotate(self):
        self.fleet.token("eu2", "eu")
        for name, about in (("nobody", "no agent nobody"),
                            ("eu2", "not enrolled")):
            asked = self.fleet.cli("agent", "rotate", name)
            self.assertEqual(2, asked.returncode, asked.stdout)
            self.assertIn(about, asked.stderr)

    def test_6_a_suspended_agent_rotates_when_it_is_back(self):
        before = self.key_file.read_bytes()
        self.assertEqual(
            0, self.fleet.cli("agent", "suspend", "eu1").returncode)
        self.ask_for_rotation()
        shown = self.shown()
        self.assertEqual("suspended", shown["state"])
        self.assertTrue(shown["rotating"])
        count = len(self.fleet.export())
        self.assertEqual(
            0, self.fleet.cli("agent", "resume", "eu1").returncode)
        self.wait_until_rotated(before)
        self.fleet.wait_for_results("acme/port", count + 2)
        self.expect_more_and_nothing_lost()
        self.try_old_key("old6", before)

    def test_7_old_keys_are_refused(self):
        old = {name: agent for name, agent in self.fleet.agents.items()
               if name.startswith("old")}
        self.assertEqual(5, len(old))
        for agent in old.values():
            agent.process.wait_for_log("does not know our key", 60)
            self.assertNotIn("uplink.streaming", agent.process.log_text())
            self.assertEqual(0, agent.process.stop())
        self.assertEqual("present", self.shown()["state"])
        self.expect_more_and_nothing_lost()


if __name__ == "__main__":
    unittest.main(verbosity=2)
