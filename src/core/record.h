/* record.h - a whole run: who, where, with what, and its rows. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/facts.h"
#include "core/limits.h"
#include "core/result.h"

enum { RECORD_SCHEMA = 1 };

enum run_status { RUN_COMPLETE, RUN_PARTIAL /* still going or killed */, RUN_INTERRUPTED };
const char *run_status_name(enum run_status s); /* "complete", "partial", "interrupted" */

struct run_record {
    char id[40];             /* UTC start and 8 random hex digits */
    char start[32], end[32]; /* ISO 8601, UTC; end "" while running */
    char **argv;             /* argc of them; owned */
    int argc;
    char suite[16];
    uint64_t seed;
    enum run_status status;
    struct facts machine;     /* keys as in docs/schema: cpu.model, memory.total_bytes ... */
    struct facts build;       /* git, dirty, compiler, flags, cuda */
    struct ceilings ceilings; /* owned */
    struct result *results;   /* n_results; owned */
    int n_results;
};

void run_record_release(struct run_record *r);

/* Exit code of a run by the table in design: 5 > 4 > 0 here (a run alone has no verdicts):
 * 4 when a row failed or is invalid, else 0. */
int run_record_exit_code(const struct run_record *r);

/* The machine's fingerprint: 16 hex digits over CPU model, cores, memory, GPU models and count,
 * links; not driver, not host name. */
void machine_fingerprint(const struct facts *machine, char out[24]);

#endif
