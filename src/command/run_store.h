/* run_store.h - a run goes into the history when it ends; one that cannot is in a file. */
#ifndef COMMAND_RUN_STORE_H
#define COMMAND_RUN_STORE_H

#include <stdbool.h>

#include "command/run_options.h"
#include "core/record.h"

struct run_store {
    const char *where; /* borrowed from `usual` or the options; NULL: the run is not stored */
    char usual[1200];
};

/* Before measuring: can the run be stored?  A history that could never take it (damaged, foreign,
 * newer, no permission, no server) is an error now and not after the last row; one that is held by
 * others may be free by then.  A home without room for a history is a line on stderr. */
int run_store_begin(struct run_store *s, const struct run_options *o, const struct cli_env *env,
                    struct err *e);

/* Store it.  `file` is where the run is, NULL: nowhere yet; when it cannot be stored it is then
 * written to headroom-UTC.json here.  Messages go to stderr; gives 0 or 5. */
int run_store_end(const struct run_store *s, const struct run_record *r, const char *file);

#endif
