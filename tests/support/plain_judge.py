"""The rules of semantics once more, over lists and letters: slow and plain.

What is imported is judged here from the lines alone and compared with what the
programs print.  One version of the configuration, all slots over; tests/unit
has the histories with more (naive_judge.c).
"""
import fractions
import math


def vote(results, confirms):
    """An agent's last word in a slot: U, D, d (not confirmed) or none."""
    voting = [r for r in results
              if r["status"] != "error" and not r["isolated"]]
    if not voting:
        return ""
    last = max(voting, key=lambda r: (r["ts"], r["attempt"]))
    if last["status"] != "down":
        return "U"
    return "d" if confirms and last["attempt"] == 0 else "D"


def of_legs(votes):
    """Down only if no leg was up."""
    return next((v for v in "UDd" if v in votes), "")


def region(votes, down):
    ups = votes.count("U")
    downs = sum(votes.count(v) for v in down)
    if ups + downs == 0:
        return "?"
    return "D" if downs > ups else "U"


def whole(letters, quorum):
    """Of the regions that are not in maintenance."""
    valid = [v for v in letters if v != "?"]
    downs = valid.count("D")
    if not letters:
        return "M"
    if not valid or len(valid) < math.ceil(len(letters) / 2):
        return "?"
    need = min(quorum, len(valid)) if quorum else len(valid) // 2 + 1
    if downs >= need:
        return "D"
    return "P" if downs else "U"


def incidents(slots, interval, close_after):
    """[start, detected, end or None] of (start, letter, unconfirmed, open)."""
    found, is_open = [], False
    nu = nb = ng = 0
    for start, letter, unconfirmed, open_after in slots:
        if letter in "?M":
            nu += 1
            if nu >= 3:
                nb, ng = (nb, 0) if is_open else (0, ng)
            continue
        nu = 0
        if letter == "D" and is_open:
            ng = 0
        elif letter == "D":
            first = start if nb == 0 else first
            nb += 1
            if nb >= open_after and (open_after > 1 or nb > 1
                                     or not unconfirmed):
                is_open, ng = True, 0
                found.append([first, start + interval, None])
        elif not is_open:
            nb = 0
        else:
            good = start if ng == 0 else good
            ng += 1
            if ng >= close_after:
                is_open, nb = False, 0
                found[-1][2] = good
    return found


def seconds(slots, interval, begin, end):
    """Milliseconds by letter of (start, letter, ...) within [begin, end)."""
    sums = dict.fromkeys("UPD?M", 0)
    for start, letter, *_ in slots:
        sums[letter] += max(0, min(end, start + interval) - max(begin, start))
    return sums


def verdict(sums, target):
    """`target` in percent, as text."""
    good = sums["U"] + sums["P"]
    total = good + sums["D"] + sums["?"]
    wanted = fractions.Fraction(target) / 100 * total
    if total == 0:
        return "NO_DATA"
    if good >= wanted:
        return "MET"
    return "BREACHED" if good + sums["?"] < wanted else "INDETERMINATE"
