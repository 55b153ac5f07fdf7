/* device.c - the devices of this machine, and the CPU as one of them. */
#include "core/device.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"

struct cpu_handle {
    uint64_t started_ns;
    struct clock_cost cost;
};

const struct device device_cpu = {
    .kind = DEVICE_CPU, .of = 1, .name = "cpu", .ops = &device_cpu_ops
};

/* NOLINTNEXTLINE(readability-non-const-parameter): the hook's type says what why is. */
static int cpu_list(struct device *out, int cap, char *why, size_t why_cap)
{
    (void)why;
    (void)why_cap;
    if (cap < 1)
        return 0;
    out[0] = device_cpu;
    return 1;
}

static int cpu_open(const struct device *d, void **handle, struct err *e)
{
    struct cpu_handle *h = mem_calloc(1, sizeof(*h));

    (void)d;
    if (!h)
        return ERR(e, ERR_NOMEM, "no memory for the clock");
    h->cost = clock_measure();
    *handle = h;
    return 0;
}

static void cpu_close(void *handle)
{
    mem_free(handle);
}

static int cpu_begin(void *handle, struct err *e)
{
    struct cpu_handle *h = handle;

    (void)e;
    h->started_ns = clock_now_ns();
    return 0;
}

static int cpu_end(void *handle, double *ns, struct err *e)
{
    const struct cpu_handle *h = handle;

    (void)e;
    *ns = (double)(clock_now_ns() - h->started_ns);
    return 0;
}

static double cpu_floor_ns(void *handle)
{
    const struct cpu_handle *h = handle;

    return h->cost.overhead_ns;
}

const struct device_ops device_cpu_ops = {
    .timing_mode = "wall",
    .list = cpu_list,
    .open = cpu_open,
    .close = cpu_close,
    .begin = cpu_begin,
    .end = cpu_end,
    .floor_ns = cpu_floor_ns,
};

int device_list(const struct device_ops *const *ops, struct device *out, char *why, size_t why_cap)
{
    int n = 0;

    if (why_cap)
        why[0] = '\0';
    for (; *ops; ops++) {
        int found = (*ops)->list(out + n, DEVICES_MAX - n, why, why_cap);

        for (int i = n; i < n + found; i++)
            out[i].of = found;
        n += found;
    }
    return n;
}

const struct device *device_find(const struct device *devices, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(devices[i].name, name) == 0)
            return &devices[i];
    return NULL;
}

struct device_timing device_timing_of(const struct bench *b, const struct device *d,
                                      const struct params *p)
{
    const struct device_ops *ops = d->ops;
    const char *name = b->timing_of ? b->timing_of(p, d) : NULL;
    const struct device_timing *const *other = ops->timings;

    if (!name || strcmp(name, ops->timing_mode) == 0)
        return (struct device_timing){ .name = ops->timing_mode,
                                       .begin = ops->begin,
                                       .end = ops->end,
                                       .floor_ns = ops->floor_ns };
    while (other && *other && strcmp((*other)->name, name) != 0)
        other++;
    BUG_ON(!other || !*other);
    return **other;
}
