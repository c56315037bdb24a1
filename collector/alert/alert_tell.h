/*
 * alert_tell.h - queues what has been decided: writes it in words for each
 * recipient and puts it into mailq.
 */
#ifndef COLLECTOR_ALERT_TELL_H
#define COLLECTOR_ALERT_TELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "group.h"
#include "mail_text.h"
#include "notice_log.h"
#include "receivers.h"
#include "store.h"

struct alert_tell {
    struct store_txn *txn;
    const struct conf_history *conf;
    const struct config *config; /* the newest */
    int64_t now_unix_ms;
    bool draft;  /* one alert is not written in words */
    bool queued; /* out: something was */
};

/* What is told of one notice to one recipient. */
struct alert_word {
    struct notice *notice;
    struct notice_target *target; /* in the notice; changed */
    const struct receiver *receiver;
    enum mail_state state;
    bool was_down; /* with MAIL_RESOLVED: nothing was told while it fired */
};

/* What the words of one notice are made from; all-zero before the first. */
struct alert_words {
    struct mail_facts *facts; /* owned; NULL: not collected yet */
};
void alert_words_free(struct alert_words *words);

/* Takes back what is queued, if anything is. */
int alert_tell_drop(
    struct alert_tell *tell, struct notice_target *target, struct err *err);

/* `words` are those of the notice, and may be used for its next recipient. */
int alert_tell_one(struct alert_tell *tell, const struct alert_word *word,
    struct alert_words *words, struct err *err);

/*
 * One mail for all of these words, of one recipient.  `also` are notices of the
 * same thread that have not changed.
 */
struct alert_several {
    const struct group_message *message;
    const struct alert_word *items;
    size_t count;
    const struct alert_word *also;
    size_t also_count;
};
int alert_tell_several(struct alert_tell *tell,
    const struct alert_several *several, struct err *err);

#endif
