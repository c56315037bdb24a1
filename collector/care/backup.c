#include "backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "civil.h"
#include "file.h"
#include "store_look.h"

enum { DIR_MODE = 0750, MS_PER_DAY = 86400000 };

static const char name_prefix[] = "leadline-";
static const char temporary_prefix[] = ".leadline-";

/* ---- names ---- */

void
backup_put_moment(int64_t unix_ms, char out[BACKUP_NAME_BYTES])
{
    int64_t days = unix_ms / MS_PER_DAY;
    int64_t ms = unix_ms % MS_PER_DAY;
    int64_t year;
    int64_t month;
    int64_t day;

    civil_from_days(days, &year, &month, &day);
    (void)snprintf(out, BACKUP_NAME_BYTES, "%04d%02d%02dT%02d%02d%02d.%03dZ",
        (int)year, (int)month, (int)day, (int)(ms / 3600000),
        (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
}

static int
digits(const char **at, int count)
{
    int value = 0;

    for (; count > 0; count--, ++*at) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

/* False unless it is a name as backup_make() gives. */
static bool
take_name(const char *name, int64_t *unix_ms)
{
    static const struct {
        int count;
        char behind;
    } parts[] = {{4, '\0'}, {2, '\0'}, {2, 'T'}, {2, '\0'}, {2, '\0'}, {2, '.'},
        {3, 'Z'}};
    int values[7];
    const char *at = name + sizeof(name_prefix) - 1;

    if (strncmp(name, name_prefix, sizeof(name_prefix) - 1) != 0)
        return false;
    for (int i = 0; i < 7; i++) {
        values[i] = digits(&at, parts[i].count);
        if (values[i] < 0 ||
            (parts[i].behind != '\0' && *at++ != parts[i].behind))
            return false;
    }
    if (*at != '\0' || !civil_is_date(values[0], values[1], values[2]) ||
        values[3] > 23 || values[4] > 59 || values[5] > 59)
        return false;
    *unix_ms = civil_days(values[0], values[1], values[2]) * MS_PER_DAY +
               values[3] * INT64_C(3600000) + values[4] * INT64_C(60000) +
               values[5] * INT64_C(1000) + values[6];
    return true;
}

static int
newer_first(const void *a, const void *b)
{
    return strcmp(
        ((const struct backup *)b)->name, ((const struct backup *)a)->name);
}

static int
add(struct backup_list *list, const char *name, struct err *err)
{
    struct backup one = {.name = ""};
    struct backup *items;

    if (!take_name(name, &one.made_unix_ms))
        return 0;
    memcpy(one.name, name, strlen(name)); /* it has the length of all names */
    items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL)
        return err_set(err, ERR_NOMEM, "backups");
    list->items = items;
    items[list->count++] = one;
    return 0;
}

int
backup_list_read(const char *dir, struct backup_list *list, struct err *err)
{
    const struct dirent *entry;
    DIR *open = opendir(dir);
    int rc = 0;

    *list = (struct backup_list){.items = NULL};
    if (open == NULL)
        return errno == ENOENT ? 0 : err_sys(err, errno, "open %s", dir);
    while (rc == 0 && (entry = readdir(open)) != NULL)
        rc = add(list, entry->d_name, err);
    (void)closedir(open);
    if (rc != 0) {
        backup_list_free(list);
        return -1;
    }
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), newer_first);
    return 0;
}

void
backup_list_free(struct backup_list *list)
{
    free(list->items);
    *list = (struct backup_list){.items = NULL};
}

/* ---- making one ---- */

struct making {
    const struct backup_spec *spec;
    int dir_fd; /* of the folder of all; locked */
    char temporary[BACKUP_PATH_BYTES];
};

/* A backup, whole or not, and nothing else that may stand there. */
static void
remove_one(int dir_fd, const char *name)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd == -1)
        return;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)unlinkat(fd, files[i], 0);
    (void)close(fd);
    (void)unlinkat(dir_fd, name, AT_REMOVEDIR);
}

static void
remove_temporary(const struct making *making)
{
    DIR *open = opendir(making->spec->dir);
    const struct dirent *entry;

    if (open == NULL)
        return;
    while ((entry = readdir(open)) != NULL) {
        if (strncmp(entry->d_name, temporary_prefix,
                sizeof(temporary_prefix) - 1) == 0)
            remove_one(making->dir_fd, entry->d_name);
    }
    (void)closedir(open);
}

static int
open_dir(struct making *making, struct err *err)
{
    const char *dir = making->spec->dir;

    if (mkdir(dir, DIR_MODE) != 0 && errno != EEXIST)
        return err_sys(err, errno, "make folder %s", dir);
    making->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (making->dir_fd == -1)
        return err_sys(err, errno, "open %s", dir);
    if (flock(making->dir_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return err_sys(err, errno, "lock %s", dir);
    return err_set(err, ERR_BUSY, "another backup into %s is under way", dir);
}

/* Reads what was written: a backup that cannot be read is none. */
static int
look_at(const struct making *making, struct err *err)
{
    enum store_condition condition;

    if (store_look(making->temporary, &condition, err) != 0)
        return -1;
    if (condition == STORE_SOUND)
        return 0;
    return err_wrap(err, "the copy cannot be read");
}

static int
fill(struct making *making, struct backup_made *made, struct err *err)
{
    char file[BACKUP_PATH_BYTES + 16];
    struct stat st;

    if (store_copy(making->spec->store, making->temporary, err) != 0 ||
        look_at(making, err) != 0)
        return -1;
    (void)snprintf(file, sizeof(file), "%s/lock.mdb", making->temporary);
    (void)unlink(file); /* the look's */
    (void)snprintf(file, sizeof(file), "%s/data.mdb", making->temporary);
    if (stat(file, &st) != 0)
        return err_sys(err, errno, "%s", file);
    made->bytes = (uint64_t)st.st_size;
    return file_sync_folder(making->temporary, err);
}

static int
name_it(struct making *making, const char *path, struct err *err)
{
    if (rename(making->temporary, path) != 0)
        return err_sys(err, errno, "rename %s to %s", making->temporary, path);
    if (fsync(making->dir_fd) != 0)
        return err_sys(err, errno, "sync %s", making->spec->dir);
    return 0;
}

static int
prune(struct making *making, struct backup_made *made, struct err *err)
{
    struct backup_list list;

    if (making->spec->keep == 0)
        return 0;
    if (backup_list_read(making->spec->dir, &list, err) != 0)
        return err_wrap(err, "remove old backups");
    for (size_t i = (size_t)making->spec->keep; i < list.count; i++) {
        remove_one(making->dir_fd, list.items[i].name);
        made->removed++;
    }
    backup_list_free(&list);
    return 0;
}

static int
make(struct making *making, struct backup_made *made, struct err *err)
{
    const struct backup_spec *spec = making->spec;
    char moment[BACKUP_NAME_BYTES];

    backup_put_moment(spec->now_unix_ms, moment);
    if (snprintf(making->temporary, sizeof(making->temporary), "%s/%s%s.tmp",
            spec->dir, temporary_prefix,
            moment) >= (int)sizeof(making->temporary))
        return err_set(err, ERR_LIMIT, "path of %zu bytes", strlen(spec->dir));
    (void)snprintf(made->path, sizeof(made->path), "%s/%s%s", spec->dir,
        name_prefix, moment);
    remove_temporary(making);
    if (mkdir(making->temporary, DIR_MODE) != 0)
        return err_sys(err, errno, "make folder %s", making->temporary);
    if (fill(making, made, err) != 0 || name_it(making, made->path, err) != 0) {
        remove_temporary(making);
        return -1;
    }
    return prune(making, made, err);
}

int
backup_make(
    const struct backup_spec *spec, struct backup_made *made, struct err *err)
{
    struct making making = {.spec = spec, .dir_fd = -1};
    int rc;

    *made = (struct backup_made){.path = ""};
    rc = open_dir(&making, err);
    if (rc == 0)
        rc = make(&making, made, err);
    if (making.dir_fd != -1)
        (void)close(making.dir_fd);
    return rc == 0 ? 0 : err_wrap(err, "backup");
}
