#include "care_json.h"

json_t *
backup_to_json(const struct backup_made *made)
{
    return json_pack("{s:s, s:I, s:I}", "path", made->path, "bytes",
        (json_int_t)made->bytes, "removed", (json_int_t)made->removed);
}

int
verify_add_finding(
    json_t *found, const struct verify_finding *finding, struct err *err)
{
    if (json_array_size(found) >= CARE_JSON_FOUND_MAX)
        return 0;
    if (json_array_append_new(
            found, json_pack("{s:s, s:s}", "table", finding->table, "what",
                       finding->what)) != 0)
        return err_set(err, ERR_NOMEM, "differences");
    return 0;
}

json_t *
verify_to_json(const struct verify_counts *counts, json_t *found)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O}",
        "rows", (json_int_t)counts->rows, "results",
        (json_int_t)counts->results, "hours", (json_int_t)counts->hours, "days",
        (json_int_t)counts->days, "slots", (json_int_t)counts->slots,
        "incidents", (json_int_t)counts->incidents, "marks",
        (json_int_t)counts->marks, "past", (json_int_t)counts->past, "pending",
        (json_int_t)counts->pending, "difference_count",
        (json_int_t)counts->differences, "differences", found);
}
