/* uarch.h - which microarchitecture a CPU is, and what one core of it can do per cycle.
 *
 * The figures bound what a loop can reach, whatever the clock: the makers' documents, and tables of
 * instruction throughput measured by others, each named.  Where no source gives a figure it is NaN;
 * nothing is guessed.  Of a hybrid CPU the fast cores count. */
#ifndef HOST_UARCH_H
#define HOST_UARCH_H

#include <stdint.h>

enum uarch {
    UARCH_UNKNOWN,
    UARCH_HASWELL,
    UARCH_BROADWELL,
    UARCH_SKYLAKE_CLIENT,
    UARCH_SKYLAKE_SP,
    UARCH_CASCADE_LAKE,
    UARCH_COOPER_LAKE,
    UARCH_ICE_LAKE_CLIENT,
    UARCH_ICE_LAKE_SP,
    UARCH_TIGER_LAKE,
    UARCH_ROCKET_LAKE,
    UARCH_ALDER_LAKE,
    UARCH_RAPTOR_LAKE,
    UARCH_METEOR_LAKE,
    UARCH_ARROW_LAKE,
    UARCH_LUNAR_LAKE,
    UARCH_SAPPHIRE_RAPIDS,
    UARCH_EMERALD_RAPIDS,
    UARCH_GRANITE_RAPIDS,
    UARCH_SIERRA_FOREST,
    UARCH_ZEN,
    UARCH_ZEN2,
    UARCH_ZEN3,
    UARCH_ZEN4,
    UARCH_ZEN4_HBM,
    UARCH_ZEN5,
    UARCH_ZEN5_MOBILE,
    UARCH_CORTEX_A53,
    UARCH_CORTEX_A55,
    UARCH_CORTEX_A72,
    UARCH_CORTEX_A76,
    UARCH_CORTEX_A78,
    UARCH_CORTEX_A710,
    UARCH_CORTEX_A720,
    UARCH_CORTEX_A725,
    UARCH_CORTEX_X1,
    UARCH_CORTEX_X2,
    UARCH_CORTEX_X3,
    UARCH_CORTEX_X4,
    UARCH_CORTEX_X925,
    UARCH_NEOVERSE_N1,
    UARCH_NEOVERSE_N2,
    UARCH_NEOVERSE_N3,
    UARCH_NEOVERSE_V1,
    UARCH_NEOVERSE_V2,
    UARCH_NEOVERSE_V3,
    UARCH_AMPERE1,
    UARCH_A64FX,
    UARCH_KUNPENG_920,
    UARCH_COUNT
};

/* "Cascade Lake", "Zen 3", "Neoverse V2"; "unknown". */
const char *uarch_name(enum uarch u);

/* vendor: "GenuineIntel", "AuthenticAMD"; others are unknown. */
enum uarch uarch_of_x86(const char *vendor, int family, int model, int stepping);

/* implementer and part as in MIDR_EL1. */
enum uarch uarch_of_arm(int implementer, int part);

/* Instruction sets as the code paths are named (files *_avx2.c, *_dotprod.c, ...). */
enum uarch_isa {
    UARCH_ISA_AVX2,
    UARCH_ISA_AVXVNNI,
    UARCH_ISA_AVX512,
    UARCH_ISA_AVX512VNNI,
    UARCH_ISA_AVX512BF16,
    UARCH_ISA_AMX,
    UARCH_ISA_NEON,
    UARCH_ISA_DOTPROD,
    UARCH_ISA_I8MM,
    UARCH_ISA_BF16ARM,
    UARCH_ISA_COUNT
};

enum uarch_type { UARCH_FP64, UARCH_FP32, UARCH_BF16, UARCH_INT8, UARCH_TYPE_COUNT };

/* A figure and where it comes from; value NaN: nobody says, and `source` is the reason. */
struct uarch_figure {
    double value;
    char source[160];
};

/* Operations (multiply and add count as two) one core does per cycle with this instruction set on
 * this type: 2 x instructions per cycle x multiply-adds an instruction. */
struct uarch_figure uarch_ops_per_cycle(enum uarch u, enum uarch_isa isa, enum uarch_type type);

enum uarch_path { UARCH_L1_LOAD, UARCH_L1_STORE, UARCH_L2_LOAD };

/* Bytes per cycle of one core with the widest vectors it has. */
struct uarch_figure uarch_bytes_per_cycle(enum uarch u, enum uarch_path path);

/* Bytes per second of one socket's memory with every channel filled at the highest speed that any
 * platform of this core supports: channels x MT/s x 8 bytes.  An upper bound: a board may have
 * less, and a virtual machine shares it.  Models with memory of their own kind are not told apart
 * by their number: Xeon Max (HBM) and Platinum 9200 (12 channels) exceed their generation's. */
struct uarch_figure uarch_memory_bytes_per_s(enum uarch u);

#endif
