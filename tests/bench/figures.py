"""The figures that tests/bench/run prints; see there.

    figures.py [GROUP...]      all groups unless told
"""
import importlib
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import table  # noqa: E402
from builds import BUILD  # noqa: E402

GROUPS = ["cpu", "memory", "fidelity", "ready", "detect", "outage", "year",
          "intake", "store", "backlog"]


def main():
    wanted = sys.argv[1:] or GROUPS
    if not set(wanted) <= set(GROUPS):
        sys.exit(f"{__doc__}groups: {' '.join(GROUPS)}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
          f"{BUILD.name} build")
    for name in wanted:
        importlib.import_module(name).run()
    sys.exit(table.end())


if __name__ == "__main__":
    main()
