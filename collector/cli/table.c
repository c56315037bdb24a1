#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct cell {
    enum table_style style;
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
    bool failed;     /* memory ran out: what fits is printed */
};

static const char *const style_codes[] = {
    [TABLE_PLAIN] = "",
    [TABLE_GOOD] = "\033[32m",
    [TABLE_WARN] = "\033[33m",
    [TABLE_BAD] = "\033[31m",
    [TABLE_DIM] = "\033[2m",
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
table_cell(struct table *table, enum table_style style, const char *fmt, ...)
{
    struct cell *cell;
    va_list ap;

    if (table->failed || table->rows == 0 || table->at == table->columns)
        return;
    cell = &table->cells[(table->rows - 1) * table->columns + table->at++];
    cell->style = style;
    va_start(ap, fmt);
    (void)vsnprintf(cell->text, sizeof(cell->text), fmt, ap);
    va_end(ap);
}

size_t
table_width(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

struct place {
    size_t width;
    bool right;
    bool last;
};

static void
print_cell(
    const char *text, const char *code, const struct place *place, FILE *out)
{
    size_t width = table_width(text);
    int pad = (int)(place->width > width ? place->width - width : 0);

    if (place->right)
        (void)fprintf(out, "%*s", pad, "");
    if (*code != '\0')
        (void)fprintf(out, "%s%s\033[0m", code, text);
    else
        (void)fputs(text, out);
    if (place->last) {
        (void)fputc('\n', out);
        return;
    }
    if (!place->right)
        (void)fprintf(out, "%*s", pad, "");
    (void)fputs("  ", out);
}

void
table_print(const struct table *table, bool color, FILE *out)
{
    struct place places[TABLE_COLUMNS_MAX];

    if (table->rows == 0)
        return;
    for (size_t c = 0; c < table->columns; c++) {
        places[c] = (struct place){
            .width = table_width(table->titles[c]),
            .right = table->right[c],
            .last = c + 1 == table->columns,
        };
        for (size_t r = 0; r < table->rows; r++) {
            size_t width =
                table_width(table->cells[r * table->columns + c].text);

            if (width > places[c].width)
                places[c].width = width;
        }
    }
    for (size_t c = 0; c < table->columns; c++)
        print_cell(table->titles[c], color ? style_codes[TABLE_DIM] : "",
            &places[c], out);
    for (size_t r = 0; r < table->rows; r++) {
        for (size_t c = 0; c < table->columns; c++) {
            const struct cell *cell = &table->cells[r * table->columns + c];

            print_cell(cell->text, color ? style_codes[cell->style] : "",
                &places[c], out);
        }
    }
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
