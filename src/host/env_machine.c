/* env_machine.c - CPU, memory, NUMA, clock policy and network of the machine as facts. */
#include "host/env_machine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "host/cpu_ident.h"
#include "host/env_facts.h"
#include "host/sysfile.h"

#define CPU_DIR "/sys/devices/system/cpu"

static void text_or_null(struct facts *fs, const char *key, const char *text, const char *reason)
{
    if (text[0] != '\0')
        facts_text(fs, key, text);
    else
        facts_null(fs, key, "%s", reason);
}

/* "0-3,8" of ascending CPUs. */
static void put_affinity(struct facts *fs, const struct cpu_info *c)
{
    char text[512] = "";
    size_t n = 0;

    for (int i = 0; i < c->n_allowed && n + 32 < sizeof(text);) {
        int last = i;

        while (last + 1 < c->n_allowed && c->allowed[last + 1] == c->allowed[last] + 1)
            last++;
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d", n ? "," : "", c->allowed[i]);
        if (last > i)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "-%d", c->allowed[last]);
        i = last + 1;
    }
    facts_text(fs, "cpu.affinity", text);
}

static void put_caches(struct facts *fs, const struct cpu_info *c)
{
    static const struct {
        const char *key;
        int level;
        char other_type; /* the type that this key does not mean */
    } keys[] = { { "cpu.cache_l1d_bytes", 1, 'i' },
                 { "cpu.cache_l1i_bytes", 1, 'd' },
                 { "cpu.cache_l2_bytes", 2, 'i' },
                 { "cpu.cache_l3_bytes", 3, 'i' } };

    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        const struct cpu_cache *found = NULL;

        for (int i = 0; i < c->n_caches; i++)
            if (c->caches[i].level == keys[k].level && c->caches[i].type != keys[k].other_type)
                found = &c->caches[i];
        if (found)
            facts_int(fs, keys[k].key, found->bytes);
        else
            facts_null(fs, keys[k].key, "no such cache is listed");
    }
}

static void put_kind(struct facts *fs, const struct cpu_info *c)
{
    const char *x86 = "only x86 CPUs have one", *arm = "only Arm CPUs have one";

    if (c->arch == CPU_ARCH_X86) {
        facts_int(fs, "cpu.family", c->family);
        facts_int(fs, "cpu.model_number", c->cpu_model);
        facts_int(fs, "cpu.stepping", c->stepping);
    } else {
        facts_null(fs, "cpu.family", "%s", x86);
        facts_null(fs, "cpu.model_number", "%s", x86);
        facts_null(fs, "cpu.stepping", "%s", x86);
    }
    if (c->arch == CPU_ARCH_ARM) {
        facts_int(fs, "cpu.implementer", c->implementer);
        facts_int(fs, "cpu.part", c->part);
    } else {
        facts_null(fs, "cpu.implementer", "%s", arm);
        facts_null(fs, "cpu.part", "%s", arm);
    }
}

void env_machine_cpu(struct facts *fs, const char *root, const struct cpu_info *c)
{
    char features[512] = "", microcode[32] = "", *cpuinfo = NULL;
    size_t n = 0;

    text_or_null(fs, "cpu.vendor", c->vendor, "the CPU names no vendor");
    text_or_null(fs, "cpu.model", c->model, "the CPU has no name");
    facts_text(fs, "cpu.architecture", cpu_arch_name(c->arch));
    if (c->uarch == UARCH_UNKNOWN)
        facts_null(fs, "cpu.microarchitecture", "not in the table of known CPUs");
    else
        facts_text(fs, "cpu.microarchitecture", uarch_name(c->uarch));
    put_kind(fs, c);
    if (sysfile_slurp(root, "/proc/cpuinfo", &cpuinfo, NULL) == 0)
        sysfile_field_text(cpuinfo, "microcode", microcode, sizeof(microcode));
    mem_free(cpuinfo);
    text_or_null(fs, "cpu.microcode", microcode, "/proc/cpuinfo does not name it");
    for (int f = 0; f < CPU_FEATURES; f++)
        if (cpu_has(c, (enum cpu_feature)f) && n < sizeof(features))
            n += (size_t)snprintf(features + n, sizeof(features) - n, "%s%s", n ? " " : "",
                                  cpu_feature_name((enum cpu_feature)f));
    text_or_null(fs, "cpu.features", features, "none of those that this program uses");
    env_facts_known(fs, "cpu.sockets", c->sockets > 0 ? c->sockets : -1, "no topology");
    facts_int(fs, "cpu.cores_physical", c->n_cores);
    facts_int(fs, "cpu.threads", c->n_allowed);
    env_facts_known(fs, "cpu.threads_online", c->online > 0 ? c->online : -1,
                    CPU_DIR "/online: absent");
    facts_int(fs, "cpu.threads_usable", c->usable);
    env_facts_known(fs, "cpu.threads_per_core", c->threads_per_core > 0 ? c->threads_per_core : -1,
                    "no topology");
    if (isinf(c->quota_cpus))
        facts_null(fs, "cpu.quota_cpus", "the control group sets none");
    else
        facts_real(fs, "cpu.quota_cpus", c->quota_cpus);
    put_affinity(fs, c);
    put_caches(fs, c);
    text_or_null(fs, "cpu.notes", c->why, "nothing was made up for");
}

static void put_swap(struct facts *fs, const char *root)
{
    char *info = NULL;
    int64_t total, free_kib;

    if (sysfile_slurp(root, "/proc/meminfo", &info, NULL) == 0 &&
        sysfile_field_int(info, "SwapTotal", &total) == 0 &&
        sysfile_field_int(info, "SwapFree", &free_kib) == 0) {
        facts_int(fs, "memory.swap_total_bytes", total * 1024);
        facts_int(fs, "memory.swap_used_bytes", (total - free_kib) * 1024);
    } else {
        facts_null(fs, "memory.swap_total_bytes", "/proc/meminfo does not tell");
        facts_null(fs, "memory.swap_used_bytes", "/proc/meminfo does not tell");
    }
    mem_free(info);
}

static void put_nodes(struct facts *fs, const char *root, const struct cpu_info *c)
{
    char key[64];

    env_facts_known(fs, "numa.count", c->n_nodes > 0 ? c->n_nodes : -1,
                    "/sys/devices/system/node lists none");
    env_facts_bool(fs, "numa.balancing", root, "/proc/sys/kernel/numa_balancing");
    for (int i = 0; i < c->n_nodes; i++) {
        snprintf(key, sizeof(key), "numa.nodes.%d.id", i);
        facts_int(fs, key, c->nodes[i].id);
        snprintf(key, sizeof(key), "numa.nodes.%d.cpus", i);
        facts_int(fs, key, c->nodes[i].n_cpus);
        snprintf(key, sizeof(key), "numa.nodes.%d.memory_bytes", i);
        facts_int(fs, key, c->nodes[i].memory_bytes);
    }
}

void env_machine_memory(struct facts *fs, const char *root, const struct cpu_info *c)
{
    const char *no_meminfo = "/proc/meminfo does not tell";
    char key[64];

    env_facts_known(fs, "memory.total_bytes", c->memory_total_bytes, no_meminfo);
    if (c->memory_total_bytes >= 0)
        facts_int(fs, "memory.total_gib", (c->memory_total_bytes + (INT64_C(1) << 29)) >> 30);
    else
        facts_null(fs, "memory.total_gib", "%s", no_meminfo);
    env_facts_known(fs, "memory.machine_bytes", c->memory_machine_bytes, no_meminfo);
    env_facts_known(fs, "memory.limit_bytes", c->memory_limit_bytes, "the control group sets none");
    env_facts_known(fs, "memory.available_bytes", c->memory_available_bytes, no_meminfo);
    put_swap(fs, root);
    facts_int(fs, "memory.page_bytes", c->page_bytes);
    text_or_null(fs, "memory.thp", c->thp, "/sys/kernel/mm/transparent_hugepage does not tell");
    env_facts_choice(fs, "memory.thp_defrag", root, "/sys/kernel/mm/transparent_hugepage/defrag");
    for (int i = 0; i < c->n_hugetlb; i++) {
        snprintf(key, sizeof(key), "memory.hugetlb.%d.page_bytes", i);
        facts_int(fs, key, c->hugetlb[i].page_bytes);
        snprintf(key, sizeof(key), "memory.hugetlb.%d.total", i);
        facts_int(fs, key, c->hugetlb[i].total);
        snprintf(key, sizeof(key), "memory.hugetlb.%d.free", i);
        facts_int(fs, key, c->hugetlb[i].free);
    }
    facts_null(fs, "memory.type", "only the firmware's tables know it (dmidecode, as root)");
    facts_null(fs, "memory.speed_mt_s", "only the firmware's tables know it (dmidecode, as root)");
    put_nodes(fs, root, c);
}

static void put_boost(struct facts *fs, const char *root)
{
    int64_t v;

    if (sysfile_int(root, CPU_DIR "/intel_pstate/no_turbo", &v, NULL) == 0)
        facts_bool(fs, "clock.boost", v == 0);
    else if (sysfile_int(root, CPU_DIR "/cpufreq/boost", &v, NULL) == 0)
        facts_bool(fs, "clock.boost", v != 0);
    else
        facts_null(fs, "clock.boost", "neither intel_pstate/no_turbo nor cpufreq/boost is there");
}

void env_machine_clock(struct facts *fs, const char *root, const struct cpu_info *c)
{
    static const struct {
        const char *key, *file;
    } texts[] = { { "clock.driver", "scaling_driver" },
                  { "clock.governor", "scaling_governor" },
                  { "clock.energy_preference", "energy_performance_preference" } };
    char path[160];
    int64_t lo, hi;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        snprintf(path, sizeof(path), CPU_DIR "/cpu%d/cpufreq/%s", c->best_cpu, texts[i].file);
        env_facts_text(fs, texts[i].key, root, path);
    }
    snprintf(path, sizeof(path), CPU_DIR "/cpu%d/cpufreq/cpuinfo_min_freq", c->best_cpu);
    env_facts_number(fs, "clock.min_mhz", root, path, 1e-3);
    snprintf(path, sizeof(path), CPU_DIR "/cpu%d/cpufreq/cpuinfo_max_freq", c->best_cpu);
    env_facts_number(fs, "clock.max_mhz", root, path, 1e-3);
    if (sysfile_intf(root, &lo, NULL, CPU_DIR "/cpu%d/cpufreq/scaling_min_freq", c->best_cpu) ==
            0 &&
        sysfile_intf(root, &hi, NULL, CPU_DIR "/cpu%d/cpufreq/scaling_max_freq", c->best_cpu) == 0)
        facts_bool(fs, "clock.locked", lo == hi);
    else
        facts_null(fs, "clock.locked", "there is no cpufreq: the clock is not ours to see");
    put_boost(fs, root);
    env_facts_text(fs, "clock.source", root,
                   "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    env_facts_text(fs, "clock.sources_available", root,
                   "/sys/devices/system/clocksource/clocksource0/available_clocksource");
}

static void put_hypervisor(struct facts *fs, const char *root)
{
    static const struct {
        const char *mark, *name;
    } marks[] = { { "QEMU", "QEMU" },
                  { "Amazon EC2", "Amazon EC2" },
                  { "Google", "Google Compute Engine" },
                  { "Microsoft", "Hyper-V" },
                  { "VMware", "VMware" },
                  { "Xen", "Xen" },
                  { "innotek", "VirtualBox" } };
    char vendor[128] = "", type[64], *cpuinfo = NULL;
    const char *flags = NULL;
    bool virtual = false;

    if (sysfile_slurp(root, "/proc/cpuinfo", &cpuinfo, NULL) == 0)
        flags = sysfile_field(cpuinfo, "flags");
    virtual = sysfile_has_word(flags, "hypervisor");
    sysfile_read(root, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor), NULL);
    if (sysfile_read(root, "/sys/hypervisor/type", type, sizeof(type), NULL) == 0 && type[0]) {
        facts_text(fs, "machine.hypervisor", type);
        goto out;
    }
    if (flags && !virtual) {
        facts_text(fs, "machine.hypervisor", "none");
        goto out;
    }
    if (root[0] == '\0' && cpu_ident_hypervisor()[0] != '\0') {
        facts_text(fs, "machine.hypervisor", cpu_ident_hypervisor());
        goto out;
    }
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (strstr(vendor, marks[i].mark)) {
            facts_text(fs, "machine.hypervisor", marks[i].name);
            goto out;
        }
    }
    if (virtual)
        facts_text(fs, "machine.hypervisor", "one that does not name itself in /sys");
    else
        facts_null(fs, "machine.hypervisor", "neither /proc/cpuinfo nor /sys tells");
out:
    mem_free(cpuinfo);
}

void env_machine_identity(struct facts *fs, const char *root)
{
    env_facts_text(fs, "machine.vendor", root, "/sys/class/dmi/id/sys_vendor");
    env_facts_text(fs, "machine.product", root, "/sys/class/dmi/id/product_name");
    env_facts_text(fs, "machine.board", root, "/sys/class/dmi/id/board_name");
    env_facts_text(fs, "machine.firmware", root, "/sys/class/dmi/id/bios_version");
    env_facts_text(fs, "machine.hostname", root, "/proc/sys/kernel/hostname");
    put_hypervisor(fs, root);
}

void env_machine_network(struct facts *fs, const char *root)
{
    char names[32][SYSFILE_NAME], path[SYSFILE_PATH], key[64];
    struct err e = { 0 };
    int n, k = 0;

    if (sysfile_names(root, "/sys/class/net", names, 32, &n, &e) < 0) {
        facts_null(fs, "network", "%s", e.msg);
        return;
    }
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], "lo") == 0)
            continue;
        snprintf(key, sizeof(key), "network.%d.name", k);
        facts_text(fs, key, names[i]);
        snprintf(key, sizeof(key), "network.%d.speed_mb_s", k);
        snprintf(path, sizeof(path), "/sys/class/net/%.63s/speed", names[i]);
        env_facts_number(fs, key, root, path, 1);
        snprintf(key, sizeof(key), "network.%d.state", k++);
        snprintf(path, sizeof(path), "/sys/class/net/%.63s/operstate", names[i]);
        env_facts_text(fs, key, root, path);
    }
    if (k == 0)
        facts_null(fs, "network", "no interface but the loopback");
}
