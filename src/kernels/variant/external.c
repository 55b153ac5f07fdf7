/* external.c - kernels of a library that the user names. */
#include "kernels/variant/external.h"

#include <ctype.h>
#include <string.h>

static const char none[] = "none";

const char *external_asked(const struct params *p)
{
    const char *path;

    if (!params_has(p, "library"))
        return NULL;
    path = params_text(p, "library");
    return strcmp(path, none) == 0 ? NULL : path;
}

#define SYMBOL(member)                                                \
    {                                                                 \
        "headroom_" #member, offsetof(struct external, member), false \
    }

static int check_version(const void *functions, struct err *e)
{
    const struct external *x = functions;
    const int version = x->abi_version();

    if (version != HEADROOM_ABI_VERSION)
        return ERR(e, ERR_FORMAT, "its ABI version is %d, expected %d", version,
                   HEADROOM_ABI_VERSION);
    return 0;
}

int external_open(struct external *x, const char *path, enum external_part part, struct err *e)
{
    static const struct library_symbol sparse[] = { SYMBOL(abi_version), SYMBOL(error_message),
                                                    SYMBOL(sparse_open), SYMBOL(sparse_run),
                                                    SYMBOL(sparse_close) };
    static const struct library_symbol ternary[] = { SYMBOL(abi_version), SYMBOL(error_message),
                                                     SYMBOL(ternary_open), SYMBOL(ternary_run),
                                                     SYMBOL(ternary_close) };
    const char *const names[] = { path, NULL };
    const struct library_want want = {
        .what = "library",
        .names = names,
        .advice = "expected the path of a shared library",
        .symbols = part == EXTERNAL_SPARSE ? sparse : ternary,
        .n_symbols = sizeof(sparse) / sizeof(sparse[0]),
        .resident = true,
        .check = check_version,
    };
    struct err why = { 0 };

    *x = (struct external){ 0 };
    if (library_open(&x->dl, &want, x, &why) == 0)
        return 0;
    *x = (struct external){ 0 };
    return ERR(e, ERR_FORMAT, "%s", why.msg);
}

void external_close(struct external *x)
{
    library_close(&x->dl);
    *x = (struct external){ 0 };
}

void external_name(const struct external *x, char *out, size_t cap)
{
    const char *slash = strrchr(x->dl.path, '/');

    snprintf(out, cap, "library %.50s", slash ? slash + 1 : x->dl.path);
}

/* Its words, for a terminal and a file of ours. */
static void message_of(const struct external *x, char *out, size_t cap)
{
    const char *said = x->error_message();

    snprintf(out, cap, "%s", said && said[0] ? said : "no message");
    for (char *p = out; *p; p++)
        if (!isprint((unsigned char)*p))
            *p = '?';
}

int external_result(const struct external *x, const char *function, int code, struct err *e)
{
    char said[160];

    if (code == 0)
        return 0;
    message_of(x, said, sizeof(said));
    if (code > 0 || code < HEADROOM_E_DEVICE)
        return ERR(e, ERR_FORMAT, "%s of the library gives %d, which is no code of headroom.h: %s",
                   function, code, said);
    return ERR(e, code, "%s of the library: %s", function, said);
}

int external_sparse_open(const struct external *x, struct headroom_sparse **out,
                         const struct sparse_pattern *p,
                         const struct headroom_sparse_options *options, void *stream, struct err *e)
{
    const struct headroom_sparse_lists lists = { .heads = p->heads,
                                                 .q_len = p->q_len,
                                                 .kv_len = p->kv_len,
                                                 .n_masks = p->n_masks,
                                                 .n_blocks = sparse_count(p),
                                                 .row_ptr = p->row_ptr,
                                                 .col = p->col,
                                                 .mask = p->mask,
                                                 .masks = p->masks };
    int rc = 0;

    *out = NULL;
    TRY(external_result(x, "headroom_sparse_open", x->sparse_open(out, &lists, options, stream),
                        e));
    if (!*out)
        return ERR(e, ERR_FORMAT, "headroom_sparse_open of the library gives no handle");
out:
    return rc;
}

int external_sparse_run(const struct external *x, struct headroom_sparse *s,
                        const struct sparse_args *a, void *stream, struct err *e)
{
    return external_result(x, "headroom_sparse_run",
                           x->sparse_run(s, a->q, a->k, a->v, a->o, a->lse, a->scale, stream), e);
}
