#!/usr/bin/python3
"""Mails through a real postfix into a real mailbox, and how they read there.

Usage: mail_postfix.py MAIL_RUN.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from postfix_inbox import PostfixInbox
from process import NotYet, until

MAIL_RUN = None


class Postfix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="leadline-test-",
                                              ignore_cleanup_errors=True)
        cls.addClassCleanup(cls.dir.cleanup)
        cls.inbox = PostfixInbox(pathlib.Path(cls.dir.name) / "mail")
        if cls.inbox.reason is not None:
            raise unittest.SkipTest(cls.inbox.reason)
        cls.addClassCleanup(cls.inbox.stop)
        cls.inbox.start()

    def run_it(self, to, what, expect=0):
        here = pathlib.Path(tempfile.mkdtemp(dir=self.dir.name))
        (here / "leadline.yaml").write_text(
            f'mail: {{server: "smtp://localhost:{self.inbox.port}", '
            f"from: alerts@leadline.test, to: [{', '.join(to)}], "
            f"ca_file: {self.inbox.dir}/cert.pem}}\nregions: [eu]\n"
            'sites: [{name: acme, url: "https://acme.example/"}]\n')
        (here / "store").mkdir()
        said = ""
        for one in what:
            done = subprocess.run(
                [MAIL_RUN, here / "leadline.yaml", one, here / "store"],
                capture_output=True, text=True, timeout=90)
            said += done.stdout + done.stderr
            self.assertEqual(expect if one == what[-1] else 0 if one != "crash"
                             else 9, done.returncode, said)
        return said

    def came(self, box, count):
        def all_there():
            mails = self.inbox.mails(box)
            if len(mails) < count:
                raise NotYet(f"{len(mails)} mails\n{self.inbox.log_tail()}")
            return mails
        return until(f"{count} mails in {box}", 30, all_there)

    def test_1_a_mail_arrives_whole_over_starttls(self):
        self.run_it(["oncall@in.test"], ["put", "send"])
        mails = self.came("oncall", 2)
        states = sorted(str(one["X-State"]) for one in mails)
        self.assertEqual(["firing", "resolved"], states)
        self.assertEqual(1, len({one["Subject"] for one in mails}))
        for mail in mails:
            self.assertEqual([], mail.defects)
            self.assertIn("with ESMTPS", mail["Received"])
            self.assertEqual("oncall@in.test", mail["Delivered-To"])
            for kind in ("plain", "html"):
                body = mail.get_body((kind,)).get_content()
                self.assertIn("acme/home", body)

    def test_2_one_unknown_recipient_holds_up_nobody(self):
        said = self.run_it(["gone@in.test", "second@in.test"],
                           ["put", "send"])
        self.assertEqual(2, said.count("refused 550 5.1.1"), said)
        self.came("second", 2)

    def test_3_killed_before_it_was_noted_doubles_one_and_loses_none(self):
        before = len(self.inbox.mails("oncall"))
        self.run_it(["oncall@in.test"], ["put", "crash", "send"])
        ids = [one["Message-ID"]
               for one in self.came("oncall", before + 3)][before:]
        self.assertEqual((3, 2), (len(ids), len(set(ids))))


if __name__ == "__main__":
    MAIL_RUN = sys.argv.pop(1)
    unittest.main()
