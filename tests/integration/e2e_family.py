#!/usr/bin/python3
"""IPv4 and IPv6, each for itself: no route, a broken one, a link that fails.

Runs in a network of its own, with a second one for the server at the other end
of a cable; so needs root, and is skipped with a word otherwise.

    e2e_family.py          the tests
    e2e_family.py serve    the server, started by them
"""
import http.server
import itertools
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import FleetTest, program, run
from process import NotYet, until
from servers import NameServer

SKIPPED = 77
PORT = 8080
SERVER4, SERVER6 = "10.77.0.1", "fd77::1"
CLIENT4, CLIENT6 = "10.77.0.2", "fd77::2"
PARTS = ("dns", "connect", "tls", "request", "wait", "transfer")
# `far` is the server; `lost` is behind it, where no way leads on; `split` is
# here for IPv4 and there for IPv6.
RECORDS = (f"far A {SERVER4}\nfar AAAA {SERVER6}\n"
           "lost A 10.78.0.1\nlost AAAA fd78::1\n"
           f"split A 127.0.0.1\nsplit AAAA {SERVER6}\n")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/silent":
            print("asked", flush=True)
            time.sleep(60)
            return
        self.send_response(200)
        drips = self.path == "/drip"
        self.send_header("Content-Length", "100000" if drips else "2")
        self.end_headers()
        for drop in itertools.count():
            if not drips:
                break
            if drop == 10:
                print("asked", flush=True)
            self.wfile.write(b"x")
            time.sleep(0.02)
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True

    def handle_error(self, *_):
        """Its clients leave when they like."""


def serve():
    print(f"pid {os.getpid()}", flush=True)
    sys.stdin.readline()  # the cable is plugged in now
    with Server(("::", PORT), Handler) as server:
        print("serves", flush=True)
        server.serve_forever()


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


class Cable:
    """The other network, and what is at the end of the cable."""

    def __init__(self):
        self.child = subprocess.Popen(
            ["unshare", "--net", sys.executable, __file__, "serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.child.stdout.readline().startswith("pid ")
        ip("link", "set", "lo", "up")
        ip("link", "add", "near", "type", "veth", "peer", "name", "far",
           "netns", self.child.pid)
        ip("address", "add", f"{CLIENT4}/24", "dev", "near")
        self.far("link", "set", "lo", "up")
        self.far("address", "add", f"{SERVER4}/24", "dev", "far")
        # An address of IPv6 does not survive its link's going down.
        self.into("sh", "-c",
                  "echo 1 > /proc/sys/net/ipv6/conf/far/keep_addr_on_down")
        self.far("-6", "address", "add", f"{SERVER6}/64", "dev", "far",
                 "nodad")
        self.far("link", "set", "far", "up")
        ip("link", "set", "near", "up")
        self.forward()
        self.far("route", "add", "unreachable", "10.78.0.0/24")
        self.far("-6", "route", "add", "unreachable", "fd78::/64")
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline() == "serves\n"

    def into(self, *words):
        subprocess.run(["nsenter", "-t", str(self.child.pid), "--net",
                        *map(str, words)], check=True)

    def far(self, *words):
        self.into("ip", *words)

    def forward(self):
        for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            self.into("sh", "-c", f"echo 1 > /proc/sys/net/{name}")

    def routes(self):
        ip("route", "replace", "10.78.0.0/24", "via", SERVER4)

    def give_v6(self):
        ip("-6", "address", "add", f"{CLIENT6}/64", "dev", "near", "nodad")
        ip("-6", "route", "add", "default", "via", SERVER6)

    def take_v6(self):
        ip("-6", "address", "flush", "dev", "near")
        subprocess.run(["ip", "-6", "route", "flush", "default"], check=False)

    def close(self):
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()


class OneProbe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="leadline-test-")
        cls.addClassCleanup(cls.dir.cleanup)
        cls.dns = NameServer(pathlib.Path(cls.dir.name) / "dns")
        cls.dns.more = RECORDS
        cls.dns.start()
        cls.addClassCleanup(cls.dns.stop)

    def setUp(self):
        CABLE.routes()

    def probe(self, target, *words, codes=(0, 1, 3), timeout="2s"):
        asked = run(program("leadline"), "probe", "--json", target, "--server",
                    self.dns.address, "--timeout", timeout, *words)
        self.assertIn(asked.returncode, codes, asked.stderr + asked.stdout)
        return json.loads(asked.stdout)

    def legs(self, *words, **how):
        return self.probe(*words, "--family", "both", **how)["legs"]

    def assert_failed(self, answer, status, reason, phase):
        self.assertEqual(
            (status, reason, phase),
            (answer["status"], answer["reason"], answer["failed_phase"]),
            answer)
        phases = answer["phases_us"]
        at = PARTS.index(phase)
        for name in PARTS[:at]:
            if name != "tls":
                self.assertIsNotNone(phases[name], (name, answer))
        for name in PARTS[at:]:
            self.assertIsNone(phases[name], (name, answer))
        self.assertTrue(answer["detail"])
        self.assertGreaterEqual(
            phases["total"], sum(phases[name] or 0 for name in PARTS))

    def test_no_route_of_a_family_is_our_own_trouble(self):
        CABLE.take_v6()
        four, six = self.legs(f"http://far.acme.test:{PORT}/")
        self.assertEqual(("up", 4), (four["status"], four["family"]))
        self.assert_failed(six, "error", "agent_no_route", "connect")
        self.assertEqual(6, six["family"])
        for target in (f"http://[{SERVER6}]:{PORT}/",
                       f"tls://[{SERVER6}]:{PORT}", f"tcp://[{SERVER6}]:{PORT}"):
            answer = self.probe(target, codes=(3,))
            self.assertEqual(("error", "agent_no_route", "connect"),
                             (answer["status"], answer["reason"],
                              answer["failed_phase"]), target)
        # What the system prefers is then what it can reach.
        answer = self.probe(f"http://far.acme.test:{PORT}/", codes=(0,))
        self.assertEqual(4, answer["family"])

    def test_both_families_are_measured(self):
        CABLE.give_v6()
        self.addCleanup(CABLE.take_v6)
        for leg, family, address in zip(
                self.legs(f"http://far.acme.test:{PORT}/", codes=(0,)), (4, 6),
                (SERVER4, SERVER6)):
            self.assertEqual(("up", family, address),
                             (leg["status"], leg["family"], leg["ip"]))
            phases = leg["phases_us"]
            self.assertIsNotNone(phases["dns"])
            self.assertEqual(phases["total"],
                             sum(phases[name] or 0 for name in PARTS))
        answer = self.probe(f"http://far.acme.test:{PORT}/", codes=(0,))
        self.assertEqual(6, answer["family"])

    def test_a_family_that_is_dropped_times_out(self):
        CABLE.give_v6()
        self.addCleanup(CABLE.take_v6)
        CABLE.far("-6", "route", "add", "blackhole", f"{CLIENT6}/128")
        self.addCleanup(CABLE.far, "-6", "route", "del", "blackhole",
                        f"{CLIENT6}/128")
        for scheme in ("http", "tcp", "tls"):
            four, six = self.legs(f"{scheme}://far.acme.test:{PORT}",
                                  codes=(1,), timeout="700ms")
            if scheme != "tls":
                self.assertEqual("up", four["status"])
            self.assert_failed(six, "down", "connect_timeout", "connect")
            self.assertGreaterEqual(six["phases_us"]["total"], 690000)
        # Who has no choice of family gets there by the other address.
        answer = self.probe(f"http://far.acme.test:{PORT}/", codes=(0,),
                            timeout="2s")
        self.assertEqual(("up", 4), (answer["status"], answer["family"]))

    def test_where_no_way_leads_is_unreachable(self):
        CABLE.give_v6()
        self.addCleanup(CABLE.take_v6)
        for leg in self.legs(f"http://lost.acme.test:{PORT}/", codes=(1,),
                             timeout="4s"):
            self.assert_failed(leg, "down", "connect_unreachable", "connect")

    def answers(self):
        try:
            socket.create_connection((SERVER4, PORT), 1).close()
        except OSError as failed:
            raise NotYet(failed) from failed
        return True

    def cut_in(self, path, phase, *link):
        """A link goes down when the server has begun, or been asked."""
        until("the cable carries", 20, self.answers)

        def cut():
            CABLE.child.stdout.readline()  # "asked"
            link[0]("link", "set", link[1], "down")

        cutting = threading.Thread(target=cut)
        cutting.start()
        try:
            answer = self.probe(f"http://far.acme.test:{PORT}{path}",
                                codes=(1,), timeout="1500ms")
        finally:
            cutting.join()
            link[0]("link", "set", link[1], "up")
        self.assert_failed(answer, "down", "http_timeout", phase)
        self.assertGreaterEqual(answer["phases_us"]["total"], 1490000)

    def test_a_link_that_fails_in_the_body(self):
        self.cut_in("/drip", "transfer", CABLE.far, "far")
        self.cut_in("/drip", "transfer", ip, "near")

    def test_a_link_that_fails_before_the_answer(self):
        self.cut_in("/silent", "wait", ip, "near")


class Legs(FleetTest):
    """The agent's two legs, and what the collector makes of them."""

    @classmethod
    def start_fleet(cls, fleet):
        CABLE.take_v6()
        fleet.dns = NameServer(fleet.dir / "dns")
        fleet.dns.more = RECORDS
        fleet.dns.start()
        fleet.servers.append(fleet.dns)
        cls.local = subprocess.Popen(
            [sys.executable, __file__, "serve"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL)
        cls.local.stdin.write(b"\n")
        cls.local.stdin.flush()
        cls.addClassCleanup(cls.end_local)
        # Nobody accepts, but the kernel does; at ::1 it does not.
        cls.only4 = socket.create_server(("127.0.0.1", 0), backlog=128)
        cls.addClassCleanup(cls.only4.close)

        def check(name, host):
            return fleet.check(name, "http", family="both",
                               url=f"http://{host}.acme.test:{PORT}/")

        fleet.configure(regions=["eu"], self_check="off", sites=[
            {"name": "acme", "derive": False, "checks": [
                check("noroute", "split"),
                fleet.check("broken", "tcp", family="both",
                            host="both.acme.test",
                            port=cls.only4.getsockname()[1])]}])
        fleet.start_collector()
        fleet.add_agent("eu1", "eu")
        fleet.start_agent("eu1")

    @classmethod
    def end_local(cls):
        cls.local.kill()
        cls.local.wait()
        cls.local.stdin.close()

    def results(self, check, slots):
        """Of at least so many slots, each by its family."""
        def enough():
            rows = self.fleet.export(check)
            if len([r for r in rows if r["family"] == 4]) < slots:
                raise NotYet(f"{len(rows)} results")
            # What was found down is tried again five seconds later.
            if any(r["status"] == "down" for r in rows) and \
                    not any(r["attempt"] == 1 for r in rows):
                raise NotYet("not confirmed")
            return rows
        rows = until(f"{slots} slots of {check}", 60, enough, pause=0.3)
        return ([r for r in rows if r["family"] == 4],
                [r for r in rows if r["family"] == 6])

    def test_a_leg_without_a_route_is_told_once_and_votes_not(self):
        fours, sixes = self.results("acme/noroute", 2)
        self.assertEqual({"up"}, {r["status"] for r in fours})
        self.assertEqual([("error", "agent_no_route")],
                         [(r["status"], r["reason"]) for r in sixes])
        CABLE.give_v6()
        self.addCleanup(CABLE.take_v6)
        until("IPv6 is up", 30, lambda: [
            r for r in self.fleet.export("acme/noroute")
            if r["family"] == 6 and r["status"] == "up"], pause=0.3)

    def test_a_broken_family_is_seen_and_votes_up(self):
        fours, sixes = self.results("acme/broken", 2)
        self.assertEqual({"up"}, {r["status"] for r in fours})
        self.assertEqual({("down", "connect_refused")},
                         {(r["status"], r["reason"]) for r in sixes})
        self.assertEqual({0, 1}, {r["attempt"] for r in sixes})
        status, = [c for c in self.fleet.ask("status")["checks"]
                   if c["check"] == "acme/broken"]
        self.assertEqual("up", status["state"])


def main():
    if sys.argv[1:2] == ["serve"]:
        serve()
    if os.environ.get("IN_OWN_NET") != "1":
        may = subprocess.run(["unshare", "--net", "true"], capture_output=True,
                             check=False)
        if may.returncode != 0:
            print("SKIPPED: no network of one's own here: "
                  + may.stderr.decode().strip())
            return SKIPPED
        os.environ["IN_OWN_NET"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, "-B",
                              *sys.argv])
    global CABLE
    CABLE = Cable()
    try:
        return 0 if unittest.main(verbosity=2, exit=False).result \
            .wasSuccessful() else 1
    finally:
        CABLE.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
