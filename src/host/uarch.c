/* uarch.c - which microarchitecture a CPU is, and what its makers say one core does per cycle. */
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
    double fma256, fma512; /* x86: instructions per cycle, fused multiply-adds of a whole vector */
    double madd256;        /* vpmaddubsw + vpmaddwd + vpaddd triples: INT8 without VNNI */
    double vnni512;        /* vpdpbusd */
    double bf16_512;       /* vdpbf16ps */
    double amx;            /* multiply-adds of bytes by the tile unit; of BF16 half as many */
    double l1_load, l1_store, l2; /* bytes */
    int channels, mt_s;
    double neon, dotprod, i8mm, bfmmla; /* Arm: 128-bit FMLA, SDOT, SMMLA, BFMMLA */
    const char *source;
};

/* AMX: one TDPBUSD multiplies 16x64 by 64x16 bytes = 16,384 multiply-adds in 16 cycles, so 1,024 a
 * cycle and 512 of BF16 (Intel 64 and IA-32 Optimization Reference Manual, "TMUL throughput"). */
#define AMX_BYTES 1024.0
#define INTEL     "Intel Optimization Reference Manual; uops.info"
#define TWO_UNITS INTEL "; assumes two 512-bit FMA units (some SKUs have one)"
#define MRDIMM    INTEL "; memory with MRDIMM-8800"
#define AMD_SOG   "AMD Software Optimization Guide; uops.info"
#define ARM_SWOG  "Arm Software Optimization Guide of the core"

/* clang-format off */
#define X86(id, ...) [UARCH_##id] = { __VA_ARGS__ },
#define ARM(id, load, fmla, sdot, smmla, mmla)                                                     \
    [UARCH_##id] = { .l1_load = load, .neon = fmla, .dotprod = sdot, .i8mm = smmla,                \
                     .bfmmla = mmla, .source = ARM_SWOG },
static const struct paper papers[UARCH_COUNT] = {
    /*                 FMA: 256, 512; madd, VNNI, BF16, AMX; L1 load, store, L2; channels, MT/s */
    X86(HASWELL,          2, 0, 0.5, 0, 0,         0,  64, 32, 64,  4, 2133, .source = INTEL)
    X86(BROADWELL,        2, 0, 0.5, 0, 0,         0,  64, 32, 64,  4, 2400, .source = INTEL)
    X86(SKYLAKE_CLIENT,   2, 0,   1, 0, 0,         0,  64, 32, 64,  0,    0, .source = INTEL)
    X86(SKYLAKE_SP,       2, 2,   1, 0, 0,         0, 128, 64, 64,  6, 2666, .source = TWO_UNITS)
    X86(CASCADE_LAKE,     2, 2,   1, 2, 0,         0, 128, 64, 64,  6, 2933, .source = TWO_UNITS)
    X86(COOPER_LAKE,      2, 2,   1, 2, 0,         0, 128, 64, 64,  6, 3200, .source = TWO_UNITS)
    X86(ICE_LAKE_CLIENT,  2, 1,   1, 1, 0,         0, 128, 64, 64,  0,    0, .source = INTEL)
    X86(ICE_LAKE_SP,      2, 2,   1, 2, 0,         0, 128, 64, 64,  8, 3200, .source = INTEL)
    X86(TIGER_LAKE,       2, 1,   1, 1, 0,         0, 128, 64, 64,  0,    0, .source = INTEL)
    X86(ROCKET_LAKE,      2, 1,   1, 1, 0,         0, 128, 64, 64,  0,    0, .source = INTEL)
    X86(SAPPHIRE_RAPIDS,  2, 2,   1, 2, 0, AMX_BYTES, 128, 64, 64,  8, 4800, .source = INTEL)
    X86(EMERALD_RAPIDS,   2, 2,   1, 2, 0, AMX_BYTES, 128, 64, 64,  8, 5600, .source = INTEL)
    X86(GRANITE_RAPIDS,   2, 2,   1, 2, 0, AMX_BYTES, 128, 64, 64, 12, 8800, .source = MRDIMM)
    X86(ZEN,              1, 0,   0, 0, 0,         0,  32, 16, 32,  8, 2666, .source = AMD_SOG)
    X86(ZEN2,             2, 0,   1, 0, 0,         0,  64, 32, 32,  8, 3200, .source = AMD_SOG)
    X86(ZEN3,             2, 0,   1, 0, 0,         0,  64, 32, 32,  8, 3200, .source = AMD_SOG)
    X86(ZEN4,             2, 1,   1, 1, 1,         0,  64, 32, 32, 12, 4800, .source = AMD_SOG)
    X86(ZEN5,             2, 2,   1, 2, 2,         0, 128, 64, 64, 12, 6400, .source = AMD_SOG)
    X86(ZEN5_MOBILE,      2, 1,   1, 1, 1,         0,   0,  0,  0,  0,    0, .source = AMD_SOG)
    /*               L1 load, FMLA, SDOT, SMMLA, BFMMLA */
    ARM(CORTEX_A76,   0,  2,  2,  0,  0)
    ARM(CORTEX_A78,   0,  2,  2,  0,  0)
    ARM(CORTEX_X4,   48,  4,  4,  4,  4)
    ARM(NEOVERSE_N1, 32,  2,  2,  0,  0)
    ARM(NEOVERSE_N2,  0,  2,  2,  2,  0)
    ARM(NEOVERSE_V1,  0,  4,  4,  4,  0)
    ARM(NEOVERSE_V2,  0,  4,  4,  4,  4)
};
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
    case UARCH_ISA_AVX512: *macs = 4 * lanes128[type]; return p->fma512;
    case UARCH_ISA_AVX512VNNI: *macs = type == UARCH_INT8 ? 64 : 0; return p->vnni512;
    case UARCH_ISA_AVX512BF16: *macs = type == UARCH_BF16 ? 32 : 0; return p->bf16_512;
    case UARCH_ISA_AMX:
        *macs = type == UARCH_INT8 ? 1 : type == UARCH_BF16 ? 0.5 : 0;
        return p->amx;
    case UARCH_ISA_NEON: *macs = lanes128[type]; return p->neon;
    case UARCH_ISA_DOTPROD: *macs = type == UARCH_INT8 ? 16 : 0; return p->dotprod;
    case UARCH_ISA_I8MM: *macs = type == UARCH_INT8 ? 32 : 0; return p->i8mm;
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
             macs * per_cycle, p->source);
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
             p->source);
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
             "%s server: %d channels x %d MT/s x 8 bytes a socket; a board may have less",
             uarch_name(u), p->channels, p->mt_s);
    return f;
}
