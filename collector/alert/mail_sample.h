/*
 * mail_sample.h - made-up facts of an incident, for test mails.  Pure.
 */
#ifndef COLLECTOR_MAIL_SAMPLE_H
#define COLLECTOR_MAIL_SAMPLE_H

#include "mail_text.h"

/*
 * Two of three regions cannot reach a site; `state` is MAIL_FIRING or
 * MAIL_RESOLVED.  The id, and so the thread, is that of `began_unix_ms`.
 */
void mail_sample(struct mail_facts *facts, enum mail_state state,
    int64_t began_unix_ms, const struct zone *zone);

#endif
