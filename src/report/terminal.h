/* terminal.h - what a person reads after a run: the machine, the table, the closing line.
 *
 * Every figure stands beside its limit, and the headroom left is the last column.  Everything that
 * came from outside is cleaned of control characters. */
#ifndef REPORT_TERMINAL_H
#define REPORT_TERMINAL_H

#include <stdio.h>

#include "core/record.h"
#include "report/findings.h"
#include "report/style.h"

/* Run, machine, and `warning` where it is not NULL (a busy machine ...).  3 to 5 lines. */
void terminal_header(FILE *f, const struct run_record *r, const char *warning,
                     const struct terminal_style *style);

/* The rows by level and benchmark: value and half the width of its 95 % interval, the limit and
 * its kind, what part of it is reached (wide terminals), how it compares with machines of its kind
 * (wide ones), footnotes, headroom.  Then the footnotes and what was skipped, by reason.  A row
 * that failed or is invalid has its reason in its place. */
void terminal_table(FILE *f, const struct run_record *r, const struct terminal_style *style);

/* Faults and warnings in words, a few rows each, with what to check next. */
void terminal_findings(FILE *f, const struct findings *fs, const struct terminal_style *style);

/* "41 rows: 38 ok, 2 skipped, 1 failed in 24 s; wrote FILE".  file may be NULL. */
void terminal_closing(FILE *f, const struct run_record *r, const char *file, double seconds,
                      const struct terminal_style *style);

#endif
