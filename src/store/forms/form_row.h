/* form_row.h - the row of a record that a field is of, and its statistics. */
#ifndef STORE_FORMS_FORM_ROW_H
#define STORE_FORMS_FORM_ROW_H

#include "store/forms/form.h"

/* The first row that fits "NAME axis=value :metric @device" (globs) and has a value that was
 * measured or imported.  NULL: none, and `why` says what is wrong with those that fit. */
const struct result *form_row(const struct run_record *r, const char *selector, char *why,
                              size_t cap);

/* The row "NAME field=PATH" that an import left, of any status; NULL: none. */
const struct result *form_row_imported(const struct run_record *r, const char *tool,
                                       const char *path);

/* The value of an axis, or NULL. */
const char *form_row_param(const struct result *row, const char *axis);

/* "silicon.memory op=copy level=hbm @gpu:0" */
void form_row_text(const struct result *row, char *out, size_t cap);

/* The field's statistic of this row, before its scale; NaN where the row does not hold it. */
double form_row_number(const struct result *row, const struct form_field *field);

#endif
