/* lines.h - lines of text over a file descriptor, as parent and worker speak them. */
#ifndef CORE_LINES_H
#define CORE_LINES_H

#include <stddef.h>

#include "core/err.h"

enum { LINES_MAX_BYTES = 256 << 20 }; /* a longer line is a broken peer */

struct lines {
    int fd;    /* borrowed */
    char *buf; /* owned */
    size_t start, n, cap;
};

void lines_init(struct lines *l, int fd);
void lines_release(struct lines *l);

/* The next whole line without its newline, NUL-terminated, valid until the next call.
 * 1; 0 at the end of the stream; ERR_TIMEOUT when none is whole within timeout_ms (-1: wait);
 * ERR_INTERRUPT when a signal came; ERR_IO, ERR_NOMEM, ERR_FORMAT (line too long). */
int lines_read(struct lines *l, int timeout_ms, char **line, struct err *e);

/* Write all of it and a newline.  ERR_IO when the peer is gone (never SIGPIPE on a socket). */
int lines_write(int fd, const char *text, size_t n, struct err *e);

#endif
