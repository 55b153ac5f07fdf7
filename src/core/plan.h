/* plan.h - from what the user asked for to the list of rows to measure. */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "core/bench.h"

/* A row's time is shared by so many processes, because what one of them finds (pages of memory, the
 * state of a virtual machine's host) is not what the next one does: each is a run of the row. */
enum { PLAN_RUNS = 3 };

struct plan_case {
    const struct bench *bench;
    const struct device *device; /* borrowed from plan_request.devices */
    struct params params;
    double seconds; /* of one run */
    int runs;       /* 1: the rows that one process measures; 0: as many as there are rounds */
};

struct plan_request {
    const char *const *names; /* benchmark names, globs, suites; n_names = 0 means "quick" */
    int n_names;
    const char *const *set; /* --set axis=value[,value], n_set; later wins */
    int n_set;
    const char *device;           /* NULL, "cpu", "gpu", "gpu:N" */
    double seconds;               /* --seconds per row, all runs; 0: as planned */
    int repeat;                   /* --repeat: so many runs, each with the row's whole time; 0: the
                                   * row's time is shared by PLAN_RUNS */
    const struct device *devices; /* what this machine has */
    int n_devices;
    const char *no_gpu_why; /* why there is no GPU in devices, for the message */
};

struct plan_list {
    struct plan_case *cases; /* owned; no two alike */
    int n, cap;
    int rounds;        /* the most runs that a row has */
    const char *suite; /* "quick", "standard", "full" or "custom"; static */
};

/* SUITE_QUICK, SUITE_STANDARD, SUITE_FULL, or 0 when no suite has this name. */
unsigned plan_suite(const char *name);

/* ERR_ARG with a message that names the word at fault and, where one is near, the right one;
 * ERR_NOTSUP when the machine has no such device. */
int plan_make(const struct plan_request *rq, struct plan_list *out, struct err *e);
void plan_release(struct plan_list *l);

/* The settings of one row written out, "op=read level=dram threads=all". */
int plan_point(const struct bench *b, const char *settings, struct params *out, struct err *e);

/* The same of a row on this kind of device: without the axes that mean nothing there. */
int plan_point_on(const struct bench *b, enum device_kind kind, const char *settings,
                  struct params *out, struct err *e);

#endif
