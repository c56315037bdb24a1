/*
 * table.h - text tables for people: columns as wide as their widest cell,
 * numbers to the right, colour only where it is wanted.
 */
#ifndef COLLECTOR_TABLE_H
#define COLLECTOR_TABLE_H

#include <stddef.h>

#include "paper.h"

enum { TABLE_COLUMNS_MAX = 24, TABLE_CELL_BYTES = 160 };

struct table;

/* `columns` are the titles, in order; one that begins with '>' is set to the
 * right.  NULL when memory is out. */
struct table *table_new(const char *const *columns, size_t count);
void table_free(struct table *table);

/* Begins a row; cells follow from the left. */
void table_row(struct table *table);
void table_cell(struct table *table, enum paper_style style, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/*
 * The rows so far; nothing at all when there is none.  A column in which
 * every row says "-" or nothing is left out where `omit_empty` was called.
 */
void table_print(const struct table *table, const struct paper *paper);
void table_omit_empty(struct table *table);

/*
 * For a table that grows while it is shown: the rows since the last call,
 * under the titles only the first time, in columns that never get narrower.
 */
void table_print_more(struct table *table, const struct paper *paper);

/* "812 µs", "64.3 ms", "1.24 s"; "-" for a negative value. */
void table_put_us(double us, char *out, size_t size);

#endif
