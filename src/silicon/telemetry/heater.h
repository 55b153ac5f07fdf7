/* heater.h - a steady load for silicon.telemetry, of loops that other benchmarks check and limit:
 * multiply-adds in registers on all cores, a copy through the memory of a GPU. */
#ifndef SILICON_TELEMETRY_HEATER_H
#define SILICON_TELEMETRY_HEATER_H

#include "core/bench.h"

/* state: zeroed, of a size of its own.  Errors are those of a benchmark's hooks. */
struct heater {
    size_t state_size;
    /* Is there an energy counter?  ERR_NOTSUP with the reason where there is none. */
    int (*meter)(struct bench_ctx *c, struct err *e);
    int (*open)(struct bench_ctx *c, void *state, struct err *e);
    /* One repetition; on a GPU it is enqueued. */
    int (*run)(void *state, struct err *e);
    /* About `seconds` of repetitions, done on return. */
    int (*heat)(void *state, double seconds, struct err *e);
    /* The output of the last repetition; fills c->check. */
    int (*check)(struct bench_ctx *c, void *state, struct err *e);
    void (*work)(const void *state, struct work *w);
    void (*close)(void *state);
};

extern const struct heater heater_cpu;
#if HAVE_CUDA
extern const struct heater heater_gpu;
#endif

#endif
