/*
 * spool_tool: an agent's spool from outside, for tests and benches of the
 * program as a whole.
 *
 *   spool_tool assign SPOOL COUNT INTERVAL_MS HTTPS_PORT CA_FILE
 *       leaves COUNT checks there, as if a collector had sent them: https, tls
 *       and tcp of nginx_site.py
 *   spool_tool assign_tcp SPOOL COUNT INTERVAL_MS ADDRESS PORT
 *       the same, each of kind tcp
 *   spool_tool dump SPOOL
 *       prints "SEQ CHECK SLOT_MS ATTEMPT STATUS REASON FLAGS TS_MS" for each
 *       record; FLAGS: I isolated, L lagged, - neither
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "file.h"
#include "measure.h"
#include "spool.h"
#include "text.h"
#include "wire.h"

enum { CA_MAX_BYTES = 64 * 1024, KINDS = 4, CAP_BYTES = 256 << 20 };

struct site {
    const char *address;
    const char *port;
    const char *ca_pem; /* NULL: kind tcp only */
};

static int
make_check(struct check *check, int64_t number, const struct site *site)
{
    char text[128];

    check_init(check);
    (void)snprintf(check->name, sizeof(check->name), "acme/c%" PRId64, number);
    check->id = check_id_of(check->name);
    check->port = atoi(site->port); /* NOLINT: of our own making */
    (void)snprintf(
        text, sizeof(text), "ok.test:%s:%s", site->port, site->address);
    check->host = strdup("ok.test");
    if (check->host == NULL || strlist_add(&check->resolve, text) != 0)
        return -1;
    if (site->ca_pem == NULL) {
        check->kind = CHECK_TCP;
        return 0;
    }
    check->ca_pem = strdup(site->ca_pem);
    switch (number % KINDS) {
    case 0:
        check->kind = CHECK_TCP;
        break;
    case 1:
        check->kind = CHECK_TLS;
        break;
    default:
        check->kind = CHECK_HTTP;
        (void)snprintf(text, sizeof(text), "https://ok.test:%s/", site->port);
        check->url = strdup(text);
        if (check->url == NULL)
            return -1;
    }
    return check->ca_pem == NULL ? -1 : 0;
}

static int
make_config(struct wire_config *config, int64_t count, int64_t interval_ms,
    const struct site *site)
{
    *config = (struct wire_config){
        .cfg_version = 1,
        .region_count = 1,
        .agent_count = 1,
        .self_check.off = true,
    };
    config->checks = calloc((size_t)count + 1, sizeof(*config->checks));
    if (config->checks == NULL)
        return -1;
    for (int64_t i = 0; i < count; i++) {
        struct check *check = &config->checks[config->check_count++];

        if (make_check(check, i, site) != 0)
            return -1;
        check->interval_ms = interval_ms;
        check->timeout_ms = interval_ms / 4;
    }
    return 0;
}

static struct spool *
open_spool(const char *dir, struct err *err)
{
    struct spool_spec spec = {
        .dir = dir,
        .cap_bytes = CAP_BYTES,
        .retention_ms = 48 * 3600 * 1000,
    };

    return spool_open(&spec, err);
}

static int
put_config(const char *dir, const struct wire_config *config, struct err *err)
{
    struct spool *spool = open_spool(dir, err);
    struct buf bytes;
    int rc = -1;

    buf_init(&bytes, WIRE_TO_AGENT_MAX_BYTES);
    if (spool != NULL && wire_config_encode(config, &bytes, err) == 0)
        rc = spool_put_note(spool, "config", buf_bytes(&bytes), err);
    buf_free(&bytes);
    spool_close(spool);
    return rc;
}

/* COUNT and INTERVAL_MS are argv[3] and argv[4]. */
static int
assign_to(char **argv, const struct site *site, struct err *err)
{
    struct wire_config config = {0};
    int64_t count;
    int64_t interval_ms;
    int rc = -1;

    if (text_take_int(argv[3], 0, WIRE_CHECKS_MAX, &count, err) != 0 ||
        text_take_int(
            argv[4], 1000, CHECK_INTERVAL_MAX_MS, &interval_ms, err) != 0)
        return -1;
    if (make_config(&config, count, interval_ms, site) != 0)
        rc = err_set(err, ERR_NOMEM, "checks");
    else
        rc = put_config(argv[2], &config, err);
    wire_config_free(&config);
    return rc;
}

static int
assign(char **argv, struct err *err)
{
    struct site site = {.address = "127.0.0.1", .port = argv[5]};
    struct buf ca;
    int rc = -1;

    buf_init(&ca, CA_MAX_BYTES);
    if (file_read(argv[6], &ca, err) == 0) {
        site.ca_pem = buf_text(&ca, err);
        if (site.ca_pem != NULL)
            rc = assign_to(argv, &site, err);
    }
    buf_free(&ca);
    return rc;
}

static int
assign_tcp(char **argv, struct err *err)
{
    const struct site site = {.address = argv[5], .port = argv[6]};

    return assign_to(argv, &site, err);
}

static int
print_record(uint64_t seq, const struct buf *bytes, struct measure *measure,
    struct err *err)
{
    if (wire_record_decode(bytes->data, bytes->len, measure, err) != 0)
        return -1;
    (void)printf("%" PRIu64 " %08" PRIx32 " %" PRId64
                 " %u %s %s %s%s%s %" PRId64 "\n",
        seq, measure->check_id, measure->slot_unix_ms, measure->attempt,
        measure_status_name(measure->status),
        measure_reason_name((int)measure->reason), measure->isolated ? "I" : "",
        measure->lagged ? "L" : "",
        measure->isolated || measure->lagged ? "" : "-", measure->ts_unix_ms);
    measure_free_facts(measure);
    return 0;
}

static int
dump(const char *dir, struct err *err)
{
    struct spool *spool = open_spool(dir, err);
    struct spool_state state;
    struct measure measure;
    struct buf bytes;
    int rc = spool == NULL ? -1 : 0;

    if (spool == NULL)
        return -1;
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    spool_state(spool, &state);
    for (uint64_t seq = state.oldest_seq; seq < state.next_seq && rc == 0;
         seq++) {
        buf_clear(&bytes);
        rc = spool_read(spool, seq, &bytes, err) == 1
                 ? print_record(seq, &bytes, &measure, err)
                 : err_wrap(err, "record %" PRIu64, seq);
    }
    buf_free(&bytes);
    spool_close(spool);
    return rc;
}

int
main(int argc, char **argv)
{
    struct err err = {.msg = "gone"};
    int rc;

    if (argc == 7 && strcmp(argv[1], "assign") == 0)
        rc = assign(argv, &err);
    else if (argc == 7 && strcmp(argv[1], "assign_tcp") == 0)
        rc = assign_tcp(argv, &err);
    else if (argc == 3 && strcmp(argv[1], "dump") == 0)
        rc = dump(argv[2], &err);
    else
        rc = err_set(&err, ERR_PARSE, "usage: see the head of spool_tool.c");
    if (rc != 0)
        (void)fprintf(stderr, "spool_tool: %s\n", err.msg);
    return rc == 0 ? 0 : 3;
}
