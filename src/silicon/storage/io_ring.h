/* io_ring.h - a queue of reads or writes that is kept full, through io_uring.
 *
 * Invariants: 1. between io_ring_run calls `depth` operations stay in flight: the device never sees
 * the seams between repetitions; 2. every operation is one unit of block_bytes at a multiple of
 * block_bytes; 3. two writes of one unit are never in flight together, so that what a unit holds is
 * known; 4. memory is released only after the last operation is done.
 *
 * Memory makes a difference: plain buffers are what any program (and fio) has by default, pages
 * that the kernel looks up, pins and lists for each operation; fixed ones lie in huge pages and are
 * registered with the kernel once, the file as well.  Completions are taken in by the waiting
 * thread where the kernel can do that (6.1).  One thread. */
#ifndef SILICON_STORAGE_IO_RING_H
#define SILICON_STORAGE_IO_RING_H

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bench.h"
#include "core/err.h"
#include "core/mem.h"
#include "core/rng.h"

enum { IO_RING_DEPTH_MAX = 256 };

struct io_ring_config {
    int fd; /* borrowed */
    bool write, random;
    bool fixed;          /* huge, registered buffers; else plain ones */
    size_t block_bytes;  /* a multiple of SCRATCH_BLOCK */
    int depth;           /* 1 .. IO_RING_DEPTH_MAX */
    uint64_t file_bytes; /* at least 2 * depth units; the rest below a whole unit is not touched */
    uint64_t seed;       /* of the offsets and of the data */
    uint64_t operations; /* submit no more than these; 0: no bound */
    /* How often each unit was written, all >= 1 at the start; kept up to date by writes.  Borrowed.
     * NULL: every unit is written as its first time. */
    uint32_t *generation;
};

struct io_ring_slot {
    uint8_t *buf;
    uint64_t unit;
    uint64_t started; /* op_start's stamp; 0: none */
    bool used;        /* buf holds what was last read or written */
};

struct io_ring {
    struct io_ring_config cfg;
    struct io_uring uring;
    bool open;
    bool fixed_buffers, fixed_file; /* registered: it may be refused */
    struct region huge;             /* the buffers of a fixed ring; owned */
    void *plain;                    /* those of a plain one; owned */
    struct io_ring_slot *slots;     /* depth of them; owned */
    int *idle;                      /* n_idle slots without an operation; owned */
    int n_idle;
    uint64_t units, next; /* units in the file; the next one in sequence */
    uint64_t ahead;       /* completions that no io_ring_run has been given yet */
    uint64_t submitted;   /* operations, ever */
    struct rng rng;
};

/* Make the ring and fill its buffers; nothing is submitted yet.
 * ERR_NOTSUP when this machine gives no io_uring (the message says what forbids it); ERR_NOMEM. */
int io_ring_open(struct io_ring *r, const struct io_ring_config *cfg, struct err *e);
void io_ring_close(struct io_ring *r); /* waits for what is in flight */

/* Return when n more operations are done (or cfg.operations all are), with the queue full again.
 * Operations are stamped for `c` (may be NULL).  ERR_IO names the operation and its offset. */
int io_ring_run(struct io_ring *r, const struct bench_ctx *c, uint64_t n, struct err *e);

/* How many operations a second it does, from running it for about `seconds`. */
int io_ring_rate(struct io_ring *r, double seconds, double *per_s, struct err *e);

/* Wait for everything in flight and submit nothing more. */
int io_ring_drain(struct io_ring *r, struct err *e);

/* In words, for the result: "plain buffers", "registered, 2 MiB pages (transparent)". */
void io_ring_how(const struct io_ring *r, char *buf, size_t cap);

#endif
