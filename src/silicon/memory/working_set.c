/* working_set.c - how many bytes to walk so that a given level of the memory answers. */
#include "silicon/memory/working_set.h"

#define MIB(bytes) ((double)(bytes) / (1 << 20))

enum { DRAM_LEAST = 256 << 20 };

static int l3_bytes(const struct working_set_caches *w, size_t *out, struct err *e)
{
    size_t l2 = w->l2 * (size_t)w->threads, total = l2 > 0 ? 2 * l2 : w->l3 / 2;

    if (w->l3 == 0)
        return ERR(e, ERR_NOTSUP, "this CPU has no L3 cache, or does not say so");
    if (total > w->l3 / 4 * 3)
        return ERR(e, ERR_NOTSUP,
                   "no working set lies in L3 alone: %.1f MiB of it, beside %.1f MiB of L2 in the "
                   "cores used",
                   MIB(w->l3), MIB(l2));
    *out = total / (size_t)w->threads;
    return 0;
}

static int dram_bytes(const struct working_set_caches *w, size_t *out, struct err *e)
{
    size_t total = 4 * w->l3_all;

    if (total < DRAM_LEAST)
        total = DRAM_LEAST;
    /* A quarter stays free: this is the machine's memory, not ours. */
    if (total > w->available / 4 * 3)
        return ERR(
            e, ERR_NOTSUP,
            "needs %.0f MiB (four times %.0f MiB of L3, at least 256), of %.0f MiB available",
            MIB(total), MIB(w->l3_all), MIB(w->available));
    *out = total / (size_t)w->threads;
    return 0;
}

int working_set_bytes(enum point_level level, const struct working_set_caches *w, size_t *out,
                      struct err *e)
{
    switch (level) {
    case POINT_L1:
        *out = w->l1d / 2;
        return *out ? 0 : ERR(e, ERR_NOTSUP, "the size of the L1 data cache is not known");
    case POINT_L2:
        *out = w->l2 / 2;
        return *out ? 0 : ERR(e, ERR_NOTSUP, "this CPU has no L2 cache, or does not say so");
    case POINT_L3: return l3_bytes(w, out, e);
    case POINT_DRAM: return dram_bytes(w, out, e);
    case POINT_HBM:
    case POINT_HOST:
    case POINT_PEER: break;
    }
    return ERR(e, ERR_NOTSUP, "a CPU has no such level");
}
