#include "verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "registry.h"
#include "verify_own.h"

static const int64_t turn_ns = NS_PER_SEC;

/* ---- turns ---- */

/* Whether a configuration was recorded since the history was loaded. */
static int
history_is_old(struct verify *verify, bool *old, struct err *err)
{
    const struct conf_history *history = verify->history;
    uint64_t newest;
    int rc = conf_history_newest(verify->txn, &newest, err);

    if (rc < 0)
        return -1;
    *old = history == NULL ||
           (rc == 1 && !verify->history_is_damaged &&
               (history->count == 0 ||
                   history->versions[history->count - 1].version != newest));
    return 0;
}

static int
begin_turn(struct verify *verify, struct err *err)
{
    bool old;

    verify->txn = store_begin_read(verify->spec->store, err);
    if (verify->txn == NULL || history_is_old(verify, &old, err) != 0)
        return -1;
    verify->turn_began_ns = clock_mono_ns();
    verify->turn_rows = 0;
    if (!old)
        return 0;
    conf_history_free(verify->history);
    verify->history = conf_history_load(verify->txn, err);
    if (verify->history != NULL)
        return 0;
    if (err->code != ERR_STATE)
        return -1;
    /* Which row it is, verify_rows() says. */
    verify->history_is_damaged = true;
    verify->history = calloc(1, sizeof(*verify->history));
    return verify->history != NULL ? 0 : err_set(err, ERR_NOMEM, "history");
}

int
verify_turn(struct verify *verify, size_t rows, struct err *err)
{
    const struct verify_spec *spec = verify->spec;

    verify->turn_rows += rows;
    if (verify->turn_rows < VERIFY_TURN_ROWS &&
        clock_mono_ns() - verify->turn_began_ns < turn_ns)
        return 0;
    if (spec->is_ended != NULL && spec->is_ended(spec->ctx))
        return err_set(err, ERR_TIMEOUT, "was ended before it was done");
    store_abort(verify->txn);
    return begin_turn(verify, err);
}

/* ---- telling ---- */

int
verify_say(struct verify *verify, const char *table, struct err *err,
    const char *fmt, ...)
{
    struct verify_finding finding = {.table = table};
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(finding.what, sizeof(finding.what), fmt, args);
    va_end(args);
    verify->counts->differences++;
    return verify->spec->found(verify->spec->ctx, &finding, err);
}

int
verify_say_state(
    struct verify *verify, const char *table, const char *what, struct err *err)
{
    struct err said = *err;

    if (err->code != ERR_STATE)
        return err_wrap(err, "%s", what);
    return verify_say(verify, table, err, "%s: %s", what, said.msg);
}

const char *
verify_check_name(const struct verify *verify, uint32_t check)
{
    for (size_t i = verify->history->count; i > 0; i--) {
        const struct conf_check *found = collector_conf_check_by_id(
            verify->history->versions[i - 1].config, check);

        if (found != NULL)
            return found->check.name;
    }
    return "a check that is not configured";
}

/* A day within what is kept: retention may be at work. */
int64_t
verify_raw_from(const struct verify *verify)
{
    return verify->spec->now_unix_ms - RETENTION_RAW_KEPT_MS + RETENTION_DAY_MS;
}

/* ---- the checks ---- */

static int
add_check(struct verify *verify, uint32_t check, struct err *err)
{
    uint32_t *checks;

    for (size_t i = 0; i < verify->check_count; i++) {
        if (verify->checks[i] == check)
            return 0;
    }
    checks =
        realloc(verify->checks, (verify->check_count + 1) * sizeof(*checks));
    if (checks == NULL)
        return err_set(err, ERR_NOMEM, "checks");
    verify->checks = checks;
    checks[verify->check_count++] = check;
    return 0;
}

static int
add_row(void *ctx, const struct check_row *row, struct err *err)
{
    return add_check(ctx, row->id, err);
}

static int
find_checks(struct verify *verify, struct err *err)
{
    const struct conf_history *history = verify->history;

    for (size_t i = 0; i < history->count; i++) {
        const struct config *config = history->versions[i].config;

        for (size_t k = 0; k < config->check_count; k++) {
            if (add_check(verify, config->checks[k].check.id, err) != 0)
                return -1;
        }
    }
    if (check_row_each(verify->txn, add_row, verify, err) == 0)
        return 0;
    /* Which row it is, verify_rows() says. */
    return err->code == ERR_STATE ? 0 : -1;
}

static int
verify_all(struct verify *verify, struct err *err)
{
    if (begin_turn(verify, err) != 0 || find_checks(verify, err) != 0 ||
        verify_rows(verify, err) != 0)
        return -1;
    if (verify->history_is_damaged)
        return verify_say(verify, "configs", err,
            "a configuration cannot be read: nothing was made anew");
    for (size_t i = 0; i < verify->check_count; i++) {
        uint32_t check = verify->checks[i];

        if (verify_cells(verify, check, err) != 0 ||
            verify_verdicts(verify, check, err) != 0 ||
            verify_incidents(verify, check, err) != 0 ||
            verify_past(verify, check, err) != 0)
            return -1;
    }
    return 0;
}

int
verify_run(const struct verify_spec *spec, struct verify_counts *counts,
    struct err *err)
{
    struct verify verify = {.spec = spec, .counts = counts};
    int rc;

    *counts = (struct verify_counts){0};
    rc = verify_all(&verify, err);
    store_abort(verify.txn);
    conf_history_free(verify.history);
    free(verify.checks);
    return rc;
}
