#include "tmp_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

void
tmp_store_hurt(const struct tmp_store *tmp, const void *bytes, size_t len)
{
    char path[128];
    struct stat st;
    uint8_t *file;
    size_t places = 0;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/data.mdb", tmp->dir);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd == -1 || fstat(fd, &st) != 0)
        abort();
    file = mmap(
        NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (file == MAP_FAILED)
        abort();
    for (size_t i = 0; i + len <= (size_t)st.st_size; i++) {
        if (memcmp(file + i, bytes, len) == 0) {
            file[i + len / 2] ^= 0x10;
            places++;
        }
    }
    if (places == 0)
        abort(); /* the test would test nothing */
    (void)munmap(file, (size_t)st.st_size);
    (void)close(fd);
}
