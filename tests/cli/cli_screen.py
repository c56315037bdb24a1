#!/usr/bin/python3
"""What `leadline probe` draws on a terminal, and what never gets there."""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unicodedata
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import program, run
from servers import NameServer, Site, free_ports

# What we write ourselves: colours, reversal, erasing a line, going to a column.
OURS = re.compile(r"\x1b\[[0-9;]*[mKG]")
HOSTILE = b"\x1b[31mRED\x1b]0;title\x07\xc2\x9b2J\xe2\x80\xaegnp.exe\xff"


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *words, columns=80, env=None):
        wanted = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8",
                  **(env or {})}
        for name in ("NO_COLOR", "COLUMNS"):
            if name not in (env or {}):
                wanted.pop(name, None)
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 50, columns, 0, 0))
        self.fd = ours
        self.child = subprocess.Popen(
            [str(word) for word in (program("leadline"), *words)],
            stdin=theirs, stdout=theirs, stderr=theirs, env=wanted,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(theirs)
        self.data = b""

    def read_until(self, wanted=None, seconds=30):
        end = time.monotonic() + seconds
        while wanted is None or not re.search(wanted, self.text()):
            if time.monotonic() > end:
                raise AssertionError(f"no {wanted!r} in {self.data!r}")
            if not select.select([self.fd], [], [], 0.2)[0]:
                continue
            try:
                piece = os.read(self.fd, 65536)
            except OSError:  # all of it is closed
                piece = b""
            if not piece:
                if wanted is None:
                    return self
                raise AssertionError(f"ended without {wanted!r}: "
                                     f"{self.data!r}")
            self.data += piece
        return self

    def resize(self, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 50, columns, 0, 0))
        return self

    def press_ctrl_c(self):
        os.write(self.fd, b"\x03")
        return self

    def end(self):
        self.read_until()
        os.close(self.fd)
        self.code = self.child.wait(30)
        return self

    def text(self):
        return self.data.decode("utf-8", "surrogateescape")

    def plain(self):
        return OURS.sub("", self.text())

    def lines(self):
        return [line.rstrip("\r").split("\r")[-1]
                for line in self.plain().split("\n")]


class Hostile:
    """Speaks HTTP, or HTTP over TLS, with bytes that steer a terminal."""

    def __init__(self, context=None, location=None):
        self.context = context
        head = (b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n"
                if location else b"HTTP/1.1 500 " + HOSTILE + b"\r\n")
        self.answer = (head + b"Server: " + HOSTILE + b"\r\nX-Request-Id: "
                       + HOSTILE + b"\r\nContent-Type: text/" + HOSTILE
                       + b"\r\nX-Release: " + HOSTILE
                       + b"\r\nContent-Length: 2\r\n\r\nok")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            try:
                if self.context:
                    peer = self.context.wrap_socket(peer, server_side=True)
                peer.recv(65536)
                peer.sendall(self.answer)
            except OSError:
                pass
            finally:
                peer.close()

    def stop(self):
        self.listener.close()


class Screen(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory(prefix="leadline-test-")
        cls.addClassCleanup(cls.temp.cleanup)
        cls.dir = pathlib.Path(cls.temp.name)
        cls.site = Site(cls.dir / "site").start()
        cls.addClassCleanup(cls.site.stop)
        cls.dns = NameServer(cls.dir / "dns")
        cls.dns.start()
        cls.addClassCleanup(cls.dns.stop)
        cls.trusting = ["--server", cls.dns.address, "--ca", cls.site.ca_file]

    def show(self, *words, code=0, **how):
        shown = Terminal("probe", *words, **how).end()
        self.assertEqual(code, shown.code, shown.text())
        return shown

    # ---- bars ----

    def test_bars_fill_the_screen_and_no_more(self):
        for columns in (80, 120):
            shown = self.show(self.site.url("acme", "/redirect"),
                              *self.trusting, columns=columns)
            bars = [line for line in shown.lines() if "│" in line]
            self.assertGreaterEqual(len(bars), 9, shown.plain())
            self.assertEqual(1, sum("├" in line for line in shown.lines()))
            widest = max(len(line) for line in shown.lines()
                         if "│" in line or "├" in line)
            self.assertIn(widest, range(columns - 5, columns + 1))
            self.assertIn("hop 2", shown.plain())
            self.assertRegex(shown.text(), "\x1b\\[32mUP")

    def test_what_was_waited_for_in_vain_is_marked(self):
        shown = self.show(self.site.url("acme", "/slow"), *self.trusting,
                          "--timeout", "1s", code=1)
        marked, = [line for line in shown.lines() if line.startswith("✗")]
        self.assertRegex(marked, r"✗ wait +(\d\.\d\d s|9\d\d ms) │ *▒+")
        first = [line for line in shown.lines() if "DOWN" in line][0]
        self.assertIn("did not arrive in time", first)
        # while it waited, it said so; and took it away
        self.assertRegex(shown.plain(), r"waiting 0\.[3-9] s for https://")
        self.assertNotIn("waiting", "\n".join(shown.lines()))

    def test_colour_goes_where_it_is_not_wanted(self):
        url = self.site.url("acme")
        for words, env in (([], {"NO_COLOR": "1"}), (["--no-color"], {}),
                           ([], {"TERM": "dumb"})):
            shown = self.show(url, *self.trusting, *words, env=env)
            self.assertNotIn("\x1b[3", shown.text(), (words, env))
            self.assertIn("│", shown.text())
        shown = self.show(url, *self.trusting, env={"TERM": "dumb"})
        self.assertNotIn("\x1b", shown.text())

    def test_without_utf8_bars_are_ascii(self):
        shown = self.show(self.site.url("acme"), *self.trusting,
                          env={"LC_ALL": "C", "TERM": "dumb"})
        self.assertTrue(shown.data.isascii(), shown.data)
        self.assertRegex(shown.text(), r"tls +[\d.]+ [mu]s \| *#+")

    def test_what_is_piped_is_plain_and_does_not_change(self):
        for env in ({"LC_ALL": "C.UTF-8", "TERM": "xterm"}, {"LC_ALL": "C"}):
            said = run(program("leadline"), "probe", self.site.url("acme"),
                       *self.trusting, env=env)
            self.assertEqual(0, said.returncode)
            self.assertEqual("", said.stderr)
            for letter in "\x1b█│#":
                self.assertNotIn(letter, said.stdout)

    # ---- many ----

    def test_ctrl_c_ends_with_the_summary(self):
        shown = Terminal("probe", self.site.url("acme"), *self.trusting,
                         "--interval", "50ms")
        shown.read_until(r"n \d\d  loss 0\.0 %").press_ctrl_c().end()
        self.assertEqual(0, shown.code, shown.text())
        self.assertRegex(shown.plain(), r"\d+ probes in [\d.]+ s: \d+ up")
        self.assertRegex(shown.plain(), r"PHASE +N +MIN +P50 +P95 +MAX")
        self.assertRegex(shown.plain(), r"total +\d+ +[\d.]+ [mµ]?s")
        self.assertNotIn("loss", shown.lines()[-2])  # the status line is gone
        port, = free_ports(1)
        shown = Terminal("probe", f"tcp://127.0.0.1:{port}", "--count", "0",
                         "--interval", "50ms")
        shown.read_until(r"n [2-9]  loss 100").press_ctrl_c().end()
        self.assertEqual(1, shown.code, shown.text())
        self.assertIn("connect_refused", shown.plain())
        self.assertRegex(shown.plain(), r"\nloss 100\.0 %\r\n")  # no jitter

    def test_jitter_is_shown(self):
        said = run(program("leadline"), "probe", self.site.url("acme"),
                   *self.trusting, "--count", "3", "--interval", "20ms")
        self.assertRegex(said.stdout, r"(?m)^loss 0\.0 %, jitter [\d.]+ [mµ]s ")

    def test_what_is_under_way_at_the_end_is_told(self):
        shown = Terminal("probe", self.site.url("acme", "/slow"),
                         *self.trusting, "--interval", "50ms", "--timeout",
                         "60s")
        shown.read_until(r"waiting [\d.]+ s for \d\d").press_ctrl_c().end()
        self.assertEqual(3, shown.code, shown.text())
        self.assertRegex(shown.plain(), r"\d\d still under way, not counted")

    def test_a_window_may_change_its_width(self):
        shown = Terminal("probe", self.site.url("acme"), *self.trusting,
                         "--interval", "50ms", columns=150)
        shown.read_until(r"n \d+  loss").resize(44)
        shown.read_until(r"loss 0\.0 %[^\r]*…\r")  # cut to the new width
        before = len(shown.lines())
        shown.read_until(r"(?s)…\r.*…\r.*…\r.*…\r").press_ctrl_c().end()
        later = [line for line in shown.lines()[before + 1:] if "  UP" in line]
        self.assertGreater(len(later), 1, shown.plain())
        self.assertLessEqual(max(map(len, later)), 44)

    def test_long_words_go_on_below(self):
        for columns in (60, 80):
            shown = Terminal("probe", f"tls://acme.test:{self.site.port}",
                             "--server", self.dns.address,
                             columns=columns).end()
            self.assertEqual(1, shown.code, shown.text())
            wordy = [line for line in shown.lines()
                     if re.match(r"  (why|to do|verified) |            \w",
                                 line)]
            self.assertGreater(len(wordy), 3, shown.plain())
            self.assertLessEqual(max(map(len, wordy)), columns)

    def test_ctrl_c_ends_a_single_one(self):
        shown = Terminal("probe", self.site.url("acme", "/slow"),
                         *self.trusting)
        shown.read_until("waiting").press_ctrl_c().end()
        self.assertEqual(3, shown.code)
        self.assertIn("interrupted after", shown.lines()[-2])

    # That none waits for another shows above: dozens are under way at once.
    def test_slow_ones_are_told_in_their_order(self):
        said = run(program("leadline"), "probe", "--json",
                   self.site.url("acme", "/slow"), *self.trusting,
                   "--timeout", "1s", "--count", "5", "--interval", "100ms")
        self.assertEqual(1, said.returncode)
        answers = [json.loads(line) for line in said.stdout.splitlines()]
        self.assertEqual(["http_timeout"] * 5,
                         [answer["reason"] for answer in answers])
        starts = [answer["started"] for answer in answers]
        self.assertEqual(sorted(starts), starts)

    def test_both_families_are_counted_apart(self):
        said = run(program("leadline"), "probe",
                   f"tcp://both.acme.test:{self.site.port}", "--server",
                   self.dns.address, "--family", "both", "--count", "2",
                   "--interval", "50ms")
        self.assertRegex(said.stdout, r"(?s)IPv4\n2 probes.*IPv6\n2 probes")
        self.assertEqual(4, len(re.findall(r"(?m)^ +\d  v[46]  ",
                                           said.stdout)), said.stdout)

    def test_both_families_are_seen_live(self):
        shown = Terminal("probe", f"tcp://both.acme.test:{self.site.port}",
                         "--server", self.dns.address, "--family", "both",
                         "--interval", "50ms", columns=160)
        shown.read_until(r"v4 n \d+  loss 0\.0 %.*   v6 n \d+  loss \d+")
        shown.press_ctrl_c().end()

    # ---- what strangers write ----

    def assert_harmless(self, text, where):
        for letter in OURS.sub("", text):
            kind = unicodedata.category(letter)
            self.assertTrue(letter in "\r\n" or kind not in ("Cc", "Cf", "Cs"),
                            f"{where}: U+{ord(letter):04X} in {text!r}")

    def try_hostile(self, *words):
        shown = Terminal("probe", *words).end()
        self.assert_harmless(shown.text(), "on a terminal")
        self.assertNotIn("\x1b[31mRED", shown.text())
        many = Terminal("probe", *words, "--count", "2", "--interval",
                        "20ms").end()
        self.assert_harmless(many.text(), "of many")
        for more in ([], ["--json"]):
            asked = subprocess.run(
                [program("leadline"), "probe", *map(str, words), *more],
                stdout=subprocess.PIPE, env={**os.environ,
                                             "LC_ALL": "C.UTF-8"},
                check=False)
            self.assertNotIn(b"\x1b", asked.stdout)
            self.assert_harmless(asked.stdout.decode(), f"piped {more}")
        return shown.plain()

    def test_headers_do_not_steer_the_terminal(self):
        server = Hostile()
        self.addCleanup(server.stop)
        shown = self.try_hostile(f"http://127.0.0.1:{server.port}/")
        self.assertIn("RED", shown)  # it is told, only not obeyed

    def test_redirects_do_not_steer_the_terminal(self):
        server = Hostile(location=b"http://127.0.0.1:1/" + HOSTILE)
        self.addCleanup(server.stop)
        self.try_hostile(f"http://127.0.0.1:{server.port}/")

    def test_certificates_do_not_steer_the_terminal(self):
        key, cert = self.dir / "evil.key", self.dir / "evil.pem"
        config = self.dir / "evil.cnf"
        text = "\x1b[31mRED\u202egnp.exe"
        config.write_text(
            "[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\n"
            "string_mask=utf8only\nx509_extensions=ext\n"
            f"[dn]\nO={text}\nCN={text}\n[ext]\n"
            "subjectAltName=DNS:a\x1b[31mRED.example\n")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                        "-out", cert, "-config", config], check=True,
                       capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server = Hostile(context)
        self.addCleanup(server.stop)
        for words in ([f"tls://127.0.0.1:{server.port}"],
                      [f"https://127.0.0.1:{server.port}/", "--insecure"]):
            shown = self.try_hostile(*words)
            self.assertIn("RED", shown)

    def test_zones_do_not_steer_the_terminal(self):
        dns = NameServer(self.dir / "evil-dns")
        dns.more = ('txt TXT "\\027[31mRED\\007" "\\226\\128\\174gnp"\n'
                    "ev\\027il A 127.0.0.1\nmx MX 10 \\027[31mRED\n")
        dns.start()
        self.addCleanup(dns.stop)
        for name, kind in (("txt", "TXT"), ("mx", "MX")):
            shown = self.try_hostile(f"{name}.acme.test", "--type", kind,
                                     "--server", dns.address)
            self.assertIn("red", shown.lower())


if __name__ == "__main__":
    unittest.main(verbosity=2)
