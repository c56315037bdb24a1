"""An agent killed again and again: no slot is measured twice, what the disk had
stays, and only slots around a death are missing.

agent_kill.py AGENT SPOOL_TOOL
"""
import pathlib
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from agent_run import AgentRun  # noqa: E402

CHECKS, INTERVAL_MS, LIVES, LIFE_S = 24, 5000, 5, 4.3


def check(run):
    deaths = []
    begun_ms = time.time() * 1000
    before = []
    for _ in range(LIVES):
        run.start()
        time.sleep(LIFE_S)
        run.end(signal.SIGKILL)
        deaths.append(time.time() * 1000)
        records = run.records()
        assert records[:len(before)] == before, "what the disk had has changed"
        before = records
    run.start()
    time.sleep(LIFE_S + 2)
    run.end(signal.SIGTERM)
    ended_ms = time.time() * 1000
    records = run.records()
    seqs = [int(record[0]) for record in records]
    assert seqs == list(range(1, len(seqs) + 1)), "numbers have holes"
    keys = [tuple(record[1:4]) for record in records]
    doubled = {key for key in keys if keys.count(key) > 1}
    assert not doubled, f"measured twice: {doubled}"
    bad = [record for record in records if record[4] not in ("up", "slow")]
    assert not bad, f"not up: {bad[:5]}"
    return look_for_holes(keys, begun_ms, ended_ms, deaths)


def look_for_holes(keys, begun_ms, ended_ms, deaths):
    """Whole slots between start and end are there, but around deaths."""
    first = int(begun_ms // INTERVAL_MS + 1) * INTERVAL_MS
    last = int(ended_ms // INTERVAL_MS - 1) * INTERVAL_MS
    have = {(key[0], int(key[1])) for key in keys}
    ids = {key[0] for key in keys}
    assert len(ids) == CHECKS, f"{len(ids)} of {CHECKS} checks"
    missing = 0
    for slot in range(first, last + 1, INTERVAL_MS):
        for one in ids:
            if (one, slot) in have:
                continue
            missing += 1
            near = [death for death in deaths
                    if slot - 500 <= death <= slot + INTERVAL_MS + 1500]
            assert near, f"{one} has no result of slot {slot}"
    return len(have), missing


def main():
    with tempfile.TemporaryDirectory() as root:
        run = AgentRun(root, *sys.argv[1:3])
        run.site.start()
        try:
            run.assign(CHECKS, INTERVAL_MS)
            have, missing = check(run)
        finally:
            run.end(signal.SIGKILL)
            run.site.stop()
    print(f"{LIVES} deaths: {have} slots measured once, {missing} around a "
          "death not at all, none twice")


main()
