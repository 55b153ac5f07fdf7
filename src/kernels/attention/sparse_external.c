/* sparse_external.c - a library that the user names as a variant of block-sparse attention. */
#include "kernels/attention/sparse_external.h"

#include "core/mem.h"

/* The benchmark's type is the option as it is. */
_Static_assert((int)HEADROOM_F16 == (int)DTYPE_F16 && (int)HEADROOM_BF16 == (int)DTYPE_BF16,
               "types of headroom.h");

struct sparse_external {
    struct external theirs;
    struct headroom_sparse *handle;
};

static void close_library(void *self)
{
    struct sparse_external *x = self;

    if (!x)
        return;
    if (x->handle)
        x->theirs.sparse_close(x->handle);
    external_close(&x->theirs);
    mem_free(x);
}

int sparse_external_open(struct sparse_external **out, const char *path,
                         const struct sparse_pattern *p,
                         const struct headroom_sparse_options *options, gpu_stream stream,
                         struct err *e)
{
    struct sparse_external *x = mem_calloc(1, sizeof(*x));
    int rc = 0;

    *out = NULL;
    if (!x)
        return ERR(e, ERR_NOMEM, "no memory for a library");
    TRY(external_open(&x->theirs, path, EXTERNAL_SPARSE, e));
    TRY(external_sparse_open(&x->theirs, &x->handle, p, options, stream, e));
    *out = x;
out:
    if (rc < 0)
        close_library(x);
    return rc;
}

static int run_library(void *self, const struct sparse_args *a, gpu_stream stream, struct err *e)
{
    const struct sparse_external *x = self;

    return external_sparse_run(&x->theirs, x->handle, a, stream, e);
}

void sparse_external_name(const struct sparse_external *x, char *out, size_t cap)
{
    external_name(&x->theirs, out, cap);
}

const struct sparse_gpu_variant sparse_external_variant = {
    .is = { .name = "library" },
    .run = run_library,
    .close = close_library,
};
