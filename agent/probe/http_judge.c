#include "http_judge.h"

#include <string.h>

#include "http_expect.h"

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
    err_set(err, ERR_PEER, "%zu redirects instead of %d",
        answer->redirect_count, (int)expected);
    return REASON_HTTP_REDIRECT_WRONG;
}

static enum measure_reason
judge_body(const struct check *check, struct bytes body, struct err *err)
{
    if (check->expect_body == NULL)
        return REASON_NONE;
    switch (http_expect_body(check->expect_body, body, err)) {
    case HTTP_EXPECT_FOUND:
        return REASON_NONE;
    case HTTP_EXPECT_MISSING:
    case HTTP_EXPECT_GAVE_UP:
        return REASON_HTTP_BODY;
    case HTTP_EXPECT_UNUSABLE:
        return REASON_AGENT_SKIPPED;
    }
    return REASON_AGENT_SKIPPED;
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
