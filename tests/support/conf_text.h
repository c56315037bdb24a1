/*
 * conf_text.h - configurations for tests, from their text.
 */
#ifndef TESTS_CONF_TEXT_H
#define TESTS_CONF_TEXT_H

#include "conf_history.h"

/* Fails the test with the first mistake. */
struct config *conf_text_parse(const char *text);

/* Records it as in force since then, and loads the history. */
struct conf_history *conf_text_history(
    struct store_txn *txn, const char *text, int64_t since_unix_ms);

#endif
