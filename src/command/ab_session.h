/* ab_session.h - two programs run the same rows in turn, in fresh processes, until it is clear.
 *
 * Each run's result lies in DIR/a or DIR/b before it is judged, so that nothing is lost: `compare
 * DIR/a DIR/b` judges them again. */
#ifndef COMMAND_AB_SESSION_H
#define COMMAND_AB_SESSION_H

#include "command/cli.h"
#include "command/sides.h"

struct ab_plan {
    const char *program[SIDES];  /* words with spaces between */
    const char *const *argument; /* n_arguments, the first is "run" */
    int n_arguments;
    const char *folder;
    int pairs; /* at most */
    uint64_t seed;
    const volatile sig_atomic_t *stop;
    bool quiet; /* no progress on stderr */
};

/* Run pairs `from` to `to` (counted from 0).  ERR_INTERRUPT after a signal, what was measured is
 * kept; ERR_IO, or ERR_ARG where it ended with 64, names the program that could not be started or
 * ended with another code than 0 and 4, and its last words. */
int ab_run_pairs(const struct ab_plan *plan, int from, int to, struct err *e);

/* Run `program` once with these arguments, its result to `output`; what it says goes to stderr.
 * Errors as above. */
int ab_run_once(const char *program, const char *const *argument, int n, const char *output,
                const volatile sig_atomic_t *stop, struct err *e);

/* The results so far, the same number of both sides.  As side_load. */
int ab_load(const struct ab_plan *plan, struct side side[SIDES], struct err *e);

/* The folder and its two halves.  ERR_IO; ERR_ARG when there are results in it already. */
int ab_make_folder(const struct ab_plan *plan, struct err *e);

/* `compare --ab`: gives the exit code. */
int ab_compare(const struct cli_args *a, const struct cli_env *env);

#endif
