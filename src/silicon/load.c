/* load.c - silicon.load: how fast a file gets to where a model is used.
 *
 * A file of its own, of incompressible data, is loaded whole in each repetition, into a GPU's
 * memory or (on the CPU) the host's.  cache=cold: the page cache is emptied before each load, and
 * mincore has shown that it is; cache=warm: the page cache holds the file, and no storage is
 * measured.
 *
 * Limit  the slower of storage (or the page cache) and the link, both as measured here in the same
 *        state of the cache.  A load that seems faster than either is a measurement fault. */
#include <stdio.h>

#include "core/bench.h"
#include "core/device.h"
#include "core/limits.h"
#include "silicon/load/load_file.h"
#include "silicon/load/load_target.h"
#include "silicon/storage/block_device.h"

static const char *const method_names[] = { "mapped", "read", "gds", NULL };
static const char *const cache_names[] = { "cold", "warm", NULL };

enum { CACHE_COLD, CACHE_WARM };

static const struct axis axes[] = {
    { .name = "method",
      .help =
          "mapped: copied from the file's pages; read: read into buffers; gds: GPUDirect Storage",
      .kind = AXIS_ENUM,
      .names = method_names,
      .normal = "read" },
    { .name = "cache",
      .help = "cold: storage has the file; warm: the page cache has it",
      .kind = AXIS_ENUM,
      .names = cache_names,
      .normal = "cold" },
    { .name = "size",
      .help = "bytes of the file",
      .kind = AXIS_SIZE,
      .lo = 16 << 20,
      .hi = 64LL << 30,
      .normal = "256MiB" },
};

static const struct plan plans[] = {
    { SUITE_STANDARD, DEVICE_GPU, "method=read,mapped cache=cold,warm", 3 },
    { SUITE_STANDARD, DEVICE_CPU, "method=read cache=cold", 3 },
    { SUITE_FULL, DEVICE_CPU | DEVICE_GPU, "method=read,mapped cache=cold,warm size=1GiB", 4 },
    { SUITE_STANDARD | SUITE_FULL, DEVICE_GPU, "method=gds cache=cold size=256MiB", 3 },
};

struct load {
    struct load_file file;
    const struct load_target *target; /* NULL before the file is there */
    void *handle;                     /* the target's */
    bool verified;                    /* the check before timing has been made */
};

static bool exists(const struct params *p, const struct device *d)
{
    bool gds = params_get(p, "method") == LOAD_GDS;

    return params_get(p, "size") % (1 << 20) == 0 &&
           (!gds || (d->kind == DEVICE_GPU && params_get(p, "cache") == CACHE_COLD));
}

static const struct load_target *target_of(const struct bench_ctx *c)
{
#if HAVE_CUDA
    if (c->device->kind == DEVICE_GPU)
        return &load_target_gpu;
#endif
    (void)c;
    return &load_target_host;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    static const char *const variants[] = { [LOAD_MAPPED] = "mmap, madvise(WILLNEED)",
                                            [LOAD_READ] = "pread",
                                            [LOAD_GDS] = "GPUDirect Storage, cuFileRead" };
    struct load *s = state;
    enum load_method method = (enum load_method)params_get(c->params, "method");
    bool cold = params_get(c->params, "cache") == CACHE_COLD;
    struct scratch_config cfg = { .dir = c->dir,
                                  .bytes = (uint64_t)params_get(c->params, "size"),
                                  .direct = cold,
                                  .seed = c->seed };
    struct block_device disk;
    int rc = 0;

    TRY(load_file_open(&s->file, &cfg, method == LOAD_MAPPED, e));
    TRY(load_file_prepare(&s->file, e));
    s->target = target_of(c);
    TRY(s->target->open(c, &s->file, method, &s->handle, e));
    snprintf(c->variant, sizeof(c->variant), "%s%s%s", variants[method],
             method == LOAD_READ && cold ? " (O_DIRECT)" : "",
             method == LOAD_READ && c->device->kind == DEVICE_GPU ? ", two pinned buffers" : "");
    snprintf(c->inputs, sizeof(c->inputs), "incompressible, each 4 KiB block different, seed %llu",
             (unsigned long long)c->seed);
    block_device_of_fd(&disk, s->file.scratch.fd);
    result_note(c->result, "%s: %s; %s%s%s", cold ? "cold" : "warm",
                cold ? "the page cache is empty before each load, as mincore shows"
                     : "from the page cache, no storage is measured",
                disk.fs[0] ? disk.fs : "a file system that names no type",
                disk.disk[0] ? " on " : "", disk.disk);
out:
    return rc;
}

static int prepare(struct bench_ctx *c, void *state, struct err *e)
{
    struct load *s = state;

    (void)c;
    return load_file_prepare(&s->file, e);
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct load *s = state;

    return s->target->run(c, s->handle, e);
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct load *s = state;
    uint64_t sum = 0;
    int rc = 0;

    snprintf(c->check.reference, sizeof(c->check.reference),
             "64-bit position-weighted sum in %s against the host's of the file", s->target->place);
    c->check.tolerance = 0;
    c->check.error = 0;
    /* First what the last timed load left, then a load over poisoned memory. */
    for (int fresh = s->verified ? 0 : 1; fresh <= 1 && c->check.error == 0; fresh++) {
        if (fresh) {
            TRY(s->target->poison(s->handle, e));
            TRY(load_file_prepare(&s->file, e));
            TRY(once(c, s, e));
        }
        TRY(s->target->checksum(s->handle, &sum, e));
        c->check.error = sum == s->file.checksum ? 0 : 1;
    }
    s->verified = true;
    if (c->check.error > 0)
        rc = ERR(e, ERR_MISMATCH, "what arrived in %s is not the file", s->target->place);
out:
    return rc;
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct load *s = state;

    w->bytes[params_get(c->params, "cache") == CACHE_COLD ? WORK_STORAGE : WORK_DRAM] =
        (double)s->file.bytes;
}

/* Storage at its best, with a full queue and memory in large pages, which the loader has as well:
 * the bound is what the disk can do.  Mapped warm pages are copied without the kernel: memory
 * bounds them. */
static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    struct limit_row from = { .device = &device_cpu, .factor = 1 };
    bool warm = params_get(c->params, "cache") == CACHE_WARM;
    int rc = 0;

    (void)state;
    from.bench = "silicon.storage";
    from.settings =
        warm ? "op=read bs=1MiB depth=8 cache=page" : "op=read bs=1MiB depth=8 memory=fixed";
    if (warm && params_get(c->params, "method") == LOAD_MAPPED) {
        from.bench = "silicon.memory";
        from.settings = "op=read level=dram threads=all";
    }
    TRY(limit_measured_on(c, out, &from, e));
    if (c->device->kind == DEVICE_GPU)
        TRY(limit_measured(c, out, "silicon.memory", "op=h2d memory=pinned size=64MiB", 1, e));
out:
    return rc;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct load *s = state;

    (void)c;
    if (s->target)
        s->target->close(s->handle);
    load_file_close(&s->file);
    *s = (struct load){ 0 };
}

const struct bench bench_silicon_load = {
    .name = "silicon.load",
    .question = "How fast does a file get to where a model is used?",
    .devices = DEVICE_CPU | DEVICE_GPU,
    .metric = { .name = "bandwidth",
                .unit = "GB/s",
                .basis = METRIC_BYTES_PER_S,
                .scale = 1e-9,
                .direction = HIGHER_IS_BETTER },
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct load),
    .setup_timeout_s = 120,
    .max_reps = 1,
    .exists = exists,
    .setup = setup,
    .verify = verify,
    .prepare = prepare,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
