/* env_busy.h - is somebody else using this machine just now?
 *
 * Two snapshots of /proc and their difference; this process and its children are not "others". */
#ifndef HOST_ENV_BUSY_H
#define HOST_ENV_BUSY_H

#include <stdint.h>

#include "core/err.h"
#include "core/facts.h"

enum { BUSY_TOP = 3 };

struct env_busy_process {
    char name[32]; /* as the kernel calls it, 15 characters at most */
    int pid;
    double cpu_pct; /* of one CPU */
};

struct env_busy {
    double others_cpu_pct; /* of one CPU, by everything that is not ours; NaN: unknown */
    double steal_pct;      /* taken by the hypervisor's other guests; NaN: unknown */
    double load_1m;        /* NaN: unknown */
    int runnable;          /* tasks that want a CPU, ours not counted; -1: unknown */
    struct env_busy_process top[BUSY_TOP]; /* by CPU time, those above 1 %; n_top of them */
    int n_top;
    char why[96]; /* why something is unknown; "" nothing is */
};

/* Look for about `seconds` (0.1 is good: a tick is 10 ms, so it resolves 10 % of one CPU). */
int env_busy(struct env_busy *b, const char *root, double seconds, struct err *e);

/* As busy.others_cpu_pct, .steal_pct, .load_1m, .runnable, .processes.K.name/pid/cpu_pct. */
void env_busy_facts(struct facts *fs, const struct env_busy *b);

/* The parts of the above, for tests: a snapshot at a time, and what happened between two. */
struct env_busy_snapshot {
    double busy_s, steal_s; /* of all CPUs since boot; NaN: unknown */
    double ours_s;          /* of them by this process and its children */
    struct env_busy_task {
        int pid, parent;
        double cpu_s;
        char name[32];
    } * task; /* n of them, owned */
    size_t n;
};
int env_busy_snapshot(struct env_busy_snapshot *s, const char *root, int self, struct err *e);
void env_busy_snapshot_release(struct env_busy_snapshot *s);
void env_busy_between(struct env_busy *b, const struct env_busy_snapshot *before,
                      const struct env_busy_snapshot *after, double seconds, int self);

#endif
