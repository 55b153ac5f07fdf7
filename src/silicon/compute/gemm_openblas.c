/* gemm_openblas.c - cblas_sgemm and cblas_dgemm of OpenBLAS. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/library.h"
#include "core/mem.h"
#include "host/cpu.h"
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

/* The kernels that OpenBLAS takes on a CPU model it does not know. */
static bool is_fallback(const char *core)
{
    static const char *const old[] = { "Prescott", "Core2",   "Penryn", "Dunnington", "Nehalem",
                                       "Atom",     "Generic", "Athlon", "Opteron",    "Barcelona" };

    for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++)
        if (strcasecmp(core, old[i]) == 0)
            return true;
    return false;
}

const char *gemm_openblas_core_type(bool avx2, bool avx512, const char *core)
{
    if (!is_fallback(core) || !avx2)
        return NULL;
    return avx512 ? "SKYLAKEX" : "HASWELL";
}

/* An OpenBLAS older than the CPU falls back to kernels of 2004 and says nothing.  What the library
 * can reach here is the question, so such a one is loaded again with the newest kernels that every
 * CPU with these instructions runs, unless the user has set OPENBLAS_CORETYPE.  This changes the
 * environment of the worker process only. */
static int load(struct library *lib, bool *forced, struct err *e)
{
    static const char *const names[] = { "libopenblas.so.0", "libopenblas.so", NULL };
    struct library_want want = { .what = "OpenBLAS",
                                 .names = names,
                                 .advice = "Debian's and Ubuntu's package is libopenblas0" };
    const struct cpu_info *cpu = cpu_here();
    char *(*core)(void);
    const char *better = NULL;
    int rc = 0;

    TRY(library_open(lib, &want, NULL, e));
    if (library_symbol(lib, "openblas_get_corename", &core, NULL) == 0)
        better = gemm_openblas_core_type(cpu_has(cpu, CPU_AVX2), cpu_has(cpu, CPU_AVX512F), core());
    if (better)
        setenv("OPENBLAS_CORETYPE", better, 0);
    *forced = better != NULL;
    library_close(lib);
    want.resident = true; /* its threads outlive a row */
    TRY(library_open(lib, &want, NULL, e));
out:
    return rc;
}

/* "OpenBLAS 0.3.21 (SkylakeX, forced), 2 threads": the kernels are chosen by OpenBLAS for its idea
 * of the CPU, which explains many a slow result. */
static void describe(struct gemm *g, const struct library *lib, bool forced)
{
    char *(*config)(void);
    char *(*core)(void);
    int (*threads)(void);
    char version[32] = "";
    const char *family = "?";
    int n = 0;

    if (library_symbol(lib, "openblas_get_config", &config, NULL) == 0)
        sscanf(config(), "OpenBLAS %31s", version);
    if (library_symbol(lib, "openblas_get_corename", &core, NULL) == 0)
        family = core();
    if (library_symbol(lib, "openblas_get_num_threads", &threads, NULL) == 0)
        n = threads();
    snprintf(g->name, sizeof(g->name), "OpenBLAS %.10s (%.12s%s), %d thread%s", version, family,
             forced ? ", forced" : "", n, n == 1 ? "" : "s");
}

int gemm_openblas_open(struct gemm *g, struct err *e)
{
    void (*set_threads)(int n);
    struct openblas *o;
    struct library lib;
    bool forced = false;
    int rc = 0;

    TRY(load(&lib, &forced, e));
    o = mem_calloc(1, sizeof(*o));
    if (!o)
        return ERR(e, ERR_NOMEM, "no memory for OpenBLAS");
    g->library_state = o;
    g->close = openblas_close;
    g->run = run;
    TRY(library_symbol(&lib, "cblas_sgemm", &o->sgemm, e));
    TRY(library_symbol(&lib, "cblas_dgemm", &o->dgemm, e));
    TRY(library_symbol(&lib, "openblas_set_num_threads", &set_threads, e));
    set_threads(g->threads);
    describe(g, &lib, forced);
out:
    return rc;
}
