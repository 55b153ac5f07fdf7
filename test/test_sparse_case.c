/* The cases of block-sparse attention: sizes, densities, masks, seeds; what does not fit. */
#include <unistd.h>

#include "test.h"

#include "kernels/attention/sparse_case.h"

static struct sparse_case_want want(enum sparse_case_kind kind, int atoms)
{
    return (struct sparse_case_want){ .kind = kind,
                                      .blocks = 800,
                                      .atoms = atoms,
                                      .cutoff = 8,
                                      .percent = 20,
                                      .queries = 1,
                                      .dtype = DTYPE_F16,
                                      .dim = 64,
                                      .seed = 42 };
}

static void make(struct sparse_case *k, const struct sparse_case_want *w)
{
    struct err e = { 0 };

    *k = (struct sparse_case){ 0 };
    CHECK_EQ(sparse_case_lists(k, w, &e), 0);
    CHECK_EQ(sparse_case_values(k, w, &e), 0);
    CHECK_STR(e.msg, "");
    CHECK_EQ(sparse_check(&k->p, &e), 0);
}

static bool same_lists(const struct sparse_case *a, const struct sparse_case *b)
{
    const size_t lists = (size_t)sparse_lists(&a->p) + 1, blocks = (size_t)sparse_count(&a->p);

    return sparse_lists(&b->p) + 1 == (int)lists && sparse_count(&b->p) == (int64_t)blocks &&
           memcmp(a->p.row_ptr, b->p.row_ptr, lists * sizeof(int32_t)) == 0 &&
           memcmp(a->p.col, b->p.col, blocks * sizeof(int32_t)) == 0;
}

static void test_heads(void)
{
    struct sparse_case_want w = want(SPARSE_CASE_HEADS, 0);
    struct sparse_case k, again, other;
    struct err e = { 0 };

    make(&k, &w);
    CHECK_EQ(k.p.heads, 4);
    CHECK(k.p.q_len == 4096 && k.p.kv_len == 4096);
    CHECK_EQ(sparse_count(&k.p), 800);
    for (int h = 0; h <= 4; h++)
        CHECK_EQ(k.p.row_ptr[h * 32], 200 * h);
    CHECK(k.p.mask == NULL);
    CHECK_NEAR(sparse_case_seen(&k), 1, 0);
    CHECK_EQ(sparse_case_q_bytes(&k), 4 * 4096 * 64 * 2);
    CHECK_EQ(sparse_case_list_bytes(&k), 4 * (129 + 800));
    make(&again, &w);
    CHECK(same_lists(&k, &again));
    CHECK(memcmp(k.a.q, again.a.q, k.values.bytes) == 0);
    w.seed = 43;
    make(&other, &w);
    CHECK(!same_lists(&k, &other));
    CHECK(memcmp(k.a.q, other.a.q, 1024) != 0);
    sparse_case_release(&k);
    sparse_case_release(&again);
    sparse_case_release(&other);
    w.queries = 3;
    w.masks = true;
    w.dtype = DTYPE_BF16;
    make(&k, &w);
    CHECK(k.p.heads == 12 && sparse_count(&k.p) == 2400 && k.p.n_masks == 2400);
    CHECK_NEAR(sparse_case_seen(&k), 0.5, 0.001);
    sparse_case_release(&k);
    w.blocks = 700;
    CHECK_EQ(sparse_case_lists(&k, &w, &e), ERR_ARG);
    CHECK_STR(e.msg, "blocks=700: expected a multiple of 200, what a head has");
    sparse_case_release(&k);
}

/* Normal: as often below -1 as above 1, and a variance of 1. */
static void test_values(void)
{
    const struct sparse_case_want w = want(SPARSE_CASE_HEADS, 0);
    struct sparse_case k;
    double sum = 0, squares = 0;
    const size_t n = 3 * 4 * 4096 * 64;

    make(&k, &w);
    for (size_t i = 0; i < n; i++) {
        const double x = (double)f16_to_f32(((const uint16_t *)k.a.q)[i]);

        sum += x / (double)n;
        squares += x * x / (double)n;
    }
    CHECK_NEAR(sum, 0, 0.01);
    CHECK_NEAR(squares, 1, 0.02);
    CHECK_NEAR((double)k.a.scale, 0.125, 0);
    sparse_case_release(&k);
}

static void test_diagonal(void)
{
    struct sparse_case_want w = want(SPARSE_CASE_DIAGONAL, 100000);
    struct sparse_case k;
    long off = 0;

    make(&k, &w);
    CHECK_EQ(k.p.heads, 1);
    CHECK_EQ(sparse_lists(&k.p), 782);
    CHECK_EQ(sparse_count(&k.p), 800);
    for (int l = 0; l < 782; l++) {
        bool diagonal = false;

        for (int32_t b = k.p.row_ptr[l]; b < k.p.row_ptr[l + 1]; b++) {
            diagonal |= k.p.col[b] == l;
            off += abs(k.p.col[b] - l) > 1;
        }
        off += !diagonal;
    }
    CHECK_EQ(off, 0);
    sparse_case_release(&k);
    for (int atoms = 1; atoms < 700; atoms += 150) {
        w.atoms = atoms;
        make(&k, &w);
        CHECK(sparse_count(&k.p) >= sparse_blocks(atoms));
        sparse_case_release(&k);
    }
}

static void test_uniform(void)
{
    struct sparse_case_want w = want(SPARSE_CASE_UNIFORM, 4000);
    struct sparse_case k;

    make(&k, &w);
    CHECK_EQ(k.p.heads, 8);
    CHECK_NEAR((double)sparse_count(&k.p) / (8 * 32 * 32), 0.2, 0.02);
    sparse_case_release(&k);
    w.percent = 100;
    make(&k, &w);
    CHECK_EQ(sparse_count(&k.p), 8 * 32 * 32);
    sparse_case_release(&k);
}

/* A larger protein has more blocks, about as many a row; heads share lists and masks. */
static void test_protein(void)
{
    struct sparse_case_want w = want(SPARSE_CASE_PROTEIN, 20000);
    struct sparse_case k, full;
    double a_row;

    w.masks = true;
    make(&k, &w);
    CHECK_EQ(k.p.heads, 8);
    CHECK_EQ(k.p.q_len, 20000);
    a_row = (double)sparse_count(&k.p) / sparse_lists(&k.p);
    CHECK(a_row > 15 && a_row < 40);
    CHECK_EQ(k.p.n_masks * 8, sparse_count(&k.p));
    CHECK(sparse_case_seen(&k) > 0.03 && sparse_case_seen(&k) < 0.3);
    for (int h = 1; h < 8; h++)
        CHECK(memcmp(k.p.col, k.p.col + k.p.row_ptr[h * 157],
                     (size_t)k.p.row_ptr[157] * sizeof(int32_t)) == 0);
    w.masks = false;
    make(&full, &w);
    CHECK(same_lists(&k, &full));
    CHECK(full.p.mask == NULL && full.p.n_masks == 0);
    sparse_case_release(&k);
    sparse_case_release(&full);
    w.structure = "fuzz/corpus/atoms/water.pdb";
    make(&k, &w);
    CHECK(k.p.q_len == 6 && sparse_count(&k.p) == 8);
    sparse_case_release(&k);
}

static void test_does_not_fit(void)
{
    struct sparse_case_want w = want(SPARSE_CASE_UNIFORM, 4000000);
    struct sparse_case k;
    struct err e = { 0 };

    w.percent = 100;
    w.masks = true;
    CHECK_EQ(sparse_case_lists(&k, &w, &e), ERR_NOTSUP);
    CHECK(strstr(e.msg, "the lists of") && strstr(e.msg, "MiB does not fit"));
    sparse_case_release(&k);
    w = want(SPARSE_CASE_DIAGONAL, 16000000);
    w.queries = 64;
    e = (struct err){ 0 };
    CHECK_EQ(sparse_case_lists(&k, &w, &e), 0);
    CHECK_EQ(sparse_case_values(&k, &w, &e), ERR_NOTSUP);
    CHECK(strstr(e.msg, "Q, K and V of") != NULL);
    sparse_case_release(&k);
}

/* A file whose atoms all lie in one place says so, by its name. */
static void test_crowd(void)
{
    char path[64];
    struct sparse_case_want w = want(SPARSE_CASE_PROTEIN, 0);
    struct sparse_case k;
    struct err e = { 0 };
    FILE *f;

    snprintf(path, sizeof(path), "/tmp/headroom-crowd-%d.pdb", (int)getpid());
    f = fopen(path, "w");
    CHECK(f != NULL);
    for (int i = 0; f && i < 3000; i++)
        fprintf(f, "ATOM  %5d  CA  GLY A   1       1.000   2.000   3.000\n", i);
    CHECK(f && fclose(f) == 0);
    w.structure = path;
    CHECK_EQ(sparse_case_lists(&k, &w, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, ".pdb: more than 1088 atoms in a cube") != NULL);
    sparse_case_release(&k);
    remove(path);
}

int main(void)
{
    test_heads();
    test_values();
    test_diagonal();
    test_uniform();
    test_protein();
    test_does_not_fit();
    test_crowd();
    TEST_DONE();
}
