/* variant_hooks.h - the hooks of a benchmark that differ between a CPU's rows and a GPU's; as in
 * core/bench.h. */
#ifndef KERNELS_VARIANT_VARIANT_HOOKS_H
#define KERNELS_VARIANT_VARIANT_HOOKS_H

#include "core/bench.h"
#include "core/limits.h"

struct variant_hooks {
    int (*setup)(struct bench_ctx *c, void *state, struct err *e);
    int (*verify)(struct bench_ctx *c, void *state, struct err *e);
    int (*once)(struct bench_ctx *c, void *state, struct err *e);
    void (*work)(const struct bench_ctx *c, const void *state, struct work *w);
    int (*limit)(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
    void (*teardown)(struct bench_ctx *c, void *state);
};

#endif
