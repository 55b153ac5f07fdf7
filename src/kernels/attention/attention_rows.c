/* attention_rows.c - dense attention's row in F64: two passes over the positions. */
#include "kernels/attention/attention_rows.h"

#include <math.h>

/* Half a unit in the last place of F32. */
static const double u = 0x1p-24;

struct sums {
    double most, greatest; /* of the scores, and of their magnitudes */
    double total, off;     /* of weights, and of weights times how far each may be off */
    double hull;           /* greatest magnitude in V */
};

static double score(const struct attention_row *r, const float *k, double *of_abs)
{
    double sum = 0;

    *of_abs = 0;
    for (int d = 0; d < r->dim; d++) {
        const double term = (double)r->scale * (double)r->q[d] * (double)k[d];

        sum += term;
        *of_abs += fabs(term);
    }
    return sum;
}

static double steps(const struct attention_row *r)
{
    return r->n / 16 + 2;
}

static void greatest(const struct attention_row *r, struct sums *s)
{
    const float *k, *v;
    double unused;

    s->most = -INFINITY;
    for (int i = 0; i < r->n; i++) {
        double x;

        r->kv(r->self, i, &k, &v);
        x = score(r, k, &unused);
        s->most = fmax(s->most, x);
        s->greatest = fmax(s->greatest, fabs(x));
    }
}

static void add(const struct attention_row *r, struct sums *s, int i, double *out, double *tol)
{
    const double unit = r->dtype == DTYPE_F16 ? 0x1p-11 : 0x1p-8;
    const float *k, *v;
    double of_abs, weight, off;

    r->kv(r->self, i, &k, &v);
    weight = exp(score(r, k, &of_abs) - s->most);
    off = u * (2 * (r->dim + 3) * of_abs + 8 * s->greatest + 4 * (steps(r) + 4));
    s->total += weight;
    s->off += weight * off;
    for (int d = 0; d < r->dim; d++) {
        const double x = (double)v[d];

        out[d] += weight * x;
        tol[d] += weight * fabs(x) * (off + unit + 2 * u * (steps(r) + 18));
        s->hull = fmax(s->hull, fabs(x));
    }
}

void attention_rows_reference(const struct attention_row *r, double *out, double *tol)
{
    const double unit = r->dtype == DTYPE_F16 ? 0x1p-11 : 0x1p-8;
    const double denormal = r->dtype == DTYPE_F16 ? 0x1p-25 : 0x1p-124;
    struct sums s = { 0 };

    for (int d = 0; d < r->dim; d++)
        out[d] = tol[d] = 0;
    greatest(r, &s);
    for (int i = 0; i < r->n; i++)
        add(r, &s, i, out, tol);
    for (int d = 0; d < r->dim; d++) {
        out[d] /= s.total;
        tol[d] = 1.01 * (tol[d] / s.total +
                         fabs(out[d]) * (s.off / s.total + unit + 2 * u * (steps(r) + 18))) +
                 r->n * denormal * s.hull / s.total + denormal;
        if (!(s.off / s.total < 0.1))
            tol[d] = 2.01 * s.hull;
    }
}
