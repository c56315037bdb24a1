#!/usr/bin/python3
"""Every sample mail, read by Python's email package.

Usage: mail_samples.py MAIL_SAMPLES GOLDEN_DIR [--write]

Compares what each says with GOLDEN_DIR/<kind>.txt; --write makes those anew,
to be read before they are committed.
"""
import email
import email.policy
import html.parser
import os
import re
import subprocess
import sys
import tempfile
import unittest

MAIL_SAMPLES = None
GOLDEN = None
WRITE = False

FIRST_WORDS = {"resolved": "RESOLVED", "agent_back": "RESOLVED",
               "was_down": "WAS DOWN", "withdrawn": "WITHDRAWN",
               "flapping": "UP AND DOWN", "reminder": "STILL DOWN",
               "group_resolved": "ALL RESOLVED", "digest_quiet": "ALL WELL"}
NO_THREAD = {"summary", "digest", "digest_quiet"}
# A state in a subject would break its thread.
STATES = re.compile(r"resolved|withdrawn|flapping|still|was down|acknowledged",
                    re.I)


class Page(html.parser.HTMLParser):
    """What a page holds, and what it would load."""

    def __init__(self, text):
        super().__init__()
        self.tags = {}
        self.loads = []
        self.open = []
        self.words = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.loads += [(tag, name) for name, value in attrs
                       if name in ("src", "href", "srcset", "background",
                                   "action", "data") or name[:2] == "on"
                       or "url(" in (value or "")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            assert "url(" not in data and "@import" not in data
        else:
            self.words.append(data)


def read(path):
    with open(path, "rb") as file:
        raw = file.read()
    return raw, email.message_from_bytes(raw, policy=email.policy.default)


def parts(mail):
    text, page = mail.iter_parts()
    return (text.get_content().replace("\r\n", "\n"),
            page.get_content().replace("\r\n", "\n"))


def dump(mail):
    """Subject and text part: what golden files hold."""
    return "Subject: %s\n\n%s\n" % (mail["Subject"], parts(mail)[0])


class Samples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory(prefix="leadline-mails-")
        subprocess.run([MAIL_SAMPLES, cls.temp.name], check=True, timeout=30)
        cls.mails = {name[:-4]: read(os.path.join(cls.temp.name, name))
                     for name in sorted(os.listdir(cls.temp.name))}

    @classmethod
    def tearDownClass(cls):
        cls.temp.cleanup()

    def each(self):
        self.assertGreater(len(self.mails), 35)
        for name, (raw, mail) in self.mails.items():
            with self.subTest(name):
                yield name, raw, mail

    def test_lines_are_as_smtp_wants_them(self):
        for _, raw, _ in self.each():
            self.assertTrue(raw.isascii())
            self.assertTrue(raw.endswith(b"--\r\n"))
            self.assertFalse(raw.endswith(b"\r\n\r\n"))
            self.assertNotIn(b"\n", raw.replace(b"\r\n", b""))
            self.assertNotIn(b"\r", raw.replace(b"\r\n", b""))
            self.assertLessEqual(max(map(len, raw.split(b"\r\n"))), 78)

    def test_each_part_decodes(self):
        for _, _, mail in self.each():
            self.assertEqual(mail.get_content_type(), "multipart/alternative")
            self.assertEqual([part.get_content_type() for part in
                              mail.iter_parts()], ["text/plain", "text/html"])
            for part in mail.walk():
                self.assertEqual(part.defects, [])
            text, page = parts(mail)
            for content in (text, page):
                self.assertNotIn("\ufffd", content)
                self.assertIsNone(re.search("[\0-\x09\x0b-\x1f\x7f\u061c"
                                            "\u200b\u200e\u200f\u2028-\u202e"
                                            "\u2066-\u2069]", content))

    def test_headers_are_those_of_the_design(self):
        for name, _, mail in self.each():
            self.assertEqual(len(mail["To"].addresses), 1)
            self.assertEqual(mail["Auto-Submitted"], "auto-generated")
            self.assertEqual(mail["X-Auto-Response-Suppress"], "All")
            self.assertIsNotNone(mail["X-State"])
            self.assertIsNotNone(mail["X-Severity"])
            self.assertIsNotNone(mail["Date"].datetime)
            self.assertRegex(mail["Message-ID"], r"^<n\.42@[^<>@ ]+>$")
            self.assertEqual(mail["References"], mail["In-Reply-To"])
            self.assertEqual(mail["References"] is None, name in NO_THREAD)
            self.assertIsNone(STATES.search(mail["Subject"]))
            for header in ("Bcc", "Cc", "Reply-To"):
                self.assertIsNone(mail[header])

    def test_a_thread_is_one_subject_and_one_root(self):
        for a, b in (("down", "resolved"), ("down", "withdrawn"),
                     ("down", "reminder"),
                     ("group", "group_resolved")):
            for header in ("Subject", "References"):
                self.assertEqual(self.mails[a][1][header],
                                 self.mails[b][1][header])
        self.assertEqual(len(self.mails["group"][1].get_all("X-Incident")), 12)

    def test_the_page_loads_nothing_and_says_the_same(self):
        for _, _, mail in self.each():
            text, page = parts(mail)
            self.assertLess(len(page.encode()), 100000)
            parsed = Page(page)
            self.assertEqual(parsed.loads, [])
            self.assertEqual(parsed.open, [])
            self.assertLessEqual(set(parsed.tags), {
                "html", "head", "meta", "title", "style", "body", "div", "h1",
                "p", "h2", "table", "tr", "td", "th", "pre"})
            shown = "".join(" ".join(parsed.words).split())
            for line in text.split("\n"):
                for word in line.split():
                    self.assertIn(word, shown)

    def test_each_says_its_state_first_and_what_to_type(self):
        for name, _, mail in self.each():
            text = parts(mail)[0]
            first = text.split("\n")[0]
            self.assertTrue(first.startswith(FIRST_WORDS.get(name, "")), first)
            self.assertLessEqual(len(first), 250)
            self.assertIn("\nWhat to type next\n  leadline ", text)
            self.assertNotIn("(null)", text)

    def test_times_are_local_and_utc(self):
        text = parts(self.mails["down"][1])[0]
        self.assertIn("2026-11-24 03:10:00 CET (02:10:00 UTC)", text)

    def test_strangers_cannot_write_lines_of_their_own(self):
        _, mail = self.mails["hostile"]
        text = parts(mail)[0]
        self.assertNotIn("\nBcc", text)
        self.assertNotRegex(text, r"(?m)^\.")
        self.assertIn("<script>", text)
        self.assertNotIn("leadline probe", text)
        self.assertNotIn("leadline silence", text)

    def test_dumps_are_the_golden_ones(self):
        names = {name[:-4] for name in os.listdir(GOLDEN)
                 if name.endswith(".txt")}
        if not WRITE:
            self.assertEqual(names, set(self.mails))
        for name, _, mail in self.each():
            path = os.path.join(GOLDEN, name + ".txt")
            if WRITE:
                with open(path, "w", encoding="utf-8") as out:
                    out.write(dump(mail))
            with open(path, encoding="utf-8") as golden:
                self.assertEqual(golden.read(), dump(mail))


if __name__ == "__main__":
    MAIL_SAMPLES, GOLDEN = sys.argv[1:3]
    WRITE = "--write" in sys.argv
    unittest.main(argv=sys.argv[:1])
