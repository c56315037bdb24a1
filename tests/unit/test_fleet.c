#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "tmp_store.h"

static void
put_agent(struct store_txn *txn, const char *name, uint8_t key)
{
    struct agent_row row = {.region = "eu", .key_count = 1};
    struct err err;

    (void)snprintf(row.name, sizeof(row.name), "%s", name);
    memset(row.keys[0], key, sizeof(row.keys[0]));
    assert_ok(agent_put(txn, &row, &err), err);
}

static void
add_agents(struct fleet *fleet, struct store_txn *txn, int from, int to)
{
    struct err err;

    for (int i = from; i < to; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "a%d", i);
        put_agent(txn, name, (uint8_t)i);
    }
    assert_ok(fleet_load(fleet, txn, &err), err);
}

/* What all sessions were told, added up from what each was told. */
static size_t
told_bytes(const struct fleet *fleet)
{
    size_t bytes = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->agents[i].session != 0)
            bytes += (size_t)fleet->agents[i].window *
                     fleet->agents[i].max_batch_bytes;
    }
    return bytes;
}

static struct store_txn *
begin(void **state)
{
    const struct tmp_store *tmp = *state;
    struct err err;
    struct store_txn *txn = store_begin_write(tmp->store, &err);

    assert_made(txn, err);
    return txn;
}

static void
a_small_fleet_has_whole_windows(void **state)
{
    struct store_txn *txn = begin(state);
    struct fleet fleet = {0};

    add_agents(&fleet, txn, 0, 3);
    for (size_t i = 0; i < fleet.count; i++) {
        fleet_begin_session(&fleet, &fleet.agents[i]);
        assert_true(fleet.agents[i].session != 0);
        assert_int_equal(fleet.agents[i].window, FLEET_WINDOW_MAX);
        assert_int_equal(fleet.agents[i].max_batch_bytes, WIRE_BATCH_MAX_BYTES);
    }
    fleet_free(&fleet);
    store_abort(txn);
}

/* Sessions come, go and are granted at random while the fleet grows. */
static void
never_more_than_the_whole_is_granted(void **state)
{
    struct store_txn *txn = begin(state);
    struct fleet fleet = {0};
    int count = 0;

    srand(4711); /* NOLINT: the same story each time */
    for (int step = 0; step < 40; step++) {
        int grown = count + rand() % 100; /* NOLINT */

        add_agents(&fleet, txn, count, grown);
        count = grown;
        for (size_t i = 0; i < fleet.count; i++) {
            struct fleet_agent *agent = &fleet.agents[i];

            switch (rand() % 6) { /* NOLINT */
            case 0:
                fleet_end_session(&fleet, agent);
                break;
            case 1:
                fleet_grant_none(&fleet, agent);
                break;
            case 2:
                fleet_grant(&fleet, agent);
                break;
            default:
                fleet_begin_session(&fleet, agent);
            }
            assert_true(fleet.granted_bytes <= FLEET_GRANT_MAX_BYTES);
        }
        assert_int_equal(told_bytes(&fleet), fleet.granted_bytes);
    }
    assert_true(count > 1000);
    for (size_t i = 0; i < fleet.count; i++)
        fleet_end_session(&fleet, &fleet.agents[i]);
    assert_int_equal(fleet.granted_bytes, 0);
    fleet_free(&fleet);
    store_abort(txn);
}

/* 256 agents have 256 KiB each; those that have more than a share go first. */
static void
a_fleet_that_has_grown_makes_room_for_all(void **state)
{
    struct store_txn *txn = begin(state);
    struct fleet fleet = {0};
    size_t starved = 0;

    add_agents(&fleet, txn, 0, 200);
    for (size_t i = 0; i < fleet.count; i++)
        fleet_begin_session(&fleet, &fleet.agents[i]);
    add_agents(&fleet, txn, 200, 256);
    for (size_t i = 0; i < fleet.count; i++)
        assert_true(fleet_terms_stand(&fleet, &fleet.agents[i]));
    add_agents(&fleet, txn, 256, 600);
    for (size_t i = 0; i < fleet.count; i++) {
        struct fleet_agent *agent = &fleet.agents[i];

        if (agent->session != 0) {
            assert_false(fleet_terms_stand(&fleet, agent));
            fleet_end_session(&fleet, agent);
        }
    }
    for (size_t i = 0; i < fleet.count; i++) {
        fleet_begin_session(&fleet, &fleet.agents[i]);
        starved += fleet.agents[i].window == 0;
    }
    assert_int_equal(starved, 0);
    fleet_free(&fleet);
    store_abort(txn);
}

static void
who_may_not_speak_takes_no_share(void **state)
{
    struct store_txn *txn = begin(state);
    struct agent_row row;
    struct fleet fleet = {0};
    struct err err;

    add_agents(&fleet, txn, 0, 3);
    assert_int_equal(fleet.speakers, 3);
    assert_int_equal(agent_get(txn, "a0", &row, &err), 1);
    row.suspended = true;
    assert_ok(agent_put(txn, &row, &err), err);
    assert_int_equal(agent_get(txn, "a1", &row, &err), 1);
    row.key_count = 0;
    assert_ok(agent_put(txn, &row, &err), err);
    assert_ok(fleet_load(&fleet, txn, &err), err);
    assert_int_equal(fleet.speakers, 1);
    fleet_free(&fleet);
    store_abort(txn);
}

static void
a_reload_keeps_sessions_and_what_the_store_has_not_yet(void **state)
{
    struct store_txn *txn = begin(state);
    struct fleet fleet = {0};
    struct fleet_agent *agent;
    uint64_t session;

    add_agents(&fleet, txn, 0, 2);
    agent = fleet_find(&fleet, "a1");
    fleet_begin_session(&fleet, agent);
    session = agent->session;
    agent->row.spool_records = 77;
    (void)strcpy(agent->row.cfg_refused, "why not");
    add_agents(&fleet, txn, 2, 5);
    agent = fleet_find(&fleet, "a1");
    assert_non_null(agent);
    assert_int_equal(agent->session, session);
    assert_int_equal(agent->row.spool_records, 77);
    assert_string_equal(agent->row.cfg_refused, "why not");
    assert_null(fleet_find(&fleet, "a9"));
    fleet_free(&fleet);
    store_abort(txn);
}

static void
a_tag_tells_which_key_it_was(void **state)
{
    struct store_txn *txn = begin(state);
    struct fleet fleet = {0};
    struct zap_entry *entries = NULL;
    struct fleet_agent *agent;
    uint8_t newer[REGISTRY_KEY_BYTES];
    char old_tag[FLEET_TAG_BYTES];
    char new_tag[FLEET_TAG_BYTES];
    size_t count;
    struct err err;

    add_agents(&fleet, txn, 7, 8);
    agent = fleet_find(&fleet, "a7");
    memset(newer, 0xab, sizeof(newer));
    fleet_key_tag(agent->row.keys[0], old_tag);
    fleet_key_tag(newer, new_tag);
    assert_string_equal(new_tag, "abababababab");
    assert_int_equal(fleet_key_index(agent, old_tag), 0);
    assert_int_equal(fleet_key_index(agent, new_tag), -1);
    memcpy(agent->row.keys[1], newer, sizeof(newer));
    agent->row.key_count = 2;
    agent->row.rotate = true;
    assert_int_equal(fleet_key_index(agent, new_tag), 1);
    assert_ok(fleet_zap_table(&fleet, txn, 0, &entries, &count, &err), err);
    assert_int_equal(count, 2);
    assert_string_equal(entries[0].user, "a:a7/070707070707");
    assert_string_equal(entries[1].user, "a:a7/abababababab");
    free(entries);
    fleet_retire_key(agent);
    assert_int_equal(fleet_key_index(agent, old_tag), -1);
    assert_int_equal(fleet_key_index(agent, new_tag), 0);
    assert_false(agent->row.rotate);
    fleet_free(&fleet);
    store_abort(txn);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_small_fleet_has_whole_windows),
        TEST(never_more_than_the_whole_is_granted),
        TEST(a_fleet_that_has_grown_makes_room_for_all),
        TEST(who_may_not_speak_takes_no_share),
        TEST(a_reload_keeps_sessions_and_what_the_store_has_not_yet),
        TEST(a_tag_tells_which_key_it_was),
    };

    return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
