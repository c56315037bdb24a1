"""Results a second that the collector commits and acknowledges through its
real socket, by bench_intake.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

from builds import built


def run():
    print("\nCollector: results committed and acknowledged through its socket")
    dir = pathlib.Path(tempfile.mkdtemp(prefix="leadline-bench-"))
    try:
        for agents in (500, 1000, 2000):
            done = subprocess.run(
                [built("bench_intake"), built("leadline-collector"),
                 dir / f"intake{agents}", str(agents), "400", "15"],
                capture_output=True, text=True, check=False, timeout=600)
            print("".join(f"    {line}\n"
                          for line in done.stdout.splitlines()), end="")
            if done.returncode not in (0, 1):
                print(done.stderr, file=sys.stderr)
    finally:
        shutil.rmtree(dir, ignore_errors=True)
