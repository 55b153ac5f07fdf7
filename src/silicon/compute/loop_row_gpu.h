/* loop_row_gpu.h - the loops of loop_gpu.h on one GPU: buffers, choice by measurement, launches,
 * and the check of every block of every launch. */
#ifndef SILICON_COMPUTE_LOOP_ROW_GPU_H
#define SILICON_COMPUTE_LOOP_ROW_GPU_H

#include "core/bench.h"
#include "silicon/compute/loop_gpu.h"

enum { LOOP_ROW_TRIED = 8 };

struct loop_row {
    struct gpu *gpu; /* borrowed from the row's context */
    unsigned seed;
    bool zeros;
    const struct loop_gpu *loop; /* the chosen one */
    const struct loop_gpu *tried[LOOP_ROW_TRIED];
    int n_tried;
    struct loop_gpu_args args; /* device memory is owned */
    int launches;              /* one repetition */
    unsigned launched;         /* since the marks were cleared */
};

/* Loops of this type by this path, or by any (LOOP_GPU_PATHS): is there one at all? */
bool loop_row_exists(enum gpu_type type, enum loop_gpu_path path);

/* Choose the fastest loop that this device has and prepare it.  A repetition is about 2 ms at the
 * device's highest clock.  ERR_NOTSUP says what is missing. */
int loop_row_open(struct loop_row *r, struct bench_ctx *c, enum gpu_type type,
                  enum loop_gpu_path path, bool zeros, struct err *e);
/* The same with this loop and no other. */
int loop_row_open_one(struct loop_row *r, struct bench_ctx *c, const struct loop_gpu *loop,
                      bool zeros, struct err *e);
void loop_row_close(struct loop_row *r);

/* Enqueue one repetition. */
int loop_row_run(struct loop_row *r, struct err *e);

/* Check all launches since the last call (one is made if there was none); with zeros, one with
 * other factors besides.  ERR_MISMATCH. */
int loop_row_check(struct loop_row *r, struct check *check, struct err *e);

/* Operations of one repetition. */
double loop_row_ops(const struct loop_row *r);

#endif
