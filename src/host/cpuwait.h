/* cpuwait.h - how long this process's threads ran, and how long they were ready to run and had to
 * wait because another task had the CPU: the kernel's own account, /proc/PID/task/TID/schedstat.
 *
 * It tells a neighbour that takes the CPU away from one that merely runs on another core, which no
 * load average does, and needs no rights.  What a hypervisor takes is not in it. */
#ifndef HOST_CPUWAIT_H
#define HOST_CPUWAIT_H

#include "core/err.h"
#include "core/worker.h"

enum { CPUWAIT_THREADS_MAX = 1024 };

/* The service (core/worker.h): sums over the threads there are now, at most CPUWAIT_THREADS_MAX.
 * 0; ERR_NOTSUP: the kernel keeps no account; ERR_NOMEM.  About 10 us a thread. */
int cpuwait_now(struct worker_cpu *out, struct err *e);

/* The same from a tree below `root` (tests). */
int cpuwait_at(const char *root, struct worker_cpu *out, struct err *e);

#endif
