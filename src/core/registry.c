/* registry.c - how a name finds a benchmark. */
#include "core/registry.h"

#include <fnmatch.h>
#include <string.h>

const struct bench *registry_find(const char *name)
{
    for (int i = 0; bench_table[i]; i++)
        if (strcmp(bench_table[i]->name, name) == 0)
            return bench_table[i];
    return NULL;
}

bool registry_matches(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, 0) == 0;
}

const char *registry_nearest(const char *name)
{
    enum { NAMES_MAX = 256 };
    static const char *const suites[] = { "quick", "standard", "full" };
    const char *names[NAMES_MAX + 4];
    int n = 0;

    for (int i = 0; i < 3; i++)
        names[n++] = suites[i];
    for (int i = 0; bench_table[i] && n < NAMES_MAX; i++)
        names[n++] = bench_table[i]->name;
    names[n] = NULL;
    return nearest_name(name, names);
}
