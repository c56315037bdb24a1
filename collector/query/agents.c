#include "agents.h"

#include <string.h>

#include "facts_json.h"

/* A second process with an agent's key that was seen longer ago is history. */
static const int64_t clone_shown_ms = 86400000;

struct listing {
    struct store_txn *txn;
    json_t *agents; /* NULL: only counted */
    int64_t now_unix_ms;
    int present;
    int expected;
};

const char *
agent_state_name(const struct agent_row *row, int64_t now_unix_ms)
{
    if (row->revoked)
        return "revoked";
    if (row->suspended)
        return "suspended";
    return row->last_seen_unix_ms != 0 &&
                   now_unix_ms - row->last_seen_unix_ms <= AGENT_PRESENT_MS
               ? "present"
               : "silent";
}

static const char *
config_state(const struct agent_row *row)
{
    if (row->cfg_refused[0] != '\0')
        return "bad";
    return row->cfg_sent != 0 && row->cfg_sent == row->cfg_confirmed
               ? "ok"
               : "pending";
}

/* What became of its results, over all the spools it ever had. */
static json_t *
results_json(const struct mark_row *sum)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "taken", (json_int_t)sum->taken,
        "lost", (json_int_t)sum->lost, "quarantined",
        (json_int_t)sum->quarantined, "refused", (json_int_t)sum->refused);
}

static json_t *
text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *
agent_json(const struct agent_row *row, const struct mark_row *sum,
    int64_t now_unix_ms)
{
    static const char *const self_checks[] = {NULL, "good", "failing"};
    const char *self_check =
        row->self_check < 3 ? self_checks[row->self_check] : NULL;
    /* It asks again every five minutes, as long as it is there. */
    bool cloned = row->clone_unix_ms != 0 &&
                  now_unix_ms - row->clone_unix_ms <= clone_shown_ms;

    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:s, s:o, s:I, "
                     "s:I, s:o, s:b, s:o, s:o, s:o}",
        "name", row->name, "region", row->region, "state",
        agent_state_name(row, now_unix_ms), "version", text_or_null(row->build),
        "last_seen", moment_json(row->last_seen_unix_ms), "spool_records",
        (json_int_t)row->spool_records, "clock_offset_ms",
        row->clock_offset_known ? json_integer(row->clock_offset_ms)
                                : json_null(),
        "self_check", text_or_null(self_check), "cfg", config_state(row),
        "cfg_reason", text_or_null(row->cfg_refused), "skipped",
        (json_int_t)row->skipped, "lost", (json_int_t)row->lost, "address",
        text_or_null(row->address), "rotating", row->rotate, "clone_address",
        cloned ? json_string(row->clone_address) : json_null(), "clone_seen",
        moment_json(cloned ? row->clone_unix_ms : 0), "results",
        results_json(sum));
}

static int
take_agent(void *ctx, const struct agent_row *row, struct err *err)
{
    struct listing *listing = ctx;
    const char *state = agent_state_name(row, listing->now_unix_ms);
    struct mark_row sum;

    listing->present += strcmp(state, "present") == 0;
    listing->expected += !row->revoked && !row->suspended && row->key_count > 0;
    if (listing->agents == NULL)
        return 0;
    if (mark_sum(listing->txn, row->number, &sum, err) != 0)
        return -1;
    if (json_array_append_new(
            listing->agents, agent_json(row, &sum, listing->now_unix_ms)) != 0)
        return err_set(err, ERR_NOMEM, "agents");
    return 0;
}

json_t *
agents_query(struct store_txn *txn, int64_t now_unix_ms, struct err *err)
{
    struct listing listing = {
        .txn = txn, .agents = json_array(), .now_unix_ms = now_unix_ms};

    if (agent_each(txn, take_agent, &listing, err) != 0) {
        json_decref(listing.agents);
        return NULL;
    }
    return json_pack("{s:o}", "agents", listing.agents);
}

json_t *
agents_count(struct store_txn *txn, int64_t now_unix_ms, struct err *err)
{
    struct listing listing = {.txn = txn, .now_unix_ms = now_unix_ms};

    if (agent_each(txn, take_agent, &listing, err) != 0)
        return NULL;
    return json_pack(
        "{s:i, s:i}", "present", listing.present, "expected", listing.expected);
}
