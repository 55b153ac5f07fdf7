/* history_steps.h - the runs at which a series became another. */
#ifndef COMMAND_HISTORY_STEPS_H
#define COMMAND_HISTORY_STEPS_H

#include "judge/changepoint.h"
#include "store/history.h"

enum { HISTORY_STEPS_MAX = 16 };

struct history_step {
    const struct history_point *first; /* of the new level; borrowed from the view */
    struct changepoint what;
};

struct history_steps {
    double *values; /* of the points that have one, n_values; owned */
    size_t n_values;
    struct history_step step[HISTORY_STEPS_MAX]; /* n */
    int n;
    double last;   /* NaN where no point has a value */
    double before; /* median of the values before the last one, since the last step; NaN: none */
};

/* ERR_NOMEM.  Released by the caller, also on error. */
int history_steps_find(const struct history_series *s, struct history_steps *out, struct err *e);
void history_steps_release(struct history_steps *s);

#endif
