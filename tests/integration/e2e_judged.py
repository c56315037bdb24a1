#!/usr/bin/python3
"""Random histories, imported in pieces: what `sla` and `p95` say of them is
what a plain reading of the rules says."""
import datetime
import fractions
import json
import math
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import plain_judge
from fleet import program, run

DAY_MS = 86400000
ERROR = 0.005415
STORIES = 20


def moment(ms):
    at = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


class Story:
    """One check, its configuration and what its agents found."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        now = datetime.datetime.now().timestamp() * 1000
        self.t = self.r.choice([5, 7, 30, 60, 60, 90, 420]) * 1000
        base = int(now // DAY_MS - 10) * DAY_MS + self.r.randrange(DAY_MS)
        self.slots = range(base // self.t, base // self.t + 60)
        self.begin = self.slots[0] * self.t
        self.end = (self.slots[-1] + 1) * self.t
        self.regions = ["eu", "us", "ap", "sa"][:self.r.randint(1, 4)]
        self.agents = {region: [f"{region}{i}" for i in
                                range(self.r.choice([1, 2, 2, 3]))]
                       for region in self.regions}
        self.families = self.r.choice([[4], [4], [4, 6]])
        self.quorum = self.r.choice([None, None, 1, 2, 9])
        self.whole = self.limits()
        self.regional = self.limits()
        self.windows = [self.window() for _ in range(self.r.choice([0, 1, 2]))]
        self.results = [result for slot in self.slots
                        for region in self.regions
                        for result in self.found(slot * self.t, region)]

    def limits(self):
        return {name: self.r.randint(1, 4) for name in
                ("open_after", "close_after") if self.r.random() < 0.5}

    def window(self):
        begin = self.begin + self.r.randrange(-2, 60) * self.t \
            + self.r.choice([0, 1000, self.t - 1000])
        return {"from": begin,
                "to": begin + self.r.randrange(1, 12) * self.t,
                "regions": self.r.choice([[], [self.regions[0]]])}

    def found(self, start, region):
        if not hasattr(self, "state") or self.r.random() < 0.2:
            self.state = {name: self.r.choice("UUUDD?")
                          for name in self.regions}
        if self.state[region] == "?":
            return
        for agent in self.agents[region]:
            for family in self.families:
                yield from self.attempts(start, region, agent, family)

    def attempts(self, start, region, agent, family):
        status = "up" if self.state[region] == "U" else "down"
        if self.r.random() < 0.15:
            status = self.r.choice(["up", "slow", "down", "error"])
        first = {"ts": start + self.r.randrange(self.t), "slot": start,
                 "check": "acme/home", "region": region, "agent": agent,
                 "attempt": 0, "family": family, "status": status,
                 "isolated": self.r.random() < 0.05,
                 "phases_us": {"total": self.r.randrange(500, 900000)}}
        yield first
        if status == "down" and self.r.random() < 0.9:
            # Past the slot's end, often enough.
            yield {**first, "ts": first["ts"] + self.r.randrange(5000, 12000),
                   "attempt": 1,
                   "status": self.r.choice(["down", "down", "up", "error"])}

    def config(self, store):
        check = {"name": "home", "kind": "http", "timeout": "2s",
                 "url": "https://acme.test/", "interval": f"{self.t // 1000}s"}
        if self.quorum:
            check["quorum"] = self.quorum
        if len(self.families) == 2:
            check["family"] = "both"
        return {"store": str(store), "regions": self.regions,
                "alerts": {"global": self.whole, "regional": self.regional},
                "sites": [{"name": "acme", "derive": False,
                           "checks": [check]}],
                "maintenance": [{**window, "checks": ["acme/home"],
                                 "from": moment(window["from"]),
                                 "to": moment(window["to"]), "reason": "move"}
                                if window["regions"] else
                                {"checks": ["acme/home"], "reason": "move",
                                 "from": moment(window["from"]),
                                 "to": moment(window["to"])}
                                for window in self.windows]}

    # ---- what the rules say ----

    def masked(self, start, region):
        return any(window["from"] < start + self.t and window["to"] > start
                   and region in (window["regions"] or self.regions)
                   for window in self.windows)

    def votes(self, start, region):
        mine = [r for r in self.results
                if r["slot"] == start and r["region"] == region]
        return [plain_judge.of_legs([plain_judge.vote(
            [r for r in mine if (r["agent"], r["family"]) == (agent, family)],
            True) for family in self.families])
            for agent in self.agents[region]]

    def open_after(self, expected):
        return self.whole.get("open_after", 1 if expected >= 3 else 2)

    def regional_open_after(self):
        # Not configured: 3, and a minute.
        return self.regional.get("open_after",
                                 max(3, math.ceil(60000 / self.t)))

    def judge(self):
        """By scope, a (start, letter, unconfirmed, open_after) a slot."""
        judged = {scope: [] for scope in ["global", *self.regions]}
        first = min(result["slot"] for result in self.results)
        for start in range(first, self.end, self.t):
            counted, sure = [], []
            for region in self.regions:
                votes = self.votes(start, region)
                letter = plain_judge.region(votes, "Dd")
                bare = plain_judge.region(votes, "D")
                if self.masked(start, region):
                    letter = "M"
                else:
                    counted.append(letter)
                    sure.append(bare)
                judged[region].append((start, letter,
                                       letter == "D" and bare != "D",
                                       self.regional_open_after()))
            letter = plain_judge.whole(counted, self.quorum)
            judged["global"].append(
                (start, letter, letter == "D" and
                 plain_judge.whole(sure, self.quorum) != "D",
                 self.open_after(len(counted))))
        return judged

    def totals(self, region):
        """What the last served attempt of each slot and leg took, sorted."""
        last = {}
        for r in self.results:
            key = (r["slot"], r["agent"],
                   r["family"] if len(self.families) == 2 else 0)
            if r["region"] == region and not r["isolated"] \
                    and r["status"] in ("up", "slow") \
                    and not self.masked(r["slot"], region) \
                    and (key not in last or r["ts"] > last[key]["ts"]):
                last[key] = r
        return sorted(r["phases_us"]["total"] for r in last.values())


class Judged(unittest.TestCase):
    def give(self, story, dir):
        config, part = dir / "leadline.yaml", dir / "part.jsonl"
        config.write_text(json.dumps(story.config(dir / "store")))
        lines = [json.dumps(r) + "\n" for r in story.results]
        lines += story.r.sample(lines, len(lines) // 4)  # twice
        story.r.shuffle(lines)
        for at in range(2):
            part.write_text("".join(lines[at::2]))
            done = run(program("leadline-collector"), "--config", config,
                       "import", part)
            self.assertEqual(0, done.returncode, done.stderr)

    def ask(self, story, dir, *words):
        asked = run(program("leadline"), "--store", dir / "store", "--now",
                    moment(story.end + DAY_MS), "--json", *words)
        self.assertIn(asked.returncode, (0, 1), asked.stderr)
        return asked.returncode, json.loads(asked.stdout)

    def compare_scope(self, story, answer, scope, judged, begin, end):
        told = answer["global"] if scope == "global" \
            else answer["regions"][scope]
        sums = plain_judge.seconds(judged, story.t, begin, end)
        for name, letter in (("up_s", "U"), ("partial_s", "P"),
                             ("down_s", "D"), ("unknown_s", "?"),
                             ("maint_s", "M")):
            self.assertEqual(sums[letter] / 1000, told[name], (scope, name))
        self.assertEqual(
            "".join(letter for start, letter, *_ in judged
                    if start < end and start + story.t > begin),
            answer["verdicts"][scope])
        limits = story.whole if scope == "global" else story.regional
        found = plain_judge.incidents(
            judged, story.t,
            limits.get("close_after", 2 if scope == "global" else 3))
        told = answer["incidents"]["global"] if scope == "global" \
            else answer["incidents"]["regions"][scope]
        self.assertEqual(
            [[moment(at) if at else None for at in one] for one in found
             if one[0] < end and (one[2] is None or one[2] > begin)],
            [[one["start"], one["detected"], one["end"]] for one in told])
        return sums

    def compare_sla(self, story, dir, begin, end):
        target = story.r.choice(["99.9", "99.95", "100", "75", "33.3333"])
        code, answer = self.ask(
            story, dir, "sla", "acme/home", "--from", moment(begin), "--to",
            moment(end), "--target", target, "--verdicts")
        for scope, judged in story.judge().items():
            sums = self.compare_scope(story, answer, scope, judged, begin, end)
            if scope == "global":
                verdict = plain_judge.verdict(sums, target)
                self.assertEqual(verdict, answer["verdict"])
                self.assertEqual(verdict == "BREACHED", code == 1)

    def compare_p95(self, story, dir):
        quantile = story.r.choice(["0.5", "0.95"])
        _, answer = self.ask(
            story, dir, "p95", "acme/home", "--from", moment(story.begin),
            "--to", moment(story.end), "--by", "region", "--quantile", quantile)
        self.assertEqual(story.regions, [r["region"] for r in answer["rows"]])
        for row in answer["rows"]:
            totals = story.totals(row["region"])
            self.assertEqual(len(totals), row["n"])
            self.assertEqual(totals[-1] if totals else None, row["max_us"])
            if row["value_us"] is not None:
                rank = math.ceil(fractions.Fraction(quantile) * len(totals))
                exact = totals[rank - 1]
                self.assertLessEqual(abs(row["value_us"] - exact),
                                     exact * ERROR + 0.01)

    def test_random_histories(self):
        for seed in range(STORIES):
            with self.subTest(seed=seed), tempfile.TemporaryDirectory() as dir:
                story, dir = Story(seed), pathlib.Path(dir)
                self.give(story, dir)
                cut = story.begin + 1000 * story.r.randrange(
                    1, (story.end - story.begin) // 2000)
                self.compare_sla(story, dir, story.begin, story.end)
                self.compare_sla(story, dir, cut, story.end - 3000)
                self.compare_p95(story, dir)


if __name__ == "__main__":
    unittest.main(verbosity=2)
