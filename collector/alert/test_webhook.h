/*
 * test_webhook.h - posts samples to each webhook, and shows what came back.
 */
#ifndef COLLECTOR_TEST_WEBHOOK_H
#define COLLECTOR_TEST_WEBHOOK_H

#include <stdio.h>

#include "collector_conf.h"
#include "err.h"

/*
 * Posts a firing and a resolved sample to each, by the way that alerts go, and
 * waits for the end of it; what each answered is printed, never a URL or a
 * secret; NULL: nobody listens.  Fails if any did not take one, when all have
 * been asked; err says what the first one said.
 */
int test_webhook_send(
    const struct config *config, FILE *dialogue, struct err *err);

#endif
