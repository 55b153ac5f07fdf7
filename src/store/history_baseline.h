/* history_baseline.h - names for stored runs that others are compared with.
 *
 * A baseline never changes: it is a name for a run, which cannot change either, with the machine's
 * fingerprint.  It can be deleted, and replaced in one step; the run stays in the history. */
#ifndef STORE_HISTORY_BASELINE_H
#define STORE_HISTORY_BASELINE_H

#include "store/history.h"

enum { BASELINE_NAME = 64 };

struct history_baseline {
    char name[BASELINE_NAME];
    char saved[32]; /* ISO 8601, UTC */
    struct history_run run;
};

/* Letters, digits, '.', '_', '+' and '-', at most 63, beginning with a letter or digit; and no name
 * that means another kind of run: "latest", "*.json", the beginning of a run's id.  ERR_ARG. */
int history_baseline_name(const char *name, struct err *e);

/* Call run `seq` by this name.  ERR_ARG where the name is taken, unless `replace`. */
int history_baseline_save(struct history *h, const char *name, int64_t seq, bool replace,
                          struct err *e);

/* *found: false where there is none of this name. */
int history_baseline_get(struct history *h, const char *name, struct history_baseline *out,
                         bool *found, struct err *e);
int history_baseline_delete(struct history *h, const char *name, bool *found, struct err *e);

/* All of them by name, *n; owned by the caller (mem_free). */
int history_baseline_list(struct history *h, struct history_baseline **out, size_t *n,
                          struct err *e);

#endif
