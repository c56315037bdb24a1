#include "raise_fleet.h"

#include <string.h>

#include "claims.h"
#include "cm.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* 2026-11-24T03:12:00Z */
static const int64_t now = INT64_C(1795489920000);

/* Present, heard from a moment ago. */
static struct raise_agent
agent_of(const char *name, const char *region)
{
    return (struct raise_agent){
        .name = name,
        .region = region,
        .last_seen_unix_ms = now - 5 * SECOND,
        .heard = true,
        .silent_ms = 5 * SECOND,
        .silent_unix_ms = now - 5 * SECOND,
        .self_check = 1,
        .cfg_refused = "",
        .address = "203.0.113.9",
        .clone_address = "",
    };
}

static struct raise_agent
silent_of(const char *name, const char *region, int64_t silent_ms)
{
    struct raise_agent agent = agent_of(name, region);

    agent.last_seen_unix_ms = agent.silent_unix_ms = now - silent_ms;
    agent.silent_ms = silent_ms;
    return agent;
}

static struct raise_fleet
fleet_of(const struct raise_agent *agents, size_t count)
{
    return (struct raise_fleet){.agents = agents,
        .count = count,
        .now_unix_ms = now,
        .listening_ms = 24 * HOUR,
        .listening_unix_ms = now - 24 * HOUR,
        .own_refused = ""};
}

static struct condition_claims
silence_of(const struct raise_fleet *fleet)
{
    struct condition_claims claims = {0};
    struct err err;

    assert_ok(raise_silence(fleet, &claims, &err), err);
    return claims;
}

static struct condition_claims
troubles_of(const struct raise_fleet *fleet)
{
    struct condition_claims claims = {0};
    struct err err;

    assert_ok(raise_agents(fleet, &claims, &err), err);
    return claims;
}

static void
assert_silence(
    const struct raise_agent *agents, size_t count, const char *expected)
{
    struct raise_fleet fleet = fleet_of(agents, count);
    struct condition_claims claims = silence_of(&fleet);

    assert_claims(&claims, expected);
}

static void
an_agent_is_offline_after_three_heartbeats_and_a_minute(void **state)
{
    struct raise_agent agents[] = {agent_of("eu1", "eu"),
        silent_of("eu2", "eu", 90 * SECOND - 1), agent_of("us1", "us")};
    struct raise_fleet fleet = fleet_of(agents, 3);
    struct condition_claims claims;
    const struct condition_claim *claim;

    (void)state;
    assert_silence(agents, 3, "");
    agents[1] = silent_of("eu2", "eu", 90 * SECOND);
    claims = silence_of(&fleet);
    claim = claims_one(&claims, ALERT_AGENT_OFFLINE);
    assert_int_equal(claim->since_unix_ms, now - 90 * SECOND);
    assert_int_equal(claim->tell_unix_ms, now - 90 * SECOND + 5 * MINUTE);
    assert_int_equal(claim->severity, SEVERITY_NOTIFY);
    assert_string_equal(claim->words,
        "agent eu2 in region eu is silent since 03:10:30, last heard from "
        "203.0.113.9; what it measures meanwhile it keeps and sends when it is "
        "back");
    assert_claims(&claims, "AGENT_OFFLINE eu2");
}

static void
one_that_never_spoke_is_not_missed(void **state)
{
    struct raise_agent agents[] = {
        agent_of("eu1", "eu"), silent_of("us1", "us", HOUR)};

    (void)state;
    agents[1].last_seen_unix_ms = 0;
    assert_silence(agents, 2, "");
}

static void
a_region_whose_agents_are_all_silent_is_blind(void **state)
{
    struct raise_agent agents[] = {agent_of("eu1", "eu"),
        silent_of("us1", "us", 2 * HOUR), silent_of("us2", "us", 3 * MINUTE)};
    struct raise_fleet fleet = fleet_of(agents, 3);
    struct condition_claims claims = silence_of(&fleet);
    const struct condition_claim *claim =
        claims_one(&claims, ALERT_REGION_BLIND);

    (void)state;
    assert_int_equal(claim->on, CONDITION_ON_REGION);
    assert_int_equal(claim->since_unix_ms, now - 3 * MINUTE);
    assert_int_equal(claim->tell_unix_ms, 0);
    assert_claims(
        &claims, "REGION_BLIND us, AGENT_OFFLINE us1, AGENT_OFFLINE us2");
    /* The only agent of its region: told when the agent would be. */
    agents[1] = agent_of("eu2", "eu");
    claims = silence_of(&fleet);
    claim = claims_one(&claims, ALERT_REGION_BLIND);
    assert_int_equal(claim->tell_unix_ms, now + 2 * MINUTE);
    assert_claims(&claims, "REGION_BLIND us, AGENT_OFFLINE us2");
}

static void
all_silent_at_once_is_the_collector_itself(void **state)
{
    struct raise_agent agents[] = {silent_of("ap1", "ap", 7 * 24 * HOUR),
        silent_of("eu1", "eu", 99 * SECOND),
        silent_of("us1", "us", 91 * SECOND)};
    struct raise_fleet fleet = fleet_of(agents, 3);
    struct condition_claims claims = silence_of(&fleet);
    const struct condition_claim *claim =
        claims_one(&claims, ALERT_COLLECTOR_ISOLATED);

    (void)state;
    assert_int_equal(claim->severity, SEVERITY_PAGE);
    assert_int_equal(claim->since_unix_ms, now - 99 * SECOND);
    assert_int_equal(claim->tell_unix_ms, 0);
    assert_non_null(strstr(claim->words, "all 2 agents that spoke (eu, us)"));
    condition_claims_free(&claims);
    /* One is still there; or they are of one region; or one after another. */
    agents[0] = agent_of("ap1", "ap");
    assert_silence(agents, 3,
        "REGION_BLIND eu, REGION_BLIND us, AGENT_OFFLINE eu1, "
        "AGENT_OFFLINE us1");
    agents[2].region = "eu";
    assert_silence(
        agents + 1, 2, "REGION_BLIND eu, AGENT_OFFLINE eu1, AGENT_OFFLINE us1");
    agents[2] = silent_of("us1", "us", 3 * MINUTE);
    assert_silence(agents + 1, 2,
        "REGION_BLIND eu, REGION_BLIND us, AGENT_OFFLINE eu1, "
        "AGENT_OFFLINE us1");
}

static void
after_a_restart_agents_get_their_time_to_come_back(void **state)
{
    struct raise_agent agents[] = {
        silent_of("eu1", "eu", 3 * HOUR), silent_of("us1", "us", 3 * HOUR)};
    struct raise_fleet fleet = fleet_of(agents, 2);
    struct condition_claims claims;

    (void)state;
    for (int i = 0; i < 2; i++) {
        agents[i].heard = false;
        agents[i].silent_ms = fleet.listening_ms = 3 * MINUTE - 1;
    }
    claims = silence_of(&fleet);
    assert_claims(&claims, "");
    agents[0].silent_ms = agents[1].silent_ms = fleet.listening_ms = 3 * MINUTE;
    fleet.listening_unix_ms = now - 3 * MINUTE;
    claims = silence_of(&fleet);
    assert_int_equal(
        claims_one(&claims, ALERT_COLLECTOR_ISOLATED)->since_unix_ms,
        now - 3 * HOUR);
    condition_claims_free(&claims);
    /* One came: the other is silent since we look, and told five minutes on. */
    agents[0] = agent_of("eu1", "eu");
    claims = silence_of(&fleet);
    assert_int_equal(claims_one(&claims, ALERT_AGENT_OFFLINE)->tell_unix_ms,
        now - 3 * MINUTE + 5 * MINUTE);
    assert_claims(&claims, "REGION_BLIND us, AGENT_OFFLINE us1");
}

static void
what_was_raised_before_a_restart_goes_on(void **state)
{
    struct raise_agent agents[] = {
        silent_of("eu1", "eu", 3 * HOUR), silent_of("us1", "us", SECOND)};
    struct raise_fleet fleet = fleet_of(agents, 2);
    struct condition_claims claims;

    (void)state;
    fleet.listening_ms = agents[0].silent_ms = SECOND;
    agents[0].heard = false;
    agents[0].was_silent = true;
    claims = silence_of(&fleet);
    assert_claims(&claims, "REGION_BLIND eu, AGENT_OFFLINE eu1");
    /* Of all: until somebody speaks. */
    fleet.was_isolated = true;
    agents[1].heard = false;
    agents[1].was_silent = true;
    agents[1].last_seen_unix_ms = agents[1].silent_unix_ms = now - 3 * HOUR;
    claims = silence_of(&fleet);
    assert_int_equal(
        claims_one(&claims, ALERT_COLLECTOR_ISOLATED)->severity, SEVERITY_PAGE);
    condition_claims_free(&claims);
    agents[0] = agent_of("eu1", "eu");
    claims = silence_of(&fleet);
    assert_claims(&claims, "REGION_BLIND us, AGENT_OFFLINE us1");
}

static void
a_failing_self_check_is_told_after_a_quarter(void **state)
{
    struct raise_agent agents[] = {
        agent_of("eu1", "eu"), agent_of("us1", "us")};
    struct raise_fleet fleet = fleet_of(agents, 2);
    struct condition_claims claims;

    (void)state;
    agents[0].self_check = 2;
    agents[0].failing_unix_ms = now - 29 * SECOND;
    claims = troubles_of(&fleet);
    assert_claims(&claims, "");
    agents[0].failing_unix_ms = now - 30 * SECOND;
    claims = troubles_of(&fleet);
    assert_int_equal(claims_one(&claims, ALERT_AGENT_NETWORK)->tell_unix_ms,
        now - 30 * SECOND + 15 * MINUTE);
    assert_claims(&claims, "AGENT_NETWORK eu1");
    /* One that is silent says nothing of itself. */
    agents[0].silent_ms = 2 * MINUTE;
    claims = troubles_of(&fleet);
    assert_claims(&claims, "");
}

static void
a_clock_that_is_far_off_is_told(void **state)
{
    struct raise_agent agents[] = {
        agent_of("eu1", "eu"), agent_of("us1", "us")};
    struct raise_fleet fleet = fleet_of(agents, 2);
    struct condition_claims claims;

    (void)state;
    agents[0].clock_known = agents[1].clock_known = true;
    agents[0].clock_offset_ms = -30 * SECOND;
    claims = troubles_of(&fleet);
    assert_claims(&claims, "");
    agents[0].clock_offset_ms = -30 * SECOND - 1;
    claims = troubles_of(&fleet);
    assert_non_null(strstr(claims.items[0].words,
        "the clock of agent eu1 is 30 s behind the collector's"));
    assert_claims(&claims, "AGENT_CLOCK eu1");
    /* It stays until it is clearly less. */
    agents[0].clock_offset_ms = -26 * SECOND;
    claims = troubles_of(&fleet);
    assert_claims(&claims, "");
    agents[0].clock_was_off = true;
    claims = troubles_of(&fleet);
    assert_claims(&claims, "AGENT_CLOCK eu1");
}

static void
where_all_clocks_are_off_alike_it_is_the_collectors(void **state)
{
    struct raise_agent agents[] = {
        agent_of("eu1", "eu"), agent_of("us1", "us")};
    struct raise_fleet fleet = fleet_of(agents, 2);
    struct condition_claims claims;

    (void)state;
    agents[0].clock_known = agents[1].clock_known = true;
    agents[0].clock_offset_ms = -400 * SECOND;
    agents[1].clock_offset_ms = -401 * SECOND;
    claims = troubles_of(&fleet);
    assert_int_equal(claims.items[0].on, CONDITION_ON_COLLECTOR);
    assert_claims(&claims, "AGENT_CLOCK");
    agents[1].clock_offset_ms = 401 * SECOND;
    claims = troubles_of(&fleet);
    assert_claims(&claims, "AGENT_CLOCK eu1, AGENT_CLOCK us1");
}

static void
a_refused_configuration_is_told_by_whom(void **state)
{
    struct raise_agent agents[] = {agent_of("eu1", "eu")};
    struct raise_fleet fleet = fleet_of(agents, 1);
    struct condition_claims claims;

    (void)state;
    agents[0].cfg_refused = "5000 checks, 4096 at most";
    agents[0].cfg_refused_unix_ms = now - MINUTE;
    claims = troubles_of(&fleet);
    assert_non_null(strstr(claims.items[0].words, "5000 checks"));
    assert_claims(&claims, "CONFIG_REJECTED eu1");
    agents[0].cfg_refused = "";
    fleet.own_refused = "3 mistakes in leadline.yaml";
    fleet.own_refused_unix_ms = now;
    claims = troubles_of(&fleet);
    assert_int_equal(claims.items[0].on, CONDITION_ON_COLLECTOR);
    assert_claims(&claims, "CONFIG_REJECTED");
}

static void
two_processes_with_one_key_are_told_with_both_addresses(void **state)
{
    struct raise_agent agents[] = {agent_of("eu1", "eu")};
    struct raise_fleet fleet = fleet_of(agents, 1);
    struct condition_claims claims;

    (void)state;
    agents[0].clone_unix_ms = now - 11 * MINUTE;
    agents[0].clone_first_unix_ms = now - HOUR;
    agents[0].clone_address = "198.51.100.7";
    claims = troubles_of(&fleet);
    assert_int_equal(claims.items[0].since_unix_ms, now - HOUR);
    assert_non_null(strstr(claims.items[0].words, "203.0.113.9"));
    assert_non_null(strstr(claims.items[0].words, "198.51.100.7"));
    assert_claims(&claims, "DUPLICATE_AGENT eu1");
    /* It has not asked again, twice. */
    agents[0].clone_unix_ms = now - 11 * MINUTE - 1;
    claims = troubles_of(&fleet);
    assert_claims(&claims, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            an_agent_is_offline_after_three_heartbeats_and_a_minute),
        cmocka_unit_test(one_that_never_spoke_is_not_missed),
        cmocka_unit_test(a_region_whose_agents_are_all_silent_is_blind),
        cmocka_unit_test(all_silent_at_once_is_the_collector_itself),
        cmocka_unit_test(after_a_restart_agents_get_their_time_to_come_back),
        cmocka_unit_test(what_was_raised_before_a_restart_goes_on),
        cmocka_unit_test(a_failing_self_check_is_told_after_a_quarter),
        cmocka_unit_test(a_clock_that_is_far_off_is_told),
        cmocka_unit_test(where_all_clocks_are_off_alike_it_is_the_collectors),
        cmocka_unit_test(a_refused_configuration_is_told_by_whom),
        cmocka_unit_test(
            two_processes_with_one_key_are_told_with_both_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
