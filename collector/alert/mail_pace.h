/*
 * mail_pace.h - when a mail is tried again, and how many a recipient gets.
 * Pure.
 */
#ifndef COLLECTOR_MAIL_PACE_H
#define COLLECTOR_MAIL_PACE_H

#include <stddef.h>
#include <stdint.h>

enum {
    MAIL_PACE_COUNT = 10, /* mails to one recipient ... */
    MAIL_PACE_SPAN_MS = 600 * 1000,
    MAIL_GIVE_UP_MS = 24 * 3600 * 1000
};

/*
 * How long to wait after `tries` (from 1) attempts: 5, 15, 30, 60, 120, 300,
 * 600, 900 s, then 900 s with 20 % jitter picked by `random`.
 */
int64_t mail_retry_ms(uint32_t tries, uint64_t random);

/* When a recipient got its last mails; the newest first.  All-zero: none. */
struct mail_pace {
    int64_t sent_unix_ms[MAIL_PACE_COUNT];
    size_t count;
};

void mail_pace_note(struct mail_pace *pace, int64_t sent_unix_ms);

/* From when on the next may go: now or earlier if it may go now. */
int64_t mail_pace_next(const struct mail_pace *pace);

#endif
