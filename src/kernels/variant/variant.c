/* variant.c - the choice that all tables of variants share. */
#include "kernels/variant/variant.h"

#include <string.h>

bool variant_runs(uint64_t needs, const struct cpu_info *cpu)
{
    return (needs & ~cpu->features) == 0;
}

int variant_best(const void *table, size_t stride, int n, const struct cpu_info *cpu,
                 const char *name)
{
    struct variant v;

    /* Scalar, the first, is what remains when nothing better runs. */
    for (int i = 1; i <= n; i++) {
        int which = i < n ? i : VARIANT_SCALAR;

        memcpy(&v, (const char *)table + (size_t)which * stride, sizeof(v));
        if (variant_runs(v.needs, cpu) && (!name || strcmp(name, v.name) == 0))
            return which;
    }
    return -1;
}
