#include "probe_json.h"

#include "facts_json.h"

static json_t *
text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

json_t *
probe_json(const char *target, const struct check *check,
    const struct measure *measure, int64_t now_unix_ms)
{
    static const struct facts nothing;
    const struct facts *facts =
        measure->facts != NULL ? measure->facts : &nothing;
    json_t *family = measure->family != FAMILY_NONE
                         ? json_integer(measure->family)
                         : json_null();

    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o, s:n}",
        "target", target, "kind", check_kind_name((int)check->kind), "status",
        measure_status_name(measure->status), "reason",
        reason_json(measure->reason), "detail", text_or_null(facts->detail),
        "failed_phase", failed_phase_json(measure), "started",
        moment_json(measure->ts_unix_ms), "family", family, "ip",
        text_or_null(facts->ip), "phases_us", phases_json(measure->phase_us),
        "http", http_facts_json(facts->http), "tls",
        tls_facts_json(facts->tls, now_unix_ms), "dns",
        dns_facts_json(facts->dns), "page");
}
