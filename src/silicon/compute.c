/* compute.c - silicon.compute: multiply-adds a second, per type and instruction set or unit.
 *
 * Two kinds of rows.  Loops keep everything in registers and show the peak of the units; their
 * limit is paper: clock x operations a cycle x cores, the clock taken from a chain of dependent
 * additions between the samples.  GEMM through OpenBLAS and oneDNN shows what libraries reach; its
 * limit is the best loop of the same type on the same cores, measured.  The GPU's rows are in
 * compute/compute_gpu.c. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "gpu/gpu_rate.h"
#include "host/cpu.h"
#include "host/normal.h"
#include "silicon/compute/blas_gemm.h"
#include "silicon/compute/team.h"

#if HAVE_CUDA
#include "silicon/compute/compute_gpu.h"
#endif

enum { ONE, ALL };

struct compute {
    enum compute_dtype dtype;
    int threads;
    bool is_gemm;
    struct team team; /* loops */
    struct gemm gemm;
};

static const char *const thread_names[] = { [ONE] = "one", [ALL] = "all", NULL };
static const char *const data_names[] = { "random", "zeros", NULL };
static const char *const load_names[] = { "burst", "sustained", NULL };

static const struct axis axes[] = {
    { .name = "dtype",
      .help = "type of the factors; sums: fp64, fp32 (of floats), s32 (of int8)",
      .kind = AXIS_ENUM,
      .names = gpu_type_names,
      .normal = "fp64,fp32,bf16,int8" },
    { .name = "path",
      .help = "CPU: instruction set of a register-resident loop (best: the fastest here), or a "
              "library's GEMM; GPU: fma, mma, wgmma, the fastest loop of them, or a library's GEMM",
      .kind = AXIS_ENUM,
      .names = compute_path_names,
      .normal = "best" },
    { .name = "threads",
      .help = "one core, or all physical cores that this process may use (CPU)",
      .kind = AXIS_ENUM,
      .names = thread_names,
      .normal = "all" },
    { .name = "data",
      .help = "factors: random, or zeros, which take less power (GPU)",
      .kind = AXIS_ENUM,
      .names = data_names,
      .normal = "random" },
    { .name = "load",
      .help = "after a pause, or without one for the whole time: then the power cap counts (GPU)",
      .kind = AXIS_ENUM,
      .names = load_names,
      .normal = "burst" },
    { .name = "n",
      .help = "rows and columns of the matrices, a multiple of 16 (cublaslt)",
      .kind = AXIS_INT,
      .lo = 16,
      .hi = 32768,
      .normal = "8192" },
};

static const struct plan plans[] = {
    { SUITE_QUICK, DEVICE_CPU, "dtype=fp32 path=best threads=one,all", 0.7 },
    { SUITE_QUICK, DEVICE_CPU, "dtype=bf16,int8 path=best threads=all", 0.7 },
    { SUITE_QUICK, DEVICE_CPU, "dtype=fp32 path=openblas threads=all", 0.9 },
    { SUITE_STANDARD, DEVICE_CPU, "dtype=* path=best threads=*", 1 },
    { SUITE_STANDARD, DEVICE_CPU, "dtype=* path=* threads=*", 0.7 },
    { SUITE_FULL, DEVICE_CPU, "dtype=* path=* threads=*", 2 },
    { SUITE_QUICK, DEVICE_GPU, "dtype=bf16 path=loop", 0.3 },
    { SUITE_QUICK, DEVICE_GPU, "dtype=bf16,fp8 path=cublaslt", 0.3 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "dtype=* path=loop,cublaslt", 0.6 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "dtype=bf16 path=loop,cublaslt data=zeros", 0.6 },
    { SUITE_STANDARD, DEVICE_GPU, "dtype=bf16 path=cublaslt load=sustained", 5 },
    { SUITE_FULL, DEVICE_GPU, "dtype=* path=fma,mma,wgmma", 0.6 },
    { SUITE_FULL, DEVICE_GPU, "dtype=* path=cublaslt n=512,1024,2048,4096", 0.5 },
    { SUITE_FULL, DEVICE_GPU, "dtype=bf16,fp16,tf32,fp8,int8 path=cublaslt n=16384", 0.6 },
    { SUITE_FULL, DEVICE_GPU, "dtype=bf16,fp8 path=loop,cublaslt load=sustained", 15 },
    { SUITE_FULL, DEVICE_GPU, "dtype=bf16 path=cublaslt load=sustained data=zeros", 15 },
};

static bool is_library(enum compute_path path)
{
    return path == PATH_OPENBLAS || path == PATH_ONEDNN;
}

static bool compute_exists(const struct params *p, const struct device *d)
{
    enum compute_dtype dtype = (enum compute_dtype)params_get(p, "dtype");
    enum compute_path path = (enum compute_path)params_get(p, "path");

#if HAVE_CUDA
    if (d->kind == DEVICE_GPU)
        return compute_gpu_exists(p);
#else
    (void)d;
#endif
    if (path >= COMPUTE_PATHS || dtype >= COMPUTE_DTYPES)
        return false;
    if (is_library(path))
        return gemm_has(path, dtype);
    return path == PATH_BEST || loop_find(path, dtype);
}

static bool compute_applies(const struct params *p, const struct axis *a)
{
    bool on_gpu = params_get(p, "path") >= COMPUTE_PATHS;

    if (strcmp(a->name, "threads") == 0)
        return !on_gpu;
    if (strcmp(a->name, "n") == 0)
        return params_get(p, "path") == PATH_CUBLASLT;
    return on_gpu || strcmp(a->name, "dtype") == 0 || strcmp(a->name, "path") == 0;
}

static bool compute_sustained(const struct params *p)
{
    return params_get(p, "path") >= COMPUTE_PATHS && params_get(p, "load") == COMPUTE_SUSTAINED;
}

static const struct metric flops = { "throughput", "GFLOPS", METRIC_FLOPS_PER_S, 1e-9,
                                     HIGHER_IS_BETTER };
static const struct metric ops = { "throughput", "GOPS", METRIC_FLOPS_PER_S, 1e-9,
                                   HIGHER_IS_BETTER };

static const struct metric *compute_metric(const struct params *p)
{
    return params_get(p, "dtype") == COMPUTE_INT8 ? &ops : &flops;
}

static int setup_gemm(struct bench_ctx *c, struct compute *s, enum compute_path path, struct err *e)
{
    int n = gemm_size(s->dtype, s->threads, loop_any_supported(s->dtype, NULL) < 0);
    int rc = gemm_open(&s->gemm, path, s->dtype, n, s->threads, c->seed, e);

    if (rc < 0)
        return rc;
    snprintf(c->variant, sizeof(c->variant), "%s", s->gemm.name);
    snprintf(c->inputs, sizeof(c->inputs), "%d x %d x %d, uniform %s, seed %llu", n, n, n,
             s->dtype == COMPUTE_INT8 ? "0..127 x -127..127" : "[-1, 1)",
             (unsigned long long)c->seed);
    return 0;
}

static int setup_loop(struct bench_ctx *c, struct compute *s, enum compute_path path, struct err *e)
{
    const struct cpu_info *cpu = cpu_here();
    const struct loop *l = NULL;
    int rc = 0;

    if (path != PATH_BEST) {
        l = loop_find(path, s->dtype);
        BUG_ON(!l); /* compute_exists() */
        TRY(loop_supported(l, e));
    } else {
        TRY(loop_any_supported(s->dtype, e));
    }
    TRY(team_open(&s->team, s->threads, s->threads == 1 ? &cpu->best_cpu : cpu->cores, e));
    if (l)
        team_set(&s->team, l, c->seed);
    else
        TRY(team_set_best(&s->team, c, s->dtype, e));
    l = s->team.loop;
    snprintf(c->variant, sizeof(c->variant), "%s, %d sums of %d lanes", compute_path_names[l->path],
             l->accs, l->m * l->n);
    snprintf(c->inputs, sizeof(c->inputs), "integers of magnitude 1..%d, exact sums, seed %llu",
             l->max, (unsigned long long)c->seed);
out:
    return rc;
}

static int cpu_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct compute *s = state;
    enum compute_path path = (enum compute_path)params_get(c->params, "path");

    s->dtype = (enum compute_dtype)params_get(c->params, "dtype");
    s->threads = params_get(c->params, "threads") == ONE ? 1 : cpu_here()->n_cores_all;
    s->is_gemm = is_library(path);
    return s->is_gemm ? setup_gemm(c, s, path, e) : setup_loop(c, s, path, e);
}

static int cpu_verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct compute *s = state;
    int rc = 0;

    if (!s->is_gemm)
        return team_check(&s->team, &c->check, e);
    if (!s->gemm.ran)
        TRY(gemm_run(&s->gemm, e));
    TRY(gemm_check(&s->gemm, c->seed, &c->check, e));
out:
    return rc;
}

static int cpu_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct compute *s = state;

    (void)c;
    if (s->is_gemm)
        return gemm_run(&s->gemm, e);
    team_run(&s->team);
    return 0;
}

static void cpu_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct compute *s = state;
    double n = s->gemm.n;

    (void)c;
    if (s->is_gemm)
        w->flops = 2 * n * n * n;
    else
        w->flops = 2 * loop_macs(s->team.loop) * (double)s->team.iterations * s->threads;
}

/* Operations one core does per cycle on this path, by the paper; NaN with the reason in source. */
static struct uarch_figure paper_rate(const struct loop *l)
{
    static const enum uarch_type types[COMPUTE_DTYPES] = { UARCH_FP64, UARCH_FP32, UARCH_BF16,
                                                           UARCH_INT8 };
    static const enum uarch_isa isas[COMPUTE_PATHS] = {
        [PATH_AVX2] = UARCH_ISA_AVX2,
        [PATH_AVXVNNI] = UARCH_ISA_AVXVNNI,
        [PATH_AVX512] = UARCH_ISA_AVX512,
        [PATH_AVX512VNNI] = UARCH_ISA_AVX512VNNI,
        [PATH_AVX512BF16] = UARCH_ISA_AVX512BF16,
        [PATH_AMX] = UARCH_ISA_AMX,
        [PATH_NEON] = UARCH_ISA_NEON,
        [PATH_DOTPROD] = UARCH_ISA_DOTPROD,
        [PATH_I8MM] = UARCH_ISA_I8MM,
        [PATH_BF16ARM] = UARCH_ISA_BF16ARM,
    };

    return uarch_ops_per_cycle(cpu_here()->uarch, isas[l->path], types[l->dtype]);
}

/* Clock x operations a cycle x cores.  One core: the worker's probes between the samples.  Several
 * run at clocks of their own, so each is probed, after the samples and under the same load. */
static int limit_loop(struct bench_ctx *c, struct compute *s, struct limits *out, struct err *e)
{
    struct uarch_figure f = paper_rate(s->team.loop);
    double hz = c->clock_hz;
    int rc = 0;

    if (!isfinite(f.value)) {
        limit_none(out, "%s", f.source);
        return 0;
    }
    if (s->threads > 1 && cpu_here()->n_kinds > 1) {
        limit_none(out, "the cores are of %d kinds", cpu_here()->n_kinds);
        return 0;
    }
    if (s->threads > 1)
        TRY(team_clock_hz(&s->team, &hz, e));
    if (!isfinite(hz))
        limit_none(out, "the clock of the core could not be measured");
    else
        limit_paper(out, f.value * hz * 1e-9,
                    "%g operations a cycle x %.3f GHz (dependent additions%s); %.110s", f.value,
                    hz * 1e-9, s->threads > 1 ? ", sum of all cores" : "", f.source);
out:
    return rc;
}

static int cpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    struct compute *s = state;
    char settings[96];

    if (!s->is_gemm)
        return limit_loop(c, s, out, e);
    snprintf(settings, sizeof(settings), "dtype=%s path=best threads=%s",
             params_text(c->params, "dtype"), params_text(c->params, "threads"));
    return limit_measured(c, out, "silicon.compute", settings, 1, e);
}

/* What is on file for this kind of CPU; else, for loops, the paper rate at the clocks it has. */
static void cpu_expect(const struct bench_ctx *c, const void *state, struct expected *out)
{
    const struct compute *s = state;
    enum uarch uarch = cpu_here()->uarch;
    const char *path =
        s->is_gemm ? params_text(c->params, "path") : compute_path_names[s->team.loop->path];
    struct normal_clock clock;
    struct uarch_figure f;
    char settings[96];

    snprintf(settings, sizeof(settings), "dtype=%s path=%s threads=%s cores=%d",
             compute_dtype_names[s->dtype], path, params_text(c->params, "threads"), s->threads);
    if (normal_find(uarch_name(uarch), "silicon.compute", settings, out) || s->is_gemm)
        return;
    f = paper_rate(s->team.loop);
    if (!isfinite(f.value) || !normal_clock_of(uarch, &clock))
        return;
    out->lo = f.value * clock.lo_ghz * s->threads;
    out->hi = f.value * clock.hi_ghz * s->threads;
    snprintf(out->source, sizeof(out->source), "%s: %g operations a cycle x %.2f-%.2f GHz x %d; %s",
             uarch_name(uarch), f.value, clock.lo_ghz, clock.hi_ghz, s->threads, clock.source);
}

static void cpu_teardown(struct bench_ctx *c, void *state)
{
    struct compute *s = state;

    (void)c;
    team_close(&s->team);
    gemm_close(&s->gemm);
}

/* As those of struct bench. */
struct compute_hooks {
    int (*setup)(struct bench_ctx *c, void *state, struct err *e);
    int (*verify)(struct bench_ctx *c, void *state, struct err *e);
    int (*prepare)(struct bench_ctx *c, void *state, struct err *e); /* NULL: nothing to do */
    int (*once)(struct bench_ctx *c, void *state, struct err *e);
    void (*work)(const struct bench_ctx *c, const void *state, struct work *w);
    int (*limit)(struct bench_ctx *c, void *state, struct limits *out, struct err *e);
    void (*expect)(const struct bench_ctx *c, const void *state, struct expected *out);
    void (*teardown)(struct bench_ctx *c, void *state);
};

static const struct compute_hooks on_cpu = { .setup = cpu_setup,
                                             .verify = cpu_verify,
                                             .once = cpu_once,
                                             .work = cpu_work,
                                             .limit = cpu_limit,
                                             .expect = cpu_expect,
                                             .teardown = cpu_teardown };
#if HAVE_CUDA
static const struct compute_hooks on_gpu = { .setup = compute_gpu_setup,
                                             .verify = compute_gpu_verify,
                                             .prepare = compute_gpu_prepare,
                                             .once = compute_gpu_once,
                                             .work = compute_gpu_work,
                                             .limit = compute_gpu_limit,
                                             .expect = compute_gpu_expect,
                                             .teardown = compute_gpu_teardown };
#endif

static const struct compute_hooks *hooks_of(const struct bench_ctx *c)
{
#if HAVE_CUDA
    if (c->device->kind == DEVICE_GPU)
        return &on_gpu;
#endif
    (void)c;
    return &on_cpu;
}

static int compute_setup(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->setup(c, state, e);
}

static int compute_verify(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->verify(c, state, e);
}

static int compute_prepare(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->prepare ? hooks_of(c)->prepare(c, state, e) : 0;
}

static int compute_once(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->once(c, state, e);
}

static void compute_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    hooks_of(c)->work(c, state, w);
}

static int compute_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    return hooks_of(c)->limit(c, state, out, e);
}

static void compute_expect(const struct bench_ctx *c, const void *state, struct expected *out)
{
    hooks_of(c)->expect(c, state, out);
}

static void compute_teardown(struct bench_ctx *c, void *state)
{
    hooks_of(c)->teardown(c, state);
}

/* The hooks share one state: whichever device a row is of. */
union compute_state {
    struct compute cpu;
#if HAVE_CUDA
    struct compute_gpu gpu;
#endif
};

const struct bench bench_silicon_compute = {
    .name = "silicon.compute",
    .question = "How many multiply-adds a second do the units do, and what do libraries get?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = { "throughput", "GFLOPS", METRIC_FLOPS_PER_S, 1e-9, HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(union compute_state),
    .one_run = DEVICE_GPU,
    .sustained_of = compute_sustained,
    .exists = compute_exists,
    .applies = compute_applies,
    .metric_of = compute_metric,
    .setup = compute_setup,
    .verify = compute_verify,
    .prepare = compute_prepare,
    .once = compute_once,
    .work = compute_work,
    .limit = compute_limit,
    .expect = compute_expect,
    .teardown = compute_teardown,
};
