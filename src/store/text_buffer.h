/* text_buffer.h - a FILE that writes to memory of ours (open_memstream's is not counted). */
#ifndef STORE_TEXT_BUFFER_H
#define STORE_TEXT_BUFFER_H

#include <stddef.h>
#include <stdio.h>

#include "core/err.h"

struct text_buffer {
    char *text; /* n bytes and a NUL once it was closed; owned (mem_free) */
    size_t n, cap;
    FILE *f; /* borrowed by the writer; NULL once it was closed */
};

/* ERR_NOMEM. */
int text_buffer_open(struct text_buffer *b, struct err *e);

/* Finish: ERR_NOMEM where not all that was written had room.  The text stays until release. */
int text_buffer_close(struct text_buffer *b, struct err *e);

/* Accepts a zeroed one, and one that is still open. */
void text_buffer_release(struct text_buffer *b);

#endif
