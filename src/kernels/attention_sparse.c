/* attention_sparse.c - kernels.attention.sparse: attention over lists of blocks of 128 x 128.
 *
 * Useful work is 4 x 128 x 128 x dim operations a block, with a mask or without; bytes are Q, K, V,
 * O, LSE, lists and masks once.  The time of one call is
 * in the record; of `queries` in one launch, their number over that time are queries a second.
 *
 * Limits  CPU: the rate of FP32 multiply-adds, and reading from where everything fits; the
 *         exponentials are not counted.
 *         GPU: the rate of the tensor cores; one exponential a score, which takes the special
 *         function units as long at dim 64; the memory (case diagonal), or the L2 where what one
 *         run leaves there serves the next. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "kernels/attention/sparse_bench.h"
#include "kernels/attention/sparse_cpu.h"
#include "kernels/attention/sparse_external.h"
#include "kernels/variant/gpu_variant.h"
#include "kernels/variant/variant_axis.h"

#if HAVE_CUDA
#include "kernels/attention/attention_sparse_gpu.h"
#endif

enum { BEST }; /* of the axis `variant` */

struct cpu_state {
    struct sparse_bench b;
    const struct sparse_variant *v;
    struct sparse_external *external; /* owned: measured instead of v; or NULL */
    int candidates[PICK_MAX];
    struct sparse_args a; /* with O and LSE, which lie in `out` */
    struct region out;
    struct pool *pool;
    atomic_int next;
    bool ran; /* since the outputs were poisoned */
};

static const char *const dtype_axis[] = { "f16", "bf16", NULL };
static const char *const dim_names[] = { "64", "128", NULL };
static const char *const mask_names[] = { "none", "bits", NULL };
static const char *const mode_names[] = { "fast", "invariant", NULL };

/* The CPU's, then the GPU's. */
static const char *const variants[] = { "best",   "scalar", "avx2",         "avx512", "neon",
                                        "hopper", "mma",    "three-kernel", "simple", NULL };

static const struct axis axes[] = {
    { .name = "case",
      .help = "heads: of 4096, 200 random blocks each; diagonal: one head; protein: 8 heads over "
              "atoms near each other; uniform: 8 heads, blocks by chance",
      .kind = AXIS_ENUM,
      .names = sparse_case_names,
      .normal = "heads" },
    { .name = "blocks",
      .help = "heads: blocks of a query, a multiple of 200",
      .kind = AXIS_INT,
      .lo = 200,
      .hi = 1000000,
      .normal = "800" },
    { .name = "atoms",
      .help = "but heads: positions of a head",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 4000000,
      .normal = "100000" },
    { .name = "cutoff",
      .help = "protein: angstroms that an atom sees",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 50,
      .normal = "10" },
    { .name = "structure",
      .help = "protein: generated, or a PDB or mmCIF file whose atoms to take",
      .kind = AXIS_FILE,
      .normal = "generated" },
    { .name = "density",
      .help = "uniform: percent of the blocks that are there",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 100,
      .normal = "20" },
    { .name = "queries",
      .help = "in one launch, each with heads, Q, K and V of its own",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = 1024,
      .normal = "1" },
    { .name = "dtype",
      .help = "of Q, K, V and O",
      .kind = AXIS_ENUM,
      .names = dtype_axis,
      .normal = "f16" },
    { .name = "dim", .help = "of a head", .kind = AXIS_ENUM, .names = dim_names, .normal = "64" },
    { .name = "masks",
      .help = "bits: which scores of a block exist (protein: pairs within the cutoff)",
      .kind = AXIS_ENUM,
      .names = mask_names,
      .normal = "none" },
    { .name = "mode",
      .help = "invariant: a list's bits do not depend on what else is in the call",
      .kind = AXIS_ENUM,
      .names = mode_names,
      .normal = "fast",
      .devices = DEVICE_GPU },
    GPU_VARIANT_AXIS_TIMING,
    { .name = "threads",
      .help = "one core, or all physical cores that this process may use",
      .kind = AXIS_ENUM,
      .names = variant_axis_threads,
      .normal = "all",
      .devices = DEVICE_CPU },
    { .name = "variant",
      .help = "code path; best: the fastest here",
      .kind = AXIS_ENUM,
      .names = variants,
      .normal = "best" },
    EXTERNAL_AXIS,
};

#define BLOCKS "case=heads blocks=800,1600,3200,6400,12800,16000,32000"
#define LINEAR "case=uniform atoms=16384 density=5,10,20,40,60,80,100"

static const struct plan plans[] = {
    { SUITE_QUICK, DEVICE_CPU, "blocks=800", 0.5 },
    { SUITE_QUICK, DEVICE_GPU, "blocks=3200", 0.3 },
    { SUITE_STANDARD, DEVICE_CPU, "blocks=800", 0.5 },
    { SUITE_STANDARD, DEVICE_CPU, "case=protein atoms=5000 cutoff=5 masks=bits", 0.5 },
    { SUITE_STANDARD, DEVICE_GPU, "blocks=800,3200,16000", 0.3 },
    { SUITE_STANDARD, DEVICE_GPU, "case=protein masks=bits", 0.3 },
    { SUITE_FULL, DEVICE_CPU, "blocks=800,3200 threads=*", 0.4 },
    { SUITE_FULL, DEVICE_CPU, "blocks=800 variant=avx2,avx512,neon", 0.4 },
    { SUITE_FULL, DEVICE_CPU, "blocks=800 masks=bits", 0.4 },
    { SUITE_FULL, DEVICE_CPU, "blocks=800 dtype=bf16 dim=*", 0.4 },
    { SUITE_FULL, DEVICE_CPU, "case=diagonal,uniform atoms=4096", 0.4 },
    { SUITE_FULL, DEVICE_CPU, "case=protein atoms=5000 cutoff=5,10 masks=*", 0.5 },
    { SUITE_FULL, DEVICE_GPU, BLOCKS, 0.3 },
    { SUITE_FULL, DEVICE_GPU, "blocks=800,3200,16000 mode=invariant", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "blocks=800,16000 masks=bits", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "blocks=3200 variant=*", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "blocks=3200 dtype=* dim=*", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "blocks=800 queries=1,2,4,8", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "blocks=800 timing=*", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "case=diagonal timing=graph,isolated-cold", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "case=protein cutoff=5,10 masks=*", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "case=protein atoms=200000,400000 masks=bits", 0.3 },
    { SUITE_FULL, DEVICE_GPU, "case=uniform", 0.3 },
    { SUITE_FULL, DEVICE_GPU, LINEAR, 0.3 },
};
#undef BLOCKS
#undef LINEAR

static bool exists(const struct params *p, const struct device *d)
{
    int n;
    const struct sparse_variant *table = sparse_variants(&n);

    if (external_asked(p))
        return params_get(p, "variant") == BEST;
#if HAVE_CUDA
    if (d->kind == DEVICE_GPU)
        return attention_sparse_gpu_exists(p);
#endif
    return d->kind == DEVICE_CPU && variant_axis_exists(p, table, sizeof(*table), n);
}

static bool applies(const struct params *p, const struct axis *a)
{
    const enum sparse_case_kind kind = (enum sparse_case_kind)params_get(p, "case");
    const bool protein = kind == SPARSE_CASE_PROTEIN;

    if (strcmp(a->name, "library") == 0)
        return external_asked(p) != NULL;
    if (strcmp(a->name, "blocks") == 0)
        return kind == SPARSE_CASE_HEADS;
    if (strcmp(a->name, "atoms") == 0)
        return kind != SPARSE_CASE_HEADS &&
               (!protein || strcmp(params_text(p, "structure"), "generated") == 0);
    if (strcmp(a->name, "cutoff") == 0 || strcmp(a->name, "structure") == 0)
        return protein;
    return strcmp(a->name, "density") != 0 || kind == SPARSE_CASE_UNIFORM;
}

/* ---- the work on a CPU */

static void run_thread(void *state, int thread)
{
    struct cpu_state *s = state;
    const int lists = sparse_lists(&s->b.k.p);

    (void)thread;
    for (int l; (l = atomic_fetch_add(&s->next, 1)) < lists;)
        s->v->run(&s->b.k.p, &s->a, l);
}

static int cpu_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct cpu_state *s = state;

    (void)c;
    s->ran = true;
    if (s->external)
        return sparse_external_variant.run(s->external, &s->a, NULL, e);
    atomic_store(&s->next, 0);
    pool_run(s->pool, run_thread, s);
    return 0;
}

static int try_variant(struct bench_ctx *c, void *state, int which, struct err *e)
{
    struct cpu_state *s = state;
    int n;

    s->v = &sparse_variants(&n)[s->candidates[which]];
    return cpu_once(c, s, e);
}

static int choose_variant(struct bench_ctx *c, struct cpu_state *s, struct err *e)
{
    int n, best, rc = 0;
    const struct sparse_variant *table = sparse_variants(&n);

    TRY(n = variant_axis_candidates(c->params, table, sizeof(*table), n, s->candidates, e));
    TRY(pick_fastest(c, n, try_variant, s, &best, e));
    s->v = &table[s->candidates[best]];
    snprintf(c->variant, sizeof(c->variant), "%s", s->v->name);
out:
    return rc;
}

static int open_external(struct bench_ctx *c, struct cpu_state *s, int threads, struct err *e)
{
    const struct headroom_sparse_options options = { .device = HEADROOM_CPU,
                                                     .dtype = (int32_t)s->b.want.dtype,
                                                     .dim = s->b.want.dim,
                                                     .threads = threads };
    int rc = 0;

    TRY(sparse_external_open(&s->external, external_asked(c->params), &s->b.k.p, &options, NULL,
                             e));
    sparse_external_name(s->external, c->variant, sizeof(c->variant));
out:
    return rc;
}

static int cpu_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct cpu_state *s = state;
    const int *cpus;
    int threads = variant_axis_cpus(c->params, &cpus), rc = 0;

    TRY(sparse_bench_setup(c, &s->b, e));
    TRY(region_map(&s->out, sparse_case_q_bytes(&s->b.k) + sparse_bench_lse_bytes(&s->b), e));
    s->a = s->b.k.a;
    s->a.o = s->out.p;
    s->a.lse = (float *)(void *)((char *)s->out.p + sparse_case_q_bytes(&s->b.k));
    if (external_asked(c->params)) /* its threads, before this one is bound to a CPU */
        TRY(open_external(c, s, threads, e));
    TRY(pool_new(&s->pool, threads, cpus, e));
    if (!s->external)
        TRY(choose_variant(c, s, e));
    s->ran = false;
out:
    return rc;
}

static int cpu_verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct cpu_state *s = state;
    int rc = 0;

    if (!s->ran) {
        memset(s->out.p, 0xff, s->out.bytes);
        TRY(cpu_once(c, s, e));
    }
    TRY(sparse_bench_check(c, &s->b, s->a.o, s->a.lse, e));
    memset(s->out.p, 0xff, s->out.bytes);
    s->ran = false;
out:
    return rc;
}

static const char *level_of(const struct cpu_state *s)
{
    return variant_axis_level(sparse_bench_bytes(&s->b), pool_size(s->pool));
}

static void cpu_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct cpu_state *s = state;

    (void)c;
    w->flops = sparse_bench_flops(&s->b);
    w->bytes[strcmp(level_of(s), "dram") == 0 ? WORK_DRAM : WORK_CACHE] = sparse_bench_bytes(&s->b);
    w->items = s->b.want.queries;
}

static int cpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct cpu_state *s = state;
    const char *threads = params_text(c->params, "threads");
    char settings[96];
    int rc = 0;

    snprintf(settings, sizeof(settings), "dtype=fp32 path=best threads=%s", threads);
    TRY(limit_measured(c, out, "silicon.compute", settings, 1e-3, e));
    snprintf(settings, sizeof(settings), "op=read level=%s threads=%s", level_of(s), threads);
    TRY(limit_measured(c, out, "silicon.memory", settings,
                       1e-3 * sparse_bench_flops(&s->b) / sparse_bench_bytes(&s->b), e));
out:
    return rc;
}

static void cpu_teardown(struct bench_ctx *c, void *state)
{
    struct cpu_state *s = state;

    (void)c;
    sparse_external_variant.close(s->external);
    pool_free(s->pool);
    region_unmap(&s->out);
    sparse_bench_release(&s->b);
}

/* ---- whichever it is */

struct half {
    int (*setup)(struct bench_ctx *c, void *state, struct err *e);
    int (*verify)(struct bench_ctx *c, void *state, struct err *e);
    int (*once)(struct bench_ctx *c, void *state, struct err *e);
    void (*work)(const struct bench_ctx *c, const void *state, struct work *w);
    int (*limit)(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
    void (*teardown)(struct bench_ctx *c, void *state);
};

static const struct half *half_of(const struct bench_ctx *c)
{
    static const struct half on_cpu = { cpu_setup, cpu_verify, cpu_once,
                                        cpu_work,  cpu_limit,  cpu_teardown };
#if HAVE_CUDA
    static const struct half on_gpu = { attention_sparse_gpu_setup, attention_sparse_gpu_verify,
                                        attention_sparse_gpu_once,  attention_sparse_gpu_work,
                                        attention_sparse_gpu_limit, attention_sparse_gpu_teardown };

    if (c->device->kind == DEVICE_GPU)
        return &on_gpu;
#else
    (void)c;
#endif
    return &on_cpu;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    return half_of(c)->setup(c, state, e);
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    return half_of(c)->verify(c, state, e);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    return half_of(c)->once(c, state, e);
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    half_of(c)->work(c, state, w);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    return half_of(c)->limit(c, state, out, e);
}

static void teardown(struct bench_ctx *c, void *state)
{
    half_of(c)->teardown(c, state);
}

union state {
    struct cpu_state cpu;
#if HAVE_CUDA
    struct attention_sparse_gpu gpu;
#endif
};

const struct bench bench_kernels_attention_sparse = {
    .name = "kernels.attention.sparse",
    .question = "How fast is attention over lists of blocks: molecules, graphs, sparse masks?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = { "throughput", "TFLOPS", METRIC_FLOPS_PER_S, 1e-12, HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(union state),
    .setup_timeout_s = 120, /* atoms by the hundred thousand */
    .one_run = DEVICE_GPU,
    .exists = exists,
    .applies = applies,
    .timing_of = gpu_variant_timing_of,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
