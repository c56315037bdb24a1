/*
 * render.h - answers as tables for people.  The input is the JSON of the
 * contract; nothing is computed here but text.
 */
#ifndef COLLECTOR_RENDER_H
#define COLLECTOR_RENDER_H

#include <jansson.h>

#include "cli.h"

typedef void render_fn(const struct cli *cli, const json_t *answer);

render_fn render_status;
render_fn render_p95;
render_fn render_sla;
render_fn render_incidents;
render_fn render_incident; /* one, with its evidence */
render_fn render_agents;
render_fn render_results;

/* Whether render_status() draws the last hours: it then wants "hours". */
bool render_has_sparks(const struct cli *cli);

/* The same for results that go on: a table, new, and rows into it. */
struct table;
struct table *render_results_table(void);
void render_results_add(struct table *table, const json_t *answer);

/* "2026-11-24 03:10:05" of an RFC 3339 text; "-" for null. */
void render_moment(const json_t *value, char *out, size_t size);

/* How a state of a check or of an agent is shown. */
enum paper_style render_state_style(const char *state);

/* How long from `value` (RFC 3339) to now: "12m30s"; "-" for null. */
void render_age(
    const struct cli *cli, const json_t *value, char *out, size_t size);

/*
 * A ratio as percent with three decimals, cut and never rounded up: 0.999996
 * is "99.999 %".  "-" for null.
 */
void render_percent(const json_t *value, char *out, size_t size);

/* A text member, "-" when it is absent or null. */
const char *render_text(const json_t *object, const char *name);

/* A `_us` member; negative when it is absent or null. */
double render_us(const json_t *object, const char *name);

#endif
