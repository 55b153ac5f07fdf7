/* gpu_parity.h - kernel_parity.h for kernels on a GPU: buffers in its memory with guard bytes, and
 * values of the types it reads and writes.
 *
 * A buffer is poisoned with NaN and lies between guards, `gap` bytes away from its natural
 * alignment; what was written outside of it is reported when a case's buffers are freed. */
#ifndef GPU_PARITY_H
#define GPU_PARITY_H

#include "gpu/gpu.h"
#include "kernel_parity.h"
#include "kernels/dtype/dtype.h"

#if HAVE_CUDA
/* As a float of any type the guard is negative and large: none of the operations gives it back. */
enum { GPU_PARITY_GUARD = 256, GPU_PARITY_GUARD_BYTE = 0xc9, GPU_PARITY_ARENA = 64 << 20 };

struct gpu_buffer {
    void *d; /* `bytes` bytes of device memory, all 0xff */
    size_t bytes, gap;
    uint8_t *base;
    gpu_stream stream;
};

/* 0, or the test ends with CUDA's words. */
PARITY_FN void gpu_parity_ok(int rc, const struct err *e)
{
    if (rc == 0)
        return;
    fprintf(stderr, "%s: %s\n", e->where, e->msg);
    exit(1);
}

/* Memory for the buffers of one case: allocating them one by one would take longer than the case.
 * The first call allocates it, 0 bytes give all back. */
PARITY_FN uint8_t *gpu_parity_memory(size_t bytes)
{
    static uint8_t *arena;
    static size_t used;
    const size_t at = used;
    struct err e = { 0 };
    void *d = NULL;

    if (!arena)
        gpu_parity_ok(gpu_alloc(&d, GPU_PARITY_ARENA, &e), &e);
    arena = arena ? arena : d;
    used = bytes == 0 ? 0 : used + (bytes + 255) / 256 * 256;
    CHECK(used <= GPU_PARITY_ARENA);
    return arena + at;
}

PARITY_FN struct gpu_buffer gpu_buffer_new(gpu_stream stream, size_t bytes, size_t gap)
{
    struct gpu_buffer b = { .bytes = bytes, .gap = gap, .stream = stream };
    const size_t all = GPU_PARITY_GUARD + gap + bytes + GPU_PARITY_GUARD;
    struct err e = { 0 };

    b.base = gpu_parity_memory(all);
    b.d = b.base + GPU_PARITY_GUARD + gap;
    gpu_parity_ok(gpu_fill(b.base, GPU_PARITY_GUARD_BYTE, all, stream, &e), &e);
    gpu_parity_ok(gpu_fill(b.d, 0xff, bytes, stream, &e), &e);
    return b;
}

PARITY_FN void gpu_buffer_put(struct gpu_buffer *b, const void *from)
{
    struct err e = { 0 };

    gpu_parity_ok(gpu_to_device(b->d, from, b->bytes, b->stream, &e), &e);
}

/* A copy, to be freed. */
PARITY_FN void *gpu_buffer_get(const struct gpu_buffer *b)
{
    struct err e = { 0 };
    void *p = malloc(b->bytes);

    if (!p)
        exit(1);
    gpu_parity_ok(gpu_to_host(p, b->d, b->bytes, b->stream, &e), &e);
    return p;
}

/* What was written outside of the buffers is wrong; their memory is used again. */
PARITY_FN void gpu_buffers_free(struct gpu_buffer *const *buffers, int n,
                                const struct parity_case *c, struct parity_report *r)
{
    struct err e = { 0 };
    long wrong = 0;

    for (int k = 0; k < n; k++) {
        const struct gpu_buffer *b = buffers[k];
        const size_t before = GPU_PARITY_GUARD + b->gap;
        uint8_t guard[2 * GPU_PARITY_GUARD + 64];

        gpu_parity_ok(gpu_to_host(guard, b->base, before, b->stream, &e), &e);
        gpu_parity_ok(
            gpu_to_host(guard + before, (char *)b->d + b->bytes, GPU_PARITY_GUARD, b->stream, &e),
            &e);
        for (size_t i = 0; i < before + GPU_PARITY_GUARD; i++)
            wrong += guard[i] != GPU_PARITY_GUARD_BYTE;
    }
    if (wrong > 0 && r->wrong == 0)
        snprintf(r->first, sizeof(r->first), "%s %s %s: %ld bytes written outside of a buffer",
                 c->op, c->variant, c->shape->what, wrong);
    r->wrong += wrong;
    gpu_parity_memory(0);
}

/* ---- values of a type */

PARITY_FN size_t gpu_parity_size(enum dtype t)
{
    return (size_t)dtype_info(t)->bytes;
}

/* n floats of this kind that the type holds exactly: huge and denormal are the type's own. */
PARITY_FN void gpu_parity_fill(float *x, size_t n, enum dtype t, const struct parity_case *c,
                               uint64_t stream)
{
    const float f16_size = c->input == PARITY_HUGE       ? 1e-14f
                           : c->input == PARITY_DENORMAL ? 1e32f
                                                         : 1;
    void *typed = malloc(n * gpu_parity_size(t) + 1);

    parity_fill(x, n, c->input, c->seed, stream);
    for (size_t i = 0; i < n && t == DTYPE_F16; i++)
        x[i] *= f16_size;
    dtype_from_f32(t, x, typed, n);
    dtype_to_f32(t, typed, x, n);
    free(typed);
}

/* The floats, which the type holds, as a buffer of it: rows of n, `stride` apart, NaN between. */
PARITY_FN struct gpu_buffer gpu_parity_rows(gpu_stream stream, enum dtype t, const float *x,
                                            size_t rows, size_t n, size_t stride, size_t gap)
{
    const size_t size = gpu_parity_size(t), bytes = ((rows - 1) * stride + n) * size;
    struct gpu_buffer b = gpu_buffer_new(stream, bytes, gap);
    uint8_t *typed = malloc(bytes);

    if (!typed)
        exit(1);
    memset(typed, 0xff, bytes);
    for (size_t r = 0; r < rows; r++)
        dtype_from_f32(t, x + r * n, typed + r * stride * size, n);
    gpu_buffer_put(&b, typed);
    free(typed);
    return b;
}

/* The other way; what lies between the rows must still be NaN. */
PARITY_FN void gpu_parity_get(const struct gpu_buffer *b, enum dtype t, float *x, size_t rows,
                              size_t n, size_t stride, const struct parity_case *c,
                              struct parity_report *r)
{
    const size_t size = gpu_parity_size(t);
    uint8_t *typed = gpu_buffer_get(b);
    long trespass = 0;

    for (size_t i = 0; i < rows; i++) {
        dtype_to_f32(t, typed + i * stride * size, x + i * n, n);
        for (size_t k = (i * stride + n) * size; i + 1 < rows && k < (i + 1) * stride * size; k++)
            trespass += typed[k] != 0xff;
    }
    if (trespass > 0 && r->wrong == 0)
        snprintf(r->first, sizeof(r->first), "%s %s %s: %ld bytes written between rows", c->op,
                 c->variant, c->shape->what, trespass);
    r->wrong += trespass;
    free(typed);
}

/* What rounding a value to the type may add, and where it becomes infinite. */
PARITY_FN double gpu_parity_rounding(enum dtype t, double value)
{
    if (t == DTYPE_F16)
        return 0x1p-11 * fabs(value) + 0x1p-25;
    return t == DTYPE_BF16 ? 0x1p-8 * fabs(value) + 0x1p-134 : 0x1p-24 * fabs(value) + 0x1p-149;
}

PARITY_FN double gpu_parity_most(enum dtype t)
{
    return t == DTYPE_F16 ? 65519.99 : t == DTYPE_BF16 ? 3.3961775e38 : 3.4028234e38;
}
#endif

#endif
