#include "wire_check.h"

#include <inttypes.h>
#include <string.h>

#include "measure.h"
#include "wire_part.h"

enum {
    TIMEOUT_MAX_MS = 600000,
    PORT_MAX = 65535,
    URL_MAX_LEN = 4096,
    HOST_MAX_LEN = 255,
    CA_MAX_LEN = 256 * 1024,
    BODY_MAX_LEN = 64 * 1024,
    LIST_MAX_COUNT = 64,
    LIST_ITEM_MAX_LEN = 8192,
    STATUS_MAX_LEN = 16
};

#define BUDGET_MAX INT64_C(1000000000000)

/* Where a text stands in both structs, and what it may be. */
static const struct {
    const char *name;
    size_t pb_offset;
    size_t check_offset;
    size_t max_len;
    enum wire_text_rule rule;
} strings[] = {
    {"url", offsetof(Leadline__Check, url), offsetof(struct check, url),
        URL_MAX_LEN, WIRE_TEXT_PLAIN},
    {"host", offsetof(Leadline__Check, host), offsetof(struct check, host),
        HOST_MAX_LEN, WIRE_TEXT_PLAIN},
    {"server", offsetof(Leadline__Check, server),
        offsetof(struct check, server), HOST_MAX_LEN, WIRE_TEXT_PLAIN},
    {"ca_file's content", offsetof(Leadline__Check, ca_pem),
        offsetof(struct check, ca_pem), CA_MAX_LEN, WIRE_TEXT_ANY},
    {"method", offsetof(Leadline__Check, method),
        offsetof(struct check, method), 32, WIRE_TEXT_PLAIN},
    {"body", offsetof(Leadline__Check, body), offsetof(struct check, body),
        BODY_MAX_LEN, WIRE_TEXT_ANY},
    {"expected body", offsetof(Leadline__Check, expect_body),
        offsetof(struct check, expect_body), 4096, WIRE_TEXT_ANY},
    {"expected redirect", offsetof(Leadline__Check, expect_redirect),
        offsetof(struct check, expect_redirect), URL_MAX_LEN, WIRE_TEXT_PLAIN},
};

static const struct {
    const char *name;
    size_t pb_count_offset;
    size_t pb_items_offset;
    size_t check_offset;
    size_t max_len;
} lists[] = {
    {"resolve entries", offsetof(Leadline__Check, n_resolve),
        offsetof(Leadline__Check, resolve), offsetof(struct check, resolve),
        LIST_ITEM_MAX_LEN},
    {"headers", offsetof(Leadline__Check, n_headers),
        offsetof(Leadline__Check, headers), offsetof(struct check, headers),
        LIST_ITEM_MAX_LEN},
    {"expected statuses", offsetof(Leadline__Check, n_statuses),
        offsetof(Leadline__Check, statuses), offsetof(struct check, statuses),
        STATUS_MAX_LEN},
    {"expected answers", offsetof(Leadline__Check, n_expect_answers),
        offsetof(Leadline__Check, expect_answers),
        offsetof(struct check, expect_answers), LIST_ITEM_MAX_LEN},
};

enum {
    STRING_COUNT = sizeof(strings) / sizeof(strings[0]),
    LIST_COUNT = sizeof(lists) / sizeof(lists[0])
};

static void
put_strings(const struct check *check, Leadline__Check *pb)
{
    for (int i = 0; i < STRING_COUNT; i++) {
        ProtobufCBinaryData data;
        const char *text;

        memcpy(
            &text, (const char *)check + strings[i].check_offset, sizeof(text));
        data = wire_part_of_text(text);
        memcpy((char *)pb + strings[i].pb_offset, &data, sizeof(data));
    }
}

/* Where a list's items stand in a message. */
static ProtobufCBinaryData **
items_at(const Leadline__Check *pb, int i)
{
    return (
        ProtobufCBinaryData **)(void *)((char *)pb + lists[i].pb_items_offset);
}

static int
put_lists(const struct check *check, struct wire_arena *arena,
    Leadline__Check *pb, struct err *err)
{
    for (int i = 0; i < LIST_COUNT; i++) {
        ProtobufCBinaryData *items = NULL;
        struct strlist list;
        size_t count;

        memcpy(
            &list, (const char *)check + lists[i].check_offset, sizeof(list));
        if (wire_part_put_list(&list, arena, &items, &count, err) != 0)
            return -1;
        *items_at(pb, i) = items;
        memcpy((char *)pb + lists[i].pb_count_offset, &count, sizeof(count));
    }
    return 0;
}

/* Only where there is one: most checks are of other kinds. */
static int
put_budgets(const struct check *check, struct wire_arena *arena,
    Leadline__Check *pb, struct err *err)
{
    bool any = false;

    for (int i = 0; i < CHECK_BUDGET_COUNT; i++) {
        if (wire_part_range(check->budgets[i], -1, BUDGET_MAX, "budget", err) !=
            0)
            return -1;
        any = any || check->budgets[i] >= 0;
    }
    if (!any)
        return 0;
    pb->budgets =
        wire_arena_take(arena, CHECK_BUDGET_COUNT * sizeof(pb->budgets[0]));
    if (pb->budgets == NULL)
        return err_set(err, ERR_NOMEM, "budgets");
    pb->n_budgets = CHECK_BUDGET_COUNT;
    for (int i = 0; i < CHECK_BUDGET_COUNT; i++)
        pb->budgets[i] = (uint64_t)(check->budgets[i] + 1);
    return 0;
}

/* Budgets that are newer than this program are not looked at. */
static int
take_budgets(const Leadline__Check *pb, struct check *check, struct err *err)
{
    for (size_t i = 0; i < pb->n_budgets && i < CHECK_BUDGET_COUNT; i++) {
        if (pb->budgets[i] > (uint64_t)BUDGET_MAX + 1)
            return err_set(err, ERR_PARSE, "budget out of range");
        check->budgets[i] = (int64_t)pb->budgets[i] - 1;
    }
    return 0;
}

/* What has a range; both ways, so that nothing is sent that is not taken. */
static int
check_ranges(const struct check *check, struct err *err)
{
    if (wire_part_range(
            (int64_t)check->kind, 0, CHECK_KIND_COUNT - 1, "kind", err) != 0 ||
        wire_part_range(
            (int64_t)check->family, 0, CHECK_FAMILY_BOTH, "family", err) != 0 ||
        wire_part_range(check->interval_ms, CHECK_INTERVAL_MIN_MS,
            CHECK_INTERVAL_MAX_MS, "interval_ms", err) != 0 ||
        wire_part_range(
            check->timeout_ms, 1, TIMEOUT_MAX_MS, "timeout_ms", err) != 0 ||
        wire_part_range(
            check->slow_ms, 0, CHECK_INTERVAL_MAX_MS, "slow_ms", err) != 0 ||
        wire_part_range(check->port, 0, PORT_MAX, "port", err) != 0 ||
        wire_part_range((int64_t)check->starttls, 0, CHECK_STARTTLS_COUNT - 1,
            "starttls", err) != 0 ||
        wire_part_range((int64_t)check->profile, 0, CHECK_PROFILE_COUNT - 1,
            "profile", err) != 0 ||
        wire_part_range(check->expect_hops, -1, CHECK_REDIRECTS_MAX,
            "expected hops", err) != 0)
        return -1;
    return wire_part_range(
        check->dns_types, 0, (1 << DNS_TYPE_COUNT) - 1, "dns_types", err);
}

int
wire_check_put(const struct check *check, struct wire_arena *arena,
    Leadline__Check *pb, struct err *err)
{
    leadline__check__init(pb);
    if (check->id != check_id_of(check->name))
        return err_set(err, ERR_PARSE,
            "id %08" PRIx32 " is not the one of its name", check->id);
    if (check_ranges(check, err) != 0)
        return -1;
    pb->name = wire_part_of_text(check->name);
    pb->kind = (uint32_t)check->kind;
    pb->family = (uint32_t)check->family;
    pb->interval_ms = (uint32_t)check->interval_ms;
    pb->timeout_ms = (uint32_t)check->timeout_ms;
    pb->slow_ms = (uint32_t)check->slow_ms;
    pb->paused = check->paused;
    pb->port = (uint32_t)check->port;
    pb->starttls = (uint32_t)check->starttls;
    pb->insecure = check->insecure;
    pb->expect_hops = (uint32_t)(check->expect_hops + 1);
    pb->dns_types = check->dns_types;
    pb->profile = (uint32_t)check->profile;
    if (put_budgets(check, arena, pb, err) != 0)
        return -1;
    put_strings(check, pb);
    return put_lists(check, arena, pb, err);
}

static int
take_strings(const Leadline__Check *pb, struct check *check, struct err *err)
{
    for (int i = 0; i < STRING_COUNT; i++) {
        ProtobufCBinaryData data;
        char *text;

        memcpy(&data, (const char *)pb + strings[i].pb_offset, sizeof(data));
        if (data.len == 0)
            continue;
        text = wire_part_string(
            data, strings[i].max_len, strings[i].rule, strings[i].name, err);
        if (text == NULL)
            return -1;
        memcpy((char *)check + strings[i].check_offset, &text, sizeof(text));
    }
    return 0;
}

static int
take_lists(const Leadline__Check *pb, struct check *check, struct err *err)
{
    for (int i = 0; i < LIST_COUNT; i++) {
        struct wire_part_list from = {
            .max_count = LIST_MAX_COUNT, .max_len = lists[i].max_len};
        struct strlist list = {0};
        int rc;

        from.items = *items_at(pb, i);
        memcpy(&from.count, (const char *)pb + lists[i].pb_count_offset,
            sizeof(from.count));
        rc = wire_part_take_list(&from, &list, lists[i].name, err);
        if (rc != 0)
            return rc;
        memcpy((char *)check + lists[i].check_offset, &list, sizeof(list));
    }
    return 0;
}

/* "site/check", both of them names. */
static int
take_name(const Leadline__Check *pb, struct check *check, struct err *err)
{
    char *slash;
    bool good;

    if (wire_part_text(
            pb->name, check->name, sizeof(check->name), "name", err) != 0)
        return -1;
    slash = strchr(check->name, '/');
    good = slash != NULL && strlen(check->name) == pb->name.len;
    if (good) {
        *slash = '\0';
        good = text_is_name(check->name) && text_is_name(slash + 1);
        *slash = '/';
    }
    if (!good)
        return err_set(
            err, ERR_PARSE, "name \"%s\" is not site/check", check->name);
    check->id = check_id_of(check->name);
    return 0;
}

/* What a kind cannot do without. */
static int
check_target(const struct check *check, struct err *err)
{
    const char *lacks = NULL;

    switch (check->kind) {
    case CHECK_TCP:
    case CHECK_TLS:
        if (check->port == 0)
            lacks = "port";
        if (check->host == NULL)
            lacks = "host";
        break;
    case CHECK_DNS:
    case CHECK_MAIL:
        if (check->host == NULL)
            lacks = "host";
        break;
    case CHECK_HTTP:
    case CHECK_PAGE:
    case CHECK_FORM:
        if (check->url == NULL)
            lacks = "url";
        break;
    case CHECK_KIND_COUNT:
        break;
    }
    if (lacks != NULL)
        return err_set(err, ERR_PARSE, "no %s, which kind %s needs", lacks,
            check_kind_name((int)check->kind));
    for (size_t i = 0; i < check->statuses.count; i++) {
        if (!check_is_status_pattern(check->statuses.items[i]))
            return err_set(err, ERR_PARSE,
                "\"%s\" is not a status like 200, 2xx or 200-299",
                check->statuses.items[i]);
    }
    return 0;
}

int
wire_check_take(const Leadline__Check *pb, struct check *check, struct err *err)
{
    if (take_name(pb, check, err) != 0)
        return -1;
    if (wire_part_range(pb->kind, 0, CHECK_KIND_COUNT - 1, "kind", err) != 0 ||
        wire_part_range(pb->family, 0, CHECK_FAMILY_BOTH, "family", err) != 0 ||
        wire_part_range(pb->port, 0, PORT_MAX, "port", err) != 0 ||
        wire_part_range(
            pb->starttls, 0, CHECK_STARTTLS_COUNT - 1, "starttls", err) != 0 ||
        wire_part_range(
            pb->profile, 0, CHECK_PROFILE_COUNT - 1, "profile", err) != 0 ||
        wire_part_range(pb->expect_hops, 0, CHECK_REDIRECTS_MAX + 1,
            "expected hops, plus one,", err) != 0)
        goto bad;
    check->kind = (enum check_kind)pb->kind;
    check->family = (enum check_family)pb->family;
    check->interval_ms = pb->interval_ms;
    check->timeout_ms = pb->timeout_ms;
    check->slow_ms = pb->slow_ms;
    check->paused = pb->paused != 0;
    check->port = (int32_t)pb->port;
    check->starttls = (enum check_starttls)pb->starttls;
    check->insecure = pb->insecure != 0;
    check->expect_hops = (int32_t)pb->expect_hops - 1;
    check->dns_types = pb->dns_types;
    check->profile = (enum check_profile)pb->profile;
    if (check_ranges(check, err) != 0 || take_strings(pb, check, err) != 0 ||
        take_lists(pb, check, err) != 0 || take_budgets(pb, check, err) != 0 ||
        check_target(check, err) != 0)
        goto bad;
    return 0;

bad:
    return err_wrap(err, "check %s", check->name);
}
