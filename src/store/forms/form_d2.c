/* form_d2.c - the flat report of the ternary-kernel notebook.
 *
 * Its token is nine layers of matrix products without attention, KV cache or output layer, so what
 * it says of tokens is refused; other engines' files of this form are taken. */
#include "store/forms/form.h"

#define DECODE "models.llm.decode"
#define RATE   DECODE " :throughput"
#define NO_MODEL                                                                                  \
    "its token is matrix products alone, without attention, KV cache or output layer: none of a " \
    "model"
#define AFTER "it was read after the work had ended"

static const double MIB = 1.048576; /* in MB */

#define TOKEN(name, statistic)                                                        \
    {                                                                                 \
        .path = name, .from = (statistic), .what = RATE, .scale = 1e-6, .unit = "ms", \
        .of = LOWER_IS_BETTER, .fault = NO_MODEL                                      \
    }
#define CONTEXT(name, depth)                                                             \
    {                                                                                    \
        .path = name, .from = FORM_VALUE, .what = RATE " depth=" depth, .unit = "tok/s", \
        .fault = "one matrix product a context length, and no KV cache is read"          \
    }
#define WATTS(name, statistic)                                                                 \
    {                                                                                          \
        .path = name, .from = (statistic), .what = RATE, .which = "gpu.power", .unit = "W",    \
        .of = LOWER_IS_BETTER,                                                                 \
        .fault = "NVML's average of a second, read between kernels of less than a millisecond" \
    }

static const struct form_field fields[] = {
    { "timestamp", .from = FORM_START },
    { "benchmark_version", FORM_BUILD, .what = "version" },
    { "gpu_model", FORM_MACHINE, .what = "gpus.0.model" },
    { "driver_version", FORM_MACHINE, .what = "gpus.0.driver" },
    { "cuda_version", FORM_MACHINE, .what = "cuda.runtime" },
    { "compute_capability", FORM_MACHINE, .what = "gpus.0.compute_capability" },
    { "vram_total_mb", FORM_MACHINE, .what = "gpus.0.memory_bytes", .scale = 1e-6, .theirs = MIB },
    { "power_limit_w", FORM_MACHINE, .what = "gpus.0.power_limit_w", .scale = 1 },
    WATTS("avg_power_w", FORM_SERIES_MEAN),
    WATTS("peak_power_w", FORM_SERIES_MAX),
    { "energy_per_token_j", FORM_ENERGY, .what = RATE, .unit = "J", .of = LOWER_IS_BETTER,
      .fault = NO_MODEL },
    { "vram_used_mb", FORM_SERIES_MAX, .what = RATE, .which = "gpu.memory_used", .scale = 1e3,
      .unit = "MB", .of = LOWER_IS_BETTER, .theirs = MIB },
    { "host_ram_used_mb", FORM_SERIES_MAX, .what = RATE, .which = "process.rss", .unit = "MB",
      .of = LOWER_IS_BETTER, .theirs = MIB },
    { "pcie_h2d_per_token_bytes", FORM_NEVER,
      .what = "bytes over links are not counted by direction" },
    { "pcie_d2h_per_token_bytes", FORM_NEVER,
      .what = "bytes over links are not counted by direction" },
    TOKEN("mean_token_latency_ms", FORM_TIME_MEAN),
    TOKEN("p50_token_latency_ms", FORM_TIME_P50),
    TOKEN("p90_token_latency_ms", FORM_TIME_P90),
    TOKEN("p95_token_latency_ms", FORM_TIME_P95),
    TOKEN("p99_token_latency_ms", FORM_TIME_P99),
    TOKEN("max_token_latency_ms", FORM_TIME_MAX),
    { "token_gap_variance_ms2", FORM_TIME_GAP_VARIANCE, .what = RATE, .scale = 1e-12, .unit = "ms2",
      .of = LOWER_IS_BETTER, .fault = NO_MODEL },
    { "throughput_tok_s", FORM_VALUE, .what = RATE, .unit = "tok/s", .fault = NO_MODEL },
    CONTEXT("throughput_1k_ctx_tok_s", "1024"),
    CONTEXT("throughput_4k_ctx_tok_s", "4096"),
    CONTEXT("throughput_8k_ctx_tok_s", "8192"),
    CONTEXT("throughput_16k_ctx_tok_s", "16384"),
    { "throughput_degradation_slope_pct_per_1k", FORM_NEVER,
      .what = "a slope wants a fit with its interval: none is made" },
    { "kernels_per_token", FORM_NEVER, .what = "kernels are not counted" },
    { "avg_kernel_exec_time_ms", FORM_NEVER, .what = "kernels are not timed one by one" },
    { "gpu_utilization_pct", FORM_SERIES_MEAN, .what = RATE, .which = "gpu.utilisation",
      .unit = "%", .fault = AFTER },
    { "cpu_utilization_pct", FORM_SERIES_MEAN, .what = RATE, .which = "process.cpu", .unit = "%",
      .of = LOWER_IS_BETTER },
    { "cpu_peak_pct", FORM_SERIES_MAX, .what = RATE, .which = "process.cpu", .unit = "%",
      .of = LOWER_IS_BETTER },
    { "threads_used", FORM_PARAM, .what = RATE, .which = "threads" },
    { "host_sync_calls_per_token", FORM_NEVER, .what = "synchronisations are not counted" },
    { "model_name", FORM_PARAM, .what = RATE, .which = "model" },
    { "batch_size", FORM_PARAM, .what = RATE, .which = "batch" },
    { "num_layers", FORM_NEVER, .what = "not in the record" },
    { "hidden_size", FORM_NEVER, .what = "not in the record" },
    { "quantization", FORM_PARAM, .what = RATE, .which = "quantisation" },
    { "sampling_method", FORM_PARAM, .what = RATE, .which = "sampling" },
    { "temperature", FORM_PARAM, .what = RATE, .which = "temperature" },
    { "kv_cache_enabled", FORM_PARAM, .what = RATE, .which = "kv_cache" },
    { "os", FORM_MACHINE, .what = "os.name" },
    { "os_version", FORM_MACHINE, .what = "os.version" },
    { "nvcc_version", FORM_BUILD, .what = "cuda" },
    { "gcc_version", FORM_BUILD, .what = "compiler" },
    { "build_flags", FORM_BUILD, .what = "flags" },
    { "clock_locking", FORM_MACHINE, .what = "clock.locked", .which = "Yes|No" },
    { "persistence_mode", FORM_MACHINE, .what = "gpus.0.persistence_mode" },
};

const struct form form_d2 = {
    .name = "d2",
    .file = "benchmark_report.json",
    .tool = "edgellm-benchmark",
    .signs = { "benchmark_version", "mean_token_latency_ms" },
    .own_if = "quantization=BitNet 1.58-bit",
    .notes = "MB is 1e6 bytes; times, power and memory are those of the row that the rate is of; "
             "clock_locking is of the CPU's clock; tokens are a real model's",
    .units = "MB is 2^20 bytes there",
    .fields = fields,
    .n = (int)(sizeof(fields) / sizeof(fields[0])),
};
