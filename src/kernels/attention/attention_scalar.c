/* attention_scalar.c - a row at a time, in plain C: the path to read first. */
#include "kernels/attention/attention_isa.h"

#include <math.h>
#include <string.h>

#include "kernels/attention/attention_plan.h"

/* Of a row, over the positions that it has seen: with m their greatest score, l is the sum of the
 * weights exp(score - m), acc that of the weighted V. */
struct row {
    float m, l;
    float acc[ATTENTION_DIM_MAX];
};

static float cached(const struct attention_args *a, const void *head, int i)
{
    if (a->kv_dtype == DTYPE_F16)
        return f16_to_f32(((const uint16_t *)head)[i]);
    return ((const float *)head)[i];
}

static void put(const struct attention_args *a, void *head, int i, float x)
{
    if (a->kv_dtype == DTYPE_F16)
        ((uint16_t *)head)[i] = f32_to_f16(x);
    else
        ((float *)head)[i] = x;
}

void attention_scalar_store(const struct attention_args *a, int item)
{
    const struct attention_work w = attention_store_work(a, item);

    for (int t = w.t0; t < w.t1; t++) {
        const int position = a->first + t, at = position % KV_PAGE;
        const size_t from = (size_t)t * a->ldkv + (size_t)(w.kv * a->head_dim);

        for (int d = 0; d < a->head_dim; d++) {
            put(a, attention_k(a, position, w.kv), d * KV_PAGE + at, a->k[from + (size_t)d]);
            put(a, attention_v(a, position, w.kv), at * a->head_dim + d, a->v[from + (size_t)d]);
        }
    }
}

/* exp(x - m) where both may be -inf, before any position with a weight. */
static float weight(float x, float m)
{
    return expf(x - (m == -INFINITY ? 0 : m));
}

/* See `n` more positions of a page, whose scores are s. */
static void see_page(const struct attention_args *a, struct row *r, const float *s, const void *v,
                     int from, int n)
{
    float m = r->m, before;

    for (int p = 0; p < n; p++)
        m = s[p] > m ? s[p] : m;
    before = weight(r->m, m);
    r->m = m;
    r->l *= before;
    for (int d = 0; d < a->head_dim; d++)
        r->acc[d] *= before;
    for (int p = 0; p < n; p++) {
        const float w = weight(s[p], m);

        r->l += w;
        for (int d = 0; d < a->head_dim; d++)
            r->acc[d] += w * cached(a, v, (from + p) * a->head_dim + d);
    }
}

/* The positions of one cut that this row sees. */
static void see_cut(const struct attention_args *a, struct row *r, const float *q, int kv,
                    struct attention_span sees, int cut)
{
    const int start = cut * ATTENTION_SPLIT;

    *r = (struct row){ .m = -INFINITY };
    for (int page = start; page < start + ATTENTION_SPLIT; page += KV_PAGE) {
        const struct attention_span in = attention_within(sees, page, KV_PAGE);
        float s[KV_PAGE];

        if (in.hi <= in.lo)
            continue;
        for (int p = in.lo; p < in.hi; p++) {
            float sum = 0;

            for (int d = 0; d < a->head_dim; d++)
                sum += q[d] * cached(a, attention_k(a, page, kv), d * KV_PAGE + p);
            s[p - in.lo] = sum * a->scale;
        }
        see_page(a, r, s, attention_v(a, page, kv), in.lo, in.hi - in.lo);
    }
}

/* Add what another cut has seen. */
static void fold(struct row *r, float m, float l, const float *acc, int head_dim)
{
    const float most = m > r->m ? m : r->m;
    const float mine = weight(r->m, most), other = weight(m, most);

    r->m = most;
    r->l = r->l * mine + l * other;
    for (int d = 0; d < head_dim; d++)
        r->acc[d] = r->acc[d] * mine + acc[d] * other;
}

static void finish(const struct attention_args *a, const struct row *r, int t, int h)
{
    float *out = a->out + (size_t)t * a->ldo + (size_t)(h * a->head_dim);

    for (int d = 0; d < a->head_dim; d++)
        out[d] = r->acc[d] / r->l;
}

static bool sees_cut(struct attention_span sees, int cut)
{
    const struct attention_span in = attention_within(sees, cut * ATTENTION_SPLIT, ATTENTION_SPLIT);

    return in.hi > in.lo;
}

static void run_row(const struct attention_args *a, const struct attention_work *w, int t, int h)
{
    const struct attention_span sees = attention_sees(a, t);
    const float *q = a->q + (size_t)t * a->ldq + (size_t)(h * a->head_dim);
    struct row all = { .m = -INFINITY }, r;
    bool first = true;

    for (int cut = w->cut0; cut < w->cut1; cut++) {
        if (!sees_cut(sees, cut))
            continue;
        see_cut(a, &r, q, w->kv, sees, cut);
        if (first)
            all = r;
        else
            fold(&all, r.m, r.l, r.acc, a->head_dim);
        first = false;
    }
    if (!w->partial) {
        finish(a, &all, t, h);
    } else if (!first) {
        float *p = attention_partial(a, w->cut0 - attention_plan(a).cut0, t, h);

        memcpy(p, all.acc, (size_t)a->head_dim * sizeof(*p));
        p[attention_dim(a)] = all.m;
        p[attention_dim(a) + 1] = all.l;
    }
}

void attention_scalar_run(const struct attention_args *a, int item)
{
    const struct attention_work w = attention_work(a, item);
    const int group = a->heads / a->kv_heads;

    for (int t = w.t0; t < w.t1; t++)
        for (int h = w.kv * group; h < (w.kv + 1) * group; h++)
            run_row(a, &w, t, h);
}

void attention_scalar_merge(const struct attention_args *a, int item)
{
    const int t = item / a->heads, h = item % a->heads, dim = attention_dim(a);
    const struct attention_span sees = attention_sees(a, t);
    const int cut0 = attention_plan(a).cut0, first = sees.lo / ATTENTION_SPLIT;
    struct row r;

    for (int cut = first; cut <= (sees.hi - 1) / ATTENTION_SPLIT; cut++) {
        const float *p = attention_partial(a, cut - cut0, t, h);

        if (cut == first) {
            r = (struct row){ .m = p[dim], .l = p[dim + 1] };
            memcpy(r.acc, p, (size_t)a->head_dim * sizeof(*p));
        } else {
            fold(&r, p[dim], p[dim + 1], p, a->head_dim);
        }
    }
    finish(a, &r, t, h);
}
