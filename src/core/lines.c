/* lines.c - lines of text over a file descriptor. */
#include "core/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mem.h"

void lines_init(struct lines *l, int fd)
{
    *l = (struct lines){ .fd = fd };
}

void lines_release(struct lines *l)
{
    mem_free(l->buf);
    *l = (struct lines){ .fd = -1 };
}

/* Cut the first line out of the buffer. */
static char *lines_take(struct lines *l)
{
    char *line = l->buf + l->start;
    char *newline = l->n > l->start ? memchr(line, '\n', l->n - l->start) : NULL;

    if (!newline)
        return NULL;
    *newline = '\0';
    l->start = (size_t)(newline + 1 - l->buf);
    return line;
}

static int lines_room(struct lines *l, struct err *e)
{
    if (l->buf && l->start) { /* what was handed out is no longer needed */
        memmove(l->buf, l->buf + l->start, l->n - l->start);
        l->n -= l->start;
        l->start = 0;
    }
    if (l->cap - l->n < 4096) {
        size_t cap = l->cap ? l->cap * 2 : 65536;
        char *grown = cap <= LINES_MAX_BYTES ? mem_realloc(l->buf, cap, 1) : NULL;

        if (!grown)
            return cap > LINES_MAX_BYTES
                       ? ERR(e, ERR_FORMAT, "a line of over %d bytes", LINES_MAX_BYTES)
                       : ERR(e, ERR_NOMEM, "no memory for a line of %zu bytes", cap);
        l->buf = grown;
        l->cap = cap;
    }
    return 0;
}

int lines_read(struct lines *l, int timeout_ms, char **line, struct err *e)
{
    int rc = 0;

    *line = NULL;
    for (;;) {
        struct pollfd p = { .fd = l->fd, .events = POLLIN };
        ssize_t got;
        int ready;

        if (l->buf && (*line = lines_take(l)))
            return 1;
        TRY(lines_room(l, e));
        ready = poll(&p, 1, timeout_ms);
        if (ready == 0)
            return ERR_TIMEOUT;
        if (ready < 0)
            return errno == EINTR ? ERR_INTERRUPT : ERR(e, ERR_IO, "poll: %s", strerror(errno));
        got = read(l->fd, l->buf + l->n, l->cap - l->n);
        if (got < 0 && errno == EINTR)
            return ERR_INTERRUPT;
        if (got < 0 && errno != ECONNRESET)
            return ERR(e, ERR_IO, "read: %s", strerror(errno));
        if (got <= 0)
            return 0;
        l->n += (size_t)got;
    }
out:
    return rc;
}

static int write_all(int fd, const char *text, size_t n, struct err *e)
{
    while (n) {
        ssize_t put = send(fd, text, n, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return ERR(e, ERR_IO, "the other process is gone: %s", strerror(errno));
        text += put;
        n -= (size_t)put;
    }
    return 0;
}

int lines_write(int fd, const char *text, size_t n, struct err *e)
{
    int rc = 0;

    TRY(write_all(fd, text, n, e));
    TRY(write_all(fd, "\n", 1, e));
out:
    return rc;
}
