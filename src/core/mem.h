/* mem.h - counted allocation, and large regions whose page size is known.
 *
 * Everything on the host is allocated here, so that the runner can fail a repetition that
 * allocates, and a test can fail the n-th allocation.  Thread-safe. */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Zeroed memory for n objects of `size` bytes, owned by the caller; NULL when it does not fit or
 * n * size wraps.  n or size 0 gives a valid pointer. */
void *mem_calloc(size_t n, size_t size);

/* Grow or shrink to n objects; NULL leaves the old block alone.  New bytes are not zeroed. */
void *mem_realloc(void *p, size_t n, size_t size);

/* A copy of the string, owned by the caller, or NULL. */
char *mem_strdup(const char *s);

void mem_free(void *p);

/* Allocations made since the start of the process (realloc and region_map count as one each). */
uint64_t mem_count(void);

/* Tests: the n-th allocation from now fails (1 = the next); 0 turns that off. */
void mem_fail_at(uint64_t n);

enum region_pages { REGION_BASE, REGION_THP };

/* A large private mapping, aligned to 2 MiB, touched (so resident) and zero. */
struct region {
    void *p;
    size_t bytes;
    enum region_pages pages; /* what the kernel really gave: read back, not assumed */
    size_t mapped_bytes;
    void *base;
};

/* Map `bytes` with transparent huge pages where the kernel grants them.  ERR_NOMEM names the size
 * and what is available.  region_unmap accepts a zeroed region. */
int region_map(struct region *r, size_t bytes, struct err *e);
void region_unmap(struct region *r);
const char *region_pages_name(
    enum region_pages pages); /* "base pages", "2 MiB pages (transparent)" */

#endif
