/* clock.h - the one host clock: CLOCK_MONOTONIC_RAW in nanoseconds, with its own cost measured. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

uint64_t clock_now_ns(void);

struct clock_cost {
    double overhead_ns; /* median cost of one clock_now_ns() */
    double tick_ns;     /* smallest step seen between two different readings */
};

/* Measure the clock in about 2 ms. */
struct clock_cost clock_measure(void);

/* Sleep until at least `ns` have passed, signals or not. */
void clock_sleep_ns(uint64_t ns);

/* UTC as "2026-11-21T07:54:32.123Z" (buf >= 25) and for file names "20261121T075432Z" (>= 17). */
void clock_utc(char buf[32]);
void clock_utc_compact(char buf[32]);

/* The wall clock in seconds since 1970, to the millisecond: places rows on the run's time line. */
double clock_unix_s(void);

#endif
