/* gemm_openblas.c - cblas_sgemm and cblas_dgemm of OpenBLAS. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "silicon/compute/blas_api.h"
#include "silicon/compute/gemm_library.h"

struct openblas {
    blas_sgemm_fn *sgemm;
    blas_dgemm_fn *dgemm;
};

static int run(struct gemm *g, struct err *e)
{
    const struct openblas *o = g->library_state;
    int n = g->n;

    (void)e;
    if (g->dtype == COMPUTE_FP64)
        o->dgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANS, BLAS_NO_TRANS, n, n, n, 1, g->a.p, n, g->b.p, n, 0,
                 g->c.p, n);
    else
        o->sgemm(BLAS_ROW_MAJOR, BLAS_NO_TRANS, BLAS_NO_TRANS, n, n, n, 1, g->a.p, n, g->b.p, n, 0,
                 g->c.p, n);
    return 0;
}

static void openblas_close(struct gemm *g)
{
    mem_free(g->library_state);
}

/* "OpenBLAS 0.3.21 (SkylakeX), 2 threads": the kernels are chosen by OpenBLAS for its idea of the
 * CPU, which explains many a slow result. */
static void describe(struct gemm *g, void *lib)
{
    char *(*config)(void);
    char *(*core)(void);
    int (*threads)(void);
    char version[32] = "";
    const char *family = "?";
    int n = 0;

    if (gemm_library_symbol(lib, "openblas_get_config", &config, NULL) == 0)
        sscanf(config(), "OpenBLAS %31s", version);
    if (gemm_library_symbol(lib, "openblas_get_corename", &core, NULL) == 0)
        family = core();
    if (gemm_library_symbol(lib, "openblas_get_num_threads", &threads, NULL) == 0)
        n = threads();
    snprintf(g->name, sizeof(g->name), "OpenBLAS %.16s (%.20s), %d thread%s", version, family, n,
             n == 1 ? "" : "s");
}

int gemm_openblas_open(struct gemm *g, struct err *e)
{
    static const char *const names[] = { "libopenblas.so.0", "libopenblas.so", NULL };
    void (*set_threads)(int n);
    struct openblas *o;
    void *lib;
    int rc = 0;

    TRY(gemm_library_load(names, "OpenBLAS is not installed (Debian, Ubuntu: libopenblas0)", &lib,
                          e));
    o = mem_calloc(1, sizeof(*o));
    if (!o)
        return ERR(e, ERR_NOMEM, "no memory for OpenBLAS");
    g->library_state = o;
    g->close = openblas_close;
    g->run = run;
    TRY(gemm_library_symbol(lib, "cblas_sgemm", &o->sgemm, e));
    TRY(gemm_library_symbol(lib, "cblas_dgemm", &o->dgemm, e));
    TRY(gemm_library_symbol(lib, "openblas_set_num_threads", &set_threads, e));
    set_threads(g->threads);
    describe(g, lib);
out:
    return rc;
}
