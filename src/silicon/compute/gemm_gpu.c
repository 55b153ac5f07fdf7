/* gemm_gpu.c - D = A x B through cuBLASLt on one GPU. */
#include "silicon/compute/gemm_gpu.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gpu/gpu_wait.h"

enum { WORKSPACE_BYTES = 64 << 20, CANDIDATES_LEAST = 16, HOST_SAMPLES = 8 };

/* Trying candidates may take this long; each is run about four times. */
static const double TRY_SECONDS = 0.3;
static const int TRY_RUNS = 4;
static const double TRY_SECONDS_MOST = 15;
static const double SETTLE_SECONDS = 0.06;

/* How each type is asked for. */
struct kind {
    unsigned compute, scale, factor, out;
    bool along_k_only; /* all that 8 and 4 bits have */
};

static const struct kind kinds[GPU_TYPES] = {
    [GPU_FP64] = { LT_COMPUTE_64F, LT_R_64F, LT_R_64F, LT_R_64F, false },
    [GPU_FP32] = { LT_COMPUTE_32F, LT_R_32F, LT_R_32F, LT_R_32F, false },
    [GPU_TF32] = { LT_COMPUTE_32F_FAST_TF32, LT_R_32F, LT_R_32F, LT_R_32F, false },
    [GPU_BF16] = { LT_COMPUTE_32F, LT_R_32F, LT_R_16BF, LT_R_16BF, false },
    [GPU_FP16] = { LT_COMPUTE_32F, LT_R_32F, LT_R_16F, LT_R_16F, false },
    [GPU_INT8] = { LT_COMPUTE_32I, LT_R_32I, LT_R_8I, LT_R_32I, true },
    [GPU_FP8] = { LT_COMPUTE_32F, LT_R_32F, LT_R_8F_E4M3, LT_R_16BF, true },
    [GPU_FP4] = { LT_COMPUTE_32F, LT_R_32F, LT_R_4F_E2M1, LT_R_16BF, true },
};

bool gemm_gpu_has(enum gpu_type type)
{
    return type < GPU_TYPES;
}

static int lt_ok(const struct gemm_gpu *g, unsigned status, const char *what, struct err *e)
{
    if (status == LT_SUCCESS)
        return 0;
    return ERR(e, status == LT_NOT_SUPPORTED ? ERR_NOTSUP : ERR_CUDA, "cuBLASLt: %s: %s", what,
               g->lt.status_string(status));
}

static int set(const struct gemm_gpu *g, struct gemm_gpu_plan *p, unsigned attribute,
               const void *value, size_t bytes, struct err *e)
{
    return lt_ok(g, g->lt.desc_set(p->desc, attribute, value, bytes), "an attribute", e);
}

/* FP8: one scale a matrix.  FP4: a scale for 16 elements along K; all are 1, so that their order
 * does not matter. */
static int set_scales(struct gemm_gpu *g, struct gemm_gpu_plan *p, struct err *e)
{
    const int32_t blocks = LT_SCALE_VEC16_UE4M3;
    const int8_t fast = 1;
    int rc = 0;

    if (g->type != GPU_FP8 && g->type != GPU_FP4)
        return 0;
    TRY(set(g, p, LT_DESC_A_SCALE_POINTER, &g->d_scales, sizeof(g->d_scales), e));
    TRY(set(g, p, LT_DESC_B_SCALE_POINTER, &g->d_scales, sizeof(g->d_scales), e));
    if (g->type == GPU_FP8) {
        TRY(set(g, p, LT_DESC_FAST_ACCUM, &fast, sizeof(fast), e));
    } else {
        TRY(set(g, p, LT_DESC_A_SCALE_MODE, &blocks, sizeof(blocks), e));
        TRY(set(g, p, LT_DESC_B_SCALE_MODE, &blocks, sizeof(blocks), e));
    }
out:
    return rc;
}

static int open_plan(struct gemm_gpu *g, bool a_along_k, bool b_along_k, struct err *e)
{
    const struct kind *k = &kinds[g->type];
    struct gemm_gpu_plan *p = &g->plans[g->n_plans++];
    int32_t trans_a = a_along_k ? LT_OP_T : LT_OP_N, trans_b = b_along_k ? LT_OP_N : LT_OP_T;
    uint64_t n = (uint64_t)g->n;
    int rc = 0;

    p->a_along_k = a_along_k;
    p->b_along_k = b_along_k;
    TRY(lt_ok(g, g->lt.desc_create(&p->desc, k->compute, k->scale), "a description", e));
    TRY(set(g, p, LT_DESC_TRANSA, &trans_a, sizeof(trans_a), e));
    TRY(set(g, p, LT_DESC_TRANSB, &trans_b, sizeof(trans_b), e));
    TRY(set_scales(g, p, e));
    TRY(lt_ok(g, g->lt.layout_create(&p->a_layout, k->factor, n, n, g->n), "a layout", e));
    TRY(lt_ok(g, g->lt.layout_create(&p->b_layout, k->factor, n, n, g->n), "a layout", e));
out:
    return rc;
}

/* One product, if the device reaches half of what it is said to. */
static double product_seconds(const struct gemm_gpu *g)
{
    const struct gpu_properties *p = gpu_properties_of(g->gpu);
    double n = (double)g->n, rate = gpu_ops_per_cycle(p->capability, GPU_TENSOR, g->type).value;

    if (!isfinite(rate))
        rate = gpu_ops_per_cycle(p->capability, GPU_CORES, g->type).value;
    return 2 * n * n * n / (0.5 * rate * p->multiprocessors * p->clock_hz);
}

/* As many as can be tried in the time, and a fair number where that would be few, unless even they
 * would take longer than a set-up may. */
static int candidates_most(const struct gemm_gpu *g)
{
    double most = TRY_SECONDS / TRY_RUNS / product_seconds(g);
    double longest = TRY_SECONDS_MOST / (PICK_ROUNDS + 1) / product_seconds(g);

    if (g->sustained || !(most > CANDIDATES_LEAST))
        most = longest < CANDIDATES_LEAST ? fmax(1, longest) : CANDIDATES_LEAST;
    return most < PICK_MAX ? (int)most : PICK_MAX;
}

/* The power cap answers within some tens of milliseconds, so the product before decides the clock
 * of a short one. */
static int products_a_try(const struct gemm_gpu *g)
{
    double products = SETTLE_SECONDS / product_seconds(g);

    return g->sustained && products > 1 && products < 1e5 ? (int)products : 1;
}

static void add_candidate(struct gemm_gpu *g, int plan, const lt_heuristic *found, int most)
{
    for (int i = 0; i < g->n_candidates; i++)
        if (g->candidates[i].plan == plan &&
            memcmp(&g->candidates[i].algo, &found->algo, sizeof(found->algo)) == 0)
            return;
    if (g->n_candidates < most)
        g->candidates[g->n_candidates++] = (struct gemm_gpu_candidate){
            .plan = plan, .algo = found->algo, .workspace_bytes = found->workspace_bytes
        };
}

/* Square layouts of another size. */
struct lt_square {
    lt_layout factor, out;
};

static int open_square(const struct gemm_gpu *g, int64_t n, struct lt_square *s, struct err *e)
{
    const struct kind *k = &kinds[g->type];
    uint64_t size = (uint64_t)n;
    int rc = 0;

    TRY(lt_ok(g, g->lt.layout_create(&s->factor, k->factor, size, size, n), "a layout", e));
    TRY(lt_ok(g, g->lt.layout_create(&s->out, k->out, size, size, n), "a layout", e));
out:
    return rc;
}

static void close_square(const struct gemm_gpu *g, struct lt_square *s)
{
    if (s->factor)
        g->lt.layout_destroy(s->factor);
    if (s->out)
        g->lt.layout_destroy(s->out);
}

/* What the heuristics propose for matrices of `size` in one layout, the most promising first, as
 * far as it does n x n matrices too: for some sizes they propose a single algorithm. */
static int propose(struct gemm_gpu *g, int plan, int64_t size, int most, struct err *e)
{
    const struct gemm_gpu_plan *p = &g->plans[plan];
    const size_t workspace = WORKSPACE_BYTES;
    lt_preference preference = NULL;
    lt_heuristic found[PICK_MAX], fits;
    struct lt_square s = { 0 };
    int given = 0, rc = 0;
    unsigned status;

    TRY(open_square(g, size, &s, e));
    TRY(lt_ok(g, g->lt.preference_create(&preference), "a preference", e));
    TRY(lt_ok(g,
              g->lt.preference_set(preference, LT_PREF_MAX_WORKSPACE_BYTES, &workspace,
                                   sizeof(workspace)),
              "a preference", e));
    status = g->lt.heuristic(g->handle, p->desc, s.factor, s.factor, s.out, s.out, preference,
                             PICK_MAX, found, &given);
    if (status != LT_NOT_SUPPORTED)
        TRY(lt_ok(g, status, "cublasLtMatmulAlgoGetHeuristic", e));
    for (int i = 0; i < given; i++)
        if (found[i].state == LT_SUCCESS &&
            g->lt.algo_check(g->handle, p->desc, p->a_layout, p->b_layout, g->d_layout, g->d_layout,
                             &found[i].algo, &fits) == LT_SUCCESS &&
            fits.workspace_bytes <= WORKSPACE_BYTES) {
            found[i].workspace_bytes = fits.workspace_bytes;
            add_candidate(g, plan, &found[i], most);
        }
out:
    if (preference)
        g->lt.preference_destroy(preference);
    close_square(g, &s);
    return rc;
}

int gemm_gpu_run(struct gemm_gpu *g, struct err *e)
{
    static const struct {
        double wide;
        float single;
        int32_t whole;
    } one = { 1, 1, 1 }, zero = { 0, 0, 0 };
    const struct gemm_gpu_candidate *c = &g->candidates[g->chosen];
    const struct gemm_gpu_plan *p = &g->plans[c->plan];
    const void *alpha = &one.single, *beta = &zero.single;

    if (g->type == GPU_FP64) {
        alpha = &one.wide;
        beta = &zero.wide;
    } else if (g->type == GPU_INT8) {
        alpha = &one.whole;
        beta = &zero.whole;
    }
    g->ran = true;
    return lt_ok(g,
                 g->lt.matmul(g->handle, p->desc, alpha, g->d_a, p->a_layout, g->d_b, p->b_layout,
                              beta, g->d_out, g->d_layout, g->d_out, g->d_layout, &c->algo,
                              g->d_workspace, WORKSPACE_BYTES, gpu_stream_of(g->gpu)),
                 "cublasLtMatmul", e);
}

static int try_candidate(struct bench_ctx *c, void *self, int which, struct err *e)
{
    struct gemm_gpu *g = self;
    int rc = 0;

    (void)c;
    g->chosen = which;
    for (int i = 0; i < g->products; i++)
        TRY(gemm_gpu_run(g, e));
out:
    return rc;
}

static int config(const struct gemm_gpu *g, unsigned attribute)
{
    int32_t value = -1;
    size_t written;

    /* the cluster's shape is 2 bytes, the others 4 */
    if (g->lt.algo_config_get(&g->candidates[g->chosen].algo, attribute, &value, sizeof(value),
                              &written) != LT_SUCCESS)
        return -1;
    return written == 2 ? (int16_t)value : value;
}

/* "cuBLASLt 13.1.0 TN, algorithm 66, tile 23, stages 36, split 1" */
static void describe(struct gemm_gpu *g)
{
    const struct gemm_gpu_plan *p = &g->plans[g->candidates[g->chosen].plan];
    unsigned v = (unsigned)g->lt.version % 1000000;
    char text[160];

    snprintf(text, sizeof(text),
             "cuBLASLt %u.%u.%u %c%c, algorithm %d, tile %d, stages %d, split %d", v / 10000,
             v / 100 % 100, v % 100, p->a_along_k ? 'T' : 'N', p->b_along_k ? 'N' : 'T',
             config(g, LT_ALGO_ID), config(g, LT_ALGO_TILE_ID), config(g, LT_ALGO_STAGES_ID),
             config(g, LT_ALGO_SPLITK_NUM));
    snprintf(g->name, sizeof(g->name), "%.63s", text);
}

static int alloc(struct gemm_gpu *g, struct err *e)
{
    size_t elements = (size_t)g->n * (size_t)g->n;
    size_t scales = (size_t)g->n * ((size_t)g->n / 16) + 512;
    void *d = NULL;
    int rc = 0;

    TRY(gpu_alloc(&g->d_a, gemm_data_bytes(g->type, elements), e));
    TRY(gpu_alloc(&g->d_b, gemm_data_bytes(g->type, elements), e));
    TRY(gpu_alloc(&g->d_out, gemm_data_out_bytes(gemm_data_out_of(g->type), elements), e));
    TRY(gpu_alloc(&g->d_workspace, WORKSPACE_BYTES, e));
    TRY(gpu_alloc(&d, sizeof(*g->d_found), e));
    g->d_found = d;
    if (g->type == GPU_FP8) {
        const float one = 1;

        TRY(gpu_alloc(&g->d_scales, sizeof(one), e));
        TRY(gpu_to_device(g->d_scales, &one, sizeof(one), gpu_stream_of(g->gpu), e));
    } else if (g->type == GPU_FP4) {
        TRY(gpu_alloc(&g->d_scales, scales, e));
        TRY(gpu_fill(g->d_scales, 7 << 3, scales, gpu_stream_of(g->gpu), e)); /* 1 in UE4M3 */
    }
out:
    return rc;
}

static int make_factors(struct gemm_gpu *g, enum gemm_data_kind kind, struct err *e)
{
    size_t n = (size_t)g->n * (size_t)g->n;
    gpu_stream stream = gpu_stream_of(g->gpu);
    int rc = 0;

    TRY(gemm_data_fill(g->d_a, g->type, kind, g->seed, 0, n, stream, e));
    TRY(gemm_data_fill(g->d_b, g->type, kind, g->seed, 1, n, stream, e));
    /* Nothing that a check could take for a product may be there before. */
    TRY(gpu_fill(g->d_out, 0xff, gemm_data_out_bytes(gemm_data_out_of(g->type), n), stream, e));
    g->ran = false;
out:
    return rc;
}

static int find_candidates(struct gemm_gpu *g, struct err *e)
{
    const struct kind *k = &kinds[g->type];
    const int64_t sizes[] = { g->n, g->n > 32 ? g->n / 32 * 16 : g->n, 2 * g->n, 4096 };
    int most = candidates_most(g), rc = 0;
    uint64_t n = (uint64_t)g->n;

    TRY(lt_ok(g, g->lt.layout_create(&g->d_layout, k->out, n, n, g->n), "a layout", e));
    TRY(open_plan(g, true, true, e));
    for (int i = 1; i < GEMM_GPU_LAYOUTS && !k->along_k_only; i++)
        TRY(open_plan(g, i % 2 == 0, i / 2 == 0, e));
    for (int s = 0; s < 4; s++)
        for (int i = 0; i < g->n_plans; i++)
            TRY(propose(g, i, sizes[s],
                        s == 0 ? (most * (i + 1) + g->n_plans - 1) / g->n_plans : most, e));
    if (g->n_candidates == 0)
        rc = ERR(
            e, ERR_NOTSUP, "cuBLASLt %zu.%zu has no algorithm for %s on compute capability %d.%d",
            g->lt.version / 10000, g->lt.version / 100 % 100, gpu_type_names[g->type],
            gpu_properties_of(g->gpu)->capability / 10, gpu_properties_of(g->gpu)->capability % 10);
out:
    return rc;
}

int gemm_gpu_open(struct gemm_gpu *g, struct bench_ctx *c, const struct gemm_gpu_want *want,
                  struct err *e)
{
    int best, rc = 0;

    *g = (struct gemm_gpu){ .gpu = c->device_handle,
                            .type = want->type,
                            .kind = want->zeros ? GEMM_ZEROS : GEMM_RANDOM,
                            .sustained = want->sustained,
                            .n = want->n,
                            .seed = c->seed };
    g->products = products_a_try(g);
    TRY(gpu_enter(g->gpu, e));
    TRY(cublaslt_api_open(&g->lt, e));
    TRY(lt_ok(g, g->lt.create(&g->handle), "cublasLtCreate", e));
    TRY(alloc(g, e));
    TRY(find_candidates(g, e));
    TRY(make_factors(g, g->kind, e));
    TRY(pick_fastest(c, g->n_candidates, try_candidate, g, &best, e));
    g->chosen = best;
    g->ran = false;
    describe(g);
out:
    return rc;
}

void gemm_gpu_close(struct gemm_gpu *g)
{
    struct err ignored = { 0 };

    if (!g->gpu || gpu_enter(g->gpu, &ignored) < 0)
        return;
    gpu_sync(gpu_stream_of(g->gpu), &ignored);
    for (int i = 0; i < g->n_plans; i++) {
        struct gemm_gpu_plan *p = &g->plans[i];

        if (p->desc)
            g->lt.desc_destroy(p->desc);
        if (p->a_layout)
            g->lt.layout_destroy(p->a_layout);
        if (p->b_layout)
            g->lt.layout_destroy(p->b_layout);
    }
    if (g->d_layout)
        g->lt.layout_destroy(g->d_layout);
    if (g->handle && !gpu_wait_gave_up())
        g->lt.destroy(g->handle);
    library_close(&g->lt.dl);
    gpu_free(g->d_a);
    gpu_free(g->d_b);
    gpu_free(g->d_out);
    gpu_free(g->d_workspace);
    gpu_free(g->d_scales);
    gpu_free(g->d_found);
    *g = (struct gemm_gpu){ 0 };
}

static struct gemm_data_product product_of(const struct gemm_gpu *g)
{
    const struct gemm_gpu_plan *p = &g->plans[g->candidates[g->chosen].plan];

    return (struct gemm_data_product){ .d_a = g->d_a,
                                       .d_b = g->d_b,
                                       .d_out = g->d_out,
                                       .type = g->type,
                                       .m = g->n,
                                       .n = g->n,
                                       .k = g->n,
                                       .a_stride = p->a_along_k ? g->n : 1,
                                       .a_k_stride = p->a_along_k ? 1 : g->n,
                                       .b_stride = p->b_along_k ? g->n : 1,
                                       .b_k_stride = p->b_along_k ? 1 : g->n,
                                       .seed = g->seed };
}

static int look(struct gemm_gpu *g, struct gemm_data_found *found, struct err *e)
{
    const struct gemm_data_product p = product_of(g);
    gpu_stream stream = gpu_stream_of(g->gpu);
    int rc = 0;

    TRY(gpu_fill(g->d_found, 0, sizeof(*found), stream, e));
    TRY(gemm_data_check(&p, g->d_found, stream, e));
    TRY(gpu_to_host(found, g->d_found, sizeof(*found), stream, e));
out:
    return rc;
}

/* Largest error relative to sum |a b|: (k + 2) units of any order of summation (Higham 2002, 3.1),
 * each a whole unit in the last place since tensor cores cut off; factors cut to TF32; sums of 14
 * bits a step of 32 with FP8's fast accumulation; and the rounding of the output. */
static double tolerance_of(const struct gemm_gpu *g)
{
    double k = (double)g->n, steps = (k + 2) * 0x1p-23;

    switch (g->type) {
    case GPU_FP64: return 2 * (k + 2) * 0x1p-53;
    case GPU_FP32: return steps;
    case GPU_TF32: return steps + 0x1p-9;
    case GPU_FP16: return steps + 0x1p-11;
    case GPU_INT8: return 0;
    case GPU_FP8: return (k / 32 + 2) * 0x1p-13 + steps + 0x1p-8;
    case GPU_BF16:
    case GPU_FP4:
    case GPU_TYPES: break;
    }
    return steps + 0x1p-8;
}

static int check_timed(struct gemm_gpu *g, struct check *check, struct err *e)
{
    struct gemm_data_found found;
    int rc = 0;

    if (!g->ran)
        TRY(gemm_gpu_run(g, e));
    TRY(look(g, &found, e));
    check->error = (double)found.worst;
    check->tolerance = tolerance_of(g);
    if (!(check->error <= check->tolerance))
        rc = ERR(e, ERR_MISMATCH, "%s: error of %.3g of sum |a b|, more than %.3g", g->name,
                 check->error, check->tolerance);
    else if (g->marked && found.mark != g->mark)
        rc = ERR(e, ERR_MISMATCH, "%s: another product than before of the same factors", g->name);
    g->marked = true;
    g->mark = found.mark;
out:
    return rc;
}

static double out_value(enum gemm_data_out type, const void *bits)
{
    uint16_t narrow;
    uint32_t wide;
    int32_t whole;
    double d;
    float f;

    if (type == GEMM_OUT_FP64) {
        memcpy(&d, bits, sizeof(d));
        return d;
    }
    memcpy(&narrow, bits, sizeof(narrow));
    memcpy(&whole, bits, sizeof(whole));
    memcpy(&f, bits, sizeof(f));
    if (type == GEMM_OUT_INT32)
        return whole;
    if (type == GEMM_OUT_FP32)
        return (double)f;
    if (type == GEMM_OUT_FP16) /* a finite number of normal size, or 0 */
        return (narrow >> 15 ? -1 : 1) *
               (narrow & 0x7fff ? ldexp(1 + (narrow & 1023) / 1024.0, (narrow >> 10 & 31) - 15)
                                : 0);
    wide = (uint32_t)narrow << 16;
    memcpy(&f, &wide, sizeof(f));
    return (double)f;
}

/* A few elements by the host, which makes the factors anew. */
static int check_on_host(struct gemm_gpu *g, struct err *e)
{
    const struct gemm_data_product p = product_of(g);
    enum gemm_data_out type = gemm_data_out_of(g->type);
    double unit = type == GEMM_OUT_BF16 ? 0x1p-8 : type == GEMM_OUT_FP16 ? 0x1p-11 : 0;
    size_t bytes = gemm_data_out_bytes(type, 1);
    int rc = 0;

    for (int64_t s = 0; s < HOST_SAMPLES; s++) {
        int64_t i = s * (g->n - 1) / (HOST_SAMPLES - 1), j = (s * 37 + 11) % g->n;
        const char *d_at = (const char *)g->d_out + (size_t)(j * g->n + i) * bytes;
        char bits[8] = { 0 };
        double sum = 0, got;

        for (int64_t k = 0; k < g->n; k++)
            sum +=
                (double)gemm_data_whole(g->seed, 0, (uint64_t)(i * p.a_stride + k * p.a_k_stride),
                                        g->type) *
                gemm_data_whole(g->seed, 1, (uint64_t)(j * p.b_stride + k * p.b_k_stride), g->type);
        TRY(gpu_to_host(bits, d_at, bytes, gpu_stream_of(g->gpu), e));
        got = out_value(type, bits);
        if (!(fabs(got - sum) <= unit * fabs(sum)))
            return ERR(e, ERR_MISMATCH,
                       "%s: element (%lld, %lld) of whole numbers is %.9g, not %.9g", g->name,
                       (long long)i, (long long)j, got, sum);
    }
out:
    return rc;
}

static int check_whole(struct gemm_gpu *g, struct err *e)
{
    struct gemm_data_found found;
    int rc = 0;

    TRY(make_factors(g, GEMM_WHOLE, e));
    TRY(gemm_gpu_run(g, e));
    TRY(look(g, &found, e));
    if (found.wrong > 0)
        return ERR(e, ERR_MISMATCH, "%s: %llu of %lld elements of whole numbers are wrong", g->name,
                   found.wrong, 8 * (long long)g->n);
    TRY(check_on_host(g, e));
out:
    return rc;
}

int gemm_gpu_check(struct gemm_gpu *g, struct check *check, struct err *e)
{
    int rc = 0;

    snprintf(check->reference, sizeof(check->reference),
             "FP64 sums: whole numbers exactly, the timed factors within (k + 2) eps");
    TRY(gpu_enter(g->gpu, e));
    TRY(check_timed(g, check, e));
    TRY(check_whole(g, e));
    TRY(make_factors(g, g->kind, e));
out:
    return rc;
}
