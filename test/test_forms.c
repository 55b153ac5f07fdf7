/* test_forms.c - the founding documents' forms: written (against golden files in test/data/forms),
 * read again with the same figures, and read as the documents' own tools wrote them.
 *
 * test/data/import/d*.json hold the documents' figures in the fields that their tools write. */
#include "fixture_record.h"

#include "core/atomic_file.h"
#include "store/forms/form.h"
#include "store/forms/form_print.h"
#include "store/import/importers.h"
#include "store/run_json.h"

enum { ROWS = 12 };

/* "op=copy level=hbm" as the row's settings. */
static void settings(struct result *r, const char *words)
{
    while (*words) {
        int i = r->params.n++;
        size_t axis = strcspn(words, "="), n = strcspn(words, " ");

        snprintf(r->axis_name[i], sizeof(r->axis_name[i]), "%.*s", (int)axis, words);
        snprintf(r->params.p[i].text, AXIS_TEXT, "%.*s", (int)(n - axis - 1), words + axis + 1);
        words += n + (words[n] == ' ');
    }
}

static struct result *add(struct run_record *rec, const char *name, const char *device,
                          const char *metric, const char *unit, const char *words)
{
    struct result *r = &rec->results[rec->n_results++];

    fixture_row(r, name, metric, unit, HIGHER_IS_BETTER);
    snprintf(r->device, sizeof(r->device), "%s", device);
    settings(r, words);
    return r;
}

static void telemetry(struct result *r, const char *name, double a, double b)
{
    struct result_run *run = &r->runs[0];
    struct series *s;

    run->telemetry = mem_realloc(run->telemetry, (size_t)run->n_telemetry + 1, sizeof(*s));
    s = &run->telemetry[run->n_telemetry++];
    *s = (struct series){ .n = 3 };
    snprintf(s->name, sizeof(s->name), "%s", name);
    s->t_s = mem_calloc(3, sizeof(double));
    s->value = mem_calloc(3, sizeof(double));
    s->t_s[1] = 0.1;
    s->t_s[2] = 0.2;
    s->value[0] = a;
    s->value[1] = NAN; /* no reading */
    s->value[2] = b;
}

static void add_memory(struct run_record *rec)
{
    struct result *r;

    r = add(rec, "silicon.memory", "gpu:0", "bandwidth", "GB/s", "op=copy level=hbm threads=all");
    r->work.bytes[WORK_HBM] = 2e9;
    fixture_runs(r, 1, 40, 5e5, 2e9);
    r = add(rec, "silicon.memory", "gpu:0", "bandwidth", "GB/s", "op=h2d memory=pinned size=64MiB");
    r->work.bytes[WORK_LINK] = 67108864;
    fixture_runs(r, 2, 40, 1.2e6, 67108864);
    r = add(rec, "silicon.memory", "gpu:0", "bandwidth", "GB/s", "op=d2h memory=pinned size=64MiB");
    r->work.bytes[WORK_LINK] = 67108864;
    fixture_runs(r, 1, 40, 1.3e6, 67108864);
}

static void add_compute(struct run_record *rec)
{
    struct result *r;

    r = add(rec, "silicon.compute", "gpu:0", "throughput", "GFLOPS",
            "dtype=fp32 path=cublaslt n=8192");
    r->work.flops = 1.1e12;
    fixture_runs(r, 1, 20, 2.2e7, 1.1e12);
    r = add(rec, "silicon.compute", "gpu:0", "throughput", "GFLOPS",
            "dtype=fp16 path=cublaslt n=8192");
    r->origin = ORIGIN_SYNTHETIC; /* never in a form */
    r->work.flops = 1.1e12;
    fixture_runs(r, 1, 20, 1.5e6, 1.1e12);
    r = add(rec, "silicon.compute", "gpu:0", "throughput", "GOPS", "dtype=int8 path=cublaslt");
    fixture_without_value(r, RESULT_SKIPPED, "cuBLASLt has no kernel for it");
}

static void add_rest(struct run_record *rec)
{
    struct result *r;

    r = add(rec, "silicon.telemetry", "gpu:0", "power", "W", "phase=idle");
    fixture_runs(r, 1, 20, 1e7, 1.2e9);
    snprintf(r->runs[0].clock_source, sizeof(r->runs[0].clock_source), "NVML");
    telemetry(r, "gpu.power", 120, 122);
    telemetry(r, "gpu.temperature", 39, 39);
    telemetry(r, "gpu.utilisation", 0, 0);
    telemetry(r, "gpu.sm_clock", 345, 1980);
    r = add(rec, "models.llm.decode", "gpu:0", "throughput", "tok/s",
            "model=example-1b batch=1 quantisation=q8 depth=1024");
    r->work.items = 2;
    fixture_runs(r, 2, 200, 8e6, 2e9);
    telemetry(r, "gpu.power", 410, 432);
    telemetry(r, "process.rss", 1500, 1600);
    r->runs[0].energy_j = 820;
    r->runs[0].energy_s = 2;
}

static void make(struct run_record *rec)
{
    fixture_record(rec);
    for (int i = 0; i < rec->n_results; i++)
        result_release(&rec->results[i]);
    mem_free(rec->results);
    rec->results = mem_calloc(ROWS, sizeof(*rec->results));
    rec->n_results = 0;
    facts_bool(&rec->machine, "gpus.0.integrated", false);
    facts_text(&rec->machine, "gpus.0.compute_capability", "9.0");
    facts_int(&rec->machine, "storage.total_bytes", 1000);
    facts_int(&rec->machine, "storage.available_bytes", 400);
    add_memory(rec);
    add_compute(rec);
    add_rest(rec);
}

typedef int (*print)(const struct form *, const struct run_record *, FILE *, struct err *);

static char *text_of(const struct form *form, const struct run_record *rec, print how)
{
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    CHECK_EQ(how(form, rec, f, NULL), 0);
    fclose(f);
    return text;
}

/* A new one is made by hand from what the test prints. */
static void golden(const char *name, const char *text)
{
    char path[100], *want = NULL;
    size_t n;

    snprintf(path, sizeof(path), "test/data/forms/%s", name);
    CHECK_EQ(atomic_file_read(path, 1 << 20, &want, &n, NULL), 0);
    if (!want || strcmp(want, text) != 0) {
        fprintf(stderr, "%s differs; what came was:\n%s<end>\n", path, text);
        test_failures++;
    }
    mem_free(want);
}

static int import_text(const char *text, struct run_record *out, struct err *e)
{
    struct import_source src = { .text = text, .n = strlen(text), .path = "x" };
    const struct importer *by;
    struct text_buffer ours;
    int rc = importers_read(&src, &ours, &by, e);

    *out = (struct run_record){ 0 };
    if (rc == 0)
        rc = run_json_parse(ours.text, ours.n, out, e);
    text_buffer_release(&ours);
    return rc;
}

/* Figures of `a` and `b` are the same, and so is why there is none. */
static void check_same(const struct form *form, const struct facts *a, const struct facts *b)
{
    int figures = 0;

    for (int i = 0; i < form->n; i++) {
        const struct form_field *field = &form->fields[i];
        const struct fact *x = facts_get(a, field->path), *y = facts_get(b, field->path);
        double want = facts_get_number(a, field->path, -1);

        if (!field->unit)
            continue;
        figures++;
        CHECK_EQ(x->kind, y->kind == FACT_INT ? FACT_REAL : y->kind);
        CHECK_NEAR(facts_get_number(b, field->path, -1), want, 1e-12 * fabs(want));
        if (x->kind == FACT_NULL)
            CHECK_STR(x->text, y->text);
    }
    CHECK(figures > 2);
}

/* Written, imported, and written again from that. */
static void round_trip(const struct form *form, const struct run_record *rec, print how)
{
    struct facts before = { 0 }, after = { 0 };
    struct run_record again;
    struct err e = { 0 };
    char *text = text_of(form, rec, how);

    CHECK_EQ(import_text(text, &again, &e), 0);
    CHECK_STR(e.msg, "");
    for (int i = 0; i < again.n_results; i++)
        CHECK_EQ(again.results[i].origin, ORIGIN_IMPORTED);
    form_facts(form, rec, &before);
    form_facts(form, &again, &after);
    check_same(form, &before, &after);
    CHECK_STR(facts_get_text(&after, "gpu.name", "-"), facts_get_text(&before, "gpu.name", "-"));
    CHECK_STR(facts_get_text(&after, "model_name", "-"),
              facts_get_text(&before, "model_name", "-"));
    facts_release(&before);
    facts_release(&after);
    run_record_release(&again);
    free(text);
}

static void test_written(void)
{
    static const char *const names[] = { "d0-gpu.json",     "d0-memory.json", "d0-storage.json",
                                         "d0-metrics.json", "d2.json",        "d3.json" };
    struct run_record rec;
    char *text;

    make(&rec);
    for (int i = 0; forms[i]; i++) {
        text = text_of(forms[i], &rec, form_print_json);
        golden(names[i], text);
        free(text);
        round_trip(forms[i], &rec, form_print_json);
    }
    text = text_of(&form_d2, &rec, form_print_table);
    golden("d2.md", text);
    free(text);
    round_trip(&form_d2, &rec, form_print_table);
    run_record_release(&rec);
}

/* Figures that follow from the record, recomputed here. */
static void test_figures(void)
{
    struct facts f = { 0 };
    struct run_record rec;
    const struct result *decode;
    double value;

    make(&rec);
    decode = &rec.results[rec.n_results - 1];
    form_facts(&form_d2, &rec, &f);
    value = decode->value;
    CHECK_NEAR(facts_get_number(&f, "throughput_tok_s", 0), value, 0);
    CHECK_NEAR(facts_get_number(&f, "throughput_1k_ctx_tok_s", 0), value, 0);
    /* ns of two tokens to ms of one */
    CHECK_NEAR(facts_get_number(&f, "mean_token_latency_ms", 0),
               1e-6 / 2 *
                   (decode->runs[0].sampling.summary.mean + decode->runs[1].sampling.summary.mean) /
                   2,
               1e-9);
    CHECK_NEAR(facts_get_number(&f, "avg_power_w", 0), 421, 1e-9);
    CHECK_NEAR(facts_get_number(&f, "peak_power_w", 0), 432, 1e-9);
    CHECK_NEAR(facts_get_number(&f, "energy_per_token_j", 0),
               410 * 1e-9 / 2 * decode->runs[0].sampling.summary.mean, 1e-9);
    CHECK_NEAR(facts_get_number(&f, "vram_total_mb", 0), 150754.820096, 1e-6);
    facts_release(&f);
    form_facts(&form_d0_memory, &rec, &f);
    CHECK_NEAR(facts_get_number(&f, "bandwidth_gbs", 0),
               (rec.results[1].value + rec.results[2].value) / 2, 1e-9);
    facts_release(&f);
    form_facts(&form_d0_storage, &rec, &f);
    CHECK_EQ(facts_get_number(&f, "filesystem.used", 0), 600);
    facts_release(&f);
    run_record_release(&rec);
}

/* No field is without a place, no name twice, no figure without a unit of the unit's table. */
static void test_tables(void)
{
    for (int i = 0; forms[i]; i++)
        for (int k = 0; k < forms[i]->n; k++) {
            const struct form_field *f = &forms[i]->fields[k];

            CHECK(f->from == FORM_START || (f->what && f->what[0]));
            CHECK(f == form_field_of(forms[i], f->path));
            CHECK(f->from != FORM_VALUE || f->unit);
            CHECK(f->theirs == 0 || forms[i]->units);
        }
}

/* ---- as the documents' own tools wrote them ---- */

static void import_file(const char *name, struct run_record *out)
{
    struct err e = { 0 };
    char path[100], *text = NULL;
    size_t n;

    snprintf(path, sizeof(path), "test/data/import/%s", name);
    CHECK_EQ(atomic_file_read(path, 1 << 20, &text, &n, &e), 0);
    CHECK_EQ(import_text(text, out, &e), 0);
    CHECK_STR(e.msg, "");
    mem_free(text);
}

static const struct result *field_row(const struct run_record *rec, const char *path)
{
    for (int i = 0; i < rec->n_results; i++)
        for (int k = 0; k < rec->results[i].params.n; k++)
            if (strcmp(rec->results[i].axis_name[k], "field") == 0 &&
                strcmp(rec->results[i].params.p[k].text, path) == 0)
                return &rec->results[i];
    fprintf(stderr, "no row of %s\n", path);
    abort();
}

static void has(const struct run_record *rec, const char *path, double value)
{
    const struct result *r = field_row(rec, path);

    CHECK_EQ(r->status, RESULT_OK);
    CHECK_NEAR(r->value, value, 1e-9 * value);
}

static void has_none(const struct run_record *rec, const char *path, enum result_status status,
                     const char *why)
{
    const struct result *r = field_row(rec, path);

    CHECK_EQ(r->status, status);
    CHECK(isnan(r->value));
    CHECK(strstr(r->reason, why) != NULL);
}

static void test_baselines(void)
{
    struct run_record r;

    import_file("d0-gpu.json", &r);
    CHECK_STR(r.start, "2025-11-10T22:14:05Z");
    has(&r, "fp32_tflops", 24.03);
    has_none(&r, "int8_tops", RESULT_SKIPPED, "null in the file");
    CHECK_NEAR(facts_get_number(&r.machine, "gpus.0.memory_bytes", 0), 119.64 * 1073741824, 1);
    run_record_release(&r);
    import_file("d0-memory.json", &r);
    has(&r, "gpu_to_gpu_gbs", 109.6 * 2 * 1.073741824); /* 235 GB/s of traffic */
    has(&r, "cpu_to_gpu_gbs", 52.22 * 1.073741824);
    CHECK(strstr(field_row(&r, "cpu_to_gpu_gbs")->notes[0], "2^30") != NULL);
    run_record_release(&r);
    import_file("d0-storage.json", &r);
    has_none(&r, "sequential_read_gbs", RESULT_INVALID, "page cache");
    has(&r, "sequential_write_gbs", 2.3 * 1.024);
    has_none(&r, "random_read_iops", RESULT_INVALID, "divides 10000");
    run_record_release(&r);
    import_file("d0-metrics.json", &r);
    has(&r, "metrics.power_watts", 11.75);
    has(&r, "metrics.temperature_celsius", 56);
    has_none(&r, "metrics.memory_clock_mhz", RESULT_SKIPPED, "0 in the file");
    run_record_release(&r);
}

static void test_reports(void)
{
    struct run_record r;

    import_file("d2.json", &r);
    has_none(&r, "throughput_tok_s", RESULT_INVALID, "none of a model");
    has_none(&r, "gpu_utilization_pct", RESULT_SKIPPED, "0 in the file");
    has_none(&r, "cpu_utilization_pct", RESULT_SKIPPED, "N/A in the file");
    has(&r, "host_ram_used_mb", 2048 * 1.048576);
    run_record_release(&r);
    import_file("d3.json", &r);
    has(&r, "latency.p50", 0.460);
    has_none(&r, "latency.p99", RESULT_INVALID, "100 averages");
    has_none(&r, "throughput.qps", RESULT_INVALID, "softmax of an empty buffer");
    has_none(&r, "scaling.1.tflops", RESULT_INVALID, "not done");
    run_record_release(&r);
}

/* Whose file it is decides. */
static void test_whose(void)
{
    static const char dcgm[] =
        "{\"source\": \"dcgm\", \"metrics\": {\"power_watts\": 12.5, \"gpu_utilization_percent\": "
        "7, \"temperature_celsius\": 123456}}";
    static const char other[] =
        "{\"benchmark_version\": \"1.0.0\", \"mean_token_latency_ms\": 2.5, \"throughput_tok_s\": "
        "400, \"vram_used_mb\": 1000, \"quantization\": \"Q8_0\", \"model_name\": \"Qwen\"}";
    struct err e = { 0 };
    struct run_record r;

    CHECK_EQ(import_text(dcgm, &r, &e), 0);
    has(&r, "metrics.power_watts", 12.5);
    has_none(&r, "metrics.temperature_celsius", RESULT_INVALID, "DCGM field of something else");
    run_record_release(&r);
    CHECK_EQ(import_text(other, &r, &e), 0);
    has(&r, "throughput_tok_s", 400);
    has(&r, "vram_used_mb", 1000);
    run_record_release(&r);
}

static void refused(const char *text, const char *why)
{
    struct err e = { 0 };
    struct run_record r;

    CHECK_EQ(import_text(text, &r, &e), ERR_FORMAT);
    if (!strstr(e.msg, why))
        fprintf(stderr, "\"%s\" does not say \"%s\"\n", e.msg, why);
    CHECK(strstr(e.msg, why) != NULL);
    run_record_release(&r);
}

static void test_refused(void)
{
    refused("{\"fp32_tflops\": \"fast\", \"fp16_tflops\": 1}", "fp32_tflops: a number");
    refused("{\"fp32_tflops\": -1, \"fp16_tflops\": 1}", "fp32_tflops: a number");
    refused("{\"fp32_tflops\": true, \"fp16_tflops\": 1}", "fp32_tflops: a number");
    refused("{\"x\": {\"fp32_tflops\": 1, \"fp16_tflops\": 1}}", "none of the figures");
    refused("{\"fp32_tflops\": 1, \"fp16_tflops\": 1, \"gpu\": {\"total_memory_gb\": 1e305}}",
            "gpu.total_memory_gb: no machine has that");
    refused("{\"fp32_tflops\": 1, \"fp16_tflops\": 1", "line 1");
    refused("{\"fp32_tflops\": 1, \"fp16_tflops\": 1, \"unavailable\": 3}", "unavailable");
    refused("| Metric | Value | Source |\n| --- | --- | --- |\n| benchmark_version | 1 | |\n"
            "| mean_token_latency_ms |\n",
            "line 4: three cells");
}

int main(void)
{
    test_tables();
    test_written();
    test_figures();
    test_baselines();
    test_reports();
    test_whose();
    test_refused();
    TEST_DONE();
}
