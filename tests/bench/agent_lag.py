"""How many results of an agent with 200 checks, each every 5 s, were taken
while its loop was more than 5 ms late.  Figures only.

agent_lag.py AGENT SPOOL_TOOL [SECONDS]
"""
import pathlib
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from agent_run import AgentRun  # noqa: E402

CHECKS, INTERVAL_MS = 200, 5000


def main():
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    # Not /tmp, which may be memory: the disk is what is looked at.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as root:
        run = AgentRun(root, *sys.argv[1:3])
        run.site.start()
        try:
            run.assign(CHECKS, INTERVAL_MS)
            run.start()
            time.sleep(seconds)
            run.end(signal.SIGTERM)
            records = run.records()
        finally:
            run.end(signal.SIGTERM)
            run.site.stop()
    lagged = sum("L" in record[6] for record in records)
    print(f"{CHECKS} checks every {INTERVAL_MS // 1000} s for {seconds} s: "
          f"{len(records)} results, {lagged} lagged "
          f"({100 * lagged / len(records):.2f} %)")


main()
