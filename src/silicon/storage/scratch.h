/* scratch.h - the file that storage is measured on: unnamed, bounded, written before it is read.
 *
 * The file has no name (O_TMPFILE), so that it is gone with the process, whatever ends it; where
 * the file system cannot do that it has a name only between its creation and its unlinking.
 * Space is checked and reserved first; every block is then really written, because an extent that
 * was only reserved reads as zeros without a disk being asked. */
#ifndef SILICON_STORAGE_SCRATCH_H
#define SILICON_STORAGE_SCRATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct scratch_config {
    const char *dir;
    uint64_t bytes; /* wished size, a multiple of 1 MiB */
    bool direct;    /* past the page cache, really: see below */
    uint64_t seed;  /* of the data */
};

struct scratch {
    struct scratch_config cfg; /* dir borrowed */
    bool open;
    int fd;
    bool unnamed;     /* O_TMPFILE; else unlinked at once */
    uint64_t bytes;   /* that hold data: known after scratch_fill */
    uint64_t written; /* bytes that went to the file system so far */
};

/* Check the folder and its free space (bytes and 10 % more), make the file, reserve its space.
 *
 * ERR_IO: no such folder, not writable, or not enough space (with the figures).
 * ERR_NOTSUP, with direct: the file system takes no O_DIRECT, or is itself memory. */
int scratch_open(struct scratch *s, const struct scratch_config *cfg, struct err *e);
void scratch_close(struct scratch *s);

/* Write the file from its start, for at most about `seconds` but at least `min_bytes`; cut it where
 * that ended (s->bytes, whole MiB) and flush the device.  With direct, then make sure that the page
 * cache holds none of it: ERR_NOTSUP where a file system takes O_DIRECT and caches all the same. */
int scratch_fill(struct scratch *s, uint64_t min_bytes, double seconds, struct err *e);

/* The share of the file's pages that the page cache holds, 0 .. 1. */
int scratch_cached(const struct scratch *s, double *share, struct err *e);

/* Read block `number` from the file system and compare it with what was written for the
 * `generation`-th time: ERR_MISMATCH or ERR_IO. */
int scratch_check(const struct scratch *s, uint64_t number, uint32_t generation, struct err *e);

#endif
