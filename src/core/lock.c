/* lock.c - one run at a time on a machine. */
#include "core/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"

/* Open for reading first: with fs.protected_regular another user's file in /tmp cannot be opened
 * with O_CREAT, and flock needs no write access. */
static int lock_open(const char *path, struct err *e)
{
    struct stat st;
    /* Anybody can put anything there before us: a pipe must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT) {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd >= 0 && fchmod(fd, 0666) < 0) {
            close(fd);
            fd = -1;
        }
    }
    if (fd < 0)
        return ERR(e, ERR_IO, "lock file %s: %s", path, strerror(errno));
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        close(fd);
        return ERR(e, ERR_IO, "lock file %s: not a regular file; remove it", path);
    }
    return fd;
}

/* Every user can write the file, so what it says is shown without control characters. */
static void lock_holder(int fd, char *out, size_t cap)
{
    ssize_t n = pread(fd, out, cap - 1, 0);

    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    for (char *c = out; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

/* Best effort: who holds it, for the message of the next one. */
static void lock_sign(const char *path)
{
    char text[64], now[32];
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return;
    clock_utc(now);
    snprintf(text, sizeof(text), "process %ld, since %s\n", (long)getpid(), now);
    if (write(fd, text, strlen(text)) < 0)
        text[0] = '\0'; /* the lock itself does not depend on it */
    close(fd);
}

int lock_take(struct lock *l, const char *path, double wait_s, const volatile sig_atomic_t *stop,
              struct err *e)
{
    uint64_t started = clock_now_ns();
    char holder[64];
    int fd = lock_open(path, e);

    l->fd = -1;
    if (fd < 0)
        return fd;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            close(fd);
            return ERR(e, ERR_IO, "lock file %s: %s", path, strerror(errno));
        }
        if (stop && *stop) {
            close(fd);
            return ERR(e, ERR_INTERRUPT, "interrupted while waiting for another run");
        }
        if ((double)(clock_now_ns() - started) * 1e-9 >= wait_s) {
            lock_holder(fd, holder, sizeof(holder));
            close(fd);
            return ERR(e, ERR_BUSY, "another run is measuring on this machine (%s)",
                       holder[0] ? holder : "its process is not known");
        }
        clock_sleep_ns(50000000);
    }
    lock_sign(path);
    l->fd = fd;
    return 0;
}

void lock_release(struct lock *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}
