/* load_target.h - where silicon.load puts a file: host memory or a GPU's.
 *
 * mapped  the file is mapped and copied from its pages, which the kernel is told to fetch
 * read    pread; to a GPU through two pinned buffers, one read while the other is on its way
 * gds     GPUDirect Storage: the disk writes into the GPU's memory, through cuFile */
#ifndef SILICON_LOAD_LOAD_TARGET_H
#define SILICON_LOAD_LOAD_TARGET_H

#include <stdint.h>

#include "core/bench.h"
#include "silicon/load/load_file.h"

/* In the order of the axis's names. */
enum load_method { LOAD_MAPPED, LOAD_READ, LOAD_GDS };

enum { LOAD_PART = 16 << 20 };

/* Hooks of one kind of memory; the handle is theirs.  run() enqueues or does one load of the whole
 * file, and tells its progress. */
struct load_target {
    const char *place; /* "device memory" */
    int (*open)(struct bench_ctx *c, const struct load_file *f, enum load_method method,
                void **handle, struct err *e);
    int (*run)(struct bench_ctx *c, void *handle, struct err *e);
    /* Nothing that a check could take for the file may be there. */
    int (*poison)(void *handle, struct err *e);
    /* Of the file's words as they lie in the target's memory. */
    int (*checksum)(void *handle, uint64_t *sum, struct err *e);
    void (*close)(void *handle); /* accepts NULL */
};

extern const struct load_target load_target_host;
#if HAVE_CUDA
extern const struct load_target load_target_gpu;
#endif

#endif
