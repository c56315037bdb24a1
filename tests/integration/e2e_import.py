#!/usr/bin/python3
"""Results carried from one store to another tell the same.

Three days of made-up results (seeded) of three regions, with outages, retries,
slow and isolated ones, two legs, late order and doubles; imported, exported,
imported elsewhere.  And what is refused.
"""
import json
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import ledger
from fleet import Fleet, FleetTest, program, run

SEED = 411
T_S = 60
DAY_S = 86400
# Whole hours of three days that ended a day ago.
END_S = int(time.time()) // DAY_S * DAY_S - DAY_S
BEGIN_S = END_S - 3 * DAY_S // 8      # nine hours are enough to cross cells


def made_up_results(chance):
    lines = []
    for check, kind in (("acme/home", "http"), ("acme/dns", "dns")):
        for slot in range(BEGIN_S, END_S, T_S):
            for region in ("eu", "us", "ap"):
                lines += slot_of(chance, check, kind, slot, region)
    return lines


def slot_of(chance, check, kind, slot, region):
    """What one agent measured in one slot."""
    bad = region == "eu" and (slot // 3600) % 5 == 2 or \
        (slot // 1800) % 13 == 7
    if chance.random() < 0.02:
        return []
    at = slot * 1000 + chance.randrange(T_S * 1000 - 10000)
    lines = [result(chance, check, kind, slot, at, region, 0, bad)]
    if lines[0]["status"] == "down":
        lines.append(result(chance, check, kind, slot, at + 6000, region, 1,
                            bad and chance.random() < 0.9))
    return lines


def result(chance, check, kind, slot, at, region, attempt, bad):
    total = int(chance.lognormvariate(10.5, 0.8))
    phases = {"dns": total // 10, "total": total}
    if kind == "http":
        phases |= {"connect": total // 5, "tls": total // 4,
                   "request": total // 20, "wait": total // 4,
                   "transfer": total // 20}
    line = {"ts": at, "slot": slot * 1000, "check": check, "region": region,
            "agent": region + "1", "attempt": attempt, "family": 4,
            "status": "up", "isolated": chance.random() < 0.01,
            "reason": None, "phases_us": phases}
    if bad:
        line |= {"status": "down", "phases_us": {"dns": total // 10},
                 "reason": "dns_timeout" if kind == "dns" else
                 "connect_timeout"}
    elif chance.random() < 0.03:
        line |= {"status": "slow"}
    elif chance.random() < 0.01:
        line |= {"status": "error", "reason": "agent_limit", "phases_us": {}}
    if kind == "http" and line["status"] in ("up", "slow"):
        line["http_status"] = 200
    return line


class Import(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.configure(**cls.settings())
        chance = random.Random(SEED)
        cls.results = made_up_results(chance)
        lines = [json.dumps(line) for line in cls.results]
        lines += chance.sample(lines, 500)          # doubles
        chance.shuffle(lines)
        cls.file = fleet.dir / "lines.jsonl"
        cls.file.write_text("\n".join(lines) + "\n")

    @staticmethod
    def settings():
        return {"regions": ["eu", "us", "ap"], "sites": [
            {"name": "acme", "checks": [
                {"name": "home", "kind": "http", "interval": "60s",
                 "url": "https://acme.example/"},
                {"name": "dns", "kind": "dns", "interval": "60s",
                 "host": "acme.example"}]}]}

    def collector(self, file, lines, code=0):
        done = run(program("leadline-collector"), "--config", file, "import",
                   lines, timeout=120)
        self.assertEqual(code, done.returncode, done.stderr)
        return done

    def other(self, name):
        """A configuration that differs only in where the store is."""
        file = self.fleet.dir / f"{name}.yaml"
        config = json.loads(self.fleet.config_file.read_text())
        config["store"] = str(self.fleet.dir / name)
        file.write_text(json.dumps(config))
        return file, self.fleet.dir / name

    def ask(self, *words, store=None, codes=(0, 1)):
        asked = run(program("leadline"), "--store", store or self.fleet.store,
                    "--now", str(END_S + 3600), *words)
        self.assertIn(asked.returncode, codes, asked.stderr)
        return asked.stdout

    def figures(self, store=None):
        span = ["--from", str(BEGIN_S), "--to", str(END_S)]
        p95 = [self.ask("--json", "p95", *words, *span, store=store)
               for words in ([], ["acme/home", "--by", "region", "--phase",
                                  "all"], ["acme/dns", "--by", "agent"],
                             ["acme/home", "--quantile", "0.5", "--strict"])]
        sla = json.loads(self.ask("--json", "sla", *span, "--verdicts",
                                  store=store))
        return p95, sla

    def without_ids(self, answer):
        """What may differ between two stores taken out."""
        if isinstance(answer, dict):
            return {key: self.without_ids(value)
                    for key, value in answer.items()
                    if key not in ("id", "mttd_s")}
        if isinstance(answer, list):
            return [self.without_ids(one) for one in answer]
        return answer

    def test_1_import_counts(self):
        done = self.collector(self.fleet.config_file, self.file)
        self.assertIn(str(len(self.results)), done.stdout + done.stderr)
        rows = [json.loads(line)
                for line in self.ask("export", "--since", "30d").splitlines()]
        self.assertEqual(len(self.results), len(rows))
        self.assertEqual([], ledger.doubled(rows))

    def test_2_figures_are_those_of_the_lines(self):
        rows = [{**row, "family": 4} for row in self.results]
        for check in ("acme/home", "acme/dns"):
            values = sorted(row["phases_us"]["total"]
                            for row in ledger.served(rows, T_S)
                            if row["check"] == check)
            answer = json.loads(self.ask("--json", "p95", check, "--from",
                                         str(BEGIN_S), "--to", str(END_S)))
            row, = answer["rows"]
            true = values[-(-95 * len(values) // 100) - 1]
            self.assertEqual(len(values), row["n"])
            self.assertEqual(values[-1], row["max_us"])
            self.assertLessEqual(abs(row["value_us"] - true) / true,
                                 row["error"] + 1e-4)

    def test_3_export_and_import_elsewhere_tell_the_same(self):
        file, store = self.other("second")
        lines = self.fleet.dir / "second.jsonl"
        lines.write_text(self.ask("export", "--since", "30d"))
        self.collector(file, lines)
        p95, sla = self.figures()
        p95_there, sla_there = self.figures(store)
        self.assertEqual(p95, p95_there)
        self.assertEqual(self.without_ids(sla), self.without_ids(sla_there))
        self.assertGreater(len(sla["checks"][0]["incidents"]["global"]), 0)
        self.assertEqual(sorted(lines.read_text().splitlines()), sorted(
            self.ask("export", "--since", "30d", store=store).splitlines()))

    def test_4_importing_twice_changes_nothing(self):
        before = self.figures()
        done = self.collector(self.fleet.config_file, self.file)
        self.assertRegex(done.stdout + done.stderr, r"\b0 results added")
        self.assertEqual(before, self.figures())

    def test_5_half_and_half_is_the_same_as_at_once(self):
        file, store = self.other("halves")
        lines = self.file.read_text().splitlines()
        for number, part in enumerate((lines[1::2], lines[0::2])):
            half = self.fleet.dir / f"half{number}.jsonl"
            half.write_text("\n".join(part) + "\n")
            self.collector(file, half)
        p95, sla = self.figures()
        p95_there, sla_there = self.figures(store)
        self.assertEqual(p95, p95_there)
        self.assertEqual(self.without_ids(sla), self.without_ids(sla_there))

    def refused(self, lines, *about):
        file = self.fleet.dir / "bad.jsonl"
        file.write_text("\n".join(lines) + "\n")
        done = self.collector(self.fleet.config_file, file, code=2)
        for word in about:
            self.assertIn(word, done.stderr)

    def new_line(self, **changes):
        return json.dumps({"ts": END_S * 1000 + 1000, "check": "acme/home",
                           "region": "eu", "agent": "eu1", "status": "up",
                           **changes})

    def test_6_bad_lines_are_refused_with_their_number(self):
        before = self.figures()
        good = self.new_line()
        other = json.dumps({**self.results[0], "status": "down",
                            "reason": "dns_timeout"}
                           if self.results[0]["status"] != "down" else
                           {**self.results[0], "status": "up"})
        self.refused([good, other], "line 2", self.results[0]["agent"])
        self.refused([good, self.new_line(check="acme/nope")], "line 2",
                     "acme/nope")
        for bad in ("{", "[]", "7", '{"ts": 1}',
                    self.new_line(status="fine"), self.new_line(ts="soon"),
                    self.new_line(ts=-5), self.new_line(attempt=-1),
                    self.new_line(phases_us={"total": -1}),
                    self.new_line(phases_us={"lunar": 1}),
                    self.new_line(reason="gremlins"),
                    self.new_line(agent=""), self.new_line(region="a b"),
                    self.new_line(family=5), '{"ts":"\\u0000"}',
                    "[" * 5000, '"' + "x" * 300000):
            self.refused([good, good, bad], "line 3")
        self.assertEqual(before, self.figures(), "something was taken")

    def test_7_unknown_regions_and_agents_are_kept(self):
        file, store = self.other("third")
        lines = self.fleet.dir / "third.jsonl"
        lines.write_text("\n".join(
            (self.new_line(region="mars", agent="mars1"),
             self.new_line(agent="new"),
             self.new_line())) + "\n")
        self.collector(file, lines)
        rows = [json.loads(line) for line in self.ask(
            "export", "--since", "30d", store=store).splitlines()]
        self.assertEqual({"mars", "eu"}, {row["region"] for row in rows})
        sla = json.loads(self.ask("--json", "sla", "acme/home", "--from",
                                  str(BEGIN_S), "--to", str(END_S + 3600),
                                  store=store))
        self.assertNotIn("mars", sla["regions"])

    def test_8_what_is_older_than_raw_is_left_out_and_counted(self):
        file, store = self.other("fourth")
        lines = self.fleet.dir / "fourth.jsonl"
        lines.write_text(self.new_line(ts=(END_S - 40 * DAY_S) * 1000) + "\n" +
                         self.new_line() + "\n")
        done = self.collector(file, lines)
        self.assertRegex(done.stdout + done.stderr, r"\b1 too old")
        rows = self.ask("export", "--since", "400d", store=store).splitlines()
        self.assertEqual(1, len(rows))

    def large_files(self, fleet):
        """More than a message holds; nothing of one with a mistake."""
        lines = [self.new_line(ts=END_S * 1000 + 1000 * n).replace(
            "{", "{" + " " * 700, 1) for n in range(12000)]
        wrong = json.dumps({**json.loads(lines[0]), "family": 0,
                            "phases_us": {"total": 7}})
        file = fleet.dir / "large.jsonl"
        file.write_text("\n".join([*lines, wrong]))
        self.assertGreater(file.stat().st_size, 8 << 20)
        refused = fleet.cli("import", file)
        self.assertEqual(2, refused.returncode, refused.stderr)
        self.assertIn("line 12001: ", refused.stderr)
        self.assertEqual(
            "", fleet.cli("export", "--from", str(END_S)).stdout)
        file.write_text("\n".join([*lines, lines[-1]]))
        for added, there in ((len(lines), 1), (0, len(lines) + 1)):
            answer = fleet.ask("import", file)
            self.assertEqual(
                (len(lines) + 1, added, there),
                tuple(answer[key] for key in ("lines", "added", "duplicates")))
        self.assertEqual([], list(fleet.store.glob("import-*")))

    def test_9_a_running_collector_takes_them_too(self):
        file, store = self.other("live")
        fleet = Fleet()
        self.addCleanup(fleet.close)
        fleet.configure(**self.settings())
        fleet.start_collector()
        part = self.file.read_text().splitlines()
        done = fleet.cli("import", "-", input="\n".join(part) + "\n")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stdout, rf"\b{len(self.results)} new")
        bad = fleet.cli("import", "-", input=self.new_line(check="acme/x"))
        self.assertEqual(2, bad.returncode, bad.stderr)
        self.assertIn("acme/x", bad.stderr)
        self.large_files(fleet)
        self.assertEqual(0, fleet.collector.stop())
        self.collector(file, self.file)
        p95, sla = self.figures(fleet.store)
        p95_there, sla_there = self.figures(store)
        self.assertEqual(p95, p95_there)
        self.assertEqual(self.without_ids(sla), self.without_ids(sla_there))


if __name__ == "__main__":
    unittest.main(verbosity=2)
