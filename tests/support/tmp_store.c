#include "tmp_store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
tmp_store_remove_dir(const char *dir)
{
    DIR *open = opendir(dir);
    const struct dirent *entry;

    if (open == NULL)
        return;
    while ((entry = readdir(open)) != NULL) {
        char path[4096];

        (void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        (void)unlink(path); /* fails for . and .., as it should */
    }
    (void)closedir(open);
    (void)rmdir(dir);
}

int
tmp_store_setup_sized(void **state, size_t map_bytes)
{
    struct tmp_store *tmp = calloc(1, sizeof(*tmp));
    const char *base = getenv("TMPDIR");
    struct err err;

    if (tmp == NULL)
        return -1;
    (void)snprintf(tmp->dir, sizeof(tmp->dir), "%s/leadline-store-XXXXXX",
        base != NULL && strlen(base) < 32 ? base : "/tmp");
    if (mkdtemp(tmp->dir) == NULL)
        return -1;
    tmp->store = store_open(
        &(struct store_spec){.dir = tmp->dir, .map_bytes = map_bytes}, &err);
    if (tmp->store == NULL) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return -1;
    }
    *state = tmp;
    return 0;
}

int
tmp_store_setup(void **state)
{
    return tmp_store_setup_sized(state, 64 << 20);
}

int
tmp_store_teardown(void **state)
{
    struct tmp_store *tmp = *state;

    store_close(tmp->store);
    tmp_store_remove_dir(tmp->dir);
    free(tmp);
    return 0;
}

struct store_txn *
tmp_store_begin(void **state)
{
    struct tmp_store *tmp = *state;
    struct err err;
    struct store_txn *txn = store_begin_write(tmp->store, &err);

    if (txn == NULL) {
        (void)fprintf(stderr, "%s\n", err.msg);
        abort();
    }
    return txn;
}
