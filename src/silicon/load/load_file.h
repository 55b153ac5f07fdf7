/* load_file.h - the file that silicon.load reads: made once, its checksum known, and cold or warm
 * on demand. */
#ifndef SILICON_LOAD_LOAD_FILE_H
#define SILICON_LOAD_LOAD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "silicon/storage/scratch.h"

struct load_file {
    struct scratch scratch;
    bool cold, mapped;
    size_t bytes;
    uint64_t checksum;  /* of its words, by load_file_add */
    const uint8_t *map; /* with mapped, from load_file_prepare on; owned */
};

/* Word i of a file adds w (2 i + 1), modulo 2^64.  An odd factor loses no bit of a word, and two
 * words that change places change the sum. */
static inline uint64_t load_file_add(uint64_t sum, uint64_t i, uint64_t word)
{
    return sum + word * (2 * i + 1);
}

/* Write `bytes` (a multiple of 1 MiB) of incompressible data below dir, flush them, and read them
 * back once: every block is compared with what was written, and the checksum is taken.  cold: with
 * O_DIRECT, so that the page cache holds nothing.  ERR_NOTSUP, ERR_IO as scratch_open(). */
int load_file_open(struct load_file *f, const struct scratch_config *cfg, bool mapped,
                   struct err *e);
void load_file_close(struct load_file *f);

/* Before a load.  cold: drop the file from the page cache and prove it by mincore.  warm: the page
 * cache holds all of it, proven likewise.  mapped: a new mapping, no page of which is touched. */
int load_file_prepare(struct load_file *f, struct err *e);

/* Read [offset, offset + bytes) into `to` with pread; aligned to 4 KiB with cold. */
int load_file_read(const struct load_file *f, void *to, size_t offset, size_t bytes, struct err *e);

#endif
