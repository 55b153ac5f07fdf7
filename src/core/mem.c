/* mem.c - counted allocation, and large regions whose page size is known. */
#include "core/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_uint_fast64_t mem_allocations;
static atomic_uint_fast64_t mem_failing_at; /* the count at which one fails; 0: never */

/* Count one allocation; false when it is the one that a test wants to fail. */
static bool mem_counted(void)
{
    uint64_t n = atomic_fetch_add(&mem_allocations, 1) + 1;

    return n != atomic_load(&mem_failing_at);
}

void *mem_calloc(size_t n, size_t size)
{
    size_t bytes;

    if (!mem_counted() || __builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return calloc(1, bytes ? bytes : 1);
}

void *mem_realloc(void *p, size_t n, size_t size)
{
    size_t bytes;

    if (!mem_counted() || __builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return realloc(p, bytes ? bytes : 1);
}

char *mem_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = mem_calloc(n, 1);

    if (copy)
        memcpy(copy, s, n);
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

uint64_t mem_count(void)
{
    return atomic_load(&mem_allocations);
}

void mem_fail_at(uint64_t n)
{
    atomic_store(&mem_failing_at, n ? atomic_load(&mem_allocations) + n : 0);
}

static const size_t huge_bytes = (size_t)2 << 20;

/* kB of one field in the smaps entry of the mapping that holds p; 0 when it cannot be read. */
static uint64_t smaps_huge_kb(const void *p)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[256];
    bool inside = false;
    uint64_t kb = 0;

    if (!f)
        return 0;
    while (fgets(line, sizeof(line), f)) {
        uintptr_t lo, hi;
        uint64_t value;

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &lo, &hi) == 2)
            inside = (uintptr_t)p >= lo && (uintptr_t)p < hi;
        else if (inside && sscanf(line, "AnonHugePages: %" SCNu64, &value) == 1)
            kb += value;
    }
    fclose(f);
    return kb;
}

static uint64_t available_bytes(void)
{
    FILE *f = fopen("/proc/meminfo", "re");
    char line[128];
    uint64_t kb = 0;

    if (!f)
        return 0;
    while (fgets(line, sizeof(line), f))
        if (sscanf(line, "MemAvailable: %" SCNu64, &kb) == 1)
            break;
    fclose(f);
    return kb * 1024;
}

int region_map(struct region *r, size_t bytes, struct err *e)
{
    uint64_t available = available_bytes();
    void *base;
    size_t mapped, used;

    *r = (struct region){ 0 };
    if (bytes == 0 || __builtin_add_overflow(bytes, 2 * huge_bytes - 1, &mapped))
        return ERR(e, ERR_ARG, "a region of %zu bytes", bytes);
    mapped &= ~(huge_bytes - 1); /* whole huge pages, with one to spare for the alignment */
    if (available && bytes > available)
        return ERR(e, ERR_NOMEM, "%.1f MiB do not fit: %.1f MiB are available",
                   (double)bytes / 1048576, (double)available / 1048576);
    errno = ENOMEM; /* what a planned failure looks like */
    base = mem_counted() ? mmap(NULL, mapped, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                         : MAP_FAILED;
    if (base == MAP_FAILED)
        return ERR(e, ERR_NOMEM, "%.1f MiB: %s (%.1f MiB are available)", (double)bytes / 1048576,
                   strerror(errno), (double)available / 1048576);
    r->base = base;
    r->mapped_bytes = mapped;
    r->bytes = bytes;
    r->p = (void *)(((uintptr_t)base + huge_bytes - 1) & ~(uintptr_t)(huge_bytes - 1));
    used = (bytes + huge_bytes - 1) & ~(huge_bytes - 1);
    /* At least a page is left behind it.  Closed, it keeps the kernel from merging this mapping
     * with the next region's, whose huge pages would then be counted as ours. */
    mprotect((char *)r->p + used, mapped - used - (size_t)((char *)r->p - (char *)base), PROT_NONE);
    madvise(base, mapped, MADV_HUGEPAGE); /* a wish: what came of it is read back below */
    memset(r->p, 0, bytes);
    r->pages = smaps_huge_kb(r->p) * 1024 * 2 >= bytes ? REGION_THP : REGION_BASE;
    return 0;
}

void region_unmap(struct region *r)
{
    if (r->base)
        munmap(r->base, r->mapped_bytes);
    *r = (struct region){ 0 };
}

const char *region_pages_name(enum region_pages pages)
{
    return pages == REGION_THP ? "2 MiB pages (transparent)" : "base pages";
}
