"""An agent measuring a real nginx, without any collector; for tests and benches
of the program as a whole.
"""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from nginx_site import NginxSite  # noqa: E402

YAML = f"""endpoint: tcp://127.0.0.1:9
collector_key: {"33" * 32}
name: eu1
"""


class AgentRun:
    """`root` is an empty folder; `agent` and `tool` are programs."""

    def __init__(self, root, agent, tool):
        self.dir = pathlib.Path(root) / "agent"
        self.site = NginxSite(str(pathlib.Path(root) / "site"))
        self.agent, self.tool = agent, tool
        self.process = None
        self.dir.mkdir(mode=0o700)
        (self.dir / "agent.yaml").write_text(YAML)
        (self.dir / "agent.key").touch(mode=0o600)
        (self.dir / "agent.key").write_text(f"{'11' * 32}\n{'22' * 32}\n")

    def assign(self, count, interval_ms):
        ports = dict(line.split() for line in
                     (self.site.dir / "ports").read_text().splitlines())
        subprocess.run([self.tool, "assign", self.dir / "spool", str(count),
                        str(interval_ms), ports["https"],
                        self.site.dir / "ca.pem"], check=True)

    def start(self):
        self.process = subprocess.Popen(
            [self.agent, "run", "--dir", self.dir], stderr=subprocess.PIPE,
            text=True)
        for line in self.process.stderr:
            if " agent.ready" in line:
                return
        raise RuntimeError("the agent did not get ready")

    def end(self, signum):
        if self.process is None:
            return
        self.process.send_signal(signum)
        self.process.communicate()
        self.process = None

    def records(self):
        out = subprocess.run([self.tool, "dump", self.dir / "spool"],
                             capture_output=True, text=True, check=True)
        return [line.split() for line in out.stdout.splitlines()]

    def status(self):
        """Of /proc/PID/status, in kB."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return {line.split(":")[0]: int(line.split()[1])
                for line in lines.splitlines() if line.endswith(" kB")}
