/* registry.h - the table of benchmarks and how a name finds them. */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

#include "core/bench.h"

/* NULL-terminated; the program's own is made from src/bench_list.h, a test links another. */
extern const struct bench *const bench_table[];

/* NULL when there is none. */
const struct bench *registry_find(const char *name);

/* '*' and '?' as in a shell; a name without them must match whole. */
bool registry_matches(const char *pattern, const char *name);

/* The benchmark or suite name nearest to a misspelt one, or NULL. */
const char *registry_nearest(const char *name);

#endif
