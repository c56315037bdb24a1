#!/usr/bin/python3
"""What is told of checks that are no outage: one story each, to the mail.

A certificate that ends, a family that is broken, slowness, a p95 and a month's
budget missed, and a region whose network fails.  All of it happens at once and
in sites of their own, so that the test waits once.
"""
import pathlib
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import FleetTest, shifted_clock
from process import NotYet, until
from servers import Site

HOUR = 3600


class ShortSite(Site):
    """Its certificate is of two days, and ends in two hours."""

    def make_certificates(self):
        self.environment = shifted_clock(-46 * HOUR)
        self.days = 2
        super().make_certificates()


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


class RaisedChecks(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers(("acme", "beta", "gamma", "delta", "short"))
        cls.short = ShortSite(fleet.dir / "short", ("short",)).start()
        fleet.servers.append(cls.short)
        port = fleet.site.port
        sites = [{"name": name, "checks": [
            fleet.check("home", "http", url=fleet.site.url(name))]}
            for name in ("acme", "beta", "gamma")]
        sites += [
            {"name": "shop-slow", "checks": [
                fleet.check("home", "http", url=fleet.site.url("acme"),
                            slow="1ms")]},
            {"name": "shop-p95", "checks": [
                fleet.check("home", "http", url=fleet.site.url("acme"),
                            expect={"p95": "1ms"})]},
            {"name": "shop-budget", "checks": [
                fleet.check("home", "http", url=fleet.site.url("delta"),
                            target=99.9999)]},
            {"name": "shop-cert", "checks": [
                fleet.check("cert", "tls", host="short.test",
                            port=cls.short.port,
                            ca_file=str(cls.short.ca_file)),
                fleet.check("home", "http", url=cls.short.url("short"),
                            ca_file=str(cls.short.ca_file))]},
            {"name": "shop-both", "checks": [
                fleet.check("home", "tcp", host="both.acme.test", port=port,
                            family="both")]},
        ]
        fleet.configure(
            regions=["eu", "us", "ap"], sites=sites,
            receivers=[{"name": "all", "mail": ["oncall@leadline.test"],
                        "from_severity": "ticket"}])
        fleet.start_collector()
        fleet.add_three()
        fleet.wait_for_results("gamma/home", 3)
        for name in ("acme", "beta", "gamma"):
            fleet.site.drop(name, "127.0.0.11")
        # Not longer than it takes to be told: then the budget waits for it.
        fleet.site.drop("delta")
        until("page about shop-budget", 60, lambda: fleet.mail.find(
            "firing", "shop-budget/home"), pause=0.2)
        fleet.site.let_through("delta")

    def told(self, *words, seconds=150):
        """The first mail whose text has all of these."""
        def came():
            for mail in self.fleet.mail.find("firing"):
                text = mail.get_body(("plain",)).get_content()
                said = " ".join(text.split()).lower()
                if all(word.lower() in said for word in words):
                    return mail
            raise NotYet([str(mail["Subject"])
                          for mail in self.fleet.mail.find()])
        return until(f"told: {words}", seconds, came, pause=0.3)

    def test_1_a_certificate_that_ends_is_paged_once_for_its_checks(self):
        mail = self.told("shop-cert/cert", "the certificate, issued by "
                         "leadline test CA, ends")
        self.assertEqual("page", str(mail["X-Severity"]).lower())

    def test_2_a_region_whose_network_fails_is_one_alert(self):
        self.told("from region eu", "while other regions see them up")

    def test_3_slowness_is_told(self):
        self.told("shop-slow/home takes longer than 1.0 ms")

    def test_4_a_missed_p95_is_told(self):
        self.told("shop-p95/home: p95 of the last hour is")

    def test_5_a_used_budget_is_told(self):
        self.told("shop-budget/home was down for",
                  "the error budget is used up")

    @unittest.skipUnless(has_ipv6(), "no IPv6 on loopback here")
    def test_6_a_broken_family_is_told(self):
        self.told("shop-both/home is down over IPv6",
                  "(connect_refused) and up over IPv4")

    def test_7_no_certificate_is_told_twice(self):
        # The short site's other check has the same certificate.
        self.assertEqual([], self.fleet.mail.find(about="shop-cert/home"))


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
