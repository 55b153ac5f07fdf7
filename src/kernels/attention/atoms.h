/* atoms.h - where the atoms of a protein are: made up from a seed, or read from a PDB or mmCIF
 * file.  What case C of block-sparse attention is cut from. */
#ifndef KERNELS_ATTENTION_ATOMS_H
#define KERNELS_ATTENTION_ATOMS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { ATOMS_MAX = 1 << 24 };

struct atom {
    float at[3]; /* angstroms */
};

struct atoms {
    struct atom *atom; /* owned; n of them, room for cap */
    int n, cap;
};

void atoms_release(struct atoms *a);

/* ERR_NOMEM; ERR_FORMAT beyond ATOMS_MAX. */
int atoms_add(struct atoms *a, struct atom x, struct err *e);

/* A compact globule of n atoms, 0.1 in a cubic angstrom: a protein has 1.35 g/cm^3, residues of
 * 110 Da and 15.6 atoms with hydrogens, hence 0.115; the rest are crevices and cavities.  Sites of
 * a cubic lattice, each moved a little, inside an ellipsoid of seeded shape. */
int atoms_generate(struct atoms *a, int n, uint64_t seed, struct err *e);

/* Along a Hilbert curve (Skilling 2004), so that atoms near each other have near numbers. */
int atoms_order(struct atoms *a, struct err *e);

/* The atoms of the first model of a file that begins like mmCIF ("data_") or is PDB: of alternative
 * locations the first.  ERR_IO; ERR_FORMAT says "name:line: what was expected". */
int atoms_read(struct atoms *a, const char *path, struct err *e);

/* The same of a text of n bytes, followed by a NUL; name is for messages. */
int atoms_parse(struct atoms *a, const char *text, size_t n, const char *name, struct err *e);

#endif
