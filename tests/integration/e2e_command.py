#!/usr/bin/python3
"""pause, resume, maintenance: what they do to agents, verdicts and messages.

    e2e_command.py        programs: see support/fleet.py
"""
import json
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import shape
from fleet import FleetTest, program, run
from process import NotYet, until


class Commands(FleetTest):
    @classmethod
    def start_fleet(cls, fleet):
        fleet.start_servers()
        cls.configure(fleet)
        fleet.start_collector()
        fleet.add_agent("eu1", "eu", bind="127.0.0.11")
        fleet.start_agent("eu1")
        fleet.wait_for_results("acme/home", 2)
        fleet.wait_for_results("acme/other", 2)

    @staticmethod
    def configure(fleet, names=("home", "other")):
        fleet.configure(regions=["eu"], sites=[{"name": "acme", "checks": [
            fleet.check(name, "http", url=fleet.site.url("acme"))
            for name in names]}])

    def status(self, check):
        one, = [one for one in self.fleet.ask("status")["checks"]
                if one["check"] == check]
        return one

    def refuse(self, *words):
        asked = self.fleet.cli(*words)
        self.assertEqual(2, asked.returncode, asked.stdout)
        return asked.stderr

    def marks(self, check):
        answer = self.fleet.ask("sla", check, "--from", "-1h", "--verdicts")
        return answer["verdicts"]["global"].rstrip(".")

    def wait_for_mark(self, check, mark):
        def there():
            marks = self.marks(check)
            if not marks.endswith(mark):
                raise NotYet(marks)
            return True
        until(f"{check} ends with {mark}", 60, there, pause=0.5)

    def test_1_what_makes_no_sense_is_refused(self):
        self.assertIn('did you mean "acme/home"?',
                      self.refuse("pause", "acme/hone"))
        self.assertIn("not paused", self.refuse("resume", "acme/home"))
        self.assertIn("until when", self.refuse(
            "maintenance", "add", "acme/home"))
        self.assertIn("region xx", self.refuse(
            "maintenance", "add", "acme/home", "--for", "1h", "--region", "xx"))
        self.assertIn("matches no check", self.refuse(
            "maintenance", "add", "beta/*", "--for", "1h"))
        self.assertIn('no window "W1"', self.refuse(
            "maintenance", "end", "W1"))
        self.assertEqual({"windows": [], "paused": []},
                         self.fleet.ask("maintenance", "list"))
        asked = run(program("leadline"), "--store", self.fleet.store, "pause",
                    "acme/home")
        self.assertEqual(2, asked.returncode)

    def test_2_a_pause_stops_the_measuring_and_is_maintenance(self):
        self.fleet.ask("pause", "acme/home", "--reason",
                       'moving "house" \\ \x1b[31m\u202e', "--author", "ada")
        self.fleet.collector.wait_for_log("command.pause check=acme/home")
        until("the agent has confirmed it", 20, lambda: self.fleet.ask(
            "agents")["agents"][0]["cfg"] == "ok")
        count = len(self.fleet.export("acme/other"))
        before = len(self.fleet.export("acme/home"))
        self.fleet.wait_for_results("acme/other", count + 3)
        # One that was under way may still have come.
        self.assertLessEqual(len(self.fleet.export("acme/home")), before + 1)
        one = self.status("acme/home")
        self.assertEqual("paused", one["state"])
        self.assertEqual("ada", one["paused"]["author"])
        self.assertEqual('moving "house" \\ ?[31m?', one["paused"]["reason"])
        self.assertEqual([], shape.misfits(one["paused"]["since"],
                                           shape.moment))
        self.wait_for_mark("acme/home", "M")
        text = self.fleet.cli("status").stdout
        self.assertIn("acme/home is paused since", text)
        self.assertNotIn("\x1b", text)
        line, = [line for line in self.fleet.collector.log_text().splitlines()
                 if "command.pause" in line]
        self.assertIn("by=\"ada\" reason=\"moving 'house' ' ?[31m?\"", line)

    def test_3_it_outlives_a_restart_and_a_new_file(self):
        for again in (self.fleet.restart_collector, self.reload):
            again()
            self.assertEqual("paused", self.status("acme/home")["state"])
        self.configure(self.fleet, names=("other",))
        self.reload()
        self.configure(self.fleet)
        self.reload()
        self.assertEqual("paused", self.status("acme/home")["state"])
        self.assertIn("already", self.refuse("pause", "acme/home"))

    def reload(self):
        since = self.fleet.collector.log_size()
        self.fleet.collector.send(signal.SIGHUP)
        self.fleet.collector.wait_for_log("config.in_force", 10, since)

    def test_4_resume(self):
        count = len(self.fleet.export("acme/home"))
        self.fleet.ask("resume", "acme/home")
        self.fleet.wait_for_results("acme/home", count + 2)
        self.wait_for_mark("acme/home", "U")
        self.assertIn("M", self.marks("acme/home"))
        self.assertIsNone(self.status("acme/home")["paused"])

    def test_5_in_a_window_no_incident_opens(self):
        self.fleet.ask("maintenance", "add", "acme/home,acme/o*", "--for",
                       "1h", "--reason", "patching")
        listed = self.fleet.ask("maintenance", "list")
        window, = listed["windows"]
        self.assertEqual(
            ("W1", "running", ["acme/home", "acme/o*"], [], "patching", None),
            tuple(window[key] for key in ("id", "state", "checks", "regions",
                                          "reason", "every")))
        self.wait_for_mark("acme/home", "M")
        self.assertEqual("W1", self.status("acme/home")["maintenance"][0]["id"])
        self.fleet.site.drop("acme")

        def is_down():
            return any(row["status"] == "down"
                       for row in self.fleet.export("acme/home"))
        until("it is down", 30, is_down)
        self.wait_for_mark("acme/home", "M")
        self.assertNotIn("D", self.marks("acme/home"))
        self.assertEqual([], self.fleet.ask("incidents")["incidents"])
        self.assertEqual([], self.fleet.mail.find())

    def test_6_at_its_end_the_outage_is_one(self):
        self.fleet.ask("maintenance", "end", "W1")
        self.assertIn("remove W1", self.refuse("maintenance", "end", "W1"))

        def opened():
            return [one for one in self.fleet.ask("incidents")["incidents"]
                    if one["check"] == "acme/home" and one["state"] == "open"]
        until("an incident", 90, opened, pause=0.5)
        until("a mail", 60, lambda: self.fleet.mail.find("firing"))
        self.fleet.site.let_through("acme")
        until("its end", 90, lambda: not self.fleet.ask(
            "incidents", "--open")["incidents"], pause=0.5)

    def test_7_a_window_can_be_added_long_afterwards(self):
        self.assertIn("D", self.marks("acme/home"))
        self.fleet.ask("maintenance", "add", "acme/*", "--from", "-30m",
                       "--to", "now", "--reason", "we knew")

        def masked():
            marks = self.marks("acme/home")
            if "D" in marks:
                raise NotYet(marks)
            return True
        until("it is masked", 30, masked, pause=0.5)
        until("its incidents are withdrawn", 30, lambda: all(
            one["state"] == "withdrawn"
            for one in self.fleet.ask("incidents")["incidents"]), pause=0.5)
        answer = self.fleet.ask("sla", "acme/home", "--from", "-1h")
        self.assertEqual(0, answer["global"]["down_s"])
        self.assertIn("we knew", [window["reason"]
                                  for window in answer["maintenance"]])
        for query in ("sla", "p95"):
            self.assertRegex(
                self.fleet.cli(query, "acme/home", "--from", "-1h").stdout,
                r"maintenance 20.* to 20.* UTC: we knew")

    def test_8_a_store_alone_says_the_same(self):
        def ask(*words):
            live = self.fleet.cli("--json", *words)
            alone = run(program("leadline"), "--store", self.fleet.store,
                        "--json", *words)
            self.assertEqual((0, 0), (live.returncode, alone.returncode),
                             live.stderr + alone.stderr)
            return json.loads(live.stdout), json.loads(alone.stdout)
        live, alone = ask("maintenance", "list")
        self.assertEqual(live, alone)
        self.assertEqual(2, len(live["windows"]))

    def test_9_a_window_can_be_taken_out(self):
        self.assertIn("399 days", self.refuse(
            "maintenance", "add", "acme/*", "--from", "-500d", "--for", "1d"))
        self.assertEqual({"id": "W2"}, self.fleet.ask(
            "maintenance", "remove", "W2"))
        self.assertIn("no window", self.refuse("maintenance", "remove", "W2"))
        until("the outage counts again", 30,
              lambda: "D" in self.marks("acme/home"), pause=0.5)
        self.assertEqual(["W1"], [window["id"] for window in self.fleet.ask(
            "maintenance", "list")["windows"]])


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
