/* form_d0.c - the four baseline files of the hardware benchmark suite.
 *
 * Its own tool wrote GiB and GiB/s under names that say gb and gbs, and 0 where nvidia-smi knew
 * nothing. */
#include "store/forms/form.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))
#define GEMM        "silicon.compute path=cublaslt @gpu:0"
#define COPY        "silicon.memory op=copy level=hbm @gpu:0"
#define H2D         "silicon.memory op=h2d memory=pinned @gpu:0"
#define D2H         "silicon.memory op=d2h memory=pinned @gpu:0"
#define READ        "silicon.storage op=read cache=direct memory=plain"
#define WRITE       "silicon.storage op=write cache=direct memory=plain"
#define RANDOM      "silicon.storage op=randread bs=4KiB depth=32 cache=direct memory=plain"
#define IDLE        "silicon.telemetry phase=idle @gpu:0"

static const char tool[] = "ws03-benchmarks";
static const double GIB = 1.073741824; /* in GB */

static const struct form_field gpu[] = {
    { "version", FORM_WORD, .what = "1.0" },
    { "timestamp", .from = FORM_START },
    { "gpu.name", FORM_MACHINE, .what = "gpus.0.model" },
    { "gpu.compute_capability", FORM_MACHINE, .what = "gpus.0.compute_capability" },
    { "gpu.total_memory_gb", FORM_MACHINE, .what = "gpus.0.memory_bytes", .scale = 1e-9,
      .theirs = GIB },
    { "gpu.multi_processor_count", FORM_MACHINE, .what = "gpus.0.multiprocessors", .scale = 1 },
    { "gpu.cuda_version", FORM_MACHINE, .what = "cuda.runtime" },
    { "gpu.pytorch_version", FORM_NEVER, .what = "there is no PyTorch in the program" },
    { "fp32_tflops", FORM_VALUE, .what = GEMM " dtype=fp32", .unit = "TFLOPS" },
    { "fp16_tflops", FORM_VALUE, .what = GEMM " dtype=fp16", .unit = "TFLOPS" },
    { "int8_tops", FORM_VALUE, .what = GEMM " dtype=int8", .unit = "TOPS" },
    { "benchmark_params.matrix_size", FORM_PARAM, .what = GEMM, .which = "n" },
    { "benchmark_params.iterations", FORM_SAMPLES, .what = GEMM },
    { "benchmark_params.warmup", FORM_WARMUP, .what = GEMM },
};

const struct form form_d0_gpu = {
    .name = "d0.gpu",
    .file = "gpu_baseline.json",
    .tool = tool,
    .signs = { "fp32_tflops", "fp16_tflops" },
    .notes = "GB is 1e9 bytes; matrix products by cuBLASLt, checked; warm-up ends when the samples "
             "are flat, so it counts samples",
    .units = "GB is 2^30 bytes there",
    .fields = gpu,
    .n = COUNT(gpu),
};

static const struct form_field memory[] = {
    { "version", FORM_WORD, .what = "1.0" },
    { "timestamp", .from = FORM_START },
    { "memory.total_gb", FORM_MACHINE, .what = "gpus.0.memory_bytes", .scale = 1e-9,
      .theirs = GIB },
    { "memory.allocated_gb", FORM_NEVER,
      .what = "the document's was read before anything was allocated" },
    { "memory.reserved_gb", FORM_NEVER,
      .what = "the document's was read before anything was allocated" },
    { "memory.architecture", FORM_MACHINE, .what = "gpus.0.integrated",
      .which = "unified|discrete" },
    { "memory.specification_bandwidth_gbs", FORM_MACHINE, .what = "gpus.0.memory_paper_bytes_per_s",
      .scale = 1e-9 },
    { "gpu_to_gpu_gbs", FORM_VALUE, .what = COPY, .unit = "GB/s", .theirs = 2 * GIB },
    { "cpu_to_gpu_gbs", FORM_VALUE, .what = H2D, .unit = "GB/s", .theirs = GIB },
    { "gpu_to_cpu_gbs", FORM_VALUE, .what = D2H, .unit = "GB/s", .theirs = GIB },
    { "bandwidth_gbs", FORM_MEAN, .what = "cpu_to_gpu_gbs|gpu_to_cpu_gbs" },
    { "benchmark_params.transfer_size_mb", FORM_BYTES, .what = H2D, .scale = 1e-6 },
    { "benchmark_params.iterations", FORM_SAMPLES, .what = H2D },
};

const struct form form_d0_memory = {
    .name = "d0.memory",
    .file = "memory_baseline.json",
    .tool = tool,
    .signs = { "cpu_to_gpu_gbs", "gpu_to_cpu_gbs" },
    .notes = "GB is 1e9 bytes; gpu_to_gpu_gbs counts the bytes read and the bytes written; "
             "transfers are of pinned memory; bandwidth_gbs is the mean of the two directions",
    .units = "GB/s are 2^30 bytes a second there, and a copy's are counted once",
    .fields = memory,
    .n = COUNT(memory),
};

static const struct form_field storage[] = {
    { "version", FORM_WORD, .what = "1.0" },
    { "timestamp", .from = FORM_START },
    { "filesystem.mount", FORM_MACHINE, .what = "storage.mount" },
    { "filesystem.size", FORM_MACHINE, .what = "storage.total_bytes", .scale = 1 },
    { "filesystem.used", FORM_USED, .what = "storage.total_bytes|storage.available_bytes" },
    { "filesystem.available", FORM_MACHINE, .what = "storage.available_bytes", .scale = 1 },
    { "sequential_read_gbs", FORM_VALUE, .what = READ, .unit = "GB/s", .theirs = 1.024,
      .fault = "dd without O_DIRECT of a file just written: the page cache is not excluded" },
    { "sequential_write_gbs", FORM_VALUE, .what = WRITE, .unit = "GB/s", .theirs = 1.024 },
    { "random_read_iops", FORM_VALUE, .what = RANDOM, .unit = "IOPS", .fault_up_to = 10000,
      .fault = "without fio the tool divides 10000 by the last number of dd's line, and the file "
               "does not say which of the two it was" },
    { "benchmark_params.file_size", FORM_INPUTS, .what = READ },
    { "benchmark_params.block_size_throughput", FORM_PARAM, .what = READ, .which = "bs" },
    { "benchmark_params.block_size_iops", FORM_PARAM, .what = RANDOM, .which = "bs" },
    { "benchmark_params.iops_runtime_seconds", FORM_WALL, .what = RANDOM, .scale = 1 },
};

const struct form form_d0_storage = {
    .name = "d0.storage",
    .file = "storage_baseline.json",
    .tool = tool,
    .signs = { "sequential_read_gbs", "random_read_iops" },
    .notes = "GB is 1e9 bytes; the file system's sizes are bytes; all requests bypass the page "
             "cache (O_DIRECT); random reads of 4 KiB at a depth of 32",
    .units = "GB/s are 1024 of dd's MB/s there",
    .fields = storage,
    .n = COUNT(storage),
};

/* What it asks DCGM for are fields of other things than it calls them. */
#define MISTAKEN                                                                          \
    .fault = "taken from a DCGM field of something else (156 is energy, 203 and 204 are " \
             "utilisations, 251 is free memory)",                                         \
    .fault_if = "source=dcgm"

static const struct form_field metrics[] = {
    { "version", FORM_WORD, .what = "1.0" },
    { "timestamp", .from = FORM_START },
    { "source", FORM_CLOCK, .what = IDLE },
    { "gpu.name", FORM_MACHINE, .what = "gpus.0.model" },
    { "gpu.driver_version", FORM_MACHINE, .what = "gpus.0.driver" },
    { "gpu.cuda_version", FORM_MACHINE, .what = "cuda.runtime" },
    { "metrics.gpu_utilization_percent", FORM_SERIES_MEAN, .what = IDLE, .which = "gpu.utilisation",
      .unit = "%", .of = LOWER_IS_BETTER, MISTAKEN },
    { "metrics.memory_utilization_percent", FORM_SERIES_MEAN, .what = IDLE,
      .which = "gpu.memory_utilisation", .unit = "%", .of = LOWER_IS_BETTER },
    { "metrics.power_watts", FORM_SERIES_MEAN, .what = IDLE, .which = "gpu.power", .unit = "W",
      .of = LOWER_IS_BETTER },
    { "metrics.temperature_celsius", FORM_SERIES_MEAN, .what = IDLE, .which = "gpu.temperature",
      .unit = "C", .of = LOWER_IS_BETTER, MISTAKEN },
    { "metrics.sm_clock_mhz", FORM_SERIES_MEAN, .what = IDLE, .which = "gpu.sm_clock",
      .unit = "MHz", MISTAKEN },
    { "metrics.memory_clock_mhz", FORM_SERIES_MEAN, .what = IDLE, .which = "gpu.memory_clock",
      .unit = "MHz", MISTAKEN },
    { "gpu_utilization_percent", FORM_SERIES_MEAN, .what = IDLE, .which = "gpu.utilisation" },
    { "power_watts", FORM_SERIES_MEAN, .what = IDLE, .which = "gpu.power" },
    { "temperature_celsius", FORM_SERIES_MEAN, .what = IDLE, .which = "gpu.temperature" },
};

const struct form form_d0_metrics = {
    .name = "d0.metrics",
    .file = "dcgm_baseline.json",
    .tool = tool,
    .signs = { "metrics.power_watts", "metrics.gpu_utilization_percent" },
    .notes = "means over the idle phase; source is who read the clocks",
    .fields = metrics,
    .n = COUNT(metrics),
};
