/* noise_file.h - what this machine's runs differ by when nothing changed, one file per machine. */
#ifndef STORE_NOISE_FILE_H
#define STORE_NOISE_FILE_H

#include "judge/noise.h"

/* "FOLDER/noise-FINGERPRINT.json"; half a path is "". */
void noise_file_path(const char *folder, const char *fingerprint, char *out, size_t cap);

/* No file: *out is empty and 0 is given.  ERR_IO, ERR_FORMAT with the place (also a file of another
 * machine), ERR_NOMEM; *out is then released. */
int noise_file_parse(const char *text, size_t n, const char *fingerprint, struct noise *out,
                     struct err *e);
int noise_file_read(const char *path, const char *fingerprint, struct noise *out, struct err *e);

/* Replace the file, making the folders of its path if need be.  ERR_IO, ERR_NOMEM. */
int noise_file_write(const char *path, const struct noise *n, struct err *e);

#endif
