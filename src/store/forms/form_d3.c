/* form_d3.c - benchmark_results.json of block-sparse attention and its server. */
#include "store/forms/form.h"

#define ATTENTION "kernels.*attention* @gpu:0 blocks=800"
#define SERVER    "server.* :throughput"

#define SCALING(index, blocks)                                                                    \
    { .path = "scaling." index ".groups", .from = FORM_CASE, .what = blocks, .which = "groups" }, \
        { .path = "scaling." index ".desc",                                                       \
          .from = FORM_WORD,                                                                      \
          .what = blocks " blocks of 128 x 128" },                                                \
    {                                                                                             \
        .path = "scaling." index ".tflops", .from = FORM_VALUE,                                   \
        .what = "kernels.*attention* :throughput @gpu:0 blocks=" blocks, .unit = "TFLOPS",        \
        .fault = "counts operations that were not done, or one of the two products alone"         \
    }
#define LATENCY(name, statistic, wrong)                                                 \
    {                                                                                   \
        .path = "latency." name, .from = (statistic), .what = ATTENTION, .scale = 1e-6, \
        .unit = "ms", .of = LOWER_IS_BETTER, .fault = (wrong)                           \
    }

static const char tail[] = "a percentile of 100 averages of a process each";

static const struct form_field fields[] = {
    { "timestamp", .from = FORM_START },
    SCALING("0", "800"),
    SCALING("1", "1600"),
    SCALING("2", "3200"),
    SCALING("3", "6400"),
    LATENCY("p50", FORM_TIME_P50, NULL),
    LATENCY("p95", FORM_TIME_P95, tail),
    LATENCY("p99", FORM_TIME_P99, tail),
    LATENCY("mean", FORM_TIME_MEAN, NULL),
    LATENCY("std", FORM_TIME_STD, NULL),
    LATENCY("min", FORM_TIME_MIN, NULL),
    LATENCY("max", FORM_TIME_MAX, NULL),
    { "throughput.qps", FORM_VALUE, .what = SERVER, .unit = "1/s",
      .fault = "its server runs a softmax of an empty buffer, and half of its time is a sleep" },
    { "throughput.total_queries", FORM_OPS, .what = SERVER },
    { "throughput.duration", FORM_WALL, .what = SERVER, .scale = 1 },
};

const struct form form_d3 = {
    .name = "d3",
    .file = "benchmark_results.json",
    .tool = "high-performance-bench",
    .signs = { "latency.p50", "throughput.qps" },
    .notes = "times in ms; useful operations only, of both products; requests with verified "
             "replies",
    .fields = fields,
    .n = (int)(sizeof(fields) / sizeof(fields[0])),
};
