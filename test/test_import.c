/* test_import.c - files that other tools wrote (test/data/import, real ones) as result files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/atomic_file.h"
#include "core/mem.h"
#include "store/import/importers.h"
#include "store/run_json.h"
#include "test.h"

#define DATA "test/data/import/"

struct imported {
    struct run_record r;
    char msg[240];
    int rc;
};

static void read_source(const struct import_source *src, struct imported *got)
{
    const struct importer *by;
    struct text_buffer text;
    struct err e = { 0 };

    *got = (struct imported){ 0 };
    got->rc = importers_read(src, &text, &by, &e);
    if (got->rc == 0)
        got->rc = run_json_parse(text.text, text.n, &got->r, &e);
    snprintf(got->msg, sizeof(got->msg), "%s", e.msg);
    text_buffer_release(&text);
}

static void import(const char *path, struct imported *got)
{
    struct import_source src = { .path = path, .modified_unix_s = 1795266799 };
    struct err e = { 0 };
    char *text;

    CHECK_EQ(atomic_file_read(path, 1 << 20, &text, &src.n, &e), 0);
    CHECK_STR(e.msg, "");
    src.text = text;
    read_source(&src, got);
    CHECK_STR(got->msg, "");
    mem_free(text);
}

/* The row with these settings and metric. */
static const struct result *row(const struct imported *got, const char *settings,
                                const char *metric)
{
    char have[400];

    for (int i = 0; i < got->r.n_results; i++) {
        result_settings(&got->r.results[i], have, sizeof(have));
        if (strcmp(have, settings) == 0 && strcmp(got->r.results[i].metric, metric) == 0)
            return &got->r.results[i];
    }
    fprintf(stderr, "no row %s %s\n", settings, metric);
    abort();
}

static void near(double got, double want)
{
    CHECK_NEAR(got, want, 1e-9 * fabs(want));
}

static void test_hyperfine(void)
{
    struct imported got;
    const struct result *r;

    import(DATA "hyperfine.json", &got);
    CHECK_EQ(got.r.n_results, 2);
    r = row(&got, "command=sleep 0.01", "time");
    CHECK_EQ(r->origin, ORIGIN_IMPORTED);
    CHECK_EQ(r->direction, LOWER_IS_BETTER);
    near(r->value, 0.014929385); /* the file's "median" */
    CHECK_EQ(r->runs[0].sampling.n, 12);
    CHECK(r->value_lo < r->value && r->value < r->value_hi);
    CHECK_STR(got.r.start, "2026-11-21T13:13:19Z");
    CHECK(strncmp(got.r.id, "20261121T131319Z-", 17) == 0);
    run_record_release(&got.r);
}

static void test_fio(void)
{
    struct imported got;
    const struct result *r;

    import(DATA "fio-randrw.json", &got);
    CHECK_EQ(got.r.n_results, 6);
    r = row(&got, "job=randrw op=read rw=randrw bs=4k iodepth=8 ioengine=io_uring direct=1",
            "latency");
    CHECK_EQ(r->ops.n, 53260);
    near(r->value, 109.056);
    near(r->ops.p999_ns, 4112384);
    CHECK_STR(r->unit, "us");
    run_record_release(&got.r);
}

static void test_google_benchmark(void)
{
    struct imported got;
    const struct result *r;

    import(DATA "google-benchmark.json", &got);
    CHECK_EQ(got.r.n_results, 6);
    r = row(&got, "benchmark=BM_memcpy/4096", "time");
    near(r->value, 32.75978622858143); /* "BM_memcpy/4096_median" */
    CHECK_EQ(r->runs[0].sampling.n, 6);
    r = row(&got, "benchmark=BM_memcpy/4096", "bandwidth");
    near(r->value, 139.8229178350681);
    CHECK_EQ(r->runs[0].n_samples, 6);
    CHECK_STR(r->notes[0], "per second of CPU time, as Google Benchmark counts");
    run_record_release(&got.r);
}

static void test_llama_bench(void)
{
    struct imported got;
    const struct result *r;

    import(DATA "llama-bench.json", &got);
    CHECK_EQ(got.r.n_results, 4);
    r = row(&got, "model=llama ?B F16 prompt=64 gen=0 depth=0 batch=2048 threads=1 fa=-1 layers=-1",
            "throughput");
    near(r->value, 64e9 / 7200440); /* the median of its samples_ns */
    CHECK_STR(r->device, "cpu");
    CHECK_EQ(r->runs[0].sampling.n, 5);
    near(r->work.items, 64);
    run_record_release(&got.r);
}

static void test_criterion(void)
{
    struct imported got;
    const struct result *r;

    import(DATA "criterion/sum/u64/1000/new/estimates.json", &got);
    r = row(&got, "benchmark=sum/u64/1000", "time");
    near(r->value, 111.71476370600276);
    near(r->value_lo, 107.29322886716503);
    near(r->value_hi, 134.44016711893886);
    run_record_release(&got.r);
    import(DATA "criterion/sum/u64/1000/new/sample.json", &got);
    r = row(&got, "benchmark=sum/u64/1000", "time");
    near(r->value, 111.71476370600276); /* as Criterion has it */
    CHECK_EQ(r->runs[0].sampling.n, 20);
    run_record_release(&got.r);
}

static void test_nvbandwidth(void)
{
    struct imported got;
    const struct result *r;

    import(DATA "nvbandwidth.txt", &got);
    r = row(&got, "row=1 column=0 test=device_to_device_read_ce", "bandwidth");
    near(r->value, 393.74);
    CHECK_STR(r->device, "gpu:1");
    r = row(&got, "row=0 column=1 test=device_to_device_bidirectional_read_ce part=total",
            "bandwidth");
    near(r->value, 778.83);
    r = row(&got, "row=0 column=1 test=host_device_latency_sm", "latency");
    near(r->value, 1167.95);
    CHECK_EQ(r->direction, LOWER_IS_BETTER);
    CHECK_STR(facts_get_text(&got.r.machine, "gpus.1.model", ""), "NVIDIA H200");
    run_record_release(&got.r);
}

/* The same file is the same run; another content is another. */
static void test_identity(void)
{
    struct imported a, b;

    import(DATA "hyperfine.json", &a);
    import(DATA "hyperfine.json", &b);
    CHECK_STR(a.r.id, b.r.id);
    run_record_release(&a.r);
    run_record_release(&b.r);
}

static void refused(const char *path, const char *text, const char *why)
{
    struct import_source src = {
        .text = text, .n = strlen(text), .path = path, .modified_unix_s = NAN
    };
    struct imported got;

    read_source(&src, &got);
    CHECK_EQ(got.rc, ERR_FORMAT);
    if (!strstr(got.msg, why)) {
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", got.msg, why);
        abort();
    }
}

#define HYPERFINE(times, mean) \
    "{\"results\":[{\"command\":\"a\",\"mean\":" mean ",\"times\":" times "}]}"

static void test_refused(void)
{
    refused("x", "", "not a file that import knows");
    refused("x", "{\"a\":1}", "fio");
    refused("x", HYPERFINE("[1,2]", "1.6"), "results[0].mean: 1.6, but the samples give 1.5");
    refused("x", HYPERFINE("[1,-2]", "-0.5"), "sample 1 is -2e+09");
    refused("x", HYPERFINE("[]", "1"), "without samples");
    refused("x", HYPERFINE("[1,", "1"), "hyperfine's file");
    refused("x", HYPERFINE("\"1\"", "1"), "results[0].times");
    refused("estimates.json",
            "{\"median\":{\"confidence_interval\":{\"confidence_level\":0.95,\"lower_bound\":1,"
            "\"upper_bound\":3},\"point_estimate\":2},\"median_abs_dev\":0}",
            "name in the folders");
    refused("x", "[{\"build_commit\":\"a\",\"n_prompt\":1,\"samples_ns\":[1]}]", "tests[0]");
    refused("x", "nvbandwidth Version: v0.8\n", "no matrix");
    refused("x",
            "nvbandwidth Version: v0.8\nRunning t.\nmemcpy (GB/s)\n 0 1\n0 1.00 2.00\n\n"
            "SUM t 4.00\n",
            "line 7: SUM t is 4.00, but its cells give 3.00");
    refused("x", "nvbandwidth Version: v0.8\nRunning t.\nmemcpy (GB/s)\n 0 1\n0 1.00 x\n\n",
            "line 5: a cell is neither a figure nor N/A");
    refused("x", "nvbandwidth Version: v0.8\nRunning t.\nmemcpy (GB/s)\n 0 1\n0 1.00 2.00\n",
            "ends before the last matrix's SUM");
}

/* A command that failed has no time. */
static void test_failed_command(void)
{
    static const char text[] = "{\"results\":[{\"command\":\"a\",\"mean\":1,\"times\":[1,1],"
                               "\"exit_codes\":[0,3]}]}";
    struct import_source src = { .text = text, .n = sizeof(text) - 1, .path = "x" };
    struct imported got;

    read_source(&src, &got);
    CHECK_EQ(got.rc, 0);
    CHECK_EQ(got.r.results[0].status, RESULT_INVALID);
    CHECK(isnan(got.r.results[0].value));
    CHECK_STR(got.r.results[0].reason, "exit code 3 in one of its runs");
    run_record_release(&got.r);
}

/* Every allocation fails once: an error, and nothing lost. */
static void test_out_of_memory(void)
{
    static const char *const files[] = {
        "hyperfine.json",   "fio-randrw.json", "google-benchmark.json",
        "llama-bench.json", "nvbandwidth.txt", "d0-memory.json",
        "d2.json"
    };

    for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
        struct import_source src = { .modified_unix_s = 0 };
        char path[100], *text;
        int rc = ERR_NOMEM;

        snprintf(path, sizeof(path), DATA "%s", files[f]);
        CHECK_EQ(atomic_file_read(path, 1 << 20, &text, &src.n, NULL), 0);
        src.text = text;
        src.path = path;
        for (uint64_t n = 1; rc != 0; n += 1 + n / 64) {
            const struct importer *by;
            struct text_buffer out;
            struct err e = { 0 };

            mem_fail_at(n);
            rc = importers_read(&src, &out, &by, &e);
            mem_fail_at(0);
            CHECK(rc == 0 || (rc == ERR_NOMEM && e.msg[0]));
            text_buffer_release(&out);
        }
        mem_free(text);
    }
}

int main(void)
{
    test_hyperfine();
    test_fio();
    test_google_benchmark();
    test_llama_bench();
    test_criterion();
    test_nvbandwidth();
    test_identity();
    test_refused();
    test_failed_command();
    test_out_of_memory();
    TEST_DONE();
}
