/*
 * http_judge.h - whether the final answer is the one that a check expects.
 *
 * Pure, but for the time that a pattern may take.
 */
#ifndef AGENT_PROBE_HTTP_JUDGE_H
#define AGENT_PROBE_HTTP_JUDGE_H

#include "buf.h"
#include "check.h"
#include "err.h"
#include "http_url.h"
#include "measure.h"

/*
 * Looks at the status, then at where the redirects ended and how many they
 * were, then at the body.  `url` is where the answer came from.  The error
 * tells of every reason but REASON_NONE; agent_skipped is a check that cannot
 * be judged, agent_limit a pattern that takes too long on this body.
 */
enum measure_reason http_judge(const struct check *check,
    const struct http_url *url, const struct http_facts *answer,
    struct bytes body, struct err *err);

#endif
