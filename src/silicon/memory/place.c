/* place.c - CPUs, working set and paper bound of a row of silicon.memory. */
#include "silicon/memory/place.h"

#include <math.h>

#include "silicon/memory/working_set.h"

/* Cores that share one instance of the cache. */
static int cores_sharing(const struct cpu_info *cpu, const struct cpu_cache *k)
{
    int per_core = cpu->threads_per_core > 0 ? cpu->threads_per_core : 1;

    return k->shared_by > per_core ? k->shared_by / per_core : 1;
}

/* What one of `threads` cores has of the cache of `level`; 0: not there. */
static size_t share(const struct cpu_info *cpu, int level, int threads)
{
    const struct cpu_cache *k = cpu_data_cache(cpu, level);
    int cores;

    if (!k || k->bytes <= 0)
        return 0;
    cores = cores_sharing(cpu, k);
    return (size_t)k->bytes / (size_t)(cores < threads ? cores : threads);
}

static void l3_of(const struct cpu_info *cpu, struct working_set_caches *w)
{
    const struct cpu_cache *k = cpu_data_cache(cpu, 3);
    int reached, all;

    if (!k || k->bytes <= 0)
        return;
    reached = k->instances > 0 ? k->instances : 1;
    all = k->shared_by > 0 && cpu->online / k->shared_by > reached ? cpu->online / k->shared_by
                                                                   : reached;
    w->l3 = (size_t)k->bytes * (size_t)(reached < w->threads ? reached : w->threads);
    w->l3_all = (size_t)k->bytes * (size_t)all;
}

int place_find(struct place *out, const struct cpu_info *cpu, struct point point, struct err *e)
{
    struct working_set_caches w = { .threads = point.all ? cpu->n_cores_all : 1 };

    w.l1d = share(cpu, 1, w.threads);
    w.l2 = share(cpu, 2, w.threads);
    l3_of(cpu, &w);
    if (cpu->memory_available_bytes > 0)
        w.available = (size_t)cpu->memory_available_bytes;
    *out = (struct place){
        .cpus = point.all ? cpu->cores : &cpu->best_cpu,
        .threads = w.threads,
    };
    return working_set_bytes(point.level, &w, &out->bytes, e);
}

/* Bytes per element that the loop reads and writes. */
static double bytes_read(enum point_op op)
{
    return op == POINT_TRIAD ? 16 : op == POINT_WRITE ? 0 : 8;
}

static double bytes_written(enum point_op op)
{
    return op == POINT_READ ? 0 : 8;
}

static void cache_limit(struct limits *out, const struct cpu_info *cpu, struct point point,
                        int threads, double clock_hz)
{
    bool l1 = point.level == POINT_L1;
    struct uarch_figure load =
        uarch_bytes_per_cycle(cpu->uarch, l1 ? UARCH_L1_LOAD : UARCH_L2_LOAD);
    struct uarch_figure store = uarch_bytes_per_cycle(cpu->uarch, UARCH_L1_STORE);
    double reads = bytes_read(point.op), writes = bytes_written(point.op), cycles = 0;

    if (reads > 0)
        cycles = reads / load.value;
    if (writes > 0)
        cycles = fmax(cycles, writes / store.value);
    if ((reads > 0 && isnan(load.value)) || (writes > 0 && isnan(store.value)))
        limit_none(out, "%s", isnan(load.value) ? load.source : store.source);
    else if (isnan(clock_hz))
        limit_none(out, "the clock of the cores could not be measured");
    else
        limit_paper(out, 1e-9 * point_bytes(point.op) / cycles * clock_hz * threads,
                    "%d x %.3f GHz measured x %.4g bytes a cycle (%s)", threads, clock_hz * 1e-9,
                    point_bytes(point.op) / cycles, reads > 0 ? load.source : store.source);
}

void place_limit(struct limits *out, const struct cpu_info *cpu, struct point point, int threads,
                 double clock_hz)
{
    if (point.op == POINT_LATENCY) {
        limit_none(out, "no maker publishes a bound for the latency of a load from here");
    } else if (point.level == POINT_L1 || point.level == POINT_L2) {
        cache_limit(out, cpu, point, threads, clock_hz);
    } else if (point.level == POINT_L3) {
        limit_none(out, "no maker publishes what one core gets from L3");
    } else {
        struct uarch_figure socket = uarch_memory_bytes_per_s(cpu->uarch);
        int sockets = point.all && cpu->sockets > 1 ? cpu->sockets : 1;

        if (isnan(socket.value))
            limit_none(out, "%s", socket.source);
        else
            limit_paper(out, 1e-9 * socket.value * sockets, "%d socket%s x %s", sockets,
                        sockets > 1 ? "s" : "", socket.source);
    }
}
