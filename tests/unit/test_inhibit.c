#include "inhibit.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"

static struct config *
config_of(const char *checks)
{
    char text[2048];
    struct config *config;
    struct err err;

    (void)snprintf(text, sizeof(text),
        "regions: [eu, us, ap]\n"
        "sites:\n  - {name: acme, derive: false, checks: [%s]}\n",
        checks);
    config =
        collector_conf_parse(text, strlen(text), "test.yaml", NULL, NULL, &err);
    assert_made(config, err);
    return config;
}

static struct notice
notice_of(enum alert_class class, const char *subject, const char *scope)
{
    struct notice notice = {
        .class = class,
        .severity = alert_severity_of(class),
        .check = strchr(subject, '/') == NULL ? 0 : check_id_of(subject),
        .state = INCIDENT_OPEN,
        .fresh = true,
    };

    (void)snprintf(notice.subject, sizeof(notice.subject), "%s", subject);
    (void)snprintf(notice.scope, sizeof(notice.scope), "%s", scope);
    return notice;
}

/* The place of what mutes `quiet` among them; -1: nothing. */
static int
muted_by(const struct config *config, struct notice *items, size_t count,
    size_t quiet, const char *address)
{
    const struct notice_list list = {.items = items, .count = count};
    const struct notice *loud;
    struct inhibit *inhibit;
    struct err err;
    int place;

    inhibit = inhibit_new(&list, config, NULL, &err);
    assert_made(inhibit, err);
    loud = inhibit_by(inhibit, &items[quiet], address);
    place = loud == NULL ? -1 : (int)(loud - items);
    inhibit_free(inhibit);
    return place;
}

#define HOME "{name: home, kind: http, url: \"https://acme.example/\"}"

/* Asks for each of `items`. */
static void
assert_muted(
    const char *checks, struct notice *items, size_t count, const int *expected)
{
    struct config *config = config_of(checks);

    for (size_t i = 0; i < count; i++)
        assert_int_equal(muted_by(config, items, count, i, NULL), expected[i]);
    collector_conf_free(config);
}

static void
an_outage_of_the_whole_mutes_the_regions_of_that_check(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_REGIONAL, "acme/home", "eu"),
        notice_of(ALERT_REGIONAL, "acme/other", "eu"),
        notice_of(ALERT_SITE_DOWN, "acme/home", "global"),
        notice_of(ALERT_SLOW, "acme/home", "global"),
        notice_of(ALERT_CERT, "acme/home", "global"),
    };

    (void)state;
    assert_muted(HOME, items, 5, (int[]){2, -1, -1, 2, -1});
}

static void
only_what_fires_and_can_be_told_mutes(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_REGIONAL, "acme/home", "eu"),
        notice_of(ALERT_SITE_DOWN, "acme/home", "global"),
    };

    (void)state;
    items[1].state = INCIDENT_CLOSED;
    assert_muted(HOME, items, 2, (int[]){-1, -1});
    items[1].state = INCIDENT_OPEN;
    items[1].fresh = false;
    assert_muted(HOME, items, 2, (int[]){-1, -1});
}

static void
what_nobody_is_told_of_mutes_nothing(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_REGIONAL, "acme/home", "eu"),
        notice_of(ALERT_SITE_DOWN, "acme/home", "global"),
    };
    const struct notice_list list = {.items = items, .count = 2};
    const bool unheard[] = {false, true};
    struct config *config = config_of(HOME);
    struct inhibit *inhibit;
    struct err err;

    (void)state;
    inhibit = inhibit_new(&list, config, unheard, &err);
    assert_made(inhibit, err);
    assert_null(inhibit_by(inhibit, &items[0], NULL));
    inhibit_free(inhibit);
    collector_conf_free(config);
}

static void
nothing_mutes_what_is_more_severe(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_REGIONAL, "acme/home", "eu"),
        notice_of(ALERT_SITE_DOWN, "acme/home", "global"),
    };

    (void)state;
    items[1].severity = SEVERITY_TICKET;
    assert_muted(HOME, items, 2, (int[]){-1, -1});
    items[1].severity = SEVERITY_NOTIFY;
    assert_muted(HOME, items, 2, (int[]){1, -1});
}

static void
a_recipient_who_does_not_hear_the_loud_one_hears_the_other(void **state)
{
    struct notice_target one = {.address = "one@mail.example"};
    struct notice items[] = {
        notice_of(ALERT_REGIONAL, "acme/home", "eu"),
        notice_of(ALERT_SITE_DOWN, "acme/home", "global"),
    };
    struct config *config = config_of(HOME);

    (void)state;
    items[1].targets = &one;
    items[1].target_count = 1;
    assert_int_equal(muted_by(config, items, 2, 0, "one@mail.example"), 1);
    assert_int_equal(muted_by(config, items, 2, 0, "two@mail.example"), -1);
    collector_conf_free(config);
}

static void
a_regions_network_and_blindness_mute_what_is_of_that_region(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_REGION_NETWORK, "eu", ""),
        notice_of(ALERT_REGION_BLIND, "us", ""),
        notice_of(ALERT_REGIONAL, "acme/home", "eu"),
        notice_of(ALERT_REGIONAL, "acme/home", "us"),
        notice_of(ALERT_AGENT_OFFLINE, "us1", "us"),
        notice_of(ALERT_AGENT_OFFLINE, "eu1", "eu"),
        notice_of(ALERT_SITE_DOWN, "acme/other", "global"),
    };

    (void)state;
    assert_muted(HOME, items, 7, (int[]){-1, -1, 0, -1, 1, -1, -1});
}

static void
isolation_mutes_all_but_itself(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_COLLECTOR_ISOLATED, "", ""),
        notice_of(ALERT_SITE_DOWN, "acme/home", "global"),
        notice_of(ALERT_AGENT_OFFLINE, "us1", "us"),
        notice_of(ALERT_CERT, "acme/home", "global"),
    };

    (void)state;
    assert_muted(HOME, items, 4, (int[]){-1, 0, 0, 0});
}

/* api <- gate <- db */
#define CHAIN                                                                  \
    "{name: db, kind: tcp, host: db.example, port: 5432},"                     \
    "{name: gate, kind: http, url: \"https://gate.example/\","                 \
    " depends_on: db},"                                                        \
    "{name: api, kind: http, url: \"https://api.example/\","                   \
    " depends_on: gate}"

static void
a_parent_mutes_its_children_and_theirs(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_SITE_DOWN, "acme/db", "global"),
        notice_of(ALERT_SITE_DOWN, "acme/api", "global"),
        notice_of(ALERT_REGIONAL, "acme/gate", "eu"),
    };

    (void)state;
    assert_muted(CHAIN, items, 3, (int[]){-1, 0, 0});
    items[0] = notice_of(ALERT_REGIONAL, "acme/db", "eu");
    assert_muted(CHAIN, items, 3, (int[]){-1, -1, 0});
}

#define STACK                                                                  \
    "{name: dns, kind: dns, host: acme.example, type: A},"                     \
    "{name: tcp, kind: tcp, host: acme.example, port: 443},"                   \
    "{name: tls, kind: tls, host: acme.example, port: 443}," HOME

static void
of_one_host_the_lowest_is_told(void **state)
{
    struct notice items[] = {
        notice_of(ALERT_SITE_DOWN, "acme/home", "global"),
        notice_of(ALERT_SITE_DOWN, "acme/tls", "global"),
        notice_of(ALERT_SITE_DOWN, "acme/dns", "global"),
        notice_of(ALERT_REGIONAL, "acme/tcp", "eu"),
        notice_of(ALERT_REGIONAL, "acme/tls", "eu"),
        notice_of(ALERT_REGIONAL, "acme/tls", "us"),
    };

    (void)state;
    /* Of tls in a region its own outage of the whole says it first. */
    assert_muted(STACK, items, 6, (int[]){2, 2, -1, -1, 1, 1});
    items[1].state = INCIDENT_CLOSED;
    assert_muted(STACK, items, 6, (int[]){2, 2, -1, -1, 3, -1});
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            an_outage_of_the_whole_mutes_the_regions_of_that_check),
        cmocka_unit_test(only_what_fires_and_can_be_told_mutes),
        cmocka_unit_test(what_nobody_is_told_of_mutes_nothing),
        cmocka_unit_test(nothing_mutes_what_is_more_severe),
        cmocka_unit_test(
            a_recipient_who_does_not_hear_the_loud_one_hears_the_other),
        cmocka_unit_test(
            a_regions_network_and_blindness_mute_what_is_of_that_region),
        cmocka_unit_test(isolation_mutes_all_but_itself),
        cmocka_unit_test(a_parent_mutes_its_children_and_theirs),
        cmocka_unit_test(of_one_host_the_lowest_is_told),
    };

    return cmocka_run_group_tests_name("inhibit", tests, NULL, NULL);
}
