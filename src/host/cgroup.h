/* cgroup.h - what the control group of this process leaves of the machine (v1, v2 and mixed). */
#ifndef HOST_CGROUP_H
#define HOST_CGROUP_H

#include <stdint.h>

struct cgroup_limits {
    double cpus;          /* quota / period, the tightest of the group and its parents; INFINITY */
    int64_t memory_bytes; /* limit; -1: none */
    int64_t memory_used_bytes; /* by the group that has that limit; -1: unknown or no limit */
    int64_t throttled; /* periods in which the group had to wait for its quota; -1: unknown */
    int version;       /* 1, 2; 0: no control group is visible */
};

/* Always fills *l; groups that cannot be read limit nothing. */
void cgroup_read(struct cgroup_limits *l, const char *root);

#endif
