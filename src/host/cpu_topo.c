/* cpu_topo.c - cores, sockets, NUMA nodes, caches and memory of a machine, from its files. */
#include "host/cpu_topo.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/mem.h"
#include "host/cgroup.h"
#include "host/cpu_ident.h"
#include "host/sysfile.h"

#define CPU_DIR "/sys/devices/system/cpu"

void cpu_topo_why(struct cpu_info *c, const char *fmt, ...)
{
    size_t n = strlen(c->why);
    va_list ap;

    if (n > 0 && n + 3 < sizeof(c->why))
        n += (size_t)snprintf(c->why + n, sizeof(c->why) - n, "; ");
    va_start(ap, fmt);
    vsnprintf(c->why + n, sizeof(c->why) - n, fmt, ap);
    va_end(ap);
}

/* The affinity of the calling thread.  The raw call, because glibc's takes masks of 1,024. */
static int affinity(struct cpu_info *c)
{
    unsigned long mask[CPU_MAX / (8 * sizeof(unsigned long))] = { 0 };
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);
    int n = 0;

    if (bytes < 0)
        return ERR_IO;
    for (int i = 0; i < CPU_MAX && i < 8 * bytes; i++)
        if (mask[(size_t)i / (8 * sizeof(mask[0]))] >> ((size_t)i % (8 * sizeof(mask[0]))) & 1)
            c->allowed[n++] = i;
    c->n_allowed = n;
    return n > 0 ? 0 : ERR_IO;
}

/* The CPUs of a list file, at most CPU_MAX of them; 0 when there is none to be had. */
static int read_list(const char *root, const char *path, int *cpus)
{
    char *text = NULL;
    int n = 0;

    if (sysfile_slurp(root, path, &text, NULL) == 0)
        sysfile_cpulist(text, cpus, CPU_MAX, &n, path, NULL);
    mem_free(text);
    return n < CPU_MAX ? n : CPU_MAX;
}

/* What the files say this process may use: its status, else what is online, else /proc/cpuinfo. */
static void allowed_from_files(struct cpu_info *c, const char *root, const char *cpuinfo)
{
    char *status = NULL;
    const char *list = NULL;
    int n = 0;

    if (sysfile_slurp(root, "/proc/self/status", &status, NULL) == 0)
        list = sysfile_field(status, "Cpus_allowed_list");
    if (list)
        sysfile_cpulist(list, c->allowed, CPU_MAX, &n, "Cpus_allowed_list", NULL);
    mem_free(status);
    if (n == 0)
        n = read_list(root, CPU_DIR "/online", c->allowed);
    for (const char *p = cpuinfo; n == 0 && p; p = strchr(p, '\n')) {
        int64_t id;

        p += *p == '\n';
        if (sysfile_field_int(p, "processor", &id) < 0)
            break;
        p = sysfile_field(p, "processor");
        if (id >= 0 && id < CPU_MAX && c->n_allowed < CPU_MAX)
            c->allowed[c->n_allowed++] = (int)id;
    }
    if (n > 0)
        c->n_allowed = n < CPU_MAX ? n : CPU_MAX;
    if (c->n_allowed == 0) {
        c->allowed[c->n_allowed++] = 0;
        cpu_topo_why(c, "no list of CPUs: taken as one");
    }
}

static bool is_allowed(const struct cpu_info *c, int cpu)
{
    for (int i = 0; i < c->n_allowed; i++)
        if (c->allowed[i] == cpu)
            return true;
    return false;
}

/* The cores from sysfs: a core is known by the lowest allowed CPU among its siblings. */
static bool cores_from_sysfs(struct cpu_info *c, const char *root)
{
    int64_t packages[64];
    int n_packages = 0;

    for (int i = 0; i < c->n_allowed; i++) {
        int cpu = c->allowed[i], siblings[64], n = 0, first = cpu, k;
        char text[128];
        int64_t package;

        if (sysfile_readf(root, text, sizeof(text), NULL,
                          CPU_DIR "/cpu%d/topology/thread_siblings_list", cpu) < 0 ||
            sysfile_cpulist(text, siblings, 64, &n, "thread_siblings_list", NULL) < 0 || n == 0)
            return false;
        if (n > c->threads_per_core)
            c->threads_per_core = n;
        for (k = n < 64 ? n : 64; k-- > 0;)
            if (siblings[k] < first && is_allowed(c, siblings[k]))
                first = siblings[k];
        if (first == cpu)
            c->cores[c->n_cores++] = cpu;
        if (sysfile_intf(root, &package, NULL, CPU_DIR "/cpu%d/topology/physical_package_id", cpu) <
            0)
            continue;
        for (k = 0; k < n_packages && packages[k] != package; k++)
            continue;
        if (k == n_packages && n_packages < 64)
            packages[n_packages++] = package;
    }
    c->sockets = n_packages;
    return true;
}

/* The cores from "physical id" and "core id" of /proc/cpuinfo (x86 only). */
static bool cores_from_cpuinfo(struct cpu_info *c, const char *cpuinfo)
{
    struct seen {
        int64_t package, core;
    } *seen = mem_calloc(CPU_MAX, sizeof(*seen));
    const char *block = cpuinfo;
    int64_t cpu, siblings, per_socket, packages = 0;

    c->n_cores = 0;
    while (seen && block && sysfile_field_int(block, "processor", &cpu) == 0) {
        struct seen s;
        int k = 0;

        block = sysfile_field(block, "processor");
        if (sysfile_field_int(block, "physical id", &s.package) < 0 ||
            sysfile_field_int(block, "core id", &s.core) < 0)
            break;
        if (cpu < 0 || cpu >= CPU_MAX || !is_allowed(c, (int)cpu))
            continue;
        while (k < c->n_cores && (seen[k].package != s.package || seen[k].core != s.core))
            k++;
        if (k == c->n_cores) {
            seen[k] = s;
            c->cores[c->n_cores++] = (int)cpu;
        }
        if (s.package + 1 > packages)
            packages = s.package + 1;
        if (sysfile_field_int(block, "siblings", &siblings) == 0 &&
            sysfile_field_int(block, "cpu cores", &per_socket) == 0 && per_socket > 0)
            c->threads_per_core = (int)(siblings / per_socket);
    }
    mem_free(seen);
    c->sockets = (int)packages;
    return c->n_cores > 0;
}

/* In big.LITTLE designs sysfs gives each CPU a capacity; hybrid x86 differ in their top clock. */
static int fastest(const struct cpu_info *c, const char *root)
{
    static const char *const scales[] = { "cpu_capacity", "cpufreq/cpuinfo_max_freq" };
    int best = c->cores[0];

    for (int s = 0; s < 2; s++) {
        int64_t most = -1;
        bool differ = false;

        for (int i = 0; i < c->n_cores; i++) {
            int64_t v;

            if (sysfile_intf(root, &v, NULL, CPU_DIR "/cpu%d/%s", c->cores[i], scales[s]) < 0)
                break;
            differ = differ || (most >= 0 && v != most);
            if (v > most) {
                most = v;
                best = c->cores[i];
            }
        }
        if (differ)
            return best;
    }
    return c->cores[0];
}

void cpu_topo_cores(struct cpu_info *c, const char *root, const char *cpuinfo)
{
    int *online;

    if (root[0] != '\0' || affinity(c) < 0)
        allowed_from_files(c, root, cpuinfo);
    if (!cores_from_sysfs(c, root)) {
        c->n_cores = c->sockets = c->threads_per_core = 0;
        if (!cores_from_cpuinfo(c, cpuinfo)) {
            memcpy(c->cores, c->allowed, sizeof(c->cores));
            c->n_cores = c->n_allowed;
            cpu_topo_why(c, "no topology in sysfs: each logical CPU is taken for a core");
        }
    }
    c->best_cpu = fastest(c, root);
    online = mem_calloc(CPU_MAX, sizeof(*online));
    if (online)
        c->online = read_list(root, CPU_DIR "/online", online);
    mem_free(online);
}

void cpu_topo_nodes(struct cpu_info *c, const char *root)
{
    int ids[CPU_NODES_MAX], n = 0, *cpus = mem_calloc(CPU_MAX, sizeof(*cpus));
    char text[512];

    if (cpus &&
        sysfile_read(root, "/sys/devices/system/node/online", text, sizeof(text), NULL) == 0)
        sysfile_cpulist(text, ids, CPU_NODES_MAX, &n, "node/online", NULL);
    for (int i = 0; i < n && i < CPU_NODES_MAX; i++) {
        struct cpu_node *node = &c->nodes[c->n_nodes++];
        char path[80], *info = NULL, key[40];
        int64_t kib;

        *node = (struct cpu_node){ .id = ids[i] };
        snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", ids[i]);
        node->n_cpus = read_list(root, path, cpus);
        snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", ids[i]);
        snprintf(key, sizeof(key), "Node %d MemTotal", ids[i]);
        if (sysfile_slurp(root, path, &info, NULL) == 0 && sysfile_field_int(info, key, &kib) == 0)
            node->memory_bytes = kib * 1024;
        mem_free(info);
    }
    mem_free(cpus);
}

/* "32K", "1024K", "36608K", "2M" as sysfs writes cache sizes. */
static int64_t cache_bytes(const char *text)
{
    const char *unit;
    int64_t v;

    if (sysfile_parse_int(text, &v, &unit) < 0 || v < 0 || v > INT64_C(1) << 40)
        return 0;
    return *unit == 'K' ? v << 10 : *unit == 'M' ? v << 20 : v;
}

/* How many caches like index `k` of `cpu` the allowed CPUs reach: each is counted at the lowest
 * allowed CPU that shares it. */
static int cache_instances(const struct cpu_info *c, const char *root, int k)
{
    int *sharing = mem_calloc(CPU_MAX, sizeof(*sharing)), count = 0;

    for (int i = 0; sharing && i < c->n_allowed; i++) {
        char path[128];
        int n, first = c->allowed[i];

        snprintf(path, sizeof(path), CPU_DIR "/cpu%d/cache/index%d/shared_cpu_list", first, k);
        n = read_list(root, path, sharing);
        for (int s = 0; s < n; s++) {
            if (is_allowed(c, sharing[s])) {
                count += sharing[s] == first;
                break;
            }
        }
    }
    mem_free(sharing);
    return count;
}

static bool read_cache(struct cpu_info *c, const char *root, int k, struct cpu_cache *out)
{
    int cpu = c->best_cpu, *sharing;
    int64_t level, line = 0;
    char type[32], size[32], path[128];

    if (sysfile_intf(root, &level, NULL, CPU_DIR "/cpu%d/cache/index%d/level", cpu, k) < 0 ||
        sysfile_readf(root, type, sizeof(type), NULL, CPU_DIR "/cpu%d/cache/index%d/type", cpu, k) <
            0 ||
        sysfile_readf(root, size, sizeof(size), NULL, CPU_DIR "/cpu%d/cache/index%d/size", cpu, k) <
            0)
        return false;
    sysfile_intf(root, &line, NULL, CPU_DIR "/cpu%d/cache/index%d/coherency_line_size", cpu, k);
    *out = (struct cpu_cache){ .level = (int)level,
                               .type = (char)tolower((unsigned char)type[0]),
                               .bytes = cache_bytes(size),
                               .line_bytes = (int)line };
    snprintf(path, sizeof(path), CPU_DIR "/cpu%d/cache/index%d/shared_cpu_list", cpu, k);
    sharing = mem_calloc(CPU_MAX, sizeof(*sharing));
    if (sharing)
        out->shared_by = read_list(root, path, sharing);
    mem_free(sharing);
    out->instances = cache_instances(c, root, k);
    return level >= 1 && level <= 8 && out->bytes > 0 && strchr("diu", out->type);
}

void cpu_topo_caches(struct cpu_info *c, const char *root)
{
    for (int k = 0; k < CPU_CACHES_MAX; k++)
        if (read_cache(c, root, k, &c->caches[c->n_caches]))
            c->n_caches++;
    if (c->n_caches > 0)
        return;
    if (root[0] == '\0')
        cpu_ident_caches(c);
    if (c->n_caches == 0)
        cpu_topo_why(c, "cache sizes are not known: neither sysfs nor CPUID tells");
    else
        cpu_topo_why(c, "caches from CPUID: sysfs does not list them");
}

static void read_hugetlb(struct cpu_info *c, const char *root)
{
    static const int64_t kib[CPU_POOLS_MAX] = { 64, 2048, 32768, 1048576 };

    for (int i = 0; i < CPU_POOLS_MAX; i++) {
        struct cpu_hugetlb *h = &c->hugetlb[c->n_hugetlb];

        if (sysfile_intf(root, &h->total, NULL,
                         "/sys/kernel/mm/hugepages/hugepages-%dkB/nr_hugepages", (int)kib[i]) < 0)
            continue;
        if (sysfile_intf(root, &h->free, NULL,
                         "/sys/kernel/mm/hugepages/hugepages-%dkB/free_hugepages", (int)kib[i]) < 0)
            h->free = 0;
        h->page_bytes = kib[i] * 1024;
        c->n_hugetlb++;
    }
}

/* "always [madvise] never": the word in brackets. */
static void read_thp(struct cpu_info *c, const char *root)
{
    char text[128], *open, *close;

    if (sysfile_read(root, "/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text),
                     NULL) < 0)
        return;
    open = strchr(text, '[');
    close = open ? strchr(open, ']') : NULL;
    if (!close)
        return;
    *close = '\0';
    snprintf(c->thp, sizeof(c->thp), "%s", open + 1);
}

void cpu_topo_memory(struct cpu_info *c, const char *root)
{
    struct cgroup_limits l;
    char *info = NULL;
    int64_t total = -1, available = -1;

    cgroup_read(&l, root);
    c->quota_cpus = l.cpus;
    c->memory_limit_bytes = l.memory_bytes;
    if (sysfile_slurp(root, "/proc/meminfo", &info, NULL) == 0) {
        if (sysfile_field_int(info, "MemTotal", &total) == 0)
            total *= 1024;
        if (sysfile_field_int(info, "MemAvailable", &available) == 0)
            available *= 1024;
    }
    mem_free(info);
    if (total < 0)
        cpu_topo_why(c, "/proc/meminfo does not tell the memory");
    c->memory_machine_bytes = total;
    if (l.memory_bytes >= 0 && (total < 0 || l.memory_bytes < total)) {
        total = l.memory_bytes;
        if (l.memory_used_bytes >= 0 && (available < 0 || total - l.memory_used_bytes < available))
            available = total > l.memory_used_bytes ? total - l.memory_used_bytes : 0;
    }
    if (available > total)
        available = total;
    c->memory_total_bytes = total;
    c->memory_available_bytes = available;
    c->page_bytes = sysconf(_SC_PAGESIZE);
    read_thp(c, root);
    read_hugetlb(c, root);
}
