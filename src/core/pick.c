/* pick.c - which of several ways to do the same thing is fastest on this device. */
#include "core/pick.h"

#include <math.h>

/* A candidate that was twice as slow as the best in both of its first rounds was not disturbed. */
enum { ROUNDS_FAIR = 2 };
static const double HOPELESS = 2;

int pick_fastest(struct bench_ctx *c, int n,
                 int (*run)(struct bench_ctx *c, void *self, int which, struct err *e), void *self,
                 int *best, struct err *e)
{
    const struct device_ops *ops = c->device->ops;
    double ns, least[PICK_MAX];
    int rc = 0;

    BUG_ON(n < 1 || n > PICK_MAX);
    *best = 0;
    if (n == 1)
        return 0;
    for (int k = 0; k < n; k++)
        least[k] = (double)INFINITY;
    /* Round 0 brings pages, caches and clocks to where they stay. */
    for (int round = 0; round <= PICK_ROUNDS; round++)
        for (int k = 0; k < n; k++) {
            if (round > ROUNDS_FAIR && least[k] > HOPELESS * least[*best])
                continue;
            TRY(ops->begin(c->device_handle, e));
            TRY(run(c, self, k, e));
            TRY(ops->end(c->device_handle, &ns, e));
            if (round == 0)
                continue;
            least[k] = fmin(least[k], ns);
            if (least[k] < least[*best] || (*best > k && least[k] <= least[*best]))
                *best = k;
        }
out:
    return rc;
}
