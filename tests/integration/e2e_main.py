#!/usr/bin/python3
"""The main job, end to end: three agents, two sites, mail, and the figures.

    e2e_main.py        programs: see support/fleet.py

Site acme has the checks that follow from its url, and is closed to one region
for a while; site beta is closed to all.  The tests build on each other.
"""
import collections
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import shape
from fleet import FleetTest, program, run
from ledger import served
from process import NotYet, until

REGIONS = ["eu", "us", "ap"]
ACME = ["home", "www", "dns", "cert", "port"]


class MainJob(FleetTest):
    maxDiff = None

    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers(("acme", "beta"))
        url = fleet.site.url("acme")
        fleet.configure(
            regions=REGIONS,
            alerts={"regional": {"open_after": 2, "close_after": 2,
                                 "min": "0s"}},
            sites=[
                {"name": "acme", "url": url, "checks": [
                    fleet.check("home", "http", expect={"body": "a quote"}),
                    fleet.check("www", "http"),
                    fleet.check("dns", "dns", type="A", expect=["127.0.0.1"]),
                    fleet.check("cert", "tls"),
                    fleet.check("port", "tcp", host="acme.test",
                                port=fleet.site.port)]},
                {"name": "beta", "checks": [
                    fleet.check("home", "http", url=fleet.site.url("beta"))]},
            ])
        fleet.start_collector()
        fleet.add_three()

    def assert_shape(self, answer, wanted):
        self.assertEqual([], shape.misfits(answer, wanted))

    def mail(self, state, about, seconds, scope=None):
        def came():
            found = [mail for mail in self.fleet.mail.find(state, about)
                     if scope is None or scope in mail.get_body(
                         ("plain",)).get_content()]
            if not found:
                subjects = [(str(m["X-State"]), m["Subject"])
                            for m in self.fleet.mail.find()]
                raise NotYet(f"mails so far: {subjects}")
            return found[0]
        return until(f"mail {state} about {about}", seconds, came, pause=0.2)

    def incidents(self, check, scope=None, *words):
        answer = self.fleet.ask("incidents", *words)
        self.assert_shape(answer, shape.INCIDENTS)
        return [one for one in answer["incidents"] if one["check"] == check
                and scope in (None, one["scope"])]

    # ---- 1 ----

    def test_1_every_check_is_measured_in_every_region(self):
        names = [f"acme/{name}" for name in ACME] + ["beta/home"]

        def all_up():
            checks = {one["check"]: one
                      for one in self.fleet.ask("status")["checks"]}
            for name in names:
                regions = checks[name]["regions"]
                if [regions[r]["state"] for r in REGIONS] != ["up"] * 3:
                    raise NotYet(f"{name}: {regions}")
            return True
        until("all checks up in all regions", 60, all_up, pause=0.3)

        answer = self.fleet.ask("status")
        self.assert_shape(answer, shape.STATUS)
        self.assertEqual({"present": 3, "expected": 3}, answer["agents"])
        self.assertEqual(sorted(names),
                         sorted(one["check"] for one in answer["checks"]))
        rows = self.fleet.export()
        self.assert_shape(rows, [shape.RESULT])
        self.assertEqual({(name, region) for name in names
                          for region in REGIONS},
                         {(row["check"], row["region"]) for row in rows})
        self.assertEqual([], [r for r in rows if r["status"] != "up"])

    def test_2_the_phases_of_each_kind_are_measured(self):
        phases = {"home": ["dns", "connect", "tls", "wait", "total"],
                  "www": ["dns", "connect", "tls", "wait", "total"],
                  "dns": ["dns", "total"], "port": ["connect", "total"],
                  "cert": ["connect", "tls", "total"]}
        for name, wanted in phases.items():
            row = self.fleet.export(f"acme/{name}")[0]
            for phase in wanted:
                self.assertGreater(row["phases_us"].get(phase) or 0, 0,
                                   f"{name} {phase}: {row}")
        self.assertIsNone(
            self.fleet.export("acme/dns")[0]["phases_us"].get("tls"))
        self.assertEqual(200, self.fleet.export("acme/home")[0]["http_status"])

    def test_3_the_fleet_is_shown(self):
        def all_ok():
            agents = self.fleet.ask("agents")["agents"]
            return all(a["cfg"] == "ok" and a["self_check"] == "good" and
                       a["clock_offset_ms"] is not None for a in agents)
        until("three agents with configuration and clock", 40, all_ok)
        answer = self.fleet.ask("agents")
        self.assert_shape(answer, shape.AGENTS)
        for agent in answer["agents"]:
            self.assertEqual("present", agent["state"])
            self.assertRegex(agent["address"], r"^127\.0\.0\.1[123]$")
            self.assertLess(abs(agent["clock_offset_ms"]), 1000)
            self.assertEqual(agent["name"], agent["region"] + "1")

    def test_4_what_fails_is_mailed_and_so_is_its_end(self):
        fleet = self.fleet
        self.assertEqual([], fleet.mail.find())
        self.assertEqual(0, fleet.cli("incidents", "--open").returncode)
        self.assertEqual(0, fleet.cli("status").returncode)
        fleet.site.drop("acme", "127.0.0.11")
        fleet.site.drop("beta")

        page = self.mail("firing", "beta/home", 60)
        self.assertEqual("page", str(page["X-Severity"]).lower())
        self.assertEqual(1, fleet.cli("status").returncode)
        self.assertEqual(1, fleet.cli("status", "beta").returncode)
        regional = self.mail("firing", "acme/home", 120)
        self.assertEqual("notify", str(regional["X-Severity"]).lower())
        self.assertEqual(1, fleet.cli("incidents", "--open").returncode)
        self.check_firing(regional)
        self.check_incident(regional)

        fleet.site.let_through("acme", "127.0.0.11")
        fleet.site.let_through("beta")
        self.check_thread(page, self.mail("resolved", "beta/home", 60))
        self.check_thread(regional, self.mail("resolved", "acme/home", 90))
        self.assertEqual(0, fleet.cli("incidents", "--open").returncode)

        # Each outage was one thread: beta's regions were muted by the whole.
        # What www redirects to was down too.
        www = self.mail("resolved", "acme/www", 60)
        for state in ("firing", "resolved"):
            told = collections.Counter(
                mail["Subject"] for mail in fleet.mail.find(state))
            self.assertEqual({mail["Subject"]: 1
                              for mail in (page, regional, www)}, told)

    def check_firing(self, mail):
        self.assertEqual(["oncall@leadline.test"], mail.receivers)
        for name in ("From", "To", "Date", "Message-ID", "X-Incident"):
            self.assertTrue(mail[name], f"{name} is missing")
        self.assertEqual("auto-generated", mail["Auto-Submitted"])
        self.assertRegex(mail["Subject"], r"^\[INC-[0-9A-Z]{8}\] acme/home$")
        self.assertEqual("multipart/alternative", mail.get_content_type())
        text = mail.get_body(("plain",)).get_content()
        self.assertRegex(text.splitlines()[0], r"^DOWN in .*acme/home")
        self.assertIn("eu", text)
        self.assertIn("leadline incidents show", text)
        html = mail.get_body(("html",)).get_content()
        self.assertNotRegex(html, r"<(img|script|link)\b")

    def check_thread(self, firing, resolved):
        self.assertEqual(firing["Subject"], resolved["Subject"])
        self.assertEqual(firing["References"], resolved["References"])
        self.assertEqual(firing["In-Reply-To"], resolved["In-Reply-To"])
        self.assertNotEqual(firing["Message-ID"], resolved["Message-ID"])
        text = resolved.get_body(("plain",)).get_content()
        self.assertRegex(text.splitlines()[0], r"^RESOLVED (in \w+ )?after ")

    def check_incident(self, mail):
        one, = self.incidents("acme/home")
        self.assertEqual("eu", one["scope"])
        self.assertEqual("REGIONAL", one["class"])
        self.assertEqual("open", one["state"])
        self.assertFalse(one["late"])
        self.assertIn(one["id"], mail["Subject"])
        shown = self.fleet.ask("incidents", "show", one["id"][:6])
        self.assertEqual(one["id"], shown["id"])
        text = self.fleet.cli("incidents", "show", one["id"]).stdout
        self.assertIn("acme/home", text)
        self.assertIn(one["reason"], text)
        whole, = self.incidents("beta/home", "global")
        self.assertEqual("SITE_DOWN", whole["class"])
        self.assertEqual("page", whole["severity"])

    def test_5_uptime_is_the_sum_of_its_verdicts(self):
        for check in ("acme/home", "beta/home"):
            answer = self.fleet.ask("sla", check, "--from", "-1h", "--to",
                                    "now", "--verdicts")
            self.assert_shape(answer, shape.SLA)
            slot_s = answer["verdicts"]["slot_s"] if "slot_s" in \
                answer["verdicts"] else answer["slot_s"]
            scopes = {"global": answer["global"], **answer["regions"]}
            for scope, figures in scopes.items():
                self.assert_shape(figures, shape.SCOPE)
                marks = collections.Counter(answer["verdicts"][scope])
                self.assertAlmostEqual(
                    marks["D"] * slot_s, figures["down_s"], delta=slot_s,
                    msg=f"{check} {scope} {answer['verdicts'][scope]}")
                self.assertAlmostEqual(
                    (marks["U"] + marks["D"] + marks["P"]) * slot_s,
                    figures["up_s"] + figures["partial_s"] + figures["down_s"],
                    delta=2 * slot_s)
        home = self.fleet.ask("sla", "acme/home", "--from", "-1h", "--to",
                              "now")
        self.assertEqual(0, home["global"]["down_s"])
        self.assertGreater(home["global"]["partial_s"], 0)
        self.assertGreater(home["regions"]["eu"]["down_s"], 0)
        self.assertEqual(0, home["regions"]["us"]["down_s"])
        self.assertEqual(1, len(home["incidents"]["regions"]["eu"]))
        beta = self.fleet.ask("sla", "beta/home", "--from", "-1h", "--to",
                              "now", codes=(1,))
        self.assertEqual("BREACHED", beta["verdict"])
        self.assertGreater(beta["global"]["down_s"], 0)

    def test_6_p95_counts_every_served_result_once(self):
        for agent in self.fleet.agents.values():
            self.assertEqual(0, agent.process.stop())
        self.assertEqual(0, self.fleet.collector.stop())
        out = self.store_cli("export", "--since", "2h")
        type(self).lines = out
        rows = served((json.loads(line) for line in out.splitlines()), 5)
        for check in ("acme/home", "acme/dns", "acme/cert", "beta/home"):
            answer = json.loads(self.store_cli(
                "--json", "p95", check, "--since", "2h", "--by", "region",
                "--phase", "all"))
            self.assert_shape(answer, shape.P95)
            counted = {row["region"]: row["n"] for row in answer["rows"]
                       if row["phase"] == "total"}
            wanted = collections.Counter(
                row["region"] for row in rows if row["check"] == check)
            self.assertEqual(dict(wanted), counted, check)
            values = sorted(row["phases_us"]["total"] for row in rows
                            if row["check"] == check)
            merged, = json.loads(self.store_cli(
                "--json", "p95", check, "--since", "2h"))["rows"]
            self.assertEqual(len(values), merged["n"])
            self.assertEqual(values[-1], merged["max_us"])
            if len(values) < 20:
                self.assertEqual((None, "n<20"),
                                 (merged["value_us"], merged["note"]))
                continue
            true = values[-(-95 * len(values) // 100) - 1]
            self.assertLessEqual(abs(merged["value_us"] - true),
                                 true * merged["error"] + 1)

    def store_cli(self, *words, store=None, codes=(0, 1)):
        asked = run(program("leadline"), "--store", store or self.fleet.store,
                    *words)
        self.assertIn(asked.returncode, codes, asked.stderr)
        return asked.stdout

    def test_7_the_store_can_be_carried_to_another(self):
        other = self.fleet.dir / "other"
        config = json.loads(self.fleet.config_file.read_text())
        config["store"] = str(other)
        file = self.fleet.dir / "other.yaml"
        file.write_text(json.dumps(config))
        (self.fleet.dir / "lines.jsonl").write_text(self.lines)
        done = run(program("leadline-collector"), "--config", file, "import",
                   self.fleet.dir / "lines.jsonl")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(sorted(self.lines.splitlines()), sorted(
            self.store_cli("export", "--since", "2h",
                           store=other).splitlines()))
        rows = [json.loads(line) for line in self.lines.splitlines()]
        end = max(row["ts"] for row in rows)
        for words in (["p95", "acme/home"], ["p95", "beta/home", "--by",
                                             "region", "--phase", "all"]):
            asked = ["--json", *words, "--from", "-2h", "--to", end, "--now",
                     end]
            self.assertEqual(self.store_cli(*asked),
                             self.store_cli(*asked, store=other))


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
