#!/usr/bin/python3
"""DNS probes against real servers: nsd with a zone of our own, and unbound.

Usage: dns_real.py DNS_ONCE.  Starts its servers in a folder of its own on free
ports of 127.0.0.1 and ends them by pid.
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

DNS_ONCE = None
READY_S = 20

ZONE = """$ORIGIN acme.test.
$TTL 300
@       IN SOA ns1 host 1 3600 600 86400 60
@       IN NS ns1
@       IN NS ns2
ns1     IN A 127.0.0.1
ns2     IN A 127.0.0.9
@       IN A 192.0.2.7
@       IN A 192.0.2.8
@       IN AAAA 2001:db8::7
@       IN MX 10 mail
@       IN TXT "v=spf1 -all"
@       IN CAA 0 issue "ca.example"
www     IN CNAME acme.test.
chain   IN CNAME www
away    IN CNAME gone.example.
v4      IN A 192.0.2.9
svc     IN HTTPS 1 . alpn=h2
_s._tcp IN SRV 1 2 443 v4
"""


def free_port():
    while True:
        with socket.socket() as tcp, socket.socket(
                socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_for_port(port, process):
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("server ended with %d" % process.returncode)
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("server on port %d is not ready" % port)


def program(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError("%s is not installed (apt-get install %s)" %
                           (name, name))
    return path


def big_txt():
    """More than fits into 1232 bytes: answered truncated, then by TCP."""
    part = '"' + "x" * 250 + '"'
    return "big IN TXT " + " ".join([part] * 8) + "\n"


class Servers:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="leadline-dns-")
        self.processes = []
        self.nsd = free_port()
        self.unbound = free_port()
        self.dead = free_port()

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w") as out:
            out.write(text)

    def run(self, arguments, port):
        log = open(os.path.join(self.dir, arguments[0].split("/")[-1]), "wb")
        with log:
            process = subprocess.Popen(arguments, cwd=self.dir, stdout=log,
                                       stderr=log, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        try:
            wait_for_port(port, process)
        except RuntimeError as failure:
            with open(log.name, errors="replace") as text:
                raise RuntimeError("%s\n%s" % (failure, text.read()))

    def start_nsd(self):
        self.write("acme.zone", ZONE + big_txt())
        self.write("nsd.conf", """server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{dir}"
  database: ""
  pidfile: "{dir}/nsd.pid"
  zonelistfile: "{dir}/zone.list"
  xfrdfile: "{dir}/xfrd.state"
  xfrdir: "{dir}"
  cookie-secret-file: ""
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: acme.test
  zonefile: acme.zone
zone:
  name: broken.test
  zonefile: missing.zone
""".format(port=self.nsd, dir=self.dir))
        self.run([program("nsd"), "-d", "-c", self.dir + "/nsd.conf"],
                 self.nsd)

    def start_unbound(self):
        self.write("unbound.conf", """server:
  interface: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  directory: "{dir}"
  pidfile: "{dir}/unbound.pid"
  use-syslog: no
  do-not-query-localhost: no
  do-ip6: no
  module-config: "iterator"
  local-zone: "test." nodefault
  root-hints: ""
  num-threads: 1
remote-control:
  control-enable: no
stub-zone:
  name: acme.test
  stub-addr: 127.0.0.1@{nsd}
stub-zone:
  name: broken.test
  stub-addr: 127.0.0.1@{nsd}
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{dead}
""".format(port=self.unbound, dir=self.dir, nsd=self.nsd, dead=self.dead))
        self.run([program("unbound"), "-d", "-c", self.dir + "/unbound.conf"],
                 self.unbound)

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


class RealDns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.servers = Servers()
        try:
            cls.servers.start_nsd()
            cls.servers.start_unbound()
        except Exception:
            cls.servers.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.servers.stop()

    def ask(self, host, types, *expected, port=None, server=None,
            timeout_ms=5000, within=()):
        server = server or "127.0.0.1#%d" % (port or self.servers.nsd)
        done = subprocess.run(
            [*within, DNS_ONCE, host, types, server,
             "127.0.0.1#%d" % self.servers.unbound, str(timeout_ms),
             *expected],
            capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = {"answer": []}
        for line in done.stdout.splitlines():
            key, value = line.split("=", 1)
            if key == "answer":
                seen["answer"].append(value)
            else:
                seen[key] = value
        return seen

    def assert_is(self, seen, status, reason):
        self.assertEqual((seen["status"], seen["reason"]), (status, reason),
                         seen)

    def test_addresses_of_both_families_come_by_udp(self):
        seen = self.ask("acme.test", "A,AAAA", "192.0.2.7", "2001:DB8::7",
                        "192.0.2.8")
        self.assert_is(seen, "up", "none")
        self.assertEqual(seen["rcode"], "NOERROR")
        self.assertEqual(seen["transport"], "udp")
        self.assertIn("acme.test. 300 A 192.0.2.7", seen["answer"])
        self.assertIn("acme.test. 300 AAAA 2001:db8::7", seen["answer"])
        self.assertGreaterEqual(int(seen["phase_dns"]), 0)
        self.assertLess(int(seen["phase_dns"]), 5000000)

    def test_a_name_that_is_not_there_is_nxdomain(self):
        seen = self.ask("nothing.acme.test", "A")
        self.assert_is(seen, "down", "dns_nxdomain")
        self.assertEqual(seen["rcode"], "NXDOMAIN")

    def test_a_name_without_such_records_is_nodata(self):
        self.assert_is(self.ask("v4.acme.test", "AAAA"), "down", "dns_nodata")
        self.assert_is(self.ask("v4.acme.test", "A,AAAA"), "up", "none")

    def test_a_chain_of_cnames_is_followed(self):
        seen = self.ask("chain.acme.test", "A", "192.0.2.7", "192.0.2.8")
        self.assert_is(seen, "up", "none")
        self.assertEqual(len(seen["answer"]), 4)

    def test_a_large_answer_comes_by_tcp(self):
        seen = self.ask("big.acme.test", "TXT", "x" * 2000)
        self.assert_is(seen, "up", "none")
        self.assertEqual(seen["transport"], "tcp")
        self.assertEqual(seen["truncated"], "1")

    def test_other_types_have_their_data(self):
        for host, kind, data in (
                ("acme.test", "MX", "10 MAIL.acme.test"),
                ("acme.test", "TXT", "v=spf1 -all"),
                ("acme.test", "CAA", '0 issue "ca.example"'),
                ("www.acme.test", "CNAME", "acme.test"),
                ("svc.acme.test", "HTTPS", "1 . alpn=h2"),
                ("_s._tcp.acme.test", "SRV", "1 2 443 v4.acme.test."),
                ("acme.test", "SOA",
                 "ns1.acme.test host.acme.test 1 3600 600 86400 60")):
            with self.subTest(kind):
                self.assert_is(self.ask(host, kind, data), "up", "none")

    def test_another_answer_than_expected_is_a_mismatch(self):
        seen = self.ask("v4.acme.test", "A", "192.0.2.1")
        self.assert_is(seen, "down", "dns_mismatch")

    def test_a_zone_that_is_not_loaded_is_servfail(self):
        self.assert_is(self.ask("www.broken.test", "A"), "down",
                       "dns_servfail")

    def test_a_zone_that_is_not_served_is_refused(self):
        self.assert_is(self.ask("other.example", "A"), "down", "dns_refused")

    def test_a_resolver_whose_zone_s_server_fails_is_servfail(self):
        seen = self.ask("www.broken.test", "A", port=self.servers.unbound,
                        timeout_ms=20000)
        self.assert_is(seen, "down", "dns_servfail")
        self.assertEqual(seen["rcode"], "SERVFAIL")

    def test_a_resolver_whose_forwarder_is_dead_does_not_answer(self):
        seen = self.ask("www.example", "A", port=self.servers.unbound,
                        timeout_ms=500)
        self.assertIn(seen["reason"], ("dns_timeout", "dns_servfail"))

    def test_a_port_that_nobody_has_is_no_answer(self):
        seen = self.ask("acme.test", "A", port=self.servers.dead)
        self.assert_is(seen, "down", "dns_timeout")
        self.assertIn("nobody listens on that port", seen["detail"])
        self.assertLess(int(seen["phase_total"]), 1000000)

    def test_silence_is_a_timeout(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            seen = self.ask("acme.test", "A", port=silent.getsockname()[1],
                            timeout_ms=300)
        self.assert_is(seen, "down", "dns_timeout")
        self.assertGreaterEqual(int(seen["phase_total"]), 300000)

    def test_without_a_network_it_is_our_own_trouble(self):
        alone = ("unshare", "--user", "--map-root-user", "--net")
        if subprocess.run([*alone, "true"], capture_output=True,
                          check=False).returncode != 0:
            self.skipTest("this machine allows no network namespaces")
        seen = self.ask("acme.test", "A", within=alone)
        self.assert_is(seen, "error", "agent_no_route")

    def test_the_system_resolver_is_asked_without_a_server(self):
        self.assert_is(self.ask("www.acme.test", "A", server="-"), "up",
                       "none")

    def test_authoritative_servers_are_found_and_one_dead_is_told(self):
        seen = self.ask("www.acme.test", "A",
                        server="authoritative#%d" % self.servers.nsd)
        self.assert_is(seen, "up", "none")
        self.assertIn("ns2.acme.test. (127.0.0.9", seen["detail"])
        self.assertNotIn("ns1", seen["detail"])

    def test_a_cname_out_of_the_zone_is_an_authoritative_answer(self):
        seen = self.ask("away.acme.test", "A", "gone.example",
                        server="authoritative#%d" % self.servers.nsd)
        self.assert_is(seen, "up", "none")


if __name__ == "__main__":
    DNS_ONCE = sys.argv.pop(1)
    unittest.main()
