"""Bookkeeping over exported results: is each there once, is none missing?"""
import collections
import datetime


def seconds(moment):
    """A moment of an export line as seconds since 1970."""
    if isinstance(moment, (int, float)):
        return moment / 1000
    return datetime.datetime.strptime(
        moment, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def identity(row):
    return (row["check"], row["agent"], row["ts"], row["attempt"],
            row["family"])


def slot_of(row, interval_s):
    """Start of the result's slot; not given, it is that of its moment."""
    if row["slot"] is not None:
        return seconds(row["slot"])
    at = seconds(row["ts"])
    return at - at % interval_s


def doubled(rows):
    """Identities that occur more than once."""
    counts = collections.Counter(identity(row) for row in rows)
    return [key for key, count in counts.items() if count > 1]


def holes(rows):
    """What is wrong with the sequence numbers of each agent's spool."""
    by_spool = collections.defaultdict(list)
    for row in rows:
        by_spool[row["agent"], row["spool"]].append(row["seq"])
    wrong = []
    for spool, numbers in by_spool.items():
        wanted = list(range(1, max(numbers) + 1))
        if sorted(numbers) != wanted:
            missing = sorted(set(wanted) - set(numbers))
            twice = [n for n, c in collections.Counter(numbers).items()
                     if c > 1]
            wrong.append(f"{spool}: missing {missing[:20]}, twice {twice[:20]}")
    return wrong


def missing_slots(rows, interval_s, excused=()):
    """(check, agent, slot) between first and last without any result.

    A slot that overlaps one of the spans (agent, from, to) of `excused` may be
    missing.
    """
    slots = collections.defaultdict(set)
    for row in rows:
        slots[row["check"], row["agent"]].add(slot_of(row, interval_s))
    gone = []
    for (check, agent), seen in slots.items():
        at = min(seen)
        while at < max(seen):
            at += interval_s
            if at not in seen and not any(
                    agent == who and at < to and at + interval_s > begin
                    for who, begin, to in excused):
                gone.append((check, agent, at))
    return gone


def served(rows, interval_s):
    """The result that counts of each slot and leg that was served."""
    last = {}
    for row in rows:
        key = (row["check"], row["agent"], slot_of(row, interval_s),
               row["family"])
        if row["status"] in ("up", "slow") and not row["isolated"]:
            if key not in last or row["attempt"] > last[key]["attempt"]:
                last[key] = row
    return list(last.values())
