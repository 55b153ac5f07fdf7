/* atomic_file.h - replace a file in one step: readers see the old one or the new one, whole.
 *
 * The new text goes to an unnamed file (O_TMPFILE), is synced, gets the name ".NAME.tmp" beside the
 * target, and is renamed over it.  Where unnamed files are refused it has that name from the
 * start; where one cannot be given a name it is copied.
 * A ".NAME.tmp" left by a run that was killed in between is taken over by the next write.
 * A target that exists and is no regular file (a device, a pipe) is written directly.  Symbolic
 * links are followed, the mode of the old file is kept. */
#ifndef CORE_ATOMIC_FILE_H
#define CORE_ATOMIC_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "core/err.h"

/* A file on its way: open, write to fd, commit or abandon. */
struct atomic_file {
    int fd; /* at its start; write to it as you like.  -1 when there is none */
    bool exists, regular, named;
    mode_t mode;
    char path[PATH_MAX]; /* symbolic links followed */
    char folder[PATH_MAX];
    char temp[PATH_MAX]; /* ".NAME.tmp" in the folder */
};

/* ERR_IO, or ERR_ARG where the path itself makes no sense (empty, no name at its end); there is
 * then nothing to abandon. */
int atomic_file_open(struct atomic_file *t, const char *path, struct err *e);
/* Give what was written its name.  ERR_IO: the old file is as it was.  Either way t is done. */
int atomic_file_commit(struct atomic_file *t, struct err *e);
/* As if nothing had been written; also after a commit, and of a zeroed struct. */
void atomic_file_abandon(struct atomic_file *t);

/* Write the whole text to f.  What f refused is found by the caller; other failures are
 * returned. */
typedef int (*atomic_file_fill)(const void *self, FILE *f, struct err *e);

/* 0; ERR_IO with the path and the reason (permission, no space ...), the old file is then as it
 * was; or what fill returned. */
int atomic_file_write(const char *path, atomic_file_fill fill, const void *self, struct err *e);

/* Make the folders of a path that are not there.  ERR_IO with the first that could not be made. */
int atomic_file_make_folders(const char *path, struct err *e);

/* Could atomic_file_write work?  Tries by making a file in the folder that leaves no trace.
 * ERR_IO, or ERR_ARG where the path itself makes no sense (empty, no name at its end). */
int atomic_file_check(const char *path, struct err *e);

/* The whole file, followed by a NUL that *n does not count; owned by the caller (mem_free).
 * ERR_IO with path and reason, ERR_FORMAT above max bytes, ERR_NOMEM. */
int atomic_file_read(const char *path, size_t max, char **text, size_t *n, struct err *e);

#endif
