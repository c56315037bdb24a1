/*
 * dns_once.c - one DNS probe on the product's own loop, for tests against
 * real name servers:
 *
 *   dns_once HOST TYPE,TYPE SERVER RESOLVER TIMEOUT_MS [EXPECTED ...]
 *
 * Prints what it saw as key=value lines.  "-" for SERVER is the system's,
 * which is RESOLVER here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "loop.h"
#include "probe.h"
#include "resolve.h"

static void
print_dns(const struct dns_facts *dns)
{
    (void)printf("server=%s\ntransport=%s\nrcode=%s\ntruncated=%d\n"
                 "authenticated=%d\n",
        dns->server, dns->transport, dns->rcode, (int)dns->truncated,
        (int)dns->authenticated);
    for (size_t i = 0; i < dns->answer_count; i++)
        (void)printf("answer=%s %u %s %s\n", dns->answers[i].name,
            (unsigned)dns->answers[i].ttl_s, dns->answers[i].type,
            dns->answers[i].data);
    for (size_t i = 0; i < dns->server_count; i++)
        (void)printf("ns=%s %s %s %lu\n", dns->servers[i].name,
            dns->servers[i].server,
            dns->servers[i].reason == REASON_NONE
                ? "none"
                : measure_reason_name((int)dns->servers[i].reason),
            (unsigned long)dns->servers[i].serial);
}

static void
on_done(void *ctx, struct measure *measure)
{
    (void)printf("status=%s\nreason=%s\nphase_dns=%lld\nphase_total=%lld\n",
        measure_status_name(measure->status),
        measure->reason == REASON_NONE
            ? "none"
            : measure_reason_name((int)measure->reason),
        (long long)measure->phase_us[PHASE_DNS],
        (long long)measure->phase_us[PHASE_TOTAL]);
    if (measure->facts != NULL)
        (void)printf("detail=%s\n", measure->facts->detail);
    if (measure->facts != NULL && measure->facts->dns != NULL)
        print_dns(measure->facts->dns);
    loop_stop(ctx);
}

static int
take_check(struct check *check, int argc, char **argv, struct err *err)
{
    char *rest = NULL;

    check->host = strdup(argv[1]);
    if (check->host == NULL ||
        text_take_int(argv[5], 1, 60000, &check->timeout_ms, err) != 0)
        return -1;
    for (char *word = strtok_r(argv[2], ",", &rest); word != NULL;
         word = strtok_r(NULL, ",", &rest)) {
        int type = check_dns_type_from(word);

        if (type == -1)
            return -1;
        check->dns_types |= UINT32_C(1) << type;
    }
    if (strcmp(argv[3], "-") != 0)
        check->server = strdup(argv[3]);
    for (int i = 6; i < argc; i++) {
        if (strlist_add(&check->expect_answers, argv[i]) != 0)
            return -1;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    struct resolver_spec spec = {
        .resolv_conf = "/nonexistent", .hosts_file = "/nonexistent"};
    struct probe_env env = {0};
    struct probe_run run = {0};
    struct check check;
    struct err err = {0};
    int rc = 1;

    check_init(&check);
    if (argc < 6 || take_check(&check, argc, argv, &err) != 0 ||
        strlist_add(&spec.servers, argv[4]) != 0) {
        (void)fprintf(stderr, "usage: see the source; %s\n", err.msg);
        rc = 2;
        goto out;
    }
    env.loop = spec.loop = loop_new(&err);
    if (env.loop != NULL)
        env.resolver = resolver_new(&spec, &err);
    if (env.resolver != NULL &&
        probe_start(&env, &check, &run, on_done, env.loop, &err) != NULL) {
        loop_run(env.loop);
        rc = 0;
    } else {
        (void)fprintf(stderr, "%s\n", err.msg);
    }

out:
    resolver_free(env.resolver);
    loop_free(env.loop);
    strlist_free(&spec.servers);
    check_free(&check);
    return rc;
}
