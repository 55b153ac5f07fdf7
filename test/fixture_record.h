/* fixture_record.h - results with every status, origin and kind of limit, for the tests of store
 * and report.  The numbers are made up and seeded; what follows from them is computed by core. */
#ifndef FIXTURE_RECORD_H
#define FIXTURE_RECORD_H

#include "core/limits.h"
#include "core/mem.h"
#include "core/record.h"
#include "core/stats.h"
#include "test.h"

enum { FIXTURE_ROWS = 8 };

static const struct axis fixture_axes[] = {
    { .name = "op", .kind = AXIS_ENUM },
    { .name = "level", .kind = AXIS_ENUM },
    { .name = "block", .kind = AXIS_SIZE },
};

static inline void fixture_param(struct result *r, int axis, const char *text)
{
    struct param *p = &r->params.p[r->params.n++];

    p->axis = &fixture_axes[axis];
    snprintf(p->text, sizeof(p->text), "%s", text);
}

/* n samples around `middle`, a few per cent apart, the same for the same seed. */
static inline void fixture_samples(struct sampling_result *s, size_t n, double middle,
                                   uint64_t seed)
{
    s->ns = mem_calloc(n, sizeof(double));
    s->start_s = mem_calloc(n, sizeof(double));
    s->n = s->cap = n;
    for (size_t i = 0; i < n; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        s->ns[i] = middle * (1 + 0.03 * ((double)(seed >> 40) / (1 << 24) - 0.5));
        s->start_s[i] = (double)i * middle * 1e-9;
    }
    s->reps = 7;
    s->warmup_samples = 3;
    s->warmup_s = 0.05;
    s->wall_s = 0.9;
    s->sampled_s = 0.85;
    s->drift_pct = NAN;
    if (stats_summarise(s->ns, n, &s->summary, NULL) != 0)
        abort();
}

static inline void fixture_run(struct result_run *run, size_t n, double ns, double work,
                               uint64_t seed)
{
    fixture_samples(&run->sampling, n, ns, seed);
    run->start_unix_s = 1795248872.123;
    run->value = work / run->sampling.summary.median;
    run->value_lo = work / run->sampling.summary.median_ci.hi;
    run->value_hi = work / run->sampling.summary.median_ci.lo;
    run->clock_hz_median = run->clock_hz_min = run->clock_hz_max = NAN;
    run->cpu_seconds = 1.75;
    run->context_switches = 12;
    run->page_faults = NAN;
    run->throttled_fraction = 0.25;
    snprintf(run->throttle_causes, sizeof(run->throttle_causes), "power cap 25 %%");
    run->energy_j = run->energy_lo_j = run->energy_hi_j = run->energy_s = run->idle_w = NAN;
    snprintf(run->energy_reason, sizeof(run->energy_reason), "no RAPL on this machine");
}

static inline void fixture_row(struct result *r, const char *name, const char *metric,
                               const char *unit, enum direction d)
{
    *r = (struct result){ 0 };
    snprintf(r->name, sizeof(r->name), "%s", name);
    snprintf(r->device, sizeof(r->device), "cpu");
    snprintf(r->metric, sizeof(r->metric), "%s", metric);
    snprintf(r->unit, sizeof(r->unit), "%s", unit);
    r->direction = d;
    r->value = r->value_lo = r->value_hi = r->percent = NAN;
    r->expected.lo = r->expected.hi = NAN;
    r->check.error = r->check.tolerance = NAN;
    r->floor_ns = 21.5;
    r->limits.binding = -1;
}

static inline void fixture_runs(struct result *r, int n_runs, size_t n, double ns, double work)
{
    r->runs = mem_calloc((size_t)n_runs, sizeof(*r->runs));
    r->n_runs = n_runs;
    for (int i = 0; i < n_runs; i++)
        fixture_run(&r->runs[i], n, ns, work, (uint64_t)(i + 1) * 77);
    r->seconds = 1.02 * n_runs;
    limits_bind(&r->limits, r->direction);
    result_settle(r);
}

/* ok, two runs, everything filled. */
static inline void fixture_read(struct result *r)
{
    struct series *s;

    fixture_row(r, "silicon.memory", "bandwidth", "GB/s", HIGHER_IS_BETTER);
    fixture_param(r, 0, "read");
    fixture_param(r, 1, "dram");
    r->work.bytes[WORK_DRAM] = 1e9;
    limit_paper(&r->limits, 307.2, "8 channels x 8 B x 4.8 GT/s");
    limit_none(&r->limits, "no measured ceiling of DRAM yet");
    r->expected = (struct expected){ .lo = 180, .hi = 260, .source = "results/example.json" };
    r->check = (struct check){
        .done = true, .error = 0, .tolerance = 0, .passed_before = true, .passed_after = true
    };
    snprintf(r->check.reference, sizeof(r->check.reference), "sum of the pattern in closed form");
    snprintf(r->variant, sizeof(r->variant), "avx2 2 threads");
    snprintf(r->timing_mode, sizeof(r->timing_mode), "wall");
    snprintf(r->inputs, sizeof(r->inputs), "uniform, seed 1");
    fixture_runs(r, 2, 400, 5e6, 1e9);
    r->runs[0].clock_hz_median = 3.1e9;
    r->runs[0].clock_hz_min = 3.0e9;
    r->runs[0].clock_hz_max = 3.2e9;
    r->runs[0].telemetry = mem_calloc(2, sizeof(*s));
    r->runs[0].n_telemetry = 2;
    s = r->runs[0].telemetry;
    snprintf(s[0].name, sizeof(s[0].name), "cpu_temperature");
    snprintf(s[0].unit, sizeof(s[0].unit), "C");
    s[0].t_s = mem_calloc(3, sizeof(double));
    s[0].value = mem_calloc(3, sizeof(double));
    s[0].n = 3;
    s[0].t_s[1] = 0.1;
    s[0].t_s[2] = 0.2;
    s[0].value[0] = 51.5;
    s[0].value[1] = NAN;
    s[0].value[2] = 52.25;
    snprintf(s[1].name, sizeof(s[1].name), "package_power");
    snprintf(s[1].unit, sizeof(s[1].unit), "W");
    snprintf(s[1].reason, sizeof(s[1].reason), "/sys/class/powercap: permission denied");
    r->runs[1].sampling.per_second = mem_calloc(3, sizeof(double));
    r->runs[1].sampling.n_seconds = 3;
    r->runs[1].sampling.per_second[0] = 199;
    r->runs[1].sampling.per_second[1] = 201.5;
    r->runs[1].sampling.per_second[2] = 200;
    r->runs[1].sampling.stop = SAMPLING_UNSTABLE;
    r->runs[1].sampling.drift_pct = -3.1;
    r->runs[1].sampling.more_needed = 340;
    snprintf(r->runs[1].sampling.why, sizeof(r->runs[1].sampling.why),
             "trend of -3.1 %% over the run");
    result_note(r, "busy: load average 3.2 on 2 CPUs");
    result_property(r, "bytes_per_pass", 268435456, "bytes");
    result_property_text(r, "output_hash", "9f3c <0>");
}

/* ok, lower is better, a measured limit. */
static inline void fixture_latency(struct result *r)
{
    fixture_row(r, "silicon.memory", "latency", "ns", LOWER_IS_BETTER);
    fixture_param(r, 0, "chase");
    fixture_param(r, 1, "l1");
    r->work.items = 1000;
    r->limits.l[0] = (struct limit){ .kind = LIMIT_MEASURED,
                                     .value = 1.25,
                                     .lo = 1.24,
                                     .hi = 1.26,
                                     .source = "4 cycles at 3.2 GHz" };
    r->limits.l[1] = (struct limit){
        .kind = LIMIT_LATENCY, .value = 1.0, .lo = 1.0, .hi = 1.0, .source = "1 phase x 1 ns"
    };
    r->limits.n = 2;
    fixture_runs(r, 1, 60, 1310, 1);
    /* time per item: the median time itself over 1000 */
    r->runs[0].value = r->runs[0].sampling.summary.median / 1000;
    r->runs[0].value_lo = r->runs[0].sampling.summary.median_ci.lo / 1000;
    r->runs[0].value_hi = r->runs[0].sampling.summary.median_ci.hi / 1000;
    result_settle(r);
}

/* ok, latencies of operations, no limit known. */
static inline void fixture_storage(struct result *r)
{
    fixture_row(r, "silicon.storage", "iops", "IOPS", HIGHER_IS_BETTER);
    fixture_param(r, 0, "randread");
    fixture_param(r, 2, "4KiB");
    r->work.items = 256;
    r->work.bytes[WORK_STORAGE] = 1048576;
    limit_none(&r->limits, "a virtual disk: nothing says what it could do");
    fixture_runs(r, 1, 40, 20e6, 2.56e11);
    r->runs[0].ops = (struct ops_latency){ .n = 500,
                                           .mean_ns = 81234.5,
                                           .min_ns = 60000,
                                           .max_ns = 2.5e6,
                                           .p50_ns = 80123,
                                           .p90_ns = 90000,
                                           .p95_ns = 95000,
                                           .p99_ns = 120000,
                                           .p999_ns = NAN };
    result_settle(r);
}

static inline void fixture_without_value(struct result *r, enum result_status status,
                                         const char *why)
{
    r->status = status;
    snprintf(r->reason, sizeof(r->reason), "%s", why);
    result_settle(r);
}

/* Fill `r` with FIXTURE_ROWS rows; result_release each. */
static inline void fixture_results(struct result *r)
{
    fixture_read(&r[0]);
    fixture_latency(&r[1]);
    fixture_storage(&r[2]);
    fixture_row(&r[3], "silicon.compute", "throughput", "TFLOPS", HIGHER_IS_BETTER);
    fixture_param(&r[3], 0, "amx");
    fixture_without_value(&r[3], RESULT_SKIPPED, "this CPU has no AMX");
    fixture_row(&r[4], "silicon.storage", "bandwidth", "GB/s", HIGHER_IS_BETTER);
    fixture_param(&r[4], 0, "write");
    fixture_without_value(&r[4], RESULT_FAILED, "killed by signal 11 in setup");
    fixture_row(&r[5], "silicon.compute", "throughput", "TFLOPS", HIGHER_IS_BETTER);
    fixture_param(&r[5], 0, "fp32");
    r[5].work.flops = 2e9;
    limit_paper(&r[5].limits, 0.1, "2 FMA x 8 lanes x 3.1 GHz x 2 cores");
    fixture_runs(&r[5], 1, 20, 1e7, 2e6);
    fixture_without_value(&r[5], RESULT_INVALID, "measurement fault: 200 % of the paper limit");
    fixture_row(&r[6], "models.llm.decode", "throughput", "tok/s", HIGHER_IS_BETTER);
    r[6].origin = ORIGIN_IMPORTED;
    r[6].value = 123.5;
    fixture_row(&r[7], "kernels.gemm", "throughput", "TFLOPS", HIGHER_IS_BETTER);
    snprintf(r[7].device, sizeof(r[7].device), "gpu:0");
    r[7].origin = ORIGIN_SYNTHETIC;
    r[7].value = 512.25;
    r[7].value_lo = 511;
    r[7].value_hi = 513;
}

static inline void fixture_release(struct result *r)
{
    for (int i = 0; i < FIXTURE_ROWS; i++)
        result_release(&r[i]);
}

/* A whole run with the rows above; run_record_release it. */
static inline void fixture_record(struct run_record *r)
{
    static const char *const argv[] = { "headroom", "run", "quick", "-o", "a b.json" };
    const struct ceiling c = { .key = "silicon.memory op=read level=dram threads=all @cpu",
                               .value = 201.5,
                               .lo = 200,
                               .hi = 203,
                               .unit = "GB/s",
                               .measured_unix_s = 1795248800.5 };

    *r = (struct run_record){ .seed = 42, .status = RUN_PARTIAL };
    snprintf(r->id, sizeof(r->id), "20261121T075432Z-1a2b3c4d");
    snprintf(r->start, sizeof(r->start), "2026-11-21T07:54:32.123Z");
    snprintf(r->suite, sizeof(r->suite), "quick");
    r->argv = mem_calloc(5, sizeof(*r->argv));
    for (r->argc = 0; r->argc < 5; r->argc++)
        r->argv[r->argc] = mem_strdup(argv[r->argc]);
    facts_text(&r->machine, "cpu.model", "Example CPU 9000");
    facts_int(&r->machine, "cpu.cores_physical", 8);
    facts_int(&r->machine, "cpu.threads", 16);
    facts_real(&r->machine, "cpu.hz_max", 3.7e9);
    facts_null(&r->machine, "cpu.governor", "no cpufreq in this virtual machine");
    facts_int(&r->machine, "memory.total_bytes", INT64_C(68719476736));
    facts_text(&r->machine, "gpus.0.model", "Example GPU");
    facts_int(&r->machine, "gpus.0.memory_bytes", INT64_C(150754820096));
    facts_null(&r->machine, "gpus.0.vbios", "the driver does not say");
    facts_text(&r->machine, "gpus.1.model", "Example GPU");
    facts_int(&r->machine, "gpus.1.memory_bytes", INT64_C(150754820096));
    facts_bool(&r->machine, "busy.is_busy", true);
    facts_text(&r->machine, "busy.why", "load average 3.2 on 16 CPUs");
    facts_text(&r->build, "compiler", "gcc 12.2.0");
    facts_bool(&r->build, "dirty", false);
    facts_null(&r->build, "cuda", "built without CUDA");
    if (ceilings_put(&r->ceilings, &c, NULL) != 0)
        abort();
    r->results = mem_calloc(FIXTURE_ROWS, sizeof(*r->results));
    r->n_results = FIXTURE_ROWS;
    fixture_results(r->results);
}

#endif
