/* ternary_external.c - a point of kernels.ternary by a library that the user names. */
#include "kernels/ternary/ternary_external.h"

#include <math.h>
#include <stdio.h>

enum { BEST };

bool ternary_external_exists(const struct params *p)
{
    return !external_asked(p) ||
           (params_get(p, "op") == TERNARY_MATVEC && params_get(p, "variant") == BEST &&
            params_get(p, "fused") == TERNARY_FUSED);
}

int ternary_external_open(struct ternary_external *x, const char *path,
                          const struct ternary_case *t, int device, int threads, void *stream,
                          struct err *e)
{
    const struct headroom_ternary_weights w = { .rows = (int64_t)t->m.w.rows,
                                                .cols = (int64_t)t->m.w.cols,
                                                .encoding = HEADROOM_TERNARY_TQ2_64,
                                                .eps = t->eps,
                                                .codes = t->m.w.data,
                                                .scales = t->m.scale,
                                                .norm = t->g };
    const struct headroom_ternary_options o = { .device = device, .threads = threads };
    int rc = 0;

    TRY(external_open(&x->theirs, path, EXTERNAL_TERNARY, e));
    TRY(external_result(&x->theirs, "headroom_ternary_open",
                        x->theirs.ternary_open(&x->handle, &w, &o, stream), e));
    if (!x->handle)
        return ERR(e, ERR_FORMAT, "headroom_ternary_open of the library gives no handle");
out:
    return rc;
}

void ternary_external_close(struct ternary_external *x)
{
    if (x->handle)
        x->theirs.ternary_close(x->handle);
    external_close(&x->theirs);
    x->handle = NULL;
}

int ternary_external_run(const struct ternary_external *x, const float *in, float *y, size_t tokens,
                         void *stream, struct err *e)
{
    return external_result(&x->theirs, "headroom_ternary_run",
                           x->theirs.ternary_run(x->handle, in, y, (int64_t)tokens, stream), e);
}

/* Of a vector: *d is its scale.  How many of its values F32 might round to either side. */
static int near_ties(const struct ternary_case *t, const float *x, double *d)
{
    const size_t cols = t->m.w.cols;
    double peak = 0, square = 0;
    int near = 0;

    for (size_t c = 0; c < cols; c++) {
        square += (double)x[c] * (double)x[c];
        peak = fmax(peak, fabs((double)x[c] * (double)t->g[c]));
    }
    *d = peak / 127 / sqrt(square / (double)cols + (double)t->eps);
    for (size_t c = 0; c < cols && peak > 0; c++) {
        const double q = fabs((double)x[c] * (double)t->g[c]) * 127 / peak;

        near += fabs(q - floor(q) - 0.5) <= 8 * 127 * 0x1p-24;
    }
    return near;
}

int ternary_external_check(const struct ternary_case *t, const float *y, const float *want,
                           struct check *check, struct err *e)
{
    const size_t rows = t->m.w.rows, cols = t->m.w.cols;
    /* A sum of squares in any order, half of it through the root, and single operations. */
    const double rounding = ((double)cols / 2 + 16) * 0x1p-24;

    snprintf(check->reference, sizeof(check->reference),
             "the scalar variant; error over what the order of F32 operations explains");
    check->tolerance = 1;
    check->error = 0;
    for (size_t v = 0; v < t->tokens; v++) {
        double d;
        const int near = near_ties(t, t->x + v * cols, &d);

        for (size_t r = 0; r < rows; r++) {
            const double answer = (double)want[v * rows + r], got = (double)y[v * rows + r];
            const double tol = fabs((double)t->m.scale[r]) * d * near + fabs(answer) * rounding;
            const double error = got == answer ? 0 : fabs(got - answer) / tol;

            if (!(error <= check->error))
                check->error = isnan(error) ? HUGE_VAL : error;
            if (!(error <= 1))
                return ERR(e, ERR_MISMATCH, "vector %zu, row %zu is %.9g, not %.9g +- %.2g", v, r,
                           got, answer, tol);
        }
    }
    return 0;
}
