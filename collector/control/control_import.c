/*
 * Files of results.  A small one comes in one message and is taken in by one
 * turn of the writer.  Larger ones come in pieces and are gathered in a file beside the store.  Then an errand reads all of it and
 * compares it with itself and the store, so that a file with a mistake in it
 * imports nothing; and then the writer takes it in, some thousand lines a
 * turn, between what agents send.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_own.h"
#include "errand.h"
#include "import.h"

enum { IMPORTS_MAX = 4, PATH_BYTES = 4096, SLICE_LINES = 10000 };

static const int64_t import_max_bytes = INT64_C(4) << 30;
/* Nobody sends the next piece any more. */
static const int64_t idle_ns = 60 * NS_PER_SEC;

/* A slice of the file, in the writer's hands. */
struct slice {
    struct writer_job job;   /* first */
    struct control *control; /* borrowed */
    int64_t import;          /* its number; it may be gone.  0: all of a file */
    struct control_peer peer; /* of all of a file */
    struct buf lines;
    struct import_summary summary;
    struct err refused;
    bool is_refused;
};

struct control_importing {
    struct control *control; /* borrowed */
    struct control_importing *next;
    int64_t number;
    struct control_peer peer; /* who waits for the end */
    bool ended;               /* no piece comes any more */
    char path[PATH_BYTES];    /* "": no file yet */
    FILE *file;               /* owned */
    int64_t bytes;
    struct errand *errand; /* owned */
    struct timer turn;     /* nobody sends, or the next slice */
    struct import_summary summary;
};

static void
free_import(struct control_importing *importing)
{
    loop_timer_stop(importing->control->loop, &importing->turn);
    errand_cancel(importing->errand);
    if (importing->file != NULL)
        (void)fclose(importing->file);
    if (importing->path[0] != '\0')
        (void)unlink(importing->path);
    free(importing);
}

static void
drop(struct control_importing *importing)
{
    struct control_importing **at = &importing->control->imports;

    while (*at != importing)
        at = &(*at)->next;
    *at = importing->next;
    free_import(importing);
}

static struct control_importing *
find(const struct control *control, int64_t number)
{
    struct control_importing *importing = control->imports;

    while (importing != NULL && importing->number != number)
        importing = importing->next;
    return importing;
}

static void
fail(struct control_importing *importing, int exit_code, const char *text)
{
    control_refuse(importing->control, &importing->peer, exit_code, text);
    drop(importing);
}

/* What a collector that was killed left behind. */
void
control_clean_imports(const char *store_dir)
{
    static const char begin[] = "import-";
    DIR *dir = opendir(store_dir);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, begin, sizeof(begin) - 1) == 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

/* ---- the pieces ---- */

static void
on_idle(void *ctx)
{
    drop(ctx);
}

static int
open_file(struct control_importing *importing, struct err *err)
{
    int len = snprintf(importing->path, sizeof(importing->path),
        "%s/import-XXXXXX", importing->control->store_dir);
    int fd;

    if (len < 0 || (size_t)len >= sizeof(importing->path)) {
        importing->path[0] = '\0';
        return err_set(err, ERR_LIMIT, "the store's path is too long");
    }
    fd = mkostemp(importing->path, O_CLOEXEC);
    if (fd == -1) {
        importing->path[0] = '\0';
        return err_sys(err, errno, "a file for what is imported");
    }
    importing->file = fdopen(fd, "w+");
    if (importing->file != NULL)
        return 0;
    (void)close(fd);
    return err_sys(err, errno, "a file for what is imported");
}

static void
begin(struct control *control, const struct control_peer *peer)
{
    struct control_importing *importing;
    struct err err;
    int count = 0;

    for (importing = control->imports; importing != NULL;
         importing = importing->next)
        count++;
    importing = count < IMPORTS_MAX ? calloc(1, sizeof(*importing)) : NULL;
    if (importing == NULL) {
        control_refuse(control, peer, 3,
            "too many imports at once: wait until one has ended");
        return;
    }
    importing->control = control;
    importing->number = ++control->imports_made;
    timer_init(&importing->turn, on_idle, importing);
    if (open_file(importing, &err) != 0) {
        control_refuse_err(control, peer, &err);
        free_import(importing);
        return;
    }
    importing->next = control->imports;
    control->imports = importing;
    loop_timer_start(control->loop, &importing->turn, idle_ns);
    control_reply_json(control, peer, 0,
        json_pack("{s:I}", "import", (json_int_t)importing->number));
}

static void
add_piece(struct control_importing *importing, const struct control_peer *peer,
    const json_t *args)
{
    const json_t *lines = json_object_get(args, "lines");
    size_t len = json_string_length(lines);

    importing->peer = *peer;
    importing->bytes += (int64_t)len;
    if (importing->bytes > import_max_bytes) {
        fail(importing, 2, "more than 4 GiB: import it in parts");
        return;
    }
    if (len > 0 &&
        fwrite(json_string_value(lines), 1, len, importing->file) != len) {
        fail(importing, 3, "no room beside the store for what is imported");
        return;
    }
    loop_timer_start(importing->control->loop, &importing->turn, idle_ns);
    control_reply_json(importing->control, peer, 0, json_object());
}

/* ---- all of it ---- */

static int
run_slice(struct writer_job *base, struct writer_room *room,
    struct store_txn *txn, struct err *err)
{
    struct slice *slice = (struct slice *)base;
    const struct import_room import = {
        .txn = txn,
        .conf = room->history,
        .watch = room->watch,
        .ladder = room->ladder,
        .now_unix_ms = room->now_unix_ms,
    };

    if (import_lines(&import, (const char *)slice->lines.data, slice->lines.len,
            &slice->summary, &slice->refused) == 0)
        return 0;
    slice->is_refused = true;
    if (slice->refused.code == ERR_PARSE || slice->refused.code == ERR_LIMIT)
        return 0;
    *err = slice->refused;
    return -1;
}

static void
add_up(struct import_summary *to, const struct import_summary *from)
{
    to->lines += from->lines;
    to->added += from->added;
    to->same += from->same;
    to->too_old += from->too_old;
    to->unknown_region += from->unknown_region;
}

/* What was refused now was good a moment ago: another result came between. */
static void
slice_failed(struct control_importing *importing, const struct slice *slice)
{
    char text[sizeof(slice->refused.msg) + 128];

    (void)snprintf(text, sizeof(text),
        "part of the file is imported, then: %s; importing it again does no "
        "harm",
        slice->job.lost ? slice->job.err.msg : slice->refused.msg);
    fail(importing, 3, text);
}

static void
whole_done(struct writer_job *base)
{
    struct slice *slice = (struct slice *)base;

    if (slice->job.lost)
        control_refuse(slice->control, &slice->peer, 3, slice->job.err.msg);
    else if (slice->is_refused)
        control_refuse(slice->control, &slice->peer, 2, slice->refused.msg);
    else
        control_reply_json(slice->control, &slice->peer, 0,
            import_summary_json(&slice->summary));
    buf_free(&slice->lines);
    free(slice);
}

static void
put_whole(struct control *control, const struct control_peer *peer,
    const json_t *args)
{
    const json_t *lines = json_object_get(args, "lines");
    struct slice *slice = calloc(1, sizeof(*slice));
    struct err err;

    if (slice == NULL) {
        control_refuse(control, peer, 3, "out of memory");
        return;
    }
    buf_init(&slice->lines, WIRE_CTL_MAX_BYTES);
    if (buf_append(&slice->lines, (const uint8_t *)json_string_value(lines),
            json_string_length(lines), &err) != 0) {
        control_refuse_err(control, peer, &err);
        buf_free(&slice->lines);
        free(slice);
        return;
    }
    slice->control = control;
    slice->peer = *peer;
    slice->job.run = run_slice;
    slice->job.done = whole_done;
    slice->job.cost_bytes = slice->lines.len;
    writer_put(control->writer, &slice->job);
}

static void
slice_done(struct writer_job *base)
{
    struct slice *slice = (struct slice *)base;
    struct control_importing *importing = find(slice->control, slice->import);

    if (importing != NULL && (slice->job.lost || slice->is_refused)) {
        slice_failed(importing, slice);
    } else if (importing != NULL) {
        add_up(&importing->summary, &slice->summary);
        /* Not from here: the writer may be about to end. */
        loop_timer_start(importing->control->loop, &importing->turn, 0);
    }
    buf_free(&slice->lines);
    free(slice);
}

static int
read_slice(
    struct control_importing *importing, struct slice *slice, struct err *err)
{
    char *line = NULL;
    size_t room = 0;
    int rc = 0;

    for (int i = 0; i < SLICE_LINES && rc == 0; i++) {
        ssize_t len = getline(&line, &room, importing->file);

        if (len < 0)
            break;
        rc = buf_append(&slice->lines, (const uint8_t *)line, (size_t)len, err);
    }
    if (rc == 0 && ferror(importing->file))
        rc = err_sys(err, errno, "read what is imported");
    free(line);
    return rc;
}

static void
next_slice(void *ctx)
{
    struct control_importing *importing = ctx;
    struct control *control = importing->control;
    struct slice *slice = calloc(1, sizeof(*slice));
    struct err err = {0};

    if (slice == NULL) {
        fail(importing, 3, "out of memory");
        return;
    }
    buf_init(&slice->lines, (size_t)1 << 30);
    if (read_slice(importing, slice, &err) != 0) {
        fail(importing, 3, err.msg);
    } else if (slice->lines.len == 0) {
        control_reply_json(control, &importing->peer, 0,
            import_summary_json(&importing->summary));
        drop(importing);
    } else {
        slice->control = control;
        slice->import = importing->number;
        slice->job.run = run_slice;
        slice->job.done = slice_done;
        slice->job.cost_bytes = slice->lines.len;
        writer_put(control->writer, &slice->job);
        return;
    }
    buf_free(&slice->lines);
    free(slice);
}

static void
looked_at(void *ctx, int exit_code, struct bytes answer)
{
    struct control_importing *importing = ctx;
    json_t *said;
    const char *error;

    importing->errand = NULL;
    if (exit_code == 0 && answer.len > 0) {
        timer_init(&importing->turn, next_slice, importing);
        loop_timer_start(importing->control->loop, &importing->turn, 0);
        return;
    }
    said = json_loadb((const char *)answer.data, answer.len, 0, NULL);
    error = json_string_value(json_object_get(said, "error"));
    fail(importing, error != NULL ? exit_code : 3,
        error != NULL ? error : "reading the file ended without a word");
    json_decref(said);
}

static void
end(struct control_importing *importing, const struct control_peer *peer)
{
    struct control *control = importing->control;
    const char *const words[] = {
        "import", control->store_dir, importing->path, NULL};
    struct err err;

    importing->peer = *peer;
    importing->ended = true;
    loop_timer_stop(control->loop, &importing->turn);
    if (fflush(importing->file) != 0) {
        fail(importing, 3, "no room beside the store for what is imported");
        return;
    }
    rewind(importing->file);
    importing->errand =
        errand_start(control->loop, words, looked_at, importing, &err);
    if (importing->errand == NULL)
        fail(importing, 3, err.msg);
}

bool
control_import(struct control *control, const struct control_peer *peer,
    const char *command, const json_t *args)
{
    int64_t number = json_integer_value(json_object_get(args, "import"));
    struct control_importing *importing;

    if (strncmp(command, "import", 6) != 0)
        return false;
    if (strcmp(command, "import") == 0) {
        put_whole(control, peer, args);
        return true;
    }
    if (strcmp(command, "import.begin") == 0) {
        begin(control, peer);
        return true;
    }
    importing = find(control, number);
    if (importing == NULL || importing->ended)
        control_refuse(control, peer, 2,
            "there is no such import; its pieces must follow each other");
    else if (strcmp(command, "import.piece") == 0)
        add_piece(importing, peer, args);
    else if (strcmp(command, "import.end") == 0)
        end(importing, peer);
    else
        return false;
    return true;
}

void
control_drop_imports(struct control *control)
{
    while (control->imports != NULL)
        drop(control->imports);
}
