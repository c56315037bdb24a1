#include "silence.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"

enum { ROW_VERSION = 1, ROW_MAX_BYTES = 2048 };

static const int64_t kept_ms = INT64_C(90) * 24 * 3600 * 1000;

/* ---- matching ---- */

static bool
fits(const char *pattern, const char *text)
{
    return pattern[0] == '\0' || fnmatch(pattern, text, FNM_NOESCAPE) == 0;
}

static bool
fits_region(const struct silence *silence, const struct notice *notice)
{
    if (silence->region[0] == '\0')
        return true;
    return strcmp(notice->on == CONDITION_ON_REGION ? notice->subject
                                                    : notice->scope,
               silence->region) == 0;
}

bool
silence_covers(const struct silence *silence, const struct notice *notice,
    int64_t now_unix_ms)
{
    const char *class = alert_class_name((int)notice->class);

    if (now_unix_ms < silence->from_unix_ms ||
        now_unix_ms >= silence->until_unix_ms)
        return false;
    if (silence->check[0] != '\0' && notice->on != CONDITION_ON_CHECK)
        return false;
    if (silence->agent[0] != '\0' && notice->on != CONDITION_ON_AGENT)
        return false;
    return fits(silence->check, notice->subject) &&
           fits(silence->agent, notice->subject) &&
           fits_region(silence, notice) &&
           (silence->class[0] == '\0' ||
               (class != NULL && strcmp(silence->class, class) == 0));
}

static int
take_word(
    const char *word, const char *name, char *out, size_t size, struct err *err)
{
    size_t len = strlen(word);

    if (out[0] != '\0')
        return err_set(err, ERR_PARSE, "more than one %s", name);
    if (len == 0 || len >= size)
        return err_set(err, ERR_PARSE, "a %s of %zu characters: \"%.40s\"",
            name, len, word);
    memcpy(out, word, len + 1);
    return 0;
}

static int
take_class(const char *word, struct silence *silence, struct err *err)
{
    int class = 0;

    while (
        class < ALERT_CLASS_COUNT && strcmp(alert_class_name(class), word) != 0)
        class ++;
    if (class == ALERT_CLASS_COUNT)
        return err_set(err, ERR_PARSE,
            "there is no class \"%.40s\" (such as SITE_DOWN, REGIONAL)", word);
    return take_word(
        word, "class", silence->class, sizeof(silence->class), err);
}

static int
take_one(const char *word, struct silence *silence, struct err *err)
{
    if (strncmp(word, "region:", 7) == 0)
        return take_word(
            word + 7, "region", silence->region, sizeof(silence->region), err);
    if (strncmp(word, "class:", 6) == 0)
        return take_class(word + 6, silence, err);
    if (strncmp(word, "agent:", 6) == 0)
        return take_word(
            word + 6, "agent", silence->agent, sizeof(silence->agent), err);
    if (strchr(word, '/') == NULL)
        return err_set(err, ERR_PARSE,
            "\"%.80s\" is no check (such as \"acme/home\"), nor "
            "region:…, class:…, agent:…",
            word);
    return take_word(
        word, "check", silence->check, sizeof(silence->check), err);
}

int
silence_take_match(const char *text, struct silence *silence, struct err *err)
{
    bool any = false;

    while (*text != '\0') {
        char word[CHECK_NAME_BYTES + 16];
        size_t len = strcspn(text, " \t");

        if (len >= sizeof(word))
            return err_set(err, ERR_PARSE, "a word of %zu characters", len);
        memcpy(word, text, len);
        word[len] = '\0';
        if (len > 0 && take_one(word, silence, err) != 0)
            return -1;
        any = any || len > 0;
        text += len;
        text += strspn(text, " \t");
    }
    return any ? 0
               : err_set(err, ERR_PARSE,
                     "what is to be silent: a check, region:…, class:… or "
                     "agent:…");
}

/* ---- rows ---- */

int
silence_encode(const struct silence *silence, struct buf *buf, struct err *err)
{
    struct row_out out = {.buf = buf, .err = err};

    row_put_uint(&out, ROW_VERSION);
    row_put_text(&out, silence->id);
    row_put_text(&out, silence->check);
    row_put_text(&out, silence->region);
    row_put_text(&out, silence->class);
    row_put_text(&out, silence->agent);
    row_put_int(&out, silence->from_unix_ms);
    row_put_int(&out, silence->until_unix_ms);
    row_put_text(&out, silence->author);
    row_put_text(&out, silence->reason);
    return out.failed ? -1 : 0;
}

int
silence_decode(struct bytes bytes, struct silence *silence, struct err *err)
{
    struct row_in in = row_in(bytes);

    *silence = (struct silence){0};
    if (row_take_uint(&in, UINT8_MAX) != ROW_VERSION)
        in.failed = true;
    row_take_text(&in, silence->id, sizeof(silence->id));
    row_take_text(&in, silence->check, sizeof(silence->check));
    row_take_text(&in, silence->region, sizeof(silence->region));
    row_take_text(&in, silence->class, sizeof(silence->class));
    row_take_text(&in, silence->agent, sizeof(silence->agent));
    silence->from_unix_ms = row_take_int(&in);
    silence->until_unix_ms = row_take_int(&in);
    row_take_text(&in, silence->author, sizeof(silence->author));
    row_take_text(&in, silence->reason, sizeof(silence->reason));
    return row_end(&in, bytes, "silence", err);
}

static struct bytes
key_of(const char *id)
{
    return (struct bytes){.data = (const uint8_t *)id, .len = strlen(id)};
}

static int
write_row(struct store_txn *txn, const struct silence *silence, struct err *err)
{
    struct buf out;
    int rc;

    buf_init(&out, ROW_MAX_BYTES);
    rc = silence_encode(silence, &out, err);
    if (rc == 0)
        rc = store_put(
            txn, STORE_SILENCES, key_of(silence->id), buf_bytes(&out), err);
    buf_free(&out);
    return rc;
}

static int
take_row(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct silence_list *list = ctx;
    struct silence *items =
        realloc(list->items, (list->count + 1) * sizeof(*items));

    (void)key;
    if (items == NULL)
        return err_set(err, ERR_NOMEM, "%zu silences", list->count + 1);
    list->items = items;
    if (silence_decode(value, &items[list->count], err) != 0)
        return -1;
    list->count++;
    return 0;
}

int
silence_list(struct store_txn *txn, struct silence_list *list, struct err *err)
{
    *list = (struct silence_list){0};
    if (store_each(txn, STORE_SILENCES, (struct bytes){0}, (struct bytes){0},
            take_row, list, err) == 0)
        return 0;
    silence_list_free(list);
    return -1;
}

void
silence_list_free(struct silence_list *list)
{
    free(list->items);
    *list = (struct silence_list){0};
}

const struct silence *
silence_list_covers(const struct silence_list *list,
    const struct notice *notice, int64_t now_unix_ms)
{
    for (size_t i = 0; i < list->count; i++) {
        if (silence_covers(&list->items[i], notice, now_unix_ms))
            return &list->items[i];
    }
    return NULL;
}

/* ---- what a person does ---- */

/* As incidents get theirs; two of the same moment and words are one. */
static void
make_id(struct silence *silence)
{
    char words[sizeof(silence->check) + sizeof(silence->region) +
               sizeof(silence->class) + sizeof(silence->agent)];

    (void)snprintf(words, sizeof(words), "%s %s %s %s", silence->check,
        silence->region, silence->class, silence->agent);
    incident_make_id(0, words, silence->from_unix_ms, silence->id);
}

int
silence_put(struct store_txn *txn, struct silence *silence, struct err *err)
{
    struct silence_list list;
    size_t count;

    if (silence_list(txn, &list, err) != 0)
        return -1;
    count = list.count;
    silence_list_free(&list);
    if (count >= SILENCE_MAX)
        return err_set(err, ERR_LIMIT, "there are %zu silences already", count);
    if (silence->until_unix_ms <= silence->from_unix_ms)
        return err_set(err, ERR_PARSE, "a silence that ends before it begins");
    make_id(silence);
    return write_row(txn, silence, err);
}

int
silence_end(
    struct store_txn *txn, const char *id, int64_t now_unix_ms, struct err *err)
{
    struct silence_list list;
    struct silence *found = NULL;
    int rc = 0;

    if (strncmp(id, "INC-", 4) == 0)
        id += 4;
    if (silence_list(txn, &list, err) != 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        if (list.items[i].until_unix_ms <= now_unix_ms ||
            strncmp(list.items[i].id, id, strlen(id)) != 0)
            continue;
        if (found != NULL)
            rc = err_set(err, ERR_PARSE, "\"%.20s\" fits several silences", id);
        found = &list.items[i];
    }
    if (rc == 0 && found != NULL) {
        found->until_unix_ms = now_unix_ms;
        rc = write_row(txn, found, err) == 0 ? 1 : -1;
    }
    silence_list_free(&list);
    return rc;
}

int
silence_sweep(struct store_txn *txn, int64_t now_unix_ms, struct err *err)
{
    struct silence_list list;
    int rc = silence_list(txn, &list, err);

    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        if (list.items[i].until_unix_ms < now_unix_ms - kept_ms)
            rc = store_delete(
                txn, STORE_SILENCES, key_of(list.items[i].id), err);
    }
    silence_list_free(&list);
    return rc;
}
