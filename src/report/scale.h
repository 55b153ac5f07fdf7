/* scale.h - from values to places in a picture, and the values worth a tick. */
#ifndef REPORT_SCALE_H
#define REPORT_SCALE_H

#include <stdbool.h>

struct scale {
    double lo, hi;       /* lo < hi; both > 0 where log */
    double at_lo, at_hi; /* their places, in units of the picture; at_lo > at_hi goes upwards */
    bool log;
};

enum { TICKS_MAX = 32 };
struct ticks {
    double v[TICKS_MAX];
    int n;
};

/* Place of v; values outside are held at the ends, NaN gives at_lo. */
double scale_at(const struct scale *s, double v);

/* Ticks inside [lo, hi]: steps of 1, 2 or 5 times a power of ten, about `wanted` of them (2 to 10).
 * Logarithmic: powers of ten, with 2 and 5 in between where there is room. */
void scale_ticks(const struct scale *s, int wanted, struct ticks *out);

/* Widen lo and hi to the next tick outwards; equal or unusable ends become a range around them. */
void scale_nice(struct scale *s, int wanted);

enum { SCALE_LABEL = 24 };

/* "250", "1.5k", "20M", "0.05": enough digits to tell a tick from its neighbours. */
void scale_label(char out[SCALE_LABEL], double v);

#endif
