#include "notice_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"

enum {
    KEY_BYTES = INCIDENT_ID_BYTES, /* a letter, and the id without its NUL */
    NOTICE_MAX_BYTES = 4 << 20,
    PACE_KEY_BYTES = 1 + MAILQ_ADDRESS_BYTES,
    PACE_ROW_VERSION = 1,
    PACE_MAX_BYTES = 256
};

void
notice_free(struct notice *notice)
{
    free(notice->targets);
    notice->targets = NULL;
    notice->target_count = 0;
}

void
notice_group(const struct notice *notice, char group[CONF_NAME_BYTES])
{
    size_t len = strcspn(notice->subject, "/");

    if (notice->on != CONDITION_ON_CHECK || len >= CONF_NAME_BYTES) {
        memcpy(group, NOTICE_FLEET, sizeof(NOTICE_FLEET));
        return;
    }
    memcpy(group, notice->subject, len);
    group[len] = '\0';
}

struct notice_target *
notice_target(struct notice *notice, const char *address, struct err *err)
{
    struct notice_target *targets;

    for (size_t i = 0; i < notice->target_count; i++) {
        if (strcmp(notice->targets[i].address, address) == 0)
            return &notice->targets[i];
    }
    targets =
        realloc(notice->targets, (notice->target_count + 1) * sizeof(*targets));
    if (targets == NULL) {
        (void)err_set(err, ERR_NOMEM, "notice's targets");
        return NULL;
    }
    notice->targets = targets;
    targets += notice->target_count++;
    *targets = (struct notice_target){0};
    (void)snprintf(targets->address, sizeof(targets->address), "%s", address);
    return targets;
}

/* ---- rows ---- */

/* Shorter ids than eight characters do not occur, and would be padded. */
static struct bytes
key_of(char letter, const char *id, uint8_t key[KEY_BYTES])
{
    memset(key, 0, KEY_BYTES);
    key[0] = (uint8_t)letter;
    memcpy(key + 1, id, strnlen(id, KEY_BYTES - 1));
    return (struct bytes){.data = key, .len = KEY_BYTES};
}

static int
put_as(struct store_txn *txn, char letter, const struct notice *notice,
    struct err *err)
{
    uint8_t key[KEY_BYTES];
    char other = letter == 'a' ? 'z' : 'a';
    struct buf out;
    int rc;

    buf_init(&out, NOTICE_MAX_BYTES);
    rc = notice_encode(notice, &out, err);
    if (rc == 0)
        rc = store_put(txn, STORE_NOTICES, key_of(letter, notice->id, key),
            buf_bytes(&out), err);
    if (rc == 0)
        rc = store_delete(
            txn, STORE_NOTICES, key_of(other, notice->id, key), err);
    buf_free(&out);
    return rc;
}

int
notice_get(struct store_txn *txn, const char *id, struct notice *notice,
    struct err *err)
{
    uint8_t key[KEY_BYTES];
    struct bytes value;
    int found =
        store_get(txn, STORE_NOTICES, key_of('a', id, key), &value, err);

    if (found == 0)
        found =
            store_get(txn, STORE_NOTICES, key_of('z', id, key), &value, err);
    if (found == 1 && notice_decode(value, notice, err) != 0)
        return -1;
    return found;
}

int
notice_put_active(
    struct store_txn *txn, const struct notice *notice, struct err *err)
{
    return put_as(txn, 'a', notice, err);
}

int
notice_settle(
    struct store_txn *txn, const struct notice *notice, struct err *err)
{
    uint8_t key[KEY_BYTES];

    /* Why it was not told is what people ask for afterwards. */
    if (notice->mute != NOTICE_HEARD)
        return put_as(txn, 'z', notice, err);
    for (size_t i = 0; i < notice->target_count; i++) {
        if (notice->targets[i].last_unix_ms != 0)
            return put_as(txn, 'z', notice, err);
    }
    return store_delete(txn, STORE_NOTICES, key_of('a', notice->id, key), err);
}

static int
take_active(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct notice_list *list = ctx;
    struct notice *items =
        realloc(list->items, (list->count + 1) * sizeof(*items));

    (void)key;
    if (items == NULL)
        return err_set(err, ERR_NOMEM, "%zu notices", list->count + 1);
    list->items = items;
    if (notice_decode(value, &items[list->count], err) != 0)
        return -1;
    list->count++;
    return 0;
}

int
notice_list_active(
    struct store_txn *txn, struct notice_list *list, struct err *err)
{
    *list = (struct notice_list){0};
    if (store_each(txn, STORE_NOTICES,
            (struct bytes){.data = (const uint8_t *)"a", .len = 1},
            (struct bytes){.data = (const uint8_t *)"b", .len = 1}, take_active,
            list, err) == 0)
        return 0;
    notice_list_free(list);
    return -1;
}

void
notice_list_free(struct notice_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        notice_free(&list->items[i]);
    free(list->items);
    *list = (struct notice_list){0};
}

/* ---- old ones ---- */

enum { SWEEP_MAX = 500 }; /* a turn */

struct sweeping {
    int64_t before_unix_ms;
    char ids[SWEEP_MAX][INCIDENT_ID_BYTES];
    size_t count;
};

static int
note_old(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct sweeping *sweeping = ctx;
    struct notice notice;

    (void)key;
    if (notice_decode(value, &notice, err) != 0)
        return -1;
    if (notice.end_unix_ms != 0 &&
        notice.end_unix_ms < sweeping->before_unix_ms)
        memcpy(sweeping->ids[sweeping->count++], notice.id, sizeof(notice.id));
    notice_free(&notice);
    return sweeping->count == SWEEP_MAX;
}

int
notice_sweep(struct store_txn *txn, int64_t before_unix_ms, struct err *err)
{
    struct sweeping sweeping = {.before_unix_ms = before_unix_ms};
    uint8_t key[KEY_BYTES];

    if (store_each(txn, STORE_NOTICES,
            (struct bytes){.data = (const uint8_t *)"z", .len = 1},
            (struct bytes){.data = (const uint8_t *)"{", .len = 1}, note_old,
            &sweeping, err) != 0)
        return -1;
    for (size_t i = 0; i < sweeping.count; i++) {
        if (store_delete(txn, STORE_NOTICES, key_of('z', sweeping.ids[i], key),
                err) != 0)
            return -1;
    }
    return 0;
}

/* ---- mails that tell several ---- */

enum {
    MEMBERS_KEY_BYTES = 9,
    MEMBERS_ROW_VERSION = 1,
    MEMBERS_MAX_BYTES = 64 * 1024,
    MEMBER_MIN_BYTES = 2
};

static struct bytes
members_key(uint64_t mail, uint8_t key[MEMBERS_KEY_BYTES])
{
    key[0] = 'g';
    key_put_u64(key + 1, mail);
    return (struct bytes){.data = key, .len = MEMBERS_KEY_BYTES};
}

int
notice_put_members(struct store_txn *txn, uint64_t mail,
    const struct notice_member *members, size_t count, struct err *err)
{
    uint8_t key[MEMBERS_KEY_BYTES];
    struct buf buf;
    struct row_out out = {.buf = &buf, .err = err};
    int rc = -1;

    buf_init(&buf, MEMBERS_MAX_BYTES);
    row_put_uint(&out, MEMBERS_ROW_VERSION);
    row_put_uint(&out, count);
    for (size_t i = 0; i < count; i++) {
        row_put_text(&out, members[i].id);
        row_put_uint(&out, members[i].state);
    }
    if (!out.failed)
        rc = store_put(
            txn, STORE_NOTICES, members_key(mail, key), buf_bytes(&buf), err);
    buf_free(&buf);
    return rc;
}

int
notice_members_decode(struct bytes bytes, struct notice_member **members,
    size_t *count, struct err *err)
{
    struct row_in in = row_in(bytes);

    *members = NULL;
    *count = 0;
    if (row_take_uint(&in, UINT8_MAX) != MEMBERS_ROW_VERSION)
        in.failed = true;
    *count = (size_t)row_take_uint(&in, NOTICE_MEMBERS_MAX);
    if (*count > (size_t)(in.end - in.at) / MEMBER_MIN_BYTES)
        in.failed = true;
    if (!in.failed && *count > 0) {
        *members = calloc(*count, sizeof(**members));
        if (*members == NULL)
            return err_set(err, ERR_NOMEM, "mail about %zu notices", *count);
    }
    for (size_t i = 0; !in.failed && i < *count; i++) {
        row_take_text(&in, (*members)[i].id, sizeof((*members)[i].id));
        (*members)[i].state =
            (enum mail_state)row_take_uint(&in, MAIL_STATE_COUNT - 1);
    }
    if (row_end(&in, bytes, "what a mail tells", err) == 0)
        return 0;
    free(*members);
    *members = NULL;
    *count = 0;
    return -1;
}

int
notice_get_members(struct store_txn *txn, uint64_t mail,
    struct notice_member **members, size_t *count, struct err *err)
{
    uint8_t key[MEMBERS_KEY_BYTES];
    struct bytes value;
    int found =
        store_get(txn, STORE_NOTICES, members_key(mail, key), &value, err);

    *members = NULL;
    *count = 0;
    if (found != 1)
        return found;
    return notice_members_decode(value, members, count, err);
}

int
notice_forget_members(struct store_txn *txn, uint64_t mail, struct err *err)
{
    uint8_t key[MEMBERS_KEY_BYTES];

    return store_delete(txn, STORE_NOTICES, members_key(mail, key), err);
}

/* ---- what became of mails ---- */

static void
note_accepted(struct notice_target *target, const struct mailq_row *row)
{
    switch ((enum mail_state)row->state_told) {
    case MAIL_FIRING:
    case MAIL_REMINDER:
        /* A cancelled one that got out says nothing new of later mails. */
        if (!row->cancelled || target->told == NOTICE_UNTOLD)
            target->told = NOTICE_TOLD_FIRING;
        target->missed = false;
        return;
    case MAIL_RESOLVED:
        target->told = NOTICE_TOLD_RESOLVED;
        target->missed = false;
        return;
    case MAIL_WITHDRAWN:
    case MAIL_STATE_COUNT:
        break;
    }
    target->told = NOTICE_TOLD_WITHDRAWN;
}

/* What was refused is not tried again, so it counts as the last word. */
static void
note_given_up(struct notice_target *target, const struct mailq_row *row)
{
    switch ((enum mail_state)row->state_told) {
    case MAIL_FIRING:
        target->missed = true;
        target->refused = true;
        return;
    case MAIL_REMINDER:
        return;
    case MAIL_RESOLVED:
        target->told = NOTICE_TOLD_RESOLVED;
        target->missed = false;
        return;
    case MAIL_WITHDRAWN:
    case MAIL_STATE_COUNT:
        break;
    }
    target->told = NOTICE_TOLD_WITHDRAWN;
}

static int
note_one(struct store_txn *txn, const struct mailq_row *row, bool accepted,
    int64_t at_unix_ms, struct err *err)
{
    struct notice notice;
    struct notice_target *target;
    int rc = notice_get(txn, row->incident, &notice, err);

    if (rc != 1)
        return rc;
    target = notice_target(&notice, row->recipient, err);
    if (target == NULL) {
        notice_free(&notice);
        return -1;
    }
    if (target->mail == row->id)
        target->mail = 0;
    if (accepted) {
        note_accepted(target, row);
        target->last_unix_ms = at_unix_ms;
    } else if (!row->cancelled) {
        note_given_up(target, row);
    }
    rc = notice_put_active(txn, &notice, err);
    notice_free(&notice);
    return rc;
}

int
notice_note_mail(struct store_txn *txn, const struct mailq_row *row,
    bool accepted, int64_t at_unix_ms, struct err *err)
{
    struct notice_member *members;
    size_t count;
    int rc = notice_get_members(txn, row->id, &members, &count, err);

    if (rc != 0)
        return -1;
    if (count == 0)
        return note_one(txn, row, accepted, at_unix_ms, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct mailq_row one = *row;

        memcpy(one.incident, members[i].id, sizeof(one.incident));
        one.state_told = (uint8_t)members[i].state;
        rc = note_one(txn, &one, accepted, at_unix_ms, err);
    }
    free(members);
    return rc;
}

/* ---- how many mails an address got ---- */

static struct bytes
pace_key(const char *address, uint8_t key[PACE_KEY_BYTES])
{
    size_t len = strnlen(address, MAILQ_ADDRESS_BYTES);

    key[0] = 's';
    memcpy(key + 1, address, len);
    return (struct bytes){.data = key, .len = len + 1};
}

int
notice_get_pace(struct store_txn *txn, const char *address,
    struct mail_pace *pace, struct err *err)
{
    uint8_t key[PACE_KEY_BYTES];
    struct bytes value;
    struct row_in in;
    int found =
        store_get(txn, STORE_NOTICES, pace_key(address, key), &value, err);

    *pace = (struct mail_pace){0};
    if (found != 1)
        return found;
    in = row_in(value);
    if (row_take_uint(&in, UINT8_MAX) != PACE_ROW_VERSION)
        in.failed = true;
    pace->count = (size_t)row_take_uint(&in, MAIL_PACE_COUNT);
    for (size_t i = 0; i < pace->count; i++)
        pace->sent_unix_ms[i] = row_take_int(&in);
    return row_end(&in, value, "mail pace", err);
}

int
notice_note_pace(struct store_txn *txn, const char *address,
    int64_t sent_unix_ms, struct err *err)
{
    uint8_t key[PACE_KEY_BYTES];
    struct mail_pace pace;
    struct buf buf;
    struct row_out out = {.buf = &buf, .err = err};
    int rc = -1;

    if (notice_get_pace(txn, address, &pace, err) < 0)
        return -1;
    mail_pace_note(&pace, sent_unix_ms);
    buf_init(&buf, PACE_MAX_BYTES);
    row_put_uint(&out, PACE_ROW_VERSION);
    row_put_uint(&out, pace.count);
    for (size_t i = 0; i < pace.count; i++)
        row_put_int(&out, pace.sent_unix_ms[i]);
    if (!out.failed)
        rc = store_put(
            txn, STORE_NOTICES, pace_key(address, key), buf_bytes(&buf), err);
    buf_free(&buf);
    return rc;
}
