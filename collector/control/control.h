/*
 * control.h - the local socket through which the command line talks to a
 * running collector: questions, and the things a person changes.
 *
 * Whoever may open the socket's file may command the collector (mode 0660).
 */
#ifndef COLLECTOR_CONTROL_H
#define COLLECTOR_CONTROL_H

#include <stdint.h>

#include "conf_change.h"
#include "curve_key.h"
#include "err.h"
#include "loop.h"
#include "store.h"
#include "writer.h"

struct control;

struct control_spec {
    struct loop *loop;                      /* borrowed */
    struct store *store;                    /* borrowed */
    const char *store_dir;                  /* borrowed */
    struct writer *writer;                  /* borrowed */
    const char *endpoint;                   /* "ipc:///run/leadline/control" */
    uint8_t collector_key[CURVE_KEY_BYTES]; /* public; for tokens */
    void (*fleet_changed)(void *ctx);
    conf_change_fn *change_config; /* starts it */
    void *ctx;                     /* of both */
};

struct control *control_open(const struct control_spec *spec, struct err *err);
/* NULL is allowed. */
void control_close(struct control *control);

/* A new configuration is in the store. */
int control_reload(struct control *control, struct err *err);

/* The file has become a wrong one, and `status` is to say so; "": it is right. */
void control_set_refused(struct control *control, const char *why);

#endif
