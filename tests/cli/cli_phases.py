#!/usr/bin/python3
"""Phases of `leadline probe` against servers that take their time."""
import datetime
import http.server
import json
import pathlib
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import program, run, shifted_clock
from servers import NameServer, Site

PARTS = ("dns", "connect", "tls", "request", "wait", "transfer")
PAUSE_S = 0.5


class Slow(http.server.BaseHTTPRequestHandler):
    """Half a second before the answer, and as much in the midst of it."""

    def do_GET(self):
        time.sleep(PAUSE_S)
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"do")
        time.sleep(PAUSE_S)
        self.wfile.write(b"ne")

    def log_message(self, *_):
        pass


def moment(answer):
    return datetime.datetime.fromisoformat(answer["started"]).timestamp()


class Phases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="leadline-test-")
        cls.addClassCleanup(cls.dir.cleanup)
        cls.dns = NameServer(pathlib.Path(cls.dir.name) / "dns").start()
        cls.addClassCleanup(cls.dns.stop)
        cls.site = Site(pathlib.Path(cls.dir.name) / "site").start()
        cls.addClassCleanup(cls.site.stop)
        cls.slow = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        threading.Thread(target=cls.slow.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.slow.server_close)
        cls.addClassCleanup(cls.slow.shutdown)

    def probe(self, target, *words, env=None):
        trust = [] if target.startswith("tcp:") else [
            "--ca", self.site.ca_file]
        asked = run(program("leadline"), "probe", "--json", target, "--server",
                    self.dns.address, *trust, *words, env=env)
        self.assertEqual(0, asked.returncode, asked.stderr + asked.stdout)
        return [json.loads(line) for line in asked.stdout.splitlines()]

    def assert_sum(self, phases):
        self.assertEqual(phases["total"],
                         sum(phases[part] or 0 for part in PARTS))

    def slow_url(self):
        return f"http://acme.test:{self.slow.server_port}/"

    def test_the_clock_steps_in_mid_probe(self):
        for step in (3600, -3600):
            # The first probe takes a second; the step comes in the midst of it.
            first, second = self.probe(
                self.slow_url(), "--count", "2", "--interval", "1s",
                env={**shifted_clock(step), "SHIFT_CLOCK_AFTER_MS": "800"})
            for answer in (first, second):
                phases = answer["phases_us"]
                self.assertEqual("up", answer["status"])
                self.assert_sum(phases)
                for part in ("wait", "transfer"):
                    self.assertGreater(phases[part], PAUSE_S * 0.9e6)
                    self.assertLess(phases[part], PAUSE_S * 1e6 + 5e6)
                for part in ("dns", "connect", "request"):
                    self.assertGreaterEqual(phases[part], 0)
                    self.assertLess(phases[part], 1e6)
            self.assertLess(abs(moment(first) - time.time()), 60)
            self.assertLess(abs(moment(second) - step - time.time()), 60)

    def test_each_hop_has_its_phases_and_all_have_a_sum(self):
        answer, = self.probe(self.site.url("acme", "/redirect"))
        hop, = answer["http"]["redirects"]
        for phases in (answer["phases_us"], hop["phases_us"]):
            for part in PARTS:
                self.assertGreaterEqual(phases[part], 0, part)
            self.assert_sum(phases)
        for part in (*PARTS, "total"):
            self.assertLessEqual(hop["phases_us"][part],
                                 answer["phases_us"][part])

    def test_what_is_not_reached_is_null(self):
        answer, = self.probe(f"http://127.0.0.1:{self.slow.server_port}/")
        self.assertIsNone(answer["phases_us"]["dns"])
        self.assertIsNone(answer["phases_us"]["tls"])
        self.assert_sum(answer["phases_us"])
        answer, = self.probe(f"tcp://acme.test:{self.slow.server_port}")
        self.assertGreaterEqual(answer["phases_us"]["dns"], 0)
        for part in PARTS[2:]:
            self.assertIsNone(answer["phases_us"][part])
        self.assert_sum(answer["phases_us"])
        answer, = self.probe(f"tls://acme.test:{self.site.port}")
        self.assertGreater(answer["phases_us"]["tls"], 0)
        for part in PARTS[3:]:
            self.assertIsNone(answer["phases_us"][part])
        self.assert_sum(answer["phases_us"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
