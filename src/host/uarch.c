/* uarch.c - which microarchitecture a CPU is, and what one core of it can do per cycle. */
#include "host/uarch.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const names[UARCH_COUNT] = {
    [UARCH_UNKNOWN] = "unknown",
    [UARCH_HASWELL] = "Haswell",
    [UARCH_BROADWELL] = "Broadwell",
    [UARCH_SKYLAKE_CLIENT] = "Skylake",
    [UARCH_SKYLAKE_SP] = "Skylake-SP",
    [UARCH_CASCADE_LAKE] = "Cascade Lake",
    [UARCH_COOPER_LAKE] = "Cooper Lake",
    [UARCH_ICE_LAKE_CLIENT] = "Ice Lake",
    [UARCH_ICE_LAKE_SP] = "Ice Lake-SP",
    [UARCH_TIGER_LAKE] = "Tiger Lake",
    [UARCH_ROCKET_LAKE] = "Rocket Lake",
    [UARCH_ALDER_LAKE] = "Alder Lake",
    [UARCH_RAPTOR_LAKE] = "Raptor Lake",
    [UARCH_METEOR_LAKE] = "Meteor Lake",
    [UARCH_ARROW_LAKE] = "Arrow Lake",
    [UARCH_LUNAR_LAKE] = "Lunar Lake",
    [UARCH_SAPPHIRE_RAPIDS] = "Sapphire Rapids",
    [UARCH_EMERALD_RAPIDS] = "Emerald Rapids",
    [UARCH_GRANITE_RAPIDS] = "Granite Rapids",
    [UARCH_SIERRA_FOREST] = "Sierra Forest",
    [UARCH_ZEN] = "Zen",
    [UARCH_ZEN2] = "Zen 2",
    [UARCH_ZEN3] = "Zen 3",
    [UARCH_ZEN4] = "Zen 4",
    [UARCH_ZEN4_HBM] = "Zen 4 (HBM)",
    [UARCH_ZEN5] = "Zen 5",
    [UARCH_ZEN5_MOBILE] = "Zen 5 (mobile)",
    [UARCH_CORTEX_A53] = "Cortex-A53",
    [UARCH_CORTEX_A55] = "Cortex-A55",
    [UARCH_CORTEX_A72] = "Cortex-A72",
    [UARCH_CORTEX_A76] = "Cortex-A76",
    [UARCH_CORTEX_A78] = "Cortex-A78",
    [UARCH_CORTEX_A710] = "Cortex-A710",
    [UARCH_CORTEX_A720] = "Cortex-A720",
    [UARCH_CORTEX_A725] = "Cortex-A725",
    [UARCH_CORTEX_X1] = "Cortex-X1",
    [UARCH_CORTEX_X2] = "Cortex-X2",
    [UARCH_CORTEX_X3] = "Cortex-X3",
    [UARCH_CORTEX_X4] = "Cortex-X4",
    [UARCH_CORTEX_X925] = "Cortex-X925",
    [UARCH_NEOVERSE_N1] = "Neoverse N1",
    [UARCH_NEOVERSE_N2] = "Neoverse N2",
    [UARCH_NEOVERSE_N3] = "Neoverse N3",
    [UARCH_NEOVERSE_V1] = "Neoverse V1",
    [UARCH_NEOVERSE_V2] = "Neoverse V2",
    [UARCH_NEOVERSE_V3] = "Neoverse V3",
    [UARCH_AMPERE1] = "AmpereOne",
    [UARCH_A64FX] = "A64FX",
    [UARCH_KUNPENG_920] = "Kunpeng 920",
};

/* What one core does per cycle, and the memory of one socket.  0 stands for "no source says". */
struct paper {
    double fma256, fma512;   /* x86: instructions per cycle, fused multiply-adds of a vector */
    double madd256;          /* vpmaddubsw + vpmaddwd + vpaddd triples: INT8 without VNNI */
    double vnni256, vnni512; /* vpdpbusd: VEX of 256 bits, EVEX of 512 */
    double bf16_512;         /* vdpbf16ps */
    double amx;              /* multiply-adds of bytes by the tile unit; of BF16 half as many */
    double l1_load, l1_store, l2; /* bytes */
    double fmla32, fmla64;        /* Arm: 128-bit FMLA of FP32 and of FP64 */
    double sdot, smmla, bfmmla;
    int channels, mt_s;                  /* channels of 8 bytes */
    const char *rates, *caches, *memory; /* the sources */
};

/* AMX: one TDPBUSD multiplies 16x64 by 64x16 bytes = 16,384 multiply-adds, and a new one starts
 * every 16 cycles, so 1,024 a cycle and 512 of BF16: 2,048 and 1,024 operations (Intel
 * Optimization Reference Manual, AMX chapter; cpufp's Xeon Gold 6455B reaches both). */
#define AMX 1024.0

/* Rates.  InstLatX64: throughputs it measured, by CPUID signature.  cpufp: its benchmark_result/.
 * LLVM: the core's scheduling model (X86Sched*.td, AArch64Sched*.td; the Arm ones are copied from
 * Arm's Software Optimization Guides).
 *
 * The triples follow from the ports of the multiplications, one vpmaddubsw and one vpmaddwd each:
 * port 0 (Haswell), FP0 (Zen, two cycles each; Zen 2), two ports elsewhere. */
#define ILX      "InstLatX64 "
#define ONE_UNIT "; some models have one 512-bit unit"
#define SKX      ILX "50654" ONE_UNIT
#define CLX      ILX "50657" ONE_UNIT
#define CPX      ILX "50657, the same core"
#define ICX      "LLVM IceLake: 512 bits on ports 0 and 5"
#define SPR      "cpufp Xeon Gold 6455B; LLVM SapphireRapids"
#define GNR      ILX "A06A4; 512 bits and AMX as Sapphire Rapids"
#define ZEN5_256 ILX "B40F40 with 256-bit units"
#define X1       "Arm's launch of Cortex-X1: 128-bit units, "
#define BLIS     "BLIS pull request 938: 128-bit units, "
#define FOUR     "LLVM pull request 118826: four vector pipelines"

/* Memory: the makers' product pages of the platform named.  Grace has up to 512 GB/s of LPDDR5X. */
#define V2_DRAM "Graviton4; Grace 512 GB/s"

/* Caches.  Intel: Optimization Reference Manual, cache parameters of the core.  AMD: Software
 * Optimization Guides 55723 (17h), 56665 (19h), 57647 (Zen 4), 58455 (Zen 5), load-store unit. */
#define INTEL_ORM "Intel Optimization Manual, cache parameters"
#define AMD_SOG   "AMD Software Optimization Guide, load-store unit"

/* clang-format off */
#define INTEL(id, f2, f5, madd, v2, v5, bf, tiles, load, store, level2, ch, mt, mem, src)          \
    X86(id, f2, f5, madd, v2, v5, bf, tiles, load, store, level2, ch, mt, mem, src, INTEL_ORM)
#define AMD(id, f2, f5, madd, v2, v5, bf, tiles, load, store, level2, ch, mt, mem, src)            \
    X86(id, f2, f5, madd, v2, v5, bf, tiles, load, store, level2, ch, mt, mem, src, AMD_SOG)
#define X86(id, f2, f5, madd, v2, v5, bf, tiles, load, store, level2, ch, mt, mem, src, cache)     \
    [UARCH_##id] = { .fma256 = f2, .fma512 = f5, .madd256 = madd, .vnni256 = v2, .vnni512 = v5,    \
                     .bf16_512 = bf, .amx = tiles, .l1_load = load, .l1_store = store,             \
                     .l2 = level2, .channels = ch, .mt_s = mt, .memory = mem, .rates = src,        \
                     .caches = cache },
#define ARM(id, f4, f8, dot, mm, bf, load, store, level2, ch, mt, mem, src)                        \
    [UARCH_##id] = { .fmla32 = f4, .fmla64 = f8, .sdot = dot, .smmla = mm, .bfmmla = bf,           \
                     .l1_load = load, .l1_store = store, .l2 = level2, .channels = ch,             \
                     .mt_s = mt, .memory = mem, .rates = src, .caches = src },
static const struct paper papers[UARCH_COUNT] = {
    /*     FMA: 256, 512; madd; VNNI: 256, 512; BF16; AMX; L1 load, store, L2; channels, MT/s */
    INTEL(HASWELL,        2, 0, .5, 0, 0, 0, 0,  64, 32, 64, 8, 1600, "Xeon E7 v3", ILX "306F2")
    INTEL(BROADWELL,      2, 0, .5, 0, 0, 0, 0,  64, 32, 64, 8, 1600, "Xeon E7 v4", ILX "406F1")
    INTEL(SKYLAKE_CLIENT, 2, 0,  1, 0, 0, 0, 0,  64, 32, 64, 0,    0, NULL, ILX "506E3")
    INTEL(SKYLAKE_SP,     2, 2,  1, 0, 0, 0, 0, 128, 64, 64, 6, 2666, "Xeon 8100", SKX)
    INTEL(CASCADE_LAKE,   2, 2,  1, 0, 2, 0, 0, 128, 64, 64, 6, 2933, "Xeon 8200", CLX)
    INTEL(COOPER_LAKE,    2, 2,  1, 0, 2, 0, 0, 128, 64, 64, 6, 3200, "Xeon 8300H", CPX)
    INTEL(ICE_LAKE_CLIENT,2, 1,  1, 0, 1, 0, 0, 128, 64, 64, 0,    0, NULL, ILX "706E5")
    INTEL(ICE_LAKE_SP,    2, 2,  1, 0, 2, 0, 0, 128, 64, 64, 8, 3200, "Xeon 8300", ICX)
    INTEL(TIGER_LAKE,     2, 1,  1, 0, 1, 0, 0, 128, 64, 64, 0,    0, NULL, ILX "806C1")
    INTEL(ROCKET_LAKE,    2, 1,  1, 0, 1, 0, 0, 128, 64, 64, 0,    0, NULL, ILX "A0671")
    INTEL(ALDER_LAKE,     2, 1,  1, 2, 1,.5, 0,  96, 64, 64, 0,    0, NULL, ILX "90672, P-core")
    INTEL(RAPTOR_LAKE,    2, 0,  1, 2, 0, 0, 0,  96, 64, 64, 0,    0, NULL, ILX "B0671, P-core")
    INTEL(METEOR_LAKE,    2, 0,  1, 2, 0, 0, 0,  96, 64, 64, 0,    0, NULL, ILX "A06A4, P-core")
    INTEL(ARROW_LAKE,     2, 0,  1, 2, 0, 0, 0,   0,  0,  0, 0,    0, NULL, ILX "C0662, P-core")
    INTEL(SAPPHIRE_RAPIDS,2, 2,  1, 2, 2,.5,AMX,128, 64, 64, 8, 4800, "Xeon 8400", SPR)
    INTEL(EMERALD_RAPIDS, 2, 2,  1, 2, 2,.5,AMX,128, 64, 64, 8, 5600, "Xeon 8500", SPR)
    INTEL(GRANITE_RAPIDS, 2, 2,  1, 2, 2, 0,AMX,128, 64, 64,12, 8800, "Xeon 6900P, MRDIMM", GNR)
    INTEL(SIERRA_FOREST,  1, 0,  0, 1, 0, 0, 0,   0,  0,  0, 0,    0, NULL, ILX "A06A4, E-core")
    AMD(ZEN,              1, 0,.25, 0, 0, 0, 0,  32, 16, 32, 8, 2666, "EPYC 7001", ILX "800F11")
    AMD(ZEN2,             2, 0, .5, 0, 0, 0, 0,  64, 32, 32, 8, 3200, "EPYC 7002", ILX "830F10")
    AMD(ZEN3,             2, 0,  1, 0, 0, 0, 0,  64, 32, 32, 8, 3200, "EPYC 7003", ILX "A20F12")
    AMD(ZEN4,             2, 1,  1, 0, 1, 1, 0,  64, 32, 32,12, 4800, "EPYC 9004", ILX "A10F11")
    AMD(ZEN4_HBM,         2, 1,  1, 0, 1, 1, 0,  64, 32, 32, 0,    0, NULL, ILX "A10F11")
    AMD(ZEN5,             2, 2,  1, 2, 2, 2, 0, 128, 64, 64,12, 6400, "EPYC 9005", ILX "B40F40")
    AMD(ZEN5_MOBILE,      2, 1,  1, 2, 1, 1, 0,   0,  0,  0, 0,    0, NULL, ZEN5_256)
    /*               FMLA: FP32, FP64; SDOT, SMMLA, BFMMLA; L1 load, store, L2; channels, MT/s */
    ARM(CORTEX_A53,  1, 1, 0, 0, 0,   0,  0,  0,  0,    0, NULL, "cpufp RK3399")
    ARM(CORTEX_A55,  1, 1, 1, 0, 0,   0,  0,  0,  0,    0, NULL, "cpufp RK3588")
    ARM(CORTEX_A72,  1, 1, 0, 0, 0,   0,  0,  0,  0,    0, NULL, "cpufp BCM2711")
    ARM(CORTEX_A76,  2, 2, 2, 0, 0,   0,  0,  0,  0,    0, NULL, "cpufp BCM2712")
    ARM(CORTEX_A78,  2, 2, 2, 0, 0,   0,  0,  0,  0,    0, NULL, X1 "two before")
    ARM(CORTEX_A710, 2, 2, 2, 2, 2,  48, 32,  0,  0,    0, NULL, "LLVM NeoverseN2")
    ARM(CORTEX_A720, 2, 2, 2, 2, 2,   0,  0,  0,  0,    0, NULL, "cpufp CIX P1")
    ARM(CORTEX_A725, 2, 2, 2, 2, 2,   0,  0,  0,  4, 8533, "GB10", BLIS "two")
    ARM(CORTEX_X1,   4, 4, 4, 0, 0,   0,  0,  0,  0,    0, NULL, X1 "four")
    ARM(CORTEX_X2,   4, 4, 4, 4, 4,   0,  0,  0,  0,    0, NULL, FOUR)
    ARM(CORTEX_X3,   4, 4, 4, 4, 4,   0,  0,  0,  0,    0, NULL, FOUR)
    ARM(CORTEX_X4,   4, 4, 4, 4, 4,   0,  0,  0,  0,    0, NULL, FOUR)
    ARM(CORTEX_X925, 6, 6, 0, 0, 0,   0,  0,  0,  4, 8533, "GB10", BLIS "six")
    ARM(NEOVERSE_N1, 2, 2, 2, 0, 0,  32,  0,  0,  8, 3200, "Graviton2", "LLVM NeoverseN1")
    ARM(NEOVERSE_N2, 2, 2, 2, 2, 2,  48, 32,  0,  0,    0, NULL, "LLVM NeoverseN2")
    ARM(NEOVERSE_V1, 4, 4, 4, 4, 4,  64, 64,  0,  8, 4800, "Graviton3", "LLVM NeoverseV1")
    ARM(NEOVERSE_V2, 4, 4, 4, 4, 4,  48, 32,  0, 12, 5600, V2_DRAM, "LLVM NeoverseV2")
    ARM(AMPERE1,     2, 2, 2, 1, 1,  32,  0,  0,  0,    0, NULL, "LLVM Ampere1")
    ARM(A64FX,       2, 2, 0, 0, 0, 128, 64, 64, 64, 2000, "HBM2", "A64FX Microarchitecture Manual")
    ARM(KUNPENG_920, 2, 1, 2, 0, 0,   0,  0,  0,  0,    0, NULL, "cpufp Kunpeng 920 7260")
};
#undef INTEL
#undef AMD
#undef X86
#undef ARM
/* clang-format on */

const char *uarch_name(enum uarch u)
{
    return u > UARCH_UNKNOWN && u < UARCH_COUNT ? names[u] : names[UARCH_UNKNOWN];
}

/* Models of Intel's family 6 (Linux arch/x86/include/asm/intel-family.h). */
static enum uarch of_intel(int model, int stepping)
{
    static const struct {
        int model;
        enum uarch uarch;
    } models[] = {
        { 0x3C, UARCH_HASWELL },         { 0x3F, UARCH_HASWELL },
        { 0x45, UARCH_HASWELL },         { 0x46, UARCH_HASWELL },
        { 0x3D, UARCH_BROADWELL },       { 0x47, UARCH_BROADWELL },
        { 0x4F, UARCH_BROADWELL },       { 0x56, UARCH_BROADWELL },
        { 0x4E, UARCH_SKYLAKE_CLIENT },  { 0x5E, UARCH_SKYLAKE_CLIENT },
        { 0x8E, UARCH_SKYLAKE_CLIENT },  { 0x9E, UARCH_SKYLAKE_CLIENT },
        { 0xA5, UARCH_SKYLAKE_CLIENT },  { 0xA6, UARCH_SKYLAKE_CLIENT },
        { 0x6A, UARCH_ICE_LAKE_SP },     { 0x6C, UARCH_ICE_LAKE_SP },
        { 0x7D, UARCH_ICE_LAKE_CLIENT }, { 0x7E, UARCH_ICE_LAKE_CLIENT },
        { 0x8C, UARCH_TIGER_LAKE },      { 0x8D, UARCH_TIGER_LAKE },
        { 0xA7, UARCH_ROCKET_LAKE },     { 0x97, UARCH_ALDER_LAKE },
        { 0x9A, UARCH_ALDER_LAKE },      { 0xB7, UARCH_RAPTOR_LAKE },
        { 0xBA, UARCH_RAPTOR_LAKE },     { 0xBF, UARCH_RAPTOR_LAKE },
        { 0xAA, UARCH_METEOR_LAKE },     { 0xAC, UARCH_METEOR_LAKE },
        { 0xB5, UARCH_ARROW_LAKE },      { 0xC5, UARCH_ARROW_LAKE },
        { 0xC6, UARCH_ARROW_LAKE },      { 0xBD, UARCH_LUNAR_LAKE },
        { 0x8F, UARCH_SAPPHIRE_RAPIDS }, { 0xCF, UARCH_EMERALD_RAPIDS },
        { 0xAD, UARCH_GRANITE_RAPIDS },  { 0xAE, UARCH_GRANITE_RAPIDS },
        { 0xAF, UARCH_SIERRA_FOREST },
    };

    /* One model number for three generations: steppings 0-4, 5-7 and 10-11. */
    if (model == 0x55)
        return stepping <= 4   ? UARCH_SKYLAKE_SP
               : stepping <= 7 ? UARCH_CASCADE_LAKE
                               : UARCH_COOPER_LAKE;
    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
        if (models[i].model == model)
            return models[i].uarch;
    return UARCH_UNKNOWN;
}

/* Model ranges of Linux arch/x86/kernel/cpu/amd.c. */
static enum uarch of_amd(int family, int model)
{
    if (family == 0x17)
        return model < 0x30 ? UARCH_ZEN : UARCH_ZEN2;
    if (family == 0x19) {
        if (model <= 0x0F || (model >= 0x20 && model <= 0x5F))
            return UARCH_ZEN3;
        if (model >= 0x90 && model <= 0x9F)
            return UARCH_ZEN4_HBM; /* MI300A */
        if (model <= 0x1F || (model >= 0x60 && model <= 0xAF))
            return UARCH_ZEN4;
    }
    if (family == 0x1A) {
        /* Strix Point (0x20-0x2F) and Krackan (0x60-0x6F) have the halved vector unit. */
        if ((model >= 0x20 && model <= 0x2F) || (model >= 0x60 && model <= 0x6F))
            return UARCH_ZEN5_MOBILE;
        if (model <= 0x1F || (model >= 0x40 && model <= 0x4F) || (model >= 0x70 && model <= 0x7F))
            return UARCH_ZEN5;
    }
    return UARCH_UNKNOWN;
}

enum uarch uarch_of_x86(const char *vendor, int family, int model, int stepping)
{
    if (strcmp(vendor, "GenuineIntel") == 0 && family == 6)
        return of_intel(model, stepping);
    if (strcmp(vendor, "AuthenticAMD") == 0)
        return of_amd(family, model);
    return UARCH_UNKNOWN;
}

/* Parts of Linux arch/arm64/include/asm/cputype.h. */
enum uarch uarch_of_arm(int implementer, int part)
{
    static const struct {
        int implementer, part;
        enum uarch uarch;
    } parts[] = {
        { 0x41, 0xD03, UARCH_CORTEX_A53 },  { 0x41, 0xD05, UARCH_CORTEX_A55 },
        { 0x41, 0xD08, UARCH_CORTEX_A72 },  { 0x41, 0xD0B, UARCH_CORTEX_A76 },
        { 0x41, 0xD0C, UARCH_NEOVERSE_N1 }, { 0x41, 0xD40, UARCH_NEOVERSE_V1 },
        { 0x41, 0xD41, UARCH_CORTEX_A78 },  { 0x41, 0xD44, UARCH_CORTEX_X1 },
        { 0x41, 0xD47, UARCH_CORTEX_A710 }, { 0x41, 0xD48, UARCH_CORTEX_X2 },
        { 0x41, 0xD49, UARCH_NEOVERSE_N2 }, { 0x41, 0xD4E, UARCH_CORTEX_X3 },
        { 0x41, 0xD4F, UARCH_NEOVERSE_V2 }, { 0x41, 0xD81, UARCH_CORTEX_A720 },
        { 0x41, 0xD82, UARCH_CORTEX_X4 },   { 0x41, 0xD84, UARCH_NEOVERSE_V3 },
        { 0x41, 0xD85, UARCH_CORTEX_X925 }, { 0x41, 0xD87, UARCH_CORTEX_A725 },
        { 0x41, 0xD8E, UARCH_NEOVERSE_N3 }, { 0x46, 0x001, UARCH_A64FX },
        { 0x48, 0xD01, UARCH_KUNPENG_920 }, { 0xC0, 0xAC3, UARCH_AMPERE1 },
        { 0xC0, 0xAC4, UARCH_AMPERE1 },
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].implementer == implementer && parts[i].part == part)
            return parts[i].uarch;
    return UARCH_UNKNOWN;
}

static const struct paper *paper_of(enum uarch u)
{
    return &papers[u > UARCH_UNKNOWN && u < UARCH_COUNT ? u : UARCH_UNKNOWN];
}

/* Instructions per cycle, and multiply-adds in one, of an instruction set and type. */
static double rate(const struct paper *p, enum uarch_isa isa, enum uarch_type type, double *macs)
{
    static const double lanes128[UARCH_TYPE_COUNT] = { 2, 4, 0, 0 };

    *macs = 0;
    switch (isa) {
    case UARCH_ISA_AVX2:
        *macs = type == UARCH_INT8 ? 32 : 2 * lanes128[type];
        return type == UARCH_INT8 ? p->madd256 : p->fma256;
    case UARCH_ISA_AVXVNNI: *macs = type == UARCH_INT8 ? 32 : 0; return p->vnni256;
    case UARCH_ISA_AVX512: *macs = 4 * lanes128[type]; return p->fma512;
    case UARCH_ISA_AVX512VNNI: *macs = type == UARCH_INT8 ? 64 : 0; return p->vnni512;
    case UARCH_ISA_AVX512BF16: *macs = type == UARCH_BF16 ? 32 : 0; return p->bf16_512;
    case UARCH_ISA_AMX:
        *macs = type == UARCH_INT8 ? 1 : type == UARCH_BF16 ? 0.5 : 0;
        return p->amx;
    case UARCH_ISA_NEON: *macs = lanes128[type]; return type == UARCH_FP64 ? p->fmla64 : p->fmla32;
    case UARCH_ISA_DOTPROD: *macs = type == UARCH_INT8 ? 16 : 0; return p->sdot;
    case UARCH_ISA_I8MM: *macs = type == UARCH_INT8 ? 32 : 0; return p->smmla;
    case UARCH_ISA_BF16ARM: *macs = type == UARCH_BF16 ? 16 : 0; return p->bfmmla;
    case UARCH_ISA_COUNT: break;
    }
    return 0;
}

static struct uarch_figure no_figure(enum uarch u, const char *what)
{
    struct uarch_figure f = { .value = (double)NAN };

    if (u == UARCH_UNKNOWN)
        snprintf(f.source, sizeof(f.source), "unknown microarchitecture");
    else
        snprintf(f.source, sizeof(f.source), "no published figure for %s of %s", what,
                 uarch_name(u));
    return f;
}

struct uarch_figure uarch_ops_per_cycle(enum uarch u, enum uarch_isa isa, enum uarch_type type)
{
    const struct paper *p = paper_of(u);
    struct uarch_figure f = { 0 };
    double macs, per_cycle = rate(p, isa, type, &macs);

    if (macs <= 0 || per_cycle <= 0)
        return no_figure(u, "this instruction set and type");
    f.value = 2 * macs * per_cycle;
    snprintf(f.source, sizeof(f.source), "%s: %g multiply-adds a cycle (%s)", uarch_name(u),
             macs * per_cycle, p->rates);
    return f;
}

struct uarch_figure uarch_bytes_per_cycle(enum uarch u, enum uarch_path path)
{
    const struct paper *p = paper_of(u);
    struct uarch_figure f = { 0 };

    f.value = path == UARCH_L1_LOAD ? p->l1_load : path == UARCH_L1_STORE ? p->l1_store : p->l2;
    if (f.value <= 0)
        return no_figure(u, "the cache bandwidth");
    snprintf(f.source, sizeof(f.source), "%s: %g bytes a cycle (%s)", uarch_name(u), f.value,
             p->caches);
    return f;
}

struct uarch_figure uarch_memory_bytes_per_s(enum uarch u)
{
    const struct paper *p = paper_of(u);
    struct uarch_figure f = { 0 };

    if (p->channels == 0 || p->mt_s == 0)
        return no_figure(u, "the memory (it depends on the platform)");
    f.value = 8e6 * p->channels * p->mt_s;
    snprintf(f.source, sizeof(f.source),
             "%s: socket maximum, %d x 8 bytes x %d MT/s (%s); a virtual machine shares it",
             uarch_name(u), p->channels, p->mt_s, p->memory);
    return f;
}
