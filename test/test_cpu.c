/* test_cpu.c - machines made of files are read as what they are; the real one as what it is. */
#include "host/cpu.h"

#include <sched.h>

#include "fake_tree.h"
#include "host/cgroup.h"
#include "host/cpu_ident.h"
#include "host/sysfile.h"
#include "host/uarch.h"
#include "test.h"

static struct cpu_info c; /* too large for comfort on the stack */

/* A cloud VM on Sapphire Rapids: 4 CPUs as 2 cores with SMT, AMX, hugetlb pages set aside. */
static void sapphire_rapids(const char *root)
{
    char info[8192] = "";

    for (int i = 0; i < 4; i++) {
        size_t n = strlen(info);

        snprintf(info + n, sizeof(info) - n,
                 "processor\t: %d\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n"
                 "model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz\nstepping\t: 8\n"
                 "cpu MHz\t\t: 2699.998\nphysical id\t: 0\nsiblings\t: 4\ncore id\t\t: %d\n"
                 "cpu cores\t: 2\nflags\t\t: fpu sse2 avx fma f16c avx2 avx512f avx512dq "
                 "avx512bw avx512vl avx_vnni avx512_bf16 avx512_vnni amx_bf16 avx512_fp16 "
                 "amx_tile amx_int8\nbugs\t\t: spectre_v1\n\n",
                 i, i / 2);
    }
    fake_put(root, "/proc/cpuinfo", info);
    fake_put(root, "/sys/devices/system/cpu/online", "0-3\n");
    for (int i = 0; i < 4; i++)
        fake_cpu(root, i, i < 2 ? "0-1" : "2-3", 0, "2048K", "107520K", "0-3");
    fake_put(root, "/sys/devices/system/node/online", "0\n");
    fake_put(root, "/sys/devices/system/node/node0/cpulist", "0-3\n");
    fake_put(root, "/sys/devices/system/node/node0/meminfo",
             "Node 0 MemTotal:       16384000 kB\nNode 0 MemFree: 1 kB\n");
    fake_put(root, "/proc/meminfo", "MemTotal: 16384000 kB\nMemAvailable: 16000000 kB\n");
    fake_put(root, "/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
    fake_put(root, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
    fake_put(root, "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "500\n");
}

static void test_sapphire_rapids(void)
{
    char root[FAKE_ROOT];
    struct err e = { 0 };

    fake_new(root);
    sapphire_rapids(root);
    CHECK_EQ(cpu_detect(&c, root, &e), 0);
    CHECK_EQ(c.arch, CPU_ARCH_X86);
    CHECK_STR(c.model, "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz");
    CHECK_EQ(c.family, 6);
    CHECK_EQ(c.cpu_model, 143);
    CHECK_STR(uarch_name(c.uarch), "Sapphire Rapids");
    CHECK(cpu_has(&c, CPU_AMX_TILE) && cpu_has(&c, CPU_AMX_INT8) && cpu_has(&c, CPU_AMX_BF16));
    CHECK(cpu_has(&c, CPU_AVX512FP16) && cpu_has(&c, CPU_AVXVNNI) && !cpu_has(&c, CPU_NEON));
    CHECK(!cpu_has(&c, CPU_AMX_FP16));
    CHECK_EQ(c.n_allowed, 4);
    CHECK_EQ(c.n_cores, 2);
    CHECK_EQ(c.cores[0], 0);
    CHECK_EQ(c.cores[1], 2);
    CHECK_EQ(c.threads_per_core, 2);
    CHECK_EQ(c.sockets, 1);
    CHECK_EQ(c.usable, 4);
    CHECK_EQ(cpu_data_cache(&c, 2)->bytes, 2048 << 10);
    CHECK_EQ(cpu_data_cache(&c, 2)->instances, 2);
    CHECK_EQ(cpu_data_cache(&c, 3)->instances, 1);
    CHECK_EQ(cpu_data_cache(&c, 3)->shared_by, 4);
    CHECK_EQ(cpu_cache_levels(&c), 3);
    CHECK_EQ(c.n_nodes, 1);
    CHECK_EQ(c.nodes[0].memory_bytes, 16384000LL * 1024);
    CHECK_STR(c.thp, "always");
    CHECK_EQ(c.n_hugetlb, 1);
    CHECK_EQ(c.hugetlb[0].free, 500);
    CHECK(isinf(c.quota_cpus));
    CHECK_EQ(c.memory_limit_bytes, -1);
    CHECK_STR(c.why, "");
    fake_remove(root);
}

/* A two-socket Milan of which the affinity leaves CPUs 2-5, the second half of two cores. */
static void test_zen3(void)
{
    char root[FAKE_ROOT], info[8192] = "";

    fake_new(root);
    for (int i = 0; i < 8; i++) {
        size_t n = strlen(info);

        snprintf(info + n, sizeof(info) - n,
                 "processor\t: %d\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\n"
                 "model name\t: AMD EPYC 7763 64-Core Processor\nstepping\t: 1\n"
                 "flags\t\t: fpu avx fma f16c avx2 vaes\n\n",
                 i);
        fake_cpu(root, i, (const char *[]){ "0,4", "1,5", "2,6", "3,7" }[i % 4], i % 4 / 2, "512K",
                 "32M", i % 4 < 2 ? "0-1,4-5" : "2-3,6-7");
    }
    fake_put(root, "/proc/cpuinfo", info);
    fake_put(root, "/sys/devices/system/cpu/online", "0-7\n");
    fake_put(root, "/proc/self/status", "Name:\tx\nCpus_allowed:\t3c\nCpus_allowed_list:\t2-5\n");
    CHECK_EQ(cpu_detect(&c, root, NULL), 0);
    CHECK_STR(uarch_name(c.uarch), "Zen 3");
    CHECK(cpu_has(&c, CPU_AVX2) && !cpu_has(&c, CPU_AVX512F));
    CHECK_EQ(c.n_allowed, 4);
    CHECK_EQ(c.online, 8);
    CHECK_EQ(c.n_cores, 4); /* each allowed CPU is on a core of its own */
    CHECK_EQ(c.cores[3], 5);
    CHECK_EQ(c.threads_per_core, 2);
    CHECK_EQ(c.sockets, 2);
    CHECK_EQ(cpu_data_cache(&c, 3)->bytes, 32 << 20);
    CHECK_EQ(cpu_data_cache(&c, 3)->instances, 2);
    fake_remove(root);
}

/* A DGX Spark-like tree: two kinds of cores, told apart by capacity; CPU 2 is the fast one. */
static void test_arm(void)
{
    char root[FAKE_ROOT], info[2048] = "";

    fake_new(root);
    for (int i = 0; i < 4; i++) {
        size_t n = strlen(info);
        char path[128], siblings[16];

        snprintf(info + n, sizeof(info) - n,
                 "processor\t: %d\nBogoMIPS\t: 2000.00\nFeatures\t: fp asimd aes asimdhp asimddp "
                 "sve sve2 i8mm bf16\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
                 "CPU variant\t: 0x0\nCPU part\t: %s\nCPU revision\t: 1\n\n",
                 i, i < 2 ? "0xd87" : "0xd85");
        snprintf(siblings, sizeof(siblings), "%d", i);
        fake_cpu(root, i, siblings, 0, "2048K", "16384K", "0-3");
        snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpu_capacity", i);
        fake_put(root, path, i < 2 ? "718\n" : "1024\n");
    }
    fake_put(root, "/proc/cpuinfo", info);
    fake_put(root, "/sys/devices/system/cpu/online", "0-3\n");
    CHECK_EQ(cpu_detect(&c, root, NULL), 0);
    CHECK_EQ(c.arch, CPU_ARCH_ARM);
    CHECK_STR(c.vendor, "ARM");
    CHECK_STR(c.model, "Cortex-A725 + Cortex-X925");
    CHECK_EQ(c.best_cpu, 2);
    CHECK_EQ(c.uarch, UARCH_CORTEX_X925);
    CHECK_EQ(c.n_kinds, 2);
    CHECK_EQ(c.kinds[0].cores, 2);
    CHECK(cpu_has(&c, CPU_I8MM) && cpu_has(&c, CPU_SVE2) && cpu_has(&c, CPU_BF16));
    CHECK(!cpu_has(&c, CPU_AVX2));
    fake_remove(root);

    /* Grace: 72 x Neoverse V2, one NUMA node of memory and one of the GPU's. */
    fake_new(root);
    for (int i = 0; i < 3; i++) {
        char siblings[16];

        snprintf(siblings, sizeof(siblings), "%d", i);
        fake_cpu(root, i, siblings, 0, "1024K", "116736K", "0-2");
    }
    fake_put(root, "/proc/cpuinfo",
             "processor\t: 0\nFeatures\t: asimd asimddp i8mm bf16 sve sve2\nCPU implementer\t: "
             "0x41\nCPU part\t: 0xd4f\n\nprocessor\t: 1\nFeatures\t: asimd\nCPU implementer\t: "
             "0x41\nCPU part\t: 0xd4f\n\nprocessor\t: 2\nFeatures\t: asimd\nCPU implementer\t: "
             "0x41\nCPU part\t: 0xd4f\n");
    fake_put(root, "/sys/devices/system/node/online", "0-1\n");
    fake_put(root, "/sys/devices/system/node/node0/cpulist", "0-2\n");
    fake_put(root, "/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 1000 kB\n");
    fake_put(root, "/sys/devices/system/node/node1/cpulist", "\n");
    fake_put(root, "/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 500 kB\n");
    CHECK_EQ(cpu_detect(&c, root, NULL), 0);
    CHECK_STR(c.model, "Neoverse V2");
    CHECK_EQ(c.n_allowed, 3); /* from /proc/cpuinfo: there is no `online` */
    CHECK_EQ(c.kinds[0].cores, 3);
    CHECK_EQ(c.n_nodes, 2);
    CHECK_EQ(c.nodes[1].n_cpus, 0);
    CHECK_EQ(c.nodes[1].memory_bytes, 500 * 1024);
    fake_remove(root);
}

static void test_cgroup(void)
{
    char root[FAKE_ROOT];
    struct cgroup_limits l;

    /* v2, group visible at its full path; the parent has the tighter quota. */
    fake_new(root);
    sapphire_rapids(root);
    fake_put(root, "/proc/self/cgroup", "0::/kubepods/pod1\n");
    fake_put(root, "/sys/fs/cgroup/kubepods/pod1/cpu.max", "max 100000\n");
    fake_put(root, "/sys/fs/cgroup/kubepods/cpu.max", "250000 100000\n");
    fake_put(root, "/sys/fs/cgroup/kubepods/cpu.stat",
             "usage_usec 5\nnr_periods 9\n"
             "nr_throttled 7\n");
    fake_put(root, "/sys/fs/cgroup/kubepods/pod1/memory.max", "1073741824\n");
    fake_put(root, "/sys/fs/cgroup/kubepods/pod1/memory.current", "73741824\n");
    cgroup_read(&l, root);
    CHECK_EQ(l.version, 2);
    CHECK_NEAR(l.cpus, 2.5, 0);
    CHECK_EQ(l.throttled, 7);
    CHECK_EQ(cpu_detect(&c, root, NULL), 0);
    CHECK_EQ(c.usable, 3); /* min(4, ceil(2.5)) */
    CHECK_EQ(c.n_cores_all, 2);
    CHECK_EQ(c.memory_limit_bytes, 1073741824);
    CHECK_EQ(c.memory_total_bytes, 1073741824);
    CHECK_EQ(c.memory_available_bytes, 1000000000);
    CHECK_EQ(c.memory_machine_bytes, 16384000LL * 1024);
    fake_remove(root);

    /* v2 seen from inside a container: the group is the root of what is mounted. */
    fake_new(root);
    fake_put(root, "/proc/self/cgroup", "0::/\n");
    fake_put(root, "/sys/fs/cgroup/cpu.max", "50000 100000\n");
    cgroup_read(&l, root);
    CHECK_NEAR(l.cpus, 0.5, 0);
    CHECK_EQ(l.memory_bytes, -1);
    fake_remove(root);

    /* v1, controllers mounted together, "no limit" as v1 writes it. */
    fake_new(root);
    fake_put(root, "/proc/self/cgroup", "4:memory:/docker/a\n3:cpu,cpuacct:/docker/a\n0::/\n");
    fake_put(root, "/sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us", "150000\n");
    fake_put(root, "/sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_period_us", "100000\n");
    fake_put(root, "/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", "9223372036854771712\n");
    fake_put(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    cgroup_read(&l, root);
    CHECK_EQ(l.version, 1);
    CHECK_NEAR(l.cpus, 1.5, 0);
    CHECK_EQ(l.memory_bytes, -1);
    fake_put(root, "/sys/fs/cgroup/cpu,cpuacct/docker/a/cpu.cfs_quota_us", "-1\n");
    fake_put(root, "/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", "1048576\n");
    cgroup_read(&l, root);
    CHECK(isinf(l.cpus));
    CHECK_EQ(l.memory_bytes, 1048576);
    /* Nonsense limits nothing. */
    fake_put(root, "/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", "lots\n");
    fake_put(root, "/proc/self/cgroup", "nonsense\n\n:::\n");
    cgroup_read(&l, root);
    CHECK(isinf(l.cpus));
    CHECK_EQ(l.memory_bytes, -1);
    CHECK_EQ(l.version, 0);
    fake_remove(root);
}

static void test_poor_trees(void)
{
    char root[FAKE_ROOT];
    struct err e = { 0 };

    /* Nothing at all. */
    fake_new(root);
    CHECK_EQ(cpu_detect(&c, root, &e), ERR_NOTSUP);
    CHECK_EQ(c.n_allowed, 1);
    CHECK_EQ(c.usable, 1);
    CHECK_EQ(c.n_caches, 0);
    CHECK(cpu_data_cache(&c, 1) == NULL);
    CHECK_EQ(c.memory_total_bytes, -1);
    CHECK(c.why[0] != '\0');

    /* /proc without /sys: cores by their ids. */
    fake_put(root, "/proc/cpuinfo",
             "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
             "stepping\t: 7\nphysical id\t: 0\nsiblings\t: 2\ncore id\t\t: 0\ncpu cores\t: 1\n"
             "\nprocessor\t: 1\nvendor_id\t: GenuineIntel\nphysical id\t: 0\nsiblings\t: 2\n"
             "core id\t\t: 0\ncpu cores\t: 1\n");
    CHECK_EQ(cpu_detect(&c, root, NULL), 0);
    CHECK_STR(uarch_name(c.uarch), "Cascade Lake");
    CHECK_EQ(c.n_allowed, 2);
    CHECK_EQ(c.n_cores, 1);
    CHECK_EQ(c.threads_per_core, 2);
    CHECK_EQ(c.sockets, 1);

    /* Nonsense in every file that is read as a number or a list. */
    fake_put(root, "/sys/devices/system/cpu/online", "0-x\n");
    fake_put(root, "/proc/meminfo", "MemTotal: many kB\n");
    fake_put(root, "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "zero\n");
    fake_put(root, "/sys/devices/system/cpu/cpu0/cache/index0/level", "one\n");
    fake_put(root, "/sys/devices/system/node/online", "0-99999999999\n");
    fake_put(root, "/sys/kernel/mm/transparent_hugepage/enabled", "always\n");
    fake_unreadable(root, "/proc/self/status");
    fake_put(root, "/proc/self/cgroup", "0::/\n");
    fake_put(root, "/sys/fs/cgroup/cpu.max", "0 0\n");
    CHECK_EQ(cpu_detect(&c, root, NULL), 0);
    CHECK_EQ(c.n_allowed, 2);
    CHECK_EQ(c.n_cores, 1);
    CHECK_EQ(c.n_caches, 0);
    CHECK_EQ(c.n_nodes, 0);
    CHECK_EQ(c.memory_total_bytes, -1);
    CHECK_STR(c.thp, "");
    CHECK_EQ(c.usable, 2);

    /* A cpuinfo that is a directory. */
    fake_remove(root);
    fake_new(root);
    fake_unreadable(root, "/proc/cpuinfo");
    e = (struct err){ 0 };
    CHECK_EQ(cpu_detect(&c, root, &e), ERR_NOTSUP);
    fake_remove(root);
}

static void test_uarch(void)
{
    static const struct {
        const char *vendor, *name;
        int family, model, stepping;
    } x86[] = {
        { "GenuineIntel", "Skylake-SP", 6, 0x55, 4 },
        { "GenuineIntel", "Cascade Lake", 6, 0x55, 7 },
        { "GenuineIntel", "Cooper Lake", 6, 0x55, 11 },
        { "GenuineIntel", "Ice Lake-SP", 6, 0x6A, 6 },
        { "GenuineIntel", "Emerald Rapids", 6, 0xCF, 2 },
        { "GenuineIntel", "Granite Rapids", 6, 0xAD, 1 },
        { "AuthenticAMD", "Zen", 0x17, 0x01, 2 },
        { "AuthenticAMD", "Zen 2", 0x17, 0x31, 0 },
        { "AuthenticAMD", "Zen 3", 0x19, 0x21, 0 },
        { "AuthenticAMD", "Zen 4", 0x19, 0x11, 1 },
        { "AuthenticAMD", "Zen 4", 0x19, 0x61, 2 },
        { "AuthenticAMD", "Zen 4 (HBM)", 0x19, 0x90, 1 },
        { "AuthenticAMD", "Zen 5", 0x1A, 0x02, 1 },
        { "AuthenticAMD", "Zen 5 (mobile)", 0x1A, 0x24, 0 },
        { "AuthenticAMD", "unknown", 0x15, 0x02, 0 },
        { "GenuineIntel", "unknown", 6, 0x1A, 5 },
        { "CentaurHauls", "unknown", 6, 0x55, 7 },
    };
    /* Operations a core and cycle: as advertised, or measured by others at a known clock (the
     * Xeon Gold 6455B at 3.9 GHz does 115 GFLOPS of AVX512_BF16, the Kunpeng 920 at 2.6 GHz 10.4 of
     * FP64, an A720 at 2.5 GHz 319.7 GOPS of SMMLA). */
    static const struct {
        enum uarch uarch;
        enum uarch_isa isa;
        enum uarch_type type;
        double ops;
    } rates[] = {
        { UARCH_ZEN2, UARCH_ISA_AVX2, UARCH_INT8, 32 },
        { UARCH_ZEN3, UARCH_ISA_AVX2, UARCH_FP32, 32 },
        { UARCH_ZEN3, UARCH_ISA_AVX2, UARCH_FP64, 16 },
        { UARCH_ZEN3, UARCH_ISA_AVX2, UARCH_INT8, 64 },
        { UARCH_ZEN5, UARCH_ISA_AVX512BF16, UARCH_BF16, 128 },
        { UARCH_CASCADE_LAKE, UARCH_ISA_AVX512, UARCH_FP32, 64 },
        { UARCH_CASCADE_LAKE, UARCH_ISA_AVX512VNNI, UARCH_INT8, 256 },
        { UARCH_ALDER_LAKE, UARCH_ISA_AVXVNNI, UARCH_INT8, 128 },
        { UARCH_SAPPHIRE_RAPIDS, UARCH_ISA_AVX512BF16, UARCH_BF16, 32 },
        { UARCH_SAPPHIRE_RAPIDS, UARCH_ISA_AMX, UARCH_INT8, 2048 },
        { UARCH_SAPPHIRE_RAPIDS, UARCH_ISA_AMX, UARCH_BF16, 1024 },
        { UARCH_NEOVERSE_V2, UARCH_ISA_NEON, UARCH_FP32, 32 },
        { UARCH_CORTEX_X925, UARCH_ISA_NEON, UARCH_FP32, 48 },
        { UARCH_CORTEX_A720, UARCH_ISA_I8MM, UARCH_INT8, 128 },
        { UARCH_KUNPENG_920, UARCH_ISA_NEON, UARCH_FP32, 16 },
        { UARCH_KUNPENG_920, UARCH_ISA_NEON, UARCH_FP64, 4 },
    };
    struct uarch_figure f;

    for (size_t i = 0; i < sizeof(x86) / sizeof(x86[0]); i++)
        CHECK_STR(
            uarch_name(uarch_of_x86(x86[i].vendor, x86[i].family, x86[i].model, x86[i].stepping)),
            x86[i].name);
    CHECK_STR(uarch_name(uarch_of_arm(0x41, 0xD4F)), "Neoverse V2");
    CHECK_STR(uarch_name(uarch_of_arm(0x41, 0xD0C)), "Neoverse N1");
    CHECK_EQ(uarch_of_arm(0x61, 0x022), UARCH_UNKNOWN);
    for (int u = UARCH_UNKNOWN; u < UARCH_COUNT; u++)
        CHECK(uarch_name((enum uarch)u) != NULL);

    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
        CHECK_NEAR(uarch_ops_per_cycle(rates[i].uarch, rates[i].isa, rates[i].type).value,
                   rates[i].ops, 0);
    CHECK_NEAR(uarch_memory_bytes_per_s(UARCH_ZEN4).value, 460.8e9, 1);
    CHECK_NEAR(uarch_memory_bytes_per_s(UARCH_CORTEX_X925).value, 273e9, 0.1e9);
    CHECK_NEAR(uarch_memory_bytes_per_s(UARCH_A64FX).value, 1024e9, 1);
    CHECK(strstr(uarch_memory_bytes_per_s(UARCH_NEOVERSE_V1).source, "virtual machine shares it"));
    CHECK_NEAR(uarch_bytes_per_cycle(UARCH_ZEN3, UARCH_L1_LOAD).value, 64, 0);
    CHECK_NEAR(uarch_bytes_per_cycle(UARCH_EMERALD_RAPIDS, UARCH_L1_LOAD).value, 128, 0);

    /* A figure names where it is from, and the text fits. */
    for (int u = UARCH_UNKNOWN; u < UARCH_COUNT; u++)
        for (int isa = 0; isa < UARCH_ISA_COUNT; isa++) {
            f = uarch_ops_per_cycle((enum uarch)u, (enum uarch_isa)isa, UARCH_INT8);
            CHECK(isnan(f.value) || strstr(f.source, "multiply-adds a cycle ("));
            CHECK(isnan(f.value) || f.source[strlen(f.source) - 1] == ')');
        }

    /* What nobody says is not a number, with the reason. */
    f = uarch_ops_per_cycle(UARCH_UNKNOWN, UARCH_ISA_AVX2, UARCH_FP32);
    CHECK(isnan(f.value) && f.source[0] != '\0');
    f = uarch_ops_per_cycle(UARCH_ZEN3, UARCH_ISA_AMX, UARCH_INT8);
    CHECK(isnan(f.value) && strstr(f.source, "Zen 3"));
    f = uarch_ops_per_cycle(UARCH_ZEN4, UARCH_ISA_AVX512VNNI, UARCH_FP64);
    CHECK(isnan(f.value));
    f = uarch_memory_bytes_per_s(UARCH_ZEN4_HBM);
    CHECK(isnan(f.value) && f.source[0] != '\0');
    f = uarch_ops_per_cycle(UARCH_GRANITE_RAPIDS, UARCH_ISA_AVX512BF16, UARCH_BF16);
    CHECK(isnan(f.value) && strstr(f.source, "Granite Rapids"));
}

static void test_sysfile(void)
{
    char root[FAKE_ROOT], text[32];
    struct err e = { 0 };
    int64_t v = 7;
    int cpus[4], n;

    fake_new(root);
    CHECK_EQ(sysfile_int(root, "/a", &v, &e), ERR_NOTSUP);
    CHECK_STR(e.msg, "/a: absent");
    fake_put(root, "/a", " 42 \n");
    CHECK_EQ(sysfile_int(root, "/a", &v, NULL), 0);
    CHECK_EQ(v, 42);
    fake_put(root, "/a", "42 kB\n");
    e = (struct err){ 0 };
    CHECK_EQ(sysfile_int(root, "/a", &v, &e), ERR_FORMAT);
    CHECK_STR(e.msg, "/a: \"42 kB\" is not a number");
    fake_put(root, "/a", "99999999999999999999\n");
    CHECK_EQ(sysfile_int(root, "/a", &v, NULL), ERR_FORMAT);
    fake_put(root, "/a", "");
    CHECK_EQ(sysfile_int(root, "/a", &v, NULL), ERR_FORMAT);
    fake_unreadable(root, "/d");
    CHECK_EQ(sysfile_int(root, "/d", &v, NULL), ERR_IO);
    CHECK_EQ(sysfile_int(root, "/a/b", &v, NULL), ERR_NOTSUP);
    fake_put(root, "/long", "0123456789012345678901234567890123456789\n");
    CHECK_EQ(sysfile_read(root, "/long", text, sizeof(text), NULL), 0);
    CHECK_EQ(strlen(text), sizeof(text) - 1);
    fake_remove(root);

    CHECK_EQ(sysfile_cpulist("0-2,8,10-11", cpus, 4, &n, "x", NULL), 0);
    CHECK_EQ(n, 6);
    CHECK_EQ(cpus[3], 8);
    CHECK_EQ(sysfile_cpulist("", cpus, 4, &n, "x", NULL), 0);
    CHECK_EQ(n, 0);
    CHECK_EQ(sysfile_cpulist("3-1", cpus, 4, &n, "x", NULL), ERR_FORMAT);
    CHECK_EQ(sysfile_cpulist("0;1", cpus, 4, &n, "x", NULL), ERR_FORMAT);

    CHECK_EQ(sysfile_field_int("model name\t: 9\nmodel\t\t: 85\n", "model", &v), 0);
    CHECK_EQ(v, 85);
    CHECK_EQ(sysfile_field_int("nr_throttled_x 1\nnr_throttled 5\n", "nr_throttled ", &v), 0);
    CHECK_EQ(v, 5);
    CHECK_EQ(sysfile_field_int("a: b\n", "c", &v), ERR_NOTSUP);
    CHECK(sysfile_has_word("fpu avx2\nbugs: avx", "avx2"));
    CHECK(!sysfile_has_word("fpu avx2\nbugs: avx", "avx"));
    CHECK(!sysfile_has_word(NULL, "avx"));
    CHECK_EQ(sysfile_field_int("a: b\n", "a", &v), ERR_FORMAT);
}

/* The machine that runs the test. */
static void test_here(void)
{
    const struct cpu_info *h = cpu_here();
    cpu_set_t set;

    CHECK(h == cpu_here());
    CHECK_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
    CHECK_EQ(h->n_allowed, CPU_COUNT(&set));
    CHECK(h->usable >= 1 && h->usable <= h->n_allowed);
    CHECK(h->n_cores >= 1 && h->n_cores <= h->n_allowed);
    CHECK(h->n_cores_all >= 1 && h->n_cores_all <= h->n_cores);
    CHECK(h->page_bytes >= 4096);
    CHECK(h->memory_total_bytes > 0);
#if defined(__x86_64__)
    __builtin_cpu_init();
    CHECK_EQ(cpu_has(h, CPU_AVX2), __builtin_cpu_supports("avx2") != 0);
    CHECK_EQ(cpu_has(h, CPU_FMA), __builtin_cpu_supports("fma") != 0);
    CHECK_EQ(cpu_has(h, CPU_AVX512F), __builtin_cpu_supports("avx512f") != 0);
    CHECK_EQ(cpu_has(h, CPU_AVX512VNNI), __builtin_cpu_supports("avx512vnni") != 0);
    /* What the CPU says and what the kernel lists agree where both are asked. */
    CHECK_EQ(cpu_detect(&c, "/.", NULL), 0);
    CHECK_EQ(c.features & ((UINT64_C(1) << CPU_NEON) - 1),
             h->features & ((UINT64_C(1) << CPU_NEON) - 1));
    CHECK_EQ(c.uarch, h->uarch);
    CHECK_EQ(c.n_cores, h->n_cores);
    CHECK_EQ(c.n_allowed, h->n_allowed);
    CHECK_EQ(cpu_amx_enable(NULL), cpu_has(h, CPU_AMX_TILE) ? 0 : ERR_NOTSUP);
    /* The caches by CPUID are those that sysfs lists, where both tell. */
    c.n_caches = 0;
    cpu_ident_caches(&c);
    if (c.n_caches > 0 && h->n_caches > 0)
        for (int level = 1; level <= 2; level++)
            CHECK_EQ(cpu_data_cache(&c, level)->bytes, cpu_data_cache(h, level)->bytes);
#else
    CHECK(cpu_has(h, CPU_NEON));
    CHECK_EQ(cpu_amx_enable(NULL), ERR_NOTSUP);
#endif
}

int main(void)
{
    test_sysfile();
    test_uarch();
    test_sapphire_rapids();
    test_zen3();
    test_arm();
    test_cgroup();
    test_poor_trees();
    test_here();
    TEST_DONE();
}
