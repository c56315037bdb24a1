"""One program under test: started, watched by its log, ended by its pid."""
import os
import pathlib
import signal
import subprocess
import time


class NotInTime(AssertionError):
    """What was waited for did not come before its deadline."""


def until(what, seconds, condition, pause=0.1):
    """Polls until `condition` gives something true, and returns that.

    `condition` may raise NotYet to say why it is not true yet; that is told
    when the time is up.
    """
    end = time.monotonic() + seconds
    why = ""
    while True:
        try:
            value = condition()
            if value:
                return value
        except NotYet as not_yet:
            why = f": {not_yet}"
        if time.monotonic() > end:
            raise NotInTime(f"{what}: not within {seconds} s{why}")
        time.sleep(pause)


class NotYet(Exception):
    """Raised by the condition of until(): not true yet, and why."""


class Process:
    def __init__(self, name, argv, log, env=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = pathlib.Path(log)
        self.env = env or {}
        self.child = None

    @property
    def pid(self):
        return self.child.pid

    def start(self):
        assert self.child is None, f"{self.name} runs already"
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env={**os.environ, **self.env})
        return self

    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def log_text(self, since=0):
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[since:].decode(errors="replace")

    def log_size(self):
        return self.log.stat().st_size if self.log.exists() else 0

    def wait_for_log(self, text, seconds=20, since=0):
        def said():
            if text in self.log_text(since):
                return True
            if not self.is_running():
                raise AssertionError(
                    f"{self.name} ended with {self.child.returncode} before "
                    f"it said {text!r}:\n{self.log_tail()}")
            return False
        until(f"{self.name} says {text!r}", seconds, said, pause=0.03)

    def log_tail(self, lines=40):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def send(self, number):
        self.child.send_signal(number)

    def kill(self):
        """Without a chance to tidy up."""
        if self.child is None:
            return
        self.child.kill()
        self.child.wait()
        self.child = None

    def stop(self, seconds=20):
        """Asks it to end; returns its exit code."""
        if self.child is None:
            return 0
        self.child.terminate()
        try:
            code = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NotInTime(f"{self.name} did not end on SIGTERM within "
                            f"{seconds} s") from None
        self.child = None
        return code

    def wait(self, seconds=20):
        """Until it ends by itself; returns its exit code."""
        code = self.child.wait(seconds)
        self.child = None
        return code

    def memory_kb(self, what="RssAnon"):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text() \
                .splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1])
        raise KeyError(what)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text() \
            .rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
