/* The check of a GPU's loops, without a GPU: right sums pass, each kind of mistake is seen. */
#include "silicon/compute/loop_gpu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "silicon/compute/loop_gpu_operand.h"
#include "test.h"

#if HAVE_CUDA
enum { BLOCKS = 3, LAUNCHES = 2, ROUNDS = 5 };

struct output {
    unsigned char *sums;
    unsigned marks[BLOCKS];
};

static void put(const struct loop_gpu *l, struct output *o, size_t i, double value)
{
    float single = (float)value;
    int32_t whole = (int32_t)value;

    if (l->type == GPU_FP64)
        memcpy(o->sums + 8 * i, &value, 8);
    else if (l->type == GPU_INT8)
        memcpy(o->sums + 4 * i, &whole, 4);
    else
        memcpy(o->sums + 4 * i, &single, 4);
}

static unsigned bits_of(const struct loop_gpu *l, const struct output *o, size_t i)
{
    uint64_t wide;
    uint32_t narrow;

    if (l->type == GPU_FP64) {
        memcpy(&wide, o->sums + 8 * i, 8);
        return (unsigned)wide ^ (unsigned)(wide >> 32);
    }
    memcpy(&narrow, o->sums + 4 * i, 4);
    return narrow;
}

/* The closed form: what the second half does not take back. */
static double closed_form(const struct loop_gpu *l, const struct loop_gpu_args *a, int unit, int i,
                          int j)
{
    double sum = 0;

    for (int p = 0; p < l->pairs; p++) {
        struct loop_gpu_tile of_a = { a->seed, unit, p, a->max };
        struct loop_gpu_tile of_b = { a->seed, l->path == LOOP_GPU_WGMMA ? 0 : unit, p, a->max };
        int delta = loop_gpu_a(of_a, 0, i, 0) + loop_gpu_a(of_a, 1, i, 0);

        CHECK(abs(delta) <= 1 && abs(loop_gpu_a(of_a, 1, i, 0)) <= a->max);
        sum += delta * loop_gpu_b(of_b, j, 0);
    }
    return sum * a->rounds;
}

static void mark_blocks(const struct loop_gpu *l, struct output *o)
{
    unsigned mark = 0;

    for (int i = 0; i < l->units * l->m * l->n; i++)
        mark += loop_gpu_mark(bits_of(l, o, (size_t)i), i / (l->m * l->n), i % (l->m * l->n) / l->n,
                              i % l->n);
    for (int b = 0; b < BLOCKS; b++)
        o->marks[b] = mark * (unsigned)l->copies * LAUNCHES;
}

static int check(const struct loop_gpu *l, const struct loop_gpu_args *a, const struct output *o)
{
    struct check c = { 0 };
    struct err e = { 0 };
    int rc = loop_gpu_check(l, a, LAUNCHES, o->sums, o->marks, &c, &e);

    CHECK((rc == 0) == (c.error <= c.tolerance));
    CHECK(rc == 0 || (rc == ERR_MISMATCH && e.msg[0]));
    CHECK(c.reference[0]);
    return rc;
}

static void mistakes(const struct loop_gpu *l, const struct loop_gpu_args *a, struct output *o)
{
    size_t last = loop_gpu_sums_bytes(l) - 1, middle = loop_gpu_sums_bytes(l) / 2;

    o->sums[last] ^= 0x40; /* one sum, its high bits */
    CHECK_EQ(check(l, a, o), ERR_MISMATCH);
    o->sums[last] ^= 0x40;
    o->sums[middle] ^= 1; /* one sum, its lowest bit */
    CHECK_EQ(check(l, a, o), ERR_MISMATCH);
    o->sums[middle] ^= 1;
    o->marks[BLOCKS - 1]++; /* a block that is not the first */
    CHECK_EQ(check(l, a, o), ERR_MISMATCH);
    o->marks[BLOCKS - 1]--;
    if (l->type != GPU_INT8) {
        put(l, o, 0, (double)NAN);
        CHECK_EQ(check(l, a, o), ERR_MISMATCH);
    }
}

static void test_tiles(const struct loop_gpu *l)
{
    struct loop_gpu_args a = { .seed = 7, .rounds = ROUNDS, .max = l->max, .blocks = BLOCKS };
    struct output o = { .sums = calloc(1, loop_gpu_sums_bytes(l)) };
    int some = 0;

    for (int u = 0, at = 0; u < l->units; u++)
        for (int i = 0; i < l->m; i++)
            for (int j = 0; j < l->n; j++, at++) {
                double sum = closed_form(l, &a, u, i, j);

                some += fabs(sum) > 0;
                put(l, &o, (size_t)at, sum);
            }
    CHECK(some > l->units * l->m * l->n / 8); /* a lost round must show in many sums */
    mark_blocks(l, &o);
    CHECK_EQ(check(l, &a, &o), 0);
    a.rounds++; /* a round that was left out */
    CHECK_EQ(check(l, &a, &o), ERR_MISMATCH);
    a.rounds--;
    mistakes(l, &a, &o);
    free(o.sums);
}

static void test_chains(const struct loop_gpu *l)
{
    struct loop_gpu_args a = { .seed = 7, .rounds = ROUNDS, .blocks = BLOCKS };
    struct output o = { .sums = calloc(1, loop_gpu_sums_bytes(l)) };

    loop_gpu_factors(l, false, &a);
    for (int kind = 0; kind < LOOP_GPU_KINDS; kind++)
        for (int i = 0; i < LOOP_GPU_CHAINS; i++) {
            double d = loop_gpu_double(7, kind, 2 + i), x = 2 + loop_gpu_double(7, 8, 0);
            float f = loop_gpu_single(7, kind, 2 + i), y = 2 + loop_gpu_single(7, 8, 0);

            for (int r = 0; r < 2 * ROUNDS; r++) {
                d = fma(d, r % 2 ? 1 / x : x, loop_gpu_double(7, kind, r % 2));
                f = fmaf(f, r % 2 ? 1 / y : y, loop_gpu_single(7, kind, r % 2));
            }
            put(l, &o, (size_t)(kind * LOOP_GPU_CHAINS + i), l->type == GPU_FP64 ? d : (double)f);
        }
    mark_blocks(l, &o);
    CHECK_EQ(check(l, &a, &o), 0);
    a.rounds++; /* a round that was left out */
    CHECK_EQ(check(l, &a, &o), ERR_MISMATCH);
    a.rounds--;
    mistakes(l, &a, &o);
    free(o.sums);
}

/* Partial sums stay exact: 14 bits for FP8, 24 for the others of FP32, 53 for FP64. */
static void test_exact(const struct loop_gpu *l)
{
    double products = (double)l->max * l->max * (l->path == LOOP_GPU_WGMMA ? l->k / 4.0 : l->k);
    double deviation = sqrt(products * l->max * l->max / 9); /* of uniform factors */
    double room = l->type == GPU_FP64 ? 0x1p53 : l->type == GPU_FP8 ? 0x1p13 : 0x1p24;

    if (l->type != GPU_INT8)
        CHECK(fmin(products, 7 * deviation) + l->rounds_most * (double)l->pairs <= room);
}

static void test_supported(void)
{
    struct err e = { 0 };
    const struct loop_gpu *l = loop_gpu_table;

    while (l->name && l->path != LOOP_GPU_WGMMA)
        l++;
    CHECK_EQ(loop_gpu_supported(l, 80, &e), ERR_NOTSUP);
    CHECK(strstr(e.msg, "needs compute capability 9.0") && strstr(e.msg, "has 8.0"));
    e = (struct err){ 0 };
    CHECK_EQ(loop_gpu_supported(l, 100, &e), ERR_NOTSUP);
    CHECK_EQ(loop_gpu_supported(&loop_gpu_table[0], 121, &e), 0);
    CHECK(loop_gpu_block_ops(&loop_gpu_table[0]) == 2.0 * 256 * LOOP_GPU_CHAINS * 2);
}

int main(void)
{
    for (const struct loop_gpu *l = loop_gpu_table; l->name; l++) {
        if (l->path == LOOP_GPU_FMA)
            test_chains(l);
        else
            test_tiles(l);
        if (l->path != LOOP_GPU_FMA)
            test_exact(l);
        printf("%s: %s %s\n", test_failures ? "FAIL" : "pass", gpu_type_names[l->type], l->name);
    }
    test_supported();
    TEST_DONE();
}
#else
int main(void)
{
    TEST_SKIP("built without CUDA");
}
#endif
