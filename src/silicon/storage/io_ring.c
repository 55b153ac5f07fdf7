/* io_ring.c - a queue of reads or writes that is kept full, through io_uring. */
#include "silicon/storage/io_ring.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "core/clock.h"
#include "core/size.h"
#include "host/sysfile.h"
#include "silicon/storage/scratch_data.h"

/* In io_ring_config.generation: a write of this unit is in flight. */
#define IN_FLIGHT 0x80000000U

/* Flags that newer liburing headers name. */
#ifndef IORING_SETUP_COOP_TASKRUN
#define IORING_SETUP_COOP_TASKRUN (1U << 8)
#endif
#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER (1U << 12)
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_DEFER_TASKRUN (1U << 13)
#endif

static int no_uring(int why, struct err *e)
{
    int64_t disabled = 0;

    if (why == ENOMEM)
        return ERR(e, ERR_NOMEM,
                   "no memory for an io_uring; older kernels count it against the "
                   "limit of locked memory (ulimit -l)");
    if (why != EPERM && why != ENOSYS && why != EACCES)
        return ERR(e, ERR_IO, "io_uring: %s", strerror(why));
    if (sysfile_int("", "/proc/sys/kernel/io_uring_disabled", &disabled, NULL) == 0 && disabled)
        return ERR(e, ERR_NOTSUP,
                   "io_uring is switched off here: sysctl kernel.io_uring_disabled is %d, 0 would "
                   "allow it",
                   (int)disabled);
    return ERR(e, ERR_NOTSUP,
               "io_uring is refused (%s): this kernel has none, or a container's seccomp filter "
               "forbids it",
               strerror(why));
}

static int uring_open(struct io_ring *r, struct err *e)
{
    static const unsigned flags[] = { IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
                                      IORING_SETUP_COOP_TASKRUN, 0 };
    int rc = -EINVAL;

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && rc == -EINVAL; i++)
        rc = io_uring_queue_init((unsigned)r->cfg.depth, &r->uring, flags[i]);
    if (rc < 0)
        return no_uring(-rc, e);
    r->open = true;
    return 0;
}

/* Registering saves the kernel work for each operation; where it is refused (locked memory is
 * limited before 5.12 and for other users) the ring works without. */
static void register_all(struct io_ring *r)
{
    struct iovec iov[IO_RING_DEPTH_MAX];

    for (int i = 0; i < r->cfg.depth; i++)
        iov[i] = (struct iovec){ r->slots[i].buf, r->cfg.block_bytes };
    r->fixed_buffers = io_uring_register_buffers(&r->uring, iov, (unsigned)r->cfg.depth) == 0;
    r->fixed_file = io_uring_register_files(&r->uring, &r->cfg.fd, 1) == 0;
}

static int map_buffers(struct io_ring *r, size_t bytes, struct err *e)
{
    uint8_t *p;

    if (r->cfg.fixed && region_map(&r->huge, bytes, e) < 0)
        return ERR_NOMEM;
    if (!r->cfg.fixed) {
        r->plain = mem_calloc(bytes + SCRATCH_BLOCK, 1);
        if (!r->plain)
            return ERR(e, ERR_NOMEM, "no memory for buffers of %zu bytes", bytes);
    }
    p = r->cfg.fixed ? r->huge.p : r->plain;
    p += -(uintptr_t)p % SCRATCH_BLOCK; /* as O_DIRECT asks */
    scratch_data_fill(p, bytes / SCRATCH_BLOCK, r->cfg.seed);
    for (int i = 0; i < r->cfg.depth; i++)
        r->slots[i].buf = p + (size_t)i * r->cfg.block_bytes;
    return 0;
}

int io_ring_open(struct io_ring *r, const struct io_ring_config *cfg, struct err *e)
{
    size_t bytes;
    int rc = 0;

    *r = (struct io_ring){ .cfg = *cfg, .units = cfg->file_bytes / cfg->block_bytes };
    BUG_ON(cfg->depth < 1 || cfg->depth > IO_RING_DEPTH_MAX);
    BUG_ON(cfg->block_bytes == 0 || cfg->block_bytes % SCRATCH_BLOCK != 0);
    BUG_ON(r->units < 2 * (uint64_t)cfg->depth);
    TRY(size_mul((size_t)cfg->depth, cfg->block_bytes, &bytes));
    r->slots = mem_calloc((size_t)cfg->depth, sizeof(*r->slots));
    r->idle = mem_calloc((size_t)cfg->depth, sizeof(*r->idle));
    if (!r->slots || !r->idle) {
        rc = ERR(e, ERR_NOMEM, "no memory for a queue of %d operations", cfg->depth);
        goto out;
    }
    TRY(map_buffers(r, bytes, e));
    rng_init(&r->rng, cfg->seed, 1);
    for (int i = 0; i < cfg->depth; i++)
        r->idle[r->n_idle++] = cfg->depth - 1 - i;
    TRY(uring_open(r, e));
    if (cfg->fixed)
        register_all(r);
out:
    if (rc < 0)
        io_ring_close(r);
    return rc;
}

void io_ring_close(struct io_ring *r)
{
    if (r->open) {
        io_ring_drain(r, NULL);
        /* The kernel takes a ring down in its own time; what the file holds is free now. */
        if (r->fixed_file)
            io_uring_unregister_files(&r->uring);
        if (r->fixed_buffers)
            io_uring_unregister_buffers(&r->uring);
        io_uring_queue_exit(&r->uring);
    }
    region_unmap(&r->huge);
    mem_free(r->plain);
    mem_free(r->slots);
    mem_free(r->idle);
    *r = (struct io_ring){ 0 };
}

static uint64_t unit_next(struct io_ring *r)
{
    const uint32_t *generation = r->cfg.write ? r->cfg.generation : NULL;
    uint64_t unit;

    do {
        if (r->cfg.random) {
            unit = rng_below(&r->rng, r->units);
        } else {
            unit = r->next;
            r->next = r->next + 1 == r->units ? 0 : r->next + 1;
        }
    } while (generation && (generation[unit] & IN_FLIGHT));
    return unit;
}

static void slot_stamp(struct io_ring *r, struct io_ring_slot *s)
{
    const size_t blocks = r->cfg.block_bytes / SCRATCH_BLOCK;
    uint32_t generation = 1;

    if (r->cfg.generation) {
        generation = r->cfg.generation[s->unit] + 1;
        r->cfg.generation[s->unit] = generation | IN_FLIGHT;
    }
    scratch_data_stamp(s->buf, blocks, s->unit * blocks, generation, r->cfg.seed);
}

static void slot_queue(struct io_ring *r, const struct bench_ctx *c, int index)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
    struct io_ring_slot *s = &r->slots[index];
    unsigned bytes = (unsigned)r->cfg.block_bytes;
    int fd = r->fixed_file ? 0 : r->cfg.fd;
    uint64_t offset;

    BUG_ON(!sqe); /* the ring has an entry for each slot */
    s->unit = unit_next(r);
    s->used = true;
    offset = s->unit * r->cfg.block_bytes;
    if (r->cfg.write)
        slot_stamp(r, s);
    if (r->cfg.write && r->fixed_buffers)
        io_uring_prep_write_fixed(sqe, fd, s->buf, bytes, offset, index);
    else if (r->cfg.write)
        io_uring_prep_write(sqe, fd, s->buf, bytes, offset);
    else if (r->fixed_buffers)
        io_uring_prep_read_fixed(sqe, fd, s->buf, bytes, offset, index);
    else
        io_uring_prep_read(sqe, fd, s->buf, bytes, offset);
    if (r->fixed_file)
        sqe->flags |= IOSQE_FIXED_FILE;
    sqe->user_data = (uint64_t)index;
    s->started = c ? op_start(c) : 0;
    r->submitted++;
}

static int slot_done(struct io_ring *r, const struct bench_ctx *c, const struct io_uring_cqe *cqe,
                     struct err *e)
{
    struct io_ring_slot *s = &r->slots[cqe->user_data];

    if (c && s->started)
        op_done(c, s->started);
    r->idle[r->n_idle++] = (int)cqe->user_data;
    if (r->cfg.write && r->cfg.generation)
        r->cfg.generation[s->unit] &= ~IN_FLIGHT;
    if (cqe->res == (int)r->cfg.block_bytes)
        return 0;
    s->used = false;
    if (cqe->res < 0)
        return ERR(e, ERR_IO, "%s of %zu bytes at byte %" PRIu64 ": %s",
                   r->cfg.write ? "write" : "read", r->cfg.block_bytes,
                   s->unit * r->cfg.block_bytes, strerror(-cqe->res));
    return ERR(e, ERR_IO, "%s of %zu bytes at byte %" PRIu64 " moved only %d",
               r->cfg.write ? "write" : "read", r->cfg.block_bytes, s->unit * r->cfg.block_bytes,
               cqe->res);
}

/* Hand over what is queued, wait until at least `wait` are done, take in all that are. */
static int turn(struct io_ring *r, const struct bench_ctx *c, unsigned wait, struct err *e)
{
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;
    int rc;

    do
        rc = io_uring_submit_and_wait(&r->uring, wait);
    while (rc == -EINTR);
    if (rc < 0 && rc != -EAGAIN && rc != -EBUSY) /* those two: try again after taking in */
        return ERR(e, ERR_IO, "io_uring: %s", strerror(-rc));
    rc = 0;
    io_uring_for_each_cqe(&r->uring, head, cqe)
    {
        int one = slot_done(r, c, cqe, e);

        rc = rc < 0 ? rc : one;
        seen++;
    }
    io_uring_cq_advance(&r->uring, seen);
    r->ahead += seen;
    return rc;
}

static int hand_over(struct io_ring *r, struct err *e)
{
    int rc = io_uring_submit(&r->uring);

    /* Those three: handed over with the next turn. */
    return rc >= 0 || rc == -EAGAIN || rc == -EBUSY || rc == -EINTR
               ? 0
               : ERR(e, ERR_IO, "io_uring: %s", strerror(-rc));
}

/* Every operation but the last is handed over as soon as it is prepared, as fio does by default;
 * the last goes with the wait that follows.  Of a batch the kernel holds the first back until it
 * has prepared the last, and the device stands idle for so long: with 32 reads of 4 KiB that took a
 * sixth of a virtual disk's speed. */
static int queue_idle(struct io_ring *r, const struct bench_ctx *c, struct err *e)
{
    int rc = 0;

    while (r->n_idle > 0 && (r->cfg.operations == 0 || r->submitted < r->cfg.operations)) {
        slot_queue(r, c, r->idle[--r->n_idle]);
        if (r->n_idle > 0)
            TRY(hand_over(r, e));
    }
out:
    return rc;
}

int io_ring_run(struct io_ring *r, const struct bench_ctx *c, uint64_t n, struct err *e)
{
    int rc = 0;

    for (;;) {
        TRY(queue_idle(r, c, e));
        if (r->ahead >= n || r->n_idle == r->cfg.depth)
            break;
        TRY(turn(r, c, 1, e));
    }
    r->ahead -= r->ahead < n ? r->ahead : n;
    rc = hand_over(r, e);
out:
    return rc;
}

int io_ring_rate(struct io_ring *r, double seconds, double *per_s, struct err *e)
{
    uint64_t started = clock_now_ns(), n = 0;
    double elapsed = 0;
    int rc = 0;

    while (elapsed < seconds) {
        TRY(io_ring_run(r, NULL, (uint64_t)r->cfg.depth, e));
        n += (uint64_t)r->cfg.depth;
        elapsed = (double)(clock_now_ns() - started) * 1e-9;
    }
    *per_s = (double)n / elapsed;
out:
    return rc;
}

int io_ring_drain(struct io_ring *r, struct err *e)
{
    int rc = 0;

    while (r->n_idle < r->cfg.depth) {
        int before = r->n_idle, one = turn(r, NULL, 1, e);

        rc = rc < 0 ? rc : one;
        if (one < 0 && r->n_idle == before)
            break; /* the ring itself is broken: nothing will come any more */
    }
    r->ahead = 0;
    return rc;
}

void io_ring_how(const struct io_ring *r, char *buf, size_t cap)
{
    if (r->cfg.fixed)
        snprintf(buf, cap, "%s, %s", r->fixed_buffers ? "registered" : "not registered",
                 region_pages_name(r->huge.pages));
    else
        snprintf(buf, cap, "plain buffers");
}
