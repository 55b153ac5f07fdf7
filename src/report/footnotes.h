/* footnotes.h - numbered remarks under a table; the same words have the same number.
 *
 * Notes that differ only in their figures are one remark, with the range: "coefficient of variation
 * 10 to 24 %".  A table of forty rows would otherwise drag forty lines behind it. */
#ifndef REPORT_FOOTNOTES_H
#define REPORT_FOOTNOTES_H

#include <stddef.h>

#include "core/result.h"

enum { FOOTNOTE_FIGURES = 6, FOOTNOTE_DIGITS = 16 };

struct footnote {
    char *text; /* as it came first; owned */
    /* The figures in it, in order, with the smallest and the largest that were seen. */
    struct footnote_range {
        double lo, hi;
        char lo_text[FOOTNOTE_DIGITS], hi_text[FOOTNOTE_DIGITS];
    } range[FOOTNOTE_FIGURES];
    int n_figures; /* 0: none, or the words must be the same to the letter */
};

struct footnotes {
    struct footnote *list; /* n of them, number i + 1; owned */
    int n, cap;
};

void footnotes_release(struct footnotes *fn);

/* What there is to remark on a row: its notes, an unstable run, a value outside of what machines
 * of its kind reach, a missing limit, an origin other than a measurement.  Writes the numbers as
 * "1,3" to marks.  Without memory remarks are left out. */
void footnotes_add(struct footnotes *fn, const struct result *r, char *marks, size_t cap);

/* Marks with three or more numbers in a row as "3-5": their column must leave room for figures. */
void footnotes_shorten(const char *marks, char *out, size_t cap);

/* The words of remark number i + 1, with ranges. */
void footnotes_text(const struct footnotes *fn, int i, char *out, size_t cap);

#endif
