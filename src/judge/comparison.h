/* comparison.h - two sides, judged: what every command and report that compares works from. */
#ifndef JUDGE_COMPARISON_H
#define JUDGE_COMPARISON_H

#include "judge/manifest.h"
#include "judge/verdict.h"

struct comparison {
    struct judge_side side[SIDES]; /* borrowed */
    const char *label[SIDES];      /* what the user called them; borrowed */
    struct manifest manifest;      /* of the last records of both */
    struct pairs pairs;
    struct verdict *verdicts; /* pairs.n; owned */
    struct verdict_counts counts;
    int *order;         /* pairs.n indices, what matters most first; owned */
    bool other_machine; /* forced: the fingerprints differ */
};

/* ERR_ARG where the records come from different machines and `force` is not set, ERR_NOMEM.
 * *out is released on error. */
int comparison_make(const struct judge_side side[SIDES], const char *const label[SIDES],
                    const struct verdict_rules *rules, bool force, struct comparison *out,
                    struct err *e);
void comparison_release(struct comparison *c);

/* "slower", "unclear, leans slower", "failed in B", ...: the verdict in at most three words. */
void comparison_word(const struct verdict *v, char *out, size_t cap);

#endif
