#!/usr/bin/python3
"""`leadline probe`: one measurement of each kind, from here, of real servers."""
import json
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import shape
from fleet import program, run
from servers import NameServer, Site, free_ports


class Probe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="leadline-test-")
        dir = pathlib.Path(cls.dir.name)
        cls.site = Site(dir / "site").start()
        cls.addClassCleanup(cls.dir.cleanup)
        cls.addClassCleanup(cls.site.stop)
        cls.dns = NameServer(dir / "dns").start()
        cls.addClassCleanup(cls.dns.stop)
        cls.trusting = ["--server", cls.dns.address, "--ca", cls.site.ca_file]

    def probe(self, *words, code=0):
        asked = run(program("leadline"), "probe", *words)
        self.assertEqual(code, asked.returncode, asked.stderr + asked.stdout)
        return asked.stdout

    def probe_json(self, *words, code=0):
        answer = json.loads(self.probe("--json", *words, code=code))
        self.assertEqual([], shape.misfits(answer, shape.PROBE))
        return answer

    # ---- each kind ----

    def test_http(self):
        url = self.site.url("acme")
        answer = self.probe_json(url, *self.trusting)
        self.assertEqual(("http", "up", None, None, url, 4, "127.0.0.1"), tuple(
            answer[key] for key in ("kind", "status", "reason", "failed_phase",
                                    "target", "family", "ip")))
        phases = answer["phases_us"]
        parts = ("dns", "connect", "tls", "request", "wait", "transfer")
        for phase in parts:
            self.assertGreaterEqual(phases[phase], 0, phase)
        self.assertGreater(phases["tls"], 0)
        # The total has our own work besides, such as reading the CA file.
        self.assertLessEqual(sum(phases[part] for part in parts),
                             phases["total"])
        self.assertEqual(200, answer["http"]["status"])
        self.assertEqual("2", answer["http"]["version"])
        self.assertEqual([], answer["http"]["redirects"])
        tls = answer["tls"]
        self.assertEqual(("ok", ["ok"], "h2"),
                         (tls["verify"], tls["verify_all"], tls["alpn"]))
        self.assertIn(tls["days_left"], (29, 30))
        self.assertIn("acme.test", tls["names"])
        self.assertEqual(64, len(tls["fingerprint_sha256"].replace(":", "")))

    def test_http_follows_redirects(self):
        answer = self.probe_json(self.site.url("acme", "/redirect"),
                                 *self.trusting)
        hop, = answer["http"]["redirects"]
        self.assertEqual((301, self.site.url("acme", "/redirect"),
                          self.site.url("acme")),
                         (hop["status"], hop["from"], hop["to"]))
        self.assertEqual(200, answer["http"]["status"])

    def test_tls(self):
        answer = self.probe_json(f"tls://acme.test:{self.site.port}",
                                 *self.trusting)
        self.assertEqual(("tls", "up"), (answer["kind"], answer["status"]))
        self.assertEqual("TLSv1.3", answer["tls"]["version"])
        self.assertIsNone(answer["http"])
        self.assertIsNone(answer["phases_us"].get("wait"))

    def test_tcp(self):
        answer = self.probe_json(f"tcp://127.0.0.1:{self.site.port}")
        self.assertEqual(("tcp", "up"), (answer["kind"], answer["status"]))
        self.assertIsNone(answer["tls"])

    def test_dns(self):
        answer = self.probe_json("www.acme.test", "--server", self.dns.address)
        self.assertEqual("dns", answer["kind"])
        dns = answer["dns"]
        self.assertEqual(("NOERROR", "udp", False),
                         (dns["rcode"], dns["transport"], dns["truncated"]))
        self.assertEqual(
            [{"name": "www.acme.test", "type": "A", "ttl": 60,
              "data": "127.0.0.1"}],
            [{**one, "name": one["name"].rstrip(".")}
             for one in dns["answers"]])
        answer = self.probe_json("acme.test", "--type", "NS", "--server",
                                 self.dns.address)
        self.assertEqual("NS", answer["dns"]["answers"][0]["type"])
        self.assertEqual("up", self.probe_json(
            "www.acme.test", "--server",
            self.dns.address.replace("#", ":"))["status"])

    # ---- what fails, and how ----

    def fails(self, reason, *words, phase=None, code=1):
        answer = self.probe_json(*words, code=code)
        self.assertEqual(reason, answer["reason"], answer)
        self.assertEqual("down" if code == 1 else "error", answer["status"])
        if phase is not None:
            self.assertEqual(phase, answer["failed_phase"])
        return answer

    def test_a_name_that_is_not(self):
        self.fails("dns_nxdomain", "absent.acme.test", "--server",
                   self.dns.address, phase="dns")
        self.fails("dns_nxdomain", "https://absent.acme.test/",
                   "--server", self.dns.address, phase="dns")

    def test_a_zone_that_is_not_served(self):
        self.fails("dns_refused", "other.example", "--server",
                   self.dns.address, phase="dns")

    def test_a_port_that_nobody_has(self):
        port, = free_ports(1)
        self.fails("connect_refused", f"tcp://127.0.0.1:{port}",
                   phase="connect")

    def test_a_certificate_that_is_not_trusted(self):
        answer = self.probe_json(f"tls://acme.test:{self.site.port}",
                                 "--server", self.dns.address, code=1)
        self.assertTrue(answer["reason"].startswith("tls_cert_"), answer)
        self.assertNotEqual("ok", answer["tls"]["verify"])
        self.assertIn("acme.test", answer["tls"]["names"])
        self.assertGreater(answer["phases_us"]["tls"], 0)
        answer = self.probe_json(f"tls://acme.test:{self.site.port}",
                                 "--server", self.dns.address, "--insecure")
        self.assertEqual("up", answer["status"])

    def test_a_page_that_is_missing(self):
        answer = self.fails("http_status", self.site.url("acme", "/missing"),
                            *self.trusting)
        self.assertEqual(404, answer["http"]["status"])

    def test_a_page_that_never_comes(self):
        begun = time.monotonic()
        self.fails("http_timeout", self.site.url("acme", "/slow"),
                   *self.trusting, "--timeout", "1s", phase="wait")
        self.assertLess(time.monotonic() - begun, 15)

    def test_both_families(self):
        asked = run(program("leadline"), "probe", "--json", "--family", "both",
                    f"tcp://both.acme.test:{self.site.port}", "--server",
                    self.dns.address)
        answer = json.loads(asked.stdout)
        self.assertEqual([4, 6], [leg["family"] for leg in answer["legs"]])
        for leg in answer["legs"]:
            self.assertEqual([], shape.misfits(leg, shape.PROBE))
        self.assertEqual("up", answer["legs"][0]["status"])
        self.assertIn(answer["legs"][1]["reason"],
                      ("connect_refused", "agent_no_route"))
        self.assertEqual(
            1 if answer["legs"][1]["status"] == "down" else 3,
            asked.returncode)

    # ---- how it is asked ----

    def test_resolve_takes_the_place_of_names(self):
        answer = self.probe_json(
            f"https://acme.test:{self.site.port}/", "--ca", self.site.ca_file,
            "--resolve", f"acme.test:{self.site.port}:127.0.0.1")
        self.assertEqual("up", answer["status"])

    def test_what_is_sent_and_expected(self):
        url = self.site.url("acme")
        for words in (["--expect-body", "Get a quote"], ["--header", "A: 1",
                      "--header", "B: 2"], ["--expect-status", "200,301"]):
            self.assertEqual("up", self.probe_json(
                url, *self.trusting, *words)["status"], words)
        self.fails("http_body", url, *self.trusting, "--expect-body", "nowhere")
        self.fails("http_status", url, *self.trusting, "--expect-status", "4xx")
        self.fails("http_redirect_wrong", self.site.url("acme", "/redirect"),
                   *self.trusting, "--expect-redirect",
                   "https://elsewhere.test/")
        self.fails("dns_mismatch", "www.acme.test", "--server",
                   self.dns.address, "--expect", "192.0.2.1")
        self.assertEqual("up", self.probe_json(
            "www.acme.test", "--server", self.dns.address, "--expect",
            "127.0.0.1")["status"])

    def test_slow_is_said_and_is_no_failure(self):
        answer = self.probe_json(self.site.url("acme"), *self.trusting,
                                 "--slow", "1ms")
        self.assertEqual(("slow", None), (answer["status"], answer["reason"]))
        out = self.probe(self.site.url("acme"), *self.trusting, "--slow", "1ms")
        self.assertRegex(out.splitlines()[0],
                         r"^SLOW .*slower than 1ms, \d+ % of it [a-z]+")

    def test_the_first_line_says_everything(self):
        out = self.probe(self.site.url("acme", "/missing"), *self.trusting,
                         code=1)
        first, why, advice = out.splitlines()[:3]
        self.assertRegex(first, r"^DOWN  https://acme.test:\d+/missing  "
                         r"127\.0\.0\.1  [\d.]+ m?s  .*: 404$")
        self.assertRegex(why, r"^  why +http_status")
        self.assertRegex(advice, r"^  to do +\w+")

    def test_help_has_examples(self):
        out = run(program("leadline"), "probe", "--help")
        self.assertEqual((0, ""), (out.returncode, out.stderr))
        for word in ("--server", "--expect-body", "--interval", "Examples:",
                     "Exit codes:", "--starttls"):
            self.assertIn(word, out.stdout)
        self.assertLessEqual(max(map(len, out.stdout.splitlines())), 80)

    def test_count_ends_with_a_summary(self):
        begun = time.monotonic()
        out = self.probe(f"tcp://127.0.0.1:{self.site.port}", "--count", "5",
                         "--interval", "100ms")
        self.assertGreater(time.monotonic() - begun, 0.4)
        self.assertGreaterEqual(len(out.splitlines()), 6)
        self.assertRegex(out.splitlines()[-1] + out.splitlines()[-2], r"\b5\b")

    def test_a_person_sees_the_phases(self):
        out = self.probe(self.site.url("acme"), *self.trusting)
        for word in ("UP", "dns", "connect", "tls", "wait", "total", "h2"):
            self.assertIn(word, out)
        self.assertNotIn("\x1b", out)
        out = self.probe(self.site.url("acme", "/missing"), *self.trusting,
                         code=1)
        self.assertIn("http_status", out)

    def test_words_that_cannot_be_meant(self):
        port = self.site.port
        for words, said in (
                (["https://acme.test:99999/"], "no valid host and port"),
                (["acme.test:443"], "tls://acme.test:443"),
                ([f"tls://acme.test:{port}/path"], "has no path"),
                (["acme.test", "--expect", "here"], "--expect"),
                ([f"tcp://127.0.0.1:{port}", "--bind", "300.1.1.1"],
                 "is not an address (such as"),
                ([f"tcp://127.0.0.1:{port}", "--bind", "192.0.2.77"],
                 "is not an address of this machine")):
            asked = run(program("leadline"), "probe", *words)
            self.assertEqual((2, ""), (asked.returncode, asked.stdout), words)
            self.assertIn(said, asked.stderr)

    def test_an_address_to_measure_from(self):
        self.assertEqual("up", self.probe_json(
            f"tcp://127.0.0.1:{self.site.port}", "--bind",
            "127.0.0.9")["status"])

    def test_a_file_that_is_not_there(self):
        asked = run(program("leadline"), "probe", self.site.url("acme"),
                    "--ca", "/absent.pem")
        self.assertIn(asked.returncode, (2, 3))
        self.assertIn("/absent.pem", asked.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
