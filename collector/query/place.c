#include "place.h"

#include "registry.h"

static int
take(struct store_txn *txn, const json_t *args, const char *name,
    enum registry_kind kind, uint32_t *number, struct err *err)
{
    const char *word = json_string_value(json_object_get(args, name));
    int rc;

    *number = 0;
    if (word == NULL)
        return 0;
    rc = registry_find(txn, kind, word, number, err);
    if (rc == 0)
        return err_set(err, ERR_PARSE, "no %s \"%.64s\" is known", name, word);
    return rc < 0 ? -1 : 0;
}

int
query_place_take(struct store_txn *txn, const json_t *args, uint32_t *region,
    uint32_t *agent, struct err *err)
{
    if (take(txn, args, "region", REGISTRY_REGION, region, err) != 0)
        return -1;
    return take(txn, args, "agent", REGISTRY_AGENT, agent, err);
}
