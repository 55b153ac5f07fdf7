/* load_target_host.c - loads into host memory: what a program without a GPU does. */
#include <string.h>
#include <sys/mman.h>

#include "core/mem.h"
#include "silicon/load/load_target.h"

struct host {
    const struct load_file *file; /* borrowed */
    enum load_method method;
    struct region memory;
};

static void close_host(void *handle)
{
    struct host *h = handle;

    if (!h)
        return;
    region_unmap(&h->memory);
    mem_free(h);
}

static int open_host(struct bench_ctx *c, const struct load_file *f, enum load_method method,
                     void **handle, struct err *e)
{
    struct host *h = mem_calloc(1, sizeof(*h));
    int rc = 0;

    (void)c;
    *handle = h;
    if (!h)
        return ERR(e, ERR_NOMEM, "no memory for a load");
    h->file = f;
    h->method = method;
    TRY(region_map(&h->memory, f->bytes, e));
out:
    return rc;
}

static int run_host(struct bench_ctx *c, void *handle, struct err *e)
{
    struct host *h = handle;
    const struct load_file *f = h->file;
    int rc = 0;

    if (h->method == LOAD_MAPPED)
        madvise((void *)(uintptr_t)f->map, f->bytes, MADV_WILLNEED);
    for (size_t at = 0; at < f->bytes; at += LOAD_PART) {
        size_t n = f->bytes - at < LOAD_PART ? f->bytes - at : LOAD_PART;
        char *to = (char *)h->memory.p + at;

        if (h->method == LOAD_MAPPED)
            memcpy(to, f->map + at, n);
        else
            TRY(load_file_read(f, to, at, n, e));
        TRY(bench_progress(c, "load", at + n, f->bytes));
    }
out:
    return rc;
}

static int poison(void *handle, struct err *e)
{
    struct host *h = handle;

    (void)e;
    memset(h->memory.p, 0xff, h->file->bytes);
    return 0;
}

static int checksum(void *handle, uint64_t *sum, struct err *e)
{
    const struct host *h = handle;
    const uint64_t *words = h->memory.p;

    (void)e;
    *sum = 0;
    for (size_t i = 0; i < h->file->bytes / sizeof(*words); i++)
        *sum = load_file_add(*sum, i, words[i]);
    return 0;
}

const struct load_target load_target_host = {
    .place = "host memory",
    .open = open_host,
    .run = run_host,
    .poison = poison,
    .checksum = checksum,
    .close = close_host,
};
