#include "inhibit.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"

enum { NO_RANK = -1 };

/* What fires, by class and check, and by host. */
struct at_host {
    char host[ADDRESS_HOST_BYTES];
    enum conf_severity severity;
    int rank;
    const struct notice *notice;
};

struct inhibit {
    const struct notice **firing; /* owned; by class, then check */
    size_t firing_count;
    struct at_host *hosts; /* owned; by host, scope, severity, rank */
    size_t host_count;
    const struct conf_check **checks; /* owned; by id */
    size_t check_count;
};

/* ---- the order of what fires ---- */

static int
compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int
compare_firing(const void *a, const void *b)
{
    const struct notice *one = *(const struct notice *const *)a;
    const struct notice *two = *(const struct notice *const *)b;
    int order = compare_numbers(one->class, two->class);

    return order != 0 ? order : compare_numbers(one->check, two->check);
}

static int
compare_hosts(const void *a, const void *b)
{
    const struct at_host *one = a;
    const struct at_host *two = b;
    int order = strcmp(one->host, two->host);

    if (order == 0)
        order = strcmp(one->notice->scope, two->notice->scope);
    if (order == 0)
        order = compare_numbers(one->severity, two->severity);
    return order != 0 ? order
                      : (one->rank > two->rank) - (one->rank < two->rank);
}

static int
compare_checks(const void *a, const void *b)
{
    const struct conf_check *one = *(const struct conf_check *const *)a;
    const struct conf_check *two = *(const struct conf_check *const *)b;

    return compare_numbers(one->check.id, two->check.id);
}

static const struct conf_check *
check_of(const struct inhibit *inhibit, uint32_t id)
{
    size_t low = 0;
    size_t high = inhibit->check_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        uint32_t at = inhibit->checks[mid]->check.id;

        if (at == id)
            return inhibit->checks[mid];
        if (at < id)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* ---- hosts ---- */

static bool
is_outage(const struct notice *notice)
{
    return notice->class == ALERT_SITE_DOWN ||
           notice->class == ALERT_FORM_FAILING ||
           notice->class == ALERT_REGIONAL;
}

/* Kinds stand in the order of what they need: the lower one says it better. */
static int
rank_of(enum check_kind kind)
{
    return kind == CHECK_MAIL ? NO_RANK : (int)kind;
}

static bool
take_host(const struct conf_check *check, struct at_host *at)
{
    struct address_url url;
    struct err ignored;

    if (check == NULL)
        return false;
    at->rank = rank_of(check->check.kind);
    if (at->rank == NO_RANK)
        return false;
    if (check->check.url != NULL) {
        if (address_take_url(check->check.url, &url, &ignored) != 0)
            return false;
        memcpy(at->host, url.host, sizeof(at->host));
        return true;
    }
    if (check->check.host == NULL ||
        strlen(check->check.host) >= sizeof(at->host))
        return false;
    memcpy(at->host, check->check.host, strlen(check->check.host) + 1);
    return true;
}

static bool
host_of(const struct inhibit *inhibit, const struct notice *notice,
    struct at_host *at)
{
    *at = (struct at_host){.severity = notice->severity, .notice = notice};
    return is_outage(notice) && take_host(check_of(inhibit, notice->check), at);
}

/* ---- building ---- */

static void
take_checks(struct inhibit *inhibit, const struct config *config)
{
    for (size_t i = 0; i < config->check_count; i++)
        inhibit->checks[i] = &config->checks[i];
    inhibit->check_count = config->check_count;
    qsort(inhibit->checks, inhibit->check_count,
        sizeof(const struct conf_check *), compare_checks);
}

static void
take_firing(struct inhibit *inhibit, const struct notice_list *list,
    const bool *unheard)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct notice *notice = &list->items[i];

        if (notice->state != INCIDENT_OPEN || !notice->fresh ||
            (unheard != NULL && unheard[i]))
            continue;
        inhibit->firing[inhibit->firing_count++] = notice;
        if (host_of(inhibit, notice, &inhibit->hosts[inhibit->host_count]))
            inhibit->host_count++;
    }
    qsort(inhibit->firing, inhibit->firing_count, sizeof(const struct notice *),
        compare_firing);
    qsort(inhibit->hosts, inhibit->host_count, sizeof(inhibit->hosts[0]),
        compare_hosts);
}

struct inhibit *
inhibit_new(const struct notice_list *list, const struct config *config,
    const bool *unheard, struct err *err)
{
    struct inhibit *inhibit = calloc(1, sizeof(*inhibit));

    if (inhibit != NULL) {
        inhibit->firing =
            calloc(list->count + 1, sizeof(const struct notice *));
        inhibit->hosts = calloc(list->count + 1, sizeof(inhibit->hosts[0]));
        inhibit->checks =
            calloc(config->check_count + 1, sizeof(const struct conf_check *));
    }
    if (inhibit == NULL || inhibit->firing == NULL || inhibit->hosts == NULL ||
        inhibit->checks == NULL) {
        inhibit_free(inhibit);
        (void)err_set(err, ERR_NOMEM, "%zu alerts", list->count);
        return NULL;
    }
    take_checks(inhibit, config);
    take_firing(inhibit, list, unheard);
    return inhibit;
}

void
inhibit_free(struct inhibit *inhibit)
{
    if (inhibit == NULL)
        return;
    free(inhibit->firing);
    free(inhibit->hosts);
    free(inhibit->checks);
    free(inhibit);
}

/* ---- asking ---- */

struct asking {
    const struct inhibit *inhibit;
    const struct notice *quiet;
    const char *address; /* NULL: anybody */
};

static bool
can_mute(const struct asking *ask, const struct notice *loud)
{
    if (loud == ask->quiet || loud->severity < ask->quiet->severity)
        return false;
    if (ask->address == NULL)
        return true;
    for (size_t i = 0; i < loud->target_count; i++) {
        if (strcmp(loud->targets[i].address, ask->address) == 0)
            return true;
    }
    return false;
}

/* What of that class fires on the check; on the subject and in the scope unless
 * those are NULL. */
static const struct notice *
find(const struct asking *ask, enum alert_class class, uint32_t check,
    const char *subject, const char *scope)
{
    const struct inhibit *inhibit = ask->inhibit;
    const struct notice key = {.class = class, .check = check};
    const struct notice *wanted = &key;
    size_t low = 0;
    size_t high = inhibit->firing_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (compare_firing(&inhibit->firing[mid], &wanted) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < inhibit->firing_count &&
           compare_firing(&inhibit->firing[low], &wanted) == 0;
         low++) {
        const struct notice *loud = inhibit->firing[low];

        if ((subject == NULL || strcmp(loud->subject, subject) == 0) &&
            (scope == NULL || strcmp(loud->scope, scope) == 0) &&
            can_mute(ask, loud))
            return loud;
    }
    return NULL;
}

/* An outage of the whole check, or of it in that region. */
static const struct notice *
find_outage(const struct asking *ask, uint32_t check, const char *scope)
{
    const struct notice *loud = find(ask, ALERT_SITE_DOWN, check, NULL, NULL);

    if (loud == NULL)
        loud = find(ask, ALERT_FORM_FAILING, check, NULL, NULL);
    if (loud == NULL)
        loud = find(ask, ALERT_REGIONAL, check, NULL, scope);
    return loud;
}

/* A circle is refused by the configuration; a chain has no more than all. */
static const struct notice *
find_parent(const struct asking *ask)
{
    const struct inhibit *inhibit = ask->inhibit;
    const struct conf_check *at = check_of(inhibit, ask->quiet->check);

    for (size_t steps = 0; at != NULL && at->depends_on[0] != '\0' &&
                           steps < inhibit->check_count;
         steps++) {
        uint32_t parent = check_id_of(at->depends_on);
        const struct notice *loud = find_outage(ask, parent, ask->quiet->scope);

        if (loud != NULL)
            return loud;
        at = check_of(inhibit, parent);
    }
    return NULL;
}

static const struct notice *
find_lower(const struct asking *ask)
{
    const struct inhibit *inhibit = ask->inhibit;
    struct at_host own;
    struct at_host key;
    size_t low = 0;
    size_t high = inhibit->host_count;

    if (!host_of(inhibit, ask->quiet, &own))
        return NULL;
    key = own;
    key.rank = NO_RANK;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (compare_hosts(&inhibit->hosts[mid], &key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < inhibit->host_count &&
           compare_hosts(&inhibit->hosts[low], &own) < 0;
         low++) {
        if (can_mute(ask, inhibit->hosts[low].notice))
            return inhibit->hosts[low].notice;
    }
    return NULL;
}

/* Of those that could, one that this class has a rule for. */
static const struct notice *
find_by_class(const struct asking *ask)
{
    const struct notice *quiet = ask->quiet;
    const struct notice *loud = NULL;

    if (quiet->class == ALERT_AGENT_OFFLINE)
        return find(ask, ALERT_REGION_BLIND, 0, quiet->scope, NULL);
    if (quiet->class == ALERT_REGIONAL) {
        loud = find(ask, ALERT_SITE_DOWN, quiet->check, NULL, NULL);
        if (loud == NULL)
            loud = find(ask, ALERT_REGION_NETWORK, 0, quiet->scope, NULL);
    }
    if (loud == NULL && is_outage(quiet) && !quiet->outage)
        loud = find(ask, ALERT_FLAPPING, quiet->check, NULL, quiet->scope);
    if (quiet->class == ALERT_SLOW || quiet->class == ALERT_P95)
        loud = find_outage(ask, quiet->check, quiet->scope);
    if (loud == NULL && (is_outage(quiet) || quiet->class == ALERT_SLOW ||
                            quiet->class == ALERT_P95))
        loud = find_parent(ask);
    return loud != NULL ? loud : find_lower(ask);
}

const struct notice *
inhibit_by(const struct inhibit *inhibit, const struct notice *quiet,
    const char *address)
{
    const struct asking ask = {
        .inhibit = inhibit, .quiet = quiet, .address = address};
    const struct notice *loud =
        quiet->class == ALERT_COLLECTOR_ISOLATED
            ? NULL
            : find(&ask, ALERT_COLLECTOR_ISOLATED, 0, NULL, NULL);

    return loud != NULL ? loud : find_by_class(&ask);
}
