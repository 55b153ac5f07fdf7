/* sparse_contacts.h - the blocks of atoms that are near each other: case C. */
#ifndef KERNELS_ATTENTION_SPARSE_CONTACTS_H
#define KERNELS_ATTENTION_SPARSE_CONTACTS_H

#include "kernels/attention/atoms.h"
#include "kernels/attention/sparse_lists.h"

/* Lists of one head in which each atom sees the atoms (itself too) that are no further than
 * `cutoff` angstroms: blocks with any such pair, and masks with these pairs; a block in which all
 * are has no mask.  Time and memory are linear in the pairs: cells as wide as the cutoff are found
 * by a hash.  ERR_ARG where atoms are denser than matter is, ERR_NOMEM. */
int sparse_contacts(struct sparse_lists *l, const struct atoms *a, double cutoff, struct err *e);

#endif
