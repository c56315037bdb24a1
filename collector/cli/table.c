#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cols.h"
#include "text.h"

struct cell {
    enum paper_style style;
    char text[TABLE_CELL_BYTES];
};

struct table {
    size_t columns;
    char titles[TABLE_COLUMNS_MAX][TABLE_CELL_BYTES];
    bool right[TABLE_COLUMNS_MAX];
    struct cell *cells; /* owned; row by row */
    size_t rows;
    size_t capacity; /* in rows */
    size_t at;       /* next column of the last row */
    size_t printed;  /* rows that table_print_more() has shown */
    size_t widths[TABLE_COLUMNS_MAX]; /* of the columns as printed */
    bool omit_empty;
    bool failed; /* memory ran out: what fits is printed */
};

struct table *
table_new(const char *const *columns, size_t count)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table == NULL)
        return NULL;
    table->columns = count < TABLE_COLUMNS_MAX ? count : TABLE_COLUMNS_MAX;
    for (size_t i = 0; i < table->columns; i++) {
        table->right[i] = columns[i][0] == '>';
        (void)snprintf(table->titles[i], TABLE_CELL_BYTES, "%s",
            columns[i] + (table->right[i] ? 1 : 0));
    }
    return table;
}

void
table_free(struct table *table)
{
    if (table == NULL)
        return;
    free(table->cells);
    free(table);
}

void
table_row(struct table *table)
{
    if (table->rows == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 16;
        struct cell *cells =
            realloc(table->cells, capacity * table->columns * sizeof(*cells));

        table->failed = cells == NULL;
        if (table->failed)
            return;
        table->cells = cells;
        table->capacity = capacity;
    }
    memset(table->cells + table->rows * table->columns, 0,
        table->columns * sizeof(*table->cells));
    table->rows++;
    table->at = 0;
}

void
table_cell(struct table *table, enum paper_style style, const char *fmt, ...)
{
    struct cell *cell;
    char text[TABLE_CELL_BYTES];
    va_list ap;

    if (table->failed || table->rows == 0 || table->at == table->columns)
        return;
    cell = &table->cells[(table->rows - 1) * table->columns + table->at++];
    cell->style = style;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    /* Whole characters only, and none that spoils the columns. */
    text_put_harmless(text, strlen(text), cell->text, sizeof(cell->text));
}

struct place {
    size_t width; /* 0: the column is left out */
    bool right;
    bool last;
};

static void
print_cell(const struct paper *paper, enum paper_style style, const char *text,
    const struct place *place)
{
    size_t width = cols_of(text);
    size_t pad = place->width > width ? place->width - width : 0;

    if (place->width == 0)
        return;
    if (place->right)
        paper_spaces(paper, pad);
    paper_put(paper, style, "%s", text);
    if (place->last)
        return;
    paper_spaces(paper, place->right ? 2 : pad + 2);
}

static const struct cell *
cell_at(const struct table *table, size_t row, size_t column)
{
    return &table->cells[row * table->columns + column];
}

/* Of the rows from `first` on; 0: nothing is said in this column. */
static size_t
widest(const struct table *table, size_t column, size_t first)
{
    size_t widest = cols_of(table->titles[column]);
    bool empty = true;

    for (size_t row = first; row < table->rows; row++) {
        const char *text = cell_at(table, row, column)->text;
        size_t width = cols_of(text);

        widest = width > widest ? width : widest;
        empty = empty && (text[0] == '\0' || strcmp(text, "-") == 0);
    }
    return empty && table->omit_empty ? 0 : widest;
}

static void
print_row(const struct table *table, const struct paper *paper, size_t row,
    const struct place *places)
{
    for (size_t c = 0; c < table->columns; c++)
        print_cell(paper, cell_at(table, row, c)->style,
            cell_at(table, row, c)->text, &places[c]);
    paper_end(paper);
}

static void
print_from(const struct table *table, const struct paper *paper, size_t first,
    const size_t widths[TABLE_COLUMNS_MAX])
{
    struct place places[TABLE_COLUMNS_MAX];
    bool last = true;

    for (size_t c = table->columns; c-- > 0;) {
        places[c] = (struct place){
            .width = widths[c], .right = table->right[c], .last = last};
        last = last && widths[c] == 0;
    }
    for (size_t c = 0; c < table->columns && first == 0; c++)
        print_cell(paper, PAPER_DIM, table->titles[c], &places[c]);
    if (first == 0)
        paper_end(paper);
    for (size_t row = first; row < table->rows; row++)
        print_row(table, paper, row, places);
}

void
table_print(const struct table *table, const struct paper *paper)
{
    size_t widths[TABLE_COLUMNS_MAX];

    if (table->rows == 0)
        return;
    for (size_t c = 0; c < table->columns; c++)
        widths[c] = widest(table, c, 0);
    print_from(table, paper, 0, widths);
}

void
table_omit_empty(struct table *table)
{
    table->omit_empty = true;
}

void
table_print_more(struct table *table, const struct paper *paper)
{
    if (table->printed == table->rows)
        return;
    for (size_t c = 0; c < table->columns; c++) {
        size_t width = widest(table, c, table->printed);

        if (width > table->widths[c])
            table->widths[c] = width;
    }
    print_from(table, paper, table->printed, table->widths);
    table->printed = table->rows;
}

void
table_put_us(double us, char *out, size_t size)
{
    if (us < 0)
        (void)snprintf(out, size, "-");
    else if (us < 999.5)
        (void)snprintf(out, size, "%.0f \302\265s", us);
    else if (us < 99950)
        (void)snprintf(out, size, "%.1f ms", us / 1000);
    else if (us < 999500)
        (void)snprintf(out, size, "%.0f ms", us / 1000);
    else
        (void)snprintf(out, size, "%.2f s", us / 1000000);
}
