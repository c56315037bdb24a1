/* What holds between checks: dependences, ids; and their order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector_conf_parts.h"

static int
compare_names(const void *a, const void *b)
{
    return strcmp(((const struct draft *)a)->out.check.name,
        ((const struct draft *)b)->out.check.name);
}

struct numbered {
    uint32_t id;
    const struct draft *draft;
};

static int
compare_ids(const void *a_ptr, const void *b_ptr)
{
    const struct numbered *a = a_ptr;
    const struct numbered *b = b_ptr;

    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return strcmp(a->draft->out.check.name, b->draft->out.check.name);
}

static struct draft *
find(struct reader *reader, const char *name)
{
    size_t low = 0;
    size_t high = reader->draft_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(reader->drafts[mid].out.check.name, name);

        if (order == 0)
            return &reader->drafts[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static const struct conf_node *
place_of_parent(const struct reader *reader, const struct draft *draft)
{
    return conf_find(reader->conf, draft->node, "depends_on");
}

/* "home" is the check of the same site; a full name is any. */
static void
complete_parent(struct reader *reader, struct draft *draft)
{
    struct conf_check *out = &draft->out;
    char full[CONF_NAME_BYTES + CHECK_NAME_BYTES];

    if (out->depends_on[0] == '\0')
        return;
    (void)snprintf(full, sizeof(full), "%s%s%s",
        strchr(out->depends_on, '/') == NULL ? out->site : "",
        strchr(out->depends_on, '/') == NULL ? "/" : "", out->depends_on);
    if (strlen(full) >= sizeof(out->depends_on) || find(reader, full) == NULL) {
        conf_complain(reader->conf, place_of_parent(reader, draft),
            "depends_on", "there is no check \"%.130s\"", full);
        out->depends_on[0] = '\0';
        return;
    }
    memcpy(out->depends_on, full, strlen(full) + 1);
}

/* Follows the parents; a chain longer than there are checks is a circle. */
static void
check_circle(struct reader *reader, struct draft *draft)
{
    const struct draft *at = draft;

    for (size_t steps = 0; at != NULL && at->out.depends_on[0] != '\0';
         steps++) {
        at = find(reader, at->out.depends_on);
        if (at == draft || steps > reader->draft_count) {
            conf_complain(reader->conf, place_of_parent(reader, draft),
                "depends_on", "goes round in a circle");
            draft->out.depends_on[0] = '\0';
            return;
        }
    }
}

static void
check_ids(struct reader *reader)
{
    struct numbered *order = calloc(reader->draft_count + 1, sizeof(*order));

    if (order == NULL) {
        conf_complain(reader->conf, NULL, NULL, "memory is out");
        return;
    }
    for (size_t i = 0; i < reader->draft_count; i++)
        order[i] = (struct numbered){
            .id = reader->drafts[i].out.check.id, .draft = &reader->drafts[i]};
    qsort(order, reader->draft_count, sizeof(*order), compare_ids);
    for (size_t i = 1; i < reader->draft_count; i++) {
        /* 0: not complete, and complained of */
        if (order[i].id == 0 || order[i].id != order[i - 1].id)
            continue;
        conf_complain(reader->conf, order[i].draft->node, "name",
            "\"%s\" and \"%s\" would be stored under one number (rename one)",
            order[i].draft->out.check.name, order[i - 1].draft->out.check.name);
    }
    free(order);
}

/* A kind with a room that is not built yet; it has been warned of. */
static bool
is_left_out(const struct draft *draft)
{
    return draft->kind > CHECK_PAGE;
}

/* Takes them out, and what refers to them; the order stays. */
static void
leave_out(struct reader *reader)
{
    struct config *config = &reader->config;
    size_t kept = 0;

    for (size_t i = 0; i < reader->draft_count; i++) {
        struct draft *draft = &reader->drafts[i];
        const struct draft *parent = draft->out.depends_on[0] != '\0'
                                         ? find(reader, draft->out.depends_on)
                                         : NULL;

        if (parent != NULL && is_left_out(parent))
            draft->out.depends_on[0] = '\0';
    }
    for (size_t i = 0; i < config->site_count; i++) {
        struct conf_site *site = &config->sites[i];
        const struct draft *main_check = find(reader, site->main_check);

        if (main_check != NULL && is_left_out(main_check))
            site->main_check[0] = '\0';
    }
    for (size_t i = 0; i < reader->draft_count; i++) {
        if (is_left_out(&reader->drafts[i]))
            draft_free(&reader->drafts[i]);
        else
            reader->drafts[kept++] = reader->drafts[i];
    }
    reader->draft_count = kept;
}

void
link_checks(struct reader *reader)
{
    struct config *config = &reader->config;

    if (reader->draft_count == 0)
        return;
    qsort(reader->drafts, reader->draft_count, sizeof(*reader->drafts),
        compare_names);
    for (size_t i = 0; i < reader->draft_count; i++)
        complete_parent(reader, &reader->drafts[i]);
    for (size_t i = 0; i < reader->draft_count; i++)
        check_circle(reader, &reader->drafts[i]);
    leave_out(reader);
    check_ids(reader);
    config->checks = calloc(reader->draft_count + 1, sizeof(struct conf_check));
    if (config->checks == NULL) {
        conf_complain(reader->conf, NULL, NULL, "memory is out");
        return;
    }
    for (size_t i = 0; i < reader->draft_count; i++)
        config->checks[i] = reader->drafts[i].out;
    config->check_count = reader->draft_count;
    reader->draft_count = 0; /* what they own belongs to the config now */
}
