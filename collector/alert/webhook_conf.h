/*
 * webhook_conf.h - a configured webhook with what its files say.
 */
#ifndef COLLECTOR_WEBHOOK_CONF_H
#define COLLECTOR_WEBHOOK_CONF_H

#include "collector_conf.h"
#include "err.h"
#include "webhook_target.h"

/* What a recipient's address begins with that is a webhook: "webhook:chat". */
#define WEBHOOK_ADDRESS "webhook:"

/* The webhook's name in such an address; NULL: it is a mail's. */
const char *webhook_of_address(const char *address);

/* NULL: there is none of that name. */
const struct conf_webhook *webhook_conf_find(
    const struct config *config, const char *name);

/*
 * Reads url_file and secret_file, which nobody else may read.  Wipe `target`
 * after use with explicit_bzero(); it is empty on failure.
 */
int webhook_conf_target(const struct conf_webhook *webhook,
    struct webhook_target *target, struct err *err);

#endif
