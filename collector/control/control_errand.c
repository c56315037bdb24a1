/*
 * Backups and verifications that a person asks for: each an errand in a process
 * of its own, answered when it has ended.
 */
#include <stdlib.h>
#include <string.h>

#include "control_own.h"
#include "errand.h"
#include "log.h"

enum { ERRANDS_MAX = 4 };

struct control_errand {
    struct control *control; /* borrowed */
    struct control_errand *next;
    struct control_peer peer;
    struct errand *errand; /* owned */
};

static void
forget(struct control_errand *one)
{
    struct control_errand **at = &one->control->errands;

    while (*at != one)
        at = &(*at)->next;
    *at = one->next;
    free(one);
}

static void
errand_done(void *ctx, int exit_code, struct bytes answer)
{
    struct control_errand *one = ctx;
    struct wire_ctl_reply reply = {.exit_code = exit_code, .body = answer};
    json_t *said = json_loadb((const char *)answer.data, answer.len, 0, NULL);
    const char *error = json_string_value(json_object_get(said, "error"));

    if (error != NULL)
        control_refuse(one->control, &one->peer, exit_code, error);
    else if (said == NULL || exit_code > 1)
        control_refuse(one->control, &one->peer, 3,
            "it ended without a word, as reading a damaged page does; see the "
            "collector's log");
    else
        (void)control_reply(one->control, &one->peer, &reply);
    json_decref(said);
    forget(one);
}

static void
start(struct control *control, const struct control_peer *peer,
    const char *const *words)
{
    struct control_errand *one;
    struct err err;
    int count = 0;

    for (one = control->errands; one != NULL; one = one->next)
        count++;
    one = count < ERRANDS_MAX ? calloc(1, sizeof(*one)) : NULL;
    if (one == NULL) {
        control_refuse(control, peer, 3,
            "too many backups and verifications at once: wait until one has "
            "ended");
        return;
    }
    one->control = control;
    one->peer = *peer;
    one->errand = errand_start(control->loop, words, errand_done, one, &err);
    if (one->errand == NULL) {
        control_refuse_err(control, peer, &err);
        free(one);
        return;
    }
    one->next = control->errands;
    control->errands = one;
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
    start(control, peer, words);
}

bool
control_errand(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args)
{
    const char *const verify[] = {"verify", control->store_dir, NULL};

    if (strcmp(command, "backup") == 0)
        backup(control, peer, args);
    else if (strcmp(command, "verify") == 0)
        start(control, peer, verify);
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
