/* test_import_edges.c - what the tools' real files in test/data/import do not hold: other units and
 * versions, statistics that are not those of the samples, texts cut or mended by hand. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "store/import/importers.h"
#include "store/run_json.h"
#include "test.h"

static char path[] = "target/criterion/fib 20/new/estimates.json";

/* text has ' for ".  ERR_FORMAT gives an empty record and the message. */
static int import(const char *text, struct run_record *out, char msg[240])
{
    struct import_source src = { .path = path, .modified_unix_s = 1795266799 };
    const struct importer *by;
    struct text_buffer result;
    struct err e = { 0 };
    char *json = mem_strdup(text);
    int rc;

    for (char *p = json; *p; p++)
        if (*p == '\'')
            *p = '"';
    src.text = json;
    src.n = strlen(json);
    *out = (struct run_record){ 0 };
    rc = importers_read(&src, &result, &by, &e);
    if (rc == 0)
        rc = run_json_parse(result.text, result.n, out, &e);
    snprintf(msg, 240, "%s", e.msg);
    text_buffer_release(&result);
    mem_free(json);
    return rc;
}

/* n rows, the last with this value and unit. */
static struct run_record gives(const char *text, int n, double value, const char *unit)
{
    struct run_record r;
    char msg[240];

    CHECK_EQ(import(text, &r, msg), 0);
    CHECK_STR(msg, "");
    CHECK_EQ(r.n_results, n);
    if (r.n_results == n && n > 0) {
        if (isfinite(value))
            CHECK_NEAR(r.results[n - 1].value, value, 1e-9 * fabs(value));
        else
            CHECK(isnan(r.results[n - 1].value));
        CHECK_STR(r.results[n - 1].unit, unit);
    }
    return r;
}

static void give(const char *text, int n, double value, const char *unit)
{
    struct run_record r = gives(text, n, value, unit);

    run_record_release(&r);
}

static void refused(const char *text, const char *why)
{
    struct run_record r;
    char msg[240];

    CHECK_EQ(import(text, &r, msg), ERR_FORMAT);
    if (!strstr(msg, why)) {
        fprintf(stderr, "no \"%s\" in \"%s\"\n", why, msg);
        test_failures++;
    }
    run_record_release(&r);
}

/* ---- Google Benchmark ---- */

#define GOOGLE(entries) \
    "{'context': {'date': '2026-11-21T15:13:19+02:00'}, 'benchmarks': [" entries "]}"

static void test_google_benchmark(void)
{
    struct run_record r;

    give(GOOGLE("{'name': 'a', 'run_type': 'iteration', 'real_time': 2, 'time_unit': 's'}"), 1, 2e9,
         "ns");
    give(GOOGLE("{'name': 'a', 'real_time': 2, 'time_unit': 'ms'}"), 1, 2e6, "ns");
    /* Aggregates alone: the median, whatever stands before it, and once. */
    give(GOOGLE("{'name': 'a_mean', 'run_name': 'a', 'run_type': 'aggregate', 'aggregate_name': "
                "'mean', 'real_time': 9, 'time_unit': 'ns'},"
                "{'name': 'a_median', 'run_name': 'a', 'run_type': 'aggregate', 'aggregate_name': "
                "'median', 'real_time': 7, 'time_unit': 'ns'}"),
         1, 7, "ns");
    r = gives(GOOGLE("{'name': 'a/manual_time', 'real_time': 2, 'time_unit': 'ns', "
                     "'items_per_second': 5}"),
              2, 5, "items/s");
    CHECK_STR(r.results[1].notes[0], ""); /* of the time that was measured, not of the CPU's */
    CHECK_STR(r.start, "2026-11-21T13:13:19Z"); /* the zone is taken off */
    run_record_release(&r);
}

/* ---- fio ---- */

#define FIO(read)                                                                                \
    "fio: a warning\n{'fio version': 'fio-3.33', 'timestamp': 1795266799, 'jobs': [{'jobname': " \
    "'j', 'error': 0, 'job options': {'rw': 'read'}, 'read': {" read "}}]}"

static void test_fio(void)
{
    struct run_record r;

    r = gives(FIO("'total_ios': 10, 'io_bytes': 4000000000, 'runtime': 2000, 'bw_bytes': "
                  "2000000000, 'iops': 5, 'clat_ns': {'N': 0}"),
              2, 5, "IOPS");
    CHECK_NEAR(r.results[0].value, 2, 1e-12); /* GB/s */
    run_record_release(&r);
    refused(FIO("'total_ios': 10, 'io_bytes': 4000000000, 'runtime': 2000, 'bw_bytes': "
                "2100000000, 'iops': 5, 'clat_ns': {'N': 0}"),
            "bw_bytes: 2.1e+09, but the samples give 2e+09");
    /* Below a tenth of a second milliseconds say too little. */
    give(FIO("'total_ios': 10, 'io_bytes': 4000000, 'runtime': 50, 'bw_bytes': 100000000, 'iops': "
             "5, 'clat_ns': {'N': 0}"),
         2, 5, "IOPS");
}

/* ---- hyperfine, Criterion, llama-bench ---- */

static void test_hyperfine(void)
{
    /* Ended by a signal: no exit code, and no time worth keeping. */
    struct run_record r = gives("{'results': [{'command': 'x', 'times': [1, 2], 'mean': 1.5, "
                                "'exit_codes': [0, null]}]}",
                                1, (double)NAN, "s");

    CHECK_STR(r.results[0].reason, "exit code -1 in one of its runs");
    run_record_release(&r);
}

static void test_criterion(void)
{
#define ESTIMATE(lo, value, hi, level)                                                \
    "{'mean': {}, 'median': {'confidence_interval': {'confidence_level': " level      \
    ", 'lower_bound': " lo ", 'upper_bound': " hi "}, 'point_estimate': " value "}, " \
    "'median_abs_dev': {}, 'slope': null, 'std_dev': {}}"
    struct run_record r = gives(ESTIMATE("9", "10", "11", "0.95"), 1, 10, "ns");

    CHECK_NEAR(r.results[0].value_lo, 9, 1e-12);
    run_record_release(&r);
    r = gives(ESTIMATE("9", "10", "11", "0.99"), 1, 10, "ns");
    CHECK(isnan(r.results[0].value_lo)); /* not an interval of 95 % */
    run_record_release(&r);
    refused(ESTIMATE("9", "12", "11", "0.95"), "12 is outside of its interval [9, 11]");
    refused("{'sampling_mode': 'Linear', 'iters': [1, 2, 3], 'times': [10, 20]}",
            "iters: 3 items for 2 times");
#undef ESTIMATE
}

#define LLAMA(backend, ns, avg, ts)                                                           \
    "{'build_commit': 'abc', 'cpu_info': 'c', 'gpu_info': '', 'backends': '" backend "', "    \
    "'model_type': 'm', 'n_prompt': 0, 'n_gen': 10, 'test_time': '2026-11-21T13:13:19.25Z', " \
    "'avg_ns': " avg ", 'samples_ns': [" ns "], 'samples_ts': [" ts "]}"

static void test_llama_bench(void)
{
    struct run_record r =
        gives("[" LLAMA("CPU", "1000000000", "1000000000", "10") "]", 1, 10, "tok/s");

    CHECK_STR(r.results[0].device, "cpu");
    CHECK_NEAR(r.results[0].runs[0].start_unix_s - floor(r.results[0].runs[0].start_unix_s), 0.25,
               1e-6);
    run_record_release(&r);
    r = gives("[" LLAMA("CUDA", "1000000000", "1000000000", "10") "]", 1, 10, "tok/s");
    CHECK_STR(r.results[0].device, "gpu:0");
    run_record_release(&r);
    refused("[" LLAMA("CPU", "1000000000", "1000000000", "10, 10") "]",
            "samples_ts: 2 items for 1 samples_ns");
    refused("[" LLAMA("CPU", "1000000000", "1000000000", "11") "]", "but the samples give 10");
    refused("[" LLAMA("CPU", "1000000000", "1100000000", "10") "]",
            "avg_ns: 1.1e+09, but the samples give 1e+09");
    refused("{'tests': " LLAMA("CPU", "1", "1", "1") "}", "not an array of 1 to");
    refused("{'build_commit': 1, 'n_prompt': 1, 'samples_ns': 1}", "not an array of 1 to");
}

/* A rate's interval: the slowest time is its lower end. */
static void test_interval_of_a_rate(void)
{
    struct run_record r =
        gives("[" LLAMA("CPU",
                        "1000000000, 1010000000, 1020000000, 1030000000, 1040000000, 1050000000, "
                        "1060000000",
                        "1030000000",
                        "10, 9.900990099, 9.803921569, 9.708737864, 9.615384615, 9.523809524, "
                        "9.433962264") "]",
              1, 10 / 1.03, "tok/s");

    CHECK(r.results[0].value_lo < r.results[0].value);
    CHECK(r.results[0].value < r.results[0].value_hi);
    run_record_release(&r);
}

/* ---- nvbandwidth ---- */

#define NVBANDWIDTH(matrix) \
    "nvbandwidth Version: v0.8\r\n\r\nRunning host_to_device_memcpy_ce.\r\n" matrix

static void test_nvbandwidth(void)
{
    struct run_record r;

    r = gives(NVBANDWIDTH("memcpy CE CPU(row) -> GPU(column) bandwidth (GB/s)\r\n"
                          "           0         1\r\n"
                          " 0     55.50     55.25\r\n\r\n"
                          "SUM host_to_device_memcpy_ce 110.75\r\n"),
              2, 55.25, "GB/s");
    CHECK_STR(r.results[1].device, "gpu:1"); /* the columns are the GPUs */
    CHECK_STR(facts_get_text(&r.build, "imported.version", ""), "v0.8");
    run_record_release(&r);
    refused(
        NVBANDWIDTH("memcpy CE GPU(row) -> GPU(column) bandwidth (GB/s)\n"
                    "           0\n 0     55.50   1.00\n\nSUM host_to_device_memcpy_ce 55.50\n"),
        "more cells than columns");
    refused(NVBANDWIDTH("memcpy CE GPU(row) -> GPU(column) bandwidth (GB/s)\n"
                        "           0\n 0     -5.50\n\nSUM host_to_device_memcpy_ce -5.50\n"),
            "a cell is neither a figure nor N/A");
}

/* Two long commands that begin alike are two rows. */
static void test_long_settings(void)
{
    struct run_record r = gives(
        "{'results': ["
        "{'command': 'sleep 10 and then a lot of other words, one', 'times': [1, 2], 'mean': 1.5},"
        "{'command': 'sleep 10 and then a lot of other words, two', 'times': [1, 2], 'mean': 1.5}"
        "]}",
        2, 1.5, "s");

    CHECK(strcmp(r.results[0].params.p[0].text, r.results[1].params.p[0].text) != 0);
    CHECK(strncmp(r.results[0].params.p[0].text, "sleep 10 and then a lot of oth~", 31) == 0);
    run_record_release(&r);
}

int main(void)
{
    test_google_benchmark();
    test_fio();
    test_hyperfine();
    test_criterion();
    test_llama_bench();
    test_interval_of_a_rate();
    test_nvbandwidth();
    test_long_settings();
    TEST_DONE();
}
