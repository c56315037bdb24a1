#include "import_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "collector.h"
#include "import.h"

enum { CELLS_A_TURN = 1000 };

/* What an import without a collector has in its hands.  All owned. */
struct run {
    struct store *store;
    struct conf_history *history;
    struct watch *watch;
    struct ladder *ladder;
    int64_t now_unix_ms;
};

static void
run_free(struct run *run)
{
    watch_free(run->watch);
    ladder_free(run->ladder);
    conf_history_free(run->history);
    store_close(run->store);
}

static int
take_file(struct run *run, struct store_txn *txn, FILE *in,
    struct import_summary *summary, struct err *err)
{
    const struct import_room room = {.txn = txn,
        .conf = run->history,
        .watch = run->watch,
        .ladder = run->ladder,
        .now_unix_ms = run->now_unix_ms};
    struct import *import = import_new(&room, err);
    int rc = import != NULL ? import_feed_file(import, in, err) : -1;

    if (rc == 0)
        rc = import_apply(import, summary, err);
    import_free(import);
    return rc;
}

/* The configuration and the file: both or nothing. */
static int
take_all(struct run *run, const struct config *config, FILE *in,
    struct import_summary *summary, struct err *err)
{
    struct store_txn *txn = store_begin_write(run->store, err);
    uint64_t version;

    if (txn == NULL)
        return -1;
    run->ladder = ladder_new(err);
    if (run->ladder == NULL ||
        conf_history_record(txn, config, run->now_unix_ms, &version, err) != 0)
        goto fail;
    run->history = conf_history_load(txn, err);
    if (run->history == NULL)
        goto fail;
    run->watch = watch_new(txn, run->history, run->now_unix_ms, err);
    if (run->watch == NULL || take_file(run, txn, in, summary, err) != 0)
        goto fail;
    return store_commit(txn, err);

fail:
    store_abort(txn);
    return -1;
}

/* Nobody is told of what an import brings. */
static int
keep_quiet(void *ctx, struct store_txn *txn, enum incident_news news,
    const struct incident_row *row, bool fresh, struct err *err)
{
    (void)ctx;
    (void)txn;
    (void)news;
    (void)row;
    (void)fresh;
    (void)err;
    return 0;
}

/* One turn of judging and rolling up.  1: there is more. */
static int
turn(struct run *run, struct err *err)
{
    struct store_txn *txn = store_begin_write(run->store, err);
    bool judge_again = false;
    bool climb_again = false;
    int64_t next_ms;

    if (txn == NULL)
        return -1;
    if (watch_run(run->watch, txn, run->now_unix_ms, keep_quiet, NULL,
            &judge_again, &next_ms, err) != 0 ||
        ladder_run(run->ladder, txn, run->history, run->now_unix_ms,
            CELLS_A_TURN, &climb_again, err) != 0) {
        store_abort(txn);
        return -1;
    }
    if (store_commit(txn, err) != 0)
        return -1;
    return judge_again || climb_again;
}

static int
import_stream(const struct config *config, FILE *in, FILE *out, struct err *err)
{
    struct run run = {.now_unix_ms = clock_unix_ms()};
    struct import_summary summary = {0};
    int rc = -1;

    run.store =
        store_open(&(struct store_spec){.dir = collector_store_dir(config),
                       .map_bytes = (size_t)config->store_max_bytes},
            err);
    if (run.store != NULL)
        rc = take_all(&run, config, in, &summary, err);
    if (rc == 0) {
        do
            rc = turn(&run, err);
        while (rc > 0);
    }
    run_free(&run);
    if (rc != 0)
        return -1;
    if (fprintf(out,
            "%" PRIu64 " lines: %" PRIu64 " results added, %" PRIu64
            " there already, %" PRIu64 " too old, %" PRIu64
            " of regions that are not configured\n",
            summary.lines, summary.added, summary.same, summary.too_old,
            summary.unknown_region) < 0 ||
        fflush(out) != 0)
        return err_sys(err, errno, "say what was imported");
    return 0;
}

int
import_run_file(
    struct config *config, const char *file, FILE *out, struct err *err)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(file, "r");
    int rc;

    if (in == NULL)
        return err_sys(err, errno, "open %s", file);
    rc = import_stream(config, in, out, err);
    if (rc != 0 && (err->code == ERR_PARSE || err->code == ERR_LIMIT))
        err_wrap(err, "%s", file);
    if (!is_stdin)
        (void)fclose(in);
    return rc;
}
