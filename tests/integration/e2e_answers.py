#!/usr/bin/python3
"""Every question in every form: the collector and its store say the same.

    e2e_answers.py        programs: see support/fleet.py

The history is imported, and lies behind: what is asked by moments has one
answer whenever it is asked.
"""
import csv
import datetime
import io
import json
import os
import pathlib
import pty
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import shape
from fleet import FleetTest, program, run
from process import until

# Steers a terminal, turns its direction, begins a formula, needs quotes.
HOSTILE = '=cmd|"x"!A1,\x1b[2J\x9b31m\u202etxt\u2066\x7f\r\nnext\x07'
STEERS = ["\x1b", "\x9b", "\u202e", "\u2066", "\x07", "\x7f"]
T_S = 60
SLOTS = 120


class Answers(FleetTest):
    maxDiff = None

    @classmethod
    def start_fleet(cls, fleet):
        fleet.configure(
            regions=["eu", "us"],
            sla={"target": 99.5, "timezone": "America/New_York"},
            maintenance=[{"checks": ["acme/port"], "from":
                          "2026-01-01T00:00:00Z", "to":
                          "2026-01-01T01:00:00Z", "reason": "old"}],
            sites=[{"name": "acme", "checks": [
                {**fleet.check(name, "tcp", host="127.0.0.1", port=9),
                 "interval": "60s"} for name in ("port", "other")]}])
        fleet.start_collector()
        now = datetime.datetime.now(datetime.timezone.utc)
        start = (now - datetime.timedelta(hours=5)).replace(
            minute=0, second=0, microsecond=0)
        cls.start = start
        lines = []
        for slot in range(SLOTS):
            for agent, region in (("eu1", "eu"), ("eu2", "eu"), ("us1", "us")):
                lines.append(cls.line(slot, agent, region))
        done = fleet.cli("import", "-", input="".join(
            json.dumps(one) + "\n" for one in lines))
        assert done.returncode == 0, done.stderr
        cls.range = ["--from", cls.at(0), "--to", cls.at(SLOTS)]

        def judged():
            answer = fleet.ask("sla", "acme/port", *cls.range, codes=(0, 1))
            return answer["global"]["down_s"] > 0 and fleet.ask(
                "incidents", *cls.range)["incidents"]
        until("the history is judged", 60, judged, pause=0.3)

    @classmethod
    def at(cls, slot):
        moment = cls.start + datetime.timedelta(seconds=slot * T_S)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    @classmethod
    def line(cls, slot, agent, region):
        down = 20 <= slot < 26 or (40 <= slot < 50 and region == "eu")
        one = {"ts": cls.at(slot), "check": "acme/port", "region": region,
               "agent": agent, "status": "down" if down else "up",
               "phases_us": {"connect": 500 + 7 * slot,
                             "total": 812 + 11 * slot + len(agent)}}
        if down:
            one.update(reason="connect_refused", failed_phase="connect",
                       detail=HOSTILE, attempt=1)
        return one

    def both(self, *words):
        live = self.fleet.cli(*words)
        alone = run(program("leadline"), "--store", self.fleet.store, *words)
        self.assertEqual(live.returncode, alone.returncode,
                         (words, live.stderr, alone.stderr))
        self.assertEqual(live.stdout, alone.stdout, words)
        self.assertEqual(live.stderr, alone.stderr, words)
        return live

    # ---- 1: the same from both ----

    def test_1_the_collector_and_its_store_say_the_same(self):
        questions = [
            ["p95", "acme/port"], ["p95"],
            *[["p95", "acme/port", "--by", by, "--phase", phase, *strict]
              for by in ("region", "agent") for phase in ("all", "connect,total")
              for strict in ([], ["--strict"])],
            ["p95", "acme/port", "--quantile", "0.5"],
            ["sla"], ["sla", "acme/port", "--verdicts"],
            ["sla", "acme/port", "--target", "50"],
            ["incidents"], ["incidents", "acme/port", "--region", "eu"],
            ["incidents", "--region", "global"], ["incidents", "--open"],
            ["results", "acme/port"],
            ["results", "acme/port", "--region", "us"],
            ["results", "acme/port", "--agent", "eu2"],
            ["export"], ["export", "acme/port"], ["export", "--format", "csv"],
            ["export", "--agent", "eu1", "--region", "eu"],
            ["export", "acme/other", "--format", "csv"],
        ]
        for question in questions:
            forms = [[]] if question[0] == "export" else [[], ["--json"],
                                                          ["--csv"]]
            for form in forms:
                said = self.both(*form, *question, *self.range)
                self.assertIn(said.returncode, (0, 1), said.stderr)
                if question != ["incidents", "--open"]:
                    self.assertNotEqual("", said.stdout, question)
        for question in (["maintenance", "list"], ["agents"]):
            for form in ([], ["--json"], ["--csv"]):
                self.both(*form, *question)

        # What is of now moves between two questions, how full the machine's
        # disk is at any time.
        def same_status():
            answers = []
            for asked in (self.fleet.cli("--json", "status"),
                          run(program("leadline"), "--store",
                              self.fleet.store, "--json", "status")):
                answers.append(json.loads(asked.stdout))
                self.assertIsNotNone(answers[-1]["store"].pop("used_ratio"))
            return answers[0] == answers[1]
        until("the same status from both", 20, same_status)

    def test_2_so_they_do_where_they_refuse(self):
        for question in (
                ["p95", "acme/none"], ["sla", "acme/none"],
                ["incidents", "acme/none"], ["results", "acme/none"],
                ["export", "acme/none"], ["status", "none"],
                ["incidents", "--region", "moon"],
                ["results", "acme/port", "--agent", "nobody"],
                ["export", "--region", "moon"],
                ["p95", "acme/port", "--from", "-1h", "--to", "-2h"],
                ["sla", "--by", "agent"], ["incidents", "show", "ZZZZ"],
                ["p95", "--month", "2026-1"]):
            said = self.both(*question)
            self.assertEqual((2, ""), (said.returncode, said.stdout), question)
            self.assertTrue(said.stderr.startswith("leadline: "), question)

    # ---- 2: ranges ----

    def test_3_ranges(self):
        # New York's November begins at 04:00 UTC, its December at 05:00.
        for words in (["sla", "acme/port"], ["p95", "acme/port"]):
            answer = self.fleet.ask(*words, "--month", "2025-11")
            self.assertEqual("2025-11-01T04:00:00.000Z", answer["from"])
            self.assertEqual("2025-12-01T05:00:00.000Z", answer["to"])
        a_day = self.fleet.ask("p95", "acme/port", "--from", "2026-01-02",
                               "--to", "1767398400")
        self.assertEqual(("2026-01-02T00:00:00.000Z",
                          "2026-01-03T00:00:00.000Z"),
                         (a_day["from"], a_day["to"]))
        other_zone = self.at(0).replace(".000Z", "+00:00")
        self.assertEqual(
            self.fleet.ask("p95", "acme/port", "--from", other_zone,
                           *self.range[2:]),
            self.fleet.ask("p95", "acme/port", *self.range))
        relative = self.fleet.ask("p95", "acme/port", "--from", "-48h",
                                  "--to", "-1h")
        self.assertEqual(
            self.fleet.ask("p95", "acme/port", *self.range)["rows"],
            relative["rows"])

    def test_4_strict_counts_failures_as_infinite(self):
        def row(*words):
            answer, = self.fleet.ask("p95", "acme/port", *self.range,
                                     *words)["rows"]
            return answer
        lost = 6 * 3 + 10 * 2
        served = row()
        strict = row("--strict")
        self.assertEqual(served["n"] + lost, strict["n"])
        self.assertEqual((None, "infinite"),
                         (strict["value_us"], strict["note"]))
        self.assertEqual(served["max_us"], strict["max_us"])
        self.assertLess(served["value_us"], served["max_us"])
        self.assertGreater(row("--strict", "--quantile", "0.5")["value_us"],
                           row("--quantile", "0.5")["value_us"])

    # ---- 3: CSV ----

    def rows_of_csv(self, *words, codes=(0, 1)):
        asked = subprocess.run(
            [str(program("leadline")), "--control", self.fleet.control,
             *words], capture_output=True, check=False)
        self.assertIn(asked.returncode, codes, asked.stderr)
        text = asked.stdout.decode()
        self.assertTrue(text.endswith("\r\n"), text)
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        for row in rows:
            self.assertNotIn(None, row, row)
            self.assertNotIn(None, row.values(), row)
            for name, cell in row.items():
                self.assertFalse(cell.startswith(("=", "+", "@")), (name, cell))
        return rows

    def test_5_csv_says_what_json_says(self):
        words = ["results", "acme/port", *self.range]
        asked = self.fleet.cli("--json", *words).stdout
        lines = [json.loads(line) for line in asked.splitlines()]
        rows = self.rows_of_csv("--csv", *words)
        self.assertEqual(len(lines), len(rows))
        for line, row in zip(lines, rows):
            self.assertEqual(line["ts"], row["ts"])
            self.assertEqual(str(line["phases_us"]["total"]), row["total_us"])
            self.assertEqual(line["isolated"], row["isolated"] == "true")
            self.assertEqual(line["reason"] or "", row["reason"])
            detail = line.get("detail", "")
            self.assertEqual(detail and "'" + detail, row["detail"])
        figures = self.fleet.ask("p95", "acme/port", *self.range, "--by",
                                 "agent")["rows"]
        rows = self.rows_of_csv("--csv", "p95", "acme/port", *self.range,
                                "--by", "agent")
        self.assertEqual([(one["agent"], str(one["n"]), one["value_us"])
                          for one in figures],
                         [(row["agent"], row["n"], float(row["value_us"]))
                          for row in rows])
        sla = self.fleet.ask("sla", "acme/port", *self.range)
        rows = self.rows_of_csv("--csv", "sla", "acme/port", *self.range)
        self.assertEqual(["global", "eu", "us"], [r["scope"] for r in rows])
        for row in rows:
            scope = sla["regions"].get(row["scope"], sla["global"])
            for name in ("uptime", "worst", "coverage", "down_s", "mttr_s"):
                self.assertEqual(scope[name], float(row[name])
                                 if row[name] else None)
            self.assertEqual("BREACHED", row["verdict"])
        incidents = self.fleet.ask("incidents", *self.range)["incidents"]
        rows = self.rows_of_csv("--csv", "incidents", *self.range)
        self.assertEqual([one["id"] for one in incidents],
                         [row["id"] for row in rows])
        self.assertEqual(["acme/other", "acme/port"], [
            row["check"] for row in self.rows_of_csv("--csv", "status")])
        self.assertEqual([], self.rows_of_csv("--csv", "agents"))
        self.assertEqual(3 * SLOTS, len(self.rows_of_csv(
            "export", "--format", "csv", *self.range)))
        asked = self.fleet.cli("--csv", "probe", "127.0.0.1")
        self.assertEqual(2, asked.returncode)
        asked = self.fleet.cli("--csv", "--json", "status")
        self.assertEqual(2, asked.returncode)

    # ---- 4: what strangers wrote ----

    def on_terminal(self, *words, env=None):
        """What a person sees at a terminal of 200 columns."""
        leader, follower = pty.openpty()
        child = subprocess.Popen(
            [str(program("leadline")), "--control", self.fleet.control, *words],
            stdin=follower, stdout=follower, stderr=follower,
            env={**os.environ, "TERM": "xterm", "LANG": "C.UTF-8",
                 "COLUMNS": "200", "NO_COLOR": "1", **(env or {})})
        os.close(follower)
        said = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:
                break
            if not piece:
                break
            said += piece
        os.close(leader)
        child.wait()
        return said.decode()

    def test_6_no_stranger_steers_the_terminal(self):
        incident = self.fleet.ask("incidents", *self.range)["incidents"][0]
        for words in (["results", "acme/port", *self.range],
                      ["--json", "results", "acme/port", *self.range],
                      ["--csv", "results", "acme/port", *self.range],
                      ["export", *self.range],
                      ["export", "--format", "csv", *self.range],
                      ["incidents", "show", incident["id"]],
                      ["--json", "incidents", "show", incident["id"]],
                      ["status"], ["incidents", *self.range]):
            said = self.on_terminal(*words)
            self.assertGreater(len(said), 40, words)
            for letter in STEERS:
                self.assertNotIn(letter, said, words)

    def test_7_a_file_that_is_refused_does_not_either(self):
        for line in ({"check": HOSTILE}, {"agent": HOSTILE}, {"region": HOSTILE},
                     {"status": HOSTILE}, {"reason": HOSTILE}, {HOSTILE: 1}):
            one = {**self.line(1, "eu1", "eu"), **line}
            asked = self.fleet.cli("import", "-", input=json.dumps(
                one, ensure_ascii=False) + "\n")
            for letter in STEERS:
                self.assertNotIn(letter, asked.stdout + asked.stderr, line)

    def test_8_json_is_utf8_always(self):
        for words in (["results", "acme/port"], ["export"], ["incidents"]):
            asked = subprocess.run(
                [str(program("leadline")), "--control", self.fleet.control,
                 "--json", *words, *self.range], capture_output=True,
                check=True)
            for line in asked.stdout.decode("utf-8").splitlines():
                json.loads(line)

    def test_9_a_spark_on_a_terminal_and_none_in_a_pipe(self):
        status = self.on_terminal("status")
        self.assertIn("LAST 24 H", status)
        self.assertRegex(status, "[▁▂▃▄▅▆▇█]")
        self.assertNotIn("LAST 24 H", self.fleet.cli("status").stdout)
        plain = self.on_terminal("status", env={"LANG": "C"})
        self.assertTrue(plain.isascii(), plain)
        self.assertEqual([], shape.misfits(self.fleet.ask("status"),
                                           shape.STATUS))
        self.assertNotIn("p95_hours_us", self.fleet.ask("status")["checks"][0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
