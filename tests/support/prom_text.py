"""A strict reader of the Prometheus text format 0.0.4.

Stricter than Prometheus itself: HELP and TYPE must be there, once and first;
a family's samples must stand together; no series may be there twice;
histograms must be whole.  Raises Malformed with the line.
"""
import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)\Z")
VALUE = re.compile(r"(NaN|[+-]Inf|-?\d+(\.\d+)?(e[+-]?\d+)?)\Z")
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Malformed(Exception):
    pass


def labels_of(text):
    labels = {}
    at = 0
    while text is not None and at < len(text):
        match = re.compile(r'([^=]*)="((?:[^"\\\n]|\\[\\"n])*)"').match(text, at)
        if match is None or not LABEL.match(match[1]):
            raise Malformed(f"labels {text!r}")
        if match[1] in labels:
            raise Malformed(f"label {match[1]} twice")
        labels[match[1]] = re.sub(r"\\.", lambda m: ESCAPES[m[0]], match[2])
        at = match.end()
        if at < len(text):
            if text[at] != ",":
                raise Malformed(f"labels {text!r}")
            at += 1
            if at == len(text):
                raise Malformed(f"a comma at the end: {text!r}")
    return labels


def value_of(text):
    if not VALUE.match(text):
        raise Malformed(f"value {text!r}")
    return float(text.replace("Inf", "inf"))


class Family:
    def __init__(self, name, kind):
        self.name = name
        self.kind = kind
        self.samples = {}  # (name, frozen labels) -> value

    def takes(self, name):
        if self.kind != "histogram":
            return name == self.name
        return name in (self.name + "_bucket", self.name + "_sum",
                        self.name + "_count")

    def value(self, _name=None, **labels):
        return self.samples[(_name or self.name,
                             frozenset(labels.items()))]

    def check(self):
        if self.kind == "counter":
            for (name, _), value in self.samples.items():
                if math.isnan(value) or value < 0:
                    raise Malformed(f"counter {name} is {value}")
            if not self.name.endswith("_total"):
                raise Malformed(f"counter {self.name} without _total")
        if self.kind == "histogram":
            self.check_histograms()

    def check_histograms(self):
        series = {}
        for (name, labels), value in self.samples.items():
            labels = dict(labels)
            bound = labels.pop("le", None)
            one = series.setdefault(frozenset(labels.items()), {"le": []})
            if name.endswith("_bucket"):
                if bound is None:
                    raise Malformed(f"{name} without le")
                one["le"].append((value_of(bound), value))
            else:
                one[name[len(self.name):]] = value
        for labels, one in series.items():
            bounds = [bound for bound, _ in one["le"]]
            counts = [count for _, count in one["le"]]
            if (bounds != sorted(set(bounds)) or counts != sorted(counts) or
                    bounds[-1:] != [math.inf] or
                    one.get("_count") != counts[-1] or "_sum" not in one):
                raise Malformed(f"histogram {self.name} {set(labels)}: {one}")


def read(text):
    """Families by name."""
    if not text.endswith("\n"):
        raise Malformed("the last line does not end")
    families = {}
    current = None
    helped = None
    for number, line in enumerate(text[:-1].split("\n"), 1):
        try:
            if line.startswith("# HELP "):
                helped, said = line[7:].split(" ", 1)
                if helped in families or not said:
                    raise Malformed(f"HELP of {helped}")
                if current is not None:
                    current.check()
            elif line.startswith("# TYPE "):
                name, kind = line[7:].split(" ")
                if name != helped or kind not in ("counter", "gauge",
                                                  "histogram"):
                    raise Malformed("TYPE")
                current = families[name] = Family(name, kind)
            else:
                match = SAMPLE.match(line)
                if match is None or current is None or \
                        not current.takes(match[1]):
                    raise Malformed("sample")
                key = (match[1], frozenset(labels_of(match[2]).items()))
                if key in current.samples:
                    raise Malformed("a series twice")
                current.samples[key] = value_of(match[3])
        except (Malformed, ValueError) as exc:
            raise Malformed(f"line {number}: {line!r}: {exc}") from exc
    current.check()
    return families
