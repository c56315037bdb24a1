#!/usr/bin/python3
"""alerts, silence, ack: what fires, and what a person answers to it.

    e2e_alerts.py        programs: see support/fleet.py
"""
import json
import pathlib
import shlex
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import FleetTest
from process import NotYet, until


class Alerts(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers()
        fleet.configure(
            regions=["eu"],
            alerts={"global": {"open_after": 1, "close_after": 1}},
            sites=[{"name": "acme", "checks": [
                fleet.check("home", "http", url=fleet.site.url("acme"))]}])
        fleet.start_collector()
        fleet.add_agent("eu1", "eu")
        fleet.start_agent("eu1")
        fleet.wait_for_results("acme/home", 1)

    def down(self):
        """The alert that the site is down."""
        found = [one for one in self.fleet.ask("alerts")["alerts"]
                 if one["class"] == "SITE_DOWN"]
        if not found:
            raise NotYet("nothing fires")
        return found[0]

    def refuse(self, *words):
        asked = self.fleet.cli(*words)
        self.assertEqual(2, asked.returncode, asked.stdout)
        return asked.stderr

    def mail(self, state):
        def came():
            found = self.fleet.mail.find(state, "acme/home")
            if not found:
                raise NotYet(f"alerts: {self.fleet.ask('alerts')}")
            return found[0]
        return until(f"mail {state}", 60, came, pause=0.2)

    def test_1_what_makes_no_sense_is_refused(self):
        self.assertIn("until when", self.refuse("silence", "acme/home"))
        self.assertIn("over already", self.refuse(
            "silence", "acme/home", "--to", "-1h"))
        self.assertIn("class", self.refuse(
            "silence", "class:NONE", "--for", "1h"))
        self.assertIn("is called", self.refuse("ack", "ZZZZZZZZ"))
        self.assertIn("no incident", self.refuse("ack", "home!"))
        self.assertIn("is called", self.refuse("silence", "end", "ZZZZZZZZ"))
        self.assertEqual("nothing fires\n", self.fleet.cli("alerts").stdout)
        self.assertEqual("nothing is silenced\n",
                         self.fleet.cli("silence", "list").stdout)

    def test_2_a_silence_keeps_the_message_and_not_the_incident(self):
        silence = self.fleet.ask("silence", "acme/* class:SITE_DOWN", "--for",
                                 "1h", "--reason", "we know", "--author", "ada")
        listed, = self.fleet.ask("silence", "list")["silences"]
        self.assertEqual(
            (silence["id"], "acme/*", "SITE_DOWN", "ada", "we know"),
            (listed["id"], listed["check"], listed["class"], listed["author"],
             listed["reason"]))
        self.fleet.site.drop("acme")

        def muted():
            alert = self.down()
            if alert["muted"] is None:
                raise NotYet(str(alert))
            return alert
        alert = until("a muted alert", 60, muted, pause=0.2)
        self.assertEqual({"why": "silence", "by": silence["id"]},
                         alert["muted"])
        self.assertEqual("page", alert["severity"])
        self.assertEqual("acme/home", alert["subject"])
        shown = self.fleet.cli("alerts").stdout
        self.assertIn(f"in silence {silence['id']}", shown)
        self.assertEqual(1, self.fleet.cli("incidents", "--open").returncode)
        self.assertEqual([], self.fleet.mail.find("firing"))

    def test_3_its_end_lets_the_message_go(self):
        silence, = self.fleet.ask("silence", "list")["silences"]
        ended = self.fleet.ask("silence", "end", silence["id"][:6])
        self.assertIsNone(ended["until"])
        self.mail("firing")
        self.assertEqual([], self.fleet.ask("silence", "list")["silences"])

        def told():
            target, = self.down()["told"]
            if target["told"] != "firing":
                raise NotYet(str(target))
            return target
        self.assertEqual("oncall@leadline.test",
                         until("told", 30, told, pause=0.2)["to"])

    def test_4_who_has_it_is_shown(self):
        alert = self.down()
        acked = self.fleet.ask("ack", "INC-" + alert["id"][:5], "--author",
                               "ada")
        self.assertEqual(alert["id"], acked["id"])
        self.assertIsNotNone(self.down()["acked_until"])
        incident, = self.fleet.ask("incidents", "--open")["incidents"][:1]
        self.assertEqual("ada", self.fleet.ask(
            "incidents", "show", alert["id"])["acked_by"])
        self.assertEqual("acme/home", incident["check"])
        self.assertIn("acked until", self.fleet.cli("alerts").stdout)

    def commands(self, mail):
        """What it says to type, as words."""
        text = mail.get_body(("plain",)).get_content()
        return [shlex.split(line)[1:] for line in map(str.strip,
                                                      text.splitlines())
                if line.startswith("leadline ")]

    def test_5_what_the_mail_says_to_type_works(self):
        commands = self.commands(self.fleet.mail.find("firing")[0])
        self.assertLessEqual({"incidents", "ack", "silence", "p95", "probe"},
                             {words[0] for words in commands})
        for words in commands:
            asked = self.fleet.cli(*words)
            self.assertIn(asked.returncode, (0, 1), (words, asked.stderr))
            if words[0] == "incidents":
                # The whole of it: each result, and what was met on the way.
                for said in ("http_reset", "eu1", "TOTAL", "saw at",
                             "CN=acme.test", "leadline results acme/home"):
                    self.assertIn(said, asked.stdout)
            elif words[0] == "probe":
                # Asks the same name server; only its CA is not known here.
                self.assertIn("tls_cert_", asked.stdout)

    def test_6_that_it_is_over_is_told_all_the_same(self):
        alert = self.down()
        self.fleet.site.let_through("acme")
        self.mail("resolved")
        self.assertIn("over", self.refuse("ack", alert["id"]))

    def replay(self, *words):
        answer = self.fleet.ask("alerts", "replay", "--since", "1h", *words)
        self.assertEqual(
            [], [one for one in answer["untold"] if one["why"] == "late"])
        return [(one["state"], one["title"]) for one in answer["messages"]
                if one["alerts"][0]["class"] == "SITE_DOWN"]

    def test_7_a_replay_says_what_was_told_and_what_would_have_been(self):
        path = self.fleet.dir / "patient.yaml"
        path.write_text(json.dumps(self.fleet.config(
            regions=["eu"],
            alerts={"global": {"open_after": 900, "close_after": 1}},
            sites=[{"name": "acme", "checks": [self.fleet.check(
                "home", "http", url=self.fleet.site.url("acme"))]}])))

        def whole():
            told = self.replay()
            if len(told) < 2:
                raise NotYet(str(told))  # a slot that closes is not over yet
            return told
        told = until("the resolve", 60, whole, pause=0.5)
        self.assertEqual(["firing", "resolved"], [state for state, _ in told])
        self.assertIn("acme/home", told[0][1])
        self.assertEqual([], self.replay("--config", str(path)))
        self.assertEqual(told, self.replay("--store", str(self.fleet.store)))
        shown = self.fleet.cli("alerts", "replay", "--since", "1h").stdout
        self.assertIn("oncall@leadline.test", shown)
        path.write_text("sites: 1\n")
        self.assertIn("patient.yaml:1", self.refuse(
            "alerts", "replay", "--config", str(path)))
        self.assertIn("is not before", self.refuse(
            "alerts", "replay", "--from", "-1h", "--to", "-2h"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
