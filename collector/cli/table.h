/*
 * table.h - text tables for people: columns as wide as their widest cell,
 * numbers to the right, colour only where it is wanted.
 */
#ifndef COLLECTOR_TABLE_H
#define COLLECTOR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 24, TABLE_CELL_BYTES = 160 };

enum table_style {
    TABLE_PLAIN,
    TABLE_GOOD, /* green */
    TABLE_WARN, /* yellow */
    TABLE_BAD,  /* red */
    TABLE_DIM
};

struct table;

/* `columns` are the titles, in order; one that begins with '>' is set to the
 * right.  NULL when memory is out. */
struct table *table_new(const char *const *columns, size_t count);
void table_free(struct table *table);

/* Begins a row; cells follow from the left. */
void table_row(struct table *table);
void table_cell(struct table *table, enum table_style style, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* The rows so far; nothing at all when there is none. */
void table_print(const struct table *table, bool color, FILE *out);

/* Columns a text takes on a terminal: characters of UTF-8, not bytes. */
size_t table_width(const char *text);

/* "812 µs", "64.3 ms", "1.24 s"; "-" for a negative value. */
void table_put_us(double us, char *out, size_t size);

#endif
