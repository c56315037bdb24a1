#!/usr/bin/python3
"""A collector that cannot start says why, what to do, and changes nothing."""
import json
import os
import pathlib
import re
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from fleet import Fleet, program, run

BAD = """listen: 7411
control: ipc://{dir}/control
store: {dir}/store
regions: [eu, eu, "Bad Region"]
sla: {{target: 101, timezone: Mars/Olympus}}
mail:
  server: http://mail.example
  from: nobody
  to: [a@b.example, "x y"]
defaults: {{intervall: 60s}}
sites:
  - name: acme
    url: ftp://acme.example/
    checks:
      - {{name: home, kind: http, url: "https://acme.example/", interval: 1s}}
      - {{name: dns, kind: dnss, host: acme.example}}
      - {{name: port, kind: tcp, host: acme.example, port: 70000}}
      - {{name: slow, kind: tcp, host: acme.example, port: 80, interval: 10s, timeout: 20s}}
"""

# Line, and a word of what must be said about it.
MISTAKES = [(1, "listen"), (4, "regions"), (5, "target"), (5, "timezone"),
            (7, "server"), (8, "from"), (9, "to"), (10, "intervall"),
            (13, "url"), (15, "interval"), (16, "kind"), (17, "port"),
            (18, "timeout")]


class Start(unittest.TestCase):
    def setUp(self):
        self.fleet = Fleet()
        self.addCleanup(self.fleet.close)
        self.fleet.configure(regions=["eu"], sites=[{
            "name": "acme", "checks": [self.fleet.check(
                "port", "tcp", host="127.0.0.1", port=9)]}])

    def collector(self, *words, config=None, env=None):
        return run(program("leadline-collector"), "--config",
                   config or self.fleet.config_file, *words, timeout=20,
                   env=env)

    def start_fails(self, *about, code=3, file=None):
        done = self.collector("run", config=file)
        self.assertEqual(code, done.returncode, done.stderr)
        self.assertEqual("", done.stdout)
        for word in about:
            self.assertRegex(done.stderr, word)
        self.assertNotIn("collector.ready", done.stderr)
        return done.stderr

    # ---- configuration ----

    def test_every_mistake_is_listed_with_its_place(self):
        dir = self.fleet.dir
        file = dir / "bad.yaml"
        file.write_text(BAD.format(dir=dir))
        before = sorted(os.listdir(dir))
        for said in (self.collector("run", config=file),
                     self.collector("check", config=file),
                     run(program("leadline"), "check-config", file)):
            self.assertEqual(2, said.returncode, said.stderr)
            text = said.stderr + said.stdout
            places = re.findall(r"bad\.yaml:(\d+):(\d+): ([^:]*): (.*)", text)
            for line, word in MISTAKES:
                self.assertTrue(
                    any(int(at[0]) == line and word in at[2] + at[3]
                        for at in places),
                    f"nothing about {word} in line {line}:\n{text}")
            self.assertGreaterEqual(len(places), len(MISTAKES))
        self.assertEqual(before, sorted(os.listdir(dir)), "something was made")

    def test_broken_yaml_has_its_place(self):
        file = self.fleet.dir / "bad.yaml"
        for text, place in (("regions: [eu\nsites: []\n", r":\d+:\d+:"),
                            ("a: b: c\n", r":1:\d+:"),
                            ("\tregions: [eu]\n", r":1:\d+:"),
                            ("regions: [eu]\nregions: [us]\n", r":2:1:"),
                            ("- 1\n", r"bad\.yaml"), ("", r"bad\.yaml"),
                            ("regions: \xff\n", r"bad\.yaml")):
            file.write_bytes(text.encode("latin-1"))
            done = self.collector("check", config=file)
            self.assertEqual(2, done.returncode, f"{text!r}: {done.stderr}")
            self.assertRegex(done.stderr, r"bad\.yaml" + (
                place if place.startswith(":") else ""), repr(text))

    def test_no_file_no_start(self):
        for path in (self.fleet.dir / "absent.yaml", self.fleet.dir):
            said = self.start_fails(str(path), code=2, file=path)
            self.assertRegex(said, r"No such file|[Ii]s a directory")

    def test_a_good_file_is_said_to_be_good(self):
        done = self.collector("check")
        self.assertEqual(0, done.returncode, done.stderr)
        done = run(program("leadline"), "check-config", self.fleet.config_file)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("acme/port", done.stdout)

    def test_regions_and_a_url_are_enough(self):
        file = self.fleet.dir / "least.yaml"
        file.write_text("regions: [eu]\nsites:\n"
                        "  - {name: acme, url: \"https://acme.example/\"}\n")
        done = run(program("leadline"), "check-config", file)
        self.assertEqual(0, done.returncode, done.stderr)
        for check in ("acme/home", "acme/www", "acme/dns", "acme/cert"):
            self.assertIn(check, done.stdout)

    # ---- what the machine may refuse ----

    def test_the_port_is_taken(self):
        with socket.create_server(("127.0.0.1", self.fleet.port)):
            said = self.start_fails(str(self.fleet.port),
                                    r"in use")
        self.assertRegex(said, "listen|another|collector")

    def test_the_key_is_open_to_others(self):
        self.fleet.start_collector()
        self.fleet.collector.stop()
        key = self.fleet.dir / "collector.key"
        key.chmod(0o644)
        self.start_fails(re.escape(str(key)), r"chmod 0?600")

    def test_the_key_is_none(self):
        key = self.fleet.dir / "collector.key"
        key.write_text("hello\n")
        key.chmod(0o600)
        self.start_fails(re.escape(str(key)))
        self.assertEqual("hello\n", key.read_text(), "it was written over")

    def test_the_store_is_no_folder(self):
        self.fleet.store.write_text("not a folder\n")
        self.start_fails(re.escape(str(self.fleet.store)))

    def test_the_store_is_no_store(self):
        self.fleet.store.mkdir()
        (self.fleet.store / "data.mdb").write_bytes(b"hello" * 5000)
        self.start_fails(re.escape(str(self.fleet.store)))
        self.assertEqual(b"hello" * 5000,
                         (self.fleet.store / "data.mdb").read_bytes())

    @unittest.skipIf(os.geteuid() == 0, "root may read and write everywhere")
    def test_the_store_is_closed_to_us(self):
        self.fleet.store.mkdir(mode=0o500)
        self.start_fails(re.escape(str(self.fleet.store)), "[Pp]ermission")

    def test_the_store_cannot_be_made(self):
        config = json.loads(self.fleet.config_file.read_text())
        config["store"] = "/proc/leadline/store"
        self.fleet.config_file.write_text(json.dumps(config))
        self.start_fails("/proc/leadline")

    def test_the_store_is_anothers(self):
        self.fleet.start_collector()
        file = self.fleet.dir / "second.yaml"
        config = json.loads(self.fleet.config_file.read_text())
        config["listen"] = "tcp://127.0.0.1:*"
        config["listen"] = f"tcp://127.0.0.2:{self.fleet.port}"
        config["control"] = f"ipc://{self.fleet.dir}/second"
        file.write_text(json.dumps(config))
        self.start_fails(re.escape(str(self.fleet.store)), "another process",
                         file=file)
        lines = self.fleet.dir / "lines.jsonl"
        lines.write_text("")
        done = self.collector("import", lines)
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertIn("leadline import", done.stderr)
        self.assertEqual(0, self.fleet.cli("status").returncode)

    def test_the_control_socket_is_anothers(self):
        self.fleet.start_collector()
        file = self.fleet.dir / "second.yaml"
        config = json.loads(self.fleet.config_file.read_text())
        config["listen"] = f"tcp://127.0.0.2:{self.fleet.port}"
        config["store"] = str(self.fleet.dir / "store2")
        config["key_file"] = str(self.fleet.dir / "key2")
        file.write_text(json.dumps(config))
        self.start_fails("control", file=file)
        self.assertEqual(0, self.fleet.cli("status").returncode)

    def test_nobody_who_may_not_use_the_control_socket(self):
        self.fleet.start_collector()
        mode = (self.fleet.dir / "control").stat().st_mode & 0o777
        self.assertEqual(0, mode & 0o007, oct(mode))

    # ---- arguments ----

    def test_arguments(self):
        collector = program("leadline-collector")
        for words in ([], ["run"], ["--config"], ["--config", "x", "walk"],
                      ["--confg", "x"], ["--config", "x", "import"],
                      ["--config", "x", "run", "y", "z"]):
            done = run(collector, *words)
            self.assertEqual(2, done.returncode, words)
            self.assertEqual("", done.stdout)
            self.assertIn("usage", done.stderr)
        for word in ("--help", "--version"):
            done = run(collector, word)
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertIn("leadline-collector", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
