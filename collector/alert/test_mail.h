/*
 * test_mail.h - sends a sample of each kind of mail, and shows how it went.
 */
#ifndef COLLECTOR_TEST_MAIL_H
#define COLLECTOR_TEST_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "collector_conf.h"
#include "err.h"

struct test_mail_spec {
    const struct config *config;
    const char *to; /* NULL: each address that may ever get an alert */
    int only;       /* enum mail_sample_kind; -1: one of every kind of mail */
    bool all;       /* of every class of alerts too */
    FILE *dialogue; /* NULL: nobody listens */
};

/*
 * Sends samples by the way that alerts go, and waits for the end of it.  The
 * dialogue with the server is printed without secrets.  `accepted`, where not
 * NULL, is how many mails the server took.  Fails if it did not take all; err
 * says what it said first.
 */
int test_mail_send(
    const struct test_mail_spec *spec, size_t *accepted, struct err *err);

#endif
