/* bench_table.c - the program's registry, made from bench_list.h. */
#include "core/registry.h"

#define BENCH(id) extern const struct bench bench_##id;
#include "bench_list.h"
#undef BENCH

const struct bench *const bench_table[] = {
#define BENCH(id) &bench_##id,
#include "bench_list.h"
#undef BENCH
    NULL,
};
