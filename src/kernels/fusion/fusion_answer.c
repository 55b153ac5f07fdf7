/* fusion_answer.c - what a chain costs, and its answers in F64. */
#include <math.h>

#include "kernels/activation/activation.h"
#include "kernels/fusion/fusion.h"
#include "kernels/norm/norm.h"

bool fusion_of_rows(enum fusion_chain c)
{
    return c != FUSION_NORM_MATVEC && c != FUSION_SWIGLU;
}

/* Values of dtype, and bytes beside them, that a form of the chain reads and writes. */
static double bytes_of(const struct fusion_point *p, bool fused)
{
    const double size = dtype_info(p->dtype)->bytes, n = (double)p->n, rows = (double)p->rows;
    const double outputs = (double)p->outputs;

    switch (p->chain) {
    case FUSION_ADD_NORM: return size * rows * n * (fused ? 4 : 5);
    case FUSION_ADD_NORM_QUANT:
        return size * rows * n * (fused ? 3 : 6) + rows * (n + sizeof(float));
    case FUSION_BIAS_GELU: return size * rows * n * (fused ? 2 : 4);
    case FUSION_NORM_MATVEC: return size * (outputs * n + outputs + n * (fused ? 1 : 3));
    case FUSION_SWIGLU: return size * (2 * outputs * n + n + outputs * (fused ? 1 : 5));
    }
    return (double)NAN;
}

double fusion_bytes_needed(const struct fusion_point *p)
{
    return bytes_of(p, true);
}

double fusion_bytes_moved(const struct fusion_point *p)
{
    return bytes_of(p, p->fused);
}

int fusion_launches(const struct fusion_point *p)
{
    static const int steps[] = { [FUSION_ADD_NORM] = 2,
                                 [FUSION_ADD_NORM_QUANT] = 3,
                                 [FUSION_BIAS_GELU] = 2,
                                 [FUSION_NORM_MATVEC] = 2,
                                 [FUSION_SWIGLU] = 3 };

    return p->fused ? 1 : steps[p->chain];
}

static double rounded(enum dtype t, double x)
{
    const float f = (float)x;
    uint8_t typed[sizeof(float)];
    float out;

    dtype_from_f32(t, &f, typed, 1);
    dtype_to_f32(t, typed, &out, 1);
    return (double)out;
}

/* What rounding to the type may be off by, with a little for a value that is off itself. */
static double rounding(enum dtype t, double value)
{
    if (t == DTYPE_F16)
        return 1.01 * (0x1p-11 * fabs(value) + 0x1p-25);
    return 1.01 * ((t == DTYPE_BF16 ? 0x1p-8 : 0x1p-24) * fabs(value) + 0x1p-134);
}

static double error_of(double got, double want, double tol)
{
    const double error = fabs(got - want) / tol;

    return isnan(error) ? HUGE_VAL : error;
}

/* RMSNorm of normal values and how far F32 may be off: a sum of n squares in 16 chains and more,
 * a root, two products. */
static void norm(const struct fusion_point *p, const float *x, const float *g, double *want,
                 double *tol)
{
    norm_reference_rms(x, g, (double)fusion_eps, want, p->n);
    for (size_t i = 0; i < p->n; i++)
        tol[i] = 0x1p-24 * ((double)p->n / 16 + 16) * fabs(want[i]) + 0x1p-140;
}

static double check_codes(const struct fusion_point *p, const struct fusion_row *r,
                          const double *want, const double *tol)
{
    double most = 0, worst = 0;

    for (size_t i = 0; i < p->n; i++)
        most = fmax(most, fabs(want[i]));
    for (size_t i = 0; i < p->n; i++) {
        /* y may have been rounded before; half a step, whose length is off as y is. */
        const double before = tol[i] + rounding(p->dtype, want[i]);
        const double step = most / 127 * (0.5 + 0x1p-10);

        worst = fmax(worst, error_of((double)r->q[i] * (double)r->q_scale, want[i], before + step));
    }
    return worst;
}

double fusion_check_row(const struct fusion_point *p, const struct fusion_row *r, double *work)
{
    double *want = work, *tol = work + p->n, worst = 0;

    if (p->chain == FUSION_BIAS_GELU) {
        for (size_t i = 0; i < p->n; i++) {
            const float u = r->x[i] + r->bias[i];

            activation_reference(ACTIVATION_GELU_TANH, NULL, &u, &want[i], 1);
            /* The sum may have been rounded before, and GELU's slope is 1.13 at most. */
            tol[i] = fmax(2e-6 * fabs(want[i]), 1e-7 * fmax(1, fabs((double)u))) +
                     1.13 * rounding(p->dtype, (double)u) + rounding(p->dtype, want[i]);
            worst = fmax(worst, error_of((double)r->y[i], want[i], tol[i]));
        }
        return worst;
    }
    for (size_t i = 0; i < p->n; i++) /* to the bit; the norm is of what was stored */
        if (!((double)r->sum[i] == rounded(p->dtype, (double)(r->x[i] + r->add[i]))))
            return HUGE_VAL;
    norm(p, r->sum, r->g, want, tol);
    if (p->chain == FUSION_ADD_NORM_QUANT)
        return check_codes(p, r, want, tol);
    for (size_t i = 0; i < p->n; i++)
        worst =
            fmax(worst, error_of((double)r->y[i], want[i], tol[i] + rounding(p->dtype, want[i])));
    return worst;
}

/* A product in F32 over v, of which each value may be off by tol; of = sum of magnitudes' share. */
static double product(const struct fusion_point *p, const float *w, const double *v,
                      const double *tol, double *off)
{
    double sum = 0, size = 0;

    *off = 0;
    for (size_t i = 0; i < p->n; i++) {
        sum += (double)w[i] * v[i];
        size += fabs((double)w[i] * v[i]);
        *off += fabs((double)w[i]) * tol[i];
    }
    *off += 0x1p-24 * ((double)p->n / 32 + 8) * size;
    return sum;
}

double fusion_check_output(const struct fusion_point *p, const struct fusion_output *o,
                           double *work)
{
    double *v = work, *tol = work + p->n, off, want, up, up_off, gate;

    if (p->chain == FUSION_NORM_MATVEC)
        norm(p, o->x, o->g, v, tol);
    for (size_t i = 0; i < p->n; i++) {
        if (p->chain == FUSION_NORM_MATVEC) {
            /* The norm is rounded to dtype; next to a tie F32 may go the other way. */
            const double lo = rounded(p->dtype, v[i] - tol[i]);

            tol[i] = rounded(p->dtype, v[i] + tol[i]) - lo;
            v[i] = rounded(p->dtype, v[i]);
        } else {
            v[i] = (double)o->x[i];
            tol[i] = 0;
        }
    }
    want = product(p, o->w, v, tol, &off);
    if (p->chain == FUSION_NORM_MATVEC)
        return error_of((double)o->y, want, off + rounding(p->dtype, want));
    up = product(p, o->u, v, tol, &up_off);
    off += rounding(p->dtype, want); /* both may have been rounded before */
    up_off += rounding(p->dtype, up);
    gate = want / (1 + exp(-want));
    want = gate * up; /* silu's slope is 1.1 at most */
    return error_of((double)o->y, want,
                    1.1 * off * (fabs(up) + up_off) + fabs(gate) * up_off + 2e-6 * fabs(want) +
                        1e-7 * fmax(1, fabs(up)) + rounding(p->dtype, want));
}
