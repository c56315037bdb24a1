#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail_advice.h"
#include "mail_group.h"
#include "mail_say.h"

enum { WORDS_BYTES = 161 };

static bool
is_on(const struct mail_group_item *item)
{
    return item->state == MAIL_FIRING || item->state == MAIL_REMINDER;
}

const char *
mail_item_what(const struct mail_group_item *item)
{
    const struct condition_claim claim = {
        .class = item->class, .severity = item->severity};

    switch (item->class) {
    case ALERT_SITE_DOWN:
    case ALERT_REGIONAL:
        return "DOWN";
    case ALERT_FORM_FAILING:
        return "FORM FAILING";
    case ALERT_COLLECTOR_ISOLATED:
    case ALERT_AGENT_OFFLINE:
    case ALERT_REGION_BLIND:
    case ALERT_AGENT_NETWORK:
    case ALERT_REGION_NETWORK:
    case ALERT_SLOW:
    case ALERT_P95:
    case ALERT_BUDGET:
    case ALERT_CERT:
    case ALERT_DNS:
    case ALERT_FAMILY:
    case ALERT_MAIL:
    case ALERT_STORE_FULL:
    case ALERT_AGENT_CLOCK:
    case ALERT_CONFIG_REJECTED:
    case ALERT_DUPLICATE_AGENT:
    case ALERT_STORE_DAMAGED:
    case ALERT_BACKUP_FAILED:
    case ALERT_FLAPPING:
    case ALERT_CLASS_COUNT:
        break;
    }
    return mail_advice_of(&claim)->ended;
}

/* Firing, severe and early ones first. */
static int
compare(const void *a, const void *b)
{
    const struct mail_group_item *x = *(const struct mail_group_item *const *)a;
    const struct mail_group_item *y = *(const struct mail_group_item *const *)b;

    if (is_on(x) != is_on(y))
        return is_on(x) ? -1 : 1;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->start_unix_ms != y->start_unix_ms)
        return x->start_unix_ms < y->start_unix_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void
put_item(const struct mail_group_item *item, const struct mail_items_view *view,
    struct mail_doc *doc)
{
    const char *what = mail_item_what(item);
    bool regional =
        item->scope[0] != '\0' && strcmp(item->scope, "global") != 0;
    char where[INCIDENT_SCOPE_BYTES + CONDITION_SUBJECT_BYTES + 8];
    char since[SAY_BYTES];
    char span[SAY_BYTES];
    char state[SAY_BYTES * 2];
    char words[WORDS_BYTES];
    const char *cells[] = {state, where, since, item->id, words};

    (void)snprintf(where, sizeof(where), "%s%s%s", item->subject,
        regional ? " in " : "", regional ? item->scope : "");
    mail_doc_harmless(item->words, words, sizeof(words));
    say_short(view->zone, item->start_unix_ms, view->now_unix_ms, since);
    if (is_on(item)) {
        (void)snprintf(state, sizeof(state), "%s", what);
    } else if (item->state == MAIL_WITHDRAWN) {
        (void)snprintf(state, sizeof(state), "withdrawn");
    } else {
        say_span(item->end_unix_ms - item->start_unix_ms, span);
        (void)snprintf(state, sizeof(state), "resolved after %s", span);
    }
    mail_doc_put(doc,
        is_on(item) && item->severity >= SEVERITY_NOTIFY ? MAIL_DOC_BAD_ROW
                                                         : MAIL_DOC_ROW,
        cells, 5);
}

int
mail_items_put(const struct mail_group_item *items, size_t count,
    const struct mail_items_view *view, struct mail_doc *doc)
{
    static const char *const head[] = {"state", "what", "since", "id", "why"};
    const struct mail_group_item **sorted = calloc(count + 1, sizeof(*sorted));

    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &items[i];
    qsort(sorted, count, sizeof(*sorted), compare);
    mail_doc_put(doc, MAIL_DOC_LONG_HEAD, head, 5);
    for (size_t i = 0; i < count && i < view->max; i++)
        put_item(sorted[i], view, doc);
    if (count > view->max)
        mail_doc_say(doc, MAIL_DOC_NOTE, "and %zu more: leadline alerts",
            count - view->max);
    free(sorted);
    return 0;
}
