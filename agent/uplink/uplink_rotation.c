#include "uplink_inner.h"

#include <string.h>

/* The pair that is announced: public key, then secret. */
static const char rotation_note[] = "next_keys";

enum { PAIR_BYTES = 2 * WIRE_KEY_BYTES };

static int
keep(struct uplink *uplink, const struct uplink_keys *next, struct err *err)
{
    uint8_t pair[PAIR_BYTES];
    int rc;

    memcpy(pair, next->agent_public, WIRE_KEY_BYTES);
    memcpy(pair + WIRE_KEY_BYTES, next->agent_secret, WIRE_KEY_BYTES);
    rc = spool_put_note(
        uplink->spool, rotation_note, (struct bytes){pair, sizeof(pair)}, err);
    explicit_bzero(pair, sizeof(pair));
    return rc;
}

static void
forget(struct uplink *uplink)
{
    struct err err;

    if (spool_put_note(
            uplink->spool, rotation_note, (struct bytes){NULL, 0}, &err) != 0) {
        log_event(LOG_AT_WARN, "uplink.rotation_not_forgotten", "error=\"%s\"",
            err.msg);
    }
}

int
uplink_rotation_begin(struct uplink *uplink, struct err *err)
{
    struct uplink_keys next = uplink->keys;

    if (uplink->events.store_keys == NULL)
        return err_set(err, ERR_STATE, "this agent keeps no keys");
    uplink_socket_new_keys(next.agent_public, next.agent_secret);
    if (keep(uplink, &next, err) != 0)
        return -1;
    uplink->next_keys = next;
    uplink->rotating = true;
    return 0;
}

int
uplink_rotation_end(struct uplink *uplink, struct err *err)
{
    if (uplink->events.store_keys(uplink->ctx, &uplink->next_keys, err) != 0)
        return -1;
    uplink->keys = uplink->next_keys;
    explicit_bzero(&uplink->next_keys, sizeof(uplink->next_keys));
    uplink->rotating = false;
    uplink->newkey_due = false;
    forget(uplink);
    return 0;
}

void
uplink_rotation_resume(struct uplink *uplink)
{
    struct buf pair;
    struct err err;

    buf_init(&pair, PAIR_BYTES);
    if (spool_get_note(uplink->spool, rotation_note, &pair, &err) == 1 &&
        pair.len == PAIR_BYTES &&
        memcmp(pair.data, uplink->keys.agent_public, WIRE_KEY_BYTES) != 0 &&
        uplink->events.store_keys != NULL) {
        uplink->next_keys = uplink->keys;
        memcpy(uplink->next_keys.agent_public, pair.data, WIRE_KEY_BYTES);
        memcpy(uplink->next_keys.agent_secret, pair.data + WIRE_KEY_BYTES,
            WIRE_KEY_BYTES);
        uplink->rotating = true;
    }
    if (pair.data != NULL)
        explicit_bzero(pair.data, pair.len);
    buf_free(&pair);
}
