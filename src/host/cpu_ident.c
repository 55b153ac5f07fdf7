/* cpu_ident.c - which CPU this is, and which of its instructions may be used. */
#include "host/cpu_ident.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "host/cpu_topo.h"
#include "host/sysfile.h"

/* Linux lists only flags that it lets programs use, so the words are the answer. */
static void features_from_line(struct cpu_info *c, const char *line)
{
    if (!line)
        return;
    for (int f = 0; f < CPU_FEATURES; f++)
        if (sysfile_has_word(line, cpu_feature_name((enum cpu_feature)f)))
            c->features |= UINT64_C(1) << f;
}

static int field_hex(const char *text, const char *key)
{
    const char *v = sysfile_field(text, key);

    return v ? (int)strtol(v, NULL, 0) : 0;
}

static const char *arm_vendor(int implementer)
{
    switch (implementer) {
    case 0x41: return "ARM";
    case 0x46: return "Fujitsu";
    case 0x48: return "HiSilicon";
    case 0x4E: return "NVIDIA";
    case 0x51: return "Qualcomm";
    case 0x61: return "Apple";
    case 0xC0: return "Ampere";
    default: return "unknown";
    }
}

/* "Neoverse V2", or "Cortex-X925 + Cortex-A725", or the numbers where there is no name. */
static void arm_model(struct cpu_info *c)
{
    size_t n = 0;

    for (int i = 0; i < c->n_kinds && n < sizeof(c->model); i++) {
        const struct cpu_kind *k = &c->kinds[i];
        const char *plus = i > 0 ? " + " : "";

        if (k->uarch != UARCH_UNKNOWN)
            n += (size_t)snprintf(c->model + n, sizeof(c->model) - n, "%s%s", plus,
                                  uarch_name(k->uarch));
        else
            n += (size_t)snprintf(c->model + n, sizeof(c->model) - n, "%s%s part 0x%03x", plus,
                                  arm_vendor(k->implementer), (unsigned)k->part);
    }
}

static void add_kind(struct cpu_info *c, int implementer, int part)
{
    int k = 0;

    while (k < c->n_kinds && (c->kinds[k].implementer != implementer || c->kinds[k].part != part))
        k++;
    if (k == CPU_KINDS_MAX)
        return;
    if (k == c->n_kinds)
        c->kinds[c->n_kinds++] = (struct cpu_kind){ .uarch = uarch_of_arm(implementer, part),
                                                    .implementer = implementer,
                                                    .part = part };
    c->kinds[k].cores++;
}

/* One block a logical CPU; `cores` says which of them stand for a core. */
static void arm_kinds(struct cpu_info *c, const char *cpuinfo)
{
    int64_t cpu;
    int core = 0;

    while (cpuinfo && sysfile_field_int(cpuinfo, "processor", &cpu) == 0) {
        int implementer, part;

        cpuinfo = sysfile_field(cpuinfo, "processor");
        implementer = field_hex(cpuinfo, "CPU implementer");
        part = field_hex(cpuinfo, "CPU part");
        if (implementer == 0)
            return;
        while (core < c->n_cores && c->cores[core] < cpu)
            core++;
        if (core < c->n_cores && c->cores[core] == cpu)
            add_kind(c, implementer, part);
        if (cpu == c->best_cpu) {
            c->implementer = implementer;
            c->part = part;
        }
    }
}

static void arm_finish(struct cpu_info *c)
{
    c->arch = CPU_ARCH_ARM;
    c->uarch = uarch_of_arm(c->implementer, c->part);
    snprintf(c->vendor, sizeof(c->vendor), "%s", arm_vendor(c->implementer));
    arm_model(c);
}

static void x86_finish(struct cpu_info *c)
{
    c->arch = CPU_ARCH_X86;
    c->uarch = uarch_of_x86(c->vendor, c->family, c->cpu_model, c->stepping);
    c->kinds[0] = (struct cpu_kind){ .uarch = c->uarch, .cores = c->n_cores };
    c->n_kinds = 1;
}

static int x86_number(const char *cpuinfo, const char *key)
{
    int64_t v = 0;

    return sysfile_field_int(cpuinfo, key, &v) == 0 && v >= 0 && v < 4096 ? (int)v : 0;
}

int cpu_ident_from_text(struct cpu_info *c, const char *cpuinfo, struct err *e)
{
    if (cpuinfo && sysfile_field_text(cpuinfo, "vendor_id", c->vendor, sizeof(c->vendor)) == 0) {
        sysfile_field_text(cpuinfo, "model name", c->model, sizeof(c->model));
        c->family = x86_number(cpuinfo, "cpu family");
        c->cpu_model = x86_number(cpuinfo, "model");
        c->stepping = x86_number(cpuinfo, "stepping");
        features_from_line(c, sysfile_field(cpuinfo, "flags"));
        x86_finish(c);
        return 0;
    }
    if (cpuinfo && sysfile_field(cpuinfo, "CPU implementer")) {
        arm_kinds(c, cpuinfo);
        features_from_line(c, sysfile_field(cpuinfo, "Features"));
        arm_finish(c);
        return 0;
    }
    snprintf(c->vendor, sizeof(c->vendor), "unknown");
    snprintf(c->model, sizeof(c->model), "unknown");
    return ERR(e, ERR_NOTSUP, "/proc/cpuinfo names no CPU");
}

#if defined(__x86_64__)

enum reg { EAX, EBX, ECX, EDX };

static bool cpuid(unsigned leaf, unsigned sub, unsigned r[4])
{
    return __get_cpuid_count(leaf, sub, &r[EAX], &r[EBX], &r[ECX], &r[EDX]) != 0;
}

/* State components that the operating system saves and restores, when it does at all. */
static uint64_t os_state(void)
{
    unsigned r[4], lo, hi;

    if (!cpuid(1, 0, r) || !(r[ECX] >> 27 & 1))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

static void x86_features(struct cpu_info *c)
{
    /* Components of XCR0: SSE and AVX; opmask and both halves of ZMM; tile configuration, data. */
    enum { AVX = 0x6, AVX512 = 0xE6, AMX = 0x60000 };
    static const struct {
        enum cpu_feature feature;
        unsigned leaf, sub;
        enum reg reg;
        unsigned bit;
        uint64_t state;
    } table[] = {
        { CPU_FMA, 1, 0, ECX, 12, AVX },           { CPU_F16C, 1, 0, ECX, 29, AVX },
        { CPU_AVX2, 7, 0, EBX, 5, AVX },           { CPU_AVX512F, 7, 0, EBX, 16, AVX512 },
        { CPU_AVX512DQ, 7, 0, EBX, 17, AVX512 },   { CPU_AVX512BW, 7, 0, EBX, 30, AVX512 },
        { CPU_AVX512VL, 7, 0, EBX, 31, AVX512 },   { CPU_AVX512VNNI, 7, 0, ECX, 11, AVX512 },
        { CPU_AVX512FP16, 7, 0, EDX, 23, AVX512 }, { CPU_AMX_BF16, 7, 0, EDX, 22, AMX },
        { CPU_AMX_TILE, 7, 0, EDX, 24, AMX },      { CPU_AMX_INT8, 7, 0, EDX, 25, AMX },
        { CPU_AVXVNNI, 7, 1, EAX, 4, AVX },        { CPU_AVX512BF16, 7, 1, EAX, 5, AVX512 },
        { CPU_AMX_FP16, 7, 1, EAX, 21, AMX },
    };
    uint64_t state = os_state();

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        unsigned r[4];

        if (cpuid(table[i].leaf, table[i].sub, r) && (r[table[i].reg] >> table[i].bit & 1) &&
            (state & table[i].state) == table[i].state)
            c->features |= UINT64_C(1) << table[i].feature;
    }
}

int cpu_ident_from_cpu(struct cpu_info *c, const char *cpuinfo, struct err *e)
{
    unsigned r[4], brand[13] = { 0 };

    if (!cpuid(0, 0, r))
        return ERR(e, ERR_NOTSUP, "this CPU has no CPUID");
    memcpy(c->vendor, &r[EBX], 4);
    memcpy(c->vendor + 4, &r[EDX], 4);
    memcpy(c->vendor + 8, &r[ECX], 4);
    if (cpuid(1, 0, r)) {
        /* Extended family and model count from family 15, and models from 6 (SDM, CPUID). */
        c->stepping = (int)(r[EAX] & 15);
        c->family = (int)(r[EAX] >> 8 & 15);
        c->cpu_model = (int)(r[EAX] >> 4 & 15);
        if (c->family == 6 || c->family == 15)
            c->cpu_model += (int)(r[EAX] >> 16 & 15) << 4;
        if (c->family == 15)
            c->family += (int)(r[EAX] >> 20 & 255);
    }
    for (unsigned i = 0; i < 3; i++)
        if (cpuid(0x80000002u + i, 0, r))
            memcpy(brand + (size_t)4 * i, r, sizeof(r));
    snprintf(c->model, sizeof(c->model), "%.48s",
             (const char *)brand + strspn((const char *)brand, " "));
    if (c->model[0] == '\0' && cpuinfo)
        sysfile_field_text(cpuinfo, "model name", c->model, sizeof(c->model));
    x86_features(c);
    x86_finish(c);
    return 0;
}

void cpu_ident_caches(struct cpu_info *c)
{
    unsigned leaf = strcmp(c->vendor, "AuthenticAMD") == 0 ? 0x8000001Du : 4u, r[4];

    for (unsigned k = 0; k < CPU_CACHES_MAX && cpuid(leaf, k, r); k++) {
        unsigned type = r[EAX] & 31;
        struct cpu_cache *out = &c->caches[c->n_caches];

        if (type < 1 || type > 3)
            return;
        *out = (struct cpu_cache){ .level = (int)(r[EAX] >> 5 & 7),
                                   .type = "?diu"[type],
                                   .line_bytes = (int)(r[EBX] & 4095) + 1,
                                   .shared_by = (int)(r[EAX] >> 14 & 4095) + 1 };
        /* ways x partitions x line x sets */
        out->bytes = (int64_t)((r[EBX] >> 22) + 1) * ((r[EBX] >> 12 & 1023) + 1) * out->line_bytes *
                     ((int64_t)r[ECX] + 1);
        c->n_caches++;
    }
}

const char *cpu_ident_hypervisor(void)
{
    static const struct {
        const char *signature, *name;
    } known[] = {
        { "KVMKVMKVM", "KVM" },          { "Microsoft Hv", "Hyper-V" },
        { "VMwareVMware", "VMware" },    { "XenVMMXenVMM", "Xen" },
        { "TCGTCGTCGTCG", "QEMU" },      { "bhyve bhyve ", "bhyve" },
        { "prl hyperv  ", "Parallels" }, { "VBoxVBoxVBox", "VirtualBox" },
    };
    unsigned r[4];
    char signature[13] = "";

    if (!cpuid(1, 0, r) || !(r[ECX] >> 31 & 1))
        return "";
    /* Above the leaves that __get_cpuid_count() knows of: the presence bit is what allows it. */
    __cpuid(0x40000000u, r[EAX], r[EBX], r[ECX], r[EDX]);
    memcpy(signature, &r[EBX], 4);
    memcpy(signature + 4, &r[ECX], 4);
    memcpy(signature + 8, &r[EDX], 4);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(signature, known[i].signature) == 0)
            return known[i].name;
    return "";
}

#elif defined(__aarch64__)

int cpu_ident_from_cpu(struct cpu_info *c, const char *cpuinfo, struct err *e)
{
    /* Bits of Linux arch/arm64/include/uapi/asm/hwcap.h. */
    static const struct {
        enum cpu_feature feature;
        unsigned long type;
        unsigned bit;
    } table[] = {
        { CPU_NEON, AT_HWCAP, 1 },   { CPU_FP16, AT_HWCAP, 10 }, { CPU_DOTPROD, AT_HWCAP, 20 },
        { CPU_SVE, AT_HWCAP, 22 },   { CPU_SVE2, AT_HWCAP2, 1 }, { CPU_I8MM, AT_HWCAP2, 13 },
        { CPU_BF16, AT_HWCAP2, 14 },
    };
    enum { HWCAP_CPUID_BIT = 11 };

    (void)e;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (getauxval(table[i].type) >> table[i].bit & 1)
            c->features |= UINT64_C(1) << table[i].feature;
    if (cpuinfo && sysfile_field(cpuinfo, "CPU implementer"))
        arm_kinds(c, cpuinfo);
    if (c->n_kinds == 0 && (getauxval(AT_HWCAP) >> HWCAP_CPUID_BIT & 1)) {
        uint64_t midr;

        __asm__("mrs %0, MIDR_EL1" : "=r"(midr));
        c->implementer = (int)(midr >> 24 & 255);
        c->part = (int)(midr >> 4 & 4095);
        for (int i = 0; i < c->n_cores; i++)
            add_kind(c, c->implementer, c->part);
    }
    arm_finish(c);
    return 0;
}

void cpu_ident_caches(struct cpu_info *c)
{
    /* The size registers cannot be read outside the kernel. */
    (void)c;
}

const char *cpu_ident_hypervisor(void)
{
    return "";
}

#else
#error "headroom knows x86-64 and aarch64"
#endif
