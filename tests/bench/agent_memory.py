"""What an agent with 200 checks keeps in memory: at work, while all its targets
hang, and a minute later.  Figures only, but fails above 5 MB at work.

agent_memory.py AGENT SPOOL_TOOL
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from agent_run import AgentRun  # noqa: E402

CHECKS, INTERVAL_MS, LIMIT_KB = 200, 10000, 5 * 1000


def show(run, when):
    status = run.status()
    print(f"{when:34} RssAnon {status['RssAnon']:6} kB   "
          f"file-backed {status['RssFile']:6} kB")
    return status["RssAnon"]


def workers(site):
    master = (site.dir / "nginx.pid").read_text().strip()
    out = subprocess.run(["pgrep", "-P", master], capture_output=True,
                         text=True, check=True)
    return [int(pid) for pid in out.stdout.split()]


def measure(run):
    run.start()
    time.sleep(2 * INTERVAL_MS / 1000 + 5)
    at_work = show(run, f"{CHECKS} checks, each every {INTERVAL_MS // 1000} s")
    stopped = workers(run.site)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(INTERVAL_MS / 1000 + 2)
    show(run, "all targets hang")
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    time.sleep(60)
    after = show(run, "a minute later")
    return max(at_work, after)


def main():
    with tempfile.TemporaryDirectory() as root:
        run = AgentRun(root, *sys.argv[1:3])
        run.site.start()
        try:
            run.assign(CHECKS, INTERVAL_MS)
            worst = measure(run)
        finally:
            run.end(signal.SIGTERM)
            run.site.stop()
    return 1 if worst > LIMIT_KB else 0


sys.exit(main())
