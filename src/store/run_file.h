/* run_file.h - result files: written so that a killed run leaves the old one or a valid new one,
 * read as if anybody had written them. */
#ifndef STORE_RUN_FILE_H
#define STORE_RUN_FILE_H

#include "core/record.h"

/* Larger files are refused: 10,000 rows with 1,000 samples each stay below. */
enum { RUN_FILE_BYTES_MAX = 512 << 20 };

/* Before measuring: would run_file_write find its folder, its permission, its file system?
 * ERR_IO or ERR_ARG (a folder, an empty name) with the path; the target is not touched. */
int run_file_check_writable(const char *path, struct err *e);

/* Replace `path` (see atomic_file.h).  ERR_IO with path and reason, ERR_NOMEM, ERR_ARG; the old
 * file is then as it was. */
int run_file_write(const char *path, const struct run_record *r, struct err *e);

/* ERR_IO, ERR_FORMAT ("run.json: results[3].runs[0].samples_ns: ..."), ERR_NOMEM.  *out is owned by
 * the caller, released on error. */
int run_file_read(const char *path, struct run_record *out, struct err *e);

#endif
