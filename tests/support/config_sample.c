#include "config_sample.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
put(char **out, const char *text)
{
    *out = strdup(text);
    assert(*out != NULL);
}

static void
add(struct strlist *list, const char *item)
{
    int rc = strlist_add(list, item);

    assert(rc == 0);
}

static void
name(struct check *check, const char *text, enum check_kind kind)
{
    check_init(check);
    (void)snprintf(check->name, sizeof(check->name), "%s", text);
    check->id = check_id_of(check->name);
    check->kind = kind;
    check->interval_ms = 30000;
    check->timeout_ms = 10000;
}

/* A check with every field in use; no real one is like that. */
static void
fill_http(struct check *check)
{
    name(check, "acme/home", CHECK_HTTP);
    check->family = CHECK_FAMILY_BOTH;
    check->slow_ms = 2000;
    check->paused = true;
    put(&check->url, "https://acme.example/");
    put(&check->host, "acme.example");
    check->port = 443;
    add(&check->resolve, "acme.example:443:192.0.2.7");
    put(&check->server, "192.0.2.1#5353");
    put(&check->ca_pem, "-----BEGIN CERTIFICATE-----\nAAAA\n");
    check->starttls = CHECK_STARTTLS_POP3;
    check->insecure = true;
    put(&check->method, "POST");
    add(&check->headers, "Accept: text/html");
    add(&check->headers, "X-Probe: \xc3\xa4");
    put(&check->body, "a=b\r\n\x01\xff");
    add(&check->statuses, "2xx");
    add(&check->statuses, "301-308");
    put(&check->expect_body, "Get a\nquote|\\d+");
    put(&check->expect_redirect, "https://www.acme.example/");
    check->expect_hops = 0;
    check->profile = CHECK_PROFILE_NONE;
    check->budgets[CHECK_BUDGET_LCP_MS] = 2500;
    check->budgets[CHECK_BUDGET_ERRORS] = 0;
    check->dns_types = 1U << DNS_TYPE_A | 1U << DNS_TYPE_SRV;
    add(&check->expect_answers, "192.0.2.7");
}

void
config_sample(struct wire_config *config)
{
    *config = (struct wire_config){
        .cfg_version = 12,
        .rank = 2,
        .region_index = 1,
        .region_count = 3,
        .agent_index = 0,
        .agent_count = 1,
        .canary = true,
        .check_count = 3,
    };
    config->checks = calloc(config->check_count, sizeof(*config->checks));
    assert(config->checks != NULL);
    fill_http(&config->checks[0]);
    name(&config->checks[1], "acme/dns", CHECK_DNS);
    put(&config->checks[1].host, "acme.example");
    name(&config->checks[2], "acme/cert", CHECK_TLS);
    put(&config->checks[2].host, "acme.example");
    config->checks[2].port = 443;
    put(&config->fallback_webhook, "https://hooks.example/a?b");
    config->self_check.off = true;
    add(&config->self_check.targets, "192.0.2.53:53");
    add(&config->self_check.targets, "[2001:db8::1]:443");
    add(&config->self_check.resolvers, "192.0.2.53");
}
