#include "restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "store_look.h"
#include "writer_lock.h"

enum { DIR_MODE = 0750, FILE_MODE = 0640, PIECE_BYTES = 1 << 20 };

struct paths {
    char data[BACKUP_PATH_BYTES]; /* the store's file */
    char lock[BACKUP_PATH_BYTES];
    char fresh[BACKUP_PATH_BYTES]; /* the backup's copy, until it is whole */
};

/* ---- which backup ---- */

/* 1: *restored names the newest that is good, 0: none is, -1: err. */
static int
find_good(
    const struct restore_spec *spec, struct restored *restored, struct err *err)
{
    struct backup_list list;
    struct err ignored;
    int rc = 0;

    if (backup_list_read(spec->backup_dir, &list, err) != 0)
        return -1;
    for (size_t i = 0; i < list.count && rc == 0; i++) {
        enum store_condition condition;

        if (snprintf(restored->backup, sizeof(restored->backup), "%s/%s",
                spec->backup_dir,
                list.items[i].name) >= (int)sizeof(restored->backup))
            continue;
        if (store_look(restored->backup, &condition, &ignored) == 0 &&
            (condition == STORE_SOUND || condition == STORE_OLDER)) {
            restored->made_unix_ms = list.items[i].made_unix_ms;
            restored->passed = i;
            rc = 1;
        }
    }
    backup_list_free(&list);
    return rc;
}

/* ---- putting it in its place ---- */

static int
copy_on(int from, int to, const struct paths *paths, struct err *err)
{
    uint8_t *piece = malloc(PIECE_BYTES);
    ssize_t got;
    int rc = -1;

    if (piece == NULL)
        return err_set(err, ERR_NOMEM, "restoring");
    while ((got = read(from, piece, PIECE_BYTES)) > 0) {
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, piece + done, (size_t)(got - done));

            if (put < 0) {
                err_sys(err, errno, "write %s", paths->fresh);
                goto out;
            }
            done += put;
        }
    }
    if (got < 0)
        err_sys(err, errno, "read a backup");
    else if (fsync(to) != 0)
        err_sys(err, errno, "sync %s", paths->fresh);
    else
        rc = 0;

out:
    free(piece);
    return rc;
}

static int
copy_backup(
    const struct restored *restored, const struct paths *paths, struct err *err)
{
    char file[BACKUP_PATH_BYTES + 16];
    int from;
    int to;
    int rc = -1;

    (void)snprintf(file, sizeof(file), "%s/data.mdb", restored->backup);
    from = open(file, O_RDONLY | O_CLOEXEC);
    if (from == -1)
        return err_sys(err, errno, "open %s", file);
    to =
        open(paths->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (to == -1)
        err_sys(err, errno, "create %s", paths->fresh);
    else
        rc = copy_on(from, to, paths, err);
    (void)close(from);
    if (to != -1)
        (void)close(to);
    return rc;
}

/* A second name, so that at no moment there is no data.mdb. */
static int
name_aside(const struct restore_spec *spec, const struct paths *paths,
    struct restored *restored, struct err *err)
{
    char moment[BACKUP_NAME_BYTES];
    char file[BACKUP_PATH_BYTES + 16];

    backup_put_moment(spec->now_unix_ms, moment);
    if (snprintf(restored->aside, sizeof(restored->aside), "%s/damaged-%s",
            spec->store_dir, moment) >= (int)sizeof(restored->aside))
        return err_set(
            err, ERR_LIMIT, "path of %zu bytes", strlen(spec->store_dir));
    if (mkdir(restored->aside, DIR_MODE) != 0)
        return err_sys(err, errno, "make folder %s", restored->aside);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", restored->aside);
    if (link(paths->data, file) != 0)
        return err_sys(err, errno, "name %s", file);
    return 0;
}

static int
put_in_place(const struct restore_spec *spec, const struct paths *paths,
    bool keep, struct restored *restored, struct err *err)
{
    if (copy_backup(restored, paths, err) != 0)
        return -1;
    if (keep && name_aside(spec, paths, restored, err) != 0)
        return -1;
    if (keep && file_sync_folder(restored->aside, err) != 0)
        return -1;
    /* It is of the file that goes, and LMDB makes another. */
    (void)unlink(paths->lock);
    if (rename(paths->fresh, paths->data) != 0)
        return err_sys(err, errno, "rename %s", paths->fresh);
    return file_sync_folder(spec->store_dir, err);
}

/* ---- the whole ---- */

static int
set_paths(const char *dir, struct paths *paths, struct err *err)
{
    if (snprintf(paths->fresh, sizeof(paths->fresh), "%s/data.mdb.restoring",
            dir) >= (int)sizeof(paths->fresh))
        return err_set(err, ERR_LIMIT, "path of %zu bytes", strlen(dir));
    (void)snprintf(paths->data, sizeof(paths->data), "%s/data.mdb", dir);
    (void)snprintf(paths->lock, sizeof(paths->lock), "%s/lock.mdb", dir);
    return 0;
}

/* `err` holds what is wrong with the store. */
static int
restore(const struct restore_spec *spec, bool is_empty,
    struct restored *restored, struct err *err)
{
    struct paths paths;
    int found = 0;

    (void)snprintf(restored->why, sizeof(restored->why), "%s",
        is_empty ? "data.mdb is empty" : err->msg);
    if (spec->backup_dir != NULL)
        found = find_good(spec, restored, err);
    if (found < 0)
        return -1;
    if (found == 0 && is_empty)
        return 0; /* a store in the making */
    if (found == 0)
        return err_set(err, ERR_STATE,
            "is damaged (%.200s), and there is no good backup %s%s; nothing "
            "was changed: move data.mdb aside to begin anew",
            restored->why, spec->backup_dir != NULL ? "in " : "to restore",
            spec->backup_dir != NULL ? spec->backup_dir : "");
    if (set_paths(spec->store_dir, &paths, err) != 0)
        return -1;
    if (put_in_place(spec, &paths, !is_empty, restored, err) != 0) {
        (void)unlink(paths.fresh);
        return err_wrap(err, "restore %s", restored->backup);
    }
    return 1;
}

static int
look_and_restore(const struct restore_spec *spec, bool whole,
    struct restored *restored, struct err *err)
{
    enum store_condition condition;

    restored->looked_whole = whole;
    if ((whole ? store_look_whole : store_look)(
            spec->store_dir, &condition, err) != 0)
        return -1;
    switch (condition) {
    case STORE_SOUND:
    case STORE_OLDER:
    case STORE_ABSENT:
        return 0;
    case STORE_NEWER:
    case STORE_FOREIGN:
        return -1;
    case STORE_EMPTY:
    case STORE_DAMAGED:
        break;
    }
    return restore(spec, condition == STORE_EMPTY, restored, err);
}

int
restore_if_damaged(
    const struct restore_spec *spec, struct restored *restored, struct err *err)
{
    struct stat st;
    int lock;
    int rc;

    *restored = (struct restored){.passed = 0};
    if (stat(spec->store_dir, &st) != 0)
        return 0; /* store_open() makes it, or says why not */
    lock = writer_lock_open(spec->store_dir, err);
    rc = lock == -1 ? -1
                    : look_and_restore(
                          spec, writer_lock_is_marked(lock), restored, err);
    if (rc >= 0)
        writer_lock_unmark(lock);
    if (lock != -1)
        (void)close(lock);
    return rc >= 0 ? rc : err_wrap(err, "store %s", spec->store_dir);
}

int
restore_is_forgotten(const struct restore_spec *spec,
    char newest[BACKUP_PATH_BYTES], struct err *err)
{
    struct backup_list list;
    struct paths paths;
    int rc;

    if (spec->backup_dir == NULL)
        return 0;
    if (set_paths(spec->store_dir, &paths, err) != 0 ||
        backup_list_read(spec->backup_dir, &list, err) != 0)
        return -1;
    rc = list.count > 0 && access(paths.data, F_OK) != 0;
    if (rc == 1)
        (void)snprintf(newest, BACKUP_PATH_BYTES, "%.3000s/%s",
            spec->backup_dir, list.items[0].name);
    backup_list_free(&list);
    return rc;
}
