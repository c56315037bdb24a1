#include "probe_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "facts_json.h"
#include "table.h"
#include "text.h"

enum { BAR_COLUMNS = 44 };

struct probe_tally {
    int64_t *total_us; /* owned; of those served */
    size_t count;      /* of those */
    size_t seen;
    size_t down;
    size_t errors;
    size_t capacity;
};

json_t *
probe_json(const char *target, const struct check *check,
    const struct measure *measure)
{
    const struct facts *facts = measure->facts;
    json_t *ip = facts != NULL && facts->ip[0] != '\0' ? json_string(facts->ip)
                                                       : json_null();
    json_t *detail = facts != NULL && facts->detail[0] != '\0'
                         ? json_string(facts->detail)
                         : json_null();
    json_t *out = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
        "target", target, "kind", check_kind_name((int)check->kind), "status",
        measure_status_name(measure->status), "reason",
        reason_json(measure->reason), "detail", detail, "failed_phase",
        failed_phase_json(measure), "started", moment_json(measure->ts_unix_ms),
        "family",
        measure->family != FAMILY_NONE ? json_integer(measure->family)
                                       : json_null(),
        "ip", ip);

    (void)json_object_set_new(out, "phases_us", phases_json(measure->phase_us));
    (void)json_object_set_new(
        out, "http", http_facts_json(facts != NULL ? facts->http : NULL));
    (void)json_object_set_new(out, "tls",
        tls_facts_json(facts != NULL ? facts->tls : NULL, clock_unix_ms()));
    (void)json_object_set_new(
        out, "dns", dns_facts_json(facts != NULL ? facts->dns : NULL));
    (void)json_object_set_new(out, "page", json_null());
    return out;
}

static const char *
code_of_status(const struct cli *cli, int status)
{
    static const char *const codes[] = {
        [MEASURE_UP] = "\033[32m",
        [MEASURE_SLOW] = "\033[33m",
        [MEASURE_DOWN] = "\033[31m",
        [MEASURE_ERROR] = "\033[35m",
    };

    return cli->color ? codes[status] : "";
}

static const char *
end_code(const struct cli *cli)
{
    return cli->color ? "\033[0m" : "";
}

static const char *
upper_status(int status)
{
    static const char *const names[] = {
        [MEASURE_UP] = "UP",
        [MEASURE_SLOW] = "SLOW",
        [MEASURE_DOWN] = "DOWN",
        [MEASURE_ERROR] = "ERROR",
    };

    return names[status];
}

/* The phases as bars, one after the other; what failed is marked. */
static void
print_waterfall(const struct cli *cli, const struct measure *measure)
{
    int64_t total_us = measure->phase_us[PHASE_TOTAL];
    int64_t at_us = 0;

    for (int i = 0; i < PHASE_TOTAL; i++) {
        int64_t span_us = measure->phase_us[i];
        int from;
        int width;
        char text[32];

        if (span_us == PHASE_NOT_REACHED)
            continue;
        from = total_us > 0 ? (int)(at_us * BAR_COLUMNS / total_us) : 0;
        width = total_us > 0 ? (int)(span_us * BAR_COLUMNS / total_us) : 0;
        if (from > BAR_COLUMNS)
            from = BAR_COLUMNS;
        if (width < 1)
            width = 1;
        if (width > BAR_COLUMNS + 1 - from)
            width = BAR_COLUMNS + 1 - from;
        table_put_us((double)span_us, text, sizeof(text));
        (void)printf("  %-9s %*s%s", phase_name(i), from, "",
            measure->failed_phase == i ? code_of_status(cli, MEASURE_DOWN)
                                       : "");
        for (int c = 0; c < width; c++)
            (void)fputs("\342\226\210", stdout);
        (void)printf("%s%*s %10s%s\n", end_code(cli),
            BAR_COLUMNS + 1 - from - width, "", text,
            measure->failed_phase == i ? "  failed here" : "");
        at_us += span_us;
    }
    if (total_us != PHASE_NOT_REACHED) {
        char text[32];

        table_put_us((double)total_us, text, sizeof(text));
        (void)printf("  %-9s %*s %10s\n", "total", BAR_COLUMNS + 1, "", text);
    }
}

static void
print_http(const struct http_facts *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < http->redirect_count; i++)
        (void)printf("  redirect  %d %s -> %s\n",
            (int)http->redirects[i].status, http->redirects[i].from,
            http->redirects[i].to);
    if (http->status != 0)
        (void)printf("  answer    HTTP/%s %d, %" PRId64
                     " bytes of body, %" PRId64 " of headers\n",
            http->version, (int)http->status, http->bytes_body,
            http->bytes_header);
    if (http->request_id[0] != '\0')
        (void)printf("  request   %s\n", http->request_id);
}

static void
print_tls(const struct tls_facts *tls)
{
    const struct cert_fact *leaf;
    char until[TEXT_MOMENT_BYTES];
    int64_t left_ms;

    if (tls == NULL)
        return;
    if (tls->version[0] != '\0')
        (void)printf("  tls       %s, %s%s%s\n", tls->version, tls->cipher,
            tls->alpn[0] != '\0' ? ", ALPN " : "", tls->alpn);
    if (tls->chain_count == 0)
        return;
    leaf = &tls->chain[0];
    left_ms = leaf->not_after_unix_ms - clock_unix_ms();
    text_put_moment(leaf->not_after_unix_ms, until);
    (void)printf("  cert      %s, by %s\n", leaf->subject, leaf->issuer);
    (void)printf("            until %.10s (%" PRId64 " days), %s, %s\n", until,
        left_ms / INT64_C(86400000), tls->key,
        tls->verify == CERT_OK ? "verified"
                               : cert_verify_name((int)tls->verify));
    if (tls->name_count > 0) {
        (void)printf("            names ");
        for (size_t i = 0; i < tls->name_count && i < 6; i++)
            (void)printf("%s%s", i > 0 ? ", " : "", tls->names[i]);
        (void)printf("%s\n", tls->name_count > 6 ? ", ..." : "");
    }
    if (tls->verify_detail[0] != '\0')
        (void)printf("            %s\n", tls->verify_detail);
}

static void
print_dns(const struct dns_facts *dns)
{
    if (dns == NULL)
        return;
    (void)printf("  server    %s over %s: %s%s%s\n", dns->server,
        dns->transport, dns->rcode[0] != '\0' ? dns->rcode : "no answer",
        dns->authenticated ? ", authenticated" : "",
        dns->truncated ? ", UDP answer was truncated" : "");
    for (size_t i = 0; i < dns->answer_count; i++)
        (void)printf("  %-40s %6" PRIu32 "  %-6s %s\n", dns->answers[i].name,
            dns->answers[i].ttl_s, dns->answers[i].type, dns->answers[i].data);
}

void
probe_print(const struct cli *cli, const char *target,
    const struct check *check, const struct measure *measure)
{
    const struct facts *facts = measure->facts;

    (void)printf("%s%s%s  %s  %s%s%s\n", code_of_status(cli, measure->status),
        upper_status(measure->status), end_code(cli),
        check_kind_name((int)check->kind), target,
        facts != NULL && facts->ip[0] != '\0' ? "  " : "",
        facts != NULL ? facts->ip : "");
    print_waterfall(cli, measure);
    if (facts != NULL) {
        print_http(facts->http);
        print_tls(facts->tls);
        print_dns(facts->dns);
    }
    if (measure->reason != REASON_NONE) {
        (void)printf("  why       %s: %s\n",
            measure_reason_name((int)measure->reason),
            measure_reason_words(measure->reason));
        if (facts != NULL && facts->detail[0] != '\0')
            (void)printf("            %s\n", facts->detail);
        (void)printf(
            "  to do     %s\n", measure_reason_advice(measure->reason));
    }
}

struct probe_tally *
probe_tally_new(size_t count, struct err *err)
{
    struct probe_tally *tally = calloc(1, sizeof(*tally));

    if (tally != NULL)
        tally->total_us = calloc(count, sizeof(*tally->total_us));
    if (tally == NULL || tally->total_us == NULL) {
        err_set(err, ERR_NOMEM, "%zu results", count);
        probe_tally_free(tally);
        return NULL;
    }
    tally->capacity = count;
    return tally;
}

void
probe_tally_free(struct probe_tally *tally)
{
    if (tally == NULL)
        return;
    free(tally->total_us);
    free(tally);
}

void
probe_tally_add(const struct cli *cli, struct probe_tally *tally,
    const char *target, const struct check *check,
    const struct measure *measure)
{
    int64_t total_us = measure->phase_us[PHASE_TOTAL];
    char text[32];

    tally->seen++;
    tally->down += measure->status == MEASURE_DOWN;
    tally->errors += measure->status == MEASURE_ERROR;
    if (measure_votes_up(measure) && tally->count < tally->capacity)
        tally->total_us[tally->count++] = total_us;
    if (cli->json) {
        json_t *one = probe_json(target, check, measure);

        cli_print_json(one);
        json_decref(one);
        (void)fflush(stdout);
        return;
    }
    table_put_us((double)total_us, text, sizeof(text));
    (void)printf("%4zu  %s%-5s%s %10s", tally->seen,
        code_of_status(cli, measure->status), upper_status(measure->status),
        end_code(cli), text);
    for (int i = 0; i < PHASE_TOTAL; i++) {
        if (measure->phase_us[i] == PHASE_NOT_REACHED)
            continue;
        table_put_us((double)measure->phase_us[i], text, sizeof(text));
        (void)printf("  %s %s", phase_name(i), text);
    }
    if (measure->reason != REASON_NONE)
        (void)printf("  %s", measure_reason_name((int)measure->reason));
    (void)printf("\n");
    (void)fflush(stdout);
}

static int
by_value(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return *x < *y ? -1 : *x > *y;
}

void
probe_tally_print(const struct cli *cli, const struct probe_tally *tally)
{
    static const int percents[] = {50, 95, 100};
    char text[32];

    if (cli->json)
        return; /* its lines have been printed one by one */
    (void)printf("%zu probes, %zu down, %zu errors of this machine",
        tally->seen, tally->down, tally->errors);
    if (tally->count == 0) {
        (void)printf("\n");
        return;
    }
    qsort(tally->total_us, tally->count, sizeof(*tally->total_us), by_value);
    table_put_us((double)tally->total_us[0], text, sizeof(text));
    (void)printf("; min %s", text);
    for (size_t i = 0; i < 3; i++) {
        size_t rank = (tally->count * (size_t)percents[i] + 99) / 100;

        table_put_us((double)tally->total_us[rank - 1], text, sizeof(text));
        if (percents[i] == 100)
            (void)printf(", max %s", text);
        else
            (void)printf(", p%d %s", percents[i], text);
    }
    (void)printf("\n");
}
