#!/usr/bin/python3
"""What is told of agents, regions and the collector itself, to the mail.

A refused configuration, two processes with one key, a clock that is wrong, an
agent and a region that fall silent, and all of them at once.  Silence is told
after minutes: the collector's time goes six times as fast.
"""
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
        fleet.configure(
            regions=["eu", "us", "ap"],
            sites=[{"name": "acme", "checks": [
                fleet.check("port", "tcp", host="acme.test",
                            port=fleet.site.port)]}])
        cls.time = FastTime(fleet.dir / "time")
        fleet.collector.env = cls.time.env
        fleet.start_collector()
        for number, name in enumerate(("eu1", "us1", "us2", "ap1")):
            agent = fleet.add_agent(name, name[:2], bind=f"127.0.0.{11 + number}")
            agent.process.env = dict(cls.time.env)
            fleet.start_agent(name)
        fleet.wait_for_agents(4)
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


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
