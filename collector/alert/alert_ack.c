#include "alert_ack.h"

#include <string.h>

#include "condition.h"
#include "notice_log.h"

int64_t
alert_ack_until(const char *by, int64_t at_unix_ms)
{
    return by[0] == '\0' ? 0 : at_unix_ms + ALERT_ACK_MS;
}

static int
ack_notice(struct store_txn *txn, const char *id, int64_t until_unix_ms,
    struct err *err)
{
    struct notice notice;
    int found = notice_get(txn, id, &notice, err);
    int rc;

    if (found != 1)
        return found;
    notice.acked_until_unix_ms = until_unix_ms;
    rc = notice_put_active(txn, &notice, err);
    notice_free(&notice);
    return rc;
}

static int
check_open(enum incident_state state, const char *id, struct err *err)
{
    return state == INCIDENT_OPEN
               ? 0
               : err_set(err, ERR_PARSE, "INC-%s is over", id);
}

static int
ack_incident(struct store_txn *txn, struct incident_row *row, const char *by,
    int64_t now_unix_ms, struct err *err)
{
    if (check_open(row->state, row->id, err) != 0)
        return -1;
    memcpy(row->acked_by, by, strlen(by) + 1);
    row->acked_unix_ms = now_unix_ms;
    if (incident_put(txn, row, err) != 0)
        return -1;
    return ack_notice(txn, row->id, alert_ack_until(by, now_unix_ms), err);
}

static int
ack_condition(struct store_txn *txn, struct condition *condition,
    const char *by, int64_t now_unix_ms, struct err *err)
{
    if (check_open(condition->state, condition->id, err) != 0)
        return -1;
    memcpy(condition->acked_by, by, strlen(by) + 1);
    condition->acked_unix_ms = now_unix_ms;
    if (condition_put(txn, condition, err) != 0)
        return -1;
    return ack_notice(
        txn, condition->id, alert_ack_until(by, now_unix_ms), err);
}

int
alert_ack(struct store_txn *txn, const char *id, const char *by,
    int64_t now_unix_ms, char done[INCIDENT_ID_BYTES], struct err *err)
{
    struct incident_row row;
    struct condition condition;
    int is_incident = incident_get(txn, id, &row, err);
    int is_condition =
        is_incident < 0 ? -1 : condition_get(txn, id, &condition, err);

    if (is_condition < 0)
        return -1;
    if (by[0] == '\0' || strlen(by) >= sizeof(row.acked_by))
        return err_set(err, ERR_PARSE, "who has it: a name of 1 to %zu bytes",
            sizeof(row.acked_by) - 1);
    if (is_incident == 1 && is_condition == 1)
        return err_set(err, ERR_PARSE, "\"%.20s\" fits several", id);
    if (is_incident == 1) {
        memcpy(done, row.id, INCIDENT_ID_BYTES);
        return ack_incident(txn, &row, by, now_unix_ms, err) == 0 ? 1 : -1;
    }
    if (is_condition == 0)
        return 0;
    memcpy(done, condition.id, INCIDENT_ID_BYTES);
    return ack_condition(txn, &condition, by, now_unix_ms, err) == 0 ? 1 : -1;
}
