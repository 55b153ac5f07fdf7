/* memory.c - silicon.memory: how fast memory answers, level by level, and over the links.
 *
 * read, write, copy and triad move FP64 arrays and count bytes as STREAM does: what the loop reads
 * plus what it writes, a = b + s c being 24 bytes an element.  latency is one load after the other
 * over a random cycle of cache lines.  On a GPU the arrays lie in its memory, or (level=host) in
 * the host's.  h2d, d2h and bidirectional copy between host and GPU; read, write and bidirectional
 * at level=peer between two GPUs.  A link's bytes count once. */
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/device.h"
#include "host/cpu.h"
#include "host/normal.h"
#include "silicon/memory/memory_latency.h"
#include "silicon/memory/memory_stream.h"
#include "silicon/memory/point.h"

#if HAVE_CUDA
#include "silicon/memory/memory_cache_gpu.h"
#include "silicon/memory/memory_chase_gpu.h"
#include "silicon/memory/memory_gpu.h"
#include "silicon/memory/memory_link_gpu.h"
#endif

/* In the order of the enums in point.h. */
static const char *const op_names[] = { "read", "write", "copy",          "triad", "latency",
                                        "h2d",  "d2h",   "bidirectional", NULL };
static const char *const level_names[] = { "l1", "l2", "l3", "dram", "hbm", "host", "peer", NULL };
static const char *const memory_names[] = { "pinned", "pageable", "managed", NULL };
static const char *const threads_names[] = { "one", "all", NULL };

static const struct axis axes[] = {
    { .name = "op",
      .help =
          "what is done: read, write, copy (a = b), triad (a = b + s c), a dependent load, or a "
          "copy host to GPU, GPU to host, both at once",
      .kind = AXIS_ENUM,
      .names = op_names,
      .normal = "triad" },
    { .name = "level",
      .help =
          "which memory answers: a cache, dram, a GPU's own memory (hbm), the host's or another "
          "GPU's seen from a GPU",
      .kind = AXIS_ENUM,
      .names = level_names,
      .normal = "dram" },
    { .name = "threads",
      .help = "one core, or all (one thread a physical core; all of a GPU)",
      .kind = AXIS_ENUM,
      .names = threads_names,
      .normal = "all" },
    { .name = "memory",
      .help =
          "the host's end of a link: pinned, pageable as any program's, or managed by the driver",
      .kind = AXIS_ENUM,
      .names = memory_names,
      .normal = "pinned" },
    { .name = "peer",
      .help = "the other GPU of a row at level=peer",
      .kind = AXIS_INT,
      .lo = 0,
      .hi = DEVICES_MAX - 2,
      .normal = "1" },
    { .name = "size",
      .help = "bytes of one copy over a link",
      .kind = AXIS_SIZE,
      .lo = 4 << 10,
      .hi = 4LL << 30,
      .normal = "64MiB" },
};

enum { STANDARD_AND_FULL = SUITE_STANDARD | SUITE_FULL };

/* Every ordered pair: each GPU with each other. */
#define PEERS (DEVICE_GPU | DEVICE_EACH_GPU)
#define EVERY "peer=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#define SIZES "size=4KiB,64KiB,1MiB,16MiB,256MiB"

static const struct plan plans[] = {
    { SUITE_QUICK, DEVICE_CPU, "op=triad,read level=dram threads=all", 0.9 },
    { SUITE_QUICK, DEVICE_CPU, "op=read level=l1 threads=one", 0.5 },
    { SUITE_QUICK, DEVICE_CPU, "op=latency level=dram threads=one", 0.9 },
    { SUITE_QUICK, DEVICE_GPU, "op=read,copy level=hbm threads=all", 0.6 },
    { SUITE_QUICK, DEVICE_GPU, "op=h2d memory=pinned size=64MiB", 0.3 },
    { STANDARD_AND_FULL, DEVICE_CPU, "op=* level=dram threads=*", 1.0 },
    { STANDARD_AND_FULL, DEVICE_CPU, "op=* level=l1,l2,l3 threads=*", 0.5 },
    { STANDARD_AND_FULL, DEVICE_GPU, "op=read,write,copy,triad level=hbm threads=all", 1.0 },
    { STANDARD_AND_FULL, DEVICE_GPU, "op=read level=l1,l2 threads=all", 0.4 },
    { STANDARD_AND_FULL, DEVICE_GPU, "op=write,copy level=l2 threads=all", 0.4 },
    { STANDARD_AND_FULL, DEVICE_GPU, "op=latency level=l1,l2,hbm,host threads=one", 0.4 },
    { STANDARD_AND_FULL, DEVICE_GPU, "op=h2d,d2h,bidirectional memory=pinned size=64MiB", 0.5 },
    { STANDARD_AND_FULL, DEVICE_GPU, "op=h2d,d2h memory=pageable size=64MiB", 0.5 },
    { STANDARD_AND_FULL, DEVICE_GPU, "op=read,write level=host memory=pinned", 0.4 },
    { STANDARD_AND_FULL, DEVICE_GPU, "op=read level=host memory=managed", 0.4 },
    { STANDARD_AND_FULL, PEERS, "op=read,write,bidirectional level=peer size=1GiB " EVERY, 0.2 },
    { STANDARD_AND_FULL, PEERS, "op=latency level=peer threads=one " EVERY, 0.2 },
    { SUITE_FULL, DEVICE_GPU, "op=triad level=l2 threads=all", 0.4 },
    { SUITE_FULL, DEVICE_GPU, "op=h2d,d2h,bidirectional memory=pinned " SIZES, 0.4 },
    { SUITE_FULL, DEVICE_GPU, "op=h2d,d2h,bidirectional memory=pageable " SIZES, 0.4 },
    { SUITE_FULL, DEVICE_GPU, "op=read,write level=peer peer=1 " SIZES, 0.3 },
};
#undef PEERS
#undef EVERY
#undef SIZES

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
    struct point p = point_of(c->params);

#if HAVE_CUDA
    if (c->device->kind == DEVICE_GPU) {
        if (point_is_copy(p))
            return &memory_link_hooks;
        if (p.op == POINT_LATENCY)
            return &memory_chase_gpu_hooks;
        return p.level == POINT_L1 || p.level == POINT_L2 ? &memory_cache_gpu_hooks
                                                          : &memory_gpu_hooks;
    }
#endif
    return p.op == POINT_LATENCY ? &memory_latency_hooks : &memory_stream_hooks;
}

/* On a machine with one GPU a single row says that there is no second. */
static bool peer_exists(struct point p, const struct device *d)
{
    return p.peer != d->index && (p.peer < d->of || (d->of == 1 && p.peer == 1));
}

/* Copies; an axis that their rows leave out has its normal value. */
static bool copy_exists(struct point p, const struct device *d)
{
    bool host = p.level == POINT_DRAM && p.memory != POINT_MANAGED;
    bool peer = p.level == POINT_PEER && peer_exists(p, d);

    if (!p.all || p.bytes % 4096 != 0)
        return false;
    if (p.op == POINT_BIDIRECTIONAL) /* of a pair once: it has no order */
        return host || (peer && p.peer > d->index);
    return p.op == POINT_H2D || p.op == POINT_D2H ? host : peer;
}

static bool exists_gpu(struct point p, const struct device *d)
{
    bool whole = p.level == POINT_L2 || p.level == POINT_HBM, host = p.level == POINT_HOST;

    if (point_is_copy(p))
        return copy_exists(p, d);
    if (p.op == POINT_LATENCY)
        return !p.all && (p.level == POINT_L1 || whole || host ||
                          (p.level == POINT_PEER && peer_exists(p, d)));
    if (!p.all || whole)
        return p.all;
    if (p.op == POINT_READ)
        return p.level == POINT_L1 || (host && p.memory != POINT_PAGEABLE);
    return p.op == POINT_WRITE && host && p.memory == POINT_PINNED;
}

static bool exists(const struct params *p, const struct device *d)
{
    struct point point = point_of(p);

    if (d->kind == DEVICE_GPU)
        return exists_gpu(point, d);
    return point.level <= POINT_DRAM && point.op <= POINT_LATENCY &&
           !(point.op == POINT_LATENCY && point.all);
}

/* Copies have a size and two ends; what is inside of one memory has a level and threads. */
static bool applies(const struct params *params, const struct axis *a)
{
    struct point p = point_of(params);
    bool copies = point_is_copy(p);
    bool at_host = p.op == POINT_H2D || p.op == POINT_D2H ||
                   (p.op == POINT_BIDIRECTIONAL && p.level != POINT_PEER);

    if (strcmp(a->name, "level") == 0)
        return !at_host;
    if (strcmp(a->name, "threads") == 0)
        return !copies;
    if (strcmp(a->name, "memory") == 0)
        return at_host || (p.level == POINT_HOST && p.op != POINT_LATENCY);
    if (strcmp(a->name, "peer") == 0)
        return !at_host && p.level == POINT_PEER;
    return strcmp(a->name, "size") != 0 || copies;
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

static int prepare(struct bench_ctx *c, void *state, struct err *e)
{
    const struct point_hooks *h = hooks_of(c);

    return h->prepare ? h->prepare(c, state, e) : 0;
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
    struct memory_cache_gpu cache;
    struct memory_chase_gpu chase;
    struct memory_link link;
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
    .exists = exists,
    .applies = applies,
    .metric_of = metric_of,
    .setup = setup,
    .verify = verify,
    .prepare = prepare,
    .once = once,
    .work = work,
    .limit = limit,
    .expect = expect,
    .teardown = teardown,
};
