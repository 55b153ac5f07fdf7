/* relabel.c - comparisons of A against A, made from the runs of one program. */
#include "judge/relabel.h"

#include <math.h>

#include "core/rng.h"

static void swap(struct pair *p, int i)
{
    struct pair_run kept = p->half[SIDE_A].runs[i];

    p->half[SIDE_A].runs[i] = p->half[SIDE_B].runs[i];
    p->half[SIDE_B].runs[i] = kept;
}

int relabel(const struct pairs *pairs, const struct verdict_rules *rules, int times, uint64_t seed,
            struct relabel_tally *out, struct err *e)
{
    struct rng r;
    int rc = 0;

    *out = (struct relabel_tally){ 0 };
    rng_init(&r, seed, 0);
    for (int row = 0; row < pairs->n; row++) {
        struct pair *p = &pairs->p[row];
        struct pairs one = { .p = p, .n = 1 };
        struct verdict v;

        for (int t = 0; t < times && p->interleaved; t++) {
            uint64_t coins = 0;

            for (int i = 0; i < p->half[SIDE_A].n_runs; i++) {
                if (i % 64 == 0)
                    coins = rng_u64(&r);
                if (coins >> (i % 64) & 1)
                    swap(p, i);
            }
            TRY(verdict_judge(&one, rules, &v, e));
            out->comparisons += isfinite(v.confidence);
            out->alarms += v.word == VERDICT_SLOWER || v.word == VERDICT_FASTER;
        }
    }
out:
    return rc;
}
