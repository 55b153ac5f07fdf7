/* judged.h - one row on the way to its verdict; inside of judge/. */
#ifndef JUDGE_JUDGED_H
#define JUDGE_JUDGED_H

#include "judge/evidence.h"
#include "judge/verdict.h"

/* Clocks of one side of a row. */
struct clocks {
    double median_hz; /* NaN where none was probed */
    double throttled; /* mean part of the time; NaN: not known */
};

struct judged {
    const struct pair *pair;
    struct verdict *v;
    struct evidence ev;
    struct clocks clocks[SIDES];
    double p;    /* smallest of the looks that could call a change; 1: none could */
    int best;    /* that look */
    int factor;  /* Holm's: among how many rows p has to stand */
    bool called; /* a change beyond the band, beyond what chance explains */
};

/* Fill reason and rule of a row that was judged at `look`, or that has nothing to compare. */
void judged_explain(const struct judged *j, int look);
void judged_explain_gap(const struct judged *j);

/* Clocks closer than this are the same, as a logarithm. */
extern const double JUDGED_CLOCK_BAND;

#endif
