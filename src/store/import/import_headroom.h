/* import_headroom.h - result files of this program. */
#ifndef STORE_IMPORT_IMPORT_HEADROOM_H
#define STORE_IMPORT_IMPORT_HEADROOM_H

#include "store/import/importers.h"

extern const struct importer import_headroom;

#endif
