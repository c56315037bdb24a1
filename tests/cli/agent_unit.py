"""deploy/systemd/leadline-agent.service is what systemd understands, and leaves
little to whoever gets into the agent.

agent_unit.py AGENT UNIT
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

AGENT, UNIT = sys.argv[1:3]
EXPOSURE_MAX = 20       # of 100; a unit without any of it has 96


@unittest.skipIf(shutil.which("systemd-analyze") is None,
                 "systemd-analyze is not installed")
class Unit(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)
        self.unit = pathlib.Path(self.tmp.name) / "leadline-agent.service"
        text = pathlib.Path(UNIT).read_text()
        self.assertIn("ExecStart=leadline-agent run", text)
        # The machine of a test has neither the program nor the user.
        text = text.replace("ExecStart=leadline-agent", f"ExecStart={AGENT}")
        self.unit.write_text(re.sub(r"^(User|Group)=.*$", r"\1=daemon", text,
                                    flags=re.M))

    def analyze(self, *words):
        return subprocess.run(["systemd-analyze", *words], text=True,
                              capture_output=True, timeout=30, check=False)

    def test_systemd_has_nothing_to_say_about_it(self):
        done = self.analyze("verify", "--man=no", str(self.unit))
        about_it = [line for line in done.stderr.splitlines()
                    if "leadline-agent" in line]
        self.assertEqual([], about_it)

    def test_it_leaves_little(self):
        done = self.analyze("security", "--no-pager", "--offline=true",
                            f"--threshold={EXPOSURE_MAX}", str(self.unit))
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
