/* nccl_api.c - NCCL, opened at run time. */
#include "gpu/vendor/nccl_api.h"

enum { OLDEST = 21000 }; /* sums and averages of BF16 */

static const char *const names[] = { "libnccl.so.2", NULL };

#define ROW(member, symbol, may_lack) \
    { .name = #symbol, .offset = offsetof(struct nccl, member), .optional = may_lack },
static const struct library_symbol symbols[] = { NCCL_FUNCTIONS(ROW) };
#undef ROW

static int check(const void *functions, struct err *e)
{
    const struct nccl *n = functions;
    int version = 0;

    if (n->get_version(&version) != NCCL_OK)
        return ERR(e, ERR_NOTSUP, "it does not say its version");
    if (version < OLDEST) /* before 2.9 the numbers had one digit less: those are lower still */
        return ERR(e, ERR_NOTSUP, "its version number is %d, and %d (2.10) is the oldest that does",
                   version, OLDEST);
    return 0;
}

int nccl_api_open(struct nccl *out, struct err *e)
{
    static const struct library_want want = {
        .what = "NCCL",
        .names = names,
        .advice = "it comes with PyTorch, the Python package nvidia-nccl-cu13, or as libnccl2",
        .symbols = symbols,
        .n_symbols = sizeof(symbols) / sizeof(symbols[0]),
        .resident = true,
        .check = check,
    };
    struct library library;
    int rc;

    *out = (struct nccl){ 0 };
    rc = library_open(&library, &want, out, e);
    if (rc < 0)
        return rc;
    out->dl = library;
    out->get_version(&out->version);
    return 0;
}
