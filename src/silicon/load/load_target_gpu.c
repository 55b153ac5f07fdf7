/* load_target_gpu.c - loads into a GPU's memory. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/mem.h"
#include "gpu/gpu.h"
#include "gpu/gpu_link.h"
#include "gpu/gpu_wait.h"
#include "gpu/vendor/cufile_api.h"
#include "silicon/load/load_checksum.h"
#include "silicon/load/load_target.h"

enum { BUFFERS = 2 };

/* What the kernel module of GPUDirect Storage shows when it is loaded.  Without it cuFile copies
 * through host memory and calls that success. */
static const char nvidia_fs[] = "/proc/driver/nvidia-fs/version";

struct target {
    const struct load_file *file; /* borrowed */
    enum load_method method;
    struct gpu *gpu; /* borrowed from the worker */
    void *d_data;    /* owned */
    uint64_t *d_sum; /* owned */
    struct region buffer[BUFFERS];
    bool pinned[BUFFERS];
    gpu_link_mark sent[BUFFERS];
    struct cufile cufile;
    bool driver_open, registered;
    void *cufile_handle;
};

static void close_cufile(struct target *t)
{
    if (gpu_wait_gave_up())
        return;
    if (t->registered)
        t->cufile.buffer_deregister(t->d_data);
    if (t->cufile_handle)
        t->cufile.handle_deregister(t->cufile_handle);
    if (t->driver_open)
        t->cufile.driver_close();
    library_close(&t->cufile.dl);
}

static void close_target(void *handle)
{
    struct target *t = handle;
    struct err ignored = { 0 };

    if (!t)
        return;
    if (t->gpu && gpu_enter(t->gpu, &ignored) == 0) {
        gpu_sync(gpu_stream_of(t->gpu), &ignored);
        close_cufile(t);
        gpu_free(t->d_data);
        gpu_free(t->d_sum);
        for (int i = 0; i < BUFFERS; i++) {
            gpu_link_mark_close(t->sent[i]);
            if (t->pinned[i])
                gpu_link_unregister(t->buffer[i].p);
            region_unmap(&t->buffer[i]);
        }
    }
    mem_free(t);
}

static int cufile_failed(const char *what, cufile_error code, struct err *e)
{
    return ERR(e, ERR_NOTSUP, "GPUDirect Storage: %s failed with cuFile error %u", what, code.err);
}

static int open_cufile(struct target *t, struct err *e)
{
    cufile_file file = { .type = CUFILE_HANDLE_FD, .handle.fd = t->file->scratch.fd };
    cufile_error code;
    int rc = 0;

    if (access(nvidia_fs, R_OK) != 0)
        return ERR(e, ERR_NOTSUP,
                   "GPUDirect Storage needs the kernel module nvidia-fs, which is not loaded");
    TRY(cufile_api_open(&t->cufile, e));
    code = t->cufile.driver_open();
    if (code.err != CUFILE_OK)
        return cufile_failed("opening its driver", code, e);
    t->driver_open = true;
    code = t->cufile.handle_register(&t->cufile_handle, &file);
    if (code.err != CUFILE_OK) {
        t->cufile_handle = NULL;
        return cufile_failed("registering the file", code, e);
    }
    code = t->cufile.buffer_register(t->d_data, t->file->bytes, 0);
    if (code.err != CUFILE_OK)
        return cufile_failed("registering device memory", code, e);
    t->registered = true;
out:
    return rc;
}

static int open_buffers(struct target *t, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < BUFFERS; i++) {
        TRY(region_map(&t->buffer[i], LOAD_PART, e));
        TRY(gpu_link_register(t->buffer[i].p, LOAD_PART, e));
        t->pinned[i] = true;
        TRY(gpu_link_mark_open(&t->sent[i], e));
    }
out:
    return rc;
}

static int open_target(struct bench_ctx *c, const struct load_file *f, enum load_method method,
                       void **handle, struct err *e)
{
    struct target *t = mem_calloc(1, sizeof(*t));
    void *d = NULL;
    int rc = 0;

    *handle = t;
    if (!t)
        return ERR(e, ERR_NOMEM, "no memory for a load");
    t->file = f;
    t->method = method;
    t->gpu = c->device_handle;
    TRY(gpu_enter(t->gpu, e));
    TRY(gpu_alloc(&t->d_data, f->bytes, e));
    TRY(gpu_alloc(&d, sizeof(*t->d_sum), e));
    t->d_sum = d;
    if (method == LOAD_READ)
        TRY(open_buffers(t, e));
    if (method == LOAD_GDS)
        TRY(open_cufile(t, e));
out:
    return rc;
}

static int read_part(struct target *t, size_t at, size_t n, struct err *e)
{
    int rc = 0, b = (int)(at / LOAD_PART % BUFFERS);
    gpu_stream s = gpu_stream_of(t->gpu);

    TRY(gpu_link_mark_wait(t->sent[b], e));
    TRY(load_file_read(t->file, t->buffer[b].p, at, n, e));
    TRY(gpu_link_copy((char *)t->d_data + at, t->buffer[b].p, n, s, e));
    TRY(gpu_link_mark_set(t->sent[b], s, e));
out:
    return rc;
}

static int direct_part(struct target *t, size_t at, size_t n, struct err *e)
{
    ssize_t got = t->cufile.read(t->cufile_handle, t->d_data, n, (off_t)at, (off_t)at);

    if (got == (ssize_t)n)
        return 0;
    return ERR(e, ERR_IO, "GPUDirect Storage: %zd of %zu bytes at %zu", got, n, at);
}

static int run(struct bench_ctx *c, void *handle, struct err *e)
{
    struct target *t = handle;
    const struct load_file *f = t->file;
    int rc = 0;

    if (t->method == LOAD_MAPPED)
        madvise((void *)(uintptr_t)f->map, f->bytes, MADV_WILLNEED);
    for (size_t at = 0; at < f->bytes; at += LOAD_PART) {
        size_t n = f->bytes - at < LOAD_PART ? f->bytes - at : LOAD_PART;

        if (t->method == LOAD_MAPPED)
            TRY(gpu_link_copy((char *)t->d_data + at, f->map + at, n, gpu_stream_of(t->gpu), e));
        else if (t->method == LOAD_READ)
            TRY(read_part(t, at, n, e));
        else
            TRY(direct_part(t, at, n, e));
        TRY(bench_progress(c, "load", at + n, f->bytes));
    }
out:
    return rc;
}

static int poison(void *handle, struct err *e)
{
    struct target *t = handle;
    int rc = 0;

    TRY(gpu_enter(t->gpu, e));
    TRY(gpu_fill(t->d_data, 0xff, t->file->bytes, gpu_stream_of(t->gpu), e));
    TRY(gpu_sync(gpu_stream_of(t->gpu), e));
out:
    return rc;
}

static int checksum(void *handle, uint64_t *sum, struct err *e)
{
    struct target *t = handle;
    gpu_stream s = gpu_stream_of(t->gpu);
    int rc = 0;

    TRY(gpu_enter(t->gpu, e));
    TRY(gpu_fill(t->d_sum, 0, sizeof(*sum), s, e));
    TRY(load_checksum(t->d_data, t->file->bytes / sizeof(uint64_t), t->d_sum, s, e));
    TRY(gpu_to_host(sum, t->d_sum, sizeof(*sum), s, e));
out:
    return rc;
}

const struct load_target load_target_gpu = {
    .place = "device memory",
    .open = open_target,
    .run = run,
    .poison = poison,
    .checksum = checksum,
    .close = close_target,
};
