/* advice.c - what `headroom doctor` says about the host. */
#include "host/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/mem.h"
#include "host/cgroup.h"
#include "host/cpu.h"
#include "host/sysfile.h"

#define CPU_DIR "/sys/devices/system/cpu"

const char *advice_state_name(enum advice_state s)
{
    switch (s) {
    case ADVICE_WORKING: return "working";
    case ADVICE_ABSENT: return "absent";
    case ADVICE_FAILING: return "failing";
    case ADVICE_ADVICE: return "advice";
    }
    return "unknown";
}

void advice_add(struct advice_list *list, const char *name, enum advice_state state,
                const char *remedy, const char *fmt, ...)
{
    struct advice *a;
    va_list ap;

    if (list->n == ADVICE_MAX)
        return;
    a = &list->a[list->n++];
    *a = (struct advice){ .state = state };
    snprintf(a->name, sizeof(a->name), "%s", name);
    snprintf(a->remedy, sizeof(a->remedy), "%s", remedy);
    va_start(ap, fmt);
    vsnprintf(a->text, sizeof(a->text), fmt, ap);
    va_end(ap);
}

static void governor(struct advice_list *list, const char *root, const struct cpu_info *c)
{
    char text[64];
    int64_t khz;

    if (sysfile_readf(root, text, sizeof(text), NULL, CPU_DIR "/cpu%d/cpufreq/scaling_governor",
                      c->best_cpu) < 0) {
        advice_add(list, "clock.governor", ADVICE_ABSENT,
                   "nothing inside a virtual machine; on bare metal load the cpufreq driver",
                   "no cpufreq: the clock policy is not ours to see");
        return;
    }
    if (strcmp(text, "performance") == 0)
        advice_add(list, "clock.governor", ADVICE_WORKING, "", "the governor is performance");
    else
        advice_add(list, "clock.governor", ADVICE_ADVICE, "cpupower frequency-set -g performance",
                   "the governor is %s: clocks follow the load, so short measurements are unsteady",
                   text);
    if (sysfile_intf(root, &khz, NULL, CPU_DIR "/cpu%d/cpufreq/scaling_cur_freq", c->best_cpu) == 0)
        advice_add(list, "clock.reading", ADVICE_WORKING, "", "the clock of each core can be read");
}

static void throttling(struct advice_list *list, const char *root, const struct cpu_info *c)
{
    int64_t most = -1, n;

    for (int i = 0; i < c->n_cores; i++) {
        if (sysfile_intf(root, &n, NULL, CPU_DIR "/cpu%d/thermal_throttle/core_throttle_count",
                         c->cores[i]) < 0)
            break;
        most = n > most ? n : most;
    }
    if (most < 0)
        advice_add(list, "clock.throttling", ADVICE_ABSENT, "nothing inside a virtual machine",
                   "no thermal_throttle counters");
    else if (most > 0)
        advice_add(list, "clock.throttling", ADVICE_ADVICE,
                   "look at cooling and at the power limits",
                   "a core was throttled %" PRId64 " times since boot for its temperature", most);
    else
        advice_add(list, "clock.throttling", ADVICE_WORKING, "",
                   "no core was throttled since boot");
}

static void clocksource(struct advice_list *list, const char *root, const struct cpu_info *c)
{
    const char *good = c->arch == CPU_ARCH_ARM ? "arch_sys_counter" : "tsc";
    char text[64];
    struct err e = { 0 };

    if (sysfile_read(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", text,
                     sizeof(text), &e) < 0)
        advice_add(list, "clock.source", ADVICE_ABSENT, "", "%s", e.msg);
    else if (strcmp(text, good) == 0)
        advice_add(list, "clock.source", ADVICE_WORKING, "", "time comes from %s", text);
    else
        advice_add(list, "clock.source", ADVICE_ADVICE,
                   "echo tsc > .../clocksource0/current_clocksource, where tsc is available",
                   "time comes from %s, which costs more to read than %s", text, good);
}

static void huge_pages(struct advice_list *list, const struct cpu_info *c)
{
    int64_t free_bytes = 0;

    if (c->thp[0] == '\0')
        advice_add(list, "memory.thp", ADVICE_ABSENT, "a kernel with CONFIG_TRANSPARENT_HUGEPAGE",
                   "this kernel has no transparent huge pages");
    else if (strcmp(c->thp, "never") == 0)
        advice_add(list, "memory.thp", ADVICE_ADVICE,
                   "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
                   "transparent huge pages are off: bandwidth and latency include TLB misses");
    else
        advice_add(list, "memory.thp", ADVICE_WORKING, "", "transparent huge pages: %s", c->thp);
    for (int i = 0; i < c->n_hugetlb; i++)
        free_bytes += c->hugetlb[i].free * c->hugetlb[i].page_bytes;
    if (free_bytes > 0)
        advice_add(list, "memory.hugetlb", ADVICE_WORKING, "",
                   "%.1f MiB of huge pages are set aside", (double)free_bytes / 1048576);
    else
        advice_add(list, "memory.hugetlb", ADVICE_ABSENT, "sysctl vm.nr_hugepages=512, if wanted",
                   "no huge pages are set aside; transparent ones are used instead");
}

static void memory_settings(struct advice_list *list, const char *root, const struct cpu_info *c)
{
    char *info = NULL;
    int64_t kib, on;

    if (sysfile_slurp(root, "/proc/meminfo", &info, NULL) == 0 &&
        sysfile_field_int(info, "SwapTotal", &kib) == 0) {
        if (kib > 0)
            advice_add(list, "memory.swap", ADVICE_ADVICE, "swapoff -a while measuring",
                       "%.1f GiB of swap are on: a large model may be measured from disk",
                       (double)kib / 1048576);
        else
            advice_add(list, "memory.swap", ADVICE_WORKING, "", "no swap");
    }
    mem_free(info);
    if (sysfile_int(root, "/proc/sys/kernel/numa_balancing", &on, NULL) == 0 && on != 0 &&
        c->n_nodes > 1)
        advice_add(list, "memory.numa_balancing", ADVICE_ADVICE, "sysctl kernel.numa_balancing=0",
                   "the kernel moves pages between %d NUMA nodes while it measures", c->n_nodes);
    huge_pages(list, c);
}

static void limits(struct advice_list *list, const char *root, const struct cpu_info *c)
{
    struct cgroup_limits l;

    cgroup_read(&l, root);
    if (c->quota_cpus < c->n_allowed)
        advice_add(
            list, "cgroup.cpu", ADVICE_ADVICE, "raise cpu.max (docker --cpus, k8s limits.cpu)",
            "the quota is %.2f of %d CPUs: %d threads are used, and waits for the quota show as "
            "stalls%s",
            c->quota_cpus, c->n_allowed, c->usable, l.throttled > 0 ? " (there were some)" : "");
    else
        advice_add(list, "cgroup.cpu", ADVICE_WORKING, "", "no CPU quota below the %d allowed CPUs",
                   c->n_allowed);
    if (c->online > c->n_allowed)
        advice_add(list, "cpu.affinity", ADVICE_ADVICE,
                   "taskset, cpuset or k8s cpu manager decide this",
                   "%d of the %d CPUs online may be used", c->n_allowed, c->online);
    if (c->memory_limit_bytes >= 0 && c->memory_limit_bytes < c->memory_machine_bytes)
        advice_add(list, "cgroup.memory", ADVICE_ADVICE,
                   "raise memory.max (docker -m, k8s limits.memory)",
                   "the limit is %.1f of %.1f GiB", (double)c->memory_limit_bytes / 1073741824,
                   (double)c->memory_machine_bytes / 1073741824);
}

static void kernel(struct advice_list *list, const char *root)
{
    char text[4096];

    if (sysfile_read(root, "/proc/cmdline", text, sizeof(text), NULL) == 0)
        advice_add(list, "kernel.mitigations", ADVICE_WORKING, "",
                   strstr(text, "mitigations=off")
                       ? "mitigations are off: system calls are faster than elsewhere"
                       : "mitigations are as the kernel chose; info lists them");
}

static void rapl(struct advice_list *list, const char *root)
{
    const char *path = "/sys/class/powercap/intel-rapl:0/energy_uj";
    struct err e = { 0 };
    int64_t uj;
    int rc = sysfile_int(root, path, &uj, &e);

    if (rc == 0)
        advice_add(list, "energy.rapl", ADVICE_WORKING, "", "the CPU's energy counter can be read");
    else if (rc == ERR_NOTSUP)
        advice_add(list, "energy.rapl", ADVICE_ABSENT,
                   "bare metal with the intel_rapl_common module; virtual machines do not have it",
                   "no RAPL energy counter");
    else if (rc == ERR_IO)
        advice_add(list, "energy.rapl", ADVICE_ABSENT,
                   "run as root, or: chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj", "%s",
                   e.msg);
    else
        advice_add(list, "energy.rapl", ADVICE_FAILING, "", "%s", e.msg);
}

static void tried_io(struct advice_list *list, const char *root, const struct advice_probes *p)
{
    int64_t disabled;

    if (p->io_uring == 0)
        advice_add(list, "io.uring", ADVICE_WORKING, "", "io_uring works");
    else if (sysfile_int(root, "/proc/sys/kernel/io_uring_disabled", &disabled, NULL) == 0 &&
             disabled > 0)
        advice_add(list, "io.uring", ADVICE_ABSENT, "sysctl kernel.io_uring_disabled=0",
                   "io_uring is switched off (kernel.io_uring_disabled = %" PRId64 ")", disabled);
    else if (p->io_uring == ENOSYS)
        advice_add(list, "io.uring", ADVICE_ABSENT,
                   "Linux >= 5.1, or a seccomp profile that allows it", "io_uring: %s",
                   strerror(p->io_uring));
    else
        advice_add(list, "io.uring", ADVICE_ABSENT,
                   "a container profile that allows io_uring_setup (docker: seccomp=unconfined)",
                   "io_uring: %s", strerror(p->io_uring));
    if (p->direct_io == 0)
        advice_add(list, "io.direct", ADVICE_WORKING, "", "O_DIRECT works in %.120s", p->dir);
    else
        advice_add(list, "io.direct", ADVICE_ABSENT, "--dir on a disk's file system (ext4, xfs)",
                   "O_DIRECT in %.120s: %s; storage cannot be told from the page cache there",
                   p->dir, strerror(p->direct_io));
}

static void tried_others(struct advice_list *list, const struct advice_probes *p)
{
    double mib = (double)p->touched_bytes / 1048576, moved = (double)p->rss_moved_bytes / 1048576;

    if (p->perf_events == 0)
        advice_add(list, "cpu.counters", ADVICE_WORKING, "", "hardware counters can be read");
    else
        advice_add(list, "cpu.counters", ADVICE_ABSENT,
                   p->perf_events == ENOENT ? "bare metal, or a virtual machine with a vPMU"
                                            : "sysctl kernel.perf_event_paranoid=1, or CAP_PERFMON",
                   "no hardware counters: %s; the clock is taken from chains of additions",
                   strerror(p->perf_events));
    if (p->memory_why[0] != '\0')
        advice_add(list, "memory.accounting", ADVICE_ABSENT, "", "%s", p->memory_why);
    else if (p->rss_moved_bytes < 0)
        advice_add(list, "memory.accounting", ADVICE_ABSENT, "mount /proc",
                   "the process's memory counter cannot be read");
    else if (fabs(moved - mib) <= 0.05 * mib)
        advice_add(list, "memory.accounting", ADVICE_WORKING, "",
                   "%.0f MiB touched, the counter moved by %.1f MiB", mib, moved);
    else
        advice_add(list, "memory.accounting", ADVICE_FAILING,
                   "memory figures of this kernel are wrong",
                   "%.0f MiB touched, but the counter moved by %.1f MiB", mib, moved);
}

void advice_collect(struct advice_list *list, const char *root, const struct advice_probes *p)
{
    struct cpu_info *c = mem_calloc(1, sizeof(*c));

    *list = (struct advice_list){ 0 };
    if (!c) {
        advice_add(list, "host", ADVICE_FAILING, "", "no memory to look at this machine");
        return;
    }
    if (root[0] == '\0')
        *c = *cpu_here();
    else
        cpu_detect(c, root, NULL);
    if (c->uarch != UARCH_UNKNOWN)
        advice_add(list, "cpu.model", ADVICE_WORKING, "", "%s (%s)", c->model,
                   uarch_name(c->uarch));
    else
        advice_add(list, "cpu.model", ADVICE_ABSENT, "report /proc/cpuinfo to the project",
                   "%s is not in the table of known CPUs: no paper limits", c->model);
    limits(list, root, c);
    governor(list, root, c);
    throttling(list, root, c);
    clocksource(list, root, c);
    memory_settings(list, root, c);
    rapl(list, root);
    kernel(list, root);
    if (p) {
        tried_io(list, root, p);
        tried_others(list, p);
    }
    mem_free(c);
}

static int try_io_uring(void)
{
    struct io_uring_params params = { 0 };
    long fd = syscall(__NR_io_uring_setup, 4, &params);

    if (fd < 0)
        return errno;
    close((int)fd);
    return 0;
}

/* An unnamed file, so that nothing is left behind; where the file system has none of those, a
 * named one that is removed at once (a refused O_DIRECT may have made it all the same). */
static int try_direct_io(const char *dir)
{
    char path[SYSFILE_PATH];
    int fd = open(dir, O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600), why = errno;

    if (fd < 0 && (why == EOPNOTSUPP || why == EISDIR)) {
        snprintf(path, sizeof(path), "%s/.headroom-direct-%d", dir, (int)getpid());
        fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);
        why = errno;
        if (fd >= 0 || why != EEXIST)
            unlink(path);
    }
    if (fd < 0)
        return why;
    close(fd);
    return 0;
}

static int try_perf_events(void)
{
    struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE,
                                    .size = sizeof(attr),
                                    .config = PERF_COUNT_HW_CPU_CYCLES,
                                    .disabled = 1,
                                    .exclude_kernel = 1,
                                    .exclude_hv = 1 };
    long fd = syscall(__NR_perf_event_open, &attr, 0, -1, -1, 0UL);

    if (fd < 0)
        return errno;
    close((int)fd);
    return 0;
}

static int64_t resident_bytes(void)
{
    char text[128];
    const char *p = text;
    int64_t size, resident;

    if (sysfile_read("", "/proc/self/statm", text, sizeof(text), NULL) < 0 ||
        sysfile_parse_int(p, &size, &p) < 0 || sysfile_parse_int(p, &resident, NULL) < 0)
        return -1;
    return resident * sysconf(_SC_PAGESIZE);
}

static void try_memory(struct advice_probes *p, int64_t bytes)
{
    int64_t available = cpu_here()->memory_available_bytes, before, after;
    struct region r = { 0 };
    struct err e = { 0 };

    if (available >= 0 && bytes > available / 4)
        bytes = available / 4;
    before = resident_bytes();
    if (region_map(&r, (size_t)bytes, &e) < 0) {
        snprintf(p->memory_why, sizeof(p->memory_why), "%.119s", e.msg);
        return;
    }
    after = resident_bytes();
    p->touched_bytes = bytes;
    p->rss_moved_bytes = before < 0 || after < 0 ? -1 : after > before ? after - before : 0;
    region_unmap(&r);
}

void advice_probe(struct advice_probes *p, const char *dir, int64_t touch_bytes)
{
    *p = (struct advice_probes){ 0 };
    snprintf(p->dir, sizeof(p->dir), "%.199s", dir);
    p->io_uring = try_io_uring();
    p->direct_io = try_direct_io(dir);
    p->perf_events = try_perf_events();
    try_memory(p, touch_bytes);
}
