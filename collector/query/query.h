/*
 * query.h - a person's questions, answered from one read transaction.
 *
 * Answers are JSON values in the shape of the contract; the command line makes
 * tables of them, the control socket sends them as they are.  So a store
 * without its collector answers exactly as a running collector does.
 */
#ifndef COLLECTOR_QUERY_H
#define COLLECTOR_QUERY_H

#include <jansson.h>
#include <stdint.h>

#include "conf_history.h"
#include "err.h"
#include "export.h"
#include "store.h"

struct query_env {
    struct store_txn *txn;
    const struct conf_history *conf;
    int64_t now_unix_ms;
    double store_used_ratio; /* negative: unknown */
    const char *refused;     /* why the file is not in force; NULL: it is */
};

/*
 * Commands: "status", "p95", "sla", "incidents", "incidents.show", "agents",
 * "results", "maintenance", "alerts", "alerts.replay".  `args` is an object with
 * the command line's options under their names ("check", "since", "from", "to",
 * "phase", "by", ...), as text.
 * *exit_code gets 0 or 1 as the contract says; *answer is new.  ERR_PARSE for
 * arguments that make no sense (exit code 2).
 */
int query_run(const struct query_env *env, const char *command,
    const json_t *args, json_t **answer, int *exit_code, struct err *err);

/* What an "export" with these arguments is about. */
int query_export_spec(const struct query_env *env, const json_t *args,
    struct export_spec *spec, struct err *err);

/* "export": lines without newline; `fn` as store_each_fn. */
typedef int query_line_fn(void *ctx, const char *line, struct err *err);
int query_export(const struct query_env *env, const json_t *args,
    query_line_fn *fn, void *ctx, struct err *err);

#endif
