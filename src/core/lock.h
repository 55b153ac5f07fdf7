/* lock.h - one run at a time on a machine, so that two runs do not measure each other. */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <signal.h>

#include "core/err.h"

struct lock {
    int fd; /* -1: not held */
};

/* Hold the lock file at `path` (made when it is not there, for every user; it stays afterwards).
 * Waits up to wait_s seconds for another holder, or until *stop (may be NULL) is not 0.
 * ERR_BUSY names the process that holds it; ERR_INTERRUPT; ERR_IO when the file cannot be had. */
int lock_take(struct lock *l, const char *path, double wait_s, const volatile sig_atomic_t *stop,
              struct err *e);
void lock_release(struct lock *l);

#endif
