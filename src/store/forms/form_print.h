/* form_print.h - a record in a document's form, as JSON or as a Markdown table of its fields. */
#ifndef STORE_FORMS_FORM_PRINT_H
#define STORE_FORMS_FORM_PRINT_H

#include <stdio.h>

#include "store/forms/form.h"

/* ERR_NOMEM; what f refused is found by the caller. */
int form_print_json(const struct form *form, const struct run_record *r, FILE *f, struct err *e);
int form_print_table(const struct form *form, const struct run_record *r, FILE *f, struct err *e);

/* The first line of such a table. */
extern const char form_print_heading[];

/* The facts that such a table holds.  ERR_FORMAT names the line, ERR_NOMEM. */
int form_print_read(const char *text, struct facts *out, struct err *e);

#endif
