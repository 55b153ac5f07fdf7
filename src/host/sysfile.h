/* sysfile.h - small files of /proc and /sys, read with errors that say what is wrong.
 *
 * Every path is absolute ("/sys/..."); `root` is put before it: "" is this machine, a directory is
 * a tree that a test made.  Messages name the path without the root.
 * ERR_NOTSUP: the file is absent (this kernel, machine or container does not have it).
 * ERR_IO: it is there and cannot be read.  ERR_FORMAT: what it says is not what was expected. */
#ifndef HOST_SYSFILE_H
#define HOST_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { SYSFILE_PATH = 512, SYSFILE_NAME = 64 };

/* root + path; the path may be a format.  ERR_ARG when it is longer than cap. */
int sysfile_path(char *buf, size_t cap, const char *root, const char *path, struct err *e);

/* The first cap - 1 bytes as text, white space at the end removed. */
int sysfile_read(const char *root, const char *path, char *buf, size_t cap, struct err *e);

/* The whole file (at most 16 MiB) as text, owned by the caller: mem_free(). */
int sysfile_slurp(const char *root, const char *path, char **out, struct err *e);

/* One decimal integer and nothing else but white space. */
int sysfile_int(const char *root, const char *path, int64_t *out, struct err *e);

/* As above; the path is a format, so that a loop over CPUs needs no buffer of its own. */
int sysfile_readf(const char *root, char *buf, size_t cap, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
int sysfile_intf(const char *root, int64_t *out, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The names in a directory, sorted, without those that start with a dot; at most cap of them, each
 * cut to fit.  0, ERR_NOTSUP (absent), ERR_IO. */
int sysfile_names(const char *root, const char *path, char (*names)[SYSFILE_NAME], int cap, int *n,
                  struct err *e);

/* "0-3,8,10-11" into ascending integers, at most cap; *n is how many there are in all.  Empty text
 * gives 0.  ERR_FORMAT names `what`. */
int sysfile_cpulist(const char *text, int *out, int cap, int *n, const char *what, struct err *e);

/* A decimal integer at the start of `text` after blanks; *end may be NULL.  false: there is none,
 * or it does not fit. */
int sysfile_parse_int(const char *text, int64_t *out, const char **end);

/* Find the line of `text` that starts with `key`, blanks and a colon ("model name\t: ..."); a key
 * that ends in a blank is taken as it stands ("nr_throttled 5").  The value's start, up to the
 * newline; NULL when there is no such line. */
const char *sysfile_field(const char *text, const char *key);

/* The value of such a line as text without blanks at either end.  0 or ERR_NOTSUP. */
int sysfile_field_text(const char *text, const char *key, char *buf, size_t cap);

/* The value of such a line as an integer (a unit may follow).  0, ERR_NOTSUP or ERR_FORMAT. */
int sysfile_field_int(const char *text, const char *key, int64_t *out);

/* Is `word` one of the blank-separated words up to the end of the line?  line may be NULL. */
bool sysfile_has_word(const char *line, const char *word);

#endif
