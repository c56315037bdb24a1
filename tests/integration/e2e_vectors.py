#!/usr/bin/python3
"""The worked cases of tests/vectors, as a person would have them judged: lines
imported by the collector's program, asked of the store by the CLI's.
"""
import json
import pathlib
import random
import shutil
import sys
import tempfile
import unittest
from datetime import datetime, timezone

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "support"))
from fleet import program, run

VECTORS = json.loads((TOP / "vectors/vectors.json").read_text())
DAY_S = 86400
STATUS = {"U": "up", "S": "slow", "D": "down", "E": "error"}
CHECK = "v/c"


def base_s():
    """A midnight ten days ago: the cases begin at 0."""
    now = int(datetime.now(timezone.utc).timestamp())
    return now // DAY_S * DAY_S - 10 * DAY_S


def moment(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%S.") + f"{round(seconds * 1000) % 1000:03d}Z"


class Case:
    """One vector in a store of its own.  Names here are lower case."""

    def __init__(self, vector, base, order):
        self.vector = vector
        self.base = base
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-vector-"))
        self.configure()
        lines = [self.line(sample) for sample in vector["samples"]]
        if order is not None:
            lines += order.sample(lines, len(lines) // 3)
            order.shuffle(lines)
        (self.dir / "lines").write_text("\n".join(lines) + "\n")

    def configure(self):
        config = self.vector["config"]
        windows = [{"checks": ["v/*"], "from": moment(self.base + one["from"]),
                    "to": moment(self.base + one["to"]), "reason": "work",
                    **({"regions": [name.lower() for name in one["regions"]]}
                       if one.get("regions") else {})}
                   for one in config.get("maintenance", [])]
        (self.dir / "leadline.yaml").write_text(json.dumps({
            "store": str(self.dir / "store"),
            "regions": [name.lower() for name in config["regions"]],
            "sites": [{"name": "v", "derive": False, "checks": [
                {"name": "c", "kind": "http", "url": "https://v.example/",
                 "interval": f"{config['T']}s"}]}],
            "maintenance": windows,
            "alerts": {"global": {"open_after": 2, "close_after": 2},
                       "regional": {"open_after": 2, "close_after": 2}}}))

    def line(self, sample):
        ts = self.base + sample["ts"]
        return json.dumps({
            "ts": round(ts * 1000), "check": CHECK,
            "region": sample["region"].lower(), "agent": sample["agent"],
            "seq": sample["seq"], "attempt": sample.get("attempt", 0),
            "status": STATUS[sample["st"]],
            "isolated": sample.get("isolated", False)})

    def judged(self):
        config = self.vector["config"]
        done = run(program("leadline-collector"), "--config",
                   self.dir / "leadline.yaml", "import", self.dir / "lines")
        assert done.returncode == 0, done.stderr
        target = ["--target", f"{config['sla'] * 100:g}"] \
            if "sla" in config else []
        asked = run(program("leadline"), "--store", self.dir / "store", "sla",
                    CHECK, "--from", str(self.base + config["from"]), "--to",
                    str(self.base + config["to"]), "--verdicts", "--json",
                    *target)
        assert asked.returncode in (0, 1), asked.stderr
        return json.loads(asked.stdout), asked.returncode

    def close(self):
        shutil.rmtree(self.dir)


class VectorsTest(unittest.TestCase):
    def compare_sums(self, case, scope, got, want):
        for key, value in want.items():
            if value is None:
                self.assertIsNone(got[key], (scope, key))
            else:
                self.assertAlmostEqual(value, got[key], 9, (scope, key))

    def compare_incidents(self, case, scope, got, want):
        def at(seconds):
            return None if seconds is None else moment(case.base + seconds)
        self.assertEqual(
            [(at(one["start"]), at(one["detected"]), at(one["end"]))
             for one in want],
            [(one["start"], one["detected"], one["end"]) for one in got],
            scope)

    def compare(self, case):
        answer, code = case.judged()
        want = case.vector["expect"]
        self.compare_sums(case, "global", answer["global"], want["global"])
        for region, sums in want["regions"].items():
            self.compare_sums(case, region,
                              answer["regions"][region.lower()], sums)
        for scope, letters in want["verdicts"].items():
            self.assertEqual(letters, answer["verdicts"][scope.lower()], scope)
        for scope, incidents in want["incidents"].items():
            got = answer["incidents"]["global"] if scope == "global" else \
                answer["incidents"]["regions"][scope.lower()]
            self.compare_incidents(case, scope, got, incidents)
        self.assertEqual(want["mttr_s"], answer["global"]["mttr_s"])
        self.assertEqual(case.vector["config"]["T"], answer["slot_s"])
        if "sla" in want:
            self.assertEqual(want["sla"], answer["verdict"])
            self.assertEqual(code, 1 if want["sla"] == "BREACHED" else 0)

    def run_all(self, order):
        self.assertGreaterEqual(len(VECTORS), 12)
        base = base_s()
        for vector in VECTORS:
            case = Case(vector, base, order)
            try:
                with self.subTest(vector["name"]):
                    self.compare(case)
            finally:
                case.close()

    def test_the_cases_hold(self):
        self.run_all(None)

    def test_the_cases_hold_in_any_order_and_doubled(self):
        self.run_all(random.Random(411))


if __name__ == "__main__":
    unittest.main(verbosity=2)
