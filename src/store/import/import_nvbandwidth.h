/* import_nvbandwidth.h - nvbandwidth's text (v0.x): a row a cell of its matrices. */
#ifndef STORE_IMPORT_IMPORT_NVBANDWIDTH_H
#define STORE_IMPORT_IMPORT_NVBANDWIDTH_H

#include "store/import/importers.h"

extern const struct importer import_nvbandwidth;

#endif
