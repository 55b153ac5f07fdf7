/* cgroup.c - what the control group of this process leaves of the machine. */
#include "host/cgroup.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "host/sysfile.h"

enum { CGROUP_PATH = 256 };

/* v1 writes "no limit" as the largest multiple of the page size below 2^63. */
static const int64_t V1_NO_LIMIT = INT64_C(1) << 60;

static void lower(double *cpus, double quota, double period)
{
    if (quota > 0 && period > 0 && quota / period < *cpus)
        *cpus = quota / period;
}

/* The path of the group of `controller` ("" for v2) in the text of /proc/self/cgroup. */
static bool group_path(const char *text, const char *controller, char out[CGROUP_PATH])
{
    for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : NULL) {
        const char *list = strchr(p, ':'), *path = list ? strchr(list + 1, ':') : NULL;
        size_t want = strlen(controller), n;
        bool found = false;

        if (!path)
            return false;
        list++;
        if (want == 0)
            found = list == path;
        while (want > 0 && list < path && !found) {
            n = strcspn(list, ",:");
            found = n == want && strncmp(list, controller, n) == 0;
            list += n + 1;
        }
        if (!found)
            continue;
        n = strcspn(++path, "\n");
        if (n >= CGROUP_PATH || path[0] != '/')
            return false;
        memcpy(out, path, n);
        out[n == 1 ? 0 : n] = '\0';
        return true;
    }
    return false;
}

/* To the parent; false when this was the root. */
static bool up(char path[CGROUP_PATH])
{
    char *slash = strrchr(path, '/');

    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static void memory_limit(struct cgroup_limits *l, const char *root, const char *dir,
                         const char *limit_name, const char *usage_name)
{
    int64_t limit, used;

    if (sysfile_intf(root, &limit, NULL, "%s/%s", dir, limit_name) < 0)
        return;
    if (limit < 0 || limit >= V1_NO_LIMIT)
        return;
    if (l->memory_bytes >= 0 && l->memory_bytes <= limit)
        return;
    l->memory_bytes = limit;
    l->memory_used_bytes = -1;
    if (sysfile_intf(root, &used, NULL, "%s/%s", dir, usage_name) == 0)
        l->memory_used_bytes = used;
}

static void throttled(struct cgroup_limits *l, const char *root, const char *dir)
{
    char text[1024];
    int64_t n;

    if (l->throttled >= 0 || sysfile_readf(root, text, sizeof(text), NULL, "%s/cpu.stat", dir) < 0)
        return;
    if (sysfile_field_int(text, "nr_throttled ", &n) == 0)
        l->throttled = n;
}

static void read_v2(struct cgroup_limits *l, const char *root, const char *mount, char *path)
{
    do {
        char dir[CGROUP_PATH + 64], text[64];
        const char *rest;
        int64_t quota, period;

        snprintf(dir, sizeof(dir), "%s%s", mount, path);
        if (sysfile_readf(root, text, sizeof(text), NULL, "%s/cpu.max", dir) == 0 &&
            sysfile_parse_int(text, &quota, &rest) == 0 &&
            sysfile_parse_int(rest, &period, NULL) == 0)
            lower(&l->cpus, (double)quota, (double)period);
        throttled(l, root, dir);
        memory_limit(l, root, dir, "memory.max", "memory.current");
    } while (up(path));
}

static void read_v1_cpu(struct cgroup_limits *l, const char *root, const char *mount, char *path)
{
    do {
        char dir[CGROUP_PATH + 64];
        int64_t quota, period;

        snprintf(dir, sizeof(dir), "%s%s", mount, path);
        if (sysfile_intf(root, &quota, NULL, "%s/cpu.cfs_quota_us", dir) == 0 &&
            sysfile_intf(root, &period, NULL, "%s/cpu.cfs_period_us", dir) == 0)
            lower(&l->cpus, (double)quota, (double)period);
        throttled(l, root, dir);
    } while (up(path));
}

static void read_v1_memory(struct cgroup_limits *l, const char *root, const char *mount, char *path)
{
    do {
        char dir[CGROUP_PATH + 64];

        snprintf(dir, sizeof(dir), "%s%s", mount, path);
        memory_limit(l, root, dir, "memory.limit_in_bytes", "memory.usage_in_bytes");
    } while (up(path));
}

void cgroup_read(struct cgroup_limits *l, const char *root)
{
    static const char *const v2_mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
    static const char *const cpu_mounts[] = { "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct" };
    char *text = NULL, path[CGROUP_PATH];

    *l = (struct cgroup_limits){
        .cpus = (double)INFINITY, .memory_bytes = -1, .memory_used_bytes = -1, .throttled = -1
    };
    if (sysfile_slurp(root, "/proc/self/cgroup", &text, NULL) < 0)
        return;
    for (int i = 0; i < 2; i++) {
        if (group_path(text, "", path)) {
            l->version = 2;
            read_v2(l, root, v2_mounts[i], path);
        }
    }
    for (int i = 0; i < 2; i++) {
        if (group_path(text, "cpu", path)) {
            l->version = 1;
            read_v1_cpu(l, root, cpu_mounts[i], path);
        }
    }
    if (group_path(text, "memory", path)) {
        l->version = 1;
        read_v1_memory(l, root, "/sys/fs/cgroup/memory", path);
    }
    mem_free(text);
}
