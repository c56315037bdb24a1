#!/usr/bin/python3
"""Strangers, agents and readers that behave badly: those that behave well are
served all the same, nothing grows, nothing of theirs is lost.

    e2e_bad_company.py [CONNECTIONS [GARBAGE_S]]      default 2000, 5
"""
import json
import os
import pathlib
import resource
import socket
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import Fleet, program, run, shifted_clock
from loads import Load
from process import NotYet, until

NUMBERS = [int(sys.argv.pop(1)) for word in sys.argv[1:] if word.isdigit()]
CONNECTIONS, GARBAGE_S = NUMBERS + [2000, 5][len(NUMBERS):]
GOOD, BAD = 20, 10
CHECKS = 50
GROWTH_KB = 16384
LOG_LINES = 200     # of what strangers and bad agents made it say


class BadCompany(unittest.TestCase):
    def setUp(self):
        self.fleet = Fleet()
        self.addCleanup(self.fleet.close)
        self.bad = Load(self.fleet, BAD, CHECKS, first=GOOD)
        self.good = Load(self.fleet, GOOD, CHECKS)
        self.addCleanup(self.bad.kill)
        self.addCleanup(self.good.kill)
        self.good.configure()
        self.bad.enrol()

    def start(self, env=None):
        if env is not None:
            self.fleet.collector.env = env
        self.fleet.start_collector()
        self.good.start(paced=1, batch=100)
        self.good.go()
        self.wait_for_acks()

    def wait_for_acks(self, count=200, seconds=60):
        begun = self.good.tell()["acked"]

        def came():
            acked = self.good.tell()["acked"]
            if acked < begun + count:
                raise NotYet(f"{acked - begun} results acknowledged")
            return True
        until(f"{count} results of good agents", seconds, came)

    def finish(self):
        """Good agents lost nothing, and the store is as it should be."""
        said = self.good.end()
        self.assertEqual(said["offered"], said["acked"])
        self.assertEqual(0, said["taken_back"])
        self.assertEqual(0, self.fleet.collector.stop(60))
        done = run(program("leadline"), "--store", self.fleet.store, "--json",
                   "verify", timeout=300)
        found = json.loads(done.stdout)
        self.assertEqual([], found["differences"])
        return said, found

    def assert_no_growth(self, before_kb):
        """A big turn of the writer has its memory for a while; what grows with
        what others do does not give it back."""
        def is_back():
            grown_kb = self.fleet.collector.memory_kb() - before_kb
            if grown_kb >= GROWTH_KB:
                raise NotYet(f"{grown_kb} kB more than before")
            return True

        # A sanitizer keeps freed memory for a while, to catch its users.
        if "LEADLINE_SANITIZED" not in os.environ:
            until("the collector is as small as before", 60, is_back)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.fleet.collector.pid}/fd"))

    def test_connections_that_say_nothing(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < CONNECTIONS + 200:
            self.skipTest(f"{hard} descriptors at most")
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        self.start()
        before = self.descriptors()
        held = []
        self.addCleanup(lambda: [sock.close() for sock in held])
        for number in range(CONNECTIONS):
            held.append(socket.create_connection(
                ("127.0.0.1", self.fleet.port), 30))
            if number % 1000 == 999:
                self.wait_for_acks(10)
        self.wait_for_acks()
        self.bad.start(paced=1, batch=100)      # newcomers are let in
        self.bad.go()
        # Its handshakes end after ten seconds.
        until("the silent are gone", 120,
              lambda: self.descriptors() <= before + 2 * BAD + 5, pause=0.3)
        said = self.bad.end()
        self.assertEqual(said["offered"], said["acked"])
        self.finish()

    def test_an_agent_that_sends_garbage(self):
        self.start()
        self.bad.start(paced=1, batch=50)
        self.bad.say("garbage")
        self.wait_for_acks()
        before = self.fleet.collector.memory_kb()
        lines = len(self.fleet.collector.log_text().splitlines())
        end = time.monotonic() + GARBAGE_S
        while time.monotonic() < end:
            self.wait_for_acks(50)
        self.assert_no_growth(before)
        said = self.bad.tell()
        self.assertGreater(said["bytes_sent"], 100000)
        self.assertGreater(said["nacks"], 0)
        grown = len(self.fleet.collector.log_text().splitlines()) - lines
        self.assertLess(grown, LOG_LINES + GARBAGE_S)
        self.bad.kill()
        self.finish()

    def test_an_agent_that_reads_no_answer(self):
        self.start()
        self.bad.start(paced=1, batch=50)
        before = self.fleet.collector.memory_kb()
        self.bad.say("deaf")
        sent = 0
        # Until the line is full: what is not read is not kept for it.
        while True:
            self.wait_for_acks(50)
            now = self.bad.tell()["bytes_sent"]
            if now > 1000000 or now == sent:
                break
            sent = now
        self.assert_no_growth(before)
        self.bad.say("good")
        self.bad.go()
        said = self.bad.end()
        self.assertEqual(said["offered"], said["acked"])
        self.finish()

    def test_a_person_who_reads_nothing(self):
        self.start()
        before = self.fleet.collector.memory_kb()
        readers = [subprocess.Popen(
            [program("leadline"), "--control", self.fleet.control,
             "results", "load/c0", "--follow"], stdout=subprocess.PIPE)
            for _ in range(3)]
        for reader in readers:
            self.addCleanup(reader.stdout.close)
            self.addCleanup(reader.wait)
            self.addCleanup(reader.kill)
            reader.send_signal(19)      # SIGSTOP: it reads nothing at all
        self.wait_for_acks(2000)
        self.assertEqual(CHECKS, len(self.fleet.ask("status")["checks"]))
        self.assert_no_growth(before)
        for reader in readers:
            reader.kill()
        self.finish()

    def test_a_clock_that_is_stepped_back_and_forth(self):
        file = self.fleet.dir / "shift"
        file.write_bytes(struct.pack("<q", 0))
        self.start({**shifted_clock(0), "SHIFT_CLOCK_FILE": str(file)})
        for shift_s in (7200, -7200, 0, 86400, 0, -86400, 0):
            with open(file, "r+b") as out:
                out.write(struct.pack("<q", shift_s))
            self.wait_for_acks()
        said, found = self.finish()
        self.assertEqual(said["acked"], found["results"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
