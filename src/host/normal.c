/* normal.c - reference ranges per CPU and GPU generation, each with its source. */
#include "host/normal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Streams of a GPU's own memory, by the model that CUDA reports.  H200: 3 % about the median of one
 * measured in 2026-11; paper is 6,016 bits x 3,201 MHz x 2 = 4,814 GB/s.  The others: data sheet x
 * 0.75-0.97, since the H200's streams reach 0.88-0.96 of paper and a GB10's copy was reported at
 * 0.86; GDDR6 with error correction loses more. */
#define H200(op, gb_s)                                                                        \
    {                                                                                         \
        "NVIDIA H200", "silicon.memory", op, 0.97 * (gb_s), 1.03 * (gb_s),                    \
            #gb_s " GB/s measured on an H200 of 2026-11 (paper: 4814 GB/s), 3 % to each side" \
    }
#define H200_NEAR(op, value, unit)                                               \
    {                                                                            \
        "NVIDIA H200", "silicon.memory", op, 0.95 * (value), 1.05 * (value),     \
            #value " " unit " measured on two H200 of 2026-11, 5 % to each side" \
    }
/* GFLOPS (GOPS) of products after a pause; the power cap counts even there. */
#define H200_GEMM(dtype, tera)                                                                   \
    {                                                                                            \
        "NVIDIA H200", "silicon.compute",                                                        \
            "dtype=" dtype " path=cublaslt data=random load=burst n=8192", 940.0 * (tera),       \
            1060.0 * (tera), #tera " T, mean of 2 or 3 jobs on an H200 of 2026-11, 6 % each way" \
    }
#define HBM(model, gb_s)                                                                       \
    {                                                                                          \
        model, "silicon.memory", "level=hbm threads=all", 0.75 * (gb_s), 0.97 * (gb_s),        \
            "data sheet, " #gb_s " GB/s x 0.75-0.97: streams of an H200 reach 0.88-0.96 of it" \
    }

/* The more special entry of a benchmark comes first.  A range from results/ spans the runs on file;
 * one from paper names its formula.  Rates per core and cycle need no entry: they derive their
 * range from the clocks below. */
static const struct normal_entry entries[] = {
    H200("op=read level=hbm", 4530),
    H200("op=write level=hbm", 4630),
    H200("op=copy level=hbm", 4232),
    H200("op=triad level=hbm", 4330),
    H200_NEAR("op=read level=l1", 31920, "GB/s"),
    H200_NEAR("op=read level=l2", 9050, "GB/s"),
    H200_NEAR("op=write level=l2", 4700, "GB/s"),
    H200_NEAR("op=copy level=l2", 8500, "GB/s"),
    H200_NEAR("op=latency level=l1", 16.2, "ns"),
    H200_NEAR("op=latency level=l2", 142, "ns"),
    H200_NEAR("op=latency level=hbm", 347, "ns"),
    H200_GEMM("bf16", 799),
    H200_GEMM("fp16", 759),
    H200_GEMM("tf32", 402),
    H200_GEMM("fp8", 1547),
    H200_GEMM("int8", 1463),
    HBM("NVIDIA B200", 8000),
    HBM("NVIDIA H100 80GB HBM3", 3350),
    HBM("NVIDIA H100 PCIe", 2039),
    HBM("NVIDIA A100-SXM4-80GB", 2039),
    HBM("NVIDIA A100 80GB PCIe", 1935),
    HBM("NVIDIA A100-SXM4-40GB", 1555),
    HBM("NVIDIA A100-PCIE-40GB", 1555),
    HBM("NVIDIA GB10", 273),
    HBM("NVIDIA L40S", 864),
    HBM("NVIDIA L4", 300),
    HBM("NVIDIA GeForce RTX 5090", 1792),
    HBM("NVIDIA GeForce RTX 4090", 1008),
    HBM("Tesla T4", 320),
    { "NVIDIA H200", "silicon.telemetry", "phase=idle", 109, 133,
      "121 W with a context, measured on two H200 of 2026-11, 10 % to each side" },
    { "NVIDIA GB10", "silicon.telemetry", "phase=idle", 10, 30,
      "10-30 W is stated for an idle GB10 (11.75 W read with nvidia-smi on a DGX Spark)" },
    { .kind = NULL },
};
#undef H200
#undef H200_NEAR
#undef H200_GEMM
#undef HBM

/* Nominal base clock of the slowest model .. highest boost of the fastest, both named, among the
 * server, workstation and desktop processors of the generation.  Heavy 512-bit code may run below
 * the nominal base before Ice Lake, and under a power limit anything may. */
static const struct {
    enum uarch uarch;
    struct normal_clock clock;
} clocks[] = {
    { UARCH_SKYLAKE_SP, { 1.7, 4.5, "Bronze 3104 base, W-2125 turbo" } },
    { UARCH_CASCADE_LAKE, { 1.9, 4.8, "Bronze 3204 base, Core i9-10980XE turbo" } },
    { UARCH_ICE_LAKE_SP, { 2.0, 4.0, "Gold 6338 base, W-3375 turbo" } },
    { UARCH_SAPPHIRE_RAPIDS, { 1.7, 4.8, "Platinum 8470N base, w9-3495X turbo" } },
    { UARCH_EMERALD_RAPIDS, { 1.9, 4.2, "Platinum 8592+ base, Gold 6534 turbo" } },
    { UARCH_ZEN2, { 2.0, 4.7, "EPYC 7702 base, Ryzen 9 3950X boost" } },
    { UARCH_ZEN3, { 2.0, 4.9, "EPYC 7713 base, Ryzen 9 5950X boost" } },
    { UARCH_ZEN4, { 2.2, 5.7, "EPYC 9734 base, Ryzen 9 7950X boost" } },
    { UARCH_ZEN5, { 2.1, 5.7, "EPYC 9845 base, Ryzen 9 9950X boost" } },
    { UARCH_CORTEX_X925, { 3.6, 4.0, "Dimensity 9400, GB10" } },
};

/* Is `word` (n characters) one of the words of `text`? */
static bool has_word(const char *text, const char *word, size_t n)
{
    while (*text) {
        size_t len = strcspn(text, " ");

        if (len == n && memcmp(text, word, n) == 0)
            return true;
        text += len + (text[len] == ' ');
    }
    return false;
}

static bool asks_for_less(const char *asked, const char *settings)
{
    while (*asked) {
        size_t len = strcspn(asked, " ");

        if (len && !has_word(settings, asked, len))
            return false;
        asked += len + (asked[len] == ' ');
    }
    return true;
}

const struct normal_entry *normal_match(const struct normal_entry *table, const char *kind,
                                        const char *bench, const char *settings)
{
    for (const struct normal_entry *t = table; t->kind; t++)
        if (strcmp(t->kind, kind) == 0 && strcmp(t->bench, bench) == 0 &&
            asks_for_less(t->settings, settings))
            return t;
    return NULL;
}

bool normal_find(const char *kind, const char *bench, const char *settings, struct expected *out)
{
    const struct normal_entry *found = normal_match(entries, kind, bench, settings);

    if (!found)
        return false;
    out->lo = found->lo;
    out->hi = found->hi;
    snprintf(out->source, sizeof(out->source), "%s", found->source);
    return true;
}

bool normal_clock_of(enum uarch u, struct normal_clock *out)
{
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
        if (clocks[i].uarch == u) {
            *out = clocks[i].clock;
            return true;
        }
    return false;
}
