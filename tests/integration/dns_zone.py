#!/usr/bin/python3
"""DNS probes of zones with several servers, of signed zones, and of resolvers.

Usage: dns_zone.py LEADLINE.  Servers are real: nsd on several loopback
addresses with one port, unbound with a trust anchor of the test's own.
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from dns_servers import Servers, free_port, program

LEADLINE = None
HOSTS = ["127.0.0.1"] + ["127.0.1.%d" % i for i in range(1, 6)]


def zone(name, servers, serial=2026112401, more="@ IN A 192.0.2.7\n"):
    """A zone whose servers ns1, ns2, ... have these addresses."""
    text = f"$ORIGIN {name}.\n$TTL 300\n"
    text += f"@ IN SOA ns1 host {serial} 3600 600 86400 60\n"
    for i, ip in enumerate(servers, 1):
        text += f"@ IN NS ns{i}\nns{i} IN A {ip}\n"
    return text + more


def many(numbers):
    return "".join(f"@ IN A 198.51.100.{i}\n" for i in numbers)


def sign(folder, name, text):
    """Returns the signed zone and its trust anchor."""
    (folder / "zone").write_text(text)
    key = subprocess.run(
        [program("ldns-keygen"), "-a", "ECDSAP256SHA256", "-k", name],
        cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(
        [program("ldns-signzone"), "-o", name, "-f", "signed", "zone", key],
        cwd=folder, capture_output=True, text=True, check=True)
    anchor = (folder / (key + ".ds")).read_text().strip()
    return (folder / "signed").read_text(), " ".join(anchor.split())


class Zones(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = Servers()
        cls.addClassCleanup(cls.servers.stop)
        cls.port = port = free_port(*HOSTS)
        cls.resolver = free_port()
        a, b, c, d = HOSTS[1:5]
        dead = HOSTS[5]
        good = {
            "same.test": zone("same.test", [a, b]),
            "lags.test": zone("lags.test", [a, b], 2026112402),
            "differs.test": zone("differs.test", [a, b]),
            "many.test": zone("many.test", [a, b], more=many(range(1, 101))),
            "dead.test": zone("dead.test", [a, dead]),
            "lame.test": zone("lame.test", [a, c]),
            "loop.test": zone("loop.test", [a], more=(
                "a IN CNAME b\nb IN CNAME c\nc IN CNAME a\n"
                "out IN CNAME gone.same.test.\nlost IN CNAME not.here\n" +
                "".join(f"n{i} IN CNAME n{i + 1}\n" for i in range(20)) +
                "n20 IN A 192.0.2.20\n")),
        }
        folder = cls.servers.folder()
        signed, anchor = sign(folder, "signed.test",
                              zone("signed.test", [a]))
        broken = signed.replace("192.0.2.7", "192.0.2.8")
        assert broken != signed
        folder = cls.servers.folder()
        bogus, bogus_anchor = sign(folder, "bogus.test",
                                   zone("bogus.test", [a]))
        good["signed.test"] = signed
        good["bogus.test"] = bogus.replace("192.0.2.7", "192.0.2.8")
        cls.servers.nsd(port, good, a)
        cls.servers.nsd(port, {
            "same.test": good["same.test"],
            "lags.test": zone("lags.test", [a, b], 2026112401),
            "many.test": zone("many.test", [a, b],
                              more=many(range(100, 0, -1))),
            "differs.test": zone("differs.test", [a, b],
                                 more="@ IN A 192.0.2.66\n"),
        }, b)
        # Lame: knows the parent only, and refers to itself.
        cls.servers.nsd(port, {"test": zone("test", [c], more=(
            f"lame IN NS ns1.lame\nns1.lame IN A {a}\n"))}, c)
        cls.servers.unbound(
            cls.resolver,
            {name: f"{a}@{port}" for name in good},
            modules="validator iterator",
            extra=f'  trust-anchor: "{anchor}"\n'
                  f'  trust-anchor: "{bogus_anchor}"\n  ede: yes\n'
                  "  harden-below-nxdomain: no\n")

    def probe(self, host, *more, kind="A", timeout="4s", within=()):
        done = subprocess.run(
            [*within, LEADLINE, "probe", host, "--kind", "dns", "--type",
             kind, "--timeout", timeout, "--json", *more],
            capture_output=True, text=True, timeout=30)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)

    def ask(self, host, **more):
        return self.probe(
            host, "--server", "127.0.0.1#%d" % self.resolver, **more)

    def ask_one(self, host, ip, **more):
        return self.probe(host, "--server", f"{ip}#{self.port}", **more)

    def assert_is(self, seen, status, reason):
        self.assertEqual((seen["status"], seen["reason"]), (status, reason),
                         seen)

    # ---- DNSSEC ----

    def test_a_signed_zone_is_authenticated(self):
        seen = self.ask("signed.test")
        self.assert_is(seen, "up", None)
        self.assertIs(seen["dns"]["authenticated"], True)

    def test_an_unsigned_zone_and_an_authority_are_not(self):
        self.assertIs(self.ask("same.test")["dns"]["authenticated"], False)
        seen = self.ask_one("signed.test", HOSTS[1])
        self.assertIs(seen["dns"]["authenticated"], False)

    def test_a_forged_record_is_told_as_what_it_is(self):
        seen = self.ask("bogus.test")
        self.assert_is(seen, "down", "dns_servfail")
        self.assertEqual(seen["dns"]["rcode"], "SERVFAIL")
        self.assertRegex(seen["detail"], "SERVFAIL: .*(bogus|DNSSEC)")

    # ---- CNAMEs ----

    def test_cnames_in_a_circle_are_told_by_an_authority(self):
        seen = self.ask_one("a.loop.test", HOSTS[1])
        self.assert_is(seen, "down", "dns_servfail")
        self.assertIn("circle", seen["detail"])

    def test_cnames_in_a_circle_are_a_failure_of_a_resolver(self):
        seen = self.ask("a.loop.test")
        self.assert_is(seen, "down", "dns_servfail")

    def test_a_long_chain_is_cut(self):
        seen = self.ask_one("n0.loop.test", HOSTS[1])
        self.assert_is(seen, "down", "dns_servfail")
        self.assertIn("more than 16 CNAMEs", seen["detail"])

    def test_a_chain_that_fits_is_followed(self):
        seen = self.ask_one("n12.loop.test", HOSTS[1])
        self.assert_is(seen, "up", None)
        self.assertEqual(seen["dns"]["answers"][-1]["data"], "192.0.2.20")

    def test_an_alias_of_nothing_says_where_it_leads(self):
        seen = self.ask("out.loop.test")
        self.assert_is(seen, "down", "dns_nxdomain")
        self.assertIn("leads to gone.same.test.", seen["detail"])
        seen = self.ask_one("lost.loop.test", HOSTS[1])
        self.assert_is(seen, "down", "dns_nxdomain")
        self.assertIn("leads to not.here.loop.test.", seen["detail"])


class Authorities(Zones):
    """`--server authoritative`, by way of the system's resolv.conf."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.can = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "true"],
            capture_output=True, check=False).returncode == 0

    def system(self, host, *more, first_dead=False, **rest):
        """With a resolv.conf of our own, in a mount namespace."""
        if not self.can:
            self.skipTest("SKIPPED: no mount namespaces for a resolv.conf")
        conf = self.servers.dir / "resolv.conf"
        text = "nameserver 127.0.0.1#%d\n" % self.resolver
        if first_dead:
            text = "nameserver 127.0.0.1#%d\n" % first_dead + text
        conf.write_text(text)
        real = os.path.realpath("/etc/resolv.conf")
        return self.probe(host, *more, within=(
            "unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            f'mount --bind {conf} {real} && exec "$@"', "sh"), **rest)

    def authorities(self, host, **more):
        return self.system(host, "--server", "authoritative#%d" % self.port,
                           **more)

    def test_servers_that_agree_are_up(self):
        seen = self.authorities("same.test")
        self.assert_is(seen, "up", None)
        servers = seen["dns"]["servers"]
        self.assertEqual([s["name"] for s in sorted(
            servers, key=lambda s: s["name"])],
            ["ns1.same.test.", "ns2.same.test."])
        self.assertEqual({s["serial"] for s in servers}, {2026112401})
        self.assertEqual(len({s["answers_hash"] for s in servers}), 1)

    def test_servers_agree_over_more_records_than_are_kept(self):
        seen = self.authorities("many.test")
        self.assert_is(seen, "up", None)
        self.assertIsNone(seen.get("detail"))
        self.assertEqual(len(seen["dns"]["answers"]), 64)
        self.assertEqual(seen["dns"]["answers_left_out"], 36)

    def test_a_secondary_that_lags_is_told_with_both_serials(self):
        seen = self.authorities("lags.test")
        self.assert_is(seen, "slow", "dns_mismatch")
        for words in ("ns2.lags.test.", "2026112401", "ns1.lags.test.",
                      "2026112402"):
            self.assertIn(words, seen["detail"])

    def test_servers_with_other_answers_are_told(self):
        seen = self.authorities("differs.test")
        self.assert_is(seen, "slow", "dns_mismatch")
        self.assertIn("other answers than", seen["detail"])

    def test_a_dead_server_is_told_and_no_more(self):
        seen = self.authorities("dead.test")
        self.assert_is(seen, "up", None)
        dead = [s for s in seen["dns"]["servers"]
                if s["name"] == "ns2.dead.test."]
        self.assertEqual(dead[0]["reason"], "dns_timeout")
        self.assertIsNone(dead[0]["elapsed_us"])

    def test_a_lame_server_is_told(self):
        seen = self.authorities("lame.test")
        self.assert_is(seen, "slow", "dns_mismatch")
        self.assertIn("lame", seen["detail"])

    def test_a_dead_first_resolver_gives_way(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            seen = self.system("same.test",
                               first_dead=silent.getsockname()[1])
        self.assert_is(seen, "up", None)
        self.assertEqual(seen["dns"]["server"],
                         "127.0.0.1#%d" % self.resolver)
        self.assertGreaterEqual(seen["phases_us"]["dns"], 1000000)


def load_tests(loader, _tests, _pattern):
    """Each story once: Authorities has those of Zones too."""
    return loader.loadTestsFromTestCase(Authorities)


if __name__ == "__main__":
    LEADLINE = sys.argv.pop(1)
    unittest.main()
