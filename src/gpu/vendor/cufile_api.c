/* cufile_api.c - cuFile, opened at run time. */
#include "gpu/vendor/cufile_api.h"

static const char *const names[] = { "libcufile.so.0", NULL };

#define ROW(member, symbol) { .name = #symbol, .offset = offsetof(struct cufile, member) },
static const struct library_symbol symbols[] = { CUFILE_FUNCTIONS(ROW) };
#undef ROW

int cufile_api_open(struct cufile *out, struct err *e)
{
    static const struct library_want want = {
        .what = "cuFile",
        .names = names,
        .advice = "it comes with the CUDA toolkit or the Python package nvidia-cufile",
        .symbols = symbols,
        .n_symbols = sizeof(symbols) / sizeof(symbols[0]),
        .resident = true,
    };
    struct library library;
    int rc;

    *out = (struct cufile){ 0 };
    rc = library_open(&library, &want, out, e);
    if (rc < 0)
        return rc;
    out->dl = library;
    return 0;
}
