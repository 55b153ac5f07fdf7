/* pick.c - which of several ways to do the same thing is fastest on this device. */
#include "core/pick.h"

#include <math.h>

int pick_fastest(struct bench_ctx *c, int n,
                 int (*run)(struct bench_ctx *c, void *self, int which, struct err *e), void *self,
                 int *best, struct err *e)
{
    const struct device_ops *ops = c->device->ops;
    double ns, least = (double)INFINITY;
    int rc = 0;

    BUG_ON(n < 1 || n > PICK_MAX);
    *best = 0;
    if (n == 1)
        return 0;
    /* Round 0 brings pages, caches and clocks to where they stay. */
    for (int round = 0; round <= PICK_ROUNDS; round++)
        for (int k = 0; k < n; k++) {
            TRY(ops->begin(c->device_handle, e));
            TRY(run(c, self, k, e));
            TRY(ops->end(c->device_handle, &ns, e));
            if (round > 0 && (ns < least || (ns == least && k < *best))) {
                least = ns;
                *best = k;
            }
        }
out:
    return rc;
}
