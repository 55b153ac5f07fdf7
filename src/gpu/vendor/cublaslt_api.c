/* cublaslt_api.c - cuBLASLt, opened at run time. */
#include "gpu/vendor/cublaslt_api.h"

static const char *const names[] = { "libcublasLt.so.13", "libcublasLt.so.12", NULL };

#define ROW(member, symbol) { .name = #symbol, .offset = offsetof(struct cublaslt, member) },
static const struct library_symbol symbols[] = { CUBLASLT_FUNCTIONS(ROW) };
#undef ROW

static int check(const void *functions, struct err *e)
{
    const struct cublaslt *lt = functions;
    size_t version = lt->get_version(), major = version / 10000;

    if (major != 12 && major != 13)
        return ERR(e, ERR_NOTSUP, "it is version %zu.%zu, and 12 or 13 is needed", major,
                   version / 100 % 100);
    return 0;
}

int cublaslt_api_open(struct cublaslt *out, struct err *e)
{
    static const struct library_want want = {
        .what = "cuBLASLt",
        .names = names,
        .advice = "it comes with the CUDA toolkit, PyTorch, or the Python package nvidia-cublas",
        .symbols = symbols,
        .n_symbols = sizeof(symbols) / sizeof(symbols[0]),
        .resident = true,
        .check = check,
    };
    struct library library;
    int rc;

    *out = (struct cublaslt){ 0 };
    rc = library_open(&library, &want, out, e);
    if (rc < 0)
        return rc;
    out->dl = library;
    out->version = out->get_version();
    return 0;
}
