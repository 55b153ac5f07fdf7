/* marked_row.h - some repetitions of one row for a tool that watches this process: not timed, not
 * recorded, marked so that the tool looks at them alone. */
#ifndef CORE_MARKED_ROW_H
#define CORE_MARKED_ROW_H

#include <signal.h>

#include "core/bench.h"

/* What the tool watches: opened before the first mark and closed after the last. */
struct marked_row_marks {
    /* Around the repetitions; label says what they are.  end also waits until the device has done
     * them.  handle: the device's. */
    int (*begin)(void *self, void *handle, const char *label, struct err *e);
    int (*end)(void *self, void *handle, struct err *e);
    void *self;
};

struct marked_row {
    const struct bench *bench;
    const struct device *device;
    const struct params *params;
    uint64_t seed;
    const char *dir, *models, *picks; /* as in struct bench_ctx */
    uint64_t repetitions;             /* >= 1; after MARKED_ROW_WARM_UPS that are not marked */
    struct marked_row_marks marks;
    const volatile sig_atomic_t *stop; /* not 0: end after the repetition that is running */
    char variant[64];                  /* out: the code path */
    uint64_t done;                     /* out */
};
enum { MARKED_ROW_WARM_UPS = 2 };

/* Set up, verify, warm up, repeat between the marks, verify again.  An error of the benchmark or of
 * the marks (what it says of the row is in the message); ERR_INTERRUPT. */
int marked_row_run(struct marked_row *r, struct err *e);

#endif
