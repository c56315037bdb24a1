#!/usr/bin/python3
"""What `leadline probe` says of DNS answers, against what dig says of them.

Usage: dns_dig.py LEADLINE DNS_ONCE.  Every type, from a real nsd, with the data that is
hard to print: escapes, strings of many parts, parameters, long digests.
"""
import functools
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from dns_servers import Servers, free_port, program

LEADLINE = None
DNS_ONCE = None

ZONE = r"""$ORIGIN acme.test.
$TTL 300
@       IN SOA ns1 host\.master 2026112401 3600 600 86400 60
@       IN NS ns1
ns1     IN A 127.0.0.1
@   77  IN A 192.0.2.7
@   77  IN A 192.0.2.8
@       IN AAAA 2001:db8::7
@       IN AAAA ::ffff:192.0.2.1
@       IN MX 10 mail
@       IN MX 0 .
@       IN TXT "v=spf1 -all"
txt     IN TXT "two" "parts; of \"it\"" "back\\slash" ""
txt     IN TXT "\195\188ber \009tab\127"
txt     IN TXT bare
key     IN TXT "KEY"
@       IN CAA 0 issue "ca.example; account=\"1\""
@       IN CAA 128 iodef "mailto:a@acme.test"
www     IN CNAME acme.test.
a\.b    IN CNAME weird\@\$\;\(\)\"\\\032\255.acme.test.
sub     IN DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
sub     IN DS 60485 13 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a
sub     IN NS ns1
svc     IN HTTPS 1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1,192.0.2.2
svc     IN HTTPS 2 svc2 mandatory=alpn,port alpn=h2 no-default-alpn port=443 ipv6hint=2001:db8::1,::1
svc     IN HTTPS 0 www
odd     IN HTTPS 1 . alpn="a\\,b,c" ech=AAECAwQFBgc= key65333=x\"y key65400
@       IN HTTPS 1 . dohpath=/q{?dns}
_s._tcp IN SRV 1 2 443 mail
_s._tcp IN SRV 0 0 0 .
*.wild  IN A 192.0.2.99
7       IN PTR Host.Acme.Test.
""".replace("KEY", "k" * 250 + '" "' + "p" * 250 + '" "' + "q" * 100)

REVERSE = """$ORIGIN 2.0.192.in-addr.arpa.
$TTL 60
@ IN SOA ns1.acme.test. host.acme.test. 1 2 3 4 5
@ IN NS ns1.acme.test.
7 IN PTR www.acme.test.
7 IN PTR Mail.Acme.test.
"""

QUESTIONS = (
    ("acme.test", "A"), ("acme.test", "AAAA"), ("acme.test", "MX"),
    ("acme.test", "NS"), ("acme.test", "TXT"), ("acme.test", "SOA"),
    ("acme.test", "CAA"), ("acme.test", "HTTPS"), ("www.acme.test", "CNAME"),
    ("www.acme.test", "A"), ("txt.acme.test", "TXT"), ("key.acme.test", "TXT"),
    (r"a\.b.acme.test", "CNAME"), ("sub.acme.test", "DS"),
    ("svc.acme.test", "HTTPS"), ("odd.acme.test", "HTTPS"),
    ("_s._tcp.acme.test", "SRV"), ("any.wild.acme.test", "A"),
    ("7.acme.test", "PTR"), (r"\065CME.test", "MX"),
    ("WWW.acme.TEST", "AAAA"),
)


class AsDigPrintsIt(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.servers = Servers()
        cls.addClassCleanup(cls.servers.stop)
        cls.port = free_port()
        cls.servers.nsd(cls.port, {"acme.test": ZONE,
                                   "2.0.192.in-addr.arpa": REVERSE})

    @classmethod
    @functools.cache
    def dig(cls, *question):
        done = subprocess.run(
            [program("dig"), "@127.0.0.1", "-p", str(cls.port), "+norec",
             "+noall", "+answer", *question],
            capture_output=True, text=True, timeout=20, check=True)
        return [line.split(None, 4) for line in done.stdout.splitlines()
                if line and not line.startswith(";")]

    def probe(self, host, kind):
        done = subprocess.run(
            [LEADLINE, "probe", host, "--kind", "dns", "--type", kind,
             "--server", "127.0.0.1#%d" % self.port, "--json"],
            capture_output=True, text=True, timeout=20)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)

    def assert_same(self, host, kind, *dig):
        seen = self.probe(host, kind)
        wanted = [(name, int(ttl), kind, data)
                  for name, ttl, _, kind, data in self.dig(*dig)]
        self.assertTrue(wanted)
        self.assertEqual(seen["status"], "up", seen)
        got = [(answer["name"], answer["ttl"], answer["type"], answer["data"])
               for answer in seen["dns"]["answers"]]
        self.assertEqual(sorted(got), sorted(wanted))
        return seen

    def test_every_type_is_printed_as_dig_prints_it(self):
        for host, kind in QUESTIONS:
            with self.subTest(host + " " + kind):
                self.assert_same(host, kind, host, kind)

    def test_an_address_is_asked_for_in_reverse(self):
        self.assert_same("192.0.2.7", "PTR", "-x", "192.0.2.7")

    def test_what_dig_prints_is_what_can_be_expected(self):
        """dig's text, as somebody copies it into the DNS map."""
        for host, kind in QUESTIONS:
            if kind == "CNAME" or host.lower().startswith("www"):
                continue
            with self.subTest(host + " " + kind):
                data = [row[4] for row in self.dig(host, kind)]
                self.assert_expected(host, kind, data)

    def assert_expected(self, host, kind, data):
        done = subprocess.run(
            [DNS_ONCE, host, kind, "127.0.0.1#%d" % self.port,
             "127.0.0.1#%d" % self.port, "5000", *data],
            capture_output=True, text=True, timeout=20, check=True)
        self.assertIn("status=up\n", done.stdout)


if __name__ == "__main__":
    LEADLINE = sys.argv.pop(1)
    DNS_ONCE = sys.argv.pop(1)
    unittest.main()
