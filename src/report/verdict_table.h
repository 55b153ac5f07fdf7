/* verdict_table.h - a comparison for a terminal: what differs, the rows by weight, why, the sum. */
#ifndef REPORT_VERDICT_TABLE_H
#define REPORT_VERDICT_TABLE_H

#include <stdio.h>

#include "judge/comparison.h"
#include "report/style.h"

/* The two sides, and what else differs between them. */
void verdict_table_header(FILE *f, const struct comparison *c, const struct terminal_style *s);

/* Rows by benchmark, those that matter most first; below them the reasons. */
void verdict_table_rows(FILE *f, const struct comparison *c, const struct terminal_style *s);

/* "41 rows: 2 slower (1 fail), 38 same, 1 unclear". */
void verdict_table_sum(FILE *f, const struct comparison *c, const struct terminal_style *s);
void verdict_table_sum_text(const struct comparison *c, char *out, size_t cap);

#endif
