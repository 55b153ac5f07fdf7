/* fuzz_atoms.c - a PDB or mmCIF file that anybody may have written.
 *
 * Oracles: what is read is finite, no more atoms than the text has room for; their contacts, where
 * they are made, are lists that sparse_check takes, and each atom sees itself. */
#include "fuzz.h"

#include <math.h>

#include "core/mem.h"
#include "kernels/attention/atoms.h"
#include "kernels/attention/sparse_contacts.h"

static void check_contacts(struct atoms *a)
{
    struct sparse_lists l = { 0 };
    struct sparse_pattern p = { .heads = 1, .q_len = a->n, .kv_len = a->n };
    const int n = a->n;

    FUZZ_CHECK(atoms_order(a, NULL) == 0 && a->n == n);
    if (sparse_contacts(&l, a, 5, NULL) == 0) {
        p.row_ptr = l.row_ptr;
        p.col = l.col;
        p.mask = l.mask;
        p.masks = l.masks;
        p.n_masks = l.n_masks;
        FUZZ_CHECK(sparse_check(&p, NULL) == 0);
        FUZZ_CHECK(l.lists == sparse_blocks(n) && l.blocks >= l.lists);
    }
    sparse_lists_release(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct atoms a = { 0 };
    struct err e = { 0 };

    if (atoms_parse(&a, text, size, "fuzz", &e) == 0) {
        FUZZ_CHECK(a.n > 0 && (size_t)a.n <= size);
        for (int i = 0; i < a.n; i++)
            FUZZ_CHECK(isfinite(a.atom[i].at[0]) && isfinite(a.atom[i].at[1]) &&
                       isfinite(a.atom[i].at[2]));
        check_contacts(&a);
    } else {
        FUZZ_CHECK(e.msg[0] && a.n == 0);
    }
    atoms_release(&a);
    free(text);
    return 0;
}
