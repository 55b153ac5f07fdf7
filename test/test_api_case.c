/* test_api_case.c - the cases of the benchmark through headroom.h: the same lists and values, and
 * what is refused. */
#include <headroom.h>
#include <string.h>

#include "core/mem.h"
#include "kernels/attention/sparse_case.h"
#include "test.h"

static const struct headroom_sparse_case_want some[] = {
    { .kind = HEADROOM_CASE_HEADS, .blocks = 400, .queries = 2, .seed = 1 },
    { .kind = HEADROOM_CASE_DIAGONAL, .atoms = 5000, .queries = 1, .masks = 1, .seed = 2 },
    { .kind = HEADROOM_CASE_PROTEIN,
      .atoms = 3000,
      .cutoff = 8,
      .queries = 1,
      .masks = 1,
      .seed = 3 },
    { .kind = HEADROOM_CASE_UNIFORM, .atoms = 1000, .percent = 50, .queries = 1, .seed = 4 },
};

static void test_same(const struct headroom_sparse_case_want *want)
{
    struct sparse_case_want w = { .kind = (enum sparse_case_kind)want->kind,
                                  .blocks = want->blocks,
                                  .atoms = want->atoms,
                                  .cutoff = want->cutoff,
                                  .percent = want->percent,
                                  .queries = want->queries,
                                  .masks = want->masks == 1,
                                  .dtype = DTYPE_BF16,
                                  .dim = 64,
                                  .seed = want->seed };
    struct headroom_sparse_case_want with = *want;
    struct headroom_sparse_case *c;
    struct headroom_sparse_lists l;
    struct sparse_case k = { .p = { .heads = 0 } };
    const void *q, *kk, *v;
    struct err e = { 0 };

    with.dtype = HEADROOM_BF16;
    with.dim = 64;
    CHECK_EQ(sparse_case_lists(&k, &w, &e), 0);
    CHECK_EQ(sparse_case_values(&k, &w, &e), 0);
    CHECK_EQ(headroom_sparse_case_make(&c, &with), 0);
    if (!c)
        return;
    headroom_sparse_case_lists(c, &l);
    headroom_sparse_case_values(c, &q, &kk, &v);
    CHECK_EQ(l.heads, k.p.heads);
    CHECK_EQ(l.q_len, k.p.q_len);
    CHECK_EQ(l.n_blocks, sparse_count(&k.p));
    CHECK(l.n_blocks > 0 && (l.n_masks > 0) == (want->masks == 1));
    CHECK(memcmp(l.col, k.p.col, (size_t)l.n_blocks * 4) == 0);
    CHECK(memcmp(q, k.a.q, sparse_case_q_bytes(&k)) == 0);
    CHECK(memcmp(v, k.a.v, sparse_case_kv_bytes(&k)) == 0);
    headroom_sparse_case_free(c);
    sparse_case_release(&k);
    CHECK_EQ(headroom_sparse_case_make(&c, want), 0);
    headroom_sparse_case_values(c, &q, &kk, &v);
    CHECK(!q && !kk && !v);
    headroom_sparse_case_free(c);
}

struct refusal {
    struct headroom_sparse_case_want w;
    const char *says;
};

static void test_refusals(void)
{
    struct refusal r[] = {
        { some[0], "kind 4" },       { some[0], "blocks=300" },  { some[0], "blocks 0" },
        { some[0], "queries 0" },    { some[1], "atoms 0" },     { some[1], "masks 2" },
        { some[2], "cutoff 0" },     { some[3], "percent 101" }, { some[3], "dtype 7" },
        { some[3], "dim 80" },       { some[0], "reserved 1" },  { some[1], "atoms times" },
        { some[0], "blocks times" },
    };
    struct headroom_sparse_case_want missing = some[2];
    struct headroom_sparse_case *c;
    int n = 0;

    r[n++].w.kind = 4;
    r[n++].w.blocks = 300;
    r[n++].w.blocks = 0;
    r[n++].w.queries = 0;
    r[n++].w.atoms = 0;
    r[n++].w.masks = 2;
    r[n++].w.cutoff = 0;
    r[n++].w.percent = 101;
    r[n++].w.dtype = 7;
    r[n].w.dtype = HEADROOM_F16;
    r[n++].w.dim = 80;
    r[n++].w.reserved = 1;
    r[n].w.atoms = 1 << 24;
    r[n++].w.queries = 1 << 16;
    r[n].w.blocks = 200 << 20;
    r[n].w.queries = 1 << 16;
    for (int i = 0; i <= n; i++) {
        c = (struct headroom_sparse_case *)1;
        CHECK_EQ(headroom_sparse_case_make(&c, &r[i].w), HEADROOM_E_ARG);
        CHECK(c == NULL);
        if (!strstr(headroom_error_message(), r[i].says)) {
            fprintf(stderr, "\"%s\" does not say \"%s\"\n", headroom_error_message(), r[i].says);
            CHECK(!"message");
        }
    }
    CHECK_EQ(headroom_sparse_case_make(NULL, &some[0]), HEADROOM_E_ARG);
    CHECK_EQ(headroom_sparse_case_make(&c, NULL), HEADROOM_E_ARG);
    missing.structure = "/nowhere.pdb";
    CHECK_EQ(headroom_sparse_case_make(&c, &missing), HEADROOM_E_IO);
    missing.structure = "README.md";
    CHECK_EQ(headroom_sparse_case_make(&c, &missing), HEADROOM_E_FORMAT);
    headroom_sparse_case_free(NULL);
}

static void test_memory(void)
{
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        struct headroom_sparse_case_want w = some[i];
        struct headroom_sparse_case *c = NULL;
        int n = 0;

        w.dtype = HEADROOM_F16;
        w.dim = 64;
        do {
            mem_fail_at((uint64_t)++n);
        } while (headroom_sparse_case_make(&c, &w) == HEADROOM_E_NOMEM && n < 1000);
        mem_fail_at(0);
        CHECK(c != NULL && n > 3 && n < 1000);
        headroom_sparse_case_free(c);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        test_same(&some[i]);
    test_refusals();
    test_memory();
    TEST_DONE();
}
