/* memory.c - silicon.memory: how fast memory answers, level by level.
 *
 * read, write, copy and triad move FP64 arrays and count bytes as STREAM does: what the loop reads
 * plus what it writes, a = b + s c being 24 bytes an element.  latency is one load after the other
 * over a random cycle of cache lines.  On a GPU the arrays lie in its memory. */
#include <stdio.h>

#include "core/bench.h"
#include "host/cpu.h"
#include "host/normal.h"
#include "silicon/memory/memory_latency.h"
#include "silicon/memory/memory_stream.h"
#include "silicon/memory/point.h"

#if HAVE_CUDA
#include "silicon/memory/memory_gpu.h"
#endif

static const char *const op_names[] = { "read", "write", "copy", "triad", "latency", NULL };
static const char *const level_names[] = { "l1", "l2", "l3", "dram", "hbm", NULL };
static const char *const threads_names[] = { "one", "all", NULL };

static const struct axis axes[] = {
    { .name = "op",
      .help = "what is done: read, write, copy (a = b), triad (a = b + s c), or a dependent load",
      .kind = AXIS_ENUM,
      .names = op_names,
      .normal = "triad" },
    { .name = "level",
      .help = "which memory answers: a cache, dram, or a GPU's own memory (hbm)",
      .kind = AXIS_ENUM,
      .names = level_names,
      .normal = "dram" },
    { .name = "threads",
      .help = "one core, or all (one thread a physical core; all of a GPU)",
      .kind = AXIS_ENUM,
      .names = threads_names,
      .normal = "all" },
};

enum { STANDARD_AND_FULL = SUITE_STANDARD | SUITE_FULL };

static const struct plan plans[] = {
    { SUITE_QUICK, DEVICE_CPU, "op=triad,read level=dram threads=all", 0.9 },
    { SUITE_QUICK, DEVICE_CPU, "op=read level=l1 threads=one", 0.5 },
    { SUITE_QUICK, DEVICE_CPU, "op=latency level=dram threads=one", 0.9 },
    { SUITE_QUICK, DEVICE_GPU, "op=read,copy level=hbm threads=all", 0.7 },
    { STANDARD_AND_FULL, DEVICE_CPU, "op=* level=dram threads=*", 1.0 },
    { STANDARD_AND_FULL, DEVICE_CPU, "op=* level=l1,l2,l3 threads=*", 0.5 },
    { STANDARD_AND_FULL, DEVICE_GPU, "op=read,write,copy,triad level=hbm threads=all", 1.0 },
};

#define BANDWIDTH                                                                        \
    {                                                                                    \
        .name = "bandwidth", .unit = "GB/s", .basis = METRIC_BYTES_PER_S, .scale = 1e-9, \
        .direction = HIGHER_IS_BETTER                                                    \
    }
static const struct metric bandwidth = BANDWIDTH;

static const struct metric latency = {
    .name = "latency",
    .unit = "ns",
    .basis = METRIC_TIME_PER_ITEM,
    .scale = 1e9,
    .direction = LOWER_IS_BETTER,
};

static const struct point_hooks *hooks_of(const struct bench_ctx *c)
{
#if HAVE_CUDA
    if (c->device->kind == DEVICE_GPU)
        return &memory_gpu_hooks;
#endif
    return point_of(c->params).op == POINT_LATENCY ? &memory_latency_hooks : &memory_stream_hooks;
}

static bool exists(const struct params *p, const struct device *d)
{
    struct point point = point_of(p);

    if (d->kind == DEVICE_GPU)
        return point.level == POINT_HBM && point.all && point.op != POINT_LATENCY;
    return point.level != POINT_HBM && !(point.op == POINT_LATENCY && point.all);
}

static const struct metric *metric_of(const struct params *p)
{
    return point_of(p).op == POINT_LATENCY ? &latency : &bandwidth;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->setup(c, state, e);
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->verify(c, state, e);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    return hooks_of(c)->once(c, state, e);
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    hooks_of(c)->work(c, state, w);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    return hooks_of(c)->limit(c, state, out, e);
}

/* Ranges on file for this CPU generation and number of cores, or for this GPU. */
static void expect(const struct bench_ctx *c, const void *state, struct expected *out)
{
    const struct cpu_info *cpu = cpu_here();
    bool on_gpu = c->device->kind == DEVICE_GPU;
    char point[96], settings[128];

    (void)state;
    params_format(c->params, point, sizeof(point));
    snprintf(settings, sizeof(settings), "%s cores=%d", point,
             point_of(c->params).all ? cpu->n_cores_all : 1);
    normal_find(on_gpu ? c->device->model : uarch_name(cpu->uarch), c->bench->name,
                on_gpu ? point : settings, out);
}

static void teardown(struct bench_ctx *c, void *state)
{
    hooks_of(c)->teardown(c, state);
}

/* The hooks share one state: whichever a row uses. */
union state {
    struct memory_stream stream;
    struct memory_latency latency;
#if HAVE_CUDA
    struct memory_gpu gpu;
#endif
};

const struct bench bench_silicon_memory = {
    .name = "silicon.memory",
    .question = "How fast does memory answer, level by level?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = BANDWIDTH,
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(union state),
    .revisit = DEVICE_CPU | DEVICE_GPU,
    .exists = exists,
    .metric_of = metric_of,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .expect = expect,
    .teardown = teardown,
};
