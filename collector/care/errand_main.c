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
#include "text.h"
#include "verify.h"

enum {
    EXIT_DONE = 0,
    EXIT_BAD = 1,
    EXIT_USAGE = 2,
    EXIT_FAILED = 3,
    NICE = 10
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
fail(const struct err *err)
{
    json_t *answer = json_pack("{s:s}", "error", err->msg);

    if (answer == NULL) /* a path may be no UTF-8 */
        answer = json_pack("{s:s}", "error", "failed; its log says of what");
    (void)fprintf(stderr, "leadline-collector: %s\n", err->msg);
    return print(answer, EXIT_FAILED);
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

static const struct {
    const char *name;
    int words; /* behind the store */
    int (*run)(struct store *store, char **words);
} errands[] = {
    {"backup", 2, do_backup},
    {"verify", 0, do_verify},
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
    /* Nobody waits for it, and nobody would hear it alone. */
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof(errands) / sizeof(errands[0]); i++) {
        if (count == 2 + errands[i].words &&
            strcmp(words[0], errands[i].name) == 0)
            return run(i, words);
    }
    (void)fprintf(stderr, "leadline-collector: no such errand\n");
    return EXIT_USAGE;
}
