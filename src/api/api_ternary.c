/* api_ternary.c - ternary weights of headroom.h: what the caller gives is looked at here, the work
 * is api_cpu_ternary.h's or api_gpu.h's. */
#include <headroom.h>
#include <math.h>

#include "api/api.h"
#include "api/api_cpu_ternary.h"
#include "api/api_gpu.h"
#include "core/mem.h"

enum { ALIGN = 16 }; /* of pointers to a GPU's memory */

struct headroom_ternary {
    struct api_cpu_ternary *cpu; /* owned; one of the two */
    struct api_gpu_ternary *gpu;
};

static int check_weights(const struct headroom_ternary_weights *w, struct err *e)
{
    if (w->rows < 1 || w->rows > INT32_MAX || w->cols < 1 || w->cols > TERNARY_COLS_MAX ||
        w->cols % TERNARY_BLOCK != 0)
        return ERR(e, ERR_ARG,
                   "%lld rows of %lld weights: expected 1 row or more of a multiple of %d weights, "
                   "%d at most",
                   (long long)w->rows, (long long)w->cols, TERNARY_BLOCK, TERNARY_COLS_MAX);
    if (!w->codes)
        return ERR(e, ERR_ARG, "codes is NULL");
    if (!(w->eps >= 0) || isinf(w->eps))
        return ERR(e, ERR_ARG, "eps is %g: expected a finite number that is not negative",
                   (double)w->eps);
    if (w->encoding < HEADROOM_TERNARY_2BIT || w->encoding > HEADROOM_TERNARY_INT8)
        return ERR(e, ERR_ARG, "encoding %d: expected a HEADROOM_TERNARY_*", w->encoding);
    for (int64_t r = 0; w->scales && r < w->rows; r++)
        if (!isfinite(w->scales[r]))
            return ERR(e, ERR_ARG, "row %lld: the scale is not finite", (long long)r);
    return 0;
}

static int check_options(const struct headroom_ternary_options *o, void *stream, struct err *e)
{
    int rc = 0;

    if (o->flags != 0 || o->reserved != 0)
        return ERR(e, ERR_ARG, "flags %#x, reserved %d: expected 0", o->flags, o->reserved);
    TRY(api_device_check(o->device, e));
    if (o->device == HEADROOM_CPU && stream)
        return ERR(e, ERR_ARG, "the CPU has no streams");
out:
    return rc;
}

int headroom_ternary_open(struct headroom_ternary **out, const struct headroom_ternary_weights *w,
                          const struct headroom_ternary_options *options, void *stream)
{
    struct err *e = api_begin();
    struct headroom_ternary *t = NULL;
    struct ternary m = { .owned = NULL };
    int rc = 0;

    if (!out)
        return ERR(e, ERR_ARG, "out is NULL");
    *out = NULL;
    if (!w || !options)
        return ERR(e, ERR_ARG, "%s is NULL", w ? "options" : "weights");
    TRY(check_options(options, stream, e));
    TRY(check_weights(w, e));
    t = mem_calloc(1, sizeof(*t));
    if (!t)
        return ERR(e, ERR_NOMEM, "no memory for a handle");
    TRY(api_cpu_ternary_take(&m, w, e));
    if (options->device == HEADROOM_CPU)
        TRY(api_cpu_ternary_open(&t->cpu, &m, w->norm, w->eps, options, e));
    else
        TRY(api_gpu_ternary_open(&t->gpu, &m, w->norm, w->eps, options, stream, e));
    *out = t;
out:
    ternary_release(&m);
    if (rc < 0)
        headroom_ternary_close(t);
    return rc;
}

int headroom_ternary_run(struct headroom_ternary *t, const float *x, float *y, int64_t n,
                         void *stream)
{
    struct err *e = api_begin();

    if (!t)
        return ERR(e, ERR_ARG, "the handle is NULL");
    if (n < 0 || (n > 0 && (!x || !y)))
        return ERR(e, ERR_ARG, "%lld vectors%s: expected 0 or more, and where they are",
                   (long long)n,
                   !x   ? ", x is NULL"
                   : !y ? ", y is NULL"
                        : "");
    if (t->gpu) {
        if (((uintptr_t)x | (uintptr_t)y) % ALIGN != 0)
            return ERR(e, ERR_ARG, "x or y is not aligned to %d bytes", ALIGN);
        return api_gpu_ternary_run(t->gpu, x, y, n, stream, e);
    }
    if (stream)
        return ERR(e, ERR_ARG, "the CPU has no streams");
    api_cpu_ternary_run(t->cpu, x, y, n);
    return 0;
}

const char *headroom_ternary_variant(const struct headroom_ternary *t)
{
    if (!t)
        return NULL;
    return t->cpu ? api_cpu_ternary_name(t->cpu) : api_gpu_ternary_name(t->gpu);
}

void headroom_ternary_close(struct headroom_ternary *t)
{
    if (!t)
        return;
    api_cpu_ternary_close(t->cpu);
    api_gpu_ternary_close(t->gpu);
    mem_free(t);
}

const char *headroom_ternary_variant_name(int device, int i)
{
    struct err ignored = { 0 };

    if (i < 0 || api_device_check(device, &ignored) < 0)
        return NULL;
    return device == HEADROOM_CPU ? api_cpu_ternary_variant(i) : api_gpu_ternary_variant(device, i);
}
