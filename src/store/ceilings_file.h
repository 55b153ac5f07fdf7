/* ceilings_file.h - the cache of measured ceilings, one file per machine and boot.
 *
 * The caller makes the path (the boot's id is in its name).  A cache may be lost at any time, so
 * nothing about reading it is an error. */
#ifndef STORE_CEILINGS_FILE_H
#define STORE_CEILINGS_FILE_H

#include "core/limits.h"

/* Add what the file holds to *cs.  No file: nothing.  A file that cannot be read or understood, or
 * is of another machine: nothing, and the reason in note (else ""), for the user's eyes. */
void ceilings_file_load(const char *path, const char *fingerprint, struct ceilings *cs, char *note,
                        size_t note_cap);

/* Replace the file, making the folders of its path if need be.  ERR_IO, ERR_NOMEM. */
int ceilings_file_save(const char *path, const char *fingerprint, const struct ceilings *cs,
                       struct err *e);

#endif
