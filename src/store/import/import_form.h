/* import_form.h - files in the forms of the founding documents: ours and their own tools'. */
#ifndef STORE_IMPORT_IMPORT_FORM_H
#define STORE_IMPORT_IMPORT_FORM_H

#include "store/import/importers.h"

extern const struct importer import_form;

#endif
