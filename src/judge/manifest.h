/* manifest.h - what else differs between two runs than the speed: driver, clocks, kernel, build.
 *
 * Shown before any verdict, because a change of the machine explains a change of a figure sooner
 * than a change of the code does. */
#ifndef JUDGE_MANIFEST_H
#define JUDGE_MANIFEST_H

#include "core/record.h"

enum { MANIFEST_MAX = 40, MANIFEST_TEXT = 80 };

struct manifest_change {
    char what[64];                           /* "cuda.driver", "build.flags", "arguments" */
    char a[MANIFEST_TEXT], b[MANIFEST_TEXT]; /* cut at the end; "none" where there is no value */
};

struct manifest {
    struct manifest_change change[MANIFEST_MAX]; /* most telling first */
    int n;
    int left_out;      /* that did not fit */
    bool same_machine; /* the fingerprints agree */
};

/* What may change from run to run by itself (time, load, free memory) is not compared. */
void manifest_compare(const struct run_record *a, const struct run_record *b, struct manifest *out);

#endif
