/* normal.h - what machines of a kind reach: reference ranges per CPU and GPU generation.
 *
 * Two sources, always named.  Entries: a range for the rows of a benchmark that match some
 * settings, from a result file in results/ or from a paper figure.  Clocks: the range that a CPU
 * generation is sold with, from which a row that has a rate per cycle derives its own. */
#ifndef HOST_NORMAL_H
#define HOST_NORMAL_H

#include <stdbool.h>

#include "core/result.h"
#include "host/uarch.h"

/* Look a row up.
 *
 * kind      uarch_name() of the CPU, or the model of the GPU
 * bench     "silicon.compute"
 * settings  "axis=value ..." with what else an entry may ask for ("cores=2"); an entry matches when
 *           it asks for nothing that is not here, and the first that matches counts
 *
 * true: *out is filled, in the unit of the row; false: it is untouched. */
bool normal_find(const char *kind, const char *bench, const char *settings, struct expected *out);

/* Lowest nominal clock of any model of a generation to its highest single-core clock. */
struct normal_clock {
    double lo_ghz, hi_ghz;
    const char *source; /* static */
};

/* false: nothing on file. */
bool normal_clock_of(enum uarch u, struct normal_clock *out);

/* One entry, and the search in any table (ends with kind == NULL): for tests. */
struct normal_entry {
    const char *kind, *bench, *settings;
    double lo, hi;
    const char *source; /* "results/FILE.json", or the formula and its inputs */
};
const struct normal_entry *normal_match(const struct normal_entry *table, const char *kind,
                                        const char *bench, const char *settings);

#endif
