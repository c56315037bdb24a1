#!/usr/bin/python3
"""Who may talk: tokens, keys, and what each refusal says."""
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import Agent, FleetTest, shifted_clock


def new_key_pair():
    """A CURVE key pair as (public, secret), in hexadecimal digits."""
    der = subprocess.run(["openssl", "genpkey", "-algorithm", "X25519",
                          "-outform", "DER"], check=True,
                         capture_output=True).stdout
    public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-pubout",
                             "-outform", "DER"], input=der, check=True,
                            capture_output=True).stdout
    return public[-32:].hex(), der[-32:].hex()


class Keys(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers()
        fleet.configure(regions=["eu", "us"], sites=[
            {"name": "acme", "checks": [
                fleet.check("port", "tcp", host="acme.test",
                            port=fleet.site.port)]}])
        fleet.start_collector()
        cls.token = fleet.token("eu1", "eu")
        enrolled = fleet.enrol(cls.token, fleet.dir / "eu1")
        assert enrolled.returncode == 0, enrolled.stderr
        fleet.agents["eu1"] = Agent("eu1", "eu", fleet.dir / "eu1")
        fleet.start_agent("eu1")
        fleet.wait_for_results("acme/port", 1)

    def refused(self, token, env=None):
        dir = self.fleet.dir / "nobody"
        done = self.fleet.enrol(token, dir, env)
        self.assertEqual(3, done.returncode, done.stdout + done.stderr)
        self.assertEqual("", done.stdout)
        self.assertFalse((dir / "agent.yaml").exists())
        return done.stderr

    def copy_agent(self, name, edit):
        """A second agent with eu1's files, changed by edit(dir)."""
        dir = self.fleet.dir / name
        dir.mkdir(mode=0o700)
        for file in ("agent.yaml", "agent.key"):
            shutil.copy2(self.fleet.dir / "eu1" / file, dir / file)
        edit(dir)
        agent = self.fleet.agents[name] = Agent(name, "eu", dir)
        agent.process.start()
        return agent

    def test_1_secrets_are_for_the_owner_only(self):
        for file in (self.fleet.dir / "collector.key",
                     self.fleet.dir / "eu1" / "agent.key"):
            self.assertEqual(0o600, file.stat().st_mode & 0o777, file)

    def test_2_a_token_works_once(self):
        said = self.refused(self.token)
        self.assertRegex(said, r"used")

    def test_2_a_token_ends(self):
        token = self.fleet.token("eu3", "eu")
        # A day and an hour later, as far as the collector can tell.
        collector = self.fleet.collector
        self.assertEqual(0, collector.stop())
        collector.env = shifted_clock(25 * 3600)
        self.fleet.start_collector()
        said = self.refused(token)
        self.assertIn("expired", said)
        self.assertIn("agent add", said)
        self.assertEqual(0, collector.stop())
        collector.env = {}
        self.fleet.start_collector()

    def test_3_a_token_is_no_other_text(self):
        for text in ("", "hello", self.token[:-4], self.token + "AAAA"):
            done = self.fleet.enrol(text, self.fleet.dir / "nobody")
            self.assertEqual(2, done.returncode, done.stderr)
            self.assertIn("token", done.stderr)

    def test_4_an_enrolled_folder_is_not_enrolled_again(self):
        token = self.fleet.token("eu2", "eu")
        done = self.fleet.enrol(token, self.fleet.dir / "eu1")
        self.assertEqual(3, done.returncode)
        self.assertIn("another --dir", done.stderr)
        # The token was not spent by that.
        done = self.fleet.enrol(token, self.fleet.dir / "eu2")
        self.assertEqual(0, done.returncode, done.stderr)

    def test_5_names_and_regions_are_checked(self):
        for words, about in ((["EU 1", "--region", "eu"], "name"),
                             (["eu9", "--region", "mars"], "mars"),
                             (["eu9"], "region")):
            asked = self.fleet.cli("agent", "add", *words)
            self.assertEqual(2, asked.returncode, asked.stdout + asked.stderr)
            self.assertIn(about, asked.stderr)

    def test_6_an_unknown_key_gets_nothing(self):
        def other_key(dir):
            (dir / "agent.key").write_text("\n".join(new_key_pair()) + "\n")
        agent = self.copy_agent("stranger", other_key)
        agent.process.wait_for_log("does not know our key", 60)
        self.assertNotIn("uplink.streaming", agent.process.log_text())
        self.assertEqual(0, agent.process.stop())
        eu1, = [a for a in self.fleet.ask("agents")["agents"]
                if a["name"] == "eu1"]
        self.assertEqual("present", eu1["state"])

    def test_7_a_wrong_collector_key_is_said(self):
        def other_collector(dir):
            public, _ = new_key_pair()
            lines = [f'collector_key: "{public}"'
                     if line.startswith("collector_key:") else line
                     for line in (dir / "agent.yaml").read_text().splitlines()]
            (dir / "agent.yaml").write_text("\n".join(lines) + "\n")
        agent = self.copy_agent("astray", other_collector)
        agent.process.wait_for_log("another one than we were told", 60)
        self.assertNotIn("uplink.streaming", agent.process.log_text())
        self.assertEqual(0, agent.process.stop())

    def test_8_a_clone_is_told_apart(self):
        agent = self.copy_agent("clone", lambda dir: None)
        agent.process.wait_for_log("code=DUPLICATE", 60)
        self.assertEqual(0, agent.process.stop())
        rows = self.fleet.export()
        self.assertEqual(1, len({row["spool"] for row in rows}))

    def test_9_revoked_is_for_good(self):
        done = self.fleet.cli("agent", "revoke", "eu1")
        self.assertEqual(0, done.returncode, done.stderr)
        eu1, = [a for a in self.fleet.ask("agents")["agents"]
                if a["name"] == "eu1"]
        self.assertEqual("revoked", eu1["state"])
        process = self.fleet.agents["eu1"].process
        process.wait_for_log("revoked", 60)
        count = len(self.fleet.export())
        self.assertEqual(0, process.stop())
        since = process.log_size()
        process.start()
        process.wait_for_log("refuses our key: it is revoked", 60, since)
        self.assertEqual(count, len(self.fleet.export()))
        self.assertEqual(2, self.fleet.cli("agent", "revoke",
                                           "nobody").returncode)


if __name__ == "__main__":
    unittest.main(verbosity=2)
