#!/usr/bin/python3
"""/metrics and /healthz: right, read-only, and out of the way of the rest.

    e2e_web.py        programs: see support/fleet.py
"""
import collections
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import prom_text
from fleet import FleetTest
from process import NotYet, until
from servers import free_ports

REGIONS = ["eu", "us"]


class Web(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        cls.port, cls.other = free_ports(2)
        fleet.start_servers()
        cls.configure(fleet)
        fleet.start_collector()
        for number, region in enumerate(REGIONS):
            name = f"{region}1"
            fleet.add_agent(name, region, bind=f"127.0.0.{11 + number}")
            fleet.start_agent(name)
        fleet.wait_for_results("acme/port", 4)

    @classmethod
    def configure(cls, fleet, **settings):
        dashboard = {"listen": f"127.0.0.1:{cls.port}"}
        fleet.configure(
            regions=REGIONS, **{"dashboard": dashboard, **settings},
            sites=[{"name": "acme", "checks": [
                fleet.check("port", "tcp", host="acme.test",
                            port=fleet.site.port),
                fleet.check("shut", "tcp", host="acme.test", port=1)]}])

    def get(self, path, headers=None, method="GET", port=None):
        line = http.client.HTTPConnection("127.0.0.1", port or self.port,
                                          timeout=40)
        try:
            line.request(method, path, headers=headers or {})
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), \
                answer.read().decode()
        finally:
            line.close()

    def families(self):
        status, headers, text = self.get("/metrics")
        self.assertEqual(200, status, text)
        self.assertEqual("text/plain; version=0.0.4; charset=utf-8",
                         headers["Content-Type"])
        return prom_text.read(text)

    def reload(self, says="config.in_force"):
        since = self.fleet.collector.log_size()
        self.fleet.collector.send(signal.SIGHUP)
        self.fleet.collector.wait_for_log(says, 10, since)

    # ---- what it says ----

    def test_1_metrics_are_what_status_and_the_export_say(self):
        def same():
            families = self.families()
            status = self.fleet.ask("status")
            for check in status["checks"]:
                labels = {"check": check["check"], "kind": check["kind"]}
                wanted = {"up": 1, "partial": 1, "down": 0}.get(check["state"])
                if wanted != families["leadline_check_up"].value(**labels):
                    raise NotYet(f"{check}")
                for region, one in check["regions"].items():
                    said = families["leadline_check_region_up"].value(
                        **labels, region=region)
                    if said != {"up": 1, "down": 0}.get(one["state"]):
                        raise NotYet(f"{check['check']} {region}: {said}")
            return families
        families = until("the same state", 60, same)
        self.assertEqual(0, families["leadline_check_up"].value(
            check="acme/shut", kind="tcp"))
        self.assertEqual(1, families["leadline_agent_present"].value(
            agent="eu1", region="eu"))
        self.assertEqual(2, families["leadline_sessions"].value())
        self.assertEqual(0, families["leadline_config_refused"].value())
        self.assertGreater(
            families["process_resident_memory_bytes"].value(), 1e6)
        self.assertGreater(families["leadline_store_commits_total"].value(), 0)

    def test_2_counters_and_histograms_are_what_was_taken(self):
        for agent in self.fleet.agents.values():
            self.assertEqual(0, agent.process.stop())
        rows = self.fleet.export()
        counted = collections.Counter(
            (row["check"], row["region"], row["status"]) for row in rows)

        def same():
            families = self.families()
            for (check, region, status), count in counted.items():
                said = families["leadline_results_total"].value(
                    check=check, region=region, status=status)
                if said != count:
                    raise NotYet(f"{check} {region} {status}: {said} {count}")
            return families
        families = until("as many as there are", 20, same)
        hist = families["leadline_phase_seconds"]
        for region in REGIONS:
            times = [row["phases_us"]["total"] for row in rows
                     if row["check"] == "acme/port" and row["region"] == region
                     and row["status"] in ("up", "slow")]
            labels = {"check": "acme/port", "region": region, "phase": "total"}
            self.assertEqual(len(times), hist.value(
                "leadline_phase_seconds_count", **labels))
            self.assertAlmostEqual(sum(times) / 1e6, hist.value(
                "leadline_phase_seconds_sum", **labels))
            for bound in ("0.0005", "0.0025", "0.01", "0.1", "1", "300"):
                self.assertEqual(
                    sum(us <= float(bound) * 1e6 for us in times),
                    hist.value("leadline_phase_seconds_bucket", le=bound,
                               **labels), bound)
        for agent in self.fleet.agents.values():
            agent.process.start()

    def test_3_a_strict_reader_of_prometheus_is_content(self):
        tool = os.environ.get("PROMTOOL", "promtool")
        text = self.get("/metrics")[2]
        try:
            said = subprocess.run([tool, "check", "metrics"], input=text,
                                  text=True, capture_output=True, check=False)
        except FileNotFoundError:
            self.skipTest("promtool is not installed")
        self.assertEqual((0, ""), (said.returncode, said.stdout + said.stderr))

    def test_4_health(self):
        status, headers, text = self.get("/healthz")
        self.assertEqual((200, "ok\n"), (status, text))
        self.assertEqual("no-store", headers["Cache-Control"])
        asked = subprocess.run(
            ["curl", "-fsS", f"http://127.0.0.1:{self.port}/healthz"],
            capture_output=True, text=True, check=False)
        self.assertEqual((0, "ok\n"), (asked.returncode, asked.stdout))

    # ---- who may ask what ----

    def test_5_it_is_read_only_and_says_what_there_is(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            status, headers, _ = self.get("/metrics", method=method)
            self.assertEqual(405, status, method)
            self.assertEqual("GET, HEAD", headers["Allow"])
        status, headers, text = self.get("/metrics", method="HEAD")
        self.assertEqual((200, ""), (status, text))
        self.assertGreater(int(headers["Content-Length"]), 1000)
        status, _, text = self.get("/etc/passwd")
        self.assertEqual(404, status)
        self.assertIn("/metrics", text)
        self.assertEqual(404, self.get("/metrics/../../etc/passwd")[0])

    def test_6_a_foreign_name_is_refused(self):
        for host, wanted in (("evil.example", 421), ("evil.example:80", 421),
                             ("localhost", 200), ("LOCALHOST:8411", 200),
                             ("127.0.0.1:9", 200), ("[::1]:9", 200),
                             ("[evil]", 421), ("x" * 5000, 421), ("", 421)):
            self.assertEqual(wanted, self.get(
                "/metrics", {"Host": host})[0], host)

    def test_7_a_token_where_one_is_configured(self):
        token = self.fleet.dir / "token"
        token.write_text("sesame\n")
        token.chmod(0o600)
        self.configure(self.fleet, dashboard={
            "listen": f"127.0.0.1:{self.other}", "token_file": str(token),
            "behind_proxy": True})
        self.reload()
        until("the old port is closed", 10, lambda: not port_is_open(self.port))

        def ask(headers, path="/metrics"):
            return self.get(path, headers, port=self.other)[0]
        self.assertEqual(401, ask({}))
        for wrong in ("Bearer sesam", "Bearer sesame2", "Bearer ", "sesame",
                      "Basic sesame", "Bearer sesamesesame"):
            self.assertEqual(401, ask({"Authorization": wrong}), wrong)
        self.assertEqual(200, ask({"Authorization": "Bearer sesame"}))
        self.assertEqual(200, ask({"Authorization": "bearer sesame",
                                   "Host": "leadline.example"}))
        self.assertEqual(200, ask({}, "/healthz"))
        self.assertNotIn("sesame", self.fleet.collector.log_text())
        self.configure(self.fleet)
        self.reload()
        until("the port is open", 10, lambda: port_is_open(self.port))

    def test_8_a_refused_file_shows(self):
        good = self.fleet.config_file.read_text()
        self.fleet.config_file.write_text("regions: [eu]\nsites: 7\n")
        self.reload("config.refused")

        def refused(value):
            return self.families()["leadline_config_refused"].value() == value
        until("refused", 10, lambda: refused(1))
        self.fleet.config_file.write_text(good)
        self.reload()
        until("in force", 10, lambda: refused(0))

    def test_9_it_is_off_where_it_is_not_configured(self):
        self.configure(self.fleet, dashboard=None)
        config = json.loads(self.fleet.config_file.read_text())
        del config["dashboard"]
        self.fleet.config_file.write_text(json.dumps(config))
        self.reload()
        until("closed", 10, lambda: not port_is_open(self.port))
        self.configure(self.fleet)
        self.reload()
        until("open", 10, lambda: port_is_open(self.port))


class Hostile(FleetTest):
    """Whoever comes to the port with bad manners hinders nobody."""
    @classmethod
    def start_fleet(cls, fleet):
        cls.port, = free_ports(1)
        fleet.configure(
            regions=["eu"], dashboard={"listen": f"127.0.0.1:{cls.port}"},
            sites=[{"name": "acme", "checks": [fleet.check(
                "port", "tcp", host="127.0.0.1", port=9)]}])
        fleet.start_collector()

    def connect(self):
        line = socket.create_connection(("127.0.0.1", self.port), 60)
        self.addCleanup(line.close)
        return line

    def talk(self, sent):
        line = self.connect()
        said = b""
        try:
            line.sendall(sent)
            while True:
                piece = line.recv(65536)
                if not piece:
                    break
                said += piece
        except ConnectionError:
            pass
        return said

    def assert_well(self):
        said = self.talk(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b"200 OK", said)
        self.assertTrue(self.fleet.collector.is_running())
        self.fleet.ask("status")

    def test_garbage_ends_the_connection(self):
        for sent in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9,
                     b"\0" * 4096 + b"\r\n\r\n", b"GET\r\n\r\n",
                     b"GET / HTTP/9.9\r\n\r\n",
                     b"GET /" + b"%00" * 3000 + b" HTTP/1.1\r\n\r\n",
                     os.urandom(8000) + b"\r\n\r\n"):
            said = self.talk(sent)
            self.assertNotIn(b" 200 ", said[:16], sent[:40])
        self.assert_well()

    def test_huge_heads_are_refused(self):
        for sent in (b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 50000 + b"\r\n",
                     b"GET / HTTP/1.1\r\nHost: localhost\r\nx: " +
                     b"z" * 200000 + b"\r\n\r\n"):
            said = self.talk(sent)
            self.assertRegex(said[:16], rb"^(|HTTP/1\.1 4\d\d .*)$")
        self.assert_well()

    def test_bodies_are_not_read(self):
        said = self.talk(b"POST /metrics HTTP/1.1\r\nHost: localhost\r\n"
                         b"Content-Length: 999999999999\r\n\r\n" + b"x" * 1000)
        self.assertIn(b" 405 ", said[:16])
        self.assert_well()

    def test_slow_clients_and_a_thousand_of_them_end(self):
        lines = []
        for _ in range(1000):
            line = self.connect()
            line.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n")
            lines.append(line)
        # The collector's own work goes on meanwhile.
        self.fleet.ask("status")
        held = os.listdir(f"/proc/{self.fleet.collector.pid}/fd")
        self.assertLess(len(held), 250)
        # All but those whose turn it is may leave; those are cut off.
        for line in lines[128:]:
            line.close()
        ended = until("the slow ones are cut off", 60, lambda: all(
            has_ended(line) for line in lines[:128]), pause=2)
        self.assertTrue(ended)
        self.assert_well()


def has_ended(line):
    """Sends a byte more, as slow clients do to stay."""
    try:
        line.sendall(b"x")
        line.setblocking(False)
        return line.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        line.setblocking(True)


def port_is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    except ConnectionRefusedError:
        return False


if __name__ == "__main__":
    unittest.main(verbosity=2)
