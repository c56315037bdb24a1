"""The one table that benches print: our figure, the peer's, their ratio, and
what the figure must not exceed."""
import dataclasses


@dataclasses.dataclass
class Limit:
    """At most `at_most`, of our figure or (of="ratio") of ours / the peer's."""
    at_most: float
    of: str = "ours"


UNITS = {"us": "{:.0f} us", "us2": "{:.2f} us", "ms": "{:.2f} ms", "s": "{:.2f} s",
         "MB": "{:.1f} MB", "MiB": "{:.1f} MiB", "": "{:g}"}
missed = []
judged = 0


def say(value, unit):
    return "-" if value is None else UNITS[unit].format(value)


def heading(text):
    print(f"\n{text}", flush=True)
    print(f"  {'':<46} {'OURS':>10} {'PEER':>10} {'RATIO':>6}  LIMIT",
          flush=True)


def row(what, ours, unit="us", peer=None, limit=None, note=""):
    """Prints a line; a limit that is exceeded is remembered."""
    global judged
    ratio = None if peer is None or ours is None else ours / peer
    said = ""
    if limit is not None:
        judged += 1
        value = ratio if limit.of == "ratio" else ours
        kept = value is not None and value <= limit.at_most
        if not kept:
            missed.append(what)
        said = (f"{limit.at_most:g} of the peer's" if limit.of == "ratio"
                else say(limit.at_most, unit))
        said = f"{said}: {'kept' if kept else 'MISSED'}"
    words = "  ".join(word for word in (said, note) if word)
    print(f"  {what:<46} {say(ours, unit):>10} {say(peer, unit):>10} "
          f"{'-' if ratio is None else f'{ratio:.2f}':>6}  {words}".rstrip(),
          flush=True)


def end():
    """What main() exits with."""
    if judged == 0:
        return 0
    print(f"\n{judged - len(missed)} of {judged} limits kept"
          + "".join(f"\n  missed: {what}" for what in missed))
    return 1 if missed else 0
