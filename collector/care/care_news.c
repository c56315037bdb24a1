#include "care_news.h"

#include <stdio.h>

#include "text.h"

static enum alert_class
class_of(enum care_matter matter)
{
    static const enum alert_class classes[CARE_MATTERS] = {
        [CARE_STORE_FULL] = ALERT_STORE_FULL,
        [CARE_BACKUP] = ALERT_BACKUP_FAILED,
        [CARE_DAMAGED] = ALERT_STORE_DAMAGED,
    };

    return classes[matter];
}

void
care_news_claim(const struct care_news *news, struct condition_claim *claim)
{
    *claim = (struct condition_claim){.class = class_of(news->matter),
        .severity = SEVERITY_NOTIFY,
        .on = CONDITION_ON_COLLECTOR,
        .since_unix_ms = news->now_unix_ms,
        .event = news->matter == CARE_DAMAGED};
    if (claim->event)
        text_put_moment(news->now_unix_ms, claim->key);
    (void)snprintf(claim->words, sizeof(claim->words), "%.150s%s%.200s%s%.150s",
        news->title, news->detail[0] != '\0' ? ": " : "", news->detail,
        news->advice[0] != '\0' ? ". " : "", news->advice);
}
