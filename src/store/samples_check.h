/* samples_check.h - are the statistics in a file those of the samples beside them? */
#ifndef STORE_SAMPLES_CHECK_H
#define STORE_SAMPLES_CHECK_H

#include "core/result.h"
#include "json/jsonio.h"

/* `run` is the place of one run ("results[3].runs[0]"); a fault names the field below it.  Every
 * statistic that follows from the samples alone is computed again, to a relative 1e-9 (a file may
 * come from another machine's libm); an interval, which may depend on a seed, must lie inside the
 * samples' range.  A percentile that the count does not support must be null. */
void samples_check(const struct jsonio_in *run, const struct sampling_result *s);

/* Is a row's value the median of its runs' values?  `row` is its place ("results[3]"). */
void samples_check_row(const struct jsonio_in *row, const struct result *r);

#endif
