/* limits.h - the ceilings a value is held against, and the plausibility gate.
 *
 * A measured ceiling is itself a row: the benchmark and the point of its axes that measured it.
 * Its key is "silicon.compute dtype=fp32 ... @cpu".  Ceilings are kept per worker, handed to the
 * run's record, and cached per machine and boot by store/. */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

#include <stdbool.h>

#include "core/bench.h"
#include "core/err.h"
#include "core/result.h"

struct ceiling {
    char key[160];
    double value, lo, hi; /* in `unit` */
    char unit[16];
    double measured_unix_s;
};

struct ceilings {
    struct ceiling *c; /* owned */
    int n, cap;
};

void ceilings_release(struct ceilings *cs);
const struct ceiling *ceilings_get(const struct ceilings *cs, const char *key);
int ceilings_put(struct ceilings *cs, const struct ceiling *c, struct err *e); /* replaces */

/* "NAME settings @device" */
void ceiling_key(const char *bench, const struct params *p, const char *device, char *buf,
                 size_t cap);

/* Add a bound to `out` (at most LIMITS_MAX). value is in the row's unit. */
void limit_paper(struct limits *out, double value, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void limit_none(struct limits *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Add what `bench` reaches at `settings` on this row's device: from the ceilings at hand, or
 * measured now (about 0.3 s).  Times `factor` (1 when the units and the work agree).  When the
 * ceiling cannot be had the bound is LIMIT_NONE with the reason; only our own bugs and interrupts
 * are errors. */
int limit_measured(struct bench_ctx *c, struct limits *out, const char *bench, const char *settings,
                   double factor, struct err *e);

/* The same of another device, where a row moves data between two. */
struct limit_row {
    const struct device *device;
    const char *bench, *settings;
    double factor;
    /* More than 0: the row took that long for one step, and here so many follow each other: a bound
     * of LIMIT_LATENCY, phases x factor x what the row says. */
    double phases;
    /* More than 0: the bound is `over` divided by that: a time from a rate, or the other way. */
    double over;
};
int limit_measured_on(struct bench_ctx *c, struct limits *out, const struct limit_row *row,
                      struct err *e);

/* Choose the binding bound for a direction. */
void limits_bind(struct limits *ls, enum direction d);

/* 100 x value / limit, or 100 x limit / value where lower is better; NaN without a limit. */
double limits_percent(const struct limits *ls, double value, enum direction d);

/* The plausibility gate.  A result is implausible when its whole interval lies beyond the whole
 * interval of the binding limit (better than possible by more than `slack`, e.g. 0.02 for paper
 * clocks that are themselves measured).  Writes the reason with the numbers. */
bool limits_implausible(const struct result *r, double slack, char *why, size_t cap);

#endif
