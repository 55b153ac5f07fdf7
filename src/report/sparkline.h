/* sparkline.h - a row of numbers as a row of small bars. */
#ifndef REPORT_SPARKLINE_H
#define REPORT_SPARKLINE_H

#include <stdbool.h>
#include <stddef.h>

enum { SPARKLINE_MAX = 60, SPARKLINE_BYTES = 3 * SPARKLINE_MAX + 1 };

/* The last `width` (at most SPARKLINE_MAX) of x[0..n): eight heights between their smallest and
 * largest; a range below 5 % of the middle is not stretched, so that noise looks like noise.  NaN
 * is a gap.  utf8: U+2581 to U+2588, else ASCII. */
void sparkline(const double *x, size_t n, int width, bool utf8, char out[SPARKLINE_BYTES]);

#endif
