/* noise.h - how much this machine's runs differ when nothing changed (A against A).
 *
 * Measured by `headroom selftest`, kept per machine in the data folder; store/ turns it into a
 * file and back. */
#ifndef JUDGE_NOISE_H
#define JUDGE_NOISE_H

#include "core/result.h"

/* A band is never below 1 %: what is smaller has causes that no rebuild would keep.  Nor above 5 %,
 * where the usual promise is called: a noisy machine must not call a loss "the same". */
extern const double NOISE_BAND_MIN, NOISE_BAND_MAX;

struct noise_row {
    char name[48], device[16], metric[24], settings[256]; /* result_settings */
    double spread; /* between runs: standard deviation of logarithms, robust */
    int n;         /* runs it rests on */
};

struct noise {
    char fingerprint[24], measured[32]; /* UTC, ISO 8601 */
    double spread;                      /* of a row that is not listed: the rows' upper quartile */
    int comparisons, alarms;            /* A against A, and those that said slower or faster */
    struct noise_row *rows;             /* n_rows; owned */
    int n_rows;
};

void noise_release(struct noise *n);

/* Spread between the runs of one row, as a standard deviation of logarithms: the larger of what
 * their MAD and what their deciles would be of a normal distribution.  One run in ten may be
 * anything: the tests are by rank, and a stall must not become the band.  NaN below 3. */
double noise_spread(const double *values, int n);

/* Add a row; the last of its name, settings, device and metric holds.  ERR_NOMEM. */
int noise_put(struct noise *n, const struct result *row, double spread, int runs, struct err *e);

/* The spread of a row here: its own, else that of the machine, where at least 5 rows made it; NaN
 * when there is none, or n is NULL. */
double noise_of(const struct noise *n, const struct result *row);

/* The practical band (a change as in verdict.h): the spread, within the two bounds. */
double noise_band(const struct noise *n, const struct result *row);

#endif
