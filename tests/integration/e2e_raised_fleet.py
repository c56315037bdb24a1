#!/usr/bin/python3
"""What is told of agents, regions and the collector itself, to the mail.

A refused configuration, two processes with one key, a clock that is wrong, an
agent whose network fails, an agent and a region that fall silent, all of them
at once, and the digest.  Silence is told after minutes: the collector's time
goes six times as fast.
"""
import datetime
import pathlib
import shutil
import signal
import struct
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import FleetTest, program, shifted_clock
from process import NotYet, Process, until

STEP_MS, STEP_S = 500, 0.1  # so much passes more in so long


class FastTime:
    """Lets time pass faster for whoever was started with its environment.

    In steps: a collector that is not scheduled for ten seconds of its time
    believes that it was stopped.
    """

    def __init__(self, file):
        self.file = file
        self.passed_ms = 0
        self.write()
        self.env = {**shifted_clock(0), "SHIFT_CLOCK_FILE": str(file)}
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.go_on)

    def write(self):
        if not self.file.exists():
            self.file.write_bytes(struct.pack("<qq", 0, 0))
        with open(self.file, "r+b") as out:
            out.write(struct.pack("<qq", 0, self.passed_ms))

    def go_on(self):
        while not self.end.wait(STEP_S):
            self.passed_ms += STEP_MS
            self.write()

    def stop(self):
        self.end.set()
        if self.thread.is_alive():
            self.thread.join()


class RaisedFleet(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers(("acme",))
        digest = (datetime.datetime.now(datetime.timezone.utc)
                  + datetime.timedelta(minutes=7))
        fleet.configure(
            regions=["eu", "us", "ap"],
            digest={"at": digest.strftime("%H:%M")},
            sites=[{"name": "acme", "checks": [
                fleet.check("port", "tcp", host="acme.test",
                            port=fleet.site.port)]}])
        cls.time = FastTime(fleet.dir / "time")
        fleet.collector.env = cls.time.env
        fleet.start_collector()
        for number, name in enumerate(("eu1", "us1", "us2", "ap1",
                                       "ap2")):
            agent = fleet.add_agent(name, name[:2], bind=f"127.0.0.{11 + number}")
            if name == "ap2":
                # Nobody listens there: it takes itself to be cut off.
                with open(agent.dir / "agent.yaml", "a") as out:
                    out.write("self_check: {targets: ['127.0.0.1:1', "
                              "'127.0.0.2:1'], resolvers: [127.0.0.1]}\n")
            agent.process.env = dict(cls.time.env)
            fleet.start_agent(name)
        fleet.wait_for_agents(5)
        cls.time.thread.start()

    @classmethod
    def tearDownClass(cls):
        cls.time.stop()
        super().tearDownClass()

    def told(self, state, *words, seconds=90):
        """The first mail in that state whose text has all of these."""
        def came():
            for mail in self.fleet.mail.find(state):
                text = mail.get_body(("plain",)).get_content()
                said = " ".join(text.split()).lower()
                if all(word.lower() in said for word in words):
                    return mail
            raise NotYet("\n".join(
                f"{mail['X-State']} {mail['Subject']} {mail['Date']}: "
                + " ".join(mail.get_body(("plain",)).get_content().split())[:150]
                for mail in self.fleet.mail.find()))
        return until(f"told {state}: {words}", seconds, came, pause=0.2)

    def test_1_all_silent_at_once_is_a_page_about_the_collector(self):
        agents = self.fleet.agents
        for agent in agents.values():
            agent.process.kill()
        mail = self.told("firing", "it is this collector that cannot be "
                         "reached")
        self.assertEqual("page", str(mail["X-Severity"]).lower())
        self.assertIn("collector", mail["Subject"])
        agents["ap1"].process.env["SHIFT_CLOCK_S"] = "-400"
        for name in agents:
            self.fleet.start_agent(name)
        self.told("resolved", "it is this collector that cannot be reached")

    def test_2_what_is_wrong_is_told_of_whom_it_is(self):
        fleet = self.fleet
        good = fleet.config_file.read_text()
        fleet.config_file.write_text(good.replace('"eu"', '"e u"'))
        fleet.collector.send(signal.SIGHUP)
        fleet.collector.wait_for_log("config.refused")
        copy = fleet.dir / "copy"
        shutil.copytree(fleet.agents["us1"].dir, copy)
        clone = Process("clone", [program("leadline-agent"), "run", "--dir",
                                  copy], fleet.dir / "clone.log",
                        self.time.env).start()
        try:
            fleet.collector.wait_for_log("intake.duplicate_agent", 40)
        finally:
            clone.kill()
        fleet.agents["eu1"].process.kill()
        fleet.agents["us2"].process.kill()

        self.told("firing", "two processes have the key of agent us1",
                  "127.0.0.12")
        self.told("firing", "the clock of agent ap1 is 6 m 40 s behind")
        self.told("firing", "the collector's configuration was read again and "
                  "refused", "leadline.yaml:")
        fleet.config_file.write_text(good)
        fleet.collector.send(signal.SIGHUP)

    def test_3_silence_is_told_by_agent_and_by_region(self):
        self.told("firing", "nobody measures from region eu")
        mail = self.told("firing", "agent us2 in region us is silent since",
                         "last heard from 127.0.0.13")
        self.assertEqual("notify", str(mail["X-Severity"]).lower())

    def test_4_what_is_over_is_told(self):
        self.fleet.start_agent("eu1")
        self.fleet.start_agent("us2")
        self.told("resolved", "nobody measures from region eu")
        self.told("resolved", "agent us2 in region us is silent since")

    def test_5_what_waits_for_the_digest_is_in_it(self):
        def failing():
            found = [one for one in self.fleet.ask("alerts")["alerts"]
                     if one["class"] == "AGENT_NETWORK"]
            if not found:
                raise NotYet("no agent's network fails")
            return found[0]
        alert = until("an agent whose network fails", 60, failing, pause=0.3)
        self.assertEqual("agent ap2", alert["subject"])
        shown = self.fleet.cli("incidents", "show", alert["id"]).stdout
        self.assertIn("fails its self-check since", shown)

        def digest():
            found = [mail for mail in self.fleet.mail.find()
                     if "digest of" in mail["Subject"]]
            if not found:
                raise NotYet("no digest")
            return found[0].get_body(("plain",)).get_content()
        text = until("the digest", 90, digest, pause=0.3)
        self.assertTrue(text.startswith("DIGEST"), text)
        self.assertIn("agent ap2", text)
        self.assertIn(alert["id"], text)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
