/* history_pack.h - text as the history keeps it: its length and a zlib stream (RFC 1950).
 *
 * A packed text is 4 bytes, its length in bytes, lowest first, and the stream. */
#ifndef STORE_HISTORY_PACK_H
#define STORE_HISTORY_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* *out is owned by the caller (mem_free).  ERR_NOMEM. */
int history_pack(const char *text, size_t n, void **out, size_t *out_n, struct err *e);

/* The text followed by a NUL, owned by the caller (mem_free).  ERR_FORMAT where the bytes are no
 * packed text of at most `max` bytes (they come from a file that may be damaged); ERR_NOMEM. */
int history_unpack(const void *packed, size_t n, size_t max, char **out, size_t *out_n,
                   struct err *e);

#endif
