/*
 * web.h - what the collector says over HTTP: /metrics and /healthz.
 *
 * Read-only.  Runs in a thread of its own (libmicrohttpd's) with read
 * transactions of its own: a slow reader, or a thousand, cost the collector's
 * loop and its writer nothing.  At most 128 connections at a time, each for
 * one request and at most 20 s; the others wait.
 */
#ifndef COLLECTOR_WEB_H
#define COLLECTOR_WEB_H

#include <stdbool.h>

#include "err.h"
#include "intake.h"
#include "loop.h"
#include "meter.h"
#include "store.h"
#include "writer.h"

struct web;

struct web_spec {
    struct loop *loop;      /* borrowed */
    struct store *store;    /* borrowed */
    struct writer *writer;  /* borrowed */
    struct intake *intake;  /* borrowed */
    struct meter *meter;    /* borrowed */
    const char *listen;     /* "127.0.0.1:8411", "[::1]:8411" */
    const char *token_file; /* NULL: nobody has to show a token */
    bool behind_proxy;
};

/* Listens when it returns. */
struct web *web_open(const struct web_spec *spec, struct err *err);
/* NULL is allowed. */
void web_close(struct web *web);

/* A new configuration is in the store.  NULL is allowed, here and below. */
void web_reload(struct web *web);

/* Whether the file is one that is not in force because of its mistakes. */
void web_set_refused(struct web *web, bool refused);

#endif
