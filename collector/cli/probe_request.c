#include "probe_request.h"

#include <ctype.h>
#include <string.h>

#include "buf.h"
#include "cli.h"
#include "dns_expect.h"
#include "pattern.h"
#include "text.h"

static int
copy(const char *text, char **to, struct err *err)
{
    *to = strdup(text);
    return *to == NULL ? err_set(err, ERR_NOMEM, "check") : 0;
}

static int
take_method(const char *word, struct check *check, struct err *err)
{
    for (const char *at = word; *at != '\0'; at++) {
        if (!isupper((unsigned char)*at))
            return err_set(err, ERR_PARSE,
                "--method %.40s is not a method (such as GET, HEAD or POST)",
                word);
    }
    if (word[0] == '\0')
        return err_set(err, ERR_PARSE, "--method is empty");
    return copy(word, &check->method, err);
}

/* "Name: value": RFC 9110's token, a colon, no control character. */
static int
take_header(const char *word, struct check *check, struct err *err)
{
    size_t len = strcspn(word, ":");
    bool bad = len == 0 || word[len] == '\0';

    for (size_t i = 0; i < len; i++)
        bad = bad || (!isalnum((unsigned char)word[i]) &&
                         strchr("!#$%&'*+-.^_`|~", word[i]) == NULL);
    for (const char *at = word; *at != '\0'; at++)
        bad = bad || (iscntrl((unsigned char)*at) && *at != '\t');
    if (bad)
        return err_set(err, ERR_PARSE,
            "--header \"%.80s\" is not of the form \"Name: value\"", word);
    if (strlist_add(&check->headers, word) != 0)
        return err_set(err, ERR_NOMEM, "check");
    return 0;
}

/* "200,301", "2xx", "200-299". */
static int
take_statuses(const char *word, struct check *check, struct err *err)
{
    char pattern[16];
    size_t len;

    for (const char *at = word;; at += len + 1) {
        len = strcspn(at, ",");
        if (len >= sizeof(pattern))
            len = sizeof(pattern) - 1;
        memcpy(pattern, at, len);
        pattern[len] = '\0';
        if (!check_is_status_pattern(pattern))
            return err_set(err, ERR_PARSE,
                "--expect-status %.40s: \"%s\" is not a status (such as 200, "
                "2xx or 200-299)",
                word, pattern);
        if (strlist_add(&check->statuses, pattern) != 0)
            return err_set(err, ERR_NOMEM, "check");
        if (at[len] == '\0')
            return 0;
    }
}

static int
take_pattern(const char *word, struct check *check, struct err *err)
{
    struct pattern *pattern = pattern_new(word, err);

    if (pattern == NULL)
        return err_wrap(err, "--expect-body");
    pattern_free(pattern);
    return copy(word, &check->expect_body, err);
}

typedef int take_fn(const char *word, struct check *check, struct err *err);

static int
take_body(const char *word, struct check *check, struct err *err)
{
    return copy(word, &check->body, err);
}

static int
take_redirect(const char *word, struct check *check, struct err *err)
{
    return copy(word, &check->expect_redirect, err);
}

/* One that is no data of the type could never be answered. */
static int
check_answer(const char *word, const struct check *check, struct err *err)
{
    struct buf rdata;
    int rc = -1;

    buf_init(&rdata, UINT16_MAX);
    for (int type = 0; type < DNS_TYPE_COUNT && rc != 0; type++) {
        if ((check->dns_types & 1U << type) != 0)
            rc = dns_expect_take((enum check_dns_type)type, word, &rdata, err);
    }
    buf_free(&rdata);
    return rc == 0 ? 0 : err_wrap(err, "--expect");
}

static int
take_answer(const char *word, struct check *check, struct err *err)
{
    if (check_answer(word, check, err) != 0)
        return -1;
    if (strlist_add(&check->expect_answers, word) != 0)
        return err_set(err, ERR_NOMEM, "check");
    return 0;
}

static const struct option {
    const char *name;
    enum check_kind kind;
    take_fn *take;
} options[] = {
    {"method", CHECK_HTTP, take_method},
    {"header", CHECK_HTTP, take_header},
    {"body", CHECK_HTTP, take_body},
    {"expect-status", CHECK_HTTP, take_statuses},
    {"expect-body", CHECK_HTTP, take_pattern},
    {"expect-redirect", CHECK_HTTP, take_redirect},
    {"expect", CHECK_DNS, take_answer},
};

/* One value, or each of several. */
static int
take_option(const struct option *option, const json_t *value,
    struct check *check, struct err *err)
{
    if (check->kind != option->kind)
        return err_set(err, ERR_PARSE, "--%s is for kind %s; this is %s",
            option->name, check_kind_name((int)option->kind),
            check_kind_name((int)check->kind));
    if (json_is_string(value))
        return option->take(json_string_value(value), check, err);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *one = json_array_get(value, i);

        if (option->take(json_string_value(one), check, err) != 0)
            return -1;
    }
    return 0;
}

int
probe_request_take(const json_t *args, struct check *check, struct err *err)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const json_t *value = json_object_get(args, options[i].name);

        if (value != NULL && take_option(&options[i], value, check, err) != 0)
            return -1;
    }
    return 0;
}
