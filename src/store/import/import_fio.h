/* import_fio.h - fio's JSON (--output-format=json or json+): a row a job, direction and figure. */
#ifndef STORE_IMPORT_IMPORT_FIO_H
#define STORE_IMPORT_IMPORT_FIO_H

#include "store/import/importers.h"

extern const struct importer import_fio;

#endif
