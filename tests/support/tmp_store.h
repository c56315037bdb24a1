/*
 * tmp_store.h - a store in a new folder, gone with the test.
 */
#ifndef TESTS_TMP_STORE_H
#define TESTS_TMP_STORE_H

#include "store.h"

struct tmp_store {
    char dir[64];
    struct store *store;
};

/* cmocka's setup and teardown; *state is a struct tmp_store. */
int tmp_store_setup(void **state);
int tmp_store_teardown(void **state);

/* The same with a map of that size. */
int tmp_store_setup_sized(void **state, size_t map_bytes);

/* A write transaction on it; ends the program if it cannot begin. */
struct store_txn *tmp_store_begin(void **state);

/*
 * Flips a bit in the middle of each place in the store's file that holds these
 * bytes, as a bad disk would; who has the store open sees it at once.
 */
void tmp_store_hurt(const struct tmp_store *tmp, const void *bytes, size_t len);

/* Removes a folder and the plain files in it. */
void tmp_store_remove_dir(const char *dir);

#endif
