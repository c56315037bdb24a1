#!/usr/bin/python3
"""Mails through a real SMTP server (aiosmtpd), read by Python's email package.

Usage: mail_real.py MAIL_RUN.  Servers listen on free ports of 127.0.0.1.
"""
import base64
import email
import email.policy
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

MAIL_RUN = None
PASSWORD = "correct horse battery"


class Inbox:
    """Keeps what comes; `rcpt` and `data` answer instead, while not empty."""

    def __init__(self):
        self.mails = []
        self.sessions = []
        self.rcpt = []
        self.data = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        if self.data:
            return self.data.pop(0)
        self.mails.append((list(envelope.rcpt_tos), envelope.content))
        self.sessions.append(session)
        return "250 2.0.0 taken"


def check_password(server, session, envelope, mechanism, auth_data):
    good = (auth_data.login == b"alerts" and
            auth_data.password == PASSWORD.encode())
    return AuthResult(success=good, handled=good)


def openssl(*arguments, cwd):
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True,
                   capture_output=True)


class RealMail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = tempfile.mkdtemp(prefix="leadline-mail-")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                "key.pem", "-out", "cert.pem", cwd=cls.certs)
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.certs + "/cert.pem",
                                    cls.certs + "/key.pem")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.certs, ignore_errors=True)

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="leadline-mail-")
        self.inbox = Inbox()
        self.controller = None

    def tearDown(self):
        if self.controller is not None:
            self.controller.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def serve(self, **settings):
        # Not port 0: aiosmtpd dials the port it was given to see if it is up.
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.controller = Controller(self.inbox, hostname="127.0.0.1",
                                     port=port, **settings)
        self.controller.start()
        return port

    def configure(self, server, to=("one@mail.example",), more=""):
        os.makedirs(self.dir + "/store", exist_ok=True)
        with open(self.dir + "/leadline.yaml", "w") as out:
            out.write("mail: {server: \"%s\", from: alerts@mail.example, "
                      "to: [%s]%s}\nregions: [eu, us, ap]\n"
                      "sites: [{name: acme, url: \"https://acme.example/\"}]\n"
                      % (server, ", ".join(to), more))

    def run_it(self, what, expect=0):
        arguments = [MAIL_RUN, self.dir + "/leadline.yaml", what]
        if what != "test":
            arguments.append(self.dir + "/store")
        done = subprocess.run(arguments, capture_output=True, text=True,
                              timeout=90)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def parsed(self):
        out = []
        for to, content in self.inbox.mails:
            mail = email.message_from_bytes(content,
                                            policy=email.policy.default)
            self.assertEqual(mail.defects, [])
            self.assertEqual([mail["To"].addresses[0].addr_spec], to)
            out.append(mail)
        return out

    def with_password(self):
        path = self.dir + "/password"
        with open(path, "w") as out:
            out.write(PASSWORD + "\n")
        os.chmod(path, 0o600)
        return ", user: alerts, password_file: %s, ca_file: %s" % (
            path, self.certs + "/cert.pem")

    def test_mails_arrive_and_another_parser_reads_them(self):
        port = self.serve()
        self.configure("smtp://127.0.0.1:%d" % port,
                       ("one@mail.example", "two@mail.example"))
        self.run_it("put")
        self.run_it("send")
        mails = self.parsed()
        self.assertEqual(len(mails), 4)
        self.assertEqual(len({id(one) for one in self.inbox.sessions}), 1)
        firing, resolved = mails[0], mails[1]
        self.assertEqual(firing["Subject"], resolved["Subject"])
        self.assertRegex(firing["Subject"], r"^\[INC-[0-9A-Z]{8}\] acme/home$")
        self.assertEqual(firing["References"], resolved["References"])
        self.assertEqual(firing["References"], firing["In-Reply-To"])
        self.assertEqual(len({one["Message-ID"] for one in mails}), 4)
        self.assertEqual(firing["X-State"], "firing")
        self.assertEqual(resolved["X-State"], "resolved")
        self.assertEqual(firing["Auto-Submitted"], "auto-generated")
        self.assertEqual(firing["From"].addresses[0].display_name, "leadline")
        self.assertIsNotNone(firing["Date"].datetime)
        for mail in mails:
            self.assertEqual(mail.get_content_type(), "multipart/alternative")
            self.assertEqual([one.get_content_type()
                              for one in mail.iter_parts()],
                             ["text/plain", "text/html"])
        text = firing.get_body(("plain",)).get_content()
        self.assertEqual(
            text.splitlines()[0],
            "TEST: DOWN in 2 of 3 regions for 2 m 12 s — acme/home")
        self.assertIn("(http_status)", text)
        self.assertIn("leadline incidents show ", text)
        html = firing.get_body(("html",)).get_content()
        self.assertIn("DOWN in 2 of 3 regions", html)
        self.assertLess(len(html), 100000)
        self.assertNotIn("http://", html)

    def test_a_crash_before_the_report_doubles_a_mail_and_loses_none(self):
        port = self.serve()
        self.configure("smtp://127.0.0.1:%d" % port)
        self.run_it("put")
        self.run_it("crash", 9)
        self.run_it("send")
        ids = [one["Message-ID"] for one in self.parsed()]
        self.assertEqual(len(ids), 3)
        self.assertEqual(ids[0], ids[1])
        self.assertEqual(len(set(ids)), 2)
        self.run_it("put")
        self.run_it("send")
        self.assertEqual(len(set(one["Message-ID"]
                                 for one in self.parsed())), 4)

    def test_greylisting_is_waited_out(self):
        port = self.serve()
        self.inbox.rcpt = ["450 4.2.0 greylisted, come again"]
        self.inbox.data = ["451 4.3.0 not now"]
        self.configure("smtp://127.0.0.1:%d" % port)
        self.run_it("put")
        said = self.run_it("send")
        self.assertIn("later 450 4.2.0 greylisted", said)
        self.assertIn("later 451 4.3.0 not now", said)
        self.assertEqual(len(self.parsed()), 2)

    def test_a_refused_recipient_does_not_hold_up_the_next(self):
        port = self.serve()
        self.inbox.rcpt = ["550 5.1.1 unknown", "550 5.1.1 unknown"]
        self.configure("smtp://127.0.0.1:%d" % port,
                       ("gone@mail.example", "here@mail.example"))
        self.run_it("put")
        said = self.run_it("send")
        self.assertEqual(said.count("refused 550 5.1.1 unknown"), 2)
        self.assertEqual([to for to, _ in self.inbox.mails],
                         [["here@mail.example"]] * 2)

    def test_starttls_with_a_password_shows_no_password(self):
        port = self.serve(tls_context=self.context, require_starttls=True,
                          authenticator=check_password, auth_required=True)
        self.configure("smtp://localhost:%d" % port, more=self.with_password())
        said = self.run_it("test")
        mails = self.parsed()
        self.assertEqual(len(mails), 14)
        self.assertEqual(len({one["Message-ID"] for one in mails}), 14)
        for mail in mails:
            text = mail.get_body(("plain",)).get_content()
            self.assertTrue(text.startswith("TEST: "), text)
            self.assertIn("nothing is wrong", text)
        self.assertIsNotNone(self.inbox.sessions[0].ssl)
        self.assertIn("> STARTTLS", said)
        self.assertIn("> AUTH (secret)", said)
        self.assertNotIn(PASSWORD, said)
        for text in (PASSWORD, "\0alerts\0" + PASSWORD):
            self.assertNotIn(base64.b64encode(text.encode()).decode(), said)

    def test_smtps_is_verified(self):
        port = self.serve(ssl_context=self.context)
        self.configure("smtps://localhost:%d" % port,
                       more=", ca_file: " + self.certs + "/cert.pem")
        self.run_it("test")
        self.assertEqual(len(self.parsed()), 14)
        self.configure("smtps://localhost:%d" % port)
        said = self.run_it("test", 1)
        self.assertIn("certificate", said)
        self.assertEqual(len(self.parsed()), 14)

    def test_a_wrong_password_is_said(self):
        port = self.serve(tls_context=self.context, require_starttls=True,
                          authenticator=check_password, auth_required=True)
        self.configure("smtp://localhost:%d" % port, more=self.with_password())
        with open(self.dir + "/password", "w") as out:
            out.write("wrong\n")
        said = self.run_it("test", 1)
        self.assertIn("535", said)
        self.assertEqual(self.inbox.mails, [])

    def test_starttls_that_is_not_offered_sends_nothing(self):
        port = self.serve()
        self.configure("smtp://localhost:%d" % port, more=self.with_password())
        said = self.run_it("test", 1)
        self.assertIn("STARTTLS", said)
        self.assertEqual(self.inbox.mails, [])


if __name__ == "__main__":
    MAIL_RUN = sys.argv.pop(1)
    unittest.main()
