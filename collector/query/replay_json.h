/*
 * replay_json.h - `alerts replay`: what would have been told, as JSON.
 */
#ifndef COLLECTOR_QUERY_REPLAY_JSON_H
#define COLLECTOR_QUERY_REPLAY_JSON_H

#include <jansson.h>

#include "err.h"
#include "query.h"

/*
 * {"from", "to", "settings": "stored"|"given", "messages": [...], "receivers":
 * [...], "untold": [...], "notes": [...]}; "config" of the arguments is the
 * text of other settings, "imported" tells of imported results, too.
 */
int replay_answer(const struct query_env *env, const json_t *args,
    json_t **answer, struct err *err);

#endif
