/* advice.h - what `headroom doctor` says about the host: capabilities that work or do not, and
 * settings that cost speed or make figures unsteady.
 *
 * Two halves: advice_probe() tries things out on this machine, advice_collect() judges them and
 * the files below a root; so that the judgement can be tested with machines made of files. */
#ifndef HOST_ADVICE_H
#define HOST_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

enum advice_state {
    ADVICE_WORKING, /* there and used */
    ADVICE_ABSENT,  /* this machine does not have it, or keeps it from us */
    ADVICE_FAILING, /* it is there and does wrong */
    ADVICE_ADVICE   /* works, and could be set up better */
};
const char *advice_state_name(enum advice_state s); /* "working", "absent", "failing", "advice" */

struct advice {
    char name[32]; /* "clock.governor" */
    enum advice_state state;
    char text[200];   /* what was found */
    char remedy[200]; /* what would bring it or better it; "" nothing is to be done */
};

enum { ADVICE_MAX = 200 }; /* 16 GPUs and the benchmarks among them */

struct advice_list {
    struct advice a[ADVICE_MAX];
    int n;
};

/* What was tried: 0 works, else the errno it failed with. */
struct advice_probes {
    int io_uring, direct_io, perf_events;
    char dir[200];           /* where direct_io was tried */
    int64_t touched_bytes;   /* by the memory check */
    int64_t rss_moved_bytes; /* what the process's counter moved by; -1: it cannot be read */
    char memory_why[120];    /* why the memory check did not run; "" it did */
};

/* Try io_uring_setup, an O_DIRECT open in `dir` (an unnamed file, gone at once), perf_event_open,
 * and touch `touch_bytes` (256 MiB is good; less where less is available).  About 0.1 s. */
void advice_probe(struct advice_probes *p, const char *dir, int64_t touch_bytes);

/* Enter one; what does not fit any more is left out. */
void advice_add(struct advice_list *list, const char *name, enum advice_state state,
                const char *remedy, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Judge.  p may be NULL: only the files. */
void advice_collect(struct advice_list *list, const char *root, const struct advice_probes *p);

#endif
