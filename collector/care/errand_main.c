#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backup.h"
#include "care_json.h"
#include "clock.h"
#include "errand.h"
#include "import.h"
#include "query.h"
#include "text.h"
#include "verify.h"
#include "wire.h"

enum {
    EXIT_DONE = 0,
    EXIT_BAD = 1,
    EXIT_USAGE = 2,
    EXIT_FAILED = 3,
    NICE = 10,
    ANSWER_MAX_BYTES = WIRE_CTL_MAX_BYTES - 4096
};

static int
print(json_t *answer, int exit_code)
{
    char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;

    json_decref(answer);
    if (text == NULL)
        return EXIT_FAILED;
    if (puts(text) == EOF || fflush(stdout) != 0)
        exit_code = EXIT_FAILED;
    free(text);
    return exit_code;
}

static int
fail_with(const struct err *err, int exit_code)
{
    json_t *answer = json_pack("{s:s}", "error", err->msg);

    if (answer == NULL) /* a path may be no UTF-8 */
        answer = json_pack("{s:s}", "error", "failed; its log says of what");
    if (exit_code == EXIT_FAILED)
        (void)fprintf(stderr, "leadline-collector: %s\n", err->msg);
    return print(answer, exit_code);
}

static int
fail(const struct err *err)
{
    return fail_with(err, EXIT_FAILED);
}

static int
do_backup(struct store *store, char **words)
{
    struct backup_spec spec = {
        .store = store, .dir = words[0], .now_unix_ms = clock_unix_ms()};
    struct backup_made made;
    struct err err;

    if (text_take_int(words[1], 0, INT64_MAX, &spec.keep, &err) != 0 ||
        backup_make(&spec, &made, &err) != 0)
        return fail(&err);
    return print(backup_to_json(&made), EXIT_DONE);
}

static int
take_finding(void *ctx, const struct verify_finding *finding, struct err *err)
{
    return verify_add_finding(ctx, finding, err);
}

static int
do_verify(struct store *store, char **words)
{
    struct verify_counts counts;
    struct verify_spec spec = {
        .store = store,
        .now_unix_ms = clock_unix_ms(),
        .found = take_finding,
        .ctx = json_array(),
    };
    struct err err;
    int code;

    (void)words;
    if (verify_run(&spec, &counts, &err) != 0)
        code = fail(&err);
    else
        code = print(verify_to_json(&counts, spec.ctx),
            counts.differences == 0 ? EXIT_DONE : EXIT_BAD);
    json_decref(spec.ctx);
    return code;
}

/* What a person did wrong is no failure of ours. */
static int
refuse(const struct err *err)
{
    return fail_with(err, err->code == ERR_PARSE || err->code == ERR_LIMIT
                              ? EXIT_USAGE
                              : EXIT_FAILED);
}

static int
print_answer(json_t *answer, int exit_code)
{
    struct err err;

    if (json_dumpb(answer, NULL, 0, JSON_COMPACT) <= ANSWER_MAX_BYTES)
        return print(answer, exit_code);
    json_decref(answer);
    err_set(
        &err, ERR_LIMIT, "the answer is too large: ask for a shorter range");
    return fail(&err);
}

static int
do_query(struct store *store, char **words)
{
    json_t *args = json_loads(words[1], 0, NULL);
    struct query_env env = {.now_unix_ms = clock_unix_ms(),
        .refused = words[2][0] != '\0' ? words[2] : NULL};
    struct conf_history *conf = NULL;
    json_t *answer = NULL;
    struct err err;
    int code = EXIT_DONE;
    int rc = -1;

    if (store_used_ratio(store, &env.store_used_ratio, &err) != 0)
        env.store_used_ratio = -1.0;
    env.txn = store_begin_read(store, &err);
    if (env.txn != NULL)
        conf = conf_history_load(env.txn, &err);
    env.conf = conf;
    if (conf != NULL)
        rc = query_run(&env, words[0], args, &answer, &code, &err);
    code = rc == 0 ? print_answer(answer, code) : refuse(&err);
    conf_history_free(conf);
    store_abort(env.txn);
    json_decref(args);
    return code;
}

static int
check_lines(const struct import_room *room, FILE *in, struct err *err)
{
    struct import *import = import_new(room, err);
    int rc = import != NULL ? import_feed_file(import, in, err) : -1;

    if (rc == 0)
        rc = import_check(import, err);
    import_free(import);
    return rc;
}

/* Whether a file could be imported: {} if so. */
static int
do_import(struct store *store, char **words)
{
    struct import_room room = {.now_unix_ms = clock_unix_ms()};
    struct conf_history *conf = NULL;
    FILE *in = fopen(words[0], "r");
    struct err err;
    int rc = -1;

    room.txn = store_begin_read(store, &err);
    if (room.txn != NULL)
        conf = conf_history_load(room.txn, &err);
    room.conf = conf;
    if (conf != NULL && in == NULL)
        err_sys(&err, errno, "open %s", words[0]);
    else if (conf != NULL)
        rc = check_lines(&room, in, &err);
    if (in != NULL)
        (void)fclose(in);
    conf_history_free(conf);
    store_abort(room.txn);
    return rc == 0 ? print(json_object(), EXIT_DONE) : refuse(&err);
}

static const struct {
    const char *name;
    int words;       /* behind the store */
    bool waited_for; /* by a person, now */
    int (*run)(struct store *store, char **words);
} errands[] = {
    {"backup", 2, false, do_backup},
    {"verify", 0, false, do_verify},
    {"query", 3, true, do_query},
    {"import", 1, true, do_import},
};

static int
run(size_t errand, char **words)
{
    struct err err;
    struct store *store = store_open(
        &(struct store_spec){.dir = words[1], .read_only = true}, &err);
    int code;

    if (store == NULL)
        return fail(&err);
    code = errands[errand].run(store, words + 2);
    store_close(store);
    return code;
}

int
errand_main(int count, char **words)
{
    /* Nobody would hear it alone. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof(errands) / sizeof(errands[0]); i++) {
        if (count == 2 + errands[i].words &&
            strcmp(words[0], errands[i].name) == 0) {
            if (!errands[i].waited_for)
                (void)setpriority(PRIO_PROCESS, 0, NICE);
            return run(i, words);
        }
    }
    (void)fprintf(stderr, "leadline-collector: no such errand\n");
    return EXIT_USAGE;
}
