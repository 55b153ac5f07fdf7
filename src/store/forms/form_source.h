/* form_source.h - one field of a form, out of a record. */
#ifndef STORE_FORMS_FORM_SOURCE_H
#define STORE_FORMS_FORM_SOURCE_H

#include "store/forms/form.h"

/* Set the field in `out`, to its value or to null with the reason; and where it has one, its
 * source as "sources.PATH". */
void form_source(const struct form *form, const struct form_field *field,
                 const struct run_record *r, struct facts *out);

#endif
