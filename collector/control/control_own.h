/*
 * control_own.h - what the files of control share.
 */
#ifndef COLLECTOR_CONTROL_OWN_H
#define COLLECTOR_CONTROL_OWN_H

#include <jansson.h>

#include "clock.h"
#include "conf_change.h"
#include "conf_history.h"
#include "control.h"
#include "query.h"
#include "wire.h"

enum { CONTROL_PEER_BYTES = 32 };

struct control_peer {
    uint8_t id[CONTROL_PEER_BYTES];
    size_t len;
};

struct control {
    struct loop *loop;     /* borrowed */
    struct store *store;   /* borrowed */
    struct writer *writer; /* borrowed */
    uint8_t collector_key[CURVE_KEY_BYTES];
    void (*fleet_changed)(void *ctx);
    conf_change_fn *change_config;
    void *ctx;
    void *context;             /* owned */
    void *socket;              /* owned */
    struct conf_history *conf; /* owned */
    struct loop_watch readable;
    struct timer more;
    struct buf out;
    struct control_exporting *exports; /* owned; those under way */
    const char *store_dir;             /* borrowed */
    struct control_errand *errands;    /* owned; those under way */
    struct control_importing *imports; /* owned; those under way */
    int64_t imports_made;
    char refused[512]; /* why the file is not in force; "": it is */
};

/* False where it could not be sent now: the peer reads slowly, or is gone. */
bool control_reply(struct control *control, const struct control_peer *peer,
    const struct wire_ctl_reply *reply);

/* An answer, which is the function's. */
void control_reply_json(struct control *control,
    const struct control_peer *peer, int exit_code, json_t *answer);

/* Replies with an error; `exit_code` as the command line's. */
void control_refuse(struct control *control, const struct control_peer *peer,
    int exit_code, const char *text);

void control_refuse_err(struct control *control,
    const struct control_peer *peer, const struct err *err);

/* control_export.c: answers by and by; nothing is held from `env`. */
void control_export(struct control *control, const struct control_peer *peer,
    const struct query_env *env, const json_t *args);
void control_drop_exports(struct control *control);

/* control_errand.c: what is answered at its end; false: no such command. */
bool control_errand(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args);
void control_drop_errands(struct control *control);

/* control_long.c: whether the answer may take longer than the loop can wait. */
bool control_is_long(
    const struct query_env *env, const char *command, const json_t *args);
/* control_errand.c: such an answer, at its end. */
void control_errand_query(struct control *control,
    const struct control_peer *peer, const struct wire_ctl_request *request);

/* control_import.c: files of results; false: no such command. */
bool control_import(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args);
void control_drop_imports(struct control *control);
void control_clean_imports(const char *store_dir);

/* control_change.c: what changes something; false: no such command. */
bool control_change(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args);

/* control_alert.c: what a person answers to alerts; the same. */
bool control_alert(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args);

/* control_command.c: what changes the configuration in force; the same. */
bool control_command(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args);

#endif
