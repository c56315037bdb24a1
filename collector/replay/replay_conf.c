#include "replay_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

enum { TEXT_LIMIT_BYTES = 4 * 1024 * 1024, NOTE_BYTES = 400 };

static void
keep_first_mistake(void *ctx, const char *line)
{
    char *first = ctx;

    if (first[0] == '\0')
        (void)snprintf(first, sizeof((struct err){0}.msg), "%s", line);
}

/* What was changed by command stays, as where a new file is read. */
static struct config *
parse(const struct config *newest, const char *yaml, struct err *err)
{
    char mistake[sizeof(err->msg)] = "";
    struct config *config = NULL;
    struct buf text;

    buf_init(&text, TEXT_LIMIT_BYTES);
    if (buf_append(&text, (const uint8_t *)yaml, strlen(yaml), err) == 0 &&
        buf_append(&text, (const uint8_t *)newest->source + newest->file_len,
            newest->source_len - newest->file_len, err) == 0)
        config = collector_conf_parse((const char *)text.data, text.len,
            "--config", keep_first_mistake, mistake, err);
    if (config == NULL && mistake[0] != '\0')
        (void)err_set(err, ERR_PARSE, "%s", mistake);
    buf_free(&text);
    return config;
}

static int
add_note(struct strlist *notes, const char *note, struct err *err)
{
    if (strlist_has(notes, note) || strlist_add(notes, note) == 0)
        return 0;
    return err_set(err, ERR_NOMEM, "notes");
}

static bool
has(const struct conf_region_set *regions, const char *name)
{
    for (size_t i = 0; i < regions->count; i++) {
        if (strcmp(regions->names[i], name) == 0)
            return true;
    }
    return false;
}

/* Leaves out regions that did not measure it; all of them: as it was. */
static bool
keep_measured(
    struct conf_region_set *regions, const struct conf_region_set *measured)
{
    size_t before = regions->count;
    size_t kept = 0;

    for (size_t i = 0; i < before; i++) {
        if (!has(measured, regions->names[i]))
            continue;
        if (kept != i)
            memcpy(regions->names[kept], regions->names[i],
                sizeof(regions->names[i]));
        kept++;
    }
    regions->count = kept;
    if (kept == 0)
        *regions = *measured;
    return kept == before;
}

static int
fit_check(struct conf_check *check, const struct conf_check *was,
    struct strlist *notes, struct err *err)
{
    char note[NOTE_BYTES];

    if (check->check.interval_ms != was->check.interval_ms) {
        char span[32];

        text_put_span(was->check.interval_ms, span, sizeof(span));
        (void)snprintf(note, sizeof(note),
            "%s was measured every %s, and is judged so", was->check.name,
            span);
        if (add_note(notes, note, err) != 0)
            return -1;
    }
    check->check.interval_ms = was->check.interval_ms;
    check->check.timeout_ms = was->check.timeout_ms;
    check->check.kind = was->check.kind;
    if (keep_measured(&check->regions, &was->regions))
        return 0;
    (void)snprintf(note, sizeof(note),
        "%s was not measured in all of those regions: only those that did "
        "count",
        was->check.name);
    return add_note(notes, note, err);
}

/* A check that is new: it has no slots with a verdict. */
static int
fit(struct config *config, const struct config *was, struct strlist *notes,
    struct err *err)
{
    for (size_t i = 0; i < config->check_count; i++) {
        struct conf_check *check = &config->checks[i];
        const struct conf_check *before =
            collector_conf_check_by_id(was, check->check.id);

        if (before != NULL && fit_check(check, before, notes, err) != 0)
            return -1;
    }
    return 0;
}

static int
note_strangers(const struct conf_history *stored, const struct config *config,
    struct strlist *notes, struct err *err)
{
    const struct config *newest = stored->versions[stored->count - 1].config;
    char note[NOTE_BYTES];

    for (size_t i = 0; i < config->check_count; i++) {
        const struct conf_check *check = &config->checks[i];

        if (conf_history_check(stored, check->check.id, 0) != NULL)
            continue;
        (void)snprintf(note, sizeof(note),
            "%s was never measured: nothing is known of it", check->check.name);
        if (add_note(notes, note, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < newest->check_count; i++) {
        const struct conf_check *check = &newest->checks[i];

        if (collector_conf_check_by_id(config, check->check.id) != NULL)
            continue;
        (void)snprintf(note, sizeof(note),
            "%s is not among those settings' checks: left out",
            check->check.name);
        if (add_note(notes, note, err) != 0)
            return -1;
    }
    return 0;
}

struct conf_history *
replay_conf_make(const struct conf_history *stored, const char *yaml,
    int64_t from_unix_ms, struct strlist *notes, struct err *err)
{
    const struct config *newest = stored->versions[stored->count - 1].config;
    const struct conf_version *first = conf_history_at(stored, from_unix_ms);
    size_t at = (size_t)(first - stored->versions);
    struct conf_history *played = calloc(1, sizeof(*played));

    if (played != NULL)
        played->versions =
            calloc(stored->count - at, sizeof(*played->versions));
    if (played == NULL || played->versions == NULL) {
        (void)err_set(err, ERR_NOMEM, "settings");
        goto failed;
    }
    for (; at < stored->count; at++) {
        struct conf_version *version = &played->versions[played->count];

        *version = stored->versions[at];
        version->config = parse(newest, yaml, err);
        if (version->config == NULL)
            goto failed;
        played->count++;
        if (fit(version->config, stored->versions[at].config, notes, err) != 0)
            goto failed;
    }
    if (note_strangers(stored, played->versions[0].config, notes, err) == 0)
        return played;

failed:
    conf_history_free(played);
    return NULL;
}

static bool
is_in_earlier(const struct conf_history *conf, size_t version, uint32_t check)
{
    for (size_t i = 0; i < version; i++) {
        if (collector_conf_check_by_id(conf->versions[i].config, check) != NULL)
            return true;
    }
    return false;
}

int
replay_conf_each_check(const struct conf_history *conf, replay_check_fn *fn,
    void *ctx, struct err *err)
{
    for (size_t i = 0; i < conf->count; i++) {
        const struct config *config = conf->versions[i].config;

        for (size_t k = 0; k < config->check_count; k++) {
            if (!is_in_earlier(conf, i, config->checks[k].check.id) &&
                fn(ctx, &config->checks[k], err) != 0)
                return -1;
        }
    }
    return 0;
}
