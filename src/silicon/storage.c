/* storage.c - silicon.storage: how fast the file system below --dir reads and writes.
 *
 * A file of its own, written with incompressible data, is read or written through io_uring with a
 * queue that stays full.  With cache=direct nothing but storage answers: O_DIRECT is checked to be
 * in force, and to keep the file out of the page cache.  cache=page measures the operating system's
 * memory copy, says so, and is held against the memory's speed, never against storage's.
 *
 * Size and wear, of each of a row's runs: the file has 256 MiB a second of its time (64 MiB ..
 * 2 GiB, a power of two; less where the disk is too slow to write that in half the time).  Timed
 * writes stop after FILES_WRITTEN such files or half of WRITTEN_MAX, and whatever happens at
 * WRITTEN_MAX: the three runs of a row of `quick` write 3.6 GB at most and those of `full` 8 GB in
 * the ordinary case.  What was written and its bound are in the result.
 *
 * A folder without the space fails the row, because whoever named the folder should know; one that
 * cannot do direct I/O skips it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/bench.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "silicon/storage/block_device.h"
#include "silicon/storage/io_ring.h"
#include "silicon/storage/scratch.h"
#include "silicon/storage/scratch_data.h"

enum op { OP_READ, OP_WRITE, OP_RANDREAD, OP_RANDWRITE };
static const char *const op_names[] = { "read", "write", "randread", "randwrite", NULL };
enum cache { CACHE_DIRECT, CACHE_PAGE };
static const char *const cache_names[] = { "direct", "page", NULL };

enum memory { MEMORY_PLAIN, MEMORY_FIXED };
static const char *const memory_names[] = { "plain", "fixed", NULL };

enum { MIB = 1 << 20 };

static const struct axis axes[] = {
    { .name = "op",
      .help = "sequential read or write, or at random offsets",
      .kind = AXIS_ENUM,
      .names = op_names,
      .normal = "read" },
    { .name = "bs",
      .help = "bytes of one operation",
      .kind = AXIS_SIZE,
      .lo = 4096,
      .hi = MIB,
      .normal = "1MiB" },
    { .name = "depth",
      .help = "operations in flight",
      .kind = AXIS_INT,
      .lo = 1,
      .hi = IO_RING_DEPTH_MAX,
      .normal = "8" },
    { .name = "cache",
      .help = "direct: storage itself (O_DIRECT); page: the page cache, which is no storage",
      .kind = AXIS_ENUM,
      .names = cache_names,
      .normal = "direct" },
    { .name = "memory",
      .help = "plain: buffers as any program has them; fixed: in huge pages, registered once",
      .kind = AXIS_ENUM,
      .names = memory_names,
      .normal = "plain" },
};

static const struct plan plans[] = {
    { SUITE_QUICK, DEVICE_CPU, "op=read,write bs=1MiB depth=8", 1.0 },
    { SUITE_QUICK, DEVICE_CPU, "op=randread bs=4KiB depth=32", 1.0 },
    { SUITE_STANDARD, DEVICE_CPU, "op=read,write bs=1MiB depth=8", 3 },
    { SUITE_STANDARD, DEVICE_CPU, "op=randread bs=4KiB depth=1,32", 3 },
    { SUITE_STANDARD, DEVICE_CPU, "op=randwrite bs=4KiB depth=32", 3 },
    { SUITE_STANDARD, DEVICE_CPU, "op=randread bs=64KiB depth=16", 3 },
    { SUITE_STANDARD, DEVICE_CPU, "op=read bs=1MiB depth=8 cache=page", 2 },
    { SUITE_FULL, DEVICE_CPU, "op=read bs=128KiB,1MiB depth=1,8,32", 4 },
    { SUITE_FULL, DEVICE_CPU, "op=write bs=1MiB depth=1,8,32", 4 },
    { SUITE_FULL, DEVICE_CPU, "op=write bs=128KiB depth=8", 4 },
    { SUITE_STANDARD, DEVICE_CPU, "op=read bs=1MiB depth=8 memory=fixed", 3 },
    { SUITE_FULL, DEVICE_CPU, "op=read,write bs=1MiB depth=8 memory=fixed", 4 },
    { SUITE_FULL, DEVICE_CPU, "op=randread bs=4KiB depth=32 memory=fixed", 4 },
    { SUITE_FULL, DEVICE_CPU, "op=randread bs=4KiB depth=1,4,16,32,64,128", 4 },
    { SUITE_FULL, DEVICE_CPU, "op=randwrite bs=4KiB depth=1,32", 4 },
    { SUITE_FULL, DEVICE_CPU, "op=randread,randwrite bs=64KiB depth=16", 4 },
    { SUITE_FULL, DEVICE_CPU, "op=read bs=1MiB depth=8 cache=page", 2 },
    { SUITE_FULL, DEVICE_CPU, "op=randread bs=4KiB depth=1 cache=page", 2 },
};

#define BANDWIDTH                                                                        \
    {                                                                                    \
        .name = "bandwidth", .unit = "GB/s", .basis = METRIC_BYTES_PER_S, .scale = 1e-9, \
        .direction = HIGHER_IS_BETTER                                                    \
    }
static const struct metric bandwidth = BANDWIDTH;
static const struct metric iops = { .name = "iops",
                                    .unit = "IOPS",
                                    .basis = METRIC_ITEMS_PER_S,
                                    .scale = 1,
                                    .direction = HIGHER_IS_BETTER };

/* The founding document's thresholds, for true storage only. */
static const double THRESHOLD_GBPS = 8, THRESHOLD_IOPS = 10000;

enum {
    FILES_WRITTEN = 8, /* file sizes after which timed writes stop */
    CHECKS = 32,       /* blocks read back by a verification, besides those in the queue */
    FILE_MIN_MIB = 64, /* written however slow the disk is */
    FILE_MAX_MIB = 2048
};
/* Warm-up cannot be stopped; this cannot be passed in any case. */
static const uint64_t WRITTEN_MAX = (uint64_t)4 << 30;

/* A repetition is a batch of operations that takes about this share of a run's time.  Every user of
 * a disk pays for its stalls, and a median over many short batches looks past them; over two dozen
 * it is near what fio gives, all operations over the whole time. */
static const double BATCH_SHARE = 1.0 / 24;
enum { BATCH_MIN = 4 };

struct point {
    enum op op;
    size_t block_bytes;
    int depth;
    enum cache cache;
    enum memory memory;
};

struct storage {
    struct point point;
    struct scratch file;
    struct block_device device;
    struct io_ring ring;
    uint32_t *generation; /* how often each unit was written; owned */
    uint64_t batch;       /* operations in a repetition */
    uint64_t fill_bytes;  /* written before timing */
    uint64_t bound_bytes; /* timing writes no more than these, 0: it reads */
    bool noted;
};

static struct point point_of(const struct params *p)
{
    return (struct point){ .op = (enum op)params_get(p, "op"),
                           .block_bytes = (size_t)params_get(p, "bs"),
                           .depth = (int)params_get(p, "depth"),
                           .cache = (enum cache)params_get(p, "cache"),
                           .memory = (enum memory)params_get(p, "memory") };
}

static bool is_random(enum op op)
{
    return op == OP_RANDREAD || op == OP_RANDWRITE;
}

static bool is_write(enum op op)
{
    return op == OP_WRITE || op == OP_RANDWRITE;
}

static bool exists(const struct params *p, const struct device *d)
{
    (void)d;
    return params_get(p, "bs") % SCRATCH_BLOCK == 0;
}

static const struct metric *metric_of(const struct params *p)
{
    return is_random(point_of(p).op) ? &iops : &bandwidth;
}

static uint64_t file_mib(double seconds, const struct point *p)
{
    uint64_t mib = FILE_MIN_MIB, queue = 4 * (uint64_t)p->depth * p->block_bytes / MIB;

    while (mib < FILE_MAX_MIB && (double)mib < 256 * seconds)
        mib *= 2;
    return mib > queue ? mib : queue;
}

static int open_ring(struct storage *s, struct err *e)
{
    uint64_t units = s->file.bytes / s->point.block_bytes;
    struct io_ring_config cfg = { .fd = s->file.fd,
                                  .write = is_write(s->point.op),
                                  .random = is_random(s->point.op),
                                  .fixed = s->point.memory == MEMORY_FIXED,
                                  .block_bytes = s->point.block_bytes,
                                  .depth = s->point.depth,
                                  .file_bytes = s->file.bytes,
                                  .seed = s->file.cfg.seed };

    if (is_write(s->point.op)) {
        s->bound_bytes = WRITTEN_MAX;
        cfg.operations = s->bound_bytes / s->point.block_bytes;
    }
    s->generation = mem_calloc(units, sizeof(*s->generation));
    if (!s->generation)
        return ERR(e, ERR_NOMEM, "no memory for the counts of %llu units",
                   (unsigned long long)units);
    for (uint64_t i = 0; i < units; i++)
        s->generation[i] = 1; /* as scratch_fill left them */
    cfg.generation = s->generation;
    return io_ring_open(&s->ring, &cfg, e);
}

static int choose_batch(struct storage *s, double seconds, struct err *e)
{
    double per_s = 0;
    int rc = 0;

    TRY(io_ring_rate(&s->ring, fmin(0.1, seconds / 10), &per_s, e));
    s->batch = BATCH_MIN;
    while ((double)s->batch * 1.5 < per_s * seconds * BATCH_SHARE) /* the nearest power of two */
        s->batch *= 2;
out:
    return rc;
}

static int setup(struct bench_ctx *c, void *state, struct err *e)
{
    struct storage *s = state;
    uint64_t mib, min_bytes;
    struct scratch_config cfg = { .dir = c->dir, .seed = c->seed };
    char how[40];
    int rc = 0;

    s->point = point_of(c->params);
    mib = file_mib(c->seconds, &s->point);
    cfg.bytes = mib * MIB;
    cfg.direct = s->point.cache == CACHE_DIRECT;
    min_bytes = 4 * (uint64_t)s->point.depth * s->point.block_bytes;
    if (min_bytes < (uint64_t)FILE_MIN_MIB * MIB)
        min_bytes = (uint64_t)FILE_MIN_MIB * MIB;
    TRY(scratch_open(&s->file, &cfg, e));
    block_device_of_fd(&s->device, s->file.fd);
    TRY(scratch_fill(&s->file, min_bytes, fmax(0.5, c->seconds / 2), e));
    s->fill_bytes = s->file.written;
    TRY(open_ring(s, e));
    TRY(choose_batch(s, c->seconds, e));
    io_ring_how(&s->ring, how, sizeof(how));
    snprintf(c->variant, sizeof(c->variant), "%s, io_uring, %s",
             cfg.direct ? "O_DIRECT" : "page cache", how);
    snprintf(c->inputs, sizeof(c->inputs), "incompressible, each 4 KiB block different, seed %llu",
             (unsigned long long)c->seed);
out:
    return rc;
}

/* Blocks that came back wrong are counted; the first says what is wrong. */
static void count_wrong(struct check *k, int rc)
{
    k->error += rc < 0;
}

static uint64_t blocks_per_unit(const struct storage *s)
{
    return s->point.block_bytes / SCRATCH_BLOCK;
}

static int check_file(struct storage *s, struct check *k, uint64_t number, struct err *e)
{
    uint64_t unit = number / blocks_per_unit(s);
    int rc = scratch_check(&s->file, number, s->generation[unit], e);

    count_wrong(k, rc);
    return rc == ERR_MISMATCH ? 0 : rc;
}

/* What the timed operations themselves left: the buffers of reads hold what the file should, and
 * the file holds what was written last. */
static int check_queue(struct storage *s, struct check *k, struct rng *rng, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < s->point.depth; i++) {
        const struct io_ring_slot *slot = &s->ring.slots[i];
        uint64_t block = rng_below(rng, blocks_per_unit(s));
        uint64_t number = slot->unit * blocks_per_unit(s) + block;

        if (!slot->used)
            continue;
        if (is_write(s->point.op) && i < CHECKS)
            TRY(check_file(s, k, number, e));
        if (!is_write(s->point.op))
            count_wrong(k, scratch_data_check(slot->buf + block * SCRATCH_BLOCK, number,
                                              s->generation[slot->unit], s->file.cfg.seed, e));
    }
out:
    return rc;
}

static int verify(struct bench_ctx *c, void *state, struct err *e)
{
    struct storage *s = state;
    struct check *k = &c->check;
    struct err wrong = { 0 };
    struct rng rng;
    int rc = 0;

    snprintf(k->reference, sizeof(k->reference),
             "content of %d random blocks and of the last operations, made again", CHECKS);
    k->error = k->tolerance = 0;
    rng_init(&rng, c->seed, 2 + s->ring.submitted);
    TRY(io_ring_drain(&s->ring, &wrong));
    TRY(check_queue(s, k, &rng, &wrong));
    for (int i = 0; i < CHECKS; i++)
        TRY(check_file(s, k, rng_below(&rng, s->ring.units * blocks_per_unit(s)), &wrong));
    if (k->error > 0)
        rc = ERR_MISMATCH;
out:
    return rc < 0 ? ERR(e, rc, "%s", wrong.msg) : 0;
}

static uint64_t timed_bytes(const struct storage *s)
{
    return s->bound_bytes ? s->ring.submitted * s->point.block_bytes : 0;
}

static int once(struct bench_ctx *c, void *state, struct err *e)
{
    struct storage *s = state;

    c->enough =
        timed_bytes(s) >= FILES_WRITTEN * s->file.bytes || timed_bytes(s) >= WRITTEN_MAX / 2;
    if (s->bound_bytes && timed_bytes(s) + s->batch * s->point.block_bytes > s->bound_bytes)
        return ERR(e, ERR_TIMEOUT, "%.1f GB are written and no steady speed was seen",
                   (double)timed_bytes(s) * 1e-9);
    return io_ring_run(&s->ring, c, s->batch, e);
}

static void work(const struct bench_ctx *c, const void *state, struct work *w)
{
    const struct storage *s = state;

    (void)c;
    w->bytes[s->point.cache == CACHE_DIRECT ? WORK_STORAGE : WORK_DRAM] =
        (double)s->batch * (double)s->point.block_bytes;
    w->items = (double)s->batch;
}

static void note_file(const struct storage *s, struct result *r)
{
    result_note(r,
                "a file of %.0f MiB on %s, %s%s%s; %.2f GB written by a run (never over %.1f GB)",
                (double)s->file.bytes / MIB,
                s->device.fs[0] ? s->device.fs : "a file system that names no type",
                s->device.disk[0] ? s->device.disk : "no one disk", s->device.model[0] ? " " : "",
                s->device.model, (double)(s->fill_bytes + timed_bytes(s)) * 1e-9,
                (double)(s->fill_bytes + s->bound_bytes) * 1e-9);
}

/* The thresholds name no block size or depth; these are the ones that its own tools used. */
static void note_threshold(const struct storage *s, struct result *r)
{
    bool is_iops = s->point.op == OP_RANDREAD && s->point.block_bytes == 4096;
    double threshold = is_iops ? THRESHOLD_IOPS : THRESHOLD_GBPS;

    if (s->point.cache == CACHE_PAGE)
        result_note(r, "page cache: a copy in memory, not storage; no storage threshold applies");
    else if (is_iops || (!is_random(s->point.op) && s->point.block_bytes == MIB))
        result_note(r, "founding threshold of %.0f %s: %s (%.4g %s)", threshold, r->unit,
                    r->value >= threshold ? "met" : "not met", r->value, r->unit);
    if (s->point.cache == CACHE_DIRECT && s->device.is_virtual)
        result_note(r, "%s is a virtual disk: caches and limits of its host are not seen from here",
                    s->device.disk);
}

static int limit(struct bench_ctx *c, void *state, struct limits *out, struct err *e)
{
    struct storage *s = state;
    bool random = is_random(s->point.op);
    double per_item = (double)s->point.block_bytes;

    if (!s->noted) {
        note_file(s, c->result);
        note_threshold(s, c->result);
        s->noted = true;
    }
    /* A read from the page cache loads each byte from memory once; a write stores it once. */
    if (s->point.cache == CACHE_PAGE)
        return limit_measured(c, out, "silicon.memory",
                              is_write(s->point.op) ? "op=write level=dram threads=one"
                                                    : "op=read level=dram threads=one",
                              random ? 1e9 / per_item : 1, e);
    if (isfinite(s->device.link_bytes_per_s))
        limit_paper(out, s->device.link_bytes_per_s * (random ? 1 / per_item : 1e-9),
                    "%s of %s, line code taken off", s->device.link, s->device.disk);
    else
        limit_none(out, "%s", s->device.why);
    return 0;
}

static void teardown(struct bench_ctx *c, void *state)
{
    struct storage *s = state;

    (void)c;
    io_ring_close(&s->ring);
    scratch_close(&s->file);
    mem_free(s->generation);
    s->generation = NULL;
}

const struct bench bench_silicon_storage = {
    .name = "silicon.storage",
    .question = "How fast does the file system below --dir read and write?",
    .devices = DEVICE_CPU,
    .metric = BANDWIDTH,
    .axes = axes,
    .n_axes = sizeof(axes) / sizeof(axes[0]),
    .plans = plans,
    .n_plans = sizeof(plans) / sizeof(plans[0]),
    .state_size = sizeof(struct storage),
    .setup_timeout_s = 120,
    .ops_latency = true,
    .exists = exists,
    .metric_of = metric_of,
    .setup = setup,
    .verify = verify,
    .once = once,
    .work = work,
    .limit = limit,
    .teardown = teardown,
};
