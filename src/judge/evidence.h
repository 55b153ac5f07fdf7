/* evidence.h - what the runs of one row say, before the other rows of the comparison are known:
 * a test for each look, with its share of the error. */
#ifndef JUDGE_EVIDENCE_H
#define JUDGE_EVIDENCE_H

#include "judge/noise.h"
#include "judge/pair.h"
#include "judge/shift_test.h"

/* PAIRED_MIN: with fewer pairs the signed-rank test reaches too little (1/64 with 6, 1/1024 with
 * 10) for Holm's rule over a suite, and the rank-sum test (1/924, 1/184756) stands for it. */
enum { LOOKS = 3, PAIRED_MIN = 12, SESSIONS_MIN = 5, RUNS_MIN = 3 };
extern const int verdict_looks[LOOKS]; /* 6, 10, 20 pairs */

struct evidence {
    struct shift_test look[LOOKS]; /* of n_looks; changes: positive is worse; owned */
    double share[LOOKS];           /* of the error of a call, sums to at most 1 */
    double alpha[LOOKS];           /* of each end of the look's interval */
    int pairs[LOOKS];              /* that the look rests on; 0 for stored runs */
    int n_looks;                   /* 0: too little to judge, see lack */
    char lack[200];
    /* Without regard to sessions, what all runs show: for the reader, never for a verdict.
     * tail NULL where one side has no run. */
    struct shift_test all;
    double spread; /* between the runs of a side: the larger one; NaN below 3 */
};

/* ERR_NOMEM.  *ev is released on error. */
int evidence_gather(const struct pair *p, struct evidence *ev, struct err *e);
void evidence_release(struct evidence *ev);

#endif
