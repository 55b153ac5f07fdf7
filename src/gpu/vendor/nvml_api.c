/* nvml_api.c - NVML, opened at run time. */
#include "gpu/vendor/nvml_api.h"

static const char *const names[] = { "libnvidia-ml.so.1", NULL };

#define ROW(member, symbol, may_lack) \
    { .name = #symbol, .offset = offsetof(struct nvml, member), .optional = may_lack },
static const struct library_symbol symbols[] = { NVML_FUNCTIONS(ROW) };
#undef ROW

int nvml_api_open(struct nvml *out, struct err *e)
{
    static const struct library_want want = {
        .what = "NVML",
        .names = names,
        .advice = "it comes with NVIDIA's driver",
        .symbols = symbols,
        .n_symbols = sizeof(symbols) / sizeof(symbols[0]),
    };
    struct library library;
    unsigned status;
    int rc;

    *out = (struct nvml){ 0 };
    rc = library_open(&library, &want, out, e);
    if (rc < 0)
        return rc;
    status = out->init();
    if (status != NVML_OK) {
        rc = ERR(e, ERR_NOTSUP, "NVML does not start: %s", out->error_string(status));
        library_close(&library);
        *out = (struct nvml){ 0 };
        return rc;
    }
    out->dl = library;
    return 0;
}

void nvml_api_close(struct nvml *n)
{
    struct library library = n->dl;

    if (library.handle)
        n->shutdown();
    *n = (struct nvml){ 0 };
    library_close(&library);
}
