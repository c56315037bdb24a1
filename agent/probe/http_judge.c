#include "http_judge.h"

#include <string.h>

#include "pattern.h"

static enum measure_reason
judge_place(
    const struct check *check, const struct http_url *url, struct err *err)
{
    struct http_url expected;
    bool right;

    if (check->expect_redirect == NULL)
        return REASON_NONE;
    if (http_url_take(NULL, check->expect_redirect, &expected, err) != 0) {
        err_wrap(err, "expect.redirect");
        return REASON_AGENT_SKIPPED;
    }
    right = strcmp(expected.text, url->text) == 0;
    if (!right)
        err_set(err, ERR_PEER, "it ends at %.110s, not at %.110s", url->text,
            expected.text);
    http_url_free(&expected);
    return right ? REASON_NONE : REASON_HTTP_REDIRECT_WRONG;
}

static enum measure_reason
judge_hops(
    const struct check *check, const struct http_facts *answer, struct err *err)
{
    int32_t expected = check->expect_hops;

    if (expected < 0 || (size_t)expected == answer->redirect_count)
        return REASON_NONE;
    err_set(err, ERR_PEER, "%zu redirect%s instead of %d",
        answer->redirect_count, answer->redirect_count == 1 ? "" : "s",
        (int)expected);
    return REASON_HTTP_REDIRECT_WRONG;
}

/* A pattern that cannot be judged by says nothing of the target. */
static enum measure_reason
judge_body(const struct check *check, struct bytes body, struct err *err)
{
    struct pattern *pattern;
    int found;

    if (check->expect_body == NULL)
        return REASON_NONE;
    pattern = pattern_new(check->expect_body, err);
    if (pattern == NULL) {
        err_wrap(err, "expect.body");
        return REASON_AGENT_SKIPPED;
    }
    found = pattern_find(pattern, body, err);
    pattern_free(pattern);
    if (found > 0)
        return REASON_NONE;
    if (found < 0) {
        err_wrap(err, "expect.body \"%.100s\"", check->expect_body);
        return REASON_AGENT_LIMIT;
    }
    err_set(err, ERR_PEER, "\"%.150s\" is not in the %zu bytes of the body",
        check->expect_body, body.len);
    return REASON_HTTP_BODY;
}

enum measure_reason
http_judge(const struct check *check, const struct http_url *url,
    const struct http_facts *answer, struct bytes body, struct err *err)
{
    enum measure_reason reason;

    if (!check_expects_status(check, answer->status)) {
        err_set(err, ERR_PEER, "status %d", (int)answer->status);
        return REASON_HTTP_STATUS;
    }
    reason = judge_place(check, url, err);
    if (reason == REASON_NONE)
        reason = judge_hops(check, answer, err);
    if (reason == REASON_NONE)
        reason = judge_body(check, body, err);
    return reason;
}
