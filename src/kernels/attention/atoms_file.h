/* atoms_file.h - the formats behind atoms_parse. */
#ifndef KERNELS_ATTENTION_ATOMS_FILE_H
#define KERNELS_ATTENTION_ATOMS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/attention/atoms.h"

/* A text and how far it has been read. */
struct atoms_text {
    const char *name;
    const char *begin, *p, *end; /* *end is NUL */
    int line;                    /* of p, from 1 */
};

int atoms_parse_pdb(struct atoms *a, struct atoms_text *t, struct err *e);
int atoms_parse_mmcif(struct atoms *a, struct atoms_text *t, struct err *e);

/* A coordinate, n characters with blanks around it; in mmCIF an uncertainty in brackets may follow.
 * false where it is none, or no atom can be there. */
bool atoms_coordinate(const char *p, size_t n, bool uncertainty, float *out);

#endif
