/* finding_tests.h - the tests behind the rules of finding_rules.c, and their thresholds: does it
 * hold of this row (of this run)?  Each writes the numbers to `out`, also where it does not. */
#ifndef REPORT_FINDING_TESTS_H
#define REPORT_FINDING_TESTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/record.h"

/* Macros, so that the rules' words are made from the same numbers (ERR_STR). */
#define FINDING_OTHERS_PCT     20    /* of one CPU */
#define FINDING_STEAL_PCT      5     /* of one CPU */
#define FINDING_CLOCK_FALL_PCT 10    /* below the median */
#define FINDING_THROTTLED_PCT  5     /* of the window */
#define FINDING_HOT_C          85    /* degrees Celsius */
#define FINDING_WIDE_PCT       5     /* half the interval, of the value */
#define FINDING_FLOOR_FACTOR   10    /* times reading the clock */
#define FINDING_LOW_PCT        50    /* of the limit: the first of three phases 50, 80, 90 % */
#define FINDING_RANDOM_IOPS    10000 /* at FINDING_RANDOM_DEPTH or more */
#define FINDING_RANDOM_DEPTH   32
#define FINDING_LINK_PCT       10 /* below its siblings */
#define FINDING_TAIL_FACTOR    10 /* p99 over the median */
#define FINDING_OUTLIERS_PCT   5  /* of the samples */

/* of a row */
bool finding_failed(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_invalid(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_unsound(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_no_tensor_units(const struct run_record *rec, const struct result *r, char *out,
                             size_t cap);
bool finding_others_ran(const struct run_record *rec, const struct result *r, char *out,
                        size_t cap);
bool finding_unstable(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_clock_fell(const struct run_record *rec, const struct result *r, char *out,
                        size_t cap);
bool finding_throttled(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_hot(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_below_memory(const struct run_record *rec, const struct result *r, char *out,
                          size_t cap);
bool finding_below_compute(const struct run_record *rec, const struct result *r, char *out,
                           size_t cap);
bool finding_below_gpu(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_below_storage(const struct run_record *rec, const struct result *r, char *out,
                           size_t cap);
bool finding_slow_link(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_random_reads_slow(const struct run_record *rec, const struct result *r, char *out,
                               size_t cap);
bool finding_wide(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_below_floor(const struct run_record *rec, const struct result *r, char *out,
                         size_t cap);
bool finding_far_from_limit(const struct run_record *rec, const struct result *r, char *out,
                            size_t cap);
bool finding_one_thread(const struct run_record *rec, const struct result *r, char *out,
                        size_t cap);
bool finding_many_outliers(const struct run_record *rec, const struct result *r, char *out,
                           size_t cap);
bool finding_long_tail(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_page_cache(const struct run_record *rec, const struct result *r, char *out,
                        size_t cap);
bool finding_foreign(const struct run_record *rec, const struct result *r, char *out, size_t cap);
bool finding_without_limit(const struct run_record *rec, const struct result *r, char *out,
                           size_t cap);
bool finding_skipped(const struct run_record *rec, const struct result *r, char *out, size_t cap);

/* of a whole run */
bool finding_not_whole(const struct run_record *rec, char *out, size_t cap);
bool finding_is_busy(const struct run_record *rec, char *out, size_t cap);
bool finding_saving_power(const struct run_record *rec, char *out, size_t cap);
bool finding_dirty_build(const struct run_record *rec, char *out, size_t cap);

#endif
