/* rows.h - what every form of a report calls a row, and which rows belong together. */
#ifndef REPORT_ROWS_H
#define REPORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/record.h"
#include "report/figures.h"

/* "read dram threads=2": words speak for themselves, numbers need their axis.  Without settings the
 * metric.  Control characters become spaces. */
void row_label(const struct result *r, char *out, size_t cap, bool utf8);

/* The value of the axis `name` in the row's settings, or NULL. */
const char *row_setting(const struct result *r, const char *name);

/* The same benchmark, device, metric and unit: rows that share a heading and a unit. */
bool row_same_group(const struct result *a, const struct result *b);

/* The same level: the first word of the name ("silicon"). */
bool row_same_level(const struct result *a, const struct result *b);

/* The row of `rec` that is the same thing measured (judge/pair.h), or NULL. */
const struct result *row_find(const struct run_record *rec, const struct result *like);

/* One unit for all rows of a group, chosen for the largest value. */
struct figures_unit row_group_unit(const struct run_record *rec, const struct result *r);

/* A unit for the row alone, where it stands beside its value. */
struct figures_unit row_unit(const struct result *r);

/* Is rows[i] the first of its group (of its level)? */
bool row_first_of_group(const struct run_record *rec, int i);
bool row_first_of_level(const struct run_record *rec, int i);

/* The limit that binds, or NULL where none is known. */
const struct limit *row_limit(const struct result *r);

/* Half the width of the interval relative to the value; NaN without one. */
double row_half_width(const struct result *r);

#endif
