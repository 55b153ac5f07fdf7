/* loop_gpu.c - the table of a GPU's loops, and the check of what they sum up. */
#include "silicon/compute/loop_gpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "silicon/compute/loop_gpu_operand.h"

const char *const loop_gpu_path_names[LOOP_GPU_PATHS + 1] = { "fma", "mma", "wgmma", NULL };

/* Largest factors.  A sum must stay exact while the products of the first half are in it and those
 * of the second have not yet come: below 2^24 in FP32.  FP8 sums of 9.0 keep 14 bits: 32 products
 * of up to 15 x 15 with random signs stay below 2^12 (8 standard deviations), which leaves 2^12 for
 * rounds x pairs.  FP64: 2^24 x 2^24 x 16 < 2^53. */
enum { MAX_FP64 = 1 << 24, MAX_16 = 255, MAX_FP8 = 15, MAX_FP4 = 3, MAX_INT8 = 127 };
enum { MANY = 1 << 16, FEW = 1 << 12 };

/* What this build has code for. */
#if HAVE_SM80
#define SM80(launcher) launcher
#else
#define SM80(launcher) NULL
#endif
#if HAVE_SM89
#define SM89(launcher) launcher
#else
#define SM89(launcher) NULL
#endif
#if HAVE_SM90
#define SM90(launcher) launcher
#else
#define SM90(launcher) NULL
#endif
#if HAVE_SM90A
#define SM90A(launcher) launcher
#else
#define SM90A(launcher) NULL
#endif
#if HAVE_SM120A
#define SM120A(launcher) launcher
#else
#define SM120A(launcher) NULL
#endif

/* m, n, k, pairs, units, copies, blocks a multiprocessor */
#define FMA_SHAPE       LOOP_GPU_KINDS, LOOP_GPU_CHAINS, 1, 1, 1, 256 / LOOP_GPU_KINDS, 2
#define MMA_SHAPE(m, k) m, 32, k, 1, 4, 2, 2
#define WGMMA_SHAPE(k)  64, 256, k, 2, 2, 1, 1
#define WGMMA           LOOP_GPU_WGMMA_IMAGE, SM90A(loop_wgmma_sm90a_image), SM90A(loop_wgmma_sm90a)

/* path, type, name, capability from .. to, shape, factors and rounds at most, A in registers,
 * image, prepare, launch */
const struct loop_gpu loop_gpu_table[] = {
    { LOOP_GPU_FMA, GPU_FP64, "FP64 FMA", 75, 999, FMA_SHAPE, 1, MANY, false, 0, NULL, loop_fma },
    { LOOP_GPU_FMA, GPU_FP32, "FP32 FMA", 75, 999, FMA_SHAPE, 1, MANY, false, 0, NULL, loop_fma },
    { LOOP_GPU_MMA, GPU_FP16, "mma.sync m16n8k8", 75, 75, MMA_SHAPE(32, 8), MAX_16, MANY, false, 0,
      NULL, loop_mma },
    { LOOP_GPU_MMA, GPU_INT8, "mma.sync m8n8k16", 75, 75, MMA_SHAPE(16, 16), MAX_INT8, MANY, false,
      0, NULL, loop_mma },
    { LOOP_GPU_MMA, GPU_FP64, "mma.sync m8n8k4", 80, 999, MMA_SHAPE(16, 4), MAX_FP64, MANY, false,
      0, NULL, SM80(loop_mma_sm80) },
    { LOOP_GPU_MMA, GPU_FP64, "mma.sync m16n8k16", 90, 999, MMA_SHAPE(16, 16), MAX_FP64, MANY,
      false, 0, NULL, SM90(loop_mma_sm90) },
    { LOOP_GPU_MMA, GPU_TF32, "mma.sync m16n8k8", 80, 999, MMA_SHAPE(32, 8), MAX_16, MANY, false, 0,
      NULL, SM80(loop_mma_sm80) },
    { LOOP_GPU_MMA, GPU_FP16, "mma.sync m16n8k16", 80, 999, MMA_SHAPE(32, 16), MAX_16, MANY, false,
      0, NULL, SM80(loop_mma_sm80) },
    { LOOP_GPU_MMA, GPU_BF16, "mma.sync m16n8k16", 80, 999, MMA_SHAPE(32, 16), MAX_16, MANY, false,
      0, NULL, SM80(loop_mma_sm80) },
    { LOOP_GPU_MMA, GPU_INT8, "mma.sync m16n8k32", 80, 999, MMA_SHAPE(32, 32), MAX_INT8, MANY,
      false, 0, NULL, SM80(loop_mma_sm80) },
    { LOOP_GPU_MMA, GPU_FP8, "mma.sync m16n8k32", 89, 999, MMA_SHAPE(32, 32), MAX_FP8, FEW, false,
      0, NULL, SM89(loop_mma_sm89) },
    { LOOP_GPU_MMA, GPU_FP4, "mma.sync m16n8k64", 120, 121, MMA_SHAPE(32, 64), MAX_FP4, FEW, false,
      0, NULL, SM120A(loop_mma_sm120a) },
    { LOOP_GPU_WGMMA, GPU_TF32, "wgmma m64n256k8, A in shared memory", 90, 90, WGMMA_SHAPE(32),
      MAX_16, MANY, false, WGMMA },
    { LOOP_GPU_WGMMA, GPU_TF32, "wgmma m64n256k8, A in registers", 90, 90, WGMMA_SHAPE(32), MAX_16,
      MANY, true, WGMMA },
    { LOOP_GPU_WGMMA, GPU_FP16, "wgmma m64n256k16, A in shared memory", 90, 90, WGMMA_SHAPE(64),
      MAX_16, MANY, false, WGMMA },
    { LOOP_GPU_WGMMA, GPU_FP16, "wgmma m64n256k16, A in registers", 90, 90, WGMMA_SHAPE(64), MAX_16,
      MANY, true, WGMMA },
    { LOOP_GPU_WGMMA, GPU_BF16, "wgmma m64n256k16, A in shared memory", 90, 90, WGMMA_SHAPE(64),
      MAX_16, MANY, false, WGMMA },
    { LOOP_GPU_WGMMA, GPU_BF16, "wgmma m64n256k16, A in registers", 90, 90, WGMMA_SHAPE(64), MAX_16,
      MANY, true, WGMMA },
    { LOOP_GPU_WGMMA, GPU_FP8, "wgmma m64n256k32, A in shared memory", 90, 90, WGMMA_SHAPE(128),
      MAX_FP8, FEW / 2, false, WGMMA },
    { LOOP_GPU_WGMMA, GPU_FP8, "wgmma m64n256k32, A in registers", 90, 90, WGMMA_SHAPE(128),
      MAX_FP8, FEW / 2, true, WGMMA },
    { LOOP_GPU_WGMMA, GPU_INT8, "wgmma m64n256k32, A in shared memory", 90, 90, WGMMA_SHAPE(128),
      MAX_INT8, MANY, false, WGMMA },
    { LOOP_GPU_WGMMA, GPU_INT8, "wgmma m64n256k32, A in registers", 90, 90, WGMMA_SHAPE(128),
      MAX_INT8, MANY, true, WGMMA },
    { .name = NULL },
};

int loop_gpu_supported(const struct loop_gpu *l, int capability, struct err *e)
{
    const char *type = gpu_type_names[l->type], *path = loop_gpu_path_names[l->path];

    if (capability < l->capability_least || capability > l->capability_most)
        return ERR(e, ERR_NOTSUP, "%s by %s needs compute capability %d.%d%s, this GPU has %d.%d",
                   type, path, l->capability_least / 10, l->capability_least % 10,
                   l->capability_most < 999 ? " or little above" : " or above", capability / 10,
                   capability % 10);
    if (!l->launch)
        return ERR(e, ERR_NOTSUP, "this build has no code of %d.%d for %s by %s (make ARCH=...)",
                   l->capability_least / 10, l->capability_least % 10, type, path);
    return 0;
}

/* The second a takes back the first, so that sums grow with b alone. */
void loop_gpu_factors(const struct loop_gpu *l, bool zeros, struct loop_gpu_args *args)
{
    double wide = 2 + loop_gpu_double(args->seed, LOOP_GPU_KINDS, 0);
    float single = 2 + loop_gpu_single(args->seed, LOOP_GPU_KINDS, 0);

    args->max = zeros ? 0 : l->max;
    args->a[0] = zeros ? 0 : l->type == GPU_FP64 ? wide : (double)single;
    args->a[1] = zeros ? 0 : l->type == GPU_FP64 ? 1 / wide : (double)(1 / single);
}

double loop_gpu_block_ops(const struct loop_gpu *l)
{
    return 2.0 * l->m * l->n * l->k * 2 * l->pairs * l->units * l->copies;
}

static size_t sum_bytes(const struct loop_gpu *l)
{
    return l->type == GPU_FP64 ? 8 : 4;
}

static size_t count_sums(const struct loop_gpu *l)
{
    return (size_t)l->units * (size_t)l->m * (size_t)l->n;
}

size_t loop_gpu_sums_bytes(const struct loop_gpu *l)
{
    return count_sums(l) * sum_bytes(l);
}

/* A sum by its number, as the bits that are marked and as a value. */
static double sum_at(const struct loop_gpu *l, const void *sums, size_t i, unsigned *bits)
{
    uint64_t wide = 0;
    uint32_t narrow;
    int32_t whole;
    double d;
    float f;

    if (l->type == GPU_FP64) {
        memcpy(&wide, (const char *)sums + 8 * i, 8);
        memcpy(&d, &wide, 8);
        *bits = (unsigned)wide ^ (unsigned)(wide >> 32);
        return d;
    }
    memcpy(&narrow, (const char *)sums + 4 * i, 4);
    *bits = narrow;
    memcpy(&whole, &narrow, 4);
    memcpy(&f, &narrow, 4);
    return l->type == GPU_INT8 ? whole : (double)f;
}

/* The factors of one unit: a (2 halves x pairs, m, k), b (pairs, n, k). */
static void make_factors(const struct loop_gpu *l, const struct loop_gpu_args *args, int unit,
                         int *a, int *b)
{
    for (int p = 0; p < l->pairs; p++) {
        /* wgmma: B is common */
        int unit_b = l->path == LOOP_GPU_WGMMA ? 0 : unit;
        struct loop_gpu_tile of_a = { args->seed, unit, p, args->max };
        struct loop_gpu_tile of_b = { args->seed, unit_b, p, args->max };

        for (int h = 0; h < 2; h++)
            for (int i = 0; i < l->m; i++)
                for (int k = 0; k < l->k; k++)
                    *a++ = args->max ? loop_gpu_a(of_a, h, i, k) : 0;
        for (int j = 0; j < l->n; j++)
            for (int k = 0; k < l->k; k++)
                *b++ = args->max ? loop_gpu_b(of_b, j, k) : 0;
    }
}

/* What sum (i, j) gains in a round: the products one by one, in whole numbers. */
static int64_t gain(const struct loop_gpu *l, const int *a, const int *b, int i, int j)
{
    int64_t sum = 0;

    for (int p = 0; p < l->pairs; p++)
        for (int h = 0; h < 2; h++) {
            const int *row = a + ((p * 2 + h) * l->m + i) * l->k;
            const int *column = b + (p * l->n + j) * l->k;

            for (int k = 0; k < l->k; k++)
                sum += (int64_t)row[k] * column[k];
        }
    return sum;
}

static int want_tiles(const struct loop_gpu *l, const struct loop_gpu_args *args, double *want,
                      struct err *e)
{
    size_t n_a = (size_t)(2 * l->pairs) * (size_t)l->m * (size_t)l->k;
    size_t n_b = (size_t)l->pairs * (size_t)l->n * (size_t)l->k;
    int *a = mem_calloc(n_a + n_b, sizeof(*a)), *b;

    if (!a)
        return ERR(e, ERR_NOMEM, "no memory for %zu factors", n_a + n_b);
    b = a + n_a;
    for (int u = 0; u < l->units; u++) {
        make_factors(l, args, u, a, b);
        for (int i = 0; i < l->m; i++)
            for (int j = 0; j < l->n; j++)
                *want++ = (double)(gain(l, a, b, i, j) * args->rounds);
    }
    mem_free(a);
    return 0;
}

static double chain_fp64(const struct loop_gpu_args *args, int kind, int i)
{
    double c = loop_gpu_double(args->seed, kind, 2 + i);

    for (int r = 0; r < args->rounds; r++) {
        c = fma(c, args->a[0], loop_gpu_double(args->seed, kind, 0));
        c = fma(c, args->a[1], loop_gpu_double(args->seed, kind, 1));
    }
    return c;
}

static double chain_fp32(const struct loop_gpu_args *args, int kind, int i)
{
    float c = loop_gpu_single(args->seed, kind, 2 + i);

    for (int r = 0; r < args->rounds; r++) {
        c = fmaf(c, (float)args->a[0], loop_gpu_single(args->seed, kind, 0));
        c = fmaf(c, (float)args->a[1], loop_gpu_single(args->seed, kind, 1));
    }
    return (double)c;
}

/* Each kind's chains, in the order of the loop. */
static void want_chains(const struct loop_gpu *l, const struct loop_gpu_args *args, double *want)
{
    for (int kind = 0; kind < LOOP_GPU_KINDS; kind++)
        for (int i = 0; i < LOOP_GPU_CHAINS; i++)
            *want++ = !args->max            ? 0
                      : l->type == GPU_FP64 ? chain_fp64(args, kind, i)
                                            : chain_fp32(args, kind, i);
}

/* The output of a loop, on the host. */
struct loop_output {
    unsigned launches;
    const void *sums;
    const unsigned *marks;
};

/* Sums of block 0 that are wrong; else blocks whose marks are not those of the right sums. */
static size_t compare(const struct loop_gpu *l, const struct loop_gpu_args *args,
                      const struct loop_output *o, const double *want, size_t *first)
{
    size_t wrong = 0;
    unsigned bits, mark = 0;

    for (size_t i = 0; i < count_sums(l); i++) {
        size_t unit = i / ((size_t)l->m * (size_t)l->n), at = i % ((size_t)l->m * (size_t)l->n);

        if (!(sum_at(l, o->sums, i, &bits) == want[i]) && wrong++ == 0)
            *first = i;
        mark += loop_gpu_mark(bits, (int)unit, (int)(at / (size_t)l->n), (int)(at % (size_t)l->n));
    }
    for (unsigned b = 0; b < args->blocks && wrong == 0; b++)
        if (o->marks[b] != mark * (unsigned)l->copies * o->launches && wrong++ == 0)
            *first = count_sums(l) + b;
    return wrong;
}

int loop_gpu_check(const struct loop_gpu *l, const struct loop_gpu_args *args, unsigned launches,
                   const void *sums, const unsigned *marks, struct check *check, struct err *e)
{
    const struct loop_output output = { launches, sums, marks };
    double *want = mem_calloc(count_sums(l), sizeof(*want));
    size_t wrong, first = 0;
    unsigned bits;
    int rc = 0;

    if (!want)
        return ERR(e, ERR_NOMEM, "no memory to check %zu sums", count_sums(l));
    snprintf(check->reference, sizeof(check->reference), "%s",
             l->path == LOOP_GPU_FMA ? "the same chains by the host's fma(), bit by bit"
                                     : "rounds x the products summed up as whole numbers, exact");
    if (l->path == LOOP_GPU_FMA)
        want_chains(l, args, want);
    else
        TRY(want_tiles(l, args, want, e));
    wrong = compare(l, args, &output, want, &first);
    check->error = (double)wrong;
    check->tolerance = 0;
    if (wrong > 0 && first < count_sums(l))
        rc = ERR(e, ERR_MISMATCH,
                 "%s: %zu of %zu sums are wrong, the first (%zu) is %.17g, not %.17g", l->name,
                 wrong, count_sums(l), first, sum_at(l, sums, first, &bits), want[first]);
    else if (wrong > 0)
        rc = ERR(e, ERR_MISMATCH, "%s: %zu of %u blocks have other sums than the first, first %zu",
                 l->name, wrong, args->blocks, first - count_sums(l));
out:
    mem_free(want);
    return rc;
}
