/* footnotes.h - numbered remarks under a table; the same words have the same number. */
#ifndef REPORT_FOOTNOTES_H
#define REPORT_FOOTNOTES_H

#include <stddef.h>

#include "core/result.h"

struct footnotes {
    char **text; /* n of them, number i + 1; owned */
    int n, cap;
};

void footnotes_release(struct footnotes *fn);

/* What there is to remark on a row: its notes, an unstable run, a value outside of what machines
 * of its kind reach, a missing limit, an origin other than a measurement.  Writes the numbers as
 * "1,3" to marks.  Without memory remarks are left out. */
void footnotes_add(struct footnotes *fn, const struct result *r, char *marks, size_t cap);

#endif
