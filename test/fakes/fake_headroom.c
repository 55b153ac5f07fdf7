/* fake_headroom.c - libraries with the functions of headroom.h that must not pass for good ones.
 * FAKE is one of OLD (another ABI version), LACKING (no headroom_sparse_run), REFUSING (open gives
 * an error), FAILING (run gives one), STRANGE (codes that are none, words that are not for
 * terminals), EMPTY (open gives no handle), WRONG (results are off by a little), HANGING, CRASHING
 * (run does not come back). */
#include <headroom.h>

#include <signal.h>

enum { OLD, LACKING, REFUSING, FAILING, STRANGE, EMPTY, WRONG, HANGING, CRASHING };

struct headroom_sparse {
    int32_t heads, q_len;
    int32_t dim;
};

struct headroom_ternary {
    int64_t rows;
};

int headroom_abi_version(void)
{
    return FAKE == OLD ? HEADROOM_ABI_VERSION + 1 : HEADROOM_ABI_VERSION;
}

const char *headroom_error_message(void)
{
    return FAKE == STRANGE ? "\x1b[31mred\n" : "the fake does not want to";
}

int headroom_sparse_open(struct headroom_sparse **out, const struct headroom_sparse_lists *lists,
                         const struct headroom_sparse_options *options, void *stream)
{
    static struct headroom_sparse only;

    (void)stream;
    only = (struct headroom_sparse){ lists->heads, lists->q_len, options->dim };
    *out = FAKE == EMPTY ? NULL : &only;
    return FAKE == REFUSING ? HEADROOM_E_NOMEM : FAKE == STRANGE ? -77 : 0;
}

/* What a library does that is asked to run. */
static int act(void)
{
    if (FAKE == CRASHING)
        raise(SIGSEGV);
    for (volatile int on = 1; FAKE == HANGING && on;)
        ;
    return FAKE == FAILING ? HEADROOM_E_ARG : FAKE == STRANGE ? 5 : 0;
}

#ifndef FAKE_LACKING
int headroom_sparse_run(struct headroom_sparse *s, const void *q, const void *k, const void *v,
                        void *o, float *lse, float scale, void *stream)
{
    (void)q, (void)k, (void)v, (void)scale, (void)stream;
    for (int64_t i = 0; i < (int64_t)s->heads * s->q_len; i++) {
        for (int d = 0; d < s->dim; d++)
            ((uint16_t *)o)[i * s->dim + d] = 0x2c00; /* 0.0625 as binary16 */
        if (lse)
            lse[i] = 1;
    }
    return act();
}
#endif

void headroom_sparse_close(struct headroom_sparse *s)
{
    (void)s;
}

int headroom_ternary_open(struct headroom_ternary **out, const struct headroom_ternary_weights *w,
                          const struct headroom_ternary_options *options, void *stream)
{
    static struct headroom_ternary only;

    (void)options, (void)stream;
    only.rows = w->rows;
    *out = FAKE == EMPTY ? NULL : &only;
    return FAKE == REFUSING ? HEADROOM_E_NOMEM : FAKE == STRANGE ? -77 : 0;
}

int headroom_ternary_run(struct headroom_ternary *t, const float *x, float *y, int64_t n,
                         void *stream)
{
    (void)x, (void)stream;
    for (int64_t i = 0; i < n * t->rows; i++)
        y[i] = 1;
    return act();
}

void headroom_ternary_close(struct headroom_ternary *t)
{
    (void)t;
}
