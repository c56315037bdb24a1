"""Where the programs are that benches run."""
import os
import pathlib

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("LEADLINE_BUILD", TOP / "build/release"))


def built(name):
    for folder in ("tests", "tests/bench", "agent", "collector"):
        if (BUILD / folder / name).exists():
            return BUILD / folder / name
    raise SystemExit(f"{name} is not in {BUILD}: build first")
