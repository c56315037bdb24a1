/*
 * webhook_out.h - posts what stands in mailq for webhooks.
 *
 * On the loop's thread, one row at a time for each webhook, and none waits for
 * another.  Reads mailq through read transactions and reports as the mailer
 * does; what is for a webhook that is no longer configured is refused.
 */
#ifndef COLLECTOR_WEBHOOK_OUT_H
#define COLLECTOR_WEBHOOK_OUT_H

#include "collector_conf.h"
#include "err.h"
#include "mailq.h"

struct webhook_out;

struct webhook_out *webhook_out_new(
    const struct mailer_spec *spec, struct err *err);
/* Drops what is under way: it is sent again by the next.  NULL is allowed. */
void webhook_out_free(struct webhook_out *out);

/*
 * What is under way goes on where it was.  `config` is borrowed until the next
 * call.  Files are read at each use.
 */
int webhook_out_set_config(
    struct webhook_out *out, const struct config *config, struct err *err);

/* Look at the queue again. */
void webhook_out_nudge(struct webhook_out *out);

#endif
