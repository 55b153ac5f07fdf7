/* runner_worker.h - the process that a run starts to measure rows in, and how results cross. */
#ifndef CORE_RUNNER_WORKER_H
#define CORE_RUNNER_WORKER_H

#include "core/bench.h"
#include "core/worker.h"

struct runner_codec { /* from store/ */
    /* One line of text without newline, owned by the caller, or NULL and e. */
    char *(*encode)(const struct result *r, struct err *e);
    int (*decode)(const char *text, size_t n, struct result *out, struct err *e);
};

/* `headroom worker FD SEED TARGET DIR MODELS` (argv[0] is "worker").  ops: the kinds of device,
 * NULL-terminated.  0 when the parent closed the stream, else the error that ended it. */
int runner_worker_main(int argc, char **argv, const struct worker_services *services,
                       const struct runner_codec *codec, const struct device_ops *const *ops,
                       struct err *e);

#endif
