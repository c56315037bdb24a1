#include "clock.h"
#include "store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

int
store_clear_stale_readers(struct store *store, struct err *err)
{
    int dead = 0;
    int rc = mdb_reader_check(store->env, &dead);

    return rc == 0 ? dead : store_lmdb_failed(err, rc, "stale readers");
}

int
store_lmdb_each_free(MDB_txn *txn, store_free_fn *fn, void *ctx)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    int rc = mdb_cursor_open(txn, 0, &cursor);

    if (rc != 0)
        return rc;
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        const uint8_t *list = value.mv_data; /* its length, then page ids */
        size_t count;

        memcpy(&count, list, sizeof(count));
        rc = fn(ctx, list + sizeof(count), count);
        if (rc != 0)
            break;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
count_pages(void *ctx, const uint8_t *pages, size_t count)
{
    (void)pages;
    *(size_t *)ctx += count;
    return 0;
}

/* What LMDB has used and could still use of its map. */
struct map {
    uint64_t bytes;        /* in all */
    uint64_t free_bytes;   /* within the file */
    uint64_t beyond_bytes; /* behind what was ever used: needs disk, too */
};

static int
look_at_map(struct store *store, struct map *map, struct err *err)
{
    struct store_txn *txn = store_begin_read(store, err);
    MDB_envinfo info;
    MDB_stat stat;
    size_t free_pages = 0;
    int rc;

    if (txn == NULL)
        return -1;
    rc = store_lmdb_each_free(txn->txn, count_pages, &free_pages);
    if (rc == 0)
        rc = mdb_env_info(store->env, &info);
    if (rc == 0)
        rc = mdb_env_stat(store->env, &stat);
    store_abort(txn);
    if (rc != 0)
        return store_lmdb_failed(err, rc, "how full");
    map->bytes = info.me_mapsize;
    map->free_bytes = (uint64_t)free_pages * stat.ms_psize;
    map->beyond_bytes =
        map->bytes - (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
    return 0;
}

static int
look_at_disk(struct store *store, struct statvfs *disk, struct err *err)
{
    const char *path;

    if (mdb_env_get_path(store->env, &path) != 0 || statvfs(path, disk) != 0)
        return err_sys(err, errno, "how full is the disk");
    return 0;
}

/* As df says it: what is kept for others counts neither as used nor as room. */
static double
disk_ratio(const struct statvfs *disk)
{
    double used = (double)(disk->f_blocks - disk->f_bfree);
    double room = (double)disk->f_bavail;

    return used + room > 0.0 ? used / (used + room) : 0.0;
}

int
store_used(struct store *store, struct store_used *used, struct err *err)
{
    struct statvfs disk;
    uint64_t disk_bytes;
    struct map map = {0};

    if (look_at_map(store, &map, err) != 0 ||
        look_at_disk(store, &disk, err) != 0)
        return -1;
    disk_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    used->map = (double)(map.bytes - map.beyond_bytes - map.free_bytes) /
                (double)map.bytes;
    used->disk = disk_ratio(&disk);
    used->left_bytes =
        map.free_bytes +
        (map.beyond_bytes < disk_bytes ? map.beyond_bytes : disk_bytes);
    return 0;
}

/* Counting walks LMDB's list of free pages: it may take this part of the time,
 * and what was counted is good for that long. */
enum { FRESH_TIMES = 100 };

static const int64_t fresh_min_ns = 2 * NS_PER_SEC;
static const int64_t fresh_max_ns = 60 * NS_PER_SEC;

int
store_used_lately(struct store *store, struct store_used *used, struct err *err)
{
    int64_t begun_ns = clock_mono_ns();
    struct store_full full;
    int64_t fresh_ns;

    (void)pthread_mutex_lock(&store->lock);
    full = store->full;
    (void)pthread_mutex_unlock(&store->lock);
    *used = full.used;
    if (begun_ns < full.good_until_ns)
        return 0;
    if (store_used(store, used, err) != 0)
        return -1;
    fresh_ns = (clock_mono_ns() - begun_ns) * FRESH_TIMES;
    if (fresh_ns < fresh_min_ns)
        fresh_ns = fresh_min_ns;
    if (fresh_ns > fresh_max_ns)
        fresh_ns = fresh_max_ns;
    full = (struct store_full){
        .used = *used, .good_until_ns = begun_ns + fresh_ns};
    (void)pthread_mutex_lock(&store->lock);
    store->full = full;
    (void)pthread_mutex_unlock(&store->lock);
    return 0;
}

int
store_used_ratio(struct store *store, double *ratio, struct err *err)
{
    struct store_used used;

    if (store_used_lately(store, &used, err) != 0)
        return -1;
    *ratio = used.map > used.disk ? used.map : used.disk;
    return 0;
}

int
store_table_size(struct store_txn *txn, enum store_table table,
    struct store_size *size, struct err *err)
{
    MDB_stat stat;
    int rc = mdb_stat(txn->txn, txn->store->tables[table], &stat);

    if (rc != 0)
        return store_lmdb_failed(err, rc, "size of a table");
    *size = (struct store_size){.rows = stat.ms_entries,
        .bytes = (stat.ms_branch_pages + stat.ms_leaf_pages +
                     stat.ms_overflow_pages) *
                 stat.ms_psize};
    return 0;
}

static int
sync_file(const char *dir, struct err *err)
{
    char path[PATH_MAX];
    int fd;
    int rc;

    if (snprintf(path, sizeof(path), "%s/data.mdb", dir) >= (int)sizeof(path))
        return err_set(err, ERR_LIMIT, "path of %zu bytes", strlen(dir));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return err_sys(err, errno, "%s", path);
    rc = fsync(fd) == 0 ? 0 : err_sys(err, errno, "sync %s", path);
    (void)close(fd);
    return rc;
}

int
store_copy(struct store *store, const char *dir, struct err *err)
{
    int rc = mdb_env_copy2(store->env, dir, MDB_CP_COMPACT);

    if (rc != 0)
        return store_lmdb_failed(err, rc, "copy");
    return sync_file(dir, err);
}
