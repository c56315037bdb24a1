/*
 * test_mail.h - sends a sample of each kind of mail, and shows how it went.
 */
#ifndef COLLECTOR_TEST_MAIL_H
#define COLLECTOR_TEST_MAIL_H

#include <stdio.h>

#include "collector_conf.h"
#include "err.h"

/*
 * Sends a firing and a resolved sample to each address that may ever get an
 * alert, by the way that alerts go, and waits for the end of it.  The dialogue
 * with the server is printed without secrets; NULL: nobody listens.  Fails if
 * any was not accepted; err says what the server said.
 */
int test_mail_send(
    const struct config *config, FILE *dialogue, struct err *err);

#endif
