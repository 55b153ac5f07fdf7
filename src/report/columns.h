/* columns.h - a table on a terminal: columns as wide as what they hold, fitted to its width.
 *
 * A table describes its columns, makes one struct columns_row a line, widens by each of them, fits
 * once, and prints.  The first column is the row's label: it is never cut, because it says which
 * row this is.  One that is wider than its column stands on a line of its own. */
#ifndef REPORT_COLUMNS_H
#define REPORT_COLUMNS_H

#include <stdbool.h>
#include <stdio.h>

#include "report/style.h"

enum { COLUMNS_MAX = 10, COLUMNS_CELL = 200, COLUMNS_INDENT = 2 };

struct column {
    const char *head; /* "": none */
    int gap;          /* spaces before it; a column whose cells are all empty takes no room */
    bool right;       /* flush right */
};

struct columns {
    const struct column *column; /* n of them, borrowed */
    int n;
    const int
        *optional; /* n_optional: what a narrow terminal does without, the first to go first; 0,
                          * the label, is made narrower instead; borrowed */
    int n_optional;
    const struct terminal_style *style; /* borrowed */
    int width[COLUMNS_MAX];             /* 0: not shown */
};

struct columns_row {
    char cell[COLUMNS_MAX][COLUMNS_CELL]; /* "": nothing there */
};

/* At least as wide as the cells of this row. */
void columns_widen(struct columns *c, const struct columns_row *r);

/* Wide enough for the heads of what has cells, then without what the terminal has no room for. */
void columns_fit(struct columns *c);

void columns_heads(FILE *f, const struct columns *c);
void columns_print(FILE *f, const struct columns *c, const struct columns_row *r);

/* The label alone, indented and padded to its column: what follows it is the caller's. */
void columns_label(FILE *f, const struct columns *c, const char *label);

/* "silicon.memory, cpu: bandwidth in GB/s" above rows that share it. */
void columns_group(FILE *f, const struct terminal_style *s, const char *name, const char *device,
                   const char *metric, const char *unit);

#endif
