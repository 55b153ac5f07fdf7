/* variant_axis.c - the axes that benchmarks of kernels share. */
#include "kernels/variant/variant_axis.h"

#include <string.h>

#include "host/cpu.h"
#include "kernels/variant/variant.h"

enum { BEST = 0, ONE = 0 };

const char *const variant_axis_names[] = { "best", "scalar", "avx2", "avx512", "neon", NULL };
const char *const variant_axis_threads[] = { "one", "all", NULL };

int variant_axis_cpus(const struct params *p, const int **cpus)
{
    const struct cpu_info *cpu = cpu_here();
    const bool one = params_get(p, "threads") == ONE;

    *cpus = one ? &cpu->best_cpu : cpu->cores;
    return one ? 1 : cpu->n_cores_all;
}

const char *variant_axis_level(double bytes, int threads)
{
    static const char *const names[] = { "dram", "l1", "l2", "l3" };
    int level = cpu_level_holding(cpu_here(), bytes, threads);

    return level < 4 ? names[level] : names[0];
}

static struct variant entry(const void *table, size_t stride, int i)
{
    struct variant v;

    memcpy(&v, (const char *)table + (size_t)i * stride, sizeof(v));
    return v;
}

bool variant_axis_exists(const struct params *p, const void *table, size_t stride, int n)
{
    if (params_get(p, "variant") == BEST)
        return true;
    for (int i = 0; i < n; i++)
        if (strcmp(entry(table, stride, i).name, params_text(p, "variant")) == 0)
            return true;
    return false;
}

int variant_axis_candidates(const struct params *p, const void *table, size_t stride, int n,
                            int out[PICK_MAX], struct err *e)
{
    const bool best = params_get(p, "variant") == BEST;
    const char *name = params_text(p, "variant");
    int found = 0;

    for (int i = best ? VARIANT_SCALAR + 1 : 0; i < n && found < PICK_MAX; i++) {
        const struct variant v = entry(table, stride, i);

        if ((best || strcmp(v.name, name) == 0) && variant_runs(v.needs, cpu_here()))
            out[found++] = i;
    }
    if (found == 0 && best)
        out[found++] = VARIANT_SCALAR;
    if (found == 0)
        return ERR(e, ERR_NOTSUP, "this CPU does not have what the variant %s needs", name);
    return found;
}
