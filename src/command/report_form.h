/* report_form.h - `report --form`: a run in the form of a founding document. */
#ifndef COMMAND_REPORT_FORM_H
#define COMMAND_REPORT_FORM_H

#include "core/err.h"
#include "core/record.h"

#define REPORT_FORMS "d0 d2 d2-table d3"

/* Does the form exist, is it of one run, and does it have somewhere to go (path NULL: stdout)?
 * ERR_ARG, and what atomic_file_check says. */
int report_form_check(const char *name, const char *path, int n_runs, struct err *e);

/* Write it; d0's files into the folder `path`, which is made.  ERR_IO, ERR_NOMEM. */
int report_form_write(const char *name, const struct run_record *r, const char *path,
                      struct err *e);

#endif
