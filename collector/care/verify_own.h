/*
 * verify_own.h - what the files of verify share: private to them.
 */
#ifndef COLLECTOR_VERIFY_OWN_H
#define COLLECTOR_VERIFY_OWN_H

#include "conf_history.h"
#include "retention.h"
#include "verify.h"

enum { VERIFY_TURN_ROWS = 10000 };

struct verify {
    const struct verify_spec *spec; /* borrowed */
    struct verify_counts *counts;   /* borrowed */
    struct store_txn *txn;          /* owned; renewed by verify_turn() */
    struct conf_history *history;   /* owned; as of that transaction */
    bool history_is_damaged; /* it is empty, and nothing can be made anew */
    int64_t turn_began_ns;
    size_t turn_rows;
    uint32_t *checks; /* owned; that are configured, or have results */
    size_t check_count;
};

/*
 * Counts rows that were read, and goes on with a new transaction where this
 * one has had its share: pointers into it, and into the history, are then no
 * longer good.
 */
int verify_turn(struct verify *verify, size_t rows, struct err *err);

/* Tells a difference. */
int verify_say(struct verify *verify, const char *table, struct err *err,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * After a failure: where something stored is not what it should be that is a
 * difference, and 0; else -1.
 */
int verify_say_state(struct verify *verify, const char *table, const char *what,
    struct err *err);

/* As it was named last; its number where it never was. */
const char *verify_check_name(const struct verify *verify, uint32_t check);

/* From where on hours of the check can be made anew from raw. */
int64_t verify_raw_from(const struct verify *verify);

/* verify_rows.c: each row of each table for itself, and marks with raw. */
int verify_rows(struct verify *verify, struct err *err);

/* verify_marks.c */
struct raw_result;
struct verify_marks;
struct verify_marks *verify_marks_new(struct verify *verify, struct err *err);
void verify_marks_free(struct verify_marks *marks);
int verify_marks_note(struct verify_marks *marks,
    const struct raw_result *result, struct err *err);
/* After all results were noted. */
int verify_marks_compare(
    struct verify *verify, struct verify_marks *marks, struct err *err);

/* verify_cells.c: hours with raw, days with hours. */
int verify_cells(struct verify *verify, uint32_t check, struct err *err);

/* verify_verdicts.c: rows with votes. */
int verify_verdicts(struct verify *verify, uint32_t check, struct err *err);

/* verify_incidents.c: rows with verdicts. */
int verify_incidents(struct verify *verify, uint32_t check, struct err *err);

/* verify_past.c: rows with verdicts, of days that still have some. */
int verify_past(struct verify *verify, uint32_t check, struct err *err);

#endif
