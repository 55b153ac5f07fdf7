/* import_hyperfine.h - hyperfine's JSON (--export-json): a row a command. */
#ifndef STORE_IMPORT_IMPORT_HYPERFINE_H
#define STORE_IMPORT_IMPORT_HYPERFINE_H

#include "store/import/importers.h"

extern const struct importer import_hyperfine;

#endif
