#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "raise_own.h"

static size_t
place_of(const struct raise *raise, uint32_t number)
{
    size_t low = 0;
    size_t high = raise->peer_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (raise->peers[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct raise_peer *
raise_peer_find(const struct raise *raise, uint32_t number)
{
    size_t at = place_of(raise, number);

    return at < raise->peer_count && raise->peers[at]->number == number
               ? raise->peers[at]
               : NULL;
}

void
raise_peers_free(struct raise *raise)
{
    for (size_t i = 0; i < raise->peer_count; i++)
        free(raise->peers[i]);
    free(raise->peers);
    raise->peers = NULL;
    raise->peer_count = 0;
}

static struct raise_peer *
add_peer(struct raise *raise, uint32_t number, struct err *err)
{
    size_t at = place_of(raise, number);
    struct raise_peer *peer = calloc(1, sizeof(*peer));
    struct raise_peer **peers = realloc(
        raise->peers, (raise->peer_count + 1) * sizeof(struct raise_peer *));

    if (peers != NULL)
        raise->peers = peers;
    if (peer == NULL || peers == NULL) {
        free(peer);
        (void)err_set(err, ERR_NOMEM, "agent");
        return NULL;
    }
    memmove(&peers[at + 1], &peers[at],
        (raise->peer_count - at) * sizeof(struct raise_peer *));
    peers[at] = peer;
    raise->peer_count++;
    peer->number = number;
    return peer;
}

static int64_t
held_since(const struct raise *raise, enum alert_class class, const char *name,
    int64_t otherwise_unix_ms)
{
    const struct condition_claim *claim =
        raise_find_held(raise, class, name, NULL);

    return claim != NULL ? claim->since_unix_ms : otherwise_unix_ms;
}

/* When what is so now began: it was so before, or begins now. */
static int64_t
begun(bool is, int64_t before_unix_ms, int64_t now_unix_ms)
{
    if (!is)
        return 0;
    return before_unix_ms != 0 ? before_unix_ms : now_unix_ms;
}

static void
take_row(struct raise_peer *peer, const struct agent_row *row, int64_t unix_ms)
{
    const struct agent_row *old = &peer->row;

    peer->failing_unix_ms =
        begun(row->self_check == 2, peer->failing_unix_ms, unix_ms);
    peer->cfg_refused_unix_ms =
        begun(row->cfg_refused[0] != '\0', peer->cfg_refused_unix_ms, unix_ms);
    if (row->clone_unix_ms != 0 &&
        (peer->clone_first_unix_ms == 0 ||
            row->clone_unix_ms - old->clone_unix_ms > RAISE_CLONE_MS))
        peer->clone_first_unix_ms = row->clone_unix_ms;
    peer->row = *row;
}

int
raise_note_agent(struct raise *raise, const struct agent_row *row,
    const struct raise_now *now, struct err *err)
{
    struct raise_peer *peer;

    if (raise == NULL)
        return 0;
    peer = raise_peer_find(raise, row->number);
    if (peer == NULL)
        peer = add_peer(raise, row->number, err);
    if (peer == NULL)
        return -1;
    if (row->last_seen_unix_ms != peer->row.last_seen_unix_ms) {
        peer->heard = true;
        peer->heard_ns = now->mono_ns;
        peer->was_silent = false;
    }
    take_row(peer, row, now->unix_ms);
    raise->dirty |= RAISE_PART_FLEET;
    return 0;
}

struct loading {
    struct raise *raise;
    int64_t now_unix_ms;
};

static int
load_row(void *ctx, const struct agent_row *row, struct err *err)
{
    struct loading *loading = ctx;
    struct raise *raise = loading->raise;
    struct raise_peer *peer = raise_peer_find(raise, row->number);

    if (peer != NULL) {
        take_row(peer, row, loading->now_unix_ms);
        return 0;
    }
    peer = add_peer(raise, row->number, err);
    if (peer == NULL)
        return -1;
    peer->was_silent =
        raise_find_held(raise, ALERT_AGENT_OFFLINE, row->name, NULL) != NULL;
    peer->failing_unix_ms =
        held_since(raise, ALERT_AGENT_NETWORK, row->name, 0);
    peer->cfg_refused_unix_ms =
        held_since(raise, ALERT_CONFIG_REJECTED, row->name, 0);
    peer->clone_first_unix_ms =
        held_since(raise, ALERT_DUPLICATE_AGENT, row->name, 0);
    take_row(peer, row, loading->now_unix_ms);
    return 0;
}

int
raise_peers_load(struct raise *raise, struct store_txn *txn,
    const struct raise_now *now, struct err *err)
{
    struct loading loading = {.raise = raise, .now_unix_ms = now->unix_ms};

    raise->dirty |= RAISE_PART_FLEET;
    return agent_each(txn, load_row, &loading, err);
}

/* What came in this turn, before we knew that there was a gap, was heard. */
void
raise_peers_listen(struct raise *raise, const struct raise_now *now)
{
    for (size_t i = 0; i < raise->peer_count; i++) {
        struct raise_peer *peer = raise->peers[i];

        peer->heard = peer->heard && peer->heard_ns > raise->ran_ns;
        if (!peer->heard)
            peer->was_silent = raise_find_held(raise, ALERT_AGENT_OFFLINE,
                                   peer->row.name, NULL) != NULL;
    }
    raise->listening_ns = now->mono_ns;
    raise->listening_unix_ms = now->unix_ms;
}

static bool
may_speak(const struct raise_peer *peer)
{
    return !peer->row.suspended && !peer->row.revoked &&
           peer->row.key_count > 0;
}

static struct raise_agent
agent_of(const struct raise *raise, const struct raise_peer *peer,
    const struct raise_now *now)
{
    const struct agent_row *row = &peer->row;
    int64_t from_ns = peer->heard && peer->heard_ns > raise->listening_ns
                          ? peer->heard_ns
                          : raise->listening_ns;

    return (struct raise_agent){
        .name = row->name,
        .region = row->region,
        .last_seen_unix_ms = row->last_seen_unix_ms,
        .heard = peer->heard,
        .silent_ms = (now->mono_ns - from_ns) / NS_PER_MS,
        .silent_unix_ms = row->last_seen_unix_ms,
        .was_silent = peer->was_silent,
        .self_check = row->self_check,
        .failing_unix_ms = peer->failing_unix_ms,
        .clock_known = row->clock_offset_known,
        .clock_offset_ms = row->clock_offset_ms,
        .clock_was_off =
            raise_find_held(raise, ALERT_AGENT_CLOCK, row->name, NULL) != NULL,
        .cfg_refused = row->cfg_refused,
        .cfg_refused_unix_ms = peer->cfg_refused_unix_ms,
        .address = row->address,
        .clone_unix_ms = row->clone_unix_ms,
        .clone_first_unix_ms = peer->clone_first_unix_ms,
        .clone_address = row->clone_address,
    };
}

int
raise_peers_claim(const struct raise *raise, const struct raise_now *now,
    struct condition_claims *claims, struct err *err)
{
    struct raise_agent *agents = calloc(raise->peer_count + 1, sizeof(*agents));
    struct raise_fleet fleet = {
        .agents = agents,
        .now_unix_ms = now->unix_ms,
        .listening_ms = (now->mono_ns - raise->listening_ns) / NS_PER_MS,
        .listening_unix_ms = raise->listening_unix_ms,
        .was_isolated =
            raise_find_held(raise, ALERT_COLLECTOR_ISOLATED, "", NULL) != NULL,
        .clock_was_off =
            raise_find_held(raise, ALERT_AGENT_CLOCK, "", NULL) != NULL,
        .own_refused = raise->own_refused,
        .own_refused_unix_ms = raise->own_refused_unix_ms,
        .zone = raise_newest(raise)->zone,
    };
    int rc;

    if (agents == NULL)
        return err_set(err, ERR_NOMEM, "agents");
    for (size_t i = 0; i < raise->peer_count; i++) {
        if (may_speak(raise->peers[i]))
            agents[fleet.count++] = agent_of(raise, raise->peers[i], now);
    }
    rc = raise_silence(&fleet, claims, err);
    if (rc == 0)
        rc = raise_agents(&fleet, claims, err);
    free(agents);
    return rc;
}
