/* gpu_none_bench.c - what a benchmark does on a GPU, in a build without CUDA. */
#include "gpu/gpu_none.h"

static const char reason[] = "built without CUDA";

int gpu_none_hook(struct bench_ctx *c, void *state, struct err *e)
{
    (void)c;
    (void)state;
    return ERR(e, ERR_NOTSUP, "%s", reason);
}

void gpu_none_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    (void)c;
    (void)state;
    *w = (struct work){ 0 };
}

int gpu_none_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    (void)c;
    (void)state;
    (void)e;
    limit_none(out, "%s", reason);
    return 0;
}
