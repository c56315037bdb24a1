"""What leadline-agent says to a person, and with which exit code.

agent_cli.py AGENT MAKE_TOKEN
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

AGENT, MAKE_TOKEN = sys.argv[1:3]
KEY = "\n".join(["11" * 32, "22" * 32, ""])
YAML = """endpoint: tcp://127.0.0.1:{port}
collector_key: {key}
name: eu1
self_check: "off"
"""


def run(*args, stdin=None):
    done = subprocess.run([AGENT, *args], capture_output=True, text=True,
                          timeout=50, input=stdin)
    return done.returncode, done.stdout, done.stderr


class Case(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.dir = os.path.join(self.tmp.name, "agent")
        self.agents = []

    def tearDown(self):
        for agent in self.agents:
            if agent.poll() is None:
                agent.kill()
            agent.communicate()
        self.tmp.cleanup()

    def folder(self, yaml=YAML.format(port=9, key="33" * 32), mode=0o600):
        os.mkdir(self.dir, 0o700)
        self.write("agent.yaml", yaml, 0o600)
        self.write("agent.key", KEY, mode)

    def write(self, name, text, mode):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        os.chmod(path, mode)

    def start(self):
        agent = subprocess.Popen([AGENT, "run", "--dir", self.dir],
                                 stderr=subprocess.PIPE, text=True)
        self.agents.append(agent)
        return agent

    def wait_for(self, agent, event):
        """The line of that event; fails if the agent ends before."""
        for line in agent.stderr:
            if f" {event}" in line:
                return line
        self.fail(f"no {event}")

    def said(self, done, code, *words):
        self.assertEqual(done[0], code, done)
        for word in words:
            self.assertIn(word, done[2])
        self.assertNotIn("Sanitizer", done[2])


class Arguments(Case):
    def test_what_is_wrong_is_said_with_exit_code_2(self):
        for args, words in [
                ((), ["what shall it do"]),
                (("walk",), ["unknown command", "walk"]),
                (("--fast", "run"), ["unknown option", "--fast"]),
                (("run", "--dir"), ["--dir needs a folder"]),
                (("run", "--dir", ""), ["--dir needs a folder"]),
                (("run", "--check"), ["one command at a time"]),
                (("run", "run"), ["one command at a time"]),
                (("enrol",), ["needs the token"]),
                (("enrol", "a", "b"), ["unknown command"])]:
            with self.subTest(args=args):
                self.said(run(*args), 2, "leadline-agent:", *words)

    def test_version_and_help_are_data(self):
        code, out, err = run("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(re.fullmatch(r"leadline-agent \d+\.\d+\.\d+\n", out))
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for word in ["enrol TOKEN", "run", "--check", "--dir", "Exit codes"]:
            self.assertIn(word, out)


class Configuration(Case):
    def test_a_missing_folder_says_what_makes_it(self):
        for command in ["run", "--check"]:
            self.said(run(command, "--dir", self.dir), 2, self.dir, "enrol")

    def test_a_right_one_is_right(self):
        self.folder()
        code, out, _ = run("--check", "--dir", self.dir)
        self.assertEqual(code, 0)
        self.assertIn("agent eu1", out)

    def test_a_key_others_can_read_is_refused(self):
        self.folder(mode=0o644)
        for command in ["run", "--check"]:
            self.said(run(command, "--dir", self.dir), 2, "agent.key",
                      "chmod")
        self.assertFalse(os.path.exists(os.path.join(self.dir, "spool")))

    def test_every_mistake_has_its_place(self):
        self.folder("endpoint: http://x/\ncolector_key: 11\nname: eu1\n"
                    "spool_cap: 3\n")
        done = run("run", "--dir", self.dir)
        self.said(done, 2, "agent.yaml:1:", "endpoint", "agent.yaml:2:",
                  "collector_key", "agent.yaml:4:", "spool_cap")

    def test_a_key_file_of_something_else_is_refused(self):
        self.folder()
        self.write("agent.key", "hello\n", 0o600)
        self.said(run("run", "--dir", self.dir), 2, "not a key file")


class Enrolling(Case):
    def test_what_is_no_token_is_said(self):
        self.said(run("enrol", "ll1.abc", "--dir", self.dir), 2, "token")
        self.said(run("enrol", "-", "--dir", self.dir, stdin=""), 2,
                  "no token on standard input")
        self.said(run("enrol", "x" * 5000, "--dir", self.dir), 2, "token")
        self.assertFalse(os.path.exists(self.dir))

    def token(self, port=9):
        return subprocess.run([MAKE_TOKEN, f"tcp://127.0.0.1:{port}", "eu1"],
                              capture_output=True, text=True,
                              check=True).stdout

    def test_a_folder_in_use_is_not_overwritten(self):
        self.folder()
        self.said(run("enrol", "-", "--dir", self.dir, stdin=self.token()), 3,
                  "enrolled there already", self.dir)

    def test_the_kernel_watches_before_anybody_is_spoken_to(self):
        silent = socket.create_server(("127.0.0.1", 0))
        silent.settimeout(30)
        token = self.token(silent.getsockname()[1]).strip()
        agent = subprocess.Popen([AGENT, "enrol", token, "--dir", self.dir],
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.agents.append(agent)
        with silent, silent.accept()[0]:
            tasks = pathlib.Path(f"/proc/{agent.pid}/task")
            states = [(task / "status").read_text() for task in tasks.iterdir()]
            agent.kill()
        if 'seccomp="off' in agent.stderr.read():
            self.skipTest("this kernel takes no seccomp filter")
        for state in states:
            self.assertRegex(state, r"(?m)^Seccomp:\s*2$")
            self.assertRegex(state, r"(?m)^NoNewPrivs:\s*1$")

    def test_a_folder_that_cannot_be_made_costs_no_token(self):
        self.said(run("enrol", self.token().strip(), "--dir",
                      "/proc/nothing/here"), 3, "cannot make the folder")


class Running(Case):
    def test_it_is_ready_and_stops_when_told(self):
        self.folder()
        agent = self.start()
        line = self.wait_for(agent, "agent.ready")
        self.assertIn("name=eu1", line)
        begun = time.monotonic()
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(10), 0)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertIn("agent.stopped", agent.stderr.read())

    def test_two_on_one_spool_are_one_too_many(self):
        self.folder()
        self.wait_for(self.start(), "agent.ready")
        self.said(run("run", "--dir", self.dir), 3, "spool")

    def test_sighup_reads_the_file_again(self):
        self.folder()
        agent = self.start()
        self.wait_for(agent, "agent.ready")
        agent.send_signal(signal.SIGHUP)
        self.wait_for(agent, "agent.reloaded")
        self.write("agent.yaml", "name: 7/8\n", 0o600)
        agent.send_signal(signal.SIGHUP)
        self.wait_for(agent, "agent.reload_failed")
        self.assertIsNone(agent.poll())
        agent.send_signal(signal.SIGINT)
        self.assertEqual(agent.wait(10), 0)

    def test_a_damaged_spool_is_moved_aside(self):
        self.folder()
        agent = self.start()
        self.wait_for(agent, "agent.ready")
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(10), 0)
        with open(os.path.join(self.dir, "spool", "data.mdb"), "r+b") as out:
            out.write(b"\xff" * 8192)
        agent = self.start()
        self.wait_for(agent, "spool.broken")
        self.wait_for(agent, "agent.ready")
        names = os.listdir(self.dir) + os.listdir(
            os.path.join(self.dir, "spool"))
        self.assertTrue([name for name in names if "broken" in name], names)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
