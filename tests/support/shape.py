"""Whether an answer has the shape that the contract gives it.

A shape is a type, None, a tuple of shapes of which one must fit, a list with
one shape for all items, a dict of what must be there (more may be), or a
function that says whether the value fits.
"""
import datetime
import numbers


def moment(value):
    """RFC 3339, UTC, milliseconds."""
    try:
        datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
    except (TypeError, ValueError):
        return False
    return len(value) == len("2026-11-28T22:00:00.000Z")


def ratio(value):
    return number(value) and 0 <= value <= 1


def number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def one_of(*words):
    def is_one(value):
        return value in words
    is_one.__doc__ = f"one of {words}"
    return is_one


def misfits(value, shape, where="answer"):
    """What does not fit, a line each."""
    if isinstance(shape, tuple):
        if any(not misfits(value, one, where) for one in shape):
            return []
        return [f"{where}: {value!r} fits none of {shape}"]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no object"]
        lines = []
        for key, inner in shape.items():
            if key not in value:
                lines.append(f"{where}: no key {key!r}")
            else:
                lines += misfits(value[key], inner, f"{where}.{key}")
        return lines
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [line for at, item in enumerate(value)
                for line in misfits(item, shape[0], f"{where}[{at}]")]
    if shape is None:
        return [] if value is None else [f"{where}: {value!r} is not null"]
    if isinstance(shape, type):
        fits = isinstance(value, shape) and (shape is bool or
                                             not isinstance(value, bool))
        return [] if fits else [f"{where}: {value!r} is no {shape.__name__}"]
    return [] if shape(value) else [f"{where}: {value!r} does not fit "
                                    f"{shape.__name__} ({shape.__doc__})"]


INCIDENT_BRIEF = {"id": str, "start": moment, "detected": moment,
                  "end": (moment, None)}

SCOPE = {"uptime": (ratio, None), "worst": (ratio, None),
         "best": (ratio, None), "coverage": (ratio, None), "up_s": number,
         "partial_s": number, "down_s": number, "unknown_s": number,
         "maint_s": number, "budget_s": (number, None),
         "budget_used_s": (number, None),
         "budget_left_s": (number, None), "mttr_s": (number, None),
         "mttd_s": (number, None)}

SLA = {"check": str, "from": moment, "to": moment, "target": ratio,
       "verdict": one_of("MET", "BREACHED", "INDETERMINATE", "NO_DATA"),
       "global": SCOPE, "regions": dict,
       "incidents": {"global": [INCIDENT_BRIEF], "regions": dict},
       "form": (None, dict)}

P95 = {"check": str, "from": moment, "to": moment, "quantile": ratio,
       "rows": [{"region": (str, None), "phase": str, "n": int,
                 "value_us": (number, None), "error": number,
                 "max_us": (number, None), "note": (str, None)}]}

STATUS = {"checks": [{
    "check": str, "kind": str,
    "state": one_of("up", "partial", "down", "unknown", "maint", "paused"),
    "since": (moment, None), "regions": dict, "p95_24h_us": (number, None),
    "uptime_month": (ratio, None), "incident": (str, None)}],
    "agents": {"present": int, "expected": int},
    "store": {"used_ratio": ratio, "rows_set_aside": int}}

INCIDENTS = {"incidents": [{
    "id": str, "check": str, "scope": str, "class": str, "severity": str,
    "state": one_of("open", "closed", "withdrawn", "removed"),
    "start": moment, "noticed": moment, "end": (moment, None),
    "reason": (str, None), "late": bool, "acked_by": (str, None)}]}

AGENTS = {"agents": [{
    "name": str, "region": str,
    "state": one_of("present", "silent", "suspended", "revoked"),
    "version": (str, None), "last_seen": (moment, None),
    "spool_records": int, "clock_offset_ms": (int, None),
    "self_check": (one_of("good", "failing"), None),
    "cfg": one_of("ok", "bad", "pending")}]}

RESULT = {"ts": (moment, int), "slot": (moment, int, None), "check": str,
          "region": str, "agent": str, "spool": (str, None),
          "seq": (int, None), "attempt": int, "family": (int, None),
          "status": one_of("up", "slow", "down", "error"), "isolated": bool,
          "reason": (str, None), "phases_us": dict,
          "http_status": (int, None)}

PHASES_US = {phase: (int, None) for phase in (
    "dns", "connect", "tls", "request", "wait", "transfer", "total")}

PROBE_HTTP = {
    "status": (int, None), "version": (str, None),
    "redirects": [{"from": str, "to": str, "status": int,
                   "phases_us": PHASES_US}],
    "bytes_body": (int, None), "bytes_header": (int, None), "request_id": (str, None)}

VERIFY = one_of(
    "ok", "expired", "not_yet_valid", "hostname_mismatch", "self_signed",
    "untrusted_root", "incomplete_chain", "revoked", "weak_signature",
    "weak_key", "invalid_purpose", "other")

PROBE_TLS = {
    "version": (str, None), "cipher": (str, None), "alpn": (str, None),
    "verify": (VERIFY, None), "verify_all": [VERIFY],
    "verify_detail": (str, None), "not_before": (moment, None),
    "not_after": (moment, None), "days_left": (int, None), "names": [str],
    "issuer": (str, None), "subject": (str, None),
    "fingerprint_sha256": (str, None), "key": (str, None),
    "chain": [{"subject": str, "issuer": str, "not_after": moment,
               "fingerprint_sha256": str}],
    "ocsp_stapled": bool, "sct_count": int}

PROBE_DNS = {
    "server": (str, None), "transport": (one_of("udp", "tcp"), None),
    "rcode": (str, None),
    "answers": [{"name": str, "type": str, "ttl": int, "data": str}],
    "authenticated": bool, "truncated": bool}

PROBE_PAGE = {
    "engine": one_of("light", "browser"),
    "profile": one_of("slow-4g", "regular-3g", "none"),
    "figures": one_of("measured", "modelled"), "ttfb_us": (int, None),
    "fcp_us": (int, None), "lcp_us": (int, None),
    "fully_loaded_us": (int, None), "cls": (number, None),
    "tbt_us": (int, None), "score": ({"low": ratio, "high": ratio}, None),
    "requests": int, "bytes": int,
    "third_party": {"requests": int, "bytes": int, "domains": [str]},
    "blocking": {"requests": int, "bytes": int}, "errors": [str],
    "unthrottled": {"ttfb_us": (int, None), "fully_loaded_us": (int, None)},
    "resources": [{
        "url": str, "type": str, "priority": str, "blocking": str,
        "status": (int, None), "bytes": int, "start_us": (int, None),
        "end_us": (int, None), "model_start_us": (int, None),
        "model_end_us": (int, None), "from": (int, None)}]}

PROBE = {"target": str, "kind": str,
         "status": one_of("up", "slow", "down", "error"),
         "reason": (str, None), "failed_phase": (str, None),
         "started": moment, "family": (int, None), "ip": (str, None),
         "phases_us": PHASES_US, "http": (PROBE_HTTP, None),
         "tls": (PROBE_TLS, None), "dns": (PROBE_DNS, None),
         "page": (PROBE_PAGE, None)}
