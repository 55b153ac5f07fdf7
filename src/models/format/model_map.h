/* model_map.h - a file mapped for reading, whole, that may be cut short while it is mapped.
 *
 * The kernel answers a read beyond the end of a mapped file with SIGBUS.  One handler, put in place
 * by the first map and left there, looks the address up: when it is in a map of ours, the part that
 * is gone becomes zero pages and the map is marked; otherwise the handler that stood before gets
 * the signal.  It calls mmap, fstat and sigaction alone (plain system calls on Linux) and takes no
 * lock, so it may run in any thread at any point. */
#ifndef MODELS_FORMAT_MODEL_MAP_H
#define MODELS_FORMAT_MODEL_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct model_map {
    const uint8_t *p; /* page-aligned; the file may end anywhere in the last page */
    size_t n;
    struct map_slot *slot;
};

/* ERR_IO names the path: absent, not readable, a folder, a pipe or device (which are not waited
 * for), empty. */
int model_map_open(struct model_map *m, const char *path, struct err *e);
void model_map_close(struct model_map *m); /* accepts a zeroed one */

/* ERR_IO when the file has lost bytes since it was mapped, or could not be read: what is read from
 * the map may be zeros. */
int model_map_check(const struct model_map *m, const char *path, struct err *e);

/* The end of a long path says more than its beginning. */
const char *model_map_shown(const char *path);

#endif
