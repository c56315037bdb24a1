/*
 * import.h - takes exported results in: all of a file, or nothing of it.
 *
 * First every line is read, and compared with the others and with what is
 * stored; nothing is written before all of it is known to be good.  Imported
 * results are judged and never tell anybody.
 */
#ifndef COLLECTOR_IMPORT_H
#define COLLECTOR_IMPORT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf_history.h"
#include "err.h"
#include "ladder.h"
#include "store.h"
#include "watch.h"

enum { IMPORT_LINES_MAX = 4000000 };

/* Where an import happens.  All borrowed. */
struct import_room {
    struct store_txn *txn;
    const struct conf_history *conf;
    struct watch *watch; /* NULL: nobody judges yet */
    struct ladder *ladder;
    int64_t now_unix_ms;
};

struct import_summary {
    uint64_t lines;
    uint64_t added;
    uint64_t same;           /* there already, or twice in the file */
    uint64_t too_old;        /* left out: see retention.h */
    uint64_t unknown_region; /* kept, not judged */
};

struct import;

struct import *import_new(const struct import_room *room, struct err *err);
void import_free(struct import *import);

/*
 * The next line, without its newline; an empty one is skipped.  ERR_PARSE and
 * ERR_LIMIT name the line.
 */
int import_feed(
    struct import *import, const char *line, size_t len, struct err *err);

/*
 * After the last line.  ERR_PARSE: refused, and nothing was written.  Any
 * other error: the transaction is lost.
 */
int import_apply(
    struct import *import, struct import_summary *summary, struct err *err);

/* The lines of a file, from where it stands. */
int import_feed_file(struct import *import, FILE *in, struct err *err);

/*
 * After the last line: compares as import_apply() does, and writes nothing.
 * The room needs neither watch nor ladder then.
 */
int import_check(struct import *import, struct err *err);

/* All of it for lines in memory. */
int import_lines(const struct import_room *room, const char *text, size_t len,
    struct import_summary *summary, struct err *err);

/* {"lines","added","duplicates","too_old","unknown_regions"}; new. */
json_t *import_summary_json(const struct import_summary *summary);

#endif
