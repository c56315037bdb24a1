#include "metrics.h"

#include "metrics_own.h"

int
metrics_put(const struct metrics *metrics, struct buf *out, struct err *err)
{
    struct expo expo;

    expo_init(&expo, out);
    if (metrics_put_own(&expo, metrics, err) != 0 ||
        metrics_put_agents(&expo, metrics, err) != 0 ||
        metrics_put_checks(&expo, metrics, err) != 0 ||
        metrics_put_meter(&expo, metrics, err) != 0)
        return -1;
    if (!expo.failed)
        return 0;
    *err = expo.err;
    return -1;
}
