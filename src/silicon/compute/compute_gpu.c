/* compute_gpu.c - silicon.compute on a GPU. */
#include "silicon/compute/compute_gpu.h"

#include <math.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/limits.h"
#include "gpu/gpu_rate.h"
#include "host/normal.h"
#include "silicon/compute/loop.h"

/* Between samples of 1 to 5 ms: the card draws a fraction of its power on average. */
enum { PAUSE_NS = 20000000 };

static enum gpu_type type_of(const struct params *p)
{
    return (enum gpu_type)params_get(p, "dtype");
}

static enum compute_path path_of(const struct params *p)
{
    return (enum compute_path)params_get(p, "path");
}

static enum loop_gpu_path loops_of(enum compute_path path)
{
    return path == PATH_FMA     ? LOOP_GPU_FMA
           : path == PATH_MMA   ? LOOP_GPU_MMA
           : path == PATH_WGMMA ? LOOP_GPU_WGMMA
                                : LOOP_GPU_PATHS;
}

bool compute_gpu_exists(const struct params *p)
{
    enum compute_path path = path_of(p);

    if (path < PATH_LOOP)
        return false;
    if (path == PATH_CUBLASLT)
        return gemm_gpu_has(type_of(p));
    return loop_row_exists(type_of(p), loops_of(path));
}

static int setup_gemm(struct bench_ctx *c, struct compute_gpu *s, bool zeros, struct err *e)
{
    const struct gemm_gpu_want want = {
        .type = s->type,
        .n = params_get(c->params, "n"),
        .zeros = zeros,
        .sustained = params_get(c->params, "load") == COMPUTE_SUSTAINED,
    };
    int rc = 0;

    if (want.n % 16 != 0) /* what 4 and 8 bits need; the same sizes for all */
        return ERR(e, ERR_ARG, "n=%lld: expected a multiple of 16", (long long)want.n);
    TRY(gemm_gpu_open(&s->gemm, c, &want, e));
    snprintf(c->variant, sizeof(c->variant), "%s", s->gemm.name);
    snprintf(c->inputs, sizeof(c->inputs), "%s, seed %llu",
             zeros                 ? "zeros"
             : s->type == GPU_INT8 ? "uniform -127 .. 127"
             : s->type == GPU_FP4  ? "uniform over the 16 values"
                                   : "uniform [-1, 1)",
             (unsigned long long)c->seed);
    result_note(c->result, "the fastest of %d algorithms that the library proposes",
                s->gemm.n_candidates);
out:
    return rc;
}

static int setup_loop(struct bench_ctx *c, struct compute_gpu *s, bool zeros, struct err *e)
{
    int rc = 0;

    TRY(loop_row_open(&s->row, c, s->type, loops_of(path_of(c->params)), zeros, e));
    snprintf(c->variant, sizeof(c->variant), "%s", s->row.loop->name);
    if (zeros)
        snprintf(c->inputs, sizeof(c->inputs), "zeros");
    else if (s->row.loop->path == LOOP_GPU_FMA)
        snprintf(c->inputs, sizeof(c->inputs), "uniform [-1, 1), seed %u", s->row.seed);
    else
        snprintf(c->inputs, sizeof(c->inputs), "whole numbers of magnitude 1..%d, seed %u",
                 s->row.loop->max, s->row.seed);
out:
    return rc;
}

int compute_gpu_setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct compute_gpu *s = state;
    bool zeros = params_get(c->params, "data") == COMPUTE_ZEROS;

    s->type = type_of(c->params);
    s->is_gemm = path_of(c->params) == PATH_CUBLASLT;
    return s->is_gemm ? setup_gemm(c, s, zeros, e) : setup_loop(c, s, zeros, e);
}

int compute_gpu_verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct compute_gpu *s = state;

    return s->is_gemm ? gemm_gpu_check(&s->gemm, &c->check, e)
                      : loop_row_check(&s->row, &c->check, e);
}

/* A burst is what comes after a pause: at full load the card is at its power cap within some tens
 * of milliseconds, and its clock falls. */
int compute_gpu_prepare(struct bench_ctx *c, void *state, struct err *e)
{
    (void)state;
    (void)e;
    if (params_get(c->params, "load") == COMPUTE_BURST)
        clock_sleep_ns(PAUSE_NS);
    return 0;
}

int compute_gpu_once(struct bench_ctx *c, void *state, struct err *e)
{
    struct compute_gpu *s = state;

    (void)c;
    return s->is_gemm ? gemm_gpu_run(&s->gemm, e) : loop_row_run(&s->row, e);
}

void compute_gpu_work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct compute_gpu *s = state;
    double n = (double)s->gemm.n;

    (void)c;
    w->flops = s->is_gemm ? 2 * n * n * n : loop_row_ops(&s->row);
}

/* A library may use either kind of unit: the faster one bounds it. */
static struct gpu_figure paper_rate(const struct compute_gpu *s, int capability)
{
    struct gpu_figure cores = gpu_ops_per_cycle(capability, GPU_CORES, s->type);
    struct gpu_figure tensor = gpu_ops_per_cycle(capability, GPU_TENSOR, s->type);

    if (!s->is_gemm)
        return s->row.loop->path == LOOP_GPU_FMA ? cores : tensor;
    return tensor.value > cores.value || !isfinite(cores.value) ? tensor : cores;
}

/* What the clock that the row had allows; core notes what held it down. */
static void note_clock(struct bench_ctx *c, double rate, const struct gpu_properties *p)
{
    double seen = 1e-9 * rate * p->multiprocessors * c->clock_hz;

    if (isfinite(seen) && seen > 0)
        result_note(c->result, "%.1f %% of the %.4g T that the clock seen allows: %.3f of %.3f GHz",
                    100 * c->result->runs[0].value / seen, 1e-3 * seen, 1e-9 * c->clock_hz,
                    1e-9 * p->clock_hz);
}

/* Energy is of energy_s seconds after the warm-up, in which work was done at the row's speed. */
static void note_energy(struct bench_ctx *c)
{
    const struct result_run *run = &c->result->runs[0];
    double watts = run->energy_j / run->energy_s;

    if (!isfinite(watts) || !(watts > 0))
        return;
    result_note(c->result, "%.3g T%s a watt: %.0f W over %.1f s", 1e-3 * run->value / watts,
                c->result->unit[1] == 'O' ? "OPS" : "FLOPS", watts, run->energy_s);
}

int compute_gpu_limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    const struct compute_gpu *s = state;
    const struct gpu_properties *p = gpu_properties_of(c->device_handle);
    struct gpu_figure f = paper_rate(s, p->capability);

    (void)e;
    if (!isfinite(f.value)) {
        limit_none(out, "compute capability %d.%d: %s", p->capability / 10, p->capability % 10,
                   f.source);
    } else if (!(p->clock_hz > 0)) {
        limit_none(out, "the driver does not say the highest clock");
    } else {
        limit_paper(out, 1e-9 * f.value * p->multiprocessors * p->clock_hz,
                    "%g operations a cycle x %d multiprocessors x %.3f GHz (highest clock); %.90s",
                    f.value, p->multiprocessors, 1e-9 * p->clock_hz, f.source);
        note_clock(c, f.value, p);
    }
    note_energy(c);
    return 0;
}

void compute_gpu_expect(const struct bench_ctx *c, const void *state, struct expected *out)
{
    char settings[96];

    (void)state;
    params_format(c->params, settings, sizeof(settings));
    normal_find(c->device->model, c->bench->name, settings, out);
}

void compute_gpu_teardown(struct bench_ctx *c, void *state)
{
    struct compute_gpu *s = state;

    (void)c;
    loop_row_close(&s->row);
    gemm_gpu_close(&s->gemm);
}
