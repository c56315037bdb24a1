#!/usr/bin/python3
"""STARTTLS with a real postfix and a real dovecot, and servers that misbehave.

Through `leadline probe tls://HOST:PORT --starttls ...`.
"""
import contextlib
import json
import pathlib
import socket
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import program, run
from mail_site import MailSite
from process import until


class StartTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="leadline-test-",
                                              ignore_cleanup_errors=True)
        cls.addClassCleanup(cls.dir.cleanup)
        cls.site = MailSite(pathlib.Path(cls.dir.name) / "mail")
        cls.addClassCleanup(cls.site.stop)
        cls.site.start()

    def probe(self, port, starttls, host="mail.test", more=()):
        done = run(program("leadline"), "probe", f"tls://{host}:{port}",
                   "--resolve", f"{host}:{port}:127.0.0.1", "--ca",
                   self.site.dir / "cert.pem", "--json", "--timeout", "8s",
                   *(["--starttls", starttls] if starttls else []), *more)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)

    def need_daemons(self):
        if self.site.reason is not None:
            self.skipTest(self.site.reason)

    def is_good(self, seen):
        self.assertEqual(("up", None), (seen["status"], seen["reason"]),
                         seen["detail"])
        self.assertEqual("ok", seen["tls"]["verify"])
        self.assertEqual(["mail.test"], seen["tls"]["names"])
        phases = seen["phases_us"]
        parts = [phases[part] for part in ("connect", "wait", "tls")]
        self.assertGreater(min(parts), 0)
        self.assertLessEqual(sum(parts), phases["total"])
        self.assertIsNone(phases["request"])

    def fails(self, seen, reason, words, phase="wait"):
        self.assertEqual(("down", reason, phase), (
            seen["status"], seen["reason"], seen["failed_phase"]),
            seen["detail"])
        self.assertIn(words, seen["detail"])
        self.assertIsNone(seen["phases_us"]["tls"])
        self.assertIsNone(seen["tls"])

    # ---- real servers ----

    def test_postfix(self):
        self.need_daemons()
        self.is_good(self.probe(self.site.ports["smtp"], "smtp"))
        # It was left as it should be: no line of a lost connection.
        until("postfix tells of our leave", 10,
              lambda: "ehlo=1 starttls=1 quit=1" in self.site.log("postfix"))

    def test_postfix_without_tls(self):
        self.need_daemons()
        self.fails(self.probe(self.site.ports["smtp_plain"], "smtp"),
                   "smtp_starttls", "not among what the server offers")

    def test_postfix_that_turns_us_away(self):
        self.need_daemons()
        self.fails(self.probe(self.site.ports["smtp_closed"], "smtp"),
                   "smtp_banner", "greets with: 554")

    def test_postfix_for_another_host(self):
        self.need_daemons()
        seen = self.probe(self.site.ports["smtp"], "smtp", host="other.test")
        self.assertEqual(("tls_cert_hostname_mismatch", "tls"),
                         (seen["reason"], seen["failed_phase"]))
        self.assertGreater(seen["phases_us"]["wait"], 0)

    def test_postfix_asked_without_starttls(self):
        self.need_daemons()
        self.fails(self.probe(self.site.ports["smtp"], None), "tls_protocol",
                   "starttls: smtp", phase="tls")

    def test_dovecot(self):
        self.need_daemons()
        for protocol in ("imap", "pop3"):
            with self.subTest(protocol=protocol):
                self.is_good(self.probe(self.site.ports[protocol], protocol))
        until("dovecot tells of our leave", 10, lambda: self.site.log(
            "dovecot").count("logging out (no auth") >= 2)

    def test_dovecot_without_tls(self):
        self.need_daemons()
        self.fails(self.probe(self.site.ports["imap_plain"], "imap"),
                   "tls_protocol", "not among what the server offers")

    def test_the_wrong_protocol(self):
        self.need_daemons()
        self.fails(self.probe(self.site.ports["pop3"], "imap"), "tls_protocol",
                   "no greeting of IMAP: +OK")
        self.fails(self.probe(self.site.ports["imap"], "smtp"), "smtp_banner",
                   "no answer of SMTP: * OK")

    # ---- servers that misbehave ----

    def scripted(self, *turns, after="wait"):
        """Says each in turn, hears a line between them; then waits or closes."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.heard = []

        def serve():
            connection, _ = listener.accept()
            # The probe may be gone before all was said.
            with connection, contextlib.suppress(OSError):
                for number, turn in enumerate(turns):
                    connection.sendall(turn)
                    if number + 1 < len(turns):
                        self.heard.append(connection.recv(4096))
                if after == "wait":
                    while connection.recv(4096):
                        pass
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 10)
        self.addCleanup(listener.close)
        return listener.getsockname()[1]

    def test_plain_text_that_would_pass_for_encrypted(self):
        port = self.scripted(b"220 mail.test\r\n", b"250-mail.test\r\n"
                             b"250 STARTTLS\r\n",
                             b"220 go\r\n250-mail.test\r\n250 AUTH PLAIN\r\n")
        self.fails(self.probe(port, "smtp"), "smtp_starttls",
                   "plain text follows")
        self.assertEqual([b"EHLO [127.0.0.1]\r\n", b"STARTTLS\r\n"], self.heard)

    def test_a_greeting_of_many_lines(self):
        port = self.scripted(b"220-mail.test\r\n" * 90 + b"220 at last\r\n",
                             b"250 STARTTLS\r\n", b"454 4.7.0 not now\r\n")
        self.fails(self.probe(port, "smtp"), "smtp_starttls",
                   "refuses STARTTLS: 454 4.7.0 not now")

    def test_a_line_without_end(self):
        self.fails(self.probe(self.scripted(b"220 " + b"a" * 9000), "smtp"),
                   "smtp_banner", "a line of more than")

    def test_a_server_that_goes(self):
        self.fails(self.probe(self.scripted(b"", after="close"), "smtp"),
                   "smtp_banner", "closed")
        self.fails(self.probe(self.scripted(b"+OK hi\r\n", b"", after="close"),
                              "pop3"), "tls_reset", "closed")

    def test_a_silent_server(self):
        for protocol, reason in (("smtp", "smtp_timeout"),
                                 ("imap", "tls_timeout")):
            with self.subTest(protocol=protocol):
                seen = self.probe(self.scripted(b""), protocol,
                                  more=("--timeout", "300ms"))
                self.fails(seen, reason, "silent before its greeting")


if __name__ == "__main__":
    unittest.main()
