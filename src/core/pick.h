/* pick.h - which of several ways to do the same thing is fastest on this device, by trying them. */
#ifndef CORE_PICK_H
#define CORE_PICK_H

#include "core/bench.h"

enum { PICK_MAX = 64, PICK_ROUNDS = 5 };

/* Time run(self, 0 .. n-1), 1 <= n <= PICK_MAX, in turn: a first round that is not looked at, then
 * PICK_ROUNDS more, of which all but two leave out what took twice the best time.  *best has the
 * smallest time on a CPU (what disturbs it only ever adds to it), the smallest median on a GPU
 * (whose clock goes both ways); the earlier one where two are equal.  With n = 1 nothing is run.
 * The choice is kept as the row's property "picks" ("3", or "3,0" after two calls); with
 * bench_ctx.picks it is the one that is in there, and nothing is timed.
 * 0 or an error of run or the device. */
int pick_fastest(struct bench_ctx *c, int n,
                 int (*run)(struct bench_ctx *c, void *self, int which, struct err *e), void *self,
                 int *best, struct err *e);

#endif
