/* loop.c - the table of register-resident loops, their data and their closed-form reference. */
#include "silicon/compute/loop.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "host/cpu.h"
#if defined(__x86_64__)
#include "silicon/compute/loop_x86.h"
#elif defined(__aarch64__)
#include "silicon/compute/loop_arm.h"
#endif

const char *const compute_dtype_names[COMPUTE_DTYPES + 1] = { "fp64", "fp32", "bf16", "int8",
                                                              NULL };
const char *const compute_path_names[COMPUTE_PATHS_ALL + 1] = {
    [PATH_BEST] = "best",
    [PATH_AVX2] = "avx2",
    [PATH_AVXVNNI] = "avxvnni",
    [PATH_AVX512] = "avx512",
    [PATH_AVX512VNNI] = "avx512vnni",
    [PATH_AVX512BF16] = "avx512bf16",
    [PATH_AMX] = "amx",
    [PATH_NEON] = "neon",
    [PATH_DOTPROD] = "dotprod",
    [PATH_I8MM] = "i8mm",
    [PATH_BF16ARM] = "bf16arm",
    [PATH_OPENBLAS] = "openblas",
    [PATH_ONEDNN] = "onednn",
    [PATH_LOOP] = "loop",
    [PATH_FMA] = "fma",
    [PATH_MMA] = "mma",
    [PATH_WGMMA] = "wgmma",
    [PATH_CUBLASLT] = "cublaslt",
};

/* Operands keep |init + iterations * product| exact: below 2^53 for FP64 (2^16 x 2^34), below 2^24
 * where sums are FP32 (2^16 x 15 x 15; BF16: 2^16 x 4 x 3 x 3 and, for AMX, 2^13 x 32 x 3 x 3).
 * Bytes wrap modulo 2^32 by definition; 127 x 127 x 2 fits the 16 bits of vpmaddubsw and SMLAL. */
enum {
    ITERATIONS = 1 << 16,
    ITERATIONS_AMX = 1 << 13, /* 64 cycles each */
    MAX_FP64 = 1 << 17,
    MAX_FP32 = 15,
    MAX_BF16 = 3,
    MAX_INT8 = 127,
    INIT_MAX = 1000
};

/* path, type, shape, m, n, k, accs, operands up to, iterations, run */
const struct loop loop_table[] = {
#if defined(__x86_64__)
    { PATH_AVX2, COMPUTE_FP64, LOOP_DOT, 4, 1, 1, 12, MAX_FP64, ITERATIONS, loop_avx2_fp64 },
    { PATH_AVX2, COMPUTE_FP32, LOOP_DOT, 8, 1, 1, 12, MAX_FP32, ITERATIONS, loop_avx2_fp32 },
    { PATH_AVX2, COMPUTE_INT8, LOOP_DOT, 8, 1, 4, 4, MAX_INT8, ITERATIONS, loop_avx2_int8 },
    { PATH_AVXVNNI, COMPUTE_INT8, LOOP_DOT, 8, 1, 4, 12, MAX_INT8, ITERATIONS, loop_avxvnni_int8 },
    { PATH_AVX512, COMPUTE_FP64, LOOP_DOT, 8, 1, 1, 16, MAX_FP64, ITERATIONS, loop_avx512_fp64 },
    { PATH_AVX512, COMPUTE_FP32, LOOP_DOT, 16, 1, 1, 16, MAX_FP32, ITERATIONS, loop_avx512_fp32 },
    { PATH_AVX512VNNI, COMPUTE_INT8, LOOP_DOT, 16, 1, 4, 16, MAX_INT8, ITERATIONS,
      loop_avx512vnni_int8 },
    { PATH_AVX512BF16, COMPUTE_BF16, LOOP_DOT, 16, 1, 2, 16, MAX_BF16, ITERATIONS,
      loop_avx512bf16_bf16 },
    { PATH_AMX, COMPUTE_BF16, LOOP_TILE, 16, 16, 32, 4, MAX_BF16, ITERATIONS_AMX, loop_amx_bf16 },
    { PATH_AMX, COMPUTE_INT8, LOOP_TILE, 16, 16, 64, 4, MAX_INT8, ITERATIONS_AMX, loop_amx_int8 },
#elif defined(__aarch64__)
    { PATH_NEON, COMPUTE_FP64, LOOP_DOT, 2, 1, 1, 24, MAX_FP64, ITERATIONS, loop_neon_fp64 },
    { PATH_NEON, COMPUTE_FP32, LOOP_DOT, 4, 1, 1, 24, MAX_FP32, ITERATIONS, loop_neon_fp32 },
    { PATH_NEON, COMPUTE_INT8, LOOP_FOLD, 4, 1, 4, 16, MAX_INT8, ITERATIONS, loop_neon_int8 },
    { PATH_DOTPROD, COMPUTE_INT8, LOOP_DOT, 4, 1, 4, 24, MAX_INT8, ITERATIONS, loop_dotprod_int8 },
    { PATH_I8MM, COMPUTE_INT8, LOOP_ROWS, 2, 2, 8, 24, MAX_INT8, ITERATIONS, loop_i8mm_int8 },
    { PATH_BF16ARM, COMPUTE_BF16, LOOP_ROWS, 2, 2, 4, 24, MAX_BF16, ITERATIONS, loop_bf16arm_bf16 },
#endif
    { .run = NULL },
};

const struct loop *loop_find(enum compute_path path, enum compute_dtype dtype)
{
    for (const struct loop *l = loop_table; l->run; l++)
        if (l->path == path && l->dtype == dtype)
            return l;
    return NULL;
}

/* The features a path needs, and what to call them when one is missing. */
struct needs {
    const char *what;
    int n;
    enum cpu_feature f[4];
};

static const struct needs path_needs[COMPUTE_PATHS] = {
    [PATH_AVX2] = { "AVX2 with FMA", 2, { CPU_AVX2, CPU_FMA } },
    [PATH_AVXVNNI] = { "AVX-VNNI", 2, { CPU_AVX2, CPU_AVXVNNI } },
    [PATH_AVX512] = { "AVX-512", 1, { CPU_AVX512F } },
    [PATH_AVX512VNNI] = { "AVX-512 VNNI", 2, { CPU_AVX512F, CPU_AVX512VNNI } },
    [PATH_AVX512BF16] = { "AVX-512 BF16", 2, { CPU_AVX512F, CPU_AVX512BF16 } },
    [PATH_AMX] = { "AMX", 3, { CPU_AMX_TILE, CPU_AMX_INT8, CPU_AMX_BF16 } },
    [PATH_NEON] = { "NEON", 1, { CPU_NEON } },
    [PATH_DOTPROD] = { "NEON dot product", 1, { CPU_DOTPROD } },
    [PATH_I8MM] = { "i8mm", 1, { CPU_I8MM } },
    [PATH_BF16ARM] = { "BF16 (BFMMLA)", 1, { CPU_BF16 } },
};

int loop_supported(const struct loop *l, struct err *e)
{
    const struct cpu_info *cpu = cpu_here();
    const struct needs *needs = &path_needs[l->path];

    for (int i = 0; i < needs->n; i++)
        if (!cpu_has(cpu, needs->f[i]))
            return ERR(e, ERR_NOTSUP, "this CPU has no %s", needs->what);
    return l->path == PATH_AMX ? cpu_amx_enable(e) : 0;
}

int loop_any_supported(enum compute_dtype dtype, struct err *e)
{
    struct err why = { .msg = "this architecture has no loop for it" };

    for (const struct loop *l = loop_table; l->run; l++) {
        struct err missing = { 0 };

        if (l->dtype != dtype)
            continue;
        if (loop_supported(l, &missing) == 0)
            return 0;
        why = missing;
    }
    return ERR(e, ERR_NOTSUP, "no instructions for %s: %s", compute_dtype_names[dtype], why.msg);
}

double loop_macs(const struct loop *l)
{
    return (double)l->accs * l->m * l->n * l->k;
}

static int operand_bytes(enum compute_dtype t)
{
    switch (t) {
    case COMPUTE_FP64: return 8;
    case COMPUTE_FP32: return 4;
    case COMPUTE_BF16: return 2;
    case COMPUTE_INT8:
    case COMPUTE_DTYPES: break;
    }
    return 1;
}

/* Elements of one operand: b of LOOP_DOT and LOOP_FOLD lies beside a. */
static int operand_count(const struct loop *l, bool of_b)
{
    if (l->shape == LOOP_DOT || l->shape == LOOP_FOLD)
        return l->m * l->k;
    return (of_b ? l->n : l->m) * l->k;
}

static void operand_put(enum compute_dtype t, uint8_t *base, int i, int value)
{
    uint8_t *p = base + (size_t)(i * operand_bytes(t));
    double d = value;
    float f = (float)value;
    uint32_t bits;
    uint16_t high;
    int8_t byte = (int8_t)value;

    memcpy(&bits, &f, sizeof(bits));
    high = (uint16_t)(bits >> 16); /* exact: small integers have few significant bits */
    switch (t) {
    case COMPUTE_FP64: memcpy(p, &d, sizeof(d)); break;
    case COMPUTE_FP32: memcpy(p, &f, sizeof(f)); break;
    case COMPUTE_BF16: memcpy(p, &high, sizeof(high)); break;
    case COMPUTE_INT8:
    case COMPUTE_DTYPES: memcpy(p, &byte, sizeof(byte)); break;
    }
}

static double operand_get(enum compute_dtype t, const uint8_t *base, int i)
{
    const uint8_t *p = base + (size_t)(i * operand_bytes(t));
    double d;
    float f;
    uint32_t bits;
    uint16_t high;

    switch (t) {
    case COMPUTE_FP64: memcpy(&d, p, sizeof(d)); return d;
    case COMPUTE_FP32: memcpy(&f, p, sizeof(f)); return (double)f;
    case COMPUTE_BF16:
        memcpy(&high, p, sizeof(high));
        bits = (uint32_t)high << 16;
        memcpy(&f, &bits, sizeof(f));
        return (double)f;
    case COMPUTE_INT8:
    case COMPUTE_DTYPES: break;
    }
    return (double)*(const int8_t *)p;
}

/* One sum: FP64 as double, INT8 as int32_t, else float. */
static double sum_get(enum compute_dtype t, const uint8_t *base, int i)
{
    int32_t n;

    if (t == COMPUTE_FP64 || t == COMPUTE_FP32)
        return operand_get(t, base, i);
    if (t == COMPUTE_BF16)
        return operand_get(COMPUTE_FP32, base, i);
    memcpy(&n, base + 4 * (size_t)i, sizeof(n));
    return n;
}

static void sum_put(enum compute_dtype t, uint8_t *base, int i, int value)
{
    int32_t n = value;

    if (t == COMPUTE_INT8)
        memcpy(base + 4 * (size_t)i, &n, sizeof(n));
    else
        operand_put(t == COMPUTE_BF16 ? COMPUTE_FP32 : t, base, i, value);
}

void loop_fill(const struct loop *l, struct loop_io *io, uint64_t seed)
{
    struct rng rng;
    int sums = l->accs * l->m * l->n;

    rng_init(&rng, seed, 0);
    for (int o = 0; o < 2; o++) {
        for (int i = 0; i < operand_count(l, false); i++) {
            int v = 1 + (int)rng_below(&rng, (uint64_t)l->max);

            operand_put(l->dtype, io->a[o], i,
                        l->dtype != COMPUTE_INT8 && rng_below(&rng, 2) ? -v : v);
        }
        for (int i = 0; i < operand_count(l, true); i++) {
            int v = 1 + (int)rng_below(&rng, (uint64_t)l->max);

            operand_put(l->dtype, io->b[o], i, rng_below(&rng, 2) ? -v : v);
        }
    }
    for (int i = 0; i < sums; i++)
        sum_put(l->dtype, io->init, i, (int)rng_below(&rng, 2 * INIT_MAX + 1) - INIT_MAX);
    memset(io->out, 0xA5, sizeof(io->out));
}

/* What accumulator `acc` gains in one iteration at `lane` (row-major for blocks): exact. */
static double gain(const struct loop *l, const struct loop_io *io, int acc, int lane)
{
    const uint8_t *a = io->a[acc % 2], *b = io->b[acc / 2 % 2];
    int i = lane / l->n, j = lane % l->n, group = 4 / operand_bytes(l->dtype);
    double sum = 0;

    BUG_ON(l->shape == LOOP_TILE && group < 1);
    for (int t = 0; t < l->k; t++) {
        int in_a = i * l->k + t, in_b = in_a;

        if (l->shape == LOOP_FOLD)
            in_a = in_b = 2 * i + t % 2 + t / 2 * 8;
        else if (l->shape == LOOP_ROWS)
            in_b = j * l->k + t;
        else if (l->shape == LOOP_TILE)
            in_b = t / group * l->n * group + j * group + t % group;
        sum += operand_get(l->dtype, a, in_a) * operand_get(l->dtype, b, in_b);
    }
    return sum;
}

static double expected_sum(const struct loop *l, double init, double product, uint64_t iterations)
{
    uint32_t wrapped;

    if (l->dtype != COMPUTE_INT8)
        return init + product * (double)iterations;
    wrapped = (uint32_t)(int32_t)init + (uint32_t)iterations * (uint32_t)(int32_t)product;
    return (int32_t)wrapped;
}

int loop_check(const struct loop *l, const struct loop_io *io, uint64_t iterations, struct check *c,
               struct err *e)
{
    int lanes = l->m * l->n, wrong = 0, first = 0;

    snprintf(c->reference, sizeof(c->reference),
             "closed form: initial sum + iterations x product, exact");
    c->error = 0;
    c->tolerance = 0;
    for (int s = 0; s < l->accs * lanes; s++) {
        double want = expected_sum(l, sum_get(l->dtype, io->init, s),
                                   gain(l, io, s / lanes, s % lanes), iterations);
        double d = fabs(sum_get(l->dtype, io->out, s) - want);

        if (d <= 0)
            continue;
        if (wrong++ == 0)
            first = s;
        if (isnan(d) || d > c->error) /* NaN sticks: nothing compares as larger */
            c->error = d;
    }
    if (wrong)
        return ERR(e, ERR_MISMATCH,
                   "%s %s: %d of %d sums are wrong, the first in accumulator %d lane %d: %.9g",
                   compute_path_names[l->path], compute_dtype_names[l->dtype], wrong,
                   l->accs * lanes, first / lanes, first % lanes,
                   sum_get(l->dtype, io->out, first));
    return 0;
}
