#include "expo.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 40 };

void
expo_init(struct expo *expo, struct buf *out)
{
    *expo = (struct expo){.out = out};
}

static void
put(struct expo *expo, const char *text, size_t len)
{
    if (!expo->failed && buf_append(expo->out, text, len, &expo->err) != 0)
        expo->failed = true;
}

static void
put_text(struct expo *expo, const char *text)
{
    put(expo, text, strlen(text));
}

/* Backslash and newline everywhere, the quote in label values only. */
static void
put_escaped(struct expo *expo, const char *text, const char *special)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, special);

        put(expo, text, plain);
        text += plain;
        if (*text == '\0')
            return;
        put(expo, *text == '\n' ? "\\n" : (char[]){'\\', *text}, 2);
        text++;
    }
}

static void
put_labels(struct expo *expo, const struct expo_labels *labels, const char *le)
{
    if (labels->count == 0 && le == NULL)
        return;
    put(expo, "{", 1);
    for (size_t i = 0; i < labels->count; i++) {
        if (i > 0)
            put(expo, ",", 1);
        put_text(expo, labels->items[i].name);
        put(expo, "=\"", 2);
        put_escaped(expo, labels->items[i].value, "\\\"\n");
        put(expo, "\"", 1);
    }
    if (le != NULL) {
        put_text(expo, labels->count > 0 ? ",le=\"" : "le=\"");
        put_text(expo, le);
        put(expo, "\"", 1);
    }
    put(expo, "}", 1);
}

/* The shortest text that reads as the same double. */
static void
say_double(double value, char out[NUMBER_BYTES])
{
    if (isnan(value)) {
        (void)snprintf(out, NUMBER_BYTES, "NaN");
    } else if (isinf(value)) {
        (void)snprintf(out, NUMBER_BYTES, "%s", value > 0 ? "+Inf" : "-Inf");
    } else {
        (void)snprintf(out, NUMBER_BYTES, "%.15g", value);
        if (strtod(out, NULL) != value)
            (void)snprintf(out, NUMBER_BYTES, "%.17g", value);
    }
}

static void
put_sample(struct expo *expo, const char *suffix,
    const struct expo_labels *labels, const char *le, const char *number)
{
    put_text(expo, expo->name);
    put_text(expo, suffix);
    put_labels(expo, labels, le);
    put(expo, " ", 1);
    put_text(expo, number);
    put(expo, "\n", 1);
}

void
expo_family(
    struct expo *expo, const char *name, enum expo_type type, const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};

    expo->name = name;
    put_text(expo, "# HELP ");
    put_text(expo, name);
    put(expo, " ", 1);
    put_escaped(expo, help, "\\\n");
    put_text(expo, "\n# TYPE ");
    put_text(expo, name);
    put(expo, " ", 1);
    put_text(expo, types[type]);
    put(expo, "\n", 1);
}

void
expo_put(struct expo *expo, const struct expo_labels *labels, double value)
{
    char number[NUMBER_BYTES];

    say_double(value, number);
    put_sample(expo, "", labels, NULL, number);
}

static void
put_count(struct expo *expo, const char *suffix,
    const struct expo_labels *labels, const char *le, uint64_t value)
{
    char number[NUMBER_BYTES];

    (void)snprintf(number, sizeof(number), "%" PRIu64, value);
    put_sample(expo, suffix, labels, le, number);
}

void
expo_put_count(
    struct expo *expo, const struct expo_labels *labels, uint64_t value)
{
    put_count(expo, "", labels, NULL, value);
}

void
expo_put_buckets(struct expo *expo, const struct expo_labels *labels,
    const struct expo_buckets *buckets)
{
    char number[NUMBER_BYTES];
    uint64_t sum = 0;

    for (size_t i = 0; i < buckets->count; i++) {
        sum += buckets->counts[i];
        say_double(buckets->bounds_s[i], number);
        put_count(expo, "_bucket", labels, number, sum);
    }
    sum += buckets->counts[buckets->count];
    put_count(expo, "_bucket", labels, "+Inf", sum);
    say_double(buckets->sum_s, number);
    put_sample(expo, "_sum", labels, NULL, number);
    put_count(expo, "_count", labels, NULL, sum);
}
