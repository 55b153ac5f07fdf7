/* dtype_k.c - the formats in blocks of 256 whose groups have scales of their own: Q4_K, Q5_K, Q6_K.
 *
 * Q4_K  d, dmin F16, 12 bytes of eight 6-bit scales and minima, 128 bytes of halves: bytes 32 i + m
 *       hold value 64 i + m (low) and 64 i + 32 + m (high); x = d scale q - dmin min, groups of 32
 * Q5_K  d, dmin, the 12 bytes, 32 bytes of fifth bits (bit g of byte m: value 32 g + m), halves as
 *       in Q4_K
 * Q6_K  128 bytes of halves, 64 of upper pairs, 16 signed scales, d F16; x = d scale (q - 32),
 *       groups of 16
 *
 * The encoders search, group by group, for the scale that leaves the least weighted squared error
 * (ggml's make_qkx2_quants and make_qx_quants): each step takes a scale near the range's, rounds,
 * and solves for the best scale (and minimum) of the codes that come out.  The order of additions
 * is theirs, so that the bytes are too. */
#include "kernels/dtype/dtype_codec.h"

enum { BLOCK = 256, GROUP = 32, GROUPS = BLOCK / GROUP, SMALL = 16, SMALLS = BLOCK / SMALL };

/* Below this a group of Q6_K counts as zero. */
static const float zero_group = 1e-15F;

/* The whole number next to x, half to even, within low..high (below 2^22): at 1.5 * 2^23 a float
 * has no digits behind the point.  NaN gives low. */
static int nearest(float x, int low, int high)
{
    const float large = 12582912;

    x = x > (float)low ? x : (float)low;
    x = x < (float)high ? x : (float)high;
    return (int)(x + large - large);
}

/* ---- Q4_K and Q5_K: x = scale q - min ---- */

struct search {
    int max;     /* of q */
    float first; /* the steps: the range is mapped to max + first, max + first + 0.1, ... */
    int steps;
};
static const struct search search4 = { 15, -1.0F, 20 }, search5 = { 31, -0.5F, 15 };

struct group {
    const float *x;
    float w[GROUP]; /* what an error at each value counts */
    float sum_w, sum_x, low, high;
};

static void round_group(const struct group *g, float inverse, int max, int *q)
{
    for (int i = 0; i < GROUP; i++)
        q[i] = nearest(inverse * (g->x[i] - g->low), 0, max);
}

static float group_error(const struct group *g, const int *q, float scale, float low)
{
    float sum = 0;

    for (int i = 0; i < GROUP; i++) {
        float diff = scale * (float)q[i] + low - g->x[i];

        sum += g->w[i] * (diff * diff);
    }
    return sum;
}

/* Weighted least squares of x on the codes, with a minimum that is not positive.  False: all codes
 * are equal. */
static bool fit(const struct group *g, const int *q, float *scale, float *low)
{
    float sum_l = 0, sum_l2 = 0, sum_xl = 0, det;

    for (int i = 0; i < GROUP; i++) {
        float wl = g->w[i] * (float)q[i];

        sum_l += wl;
        sum_l2 += wl * (float)q[i];
        sum_xl += wl * g->x[i];
    }
    det = g->sum_w * sum_l2 - sum_l * sum_l;
    if (!(det > 0))
        return false;
    *scale = (g->sum_w * sum_xl - g->sum_x * sum_l) / det;
    *low = (sum_l2 * g->sum_x - sum_l * sum_xl) / det;
    if (*low > 0) {
        *low = 0;
        *scale = sum_xl / sum_l2;
    }
    return true;
}

/* Weights, sums and the range of one group. */
static void group_begin(struct group *g, const float *x)
{
    float square = 0, mean;

    *g = (struct group){ .x = x, .low = x[0], .high = x[0] };
    for (int i = 0; i < GROUP; i++)
        square += x[i] * x[i];
    mean = sqrtf(square / GROUP);
    for (int i = 0; i < GROUP; i++) {
        g->w[i] = mean + fabsf(x[i]);
        g->sum_w += g->w[i];
        g->sum_x += g->w[i] * x[i];
        g->low = x[i] < g->low ? x[i] : g->low;
        g->high = x[i] > g->high ? x[i] : g->high;
    }
    g->low = g->low > 0 ? 0 : g->low;
}

/* The best scale of a group, and -minimum into *min.  Each step starts from the best minimum so
 * far. */
static float search_offset(const struct search *s, const float *x, float *min)
{
    struct group g;
    float inverse, scale, best;
    int q[GROUP];

    group_begin(&g, x);
    *min = -g.low;
    inverse = (float)s->max / (g.high - g.low);
    if (!isfinite(inverse)) /* all equal, or nearly: the minimum says it all */
        return 0;
    scale = 1 / inverse;
    round_group(&g, inverse, s->max, q);
    best = group_error(&g, q, scale, g.low);
    for (int i = 0; i <= s->steps; i++) {
        float scale_i, low_i, error;

        inverse = (s->first + 0.1F * (float)i + (float)s->max) / (g.high - g.low);
        round_group(&g, inverse, s->max, q);
        if (!fit(&g, q, &scale_i, &low_i))
            continue;
        error = group_error(&g, q, scale_i, low_i);
        if (error < best) {
            best = error;
            scale = scale_i;
            g.low = low_i;
        }
    }
    *min = -g.low;
    return scale;
}

static void scale_min(const uint8_t *s, int group, int *scale, int *min)
{
    if (group < 4) {
        *scale = s[group] & 63;
        *min = s[group + 4] & 63;
    } else {
        *scale = (s[group + 4] & 15) | s[group - 4] >> 6 << 4;
        *min = s[group + 4] >> 4 | s[group] >> 6 << 4;
    }
}

static void scale_min_store(uint8_t *s, int group, int scale, int min)
{
    if (group < 4) {
        s[group] = (uint8_t)scale;
        s[group + 4] = (uint8_t)min;
    } else {
        s[group + 4] = (uint8_t)((scale & 15) | (min & 15) << 4);
        s[group - 4] |= (uint8_t)(scale >> 4 << 6);
        s[group] |= (uint8_t)(min >> 4 << 6);
    }
}

/* The 16 bytes of scales into head, and the codes. */
static void encode_offset(const struct search *s, const float *x, uint8_t *head, uint8_t *q)
{
    float scale[GROUPS], min[GROUPS], max_scale = 0, max_min = 0, to_scale, to_min;

    for (int g = 0; g < GROUPS; g++) {
        scale[g] = search_offset(s, x + (size_t)g * GROUP, &min[g]);
        max_scale = scale[g] > max_scale ? scale[g] : max_scale;
        max_min = min[g] > max_min ? min[g] : max_min;
    }
    to_scale = isfinite(63 / max_scale) ? 63 / max_scale : 0;
    to_min = isfinite(63 / max_min) ? 63 / max_min : 0;
    dtype_store16(head, f32_to_f16(max_scale / 63));
    dtype_store16(head + 2, f32_to_f16(max_min / 63));
    for (int g = 0; g < GROUPS; g++)
        scale_min_store(head + 4, g, nearest(to_scale * scale[g], 0, 63),
                        nearest(to_min * min[g], 0, 63));
    for (int g = 0; g < GROUPS; g++) {
        int ls, lm;
        float d, m;

        scale_min(head + 4, g, &ls, &lm);
        d = dtype_load_f16(head) * (float)ls;
        m = dtype_load_f16(head + 2) * (float)lm;
        for (int i = 0; i < GROUP; i++) {
            float v = d > 0 ? (x[g * GROUP + i] + m) / d : 0;

            q[g * GROUP + i] = (uint8_t)nearest(v, 0, s->max);
        }
    }
}

static void halves_store(const uint8_t *q, uint8_t *dst)
{
    for (int i = 0; i < BLOCK / 64; i++)
        for (int m = 0; m < 32; m++)
            dst[32 * i + m] = (uint8_t)((q[64 * i + m] & 15) | (q[64 * i + 32 + m] & 15) << 4);
}

static void q4_k_encode(const float *src, uint8_t *dst)
{
    uint8_t q[BLOCK];

    memset(dst, 0, 144);
    encode_offset(&search4, src, dst, q);
    halves_store(q, dst + 16);
}

static void q5_k_encode(const float *src, uint8_t *dst)
{
    uint8_t q[BLOCK];

    memset(dst, 0, 176);
    encode_offset(&search5, src, dst, q);
    for (int i = 0; i < BLOCK; i++)
        dst[16 + i % 32] |= (uint8_t)(q[i] >> 4 << i / 32);
    halves_store(q, dst + 48);
}

/* fifth NULL: four bits. */
static void decode_offset(const uint8_t *head, const uint8_t *fifth, const uint8_t *halves,
                          float *y)
{
    for (int g = 0; g < GROUPS; g++) {
        const uint8_t *p = halves + (size_t)g / 2 * 32;
        int ls, lm;
        float d, m;

        scale_min(head + 4, g, &ls, &lm);
        d = dtype_load_f16(head) * (float)ls;
        m = dtype_load_f16(head + 2) * (float)lm;
        for (int i = 0; i < GROUP; i++) {
            int q = (g % 2 != 0 ? p[i] >> 4 : p[i] & 15) | (fifth ? fifth[i] >> g & 1 : 0) << 4;

            y[g * GROUP + i] = d * (float)q - m;
        }
    }
}

static void q4_k_decode(const uint8_t *src, float *dst)
{
    decode_offset(src, NULL, src + 16, dst);
}

static void q5_k_decode(const uint8_t *src, float *dst)
{
    decode_offset(src, src + 16, src + 48, dst);
}

static bool offset_valid(const uint8_t *src)
{
    return dtype_f16_finite(src) && dtype_f16_finite(src + 2);
}

/* ---- Q6_K: x = scale (q - 32) ---- */

/* The scales that are tried, the range's own first; one more makes whole vectors. */
enum { TRIES = 19, VECTORS = 5, LANES = 4 * VECTORS };
typedef float f32x4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int i32x4 __attribute__((vector_size(16)));

static f32x4 at_least(f32x4 v, f32x4 low)
{
    i32x4 below = v < low;

    return (f32x4)((below & (i32x4)low) | (~below & (i32x4)v));
}

/* Sums for the codes that each inverse scale gives, an error at x counting x^2.  Four scales stand
 * in a vector, so that each sum keeps its order of additions. */
static void sums(const float *x, const float *inverse, float *sum_lx, float *sum_l2)
{
    const f32x4 large = { 12582912, 12582912, 12582912, 12582912 }; /* see nearest() */
    const f32x4 least = { -32, -32, -32, -32 }, less = { -31, -31, -31, -31 };

    for (int v = 0; v < LANES; v += 4) {
        f32x4 scale = *(const f32x4 *)(inverse + v), lx = { 0 }, l2 = { 0 };

        for (int i = 0; i < SMALL; i++) {
            float w = x[i] * x[i];
            f32x4 l = at_least(scale * x[i] + large - large, least);

            l = -at_least(-l, less); /* 31 at most */
            lx += w * x[i] * l;
            l2 += w * l * l;
        }
        *(f32x4 *)(sum_lx + v) = lx;
        *(f32x4 *)(sum_l2 + v) = l2;
    }
}

static float search_signed(const float *x)
{
    float extreme = 0, inverse[LANES], sum_lx[LANES], sum_l2[LANES], scale, best;

    for (int i = 0; i < SMALL; i++)
        if (fabsf(x[i]) > fabsf(extreme))
            extreme = x[i];
    if (fabsf(extreme) < zero_group)
        return 0;
    for (int k = 0; k < LANES; k++) /* 32, then 31.1, 31.2, ... without it */
        inverse[k] = -(32 + 0.1F * (float)(k == 0 ? 0 : k - 10 + (k >= 10))) / extreme;
    sums(x, inverse, sum_lx, sum_l2);
    scale = sum_l2[0] != 0 ? sum_lx[0] / sum_l2[0] : 0;
    best = scale * sum_lx[0];
    for (int k = 1; k < TRIES; k++)
        if (sum_l2[k] > 0 && sum_lx[k] * sum_lx[k] > best * sum_l2[k]) {
            scale = sum_lx[k] / sum_l2[k];
            best = scale * sum_lx[k];
        }
    return scale;
}

static void q6_k_pack(const uint8_t *q, uint8_t *dst)
{
    for (int h = 0; h < 2; h++)
        for (int m = 0; m < 32; m++) {
            const uint8_t *p = q + (size_t)h * 128 + m;

            dst[64 * h + m] = (uint8_t)((p[0] & 15) | (p[64] & 15) << 4);
            dst[64 * h + 32 + m] = (uint8_t)((p[32] & 15) | (p[96] & 15) << 4);
            dst[128 + 32 * h + m] =
                (uint8_t)(p[0] >> 4 | p[32] >> 4 << 2 | p[64] >> 4 << 4 | p[96] >> 4 << 6);
        }
}

static void q6_k_encode(const float *src, uint8_t *dst)
{
    float scale[SMALLS], extreme = 0, inverse, d;
    uint8_t q[BLOCK];

    memset(dst, 0, 210);
    for (int g = 0; g < SMALLS; g++) {
        scale[g] = search_signed(src + (size_t)g * SMALL);
        if (fabsf(scale[g]) > fabsf(extreme))
            extreme = scale[g];
    }
    if (fabsf(extreme) < zero_group)
        return;
    inverse = -128 / extreme;
    dtype_store16(dst + 208, f32_to_f16(1 / inverse));
    d = dtype_load_f16(dst + 208);
    for (int g = 0; g < SMALLS; g++) {
        int s = nearest(inverse * scale[g], -128, 127);
        float ds = d * (float)s;

        dst[192 + g] = (uint8_t)(int8_t)s;
        for (int i = g * SMALL; i < (g + 1) * SMALL; i++) {
            float v = ds != 0 ? src[i] / ds : -32; /* any code will do */

            q[i] = (uint8_t)(32 + nearest(v, -32, 31));
        }
    }
    q6_k_pack(q, dst);
}

static void q6_k_decode(const uint8_t *src, float *dst)
{
    float d = dtype_load_f16(src + 208);

    for (int i = 0; i < BLOCK; i++) {
        int h = i / 128, quarter = i % 128 / 32, m = i % 32;
        int low = src[64 * h + 32 * (quarter & 1) + m] >> (quarter & 2) * 2 & 15;
        int high = src[128 + 32 * h + m] >> 2 * quarter & 3;
        int scale = (src[192 + i / SMALL] ^ 0x80) - 0x80; /* a signed byte */

        dst[i] = d * (float)scale * (float)((low | high << 4) - 32);
    }
}

static bool q6_k_valid(const uint8_t *src)
{
    return dtype_f16_finite(src + 208);
}

const struct dtype_codec dtype_q4_k = { q4_k_decode, q4_k_encode, offset_valid };
const struct dtype_codec dtype_q5_k = { q5_k_decode, q5_k_encode, offset_valid };
const struct dtype_codec dtype_q6_k = { q6_k_decode, q6_k_encode, q6_k_valid };
