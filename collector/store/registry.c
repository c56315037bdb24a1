#include "registry.h"

#include <string.h>

#include "row.h"

/*
 * STORE_NAMES: 'n' kind name -> number as u32; 'r' kind number as u32 -> name;
 * 'c' kind -> the last number given, as u32.
 */
enum { NAME_KEY_MAX_BYTES = 2 + REGISTRY_NAME_BYTES, NUMBER_BYTES = 4 };

static const char *const kind_names[] = {
    [REGISTRY_REGION] = "region",
    [REGISTRY_AGENT] = "agent",
    [REGISTRY_SPOOL] = "spool",
};

static uint32_t
number_max(enum registry_kind kind)
{
    return kind == REGISTRY_REGION ? UINT16_MAX : UINT32_MAX;
}

/* ERR_LIMIT where the name cannot be one. */
static int
name_key(enum registry_kind kind, const char *name,
    uint8_t out[NAME_KEY_MAX_BYTES], struct bytes *key, struct err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len >= REGISTRY_NAME_BYTES)
        return err_set(err, ERR_LIMIT, "%s name of %zu bytes (1 to %d)",
            kind_names[kind], len, REGISTRY_NAME_BYTES - 1);
    out[0] = 'n';
    out[1] = (uint8_t)kind;
    memcpy(out + 2, name, len);
    *key = (struct bytes){.data = out, .len = len + 2};
    return 0;
}

static int
take_number(struct bytes value, uint32_t *number, struct err *err)
{
    if (value.len != NUMBER_BYTES)
        return err_set(
            err, ERR_STATE, "number of %zu bytes in the registry", value.len);
    *number = key_take_u32(value.data);
    return 0;
}

static int
put_number(
    struct store_txn *txn, struct bytes key, uint32_t number, struct err *err)
{
    uint8_t bytes[NUMBER_BYTES];

    key_put_u32(bytes, number);
    return store_put(txn, STORE_NAMES, key,
        (struct bytes){.data = bytes, .len = sizeof(bytes)}, err);
}

int
registry_find(struct store_txn *txn, enum registry_kind kind, const char *name,
    uint32_t *number, struct err *err)
{
    uint8_t bytes[NAME_KEY_MAX_BYTES];
    struct bytes key;
    struct bytes value;
    int rc;

    if (name_key(kind, name, bytes, &key, err) != 0)
        return -1;
    rc = store_get(txn, STORE_NAMES, key, &value, err);
    if (rc == 1 && take_number(value, number, err) != 0)
        return -1;
    return rc;
}

/* The number after the last one given. */
static int
next_number(struct store_txn *txn, enum registry_kind kind, uint32_t *number,
    struct err *err)
{
    const uint8_t bytes[2] = {'c', (uint8_t)kind};
    struct bytes key = {.data = bytes, .len = sizeof(bytes)};
    struct bytes value;
    uint32_t last = 0;
    int rc = store_get(txn, STORE_NAMES, key, &value, err);

    if (rc < 0 || (rc == 1 && take_number(value, &last, err) != 0))
        return -1;
    if (last >= number_max(kind))
        return err_set(err, ERR_LIMIT, "more than %u names of kind %s", last,
            kind_names[kind]);
    *number = last + 1;
    return put_number(txn, key, *number, err);
}

int
registry_number(struct store_txn *txn, enum registry_kind kind,
    const char *name, uint32_t *number, struct err *err)
{
    uint8_t forward[NAME_KEY_MAX_BYTES];
    uint8_t back[2 + NUMBER_BYTES] = {'r', (uint8_t)kind};
    struct bytes key;
    int rc = registry_find(txn, kind, name, number, err);

    if (rc != 0)
        return rc > 0 ? 0 : -1;
    if (name_key(kind, name, forward, &key, err) != 0 ||
        next_number(txn, kind, number, err) != 0)
        return -1;
    key_put_u32(back + 2, *number);
    if (put_number(txn, key, *number, err) != 0)
        return -1;
    return store_put(txn, STORE_NAMES,
        (struct bytes){.data = back, .len = sizeof(back)},
        (struct bytes){.data = (const uint8_t *)name, .len = strlen(name)},
        err);
}

int
registry_name(struct store_txn *txn, enum registry_kind kind, uint32_t number,
    char name[REGISTRY_NAME_BYTES], struct err *err)
{
    uint8_t bytes[2 + NUMBER_BYTES] = {'r', (uint8_t)kind};
    struct bytes value;
    int rc;

    key_put_u32(bytes + 2, number);
    rc = store_get(txn, STORE_NAMES,
        (struct bytes){.data = bytes, .len = sizeof(bytes)}, &value, err);
    if (rc != 1)
        return rc;
    if (value.len == 0 || value.len >= REGISTRY_NAME_BYTES ||
        memchr(value.data, 0, value.len) != NULL)
        return err_set(
            err, ERR_STATE, "name of %zu bytes in the registry", value.len);
    memcpy(name, value.data, value.len);
    name[value.len] = '\0';
    return 1;
}

/* ---- care ---- */

static int
check_name(struct store_txn *txn, enum registry_kind kind, const char *name,
    uint32_t number, struct err *err)
{
    uint8_t last_key[2] = {'c', (uint8_t)kind};
    char named[REGISTRY_NAME_BYTES];
    uint32_t numbered = 0;
    uint32_t last = 0;
    struct bytes value;

    if (registry_find(txn, kind, name, &numbered, err) != 1 ||
        registry_name(txn, kind, number, named, err) != 1 ||
        numbered != number || strcmp(named, name) != 0)
        return err_set(err, ERR_STATE,
            "%s \"%.130s\" has the number %u, or the number has another name",
            kind_names[kind], name, number);
    if (store_get(txn, STORE_NAMES,
            (struct bytes){.data = last_key, .len = sizeof(last_key)}, &value,
            err) != 1 ||
        take_number(value, &last, err) != 0 || last < number)
        return err_set(err, ERR_STATE,
            "%s \"%.130s\" has a number that was never given", kind_names[kind],
            name);
    return 0;
}

int
registry_row_check(struct store_txn *txn, struct bytes key, struct bytes value,
    struct err *err)
{
    char name[REGISTRY_NAME_BYTES] = "";
    struct bytes text = value;
    uint32_t number;

    if (key.len < 2 || key.data[1] > REGISTRY_SPOOL ||
        (key.data[0] != 'n' && key.data[0] != 'r' && key.data[0] != 'c'))
        return err_set(err, ERR_STATE, "registry key of no kind");
    if (key.data[0] == 'c')
        return take_number(value, &number, err);
    if (key.data[0] == 'n') {
        text = (struct bytes){.data = key.data + 2, .len = key.len - 2};
        if (take_number(value, &number, err) != 0)
            return -1;
    } else if (key.len == 2 + NUMBER_BYTES) {
        number = key_take_u32(key.data + 2);
    } else {
        return err_set(err, ERR_STATE, "registry key of no number");
    }
    if (text.len == 0 || text.len >= sizeof(name))
        return err_set(err, ERR_STATE, "name of %zu bytes", text.len);
    memcpy(name, text.data, text.len);
    return check_name(txn, (enum registry_kind)key.data[1], name, number, err);
}
