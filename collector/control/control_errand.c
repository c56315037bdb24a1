/*
 * Backups, verifications and long questions that a person asks for: each an
 * errand in a process of its own, answered when it has ended.
 */
#include <stdlib.h>
#include <string.h>

#include "control_own.h"
#include "errand.h"
#include "log.h"

enum { CARE_MAX = 4, QUERIES_MAX = 8, QUERY_ARGS_MAX_BYTES = 65536 };

/* Less than the command line waits. */
static const int64_t query_ns = 60 * NS_PER_SEC;

struct control_errand {
    struct control *control; /* borrowed */
    struct control_errand *next;
    struct control_peer peer;
    struct errand *errand; /* owned */
    struct timer deadline; /* of a question */
    bool is_query;
};

static void
forget(struct control_errand *one)
{
    struct control_errand **at = &one->control->errands;

    while (*at != one)
        at = &(*at)->next;
    *at = one->next;
    loop_timer_stop(one->control->loop, &one->deadline);
    free(one);
}

static void
errand_done(void *ctx, int exit_code, struct bytes answer)
{
    struct control_errand *one = ctx;
    struct wire_ctl_reply reply = {.exit_code = exit_code, .body = answer};
    json_t *said = NULL;
    const char *error;

    if (exit_code <= 1 && answer.len > 0) {
        (void)control_reply(one->control, &one->peer, &reply);
        forget(one);
        return;
    }
    said = json_loadb((const char *)answer.data, answer.len, 0, NULL);
    error = json_string_value(json_object_get(said, "error"));
    if (error != NULL)
        control_refuse(one->control, &one->peer, exit_code, error);
    else
        control_refuse(one->control, &one->peer, 3,
            "it ended without a word, as reading a damaged page does; see the "
            "collector's log");
    json_decref(said);
    forget(one);
}

static void
query_is_late(void *ctx)
{
    struct control_errand *one = ctx;

    errand_cancel(one->errand);
    control_refuse(one->control, &one->peer, 3,
        "no answer within 60 s; results that were imported may still be "
        "judged: "
        "ask again in a while, or for less");
    forget(one);
}

static void
start(struct control *control, const struct control_peer *peer,
    const char *const *words, bool is_query)
{
    struct control_errand *one;
    struct err err;
    int count = 0;

    for (one = control->errands; one != NULL; one = one->next)
        count += one->is_query == is_query;
    one = count < (is_query ? QUERIES_MAX : CARE_MAX) ? calloc(1, sizeof(*one))
                                                      : NULL;
    if (one == NULL) {
        control_refuse(control, peer, 3,
            is_query ? "too many long questions at once: ask again in a moment"
                     : "too many backups and verifications at once: wait until "
                       "one has ended");
        return;
    }
    one->control = control;
    one->peer = *peer;
    one->is_query = is_query;
    timer_init(&one->deadline, query_is_late, one);
    one->errand = errand_start(control->loop, words, errand_done, one, &err);
    if (one->errand == NULL) {
        control_refuse_err(control, peer, &err);
        free(one);
        return;
    }
    one->next = control->errands;
    control->errands = one;
    if (is_query)
        loop_timer_start(control->loop, &one->deadline, query_ns);
}

static void
backup(struct control *control, const struct control_peer *peer,
    const json_t *args)
{
    const char *dir = json_string_value(json_object_get(args, "dir"));
    const char *keep = json_string_value(json_object_get(args, "keep"));
    const char *const words[] = {
        "backup", control->store_dir, dir, keep != NULL ? keep : "0", NULL};

    if (dir == NULL || dir[0] != '/') {
        control_refuse(control, peer, 2,
            "the folder of backups must be given from the root on, as the "
            "collector sees it");
        return;
    }
    start(control, peer, words, false);
}

void
control_errand_query(struct control *control, const struct control_peer *peer,
    const struct wire_ctl_request *request)
{
    const struct bytes text = request->args_json;
    char *args = text.len <= QUERY_ARGS_MAX_BYTES
                     ? strndup((const char *)text.data, text.len)
                     : NULL;
    const char *const words[] = {"query", control->store_dir, request->command,
        args, control->refused, NULL};

    if (args == NULL)
        control_refuse(control, peer, 2, "the arguments are too long");
    else
        start(control, peer, words, true);
    free(args);
}

bool
control_errand(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args)
{
    const char *const verify[] = {"verify", control->store_dir, NULL};

    if (strcmp(command, "backup") == 0)
        backup(control, peer, args);
    else if (strcmp(command, "verify") == 0)
        start(control, peer, verify, false);
    else
        return false;
    return true;
}

void
control_drop_errands(struct control *control)
{
    while (control->errands != NULL) {
        errand_cancel(control->errands->errand);
        forget(control->errands);
    }
}
