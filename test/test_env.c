/* test_env.c - every field is there with its value or a reason; a busy machine is named; the
 * doctor's advice follows from what the files say. */
#include "host/env.h"

#include <sys/utsname.h>

#include "core/mem.h"
#include "fake_tree.h"
#include "host/advice.h"
#include "host/cpu.h"
#include "host/env_busy.h"
#include "test.h"

#define CPU0 "/sys/devices/system/cpu/cpu0"

/* Every key that the header promises for any machine. */
static const char *const always[] = { "machine.vendor",
                                      "machine.product",
                                      "machine.board",
                                      "machine.firmware",
                                      "machine.hostname",
                                      "machine.hypervisor",
                                      "cpu.vendor",
                                      "cpu.model",
                                      "cpu.architecture",
                                      "cpu.microarchitecture",
                                      "cpu.family",
                                      "cpu.model_number",
                                      "cpu.stepping",
                                      "cpu.implementer",
                                      "cpu.part",
                                      "cpu.microcode",
                                      "cpu.features",
                                      "cpu.sockets",
                                      "cpu.cores_physical",
                                      "cpu.threads",
                                      "cpu.threads_online",
                                      "cpu.threads_usable",
                                      "cpu.threads_per_core",
                                      "cpu.quota_cpus",
                                      "cpu.affinity",
                                      "cpu.cache_l1d_bytes",
                                      "cpu.cache_l1i_bytes",
                                      "cpu.cache_l2_bytes",
                                      "cpu.cache_l3_bytes",
                                      "cpu.notes",
                                      "memory.total_bytes",
                                      "memory.total_gib",
                                      "memory.machine_bytes",
                                      "memory.limit_bytes",
                                      "memory.available_bytes",
                                      "memory.swap_total_bytes",
                                      "memory.swap_used_bytes",
                                      "memory.page_bytes",
                                      "memory.thp",
                                      "memory.thp_defrag",
                                      "memory.type",
                                      "memory.speed_mt_s",
                                      "numa.count",
                                      "numa.balancing",
                                      "clock.driver",
                                      "clock.governor",
                                      "clock.energy_preference",
                                      "clock.min_mhz",
                                      "clock.max_mhz",
                                      "clock.locked",
                                      "clock.boost",
                                      "clock.source",
                                      "clock.sources_available",
                                      "os.name",
                                      "os.version",
                                      "os.id",
                                      "os.kernel",
                                      "os.kernel_build",
                                      "os.architecture",
                                      "os.libc",
                                      "os.boot_id",
                                      "os.uptime_s",
                                      "os.load_1m",
                                      "os.load_5m",
                                      "os.load_15m",
                                      "os.aslr",
                                      "os.smt",
                                      "os.isolated_cpus",
                                      "os.perf_event_paranoid",
                                      "os.io_uring_disabled",
                                      "os.swappiness",
                                      "os.mitigations",
                                      "os.limit_memlock_bytes",
                                      "os.limit_nofile",
                                      "os.root",
                                      "container.kind",
                                      "container.cgroup_version",
                                      "storage.dir",
                                      "storage.mount",
                                      "storage.filesystem",
                                      "storage.source",
                                      "storage.options",
                                      "storage.total_bytes",
                                      "storage.available_bytes",
                                      "storage.rotational",
                                      "storage.model",
                                      "storage.scheduler",
                                      "storage.device_bytes",
                                      "storage.logical_block_bytes" };

static void check_complete(const struct facts *fs)
{
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        const struct fact *f = facts_get(fs, always[i]);

        if (!f)
            fprintf(stderr, "missing: %s\n", always[i]);
        CHECK(f != NULL);
    }
    /* Null always says why, and text is never empty. */
    for (size_t i = 0; i < fs->n; i++)
        if (fs->f[i].kind == FACT_NULL || fs->f[i].kind == FACT_TEXT)
            CHECK(fs->f[i].text && fs->f[i].text[0] != '\0');
}

static bool is_null(const struct facts *fs, const char *key)
{
    const struct fact *f = facts_get(fs, key);

    return f && f->kind == FACT_NULL;
}

static void bare_metal(const char *root)
{
    fake_put(root, "/proc/cpuinfo",
             "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n"
             "model name\t: AMD EPYC 9354 32-Core Processor\nstepping\t: 1\n"
             "microcode\t: 0xa101144\nflags\t\t: fma avx2 avx512f\n");
    fake_put(root, "/sys/devices/system/cpu/online", "0\n");
    fake_cpu(root, 0, "0", 0, "1024K", "32768K", "0");
    fake_put(root, CPU0 "/cpufreq/scaling_driver", "amd-pstate-epp\n");
    fake_put(root, CPU0 "/cpufreq/scaling_governor", "powersave\n");
    fake_put(root, CPU0 "/cpufreq/cpuinfo_min_freq", "400000\n");
    fake_put(root, CPU0 "/cpufreq/cpuinfo_max_freq", "3799072\n");
    fake_put(root, CPU0 "/cpufreq/scaling_min_freq", "3250000\n");
    fake_put(root, CPU0 "/cpufreq/scaling_max_freq", "3250000\n");
    fake_put(root, "/sys/devices/system/cpu/cpufreq/boost", "1\n");
    fake_put(root, CPU0 "/thermal_throttle/core_throttle_count", "12\n");
    fake_put(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    fake_put(root, "/sys/class/dmi/id/sys_vendor", "Supermicro\n");
    fake_put(root, "/proc/meminfo",
             "MemTotal: 395000000 kB\nMemAvailable: 390000000 kB\nSwapTotal: 8388604 kB\n"
             "SwapFree: 8388000 kB\n");
    fake_put(root, "/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
    fake_put(root, "/proc/loadavg", "0.25 0.50 0.75 1/900 77\n");
    fake_put(root, "/proc/uptime", "1234.56 4000.00\n");
    fake_put(root, "/etc/os-release",
             "NAME=Debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"
             "VERSION_ID=\"12\"\n");
    fake_put(root, "/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
    fake_put(root, "/proc/cmdline", "root=UUID=1 ro mitigations=off quiet\n");
    fake_put(root, "/sys/devices/system/cpu/vulnerabilities/spectre_v2", "Vulnerable\n");
    fake_put(root, "/proc/self/cgroup", "0::/docker/abc\n");
    fake_put(root, "/sys/class/net/eth0/speed", "25000\n");
    fake_put(root, "/sys/class/net/eth0/operstate", "up\n");
    fake_put(root, "/sys/class/net/lo/operstate", "unknown\n");
    fake_put(root, "/proc/self/mountinfo",
             "22 27 0:21 / /proc rw shared:1 - proc proc rw\n"
             "27 1 259:2 / / rw,relatime shared:2 - ext4 /dev/root rw\n"
             "30 27 259:3 / /tmp rw,noatime shared:9 - xfs /dev/nvme0n1p3 rw\n"
             "31 27 0:30 / /tmpfoo rw - tmpfs tmpfs rw\n");
    fake_put(root, "/sys/dev/block/259:3/size", "1000\n");
    fake_put(root, "/sys/dev/block/queue/rotational", "0\n"); /* the parent of the partition */
    fake_put(root, "/sys/dev/block/queue/scheduler", "mq-deadline kyber [none]\n");
    fake_put(root, "/sys/dev/block/device/model", "SAMSUNG MZQL23T8HCLS\n");
}

static void test_bare_metal(void)
{
    static const struct env_variable variables[] = { { "OMP_NUM_THREADS", "8" },
                                                     { "CUDA_VISIBLE_DEVICES", NULL } };
    char root[FAKE_ROOT];
    struct env_options o = {
        .root = root, .dir = "/tmp", .variables = variables, .n_variables = 2
    };
    struct facts fs = { 0 };
    struct err e = { 0 };

    fake_new(root);
    bare_metal(root);
    CHECK_EQ(env_capture(&fs, NULL, &o, &e), 0);
    check_complete(&fs);
    CHECK_STR(facts_get_text(&fs, "cpu.model", ""), "AMD EPYC 9354 32-Core Processor");
    CHECK_STR(facts_get_text(&fs, "cpu.microarchitecture", ""), "Zen 4");
    CHECK_STR(facts_get_text(&fs, "cpu.features", ""), "avx2 fma avx512f");
    CHECK_STR(facts_get_text(&fs, "cpu.microcode", ""), "0xa101144");
    CHECK_STR(facts_get_text(&fs, "cpu.affinity", ""), "0");
    CHECK_NEAR(facts_get_number(&fs, "cpu.cache_l3_bytes", 0), 32 << 20, 0);
    CHECK_NEAR(facts_get_number(&fs, "memory.total_gib", 0), 377, 0);
    CHECK_NEAR(facts_get_number(&fs, "memory.swap_used_bytes", 0), 604 * 1024, 0);
    CHECK_STR(facts_get_text(&fs, "memory.thp", ""), "never");
    CHECK_STR(facts_get_text(&fs, "clock.driver", ""), "amd-pstate-epp");
    CHECK_NEAR(facts_get_number(&fs, "clock.max_mhz", 0), 3799.072, 1e-9);
    CHECK_NEAR(facts_get_number(&fs, "clock.locked", 0), 1, 0);
    CHECK_NEAR(facts_get_number(&fs, "clock.boost", 0), 1, 0);
    CHECK_STR(facts_get_text(&fs, "machine.vendor", ""), "Supermicro");
    CHECK_STR(facts_get_text(&fs, "machine.hypervisor", ""), "none");
    CHECK_STR(facts_get_text(&fs, "os.name", ""), "Debian GNU/Linux 12 (bookworm)");
    CHECK_STR(facts_get_text(&fs, "os.version", ""), "12");
    CHECK_STR(facts_get_text(&fs, "os.kernel", ""), "6.1.0-18-amd64");
    CHECK_STR(facts_get_text(&fs, "os.mitigations", ""), "off");
    CHECK_STR(facts_get_text(&fs, "os.vulnerabilities.spectre_v2", ""), "Vulnerable");
    CHECK_NEAR(facts_get_number(&fs, "os.load_15m", 0), 0.75, 0);
    CHECK_NEAR(facts_get_number(&fs, "os.uptime_s", 0), 1234.56, 1e-9);
    CHECK_STR(facts_get_text(&fs, "container.kind", ""), "docker");
    CHECK_STR(facts_get_text(&fs, "network.0.name", ""), "eth0");
    CHECK_NEAR(facts_get_number(&fs, "network.0.speed_mb_s", 0), 25000, 0);
    CHECK(facts_get(&fs, "network.1.name") == NULL);
    CHECK_STR(facts_get_text(&fs, "storage.filesystem", ""), "xfs");
    CHECK_STR(facts_get_text(&fs, "storage.mount", ""), "/tmp");
    CHECK_STR(facts_get_text(&fs, "storage.model", ""), "SAMSUNG MZQL23T8HCLS");
    CHECK_STR(facts_get_text(&fs, "storage.scheduler", ""), "none");
    CHECK_NEAR(facts_get_number(&fs, "storage.rotational", 1), 0, 0);
    CHECK_NEAR(facts_get_number(&fs, "storage.device_bytes", 0), 512000, 0);
    CHECK_STR(facts_get_text(&fs, "environment.OMP_NUM_THREADS", ""), "8");
    CHECK(is_null(&fs, "environment.CUDA_VISIBLE_DEVICES"));
    CHECK(is_null(&fs, "memory.type"));
    CHECK(is_null(&fs, "cpu.quota_cpus"));
    facts_release(&fs);
    fake_remove(root);
}

static void test_poor_trees(void)
{
    char root[FAKE_ROOT];
    struct env_options o = { .root = root };
    struct facts fs = { 0 };

    fake_new(root);
    CHECK_EQ(env_capture(&fs, NULL, &o, NULL), 0);
    check_complete(&fs);
    CHECK(is_null(&fs, "os.kernel"));
    CHECK(is_null(&fs, "memory.total_bytes"));
    CHECK(is_null(&fs, "storage.mount"));
    CHECK(is_null(&fs, "machine.hypervisor"));
    CHECK_STR(facts_get(&fs, "os.load_1m")->text, "/proc/loadavg: absent");
    CHECK_STR(facts_get_text(&fs, "container.kind", ""), "none");
    facts_release(&fs);

    fake_unreadable(root, "/proc/loadavg");
    fake_unreadable(root, "/proc/sys/kernel/osrelease");
    fake_put(root, "/proc/uptime", "long\n");
    fake_put(root, "/proc/sys/kernel/randomize_va_space", "yes\n");
    fake_put(root, "/proc/sys/kernel/version", "\n");
    fake_put(root, "/etc/os-release", "garbage\n=\nPRETTY_NAME=\n");
    fake_put(root, "/proc/self/mountinfo", "1 2 3\n\n - - -\n27 1 259:2 / relative rw - ext4 x\n");
    o.dir = "/tmp";
    CHECK_EQ(env_capture(&fs, NULL, &o, NULL), 0);
    check_complete(&fs);
    CHECK_STR(facts_get(&fs, "os.kernel")->text, "/proc/sys/kernel/osrelease: Is a directory");
    CHECK_STR(facts_get(&fs, "os.aslr")->text,
              "/proc/sys/kernel/randomize_va_space: \"yes\" is not a number");
    CHECK(is_null(&fs, "os.kernel_build"));
    CHECK(is_null(&fs, "os.name"));
    CHECK(is_null(&fs, "os.uptime_s"));
    CHECK(is_null(&fs, "storage.filesystem"));
    facts_release(&fs);
    o.dir = "/nowhere/at/all";
    CHECK_EQ(env_capture(&fs, NULL, &o, NULL), 0);
    CHECK(strstr(facts_get(&fs, "storage.mount")->text, "No such file"));
    facts_release(&fs);
    fake_remove(root);
}

static void test_no_memory(void)
{
    char root[FAKE_ROOT];
    struct env_options o = { .root = root };
    int rc = ERR_NOMEM;

    fake_new(root);
    for (uint64_t n = 1; n < 400 && rc != 0; n++) {
        struct facts fs = { 0 };
        struct err e = { 0 };

        mem_fail_at(n);
        rc = env_capture(&fs, NULL, &o, &e);
        mem_fail_at(0);
        CHECK(rc == 0 || rc == ERR_NOMEM);
        facts_release(&fs);
    }
    fake_remove(root);
}

static void test_here(void)
{
    struct env_options o = { .dir = "." };
    struct facts machine = { 0 }, build = { 0 };
    struct utsname u;
    size_t nulls = 0;

    CHECK_EQ(env_capture(&machine, &build, &o, NULL), 0);
    check_complete(&machine);
    CHECK_EQ(uname(&u), 0);
    CHECK_STR(facts_get_text(&machine, "os.kernel", ""), u.release);
    CHECK_STR(facts_get_text(&machine, "os.architecture", ""), u.machine);
    CHECK_NEAR(facts_get_number(&machine, "cpu.threads", 0), cpu_here()->n_allowed, 0);
    CHECK(facts_get_number(&machine, "memory.total_bytes", 0) > 0);
    CHECK(!is_null(&machine, "storage.filesystem"));
    for (size_t i = 0; i < machine.n; i++)
        nulls += machine.f[i].kind == FACT_NULL;
    printf("%zu facts of this machine, %zu of them null\n", machine.n, nulls);
    CHECK_STR(facts_get_text(&build, "version", ""), "0.1.0");
    CHECK(strlen(facts_get_text(&build, "compiler", "")) > 3);
    CHECK(facts_get(&build, "git.commit") && facts_get(&build, "git.dirty"));
    CHECK(facts_get(&build, "libraries.jansson") && facts_get(&build, "cuda"));
    CHECK(!strchr(facts_get_text(&build, "git.remote", ""), '@') ||
          !strstr(facts_get_text(&build, "git.remote", ""), "://"));
    facts_release(&machine);
    facts_release(&build);
}

static void task(const char *root, int pid, const char *name, int parent, int utime)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    fake_putf(root, path, "%d (%s) S %d 1 1 0 -1 4194560 1 2 3 4 %d 0 0 0 20 0 1 0 9 0\n", pid,
              name, parent, utime);
}

static void test_busy(void)
{
    char root[FAKE_ROOT];
    struct env_busy_snapshot before, after;
    struct env_busy b = { 0 };
    struct facts fs = { 0 };

    /* Process 100 is ours and 101 its child; 7 and 8 are others, 9 is new, 10 idles. */
    fake_new(root);
    fake_put(root, "/proc/stat", "cpu  1000 0 0 9000 0 0 0 10 0 0\n");
    task(root, 100, "headroom", 1, 50);
    task(root, 101, "headroom", 100, 0);
    task(root, 7, "cc1) R 9 9", 1, 400);
    task(root, 8, "java", 1, 100);
    task(root, 10, "init", 0, 3);
    CHECK_EQ(env_busy_snapshot(&before, root, 100, NULL), 0);
    CHECK_EQ(before.n, 5);
    fake_put(root, "/proc/stat", "cpu  1150 0 0 9000 0 0 0 30 0 0\n");
    task(root, 100, "headroom", 1, 60);
    task(root, 101, "headroom", 100, 40);
    task(root, 7, "cc1) R 9 9", 1, 420);
    task(root, 8, "java", 1, 170);
    task(root, 9, "sh", 8, 5);
    CHECK_EQ(env_busy_snapshot(&after, root, 100, NULL), 0);
    env_busy_between(&b, &before, &after, 1.0, 100);
    CHECK_NEAR(b.others_cpu_pct, 100, 1e-6); /* 150 ticks, 50 of them ours */
    CHECK_NEAR(b.steal_pct, 20, 1e-6);
    CHECK_EQ(b.n_top, 3);
    CHECK_STR(b.top[0].name, "java");
    CHECK_NEAR(b.top[0].cpu_pct, 70, 1e-6);
    CHECK_STR(b.top[1].name, "cc1) R 9 9");
    CHECK_STR(b.top[2].name, "sh");
    env_busy_facts(&fs, &b);
    CHECK_NEAR(facts_get_number(&fs, "busy.others_cpu_pct", 0), 100, 1e-6);
    CHECK_STR(facts_get_text(&fs, "busy.processes.0.name", ""), "java");
    facts_release(&fs);
    env_busy_snapshot_release(&before);
    env_busy_snapshot_release(&after);

    /* Nonsense and nothing. */
    fake_put(root, "/proc/stat", "x\n");
    fake_put(root, "/proc/7/stat", "7 (cc1 S 1\n");
    fake_put(root, "/proc/loadavg", "?\n");
    CHECK_EQ(env_busy(&b, root, 0.01, NULL), 0);
    CHECK(isnan(b.others_cpu_pct) && isnan(b.load_1m) && b.runnable == -1);
    CHECK(b.why[0] != '\0');
    env_busy_facts(&fs, &b);
    CHECK(is_null(&fs, "busy.others_cpu_pct") && is_null(&fs, "busy.runnable"));
    facts_release(&fs);
    fake_remove(root);
    CHECK_EQ(env_busy(&b, root, 0.0, NULL), 0);
    CHECK_EQ(b.n_top, 0);

    CHECK_EQ(env_busy(&b, "", 0.1, NULL), 0);
    CHECK(b.others_cpu_pct >= 0 && b.load_1m >= 0 && b.runnable >= 0);
    for (int i = 0; i < b.n_top; i++)
        CHECK(b.top[i].pid != (int)getpid());
}

static const struct advice *find(const struct advice_list *list, const char *name)
{
    static const struct advice none = { .name = "none" };

    for (int i = 0; i < list->n; i++)
        if (strcmp(list->a[i].name, name) == 0)
            return &list->a[i];
    fprintf(stderr, "no advice %s\n", name);
    return &none;
}

static void test_advice(void)
{
    struct advice_probes p = { .io_uring = 1 /* EPERM */,
                               .perf_events = 13,
                               .dir = "/tmp",
                               .touched_bytes = 256 << 20,
                               .rss_moved_bytes = 257 << 20 };
    char root[FAKE_ROOT];
    struct advice_list list;

    fake_new(root);
    bare_metal(root);
    fake_put(root, "/sys/fs/cgroup/docker/abc/cpu.max", "50000 100000\n");
    fake_put(root, "/sys/fs/cgroup/docker/abc/memory.max", "1073741824\n");
    fake_unreadable(root, "/sys/class/powercap/intel-rapl:0/energy_uj");
    fake_put(root, "/proc/sys/kernel/io_uring_disabled", "2\n");
    advice_collect(&list, root, &p);
    CHECK_EQ(find(&list, "cpu.model")->state, ADVICE_WORKING);
    CHECK_EQ(find(&list, "clock.governor")->state, ADVICE_ADVICE);
    CHECK(strstr(find(&list, "clock.governor")->text, "powersave"));
    CHECK_EQ(find(&list, "clock.throttling")->state, ADVICE_ADVICE);
    CHECK_EQ(find(&list, "clock.source")->state, ADVICE_ADVICE);
    CHECK_EQ(find(&list, "memory.thp")->state, ADVICE_ADVICE);
    CHECK_EQ(find(&list, "memory.swap")->state, ADVICE_ADVICE);
    CHECK_EQ(find(&list, "cgroup.cpu")->state, ADVICE_ADVICE);
    CHECK_EQ(find(&list, "cgroup.memory")->state, ADVICE_ADVICE);
    CHECK_EQ(find(&list, "energy.rapl")->state, ADVICE_ABSENT);
    CHECK(strstr(find(&list, "energy.rapl")->remedy, "chmod"));
    CHECK_EQ(find(&list, "io.uring")->state, ADVICE_ABSENT);
    CHECK(strstr(find(&list, "io.uring")->text, "io_uring_disabled = 2"));
    CHECK_EQ(find(&list, "io.direct")->state, ADVICE_WORKING);
    CHECK_EQ(find(&list, "cpu.counters")->state, ADVICE_ABSENT);
    CHECK_EQ(find(&list, "memory.accounting")->state, ADVICE_WORKING);

    /* A counter that does not move is caught, and one that cannot be read is not a failure. */
    p.rss_moved_bytes = 0;
    advice_collect(&list, root, &p);
    CHECK_EQ(find(&list, "memory.accounting")->state, ADVICE_FAILING);
    p.rss_moved_bytes = -1;
    advice_collect(&list, root, &p);
    CHECK_EQ(find(&list, "memory.accounting")->state, ADVICE_ABSENT);

    /* The same machine set up well. */
    fake_put(root, CPU0 "/cpufreq/scaling_governor", "performance\n");
    fake_put(root, CPU0 "/thermal_throttle/core_throttle_count", "0\n");
    fake_put(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    fake_put(root, "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    fake_put(root, "/proc/self/cgroup", "0::/\n");
    fake_put(root, "/proc/meminfo", "MemTotal: 4 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    advice_collect(&list, root, NULL);
    for (int i = 0; i < list.n; i++)
        CHECK(list.a[i].state != ADVICE_ADVICE && list.a[i].state != ADVICE_FAILING);
    fake_remove(root);

    /* No machine at all. */
    advice_collect(&list, root, NULL);
    CHECK_EQ(find(&list, "clock.governor")->state, ADVICE_ABSENT);
    CHECK_EQ(find(&list, "energy.rapl")->state, ADVICE_ABSENT);

    advice_probe(&p, "/tmp", 64 << 20);
    advice_collect(&list, "", &p);
    for (int i = 0; i < list.n; i++)
        printf("%-20s %-8s %s%s%s\n", list.a[i].name, advice_state_name(list.a[i].state),
               list.a[i].text, list.a[i].remedy[0] ? " -> " : "", list.a[i].remedy);
    CHECK(find(&list, "memory.accounting")->state != ADVICE_FAILING);
    advice_probe(&p, "/nowhere/at/all", 1 << 20);
    CHECK(p.direct_io != 0);
}

int main(void)
{
    test_bare_metal();
    test_poor_trees();
    test_no_memory();
    test_here();
    test_busy();
    test_advice();
    TEST_DONE();
}
