#include "group.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* By group and thread; in each the worst first. */
static int
compare_due(const void *a, const void *b)
{
    const struct group_due *one = a;
    const struct group_due *two = b;
    int order = strcmp(one->group, two->group);

    if (order == 0)
        order = strcmp(one->root, two->root);
    if (order == 0)
        order = (int)two->severity - (int)one->severity;
    return order != 0 ? order : strcmp(one->id, two->id);
}

static bool
same_thread(const struct group_due *a, const struct group_due *b)
{
    return strcmp(a->group, b->group) == 0 && strcmp(a->root, b->root) == 0;
}

/* Puts due[0..count) in one message, the worst of them first. */
static void
put_in(struct group_due *due, size_t count, enum group_kind kind,
    struct group_message *messages, size_t at)
{
    messages[at] = (struct group_message){
        .kind = kind,
        .group = due[0].group,
        .root = kind == GROUP_ONE        ? ""
                : due[0].root[0] != '\0' ? due[0].root
                                         : due[0].id,
        .severity = due[0].severity,
        .free = true,
    };
    for (size_t i = 0; i < count; i++) {
        due[i].message = at;
        messages[at].free = messages[at].free && due[i].replaces;
    }
}

static size_t
make_messages(
    struct group_due *due, size_t count, struct group_message *messages)
{
    size_t made = 0;
    size_t next;

    for (size_t i = 0; i < count; i = next) {
        next = i + 1;
        while (next < count && same_thread(&due[i], &due[next]))
            next++;
        if (due[i].root[0] != '\0' || next - i > GROUP_SINGLE_MAX) {
            put_in(&due[i], next - i, GROUP_THREAD, messages, made++);
            continue;
        }
        for (size_t k = i; k < next; k++)
            put_in(&due[k], 1, GROUP_ONE, messages, made++);
    }
    return made;
}

/* The worst that is not kept yet, of those that need room; SIZE_MAX: none. */
static size_t
worst_of(const struct group_message *messages, size_t count, const size_t *kept)
{
    size_t worst = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        if (kept[i] == GROUP_LATER && !messages[i].free &&
            (worst == SIZE_MAX ||
                messages[i].severity > messages[worst].severity))
            worst = i;
    }
    return worst;
}

/* kept[i]: the new place of a message, or GROUP_LATER. */
static size_t
move_kept(struct group_message *messages, size_t count, size_t *kept)
{
    size_t next = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept[i] == GROUP_LATER)
            continue;
        messages[next] = messages[i];
        kept[i] = next++;
    }
    return next;
}

static void
sum_up(struct group_due *due, size_t count, const size_t *kept, size_t summary,
    struct group_message *messages)
{
    messages[summary] = (struct group_message){.kind = GROUP_SUMMARY,
        .group = "",
        .root = "",
        .severity = SEVERITY_DIGEST};
    for (size_t i = 0; i < count; i++) {
        if (kept[due[i].message] != GROUP_LATER)
            continue;
        if (due[i].severity > messages[summary].severity)
            messages[summary].severity = due[i].severity;
    }
}

static size_t
cut(struct group_due *due, size_t count, size_t room,
    struct group_message *messages, size_t made, size_t *kept)
{
    size_t summary = GROUP_LATER;

    for (size_t i = 0; i < made; i++)
        kept[i] = messages[i].free ? i : GROUP_LATER;
    for (size_t used = 0; used + 1 < room; used++) {
        size_t worst = worst_of(messages, made, kept);

        if (worst == SIZE_MAX)
            break;
        kept[worst] = worst;
    }
    made = move_kept(messages, made, kept);
    if (room > 0) {
        summary = made++;
        sum_up(due, count, kept, summary, messages);
    }
    for (size_t i = 0; i < count; i++)
        due[i].message = kept[due[i].message] == GROUP_LATER
                             ? summary
                             : kept[due[i].message];
    return made;
}

size_t
group_plan(struct group_due *due, size_t count, size_t room,
    struct group_message *messages)
{
    size_t wanted = 0;
    size_t made;
    size_t *kept;

    qsort(due, count, sizeof(due[0]), compare_due);
    made = make_messages(due, count, messages);
    for (size_t i = 0; i < made; i++)
        wanted += !messages[i].free;
    if (wanted <= room)
        return made;
    kept = calloc(made, sizeof(kept[0]));
    if (kept == NULL)
        return made; /* rather too many than none */
    made = cut(due, count, room, messages, made, kept);
    free(kept);
    return made;
}
