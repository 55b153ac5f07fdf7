/* gemm_onednn.c - oneDNN: dnnl_sgemm, dnnl_gemm_u8s8s32, and the matmul primitive for BF16.
 *
 * Versions 2 and 3 differ in how a primitive is described: 2 fills structs of the caller, 3 makes
 * objects of its own.  The BLAS-like functions are the same in both. */
#include <stdio.h>
#include <string.h>

#include "core/library.h"
#include "core/mem.h"
#include "silicon/compute/blas_api.h"
#include "silicon/compute/gemm_library.h"

enum { OMP_PAUSE_HARD = 2 }; /* OpenMP 5.0: give all resources back, threads among them */

struct onednn {
    struct library lib;
    int major;
    dnn_sgemm_fn *sgemm;
    dnn_gemm_u8s8s32_fn *gemm_u8s8s32;
    /* BF16 only; the objects are owned */
    unsigned (*execute)(const void *primitive, void *stream, int n, const struct dnn_arg *args);
    unsigned (*stream_wait)(void *stream);
    void *engine, *stream, *primitive, *memory[3];
    struct dnn_arg args[3];
};

static int status(unsigned s, const char *what, struct err *e)
{
    if (s == DNN_OK)
        return 0;
    if (s == DNN_UNIMPLEMENTED)
        return ERR(e, ERR_NOTSUP, "oneDNN has no %s for this CPU", what);
    return ERR(e, ERR_IO, "oneDNN: %s failed with status %u", what, s);
}

static int run(struct gemm *g, struct err *e)
{
    struct onednn *o = g->library_state;
    const int32_t zero = 0;
    int64_t n = g->n;

    if (g->dtype == COMPUTE_FP32)
        return status(o->sgemm('N', 'N', n, n, n, 1, g->a.p, n, g->b.p, n, 0, g->c.p, n),
                      "FP32 GEMM", e);
    if (g->dtype == COMPUTE_INT8)
        return status(o->gemm_u8s8s32('N', 'N', 'F', n, n, n, 1, g->a.p, n, 0, g->b.p, n, 0, 0,
                                      g->c.p, n, &zero),
                      "INT8 GEMM", e);
    if (o->execute(o->primitive, o->stream, 3, o->args) != DNN_OK)
        return ERR(e, ERR_IO, "oneDNN: BF16 matmul failed");
    return status(o->stream_wait(o->stream), "stream wait", e);
}

static void destroy(struct onednn *o, const char *symbol, void *object)
{
    unsigned (*f)(void *object);

    if (object && library_symbol(&o->lib, symbol, &f, NULL) == 0)
        f(object);
}

static void onednn_close(struct gemm *g)
{
    struct onednn *o = g->library_state;
    int (*end_threads)(int how);

    for (int i = 0; i < 3; i++)
        destroy(o, "dnnl_memory_destroy", o->memory[i]);
    destroy(o, "dnnl_primitive_destroy", o->primitive);
    destroy(o, "dnnl_stream_destroy", o->stream);
    destroy(o, "dnnl_engine_destroy", o->engine);
    /* OpenMP's threads would wait for more work, busily at first, beside the next row. */
    if (o->lib.handle && library_symbol(&o->lib, "omp_pause_resource_all", &end_threads, NULL) == 0)
        end_threads(OMP_PAUSE_HARD);
    mem_free(o);
}

/* Make *pd, the description of C (f32) = A (bf16) x B (bf16), and *desc[3], that of the matrices;
 * desc_store holds them where the version wants the caller to. */
static int describe_v2(struct onednn *o, const int64_t *dims, const int64_t *strides, void **pd,
                       void **desc, struct err *e)
{
    unsigned (*md_init)(void *md, int n, const int64_t *d, unsigned type, const int64_t *s);
    unsigned (*op_init)(void *op, const void *a, const void *b, const void *bias, const void *c);
    unsigned (*pd_create)(void **pd, const void *op, const void *attr, void *engine,
                          const void *hint);
    _Alignas(64) unsigned char op[DNN_OP_DESC_BYTES] = { 0 };
    int rc = 0;

    TRY(library_symbol(&o->lib, "dnnl_memory_desc_init_by_strides", &md_init, e));
    TRY(library_symbol(&o->lib, "dnnl_matmul_desc_init", &op_init, e));
    TRY(library_symbol(&o->lib, "dnnl_primitive_desc_create", &pd_create, e));
    for (int i = 0; i < 3; i++)
        TRY(status(md_init(desc[i], 2, dims, i < 2 ? DNN_BF16 : DNN_F32, strides),
                   "memory description", e));
    TRY(status(op_init(op, desc[0], desc[1], NULL, desc[2]), "matmul description", e));
    TRY(status(pd_create(pd, op, NULL, o->engine, NULL), "BF16 matmul", e));
out:
    return rc;
}

static int describe_v3(struct onednn *o, const int64_t *dims, const int64_t *strides, void **pd,
                       void **desc, struct err *e)
{
    unsigned (*md_create)(void **md, int n, const int64_t *d, unsigned type, const int64_t *s);
    unsigned (*pd_create)(void **pd, void *engine, const void *a, const void *b, const void *bias,
                          const void *c, const void *attr);
    int rc = 0;

    TRY(library_symbol(&o->lib, "dnnl_memory_desc_create_with_strides", &md_create, e));
    TRY(library_symbol(&o->lib, "dnnl_matmul_primitive_desc_create", &pd_create, e));
    for (int i = 0; i < 3; i++)
        TRY(status(md_create(&desc[i], 2, dims, i < 2 ? DNN_BF16 : DNN_F32, strides),
                   "memory description", e));
    TRY(status(pd_create(pd, o->engine, desc[0], desc[1], NULL, desc[2], NULL), "BF16 matmul", e));
out:
    return rc;
}

/* Engine, stream, primitive and the three memories; all end up in *o. */
static int matmul_open(struct gemm *g, struct onednn *o, struct err *e)
{
    static const int arg_of[3] = { DNN_ARG_SRC, DNN_ARG_WEIGHTS, DNN_ARG_DST };
    _Alignas(64) unsigned char store[3][DNN_MEMORY_DESC_BYTES] = { 0 };
    const int64_t dims[DNN_DIMS] = { g->n, g->n }, strides[DNN_DIMS] = { g->n, 1 };
    void *pd = NULL, *desc[3] = { store[0], store[1], store[2] };
    void *const data[3] = { g->a.p, g->b.p, g->c.p };
    unsigned (*engine_create)(void **engine, unsigned kind, size_t index);
    unsigned (*stream_create)(void **stream, void *engine, unsigned flags);
    unsigned (*primitive_create)(void **primitive, const void *pd);
    unsigned (*memory_create)(void **memory, const void *desc, void *engine, void *handle);
    int rc = 0;

    if (o->major >= 3)
        memset(desc, 0, sizeof(desc));
    TRY(library_symbol(&o->lib, "dnnl_engine_create", &engine_create, e));
    TRY(library_symbol(&o->lib, "dnnl_stream_create", &stream_create, e));
    TRY(library_symbol(&o->lib, "dnnl_primitive_create", &primitive_create, e));
    TRY(library_symbol(&o->lib, "dnnl_memory_create", &memory_create, e));
    TRY(library_symbol(&o->lib, "dnnl_primitive_execute", &o->execute, e));
    TRY(library_symbol(&o->lib, "dnnl_stream_wait", &o->stream_wait, e));
    TRY(status(engine_create(&o->engine, DNN_CPU, 0), "engine", e));
    TRY(status(stream_create(&o->stream, o->engine, 1 /* in order */), "stream", e));
    TRY(o->major >= 3 ? describe_v3(o, dims, strides, &pd, desc, e)
                      : describe_v2(o, dims, strides, &pd, desc, e));
    TRY(status(primitive_create(&o->primitive, pd), "BF16 matmul", e));
    for (int i = 0; i < 3; i++) {
        TRY(status(memory_create(&o->memory[i], desc[i], o->engine, data[i]), "memory", e));
        o->args[i] = (struct dnn_arg){ .arg = arg_of[i], .memory = o->memory[i] };
    }
out:
    destroy(o, "dnnl_primitive_desc_destroy", pd);
    for (int i = 0; i < 3 && o->major >= 3; i++)
        destroy(o, "dnnl_memory_desc_destroy", desc[i]);
    return rc;
}

/* The instruction set that oneDNN uses (dnnl_cpu_isa_t), which may be less than the CPU has. */
static const char *isa_name(unsigned isa)
{
    static const struct {
        unsigned isa;
        const char *name;
    } names[] = {
        { 0x1, "SSE4.1" },         { 0x3, "AVX" },           { 0x7, "AVX2" },
        { 0x27, "AVX-512" },       { 0x67, "AVX-512 VNNI" }, { 0xe7, "AVX-512 BF16" },
        { 0x1ef, "AVX-512 FP16" }, { 0x407, "AVX2 VNNI" }, /* of version 2 */
        { 0xf, "AVX2 VNNI" },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].isa == isa)
            return names[i].name;
    return (isa & 0x3e7) == 0x3e7 ? "AMX" : "other";
}

static void describe(struct gemm *g, struct onednn *o)
{
    const struct dnn_version *(*version)(void);
    unsigned (*isa)(void);
    const char *path = "?";
    int minor = 0, patch = 0;

    if (library_symbol(&o->lib, "dnnl_version", &version, NULL) == 0) {
        o->major = version()->major;
        minor = version()->minor;
        patch = version()->patch;
    }
    if (library_symbol(&o->lib, "dnnl_get_effective_cpu_isa", &isa, NULL) == 0)
        path = isa_name(isa());
    snprintf(g->name, sizeof(g->name), "oneDNN %d.%d.%d (%s), %d thread%s", o->major, minor, patch,
             path, g->threads, g->threads == 1 ? "" : "s");
}

int gemm_onednn_open(struct gemm *g, struct err *e)
{
    static const char *const names[] = { "libdnnl.so.3", "libdnnl.so.2", "libdnnl.so", NULL };
    static const struct library_want want = { .what = "oneDNN",
                                              .names = names,
                                              .advice = "Debian's package is libdnnl2 or libdnnl3",
                                              .resident = true };
    void (*set_threads)(int n);
    struct onednn *o = mem_calloc(1, sizeof(*o));
    int rc = 0;

    if (!o)
        return ERR(e, ERR_NOMEM, "no memory for oneDNN");
    g->library_state = o;
    g->close = onednn_close;
    g->run = run;
    TRY(library_open(&o->lib, &want, NULL, e));
    /* The packages are built on OpenMP, whose thread count belongs to the calling thread. */
    TRY(library_symbol(&o->lib, "omp_set_num_threads", &set_threads, e));
    set_threads(g->threads);
    describe(g, o);
    TRY(library_symbol(&o->lib, "dnnl_sgemm", &o->sgemm, e));
    TRY(library_symbol(&o->lib, "dnnl_gemm_u8s8s32", &o->gemm_u8s8s32, e));
    if (g->dtype == COMPUTE_BF16)
        TRY(matmul_open(g, o, e));
out:
    return rc;
}
