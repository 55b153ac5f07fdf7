/* slope.h - what one more step of an axis costs: a line through the rows that differ only in it.
 *
 * For benchmarks with a `slope_axis` (tokens a second against the positions of context behind
 * them).  The time of an item is fitted by least squares against the axis, relative errors taken
 * as equal (weights 1 / t^2), once for the first runs of all rows, once for the second ones, and
 * so on; the slope is the mean of these and its 95 % interval Student's t between them, as for a
 * row's value (result.h). */
#ifndef CORE_SLOPE_H
#define CORE_SLOPE_H

#include "core/result.h"

enum { SLOPE_ROWS = 3 /* fewest */, SLOPE_ROWS_MAX = 16 };

/* Into the last row of each group of SLOPE_ROWS or more with 2 or more runs each: the properties
 * slope, slope_lo and slope_hi (ns an item and step), and a note. */
void slope_judge(struct result *rows, int n);

#endif
