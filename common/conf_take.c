/* The table-driven half of conf.h: everything that knows no libyaml. */
#include "conf.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { KEYS_MAX = 64, SPAN_TEXT_BYTES = 48 };

static size_t
key_count(const struct conf_key *keys)
{
    size_t count = 0;

    while (keys[count].name != NULL)
        count++;
    assert(count <= KEYS_MAX);
    return count;
}

/* Far from all of them: says what there is. */
static void
complain_of_all(struct conf *conf, const struct conf_node *at, const char *name,
    const char *const *names, size_t count)
{
    char list[384] = "";
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        int len = snprintf(list + used, sizeof(list) - used, "%s%s",
            i > 0 ? ", " : "", names[i]);

        if (len < 0 || (size_t)len >= sizeof(list) - used) {
            list[used] = '\0';
            break;
        }
        used += (size_t)len;
    }
    conf_complain(conf, at, name, "unknown key (there are %s)", list);
}

static void
complain_of_unknown(struct conf *conf, const struct conf_node *at,
    const char *name, const struct conf_key *keys)
{
    const char *names[KEYS_MAX] = {NULL};
    size_t count = key_count(keys);
    size_t len = strlen(name);
    const char *closest;

    for (size_t i = 0; i < count; i++) {
        names[i] = keys[i].name;
        if (strncmp(names[i], name, len) == 0 &&
            strcmp(names[i] + len, "_file") == 0) {
            conf_complain(conf, at, name,
                "unknown key (secrets stand in files of their own: \"%s\")",
                names[i]);
            return;
        }
    }
    closest = text_closest(name, names, count);
    if (closest != NULL)
        conf_complain(
            conf, at, name, "unknown key (did you mean \"%s\"?)", closest);
    else
        complain_of_all(conf, at, name, names, count);
}

static int
take_one(struct conf *conf, const struct conf_key *key,
    const struct conf_node *value, void *out)
{
    const char *text = conf_scalar(value);

    if (text != NULL && *text == '\0' && key->min > 0) {
        conf_complain(conf, value, key->name,
            "has no value (give one, or leave the key out)");
        return -1;
    }
    return key->take(conf, key, value, (char *)out + key->offset);
}

uint64_t
conf_read(struct conf *conf, const char *name, const struct conf_node *map,
    const struct conf_key *keys, void *out)
{
    size_t count = key_count(keys);
    uint64_t taken = 0;
    uint64_t seen = 0;

    if (conf_shape(map) != CONF_MAP) {
        conf_complain(conf, map, name, "a map goes here (key: value)");
        return 0;
    }
    for (size_t i = 0; i < conf_count(map); i++) {
        const struct conf_node *value;
        const struct conf_node *at = conf_pair(conf, map, i, &value);
        const char *given = conf_scalar(at);
        size_t k = 0;

        if (given == NULL)
            continue; /* complained of already */
        while (k < count && strcmp(keys[k].name, given) != 0)
            k++;
        if (k == count) {
            complain_of_unknown(conf, at, given, keys);
            continue;
        }
        if ((seen & (UINT64_C(1) << k)) != 0 || conf_is_null(value))
            continue;
        seen |= UINT64_C(1) << k;
        if (take_one(conf, &keys[k], value, out) == 0)
            taken |= UINT64_C(1) << k;
    }
    return taken;
}

bool
conf_need(struct conf *conf, const struct conf_node *map, const char *key,
    const char *right)
{
    if (conf_shape(map) != CONF_MAP || conf_find(conf, map, key) != NULL)
        return true; /* or complained of already */
    conf_complain(conf, map, key, "is missing (%s)", right);
    return false;
}

int
conf_add(struct conf *conf, struct strlist *list, const char *item)
{
    if (strlist_add(list, item) == 0)
        return 0;
    conf_complain(conf, NULL, NULL, "memory is out");
    return -1;
}

const char *
conf_need_scalar(
    struct conf *conf, const struct conf_key *key, const struct conf_node *node)
{
    const char *text = conf_scalar(node);

    if (text == NULL)
        conf_complain(conf, node, key->name, "one value goes here, not a %s",
            conf_shape(node) == CONF_LIST ? "list" : "map");
    return text;
}

static bool
is_one_line(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    }
    return true;
}

static bool
is_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < 0x20 && strchr("\t\r\n", *text) == NULL) ||
            *text == 0x7f)
            return false;
    }
    return true;
}

/* The scalar's text if it is between `min` and `max` bytes of one line. */
static const char *
need_line(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, int64_t min, int64_t max)
{
    const char *text = conf_need_scalar(conf, key, node);
    size_t len;

    if (text == NULL)
        return NULL;
    len = strlen(text);
    if (!is_one_line(text)) {
        conf_complain(conf, node, key->name,
            "has a control character in it (one line of text is right)");
        return NULL;
    }
    if ((int64_t)len < min) {
        conf_complain(conf, node, key->name, "is empty");
        return NULL;
    }
    if ((int64_t)len > max) {
        conf_complain(conf, node, key->name,
            "has %zu bytes (at most %" PRId64 ")", len, max);
        return NULL;
    }
    return text;
}

static int
replace_string(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, const char *text, char **field)
{
    char *copy = strdup(text);

    if (copy == NULL) {
        conf_complain(conf, node, key->name, "memory is out");
        return -1;
    }
    free(*field);
    *field = copy;
    return 0;
}

int
conf_take_string(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = need_line(conf, key, node, key->min, key->max);

    return text == NULL ? -1 : replace_string(conf, key, node, text, field);
}

int
conf_take_text(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);

    if (text == NULL)
        return -1;
    if (!is_text(text) || (int64_t)strlen(text) > key->max) {
        conf_complain(conf, node, key->name,
            "has control characters or more than %" PRId64 " bytes", key->max);
        return -1;
    }
    return replace_string(conf, key, node, text, field);
}

int
conf_take_chars(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = need_line(conf, key, node, key->min, key->max - 1);

    if (text == NULL)
        return -1;
    memcpy(field, text, strlen(text) + 1);
    return 0;
}

int
conf_take_name(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);

    if (text == NULL)
        return -1;
    if (!text_is_name(text)) {
        conf_complain(conf, node, key->name,
            "\"%.80s\" is not a name (letters, digits, . _ -, at most 64, "
            "begins "
            "with a letter or digit)",
            text);
        return -1;
    }
    memcpy(field, text, strlen(text) + 1);
    return 0;
}

int
conf_take_bool(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    bool *out = field;

    if (text == NULL)
        return -1;
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        conf_complain(
            conf, node, key->name, "\"%.40s\" is neither true nor false", text);
        return -1;
    }
    *out = *text == 't';
    return 0;
}

int
conf_take_int(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    int32_t *out = field;
    int64_t value;
    struct err err;

    if (text == NULL)
        return -1;
    if (text_take_int(text, key->min, key->max, &value, &err) != 0) {
        conf_complain(conf, node, key->name, "%s", err.msg);
        return -1;
    }
    *out = (int32_t)value;
    return 0;
}

int
conf_take_span(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const char *text = conf_need_scalar(conf, key, node);
    int64_t *out = field;
    int64_t span_ms;
    struct err err;

    if (text == NULL)
        return -1;
    if (text_take_span_ms(text, &span_ms, &err) != 0) {
        conf_complain(conf, node, key->name, "%s", err.msg);
        return -1;
    }
    if (span_ms < key->min || span_ms > key->max) {
        char min[SPAN_TEXT_BYTES];
        char max[SPAN_TEXT_BYTES];

        text_put_span(key->min, min, sizeof(min));
        text_put_span(key->max, max, sizeof(max));
        conf_complain(conf, node, key->name,
            "\"%.40s\" is out of range (%s to %s)", text, min, max);
        return -1;
    }
    *out = span_ms;
    return 0;
}

int
conf_take_size(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    static const char *const units[] = {"KiB", "MiB", "GiB"};
    const char *text = conf_need_scalar(conf, key, node);
    int64_t *out = field;
    char digits[16] = "";
    size_t len;
    int64_t value;
    struct err err;

    if (text == NULL)
        return -1;
    len = strspn(text, "0123456789");
    if (len > 0 && len < sizeof(digits))
        memcpy(digits, text, len);
    for (int i = 0; i < 3; i++) {
        int shift = 10 * (i + 1);

        if (strcmp(text + len, units[i]) != 0 ||
            text_take_int(digits, 0, INT64_MAX >> shift, &value, &err) != 0)
            continue;
        value <<= shift;
        if (value < key->min || value > key->max)
            break;
        *out = value;
        return 0;
    }
    conf_complain(conf, node, key->name,
        "\"%.40s\" is not a size from %" PRId64 "KiB to %" PRId64
        "KiB (such as 256MiB)",
        text, key->min >> 10, key->max >> 10);
    return -1;
}

int
conf_take_percent(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    enum { PER_CENT = 100, WHOLE = 1000000 };
    const char *text = conf_need_scalar(conf, key, node);
    int64_t *out = field;
    int64_t value;
    struct err err;

    if (text == NULL)
        return -1;
    if (text_take_decimal_millionths(text, &value, &err) != 0) {
        conf_complain(conf, node, key->name, "%s", err.msg);
        return -1;
    }
    if (value <= 0 || value / PER_CENT > WHOLE || value % PER_CENT != 0 ||
        value > (int64_t)WHOLE * PER_CENT) {
        conf_complain(conf, node, key->name,
            "%.40s is not a percentage (above 0, up to 100, at most four "
            "decimals: 99.9)",
            text);
        return -1;
    }
    *out = value / PER_CENT;
    return 0;
}

int
conf_take_word(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    const struct conf_word *words = key->extra;
    const char *text = conf_need_scalar(conf, key, node);
    int *out = field;
    char list[256] = "";
    size_t used = 0;

    if (text == NULL)
        return -1;
    for (size_t i = 0; words[i].word != NULL; i++) {
        size_t len = strlen(words[i].word);

        if (strcmp(words[i].word, text) == 0) {
            *out = words[i].value;
            return 0;
        }
        if (used + len + 3 < sizeof(list)) {
            memcpy(list + used, i > 0 ? ", " : "", i > 0 ? 2 : 0);
            used += i > 0 ? 2 : 0;
            memcpy(list + used, words[i].word, len + 1);
            used += len;
        }
    }
    conf_complain(conf, node, key->name, "\"%.40s\" is none of %s", text, list);
    return -1;
}

int
conf_take_strings(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    enum { ITEM_MAX_BYTES = 1000 };
    bool is_list = conf_shape(node) == CONF_LIST;
    size_t count = is_list ? conf_count(node) : 1;
    struct strlist list = {0};

    if (conf_shape(node) == CONF_MAP || (int64_t)count < key->min ||
        (int64_t)count > key->max) {
        conf_complain(conf, node, key->name,
            "a list of %" PRId64 " to %" PRId64 " goes here", key->min,
            key->max);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const struct conf_node *item =
            is_list ? conf_item(conf, node, i) : node;
        const char *text = need_line(conf, key, item, 1, ITEM_MAX_BYTES);

        if (text == NULL || conf_add(conf, &list, text) != 0) {
            strlist_free(&list);
            return -1;
        }
    }
    strlist_free(field);
    *(struct strlist *)field = list;
    return 0;
}

int
conf_take_ignored(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field)
{
    (void)conf;
    (void)key;
    (void)node;
    (void)field;
    return 0;
}
