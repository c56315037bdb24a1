#!/usr/bin/python3
"""What `leadline` says to a person who errs, and to a program that asks."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import shape
from fleet import FleetTest, program, run


class Usage(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.configure(regions=["eu"], sites=[{
            "name": "acme", "checks": [fleet.check(
                "port", "tcp", host="127.0.0.1", port=9)]}])
        fleet.start_collector()

    def fails(self, *words, code=2, about=""):
        asked = self.fleet.cli(*words)
        self.assertEqual(code, asked.returncode, (words, asked.stderr))
        self.assertEqual("", asked.stdout, words)
        self.assertTrue(asked.stderr.startswith("leadline"), asked.stderr)
        self.assertIn(about, asked.stderr, words)
        return asked.stderr

    def test_what_is_unknown_is_named(self):
        self.fails("statsu", about='did you mean "status"')
        self.fails("frobnicate", about="frobnicate")
        self.fails("status", "--josn", about="--josn")
        self.fails("p95", "--sinse", "1h", about="--sinse")
        self.fails("agent", "frobnicate", about="agent")

    def test_help_is_there_for_each_command(self):
        listed = self.fleet.cli("--help")
        self.assertEqual((0, ""), (listed.returncode, listed.stderr))
        names = [line[2:20].strip() for line in listed.stdout.splitlines()
                 if line.startswith("  ")]
        self.assertGreater(len(names), 20)
        for name in {*names, *(name.split()[0] for name in names)}:
            for word in ("--help", "-h"):
                said = self.fleet.cli(*name.split(), word)
                self.assertEqual((0, ""), (said.returncode, said.stderr), name)
                self.assertTrue(
                    said.stdout.startswith(f"usage: leadline {name} "), name)
        self.fails("maintenance", about="maintenance add CHECK")
        self.fails("maintenance", "frob", about="maintenance remove WINDOW")

    def test_what_is_missing_is_named(self):
        self.fails("p95", "--since", about="--since")
        self.fails("probe", about="leadline probe")
        self.fails("agent", "add", about="leadline agent add")
        self.fails("agent", "add", "eu1", about="--region")
        self.fails("incidents", "show", about="leadline incidents show")
        self.fails("import", about="leadline import")
        self.fails("check-config", about="leadline check-config")

    def test_output_that_is_lost_is_no_success(self):
        words = [program("leadline"), "--control", self.fleet.control]
        for asked in (["status"], ["--json", "agents"],
                      ["probe", "tcp://127.0.0.1:9"], ["--version"]):
            with self.subTest(asked), open("/dev/full", "w") as full:
                done = subprocess.run([*words, *asked], stdout=full,
                                      stderr=subprocess.PIPE, text=True)
                self.assertEqual(3, done.returncode, done.stderr)
                self.assertIn("stdout cannot be written", done.stderr)

    def test_a_socket_that_a_killed_collector_left_is_not_waited_for(self):
        path = self.fleet.dir / "left-behind"
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
        for place in (path, self.fleet.dir / "never-there"):
            asked = run(program("leadline"), "--control", f"ipc://{place}",
                        "status")
            self.assertEqual(3, asked.returncode, asked.stderr)
            self.assertIn("no collector at", asked.stderr)

    def test_standard_descriptors_may_be_closed(self):
        done = subprocess.run(
            [program("leadline"), "probe", "tcp://127.0.0.1:9"],
            stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: (os.close(0), os.close(1)))
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertIn("stdout cannot be written", done.stderr)

    def test_what_is_too_much_is_named(self):
        self.fails("status", "acme", "more", about="more")
        self.fails("agents", "eu1", about="eu1")
        self.fails("probe", "--count", "-1", "127.0.0.1", about="--count")

    def test_bad_values_are_named(self):
        self.fails("p95", "--since", "soon", about="soon")
        self.fails("p95", "--since", "-5s", about="-5s")
        self.fails("p95", "acme/port", "--quantile", "2", about="quantile")
        self.fails("p95", "acme/port", "--phase", "lunar", about="lunar")
        self.fails("p95", "acme/port", "--by", "moon", about="moon")
        self.fails("sla", "--month", "2026-13", about="2026-13")
        for words in (["sla", "--month", "2026-11", "--from", "2026-11-01"],
                      ["sla", "--month", "2026-11", "--to", "2026-11-02"],
                      ["p95", "--since", "1h", "--from", "2026-11-01"]):
            self.fails(*words, about="either --")
        self.fails("sla", "acme/port", "--target", "high", about="high")
        self.fails("sla", "--from", "2026-11-28", "--to", "2026-11-27",
                   about="from")
        self.fails("probe", "--kind", "ping", "acme.test", about="ping")
        self.fails("probe", "--family", "5", "acme.test", about="5")
        self.fails("probe", "tcp://127.0.0.1", about="port")
        self.fails("probe", "acme.test", "--server", "ns1.acme.test",
                   about="--server")
        self.fails("probe", "tcp://acme.test:80", "--resolve",
                   "acme.test:80:here", about="--resolve")
        self.fails("probe", "gopher://acme.test/", about="gopher")
        self.fails("export", "--format", "xml", about="xml")

    def test_an_unknown_check_is_named(self):
        for words in (["p95", "acme/prot"], ["sla", "acme/prot"],
                      ["results", "acme/prot"], ["status", "acne"],
                      ["export", "acme/prot"]):
            self.fails(*words, about=words[1])
        self.fails("incidents", "show", "INC-ZZZZZZZZ", about="ZZZZZZZZ")

    def test_now_needs_a_store(self):
        self.fails("--now", "2026-11-28", "status", about="--store")
        asked = run(program("leadline"), "--store", self.fleet.store, "--now",
                    "then", "status")
        self.assertEqual(2, asked.returncode)
        self.assertIn("then", asked.stderr)

    def test_no_collector_is_said_with_what_to_do(self):
        asked = run(program("leadline"), "--control",
                    f"ipc://{self.fleet.dir}/nobody", "status", timeout=30)
        self.assertEqual(3, asked.returncode)
        self.assertEqual("", asked.stdout)
        self.assertIn("nobody", asked.stderr)
        self.assertRegex(asked.stderr, "running|--control|--store")

    def test_no_store_is_said(self):
        for path in (self.fleet.dir / "absent", self.fleet.config_file,
                     self.fleet.dir):
            asked = run(program("leadline"), "--store", path, "status")
            self.assertEqual(3, asked.returncode, asked.stderr)
            self.assertIn(str(path), asked.stderr)

    def test_help_goes_to_stdout(self):
        for words in (["--help"], ["help"], ["p95", "--help"],
                      ["agent", "add", "--help"]):
            asked = run(program("leadline"), *words)
            self.assertEqual((0, ""), (asked.returncode, asked.stderr), words)
            self.assertIn("usage: leadline", asked.stdout)
        asked = run(program("leadline"), "--version")
        self.assertRegex(asked.stdout, r"^leadline \d")
        asked = run(program("leadline"))
        self.assertEqual((2, ""), (asked.returncode, asked.stdout))

    def test_every_command_of_the_contract_is_there(self):
        listed = run(program("leadline"), "--help").stdout
        for name in ("init", "probe", "status", "p95", "sla", "incidents",
                     "agents", "agent add", "check-config", "test-mail",
                     "import", "export", "results"):
            self.assertIn(f"  {name} ", listed)

    def test_json_is_one_object_and_tables_are_none(self):
        wanted = {"status": shape.STATUS, "agents": shape.AGENTS,
                  "incidents": shape.INCIDENTS,
                  "p95": {"checks": [shape.P95]},
                  "sla": {"checks": [shape.SLA]}}
        for name, form in wanted.items():
            for words in (["--json", name], [name, "--json"]):
                asked = self.fleet.cli(*words)
                self.assertEqual((0, ""), (asked.returncode, asked.stderr),
                                 words)
                answer = json.loads(asked.stdout)
                self.assertEqual([], shape.misfits(answer, form), words)
            table = self.fleet.cli(name)
            self.assertEqual(0, table.returncode, name)
            self.assertNotIn("{", table.stdout)
            self.assertNotIn("\x1b", table.stdout, "colour into a pipe")

    def test_nothing_measured_is_null_never_zero(self):
        answer = self.fleet.ask("sla", "acme/port")
        self.assertEqual("NO_DATA", answer["verdict"])
        self.assertIsNone(answer["global"]["uptime"])
        status, = self.fleet.ask("status")["checks"]
        self.assertIsNone(status["p95_24h_us"])
        self.assertIsNone(status["uptime_month"])

    def test_a_store_answers_without_a_collector(self):
        for words in (["status"], ["p95"], ["sla"], ["incidents"],
                      ["agents"], ["export"]):
            asked = run(program("leadline"), "--store", self.fleet.store,
                        "--json", *words)
            self.assertEqual(0, asked.returncode, asked.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
