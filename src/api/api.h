/* api.h - what the files behind headroom.h share: errors of a thread, devices, thread pools.
 *
 * The functions of headroom.h are the only ones that libheadroom.so exports, beside those of
 * headroom_tmac.h. */
#ifndef API_API_H
#define API_API_H

#include <stdint.h>

#include "core/err.h"
#include "core/pool.h"

/* The calling thread's error, empty.  Every function that may fail begins with it. */
struct err *api_begin(void);

/* A GPU that is there (ERR_NOTSUP says why not), or HEADROOM_CPU. */
int api_device_check(int device, struct err *e);

/* Threads of a handle on the CPU, none of them pinned: the program has its own ideas.  0: one a
 * physical core. */
int api_pool_new(struct pool **out, int32_t threads, struct err *e);

#endif
