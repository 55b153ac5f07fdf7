/* import_criterion.h - Criterion.rs: target/criterion/NAME/new/estimates.json (the median and its
 * interval) or sample.json beside it (the samples).  The name is in the folders only. */
#ifndef STORE_IMPORT_IMPORT_CRITERION_H
#define STORE_IMPORT_IMPORT_CRITERION_H

#include "store/import/importers.h"

extern const struct importer import_criterion_estimates, import_criterion_sample;

#endif
