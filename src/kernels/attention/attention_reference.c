/* attention_reference.c - the contract in F64, two passes over the keys, and how far F32 may be
 * from it. */
#include "kernels/attention/attention.h"

#include <math.h>

#include "kernels/attention/attention_plan.h"

static double cached(const struct attention_args *a, const void *head, int i)
{
    if (a->kv_dtype == DTYPE_F16)
        return (double)f16_to_f32(((const uint16_t *)head)[i]);
    return (double)((const float *)head)[i];
}

/* A row, and what its bound is made of. */
struct row {
    int t, h, kv;
    struct attention_span sees;
    double most, greatest; /* of the scores, and of their magnitudes */
    double total, off;     /* sums of weights, and of weights times how far each may be off */
};

/* u = 2^-24: half a unit in the last place of F32. */
static const double u = 0x1p-24;

static double score(const struct attention_args *a, const struct row *r, int p, double *of_abs)
{
    const float *q = a->q + (size_t)r->t * a->ldq + (size_t)(r->h * a->head_dim);
    const void *k = attention_k(a, p, r->kv);
    double sum = 0;

    *of_abs = 0;
    for (int d = 0; d < a->head_dim; d++) {
        const double term =
            (double)a->scale * (double)q[d] * cached(a, k, d * KV_PAGE + p % KV_PAGE);

        sum += term;
        *of_abs += fabs(term);
    }
    return sum;
}

/* A score is off by (head_dim + 3) u sum|scale q k|; the arguments of exp by 2 u of the largest
 * score for the position itself, and all rescalings together, which telescope, by 6 u of it; each
 * exp by 2 u, of which a weight meets its own, one a page and two a cut. */
static double weight_off(const struct attention_args *a, const struct row *r, double sum_of_abs)
{
    const int n = r->sees.hi - r->sees.lo;
    const int pages = n / KV_PAGE + 2, cuts = n / ATTENTION_SPLIT + 2;

    return u * ((a->head_dim + 3) * sum_of_abs + 8 * r->greatest + 4 * (pages + 2 * cuts + 2));
}

/* Terms in a chain of additions: those of a cut, its rescalings, then the cuts. */
static double additions(const struct row *r)
{
    const int n = r->sees.hi - r->sees.lo, cuts = n / ATTENTION_SPLIT + 2;

    return (n < ATTENTION_SPLIT ? n : ATTENTION_SPLIT) + n / KV_PAGE + 2 + 2 * cuts;
}

static void greatest(const struct attention_args *a, struct row *r)
{
    double unused;

    r->most = -INFINITY;
    for (int p = r->sees.lo; p < r->sees.hi; p++) {
        const double s = score(a, r, p, &unused);

        r->most = fmax(r->most, s);
        r->greatest = fmax(r->greatest, fabs(s));
    }
}

static void row(const struct attention_args *a, struct row *r, double *out, double *tol)
{
    const double adds = additions(r);
    double hull = 0;

    greatest(a, r);
    for (int d = 0; d < a->head_dim; d++)
        out[d] = tol[d] = 0;
    for (int p = r->sees.lo; p < r->sees.hi; p++) {
        const void *v = attention_v(a, p, r->kv);
        double of_abs, weight = exp(score(a, r, p, &of_abs) - r->most);
        const double off = weight_off(a, r, of_abs);

        r->total += weight;
        r->off += weight * off;
        for (int d = 0; d < a->head_dim; d++) {
            const double x = cached(a, v, p % KV_PAGE * a->head_dim + d);

            out[d] += weight * x;
            tol[d] += weight * fabs(x) * (off + adds * u);
            hull = fmax(hull, fabs(x));
        }
    }
    /* Where weights are not known to a tenth, all that is sure is the hull of V.  A weight below
     * 2^-124 may be 0. */
    for (int d = 0; d < a->head_dim; d++) {
        out[d] /= r->total;
        tol[d] = 1.01 * (tol[d] / r->total + fabs(out[d]) * (r->off / r->total + adds * u)) +
                 (r->sees.hi - r->sees.lo) * (0x1p-124 * hull + 0x1p-148);
        if (!(r->off / r->total < 0.1))
            tol[d] = 2.01 * hull;
    }
}

void attention_reference(const struct attention_args *a, double *out, double *tol)
{
    for (int t = 0; t < a->tokens; t++)
        for (int h = 0; h < a->heads; h++) {
            const size_t at = ((size_t)t * (size_t)a->heads + (size_t)h) * (size_t)a->head_dim;
            struct row r = {
                .t = t, .h = h, .kv = h / (a->heads / a->kv_heads), .sees = attention_sees(a, t)
            };

            row(a, &r, out + at, tol + at);
        }
}
