/* pick.c - which of several ways to do the same thing is fastest on this device. */
#include "core/pick.h"

#include <math.h>
#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int pick_fastest(struct bench_ctx *c, int n,
                 int (*run)(struct bench_ctx *c, void *self, int which, struct err *e), void *self,
                 int *best, struct err *e)
{
    const struct device_ops *ops = c->device->ops;
    double ns[PICK_MAX][PICK_ROUNDS + 1], least = (double)INFINITY;
    int rc = 0;

    BUG_ON(n < 1 || n > PICK_MAX);
    *best = 0;
    if (n == 1)
        return 0;
    for (int round = 0; round <= PICK_ROUNDS; round++)
        for (int k = 0; k < n; k++) {
            TRY(ops->begin(c->device_handle, e));
            TRY(run(c, self, k, e));
            TRY(ops->end(c->device_handle, &ns[k][round], e));
        }
    for (int k = 0; k < n; k++) {
        double *kept = &ns[k][1]; /* round 0 brought pages, caches and clocks to where they stay */

        qsort(kept, PICK_ROUNDS, sizeof(*kept), compare_doubles);
        if (kept[PICK_ROUNDS / 2] < least) {
            least = kept[PICK_ROUNDS / 2];
            *best = k;
        }
    }
out:
    return rc;
}
