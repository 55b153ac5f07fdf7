/* relabel.h - how often the verdicts would be wrong on this machine, from runs of one program.
 *
 * When both sides are the same program, it makes no difference which run of a pair is called A.
 * Each way of calling them is a comparison of A against A with this machine's own noise: its
 * spread, its wandering, its spikes. */
#ifndef JUDGE_RELABEL_H
#define JUDGE_RELABEL_H

#include <stdint.h>

#include "judge/verdict.h"

struct relabel_tally {
    int comparisons; /* those with runs enough to call a change */
    int alarms;      /* of them slower or faster */
};

/* `times` random ways for each row of `pairs` (interleaved runs of one program), judged one by one.
 * ERR_NOMEM.  Which run of a pair is A is another afterwards. */
int relabel(const struct pairs *pairs, const struct verdict_rules *rules, int times, uint64_t seed,
            struct relabel_tally *out, struct err *e);

#endif
