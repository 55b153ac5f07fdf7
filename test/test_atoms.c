/* Atoms: made up, in order, read; which of them are near each other, against all pairs. */
#include "test.h"

#include <math.h>

#include "core/mem.h"
#include "core/rng.h"
#include "kernels/attention/atoms.h"
#include "kernels/attention/sparse_contacts.h"

static double squared(const struct atom *a, const struct atom *b)
{
    double sum = 0;

    for (int d = 0; d < 3; d++)
        sum += ((double)a->at[d] - (double)b->at[d]) * ((double)a->at[d] - (double)b->at[d]);
    return sum;
}

/* As many as wanted, as dense as said, compact, and others for another seed. */
static void test_generate(void)
{
    enum { N = 20000 };
    struct atoms a = { 0 }, b = { 0 };
    struct err e = { 0 };
    double centre[3] = { 0 }, inside = 0;

    CHECK_EQ(atoms_generate(&a, N, 1, &e), 0);
    CHECK_EQ(atoms_generate(&b, N, 1, &e), 0);
    CHECK_EQ(a.n, N);
    CHECK(memcmp(a.atom, b.atom, N * sizeof(*a.atom)) == 0);
    for (int i = 0; i < N; i++)
        for (int d = 0; d < 3; d++)
            centre[d] += (double)a.atom[i].at[d] / N;
    for (int i = 0; i < N; i++) {
        const struct atom c = { { (float)centre[0], (float)centre[1], (float)centre[2] } };

        inside += squared(&a.atom[i], &c) <= 20 * 20;
    }
    CHECK_NEAR(inside / (4 / 3.0 * M_PI * 20 * 20 * 20), 0.1, 0.005);
    atoms_release(&b);
    CHECK_EQ(atoms_generate(&b, N, 2, &e), 0);
    CHECK(memcmp(a.atom, b.atom, N * sizeof(*a.atom)) != 0);
    atoms_release(&a);
    atoms_release(&b);
    for (int n = 1; n < 30; n++) {
        CHECK_EQ(atoms_generate(&a, n, (uint64_t)n, &e), 0);
        CHECK_EQ(a.n, n);
        atoms_release(&a);
    }
}

/* The points of a lattice, along the curve: each is a step from the one before. */
static void test_order(void)
{
    enum { SIDE = 16, N = SIDE * SIDE * SIDE };
    struct atoms a = { 0 };
    struct err e = { 0 };
    long far = 0;

    for (int i = 0; i < N; i++) {
        const int place = i * 1187 % N; /* in some other order */
        const struct atom x = { { (float)(place % SIDE), (float)(place / SIDE % SIDE),
                                  (float)(place / SIDE / SIDE) } };

        CHECK_EQ(atoms_add(&a, x, &e), 0);
    }
    CHECK_EQ(atoms_order(&a, &e), 0);
    CHECK_EQ(a.n, N);
    for (int i = 1; i < N; i++)
        far += squared(&a.atom[i], &a.atom[i - 1]) != 1;
    CHECK_EQ(far, 0);
    atoms_release(&a);
    CHECK_EQ(atoms_order(&a, &e), 0); /* of none */
    atoms_release(&a);
}

/* ---- contacts */

static bool has_bit(const struct sparse_lists *l, int32_t block, int i, int j)
{
    const int bit = i % SPARSE_BLOCK * SPARSE_BLOCK + j % SPARSE_BLOCK;

    return l->mask[block] < 0 ||
           (l->masks[(size_t)l->mask[block] * SPARSE_MASK_WORDS + (size_t)(bit / 32)] >> bit % 32 &
            1);
}

static int32_t block_of(const struct sparse_lists *l, int row, int col)
{
    for (int32_t b = l->row_ptr[row]; b < l->row_ptr[row + 1]; b++)
        if (l->col[b] == col)
            return b;
    return -1;
}

static void check_contacts(const struct atoms *a, double cutoff)
{
    struct sparse_lists l = { 0 };
    struct sparse_pattern p = { .heads = 1, .q_len = a->n, .kv_len = a->n };
    struct err e = { 0 };
    long wrong = 0, set = 0, bits = 0;

    CHECK_EQ(sparse_contacts(&l, a, cutoff, &e), 0);
    CHECK_STR(e.msg, "");
    p.row_ptr = l.row_ptr;
    p.col = l.col;
    p.mask = l.mask;
    p.masks = l.masks;
    p.n_masks = l.n_masks;
    CHECK(a->n == 0 || sparse_check(&p, &e) == 0);
    CHECK_EQ(l.lists, sparse_blocks(a->n));
    for (int i = 0; i < a->n; i++)
        for (int j = 0; j < a->n; j++) {
            const double apart = squared(&a->atom[i], &a->atom[j]);
            const int32_t b = block_of(&l, i / SPARSE_BLOCK, j / SPARSE_BLOCK);
            const bool there = b >= 0 && has_bit(&l, b, i, j);

            if (fabs(apart - cutoff * cutoff) > 1e-3) /* else rounding decides */
                wrong += there != (apart < cutoff * cutoff);
            set += there;
        }
    CHECK_EQ(wrong, 0);
    /* No bit is set for a pair that is not. */
    for (int i = 0; i < l.n_masks * SPARSE_MASK_WORDS; i++)
        bits += __builtin_popcount(l.masks[i]);
    for (int32_t b = 0; b < l.blocks; b++)
        bits += l.mask[b] < 0 ? SPARSE_BLOCK * SPARSE_BLOCK : 0;
    CHECK_EQ(bits, set);
    sparse_lists_release(&l);
}

static void test_contacts(void)
{
    struct atoms a = { 0 };
    struct err e = { 0 };

    CHECK_EQ(atoms_generate(&a, 1500, 3, &e), 0);
    CHECK_EQ(atoms_order(&a, &e), 0);
    check_contacts(&a, 5);
    check_contacts(&a, 10);
    check_contacts(&a, 60); /* everything: blocks without a mask */
    a.n = 1;
    check_contacts(&a, 1);
    /* Far from all others. */
    CHECK_EQ(atoms_add(&a, (struct atom){ { 1e6f, -1e6f, 1e6f } }, &e), 0);
    check_contacts(&a, 1);
    a.n = 0;
    check_contacts(&a, 5);
    atoms_release(&a);
}

/* A crowd would cost the square of the atoms: it is refused. */
static void test_crowd(void)
{
    struct sparse_lists l = { 0 };
    struct atoms a = { 0 };
    struct err e = { 0 };

    for (int i = 0; i < 100000; i++)
        CHECK_EQ(atoms_add(&a, (struct atom){ { 1, 2, 3 } }, &e), 0);
    CHECK_EQ(sparse_contacts(&l, &a, 10, &e), ERR_ARG);
    CHECK(strstr(e.msg, "more than 2064 atoms in a cube of 10 angstroms") != NULL);
    sparse_lists_release(&l);
    atoms_release(&a);
}

/* ---- files */

static int parse(struct atoms *a, const char *text, struct err *e)
{
    *e = (struct err){ 0 };
    return atoms_parse(a, text, strlen(text), "some.file", e);
}

#define LINE_1 "ATOM      1  N   MET A   1      38.428  13.104   6.364  1.00 54.69           N\n"
#define LINE_2 "HETATM    2  O   HOH A   2      -1.500 -20.250 100.000\n"

static void test_pdb(void)
{
    struct atoms a = { 0 };
    struct err e;

    CHECK_EQ(parse(&a, "HEADER    SOMETHING\n" LINE_1 "TER\n" LINE_2 "END\n", &e), 0);
    CHECK_EQ(a.n, 2);
    CHECK_NEAR((double)a.atom[0].at[0], 38.428, 1e-5);
    CHECK_NEAR((double)a.atom[0].at[2], 6.364, 1e-5);
    CHECK_NEAR((double)a.atom[1].at[0], -1.5, 0);
    CHECK_NEAR((double)a.atom[1].at[1], -20.25, 0);
    CHECK_NEAR((double)a.atom[1].at[2], 100, 0);
    atoms_release(&a);
    /* The first of two models; of alternative locations the first; no newline at the end. */
    CHECK_EQ(parse(&a,
                   "MODEL        1\n" LINE_1
                   "ATOM      2  CA AMET A   1      39.428  13.104   6.364\n"
                   "ATOM      3  CA BMET A   1      40.428  13.104   6.364\nENDMDL\n"
                   "MODEL        2\n" LINE_1 "ENDMDL",
                   &e),
             0);
    CHECK_EQ(a.n, 2);
    atoms_release(&a);
    CHECK_EQ(parse(&a, LINE_1 "ATOM      2  CA  MET A   1      39.428  13.1\n", &e), ERR_FORMAT);
    CHECK_STR(e.msg, "some.file:2: the record ends at column 44, expected x, y, z in 31-54");
    CHECK_EQ(parse(&a, LINE_1 "ATOM      2  CA  MET A   1      39.428  13.1x4   6.364\n", &e),
             ERR_FORMAT);
    CHECK_STR(e.msg, "some.file:2: \"  13.1x4\" in columns 39-46, expected the atom's y");
    CHECK_EQ(parse(&a, "ATOM      2  CA  MET A   1         nan  13.104   6.364\n", &e), ERR_FORMAT);
    CHECK_EQ(parse(&a, "ATOM      2  CA  MET A   1        1e40  13.104   6.364\n", &e), ERR_FORMAT);
    CHECK_EQ(parse(&a, "ATOM      2  CA  MET A   1              13.104   6.364\n", &e), ERR_FORMAT);
    CHECK_EQ(parse(&a, "", &e), ERR_FORMAT);
    CHECK_STR(e.msg, "some.file: no atoms: expected ATOM or HETATM records, or mmCIF (data_)");
    CHECK_EQ(a.n, 0);
    CHECK(a.atom == NULL);
    e = (struct err){ 0 };
    CHECK_EQ(atoms_parse(&a, LINE_1 "\0more", sizeof(LINE_1 "\0more") - 1, "some.file", &e),
             ERR_FORMAT);
    CHECK_STR(e.msg, "some.file:2: a NUL byte: this is no text");
}

#define TABLE                                                                                     \
    "# a comment\ndata_1ABC\n_entry.id 1ABC\n_struct.title\n;A text\nloop_ of several lines\n;\n" \
    "loop_\n_cell.x\n_cell.y\n1 2 3 4\n#\nloop_\n_atom_site.group_PDB\n_atom_site.label_alt_id\n" \
    "_atom_site.auth_atom_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n"       \
    "_atom_site.pdbx_PDB_model_num\n"

static void test_mmcif(void)
{
    struct atoms a = { 0 };
    struct err e;

    CHECK_EQ(parse(&a,
                   TABLE
                   "ATOM . N 1.5 -2.25 3(1) 1\nATOM A \"O5'\" 4 5\n 6 1\nATOM B 'x y' 7 8 9 1\n"
                   "HETATM ? O 1e1 11 12.125(12) 1\nATOM . N 1.5 -2.25 3 2\n#\nloop_\n_other.a\n5",
                   &e),
             0);
    CHECK_STR(e.msg, "");
    CHECK_EQ(a.n, 3);
    CHECK_NEAR((double)a.atom[0].at[1], -2.25, 0);
    CHECK_NEAR((double)a.atom[0].at[2], 3, 0);
    CHECK_NEAR((double)a.atom[1].at[2], 6, 0);
    CHECK_NEAR((double)a.atom[2].at[0], 10, 0);
    CHECK_NEAR((double)a.atom[2].at[2], 12.125, 0);
    atoms_release(&a);
    CHECK_EQ(parse(&a, TABLE "ATOM . N 1.5 -2.25 ? 1\n", &e), ERR_FORMAT);
    CHECK_STR(e.msg, "some.file:21: _atom_site.Cartn_z is \"?\", expected a number");
    CHECK_EQ(parse(&a, TABLE "ATOM . N 1.5 -2.25 3 1\nATOM . N 1.5\n", &e), ERR_FORMAT);
    CHECK_STR(e.msg, "some.file:22: a row of 4 values, expected 7");
    CHECK_EQ(parse(&a, TABLE "ATOM . 'N 1.5 -2.25 3 1\n", &e), ERR_FORMAT);
    CHECK_STR(e.msg, "some.file:21: a quote that is not closed in its line");
    CHECK_EQ(parse(&a, "data_x\n_title\n;no end\n", &e), ERR_FORMAT);
    CHECK_STR(e.msg, "some.file:3: the text that begins here has no end (;)");
    CHECK_EQ(parse(&a, "data_x\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n1 2\n", &e), ERR_FORMAT);
    CHECK_STR(e.msg, "some.file:2: the loop of _atom_site has no _atom_site.Cartn_y");
    CHECK_EQ(parse(&a, "data_x\nloop_\n", &e), ERR_FORMAT);
    CHECK_STR(e.msg, "some.file: no atoms: expected a loop of _atom_site");
    CHECK_EQ(parse(&a, TABLE, &e), ERR_FORMAT);
    CHECK_EQ(a.n, 0);
}

static void test_read(void)
{
    struct atoms a = { 0 };
    struct err e = { 0 };

    CHECK_EQ(atoms_read(&a, "test/data/no-such.pdb", &e), ERR_IO);
    CHECK(strstr(e.msg, "test/data/no-such.pdb") != NULL);
    e = (struct err){ 0 };
    CHECK_EQ(atoms_read(&a, "fuzz/corpus/atoms/water.pdb", &e), 0);
    CHECK_STR(e.msg, "");
    CHECK_EQ(a.n, 6);
    atoms_release(&a);
    CHECK_EQ(atoms_read(&a, "fuzz/corpus/atoms/water.cif", &e), 0);
    CHECK_STR(e.msg, "");
    CHECK_EQ(a.n, 6);
    atoms_release(&a);
}

/* The n-th allocation fails: an error, and nothing is kept. */
static void test_memory(void)
{
    for (uint64_t n = 1; n < 12; n++) {
        struct sparse_lists l = { 0 };
        struct atoms a = { 0 };
        struct err e = { 0 };
        int rc;

        mem_fail_at(n);
        rc = atoms_generate(&a, 300, 1, &e);
        rc = rc < 0 ? rc : atoms_order(&a, &e);
        rc = rc < 0 ? rc : sparse_contacts(&l, &a, 5, &e);
        mem_fail_at(0);
        CHECK(rc == 0 || rc == ERR_NOMEM);
        CHECK(n > 1 || rc == ERR_NOMEM);
        sparse_lists_release(&l);
        atoms_release(&a);
    }
}

int main(void)
{
    test_generate();
    test_order();
    test_contacts();
    test_crowd();
    test_pdb();
    test_mmcif();
    test_read();
    test_memory();
    TEST_DONE();
}
