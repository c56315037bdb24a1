/*
 * conf.h - YAML bound to structs by tables; every mistake is told, with its
 * place.
 *
 * A struct conf is one text being read.  Whoever reads it complains of what is
 * wrong and goes on, so that one run finds all mistakes; at the end
 * conf_tell() says them in the order of the file, each as
 *
 *   file:line:column: key: what is wrong (what would be right)
 *
 * The text may come from anywhere: its size, depth, number of nodes (aliases
 * counted as often as they are used) and number of mistakes are limited.
 * Tags, merge keys and further documents are not read, and said to be so.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "text.h"

enum {
    CONF_TEXT_MAX_BYTES = 1 << 20,
    CONF_DEPTH_MAX = 16,
    CONF_NODES_MAX = 200000,
    CONF_PAIRS_MAX = 1000, /* of one map */
    CONF_MISTAKES_MAX = 200
};

struct conf;
struct conf_node; /* a scalar, list or map; lives as long as its conf */

/* NULL only when memory is out: mistakes of the text are kept, not returned. */
struct conf *conf_open(
    const char *text, size_t len, const char *name, struct err *err);
/* NULL is allowed. */
void conf_close(struct conf *conf);

/* The whole; NULL if the text could not be read at all. */
const struct conf_node *conf_root(const struct conf *conf);

/* ---- mistakes ---- */

/* `at` NULL: the whole file.  `key` NULL: the message stands alone. */
void conf_complain(struct conf *conf, const struct conf_node *at,
    const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* What is allowed, and probably not meant. */
void conf_warn(struct conf *conf, const struct conf_node *at, const char *key,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

size_t conf_mistake_count(const struct conf *conf);

/* `line` is good only during the call and has no newline. */
typedef void conf_tell_fn(void *ctx, const char *line);

/* In the order of the file, each once. */
void conf_tell(struct conf *conf, conf_tell_fn *fn, void *ctx);
void conf_tell_warnings(struct conf *conf, conf_tell_fn *fn, void *ctx);

/* 1-based. */
int conf_line(const struct conf_node *node);
int conf_column(const struct conf_node *node);

/* ---- nodes ---- */

enum conf_shape { CONF_SCALAR, CONF_LIST, CONF_MAP };

enum conf_shape conf_shape(const struct conf_node *node);

/* A scalar's text; NULL for the others. */
const char *conf_scalar(const struct conf_node *node);

/* The unquoted word null or ~. */
bool conf_is_null(const struct conf_node *node);

/* Items of a list, pairs of a map; 0 for a scalar. */
size_t conf_count(const struct conf_node *node);
const struct conf_node *conf_item(
    const struct conf *conf, const struct conf_node *list, size_t i);
/* Where the i-th of several values stands; one scalar is a list of one. */
const struct conf_node *conf_nth(
    const struct conf *conf, const struct conf_node *node, size_t i);
const struct conf_node *conf_pair(const struct conf *conf,
    const struct conf_node *map, size_t i, const struct conf_node **value);

/* The value of a key; NULL if it is not there or null. */
const struct conf_node *conf_find(
    const struct conf *conf, const struct conf_node *map, const char *key);

/* ---- tables ---- */

struct conf_key;

/*
 * Takes a value into `field`, or complains and returns -1; the field then
 * keeps what it had.
 */
typedef int conf_take_fn(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node, void *field);

struct conf_key {
    const char *name;
    conf_take_fn *take;
    size_t offset; /* of the field in the struct */
    int64_t min;   /* in the unit of the field; see the takers */
    int64_t max;
    const void *extra;
};

/*
 * Reads a map by its table, which ends with a NULL name and has at most 64
 * keys, into the struct at `out`.  Complains of unknown keys and of values
 * that do not fit.  Gives a bit for each key that was taken.  `name` is what
 * the map itself is called in complaints.
 */
uint64_t conf_read(struct conf *conf, const char *name,
    const struct conf_node *map, const struct conf_key *keys, void *out);

/* Complains if the map lacks the key; `right` says what would go there. */
bool conf_need(struct conf *conf, const struct conf_node *map, const char *key,
    const char *right);

/* Appends a copy; -1 after a complaint when memory is out. */
int conf_add(struct conf *conf, struct strlist *list, const char *item);

/* The text of a scalar; NULL after a complaint if it is none. */
const char *conf_need_scalar(struct conf *conf, const struct conf_key *key,
    const struct conf_node *node);

/* char *, owned: one line of min..max bytes.  What was there is freed. */
conf_take_fn conf_take_string;
/* The same with tabs and line breaks. */
conf_take_fn conf_take_text;
/* char[max], of at least `min` bytes of text. */
conf_take_fn conf_take_chars;
/* char[65]: text_is_name(). */
conf_take_fn conf_take_name;
/* bool: true or false. */
conf_take_fn conf_take_bool;
/* int32_t in min..max. */
conf_take_fn conf_take_int;
/* int64_t ms in min..max. */
conf_take_fn conf_take_span;
/* int64_t bytes in min..max: "256MiB", "64KiB", "1GiB". */
conf_take_fn conf_take_size;
/* int64_t millionths of the whole: 99.9 -> 999000; above 0, up to 100. */
conf_take_fn conf_take_percent;
/* int: one of the words in `extra`, a struct conf_word[] that ends with NULL. */
conf_take_fn conf_take_word;
/*
 * struct strlist of min..max strings of one line each; a scalar is a list of
 * one.  What was there is replaced.
 */
conf_take_fn conf_take_strings;
/* Anything: a key whose time has not come. */
conf_take_fn conf_take_ignored;

struct conf_word {
    const char *word;
    int value;
};

#endif
