#include "export_names.h"

#include <string.h>

static int
name_check(struct store_txn *txn, const struct conf_history *conf,
    const struct measure *m, char name[CHECK_NAME_BYTES], struct err *err)
{
    const struct conf_check *check =
        conf_history_check(conf, m->check_id, m->slot_unix_ms);
    struct check_row row;
    int rc;

    if (check != NULL) {
        (void)strcpy(name, check->check.name);
        return 0;
    }
    rc = check_row_get(txn, m->check_id, &row, err);
    if (rc == 0)
        return err_set(err, ERR_STATE, "check %08x has no name", m->check_id);
    if (rc == 1)
        (void)strcpy(name, row.name);
    return rc == 1 ? 0 : -1;
}

static int
name_number(struct store_txn *txn, enum registry_kind kind, uint32_t number,
    char name[REGISTRY_NAME_BYTES], struct err *err)
{
    static const char *const kinds[] = {[REGISTRY_REGION] = "region",
        [REGISTRY_AGENT] = "agent",
        [REGISTRY_SPOOL] = "spool"};
    int rc = registry_name(txn, kind, number, name, err);

    if (rc == 0)
        return err_set(
            err, ERR_STATE, "%s %u has no name", kinds[kind], number);
    return rc == 1 ? 0 : -1;
}

int
export_names(struct store_txn *txn, const struct conf_history *conf,
    const struct raw_result *result, struct export_names *names,
    struct err *err)
{
    names->spool[0] = '\0';
    if (name_check(txn, conf, &result->measure, names->check, err) != 0 ||
        name_number(txn, REGISTRY_REGION, result->region, names->region, err) !=
            0 ||
        name_number(txn, REGISTRY_AGENT, result->agent, names->agent, err) != 0)
        return -1;
    if (result->spool == 0)
        return 0;
    return name_number(txn, REGISTRY_SPOOL, result->spool, names->spool, err);
}
