/* runner.h - a run: rows measured in worker processes, so that a benchmark that crashes or hangs
 * is a failed row and not a dead run.
 *
 * The worker is this program started again ("headroom worker"): a fresh process with fresh memory
 * and address layout.  A run goes in rounds: one worker a round measures all rows in turn, so that
 * the runs of a row are spread over the whole time and see what changes in it.  Parent and worker
 * speak lines over a socket pair; results cross as the same JSON that is stored. */
#ifndef CORE_RUNNER_H
#define CORE_RUNNER_H

#include <signal.h>

#include "core/limits.h"
#include "core/plan.h"
#include "core/result.h"
#include "core/runner_worker.h"
#include "core/worker.h"

enum runner_event_kind {
    RUNNER_CASE_START,    /* index */
    RUNNER_CASE_PROGRESS, /* index, phase, progress */
    RUNNER_CASE_DONE      /* index, result so far (after each repeat) */
};
struct runner_event {
    enum runner_event_kind kind;
    int index, total, repeat, repeats;
    const char *phase;
    const struct sampling_progress *progress;
    const struct result *result;
};

struct runner_config {
    const struct plan_list *plan;
    int repeats; /* rounds, >= 1; a row of the plan may take part in fewer */
    uint64_t seed;
    const char *dir;
    const char *models; /* NULL: none */
    double target;
    const char *const *launcher; /* command placed before the worker, NULL-terminated, or NULL */
    const struct runner_codec *codec;
    double hang_seconds; /* a worker silent for this long and the row's budget has hung; 0: the
                                  * benchmark's setup_timeout_s, or 30 s */
    struct ceilings *ceilings;         /* in: cached ones; out: all known */
    const volatile sig_atomic_t *stop; /* set to the signal's number by main's handler */
    double run_seconds_max;            /* rows not begun by then are skipped; 0: no bound */
    /* Called in the parent.  A negative return ends the run (a file cannot be written, say). */
    int (*on_event)(void *self, const struct runner_event *ev, struct err *e);
    void *self;
};

/* results: plan->n of them, owned by the caller (result_release each).  0; ERR_INTERRUPT when
 * stopped (what was measured is there, the rest is skipped with the reason); ERR_IO when no worker
 * can be started. */
int runner_run(const struct runner_config *c, struct result *results, struct err *e);

#endif
