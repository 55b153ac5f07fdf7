/* import_fio.c - fio's JSON: jobs, each with read, write and trim. */
#include "store/import/import_fio.h"

#include <math.h>
#include <string.h>

#include "store/import/import_rows.h"

static const char tool[] = "fio";
enum { JOBS_MAX = 2000 };

static bool detect(const struct import_source *src)
{
    return import_contains(src, "\"fio version\"");
}

static void read_params(const struct jsonio_in *job, const char *op, struct result *row,
                        struct err *e)
{
    static const char *const options[] = { "rw", "bs", "iodepth", "ioengine", "direct", "numjobs" };
    const json_t *set = import_member(job, "job options");

    import_param(row, "job", import_text(job, "jobname"), e);
    import_param(row, "op", op, e);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const json_t *v = json_object_get(set, options[i]);

        if (json_is_string(v))
            import_param(row, options[i], json_string_value(v), e);
    }
}

static struct result *new_row(const struct jsonio_in *job, const char *op, struct run_record *r,
                              const char *metric, const char *unit, enum direction d, struct err *e)
{
    struct result *row = jsonio_ok(job) ? import_row(r, tool, "cpu", metric, unit, d, e) : NULL;
    int64_t error =
        import_member(job, "error") ? jsonio_int(job, "error", INT32_MIN, INT32_MAX) : 0;
    char why[80];

    read_params(job, op, row, e);
    if (error && row) {
        snprintf(why, sizeof(why), "fio: error %d (%s)", (int)error, strerror((int)error));
        import_refuse(row, RESULT_FAILED, why);
    }
    return row;
}

static void give(struct result *row, double value, double start, struct err *e)
{
    if (row && row->status == RESULT_OK)
        import_value(row, value, (double)NAN, (double)NAN, start, e);
}

/* Percentiles as fio's histogram has them; one that the count does not support is left out. */
static double percentile(const struct jsonio_in *list, const char *key, uint64_t n, double q)
{
    if (!import_member(list, key) || n < stats_percentile_needs(q, 0.95))
        return NAN;
    return jsonio_real(list, key);
}

static void read_latency(const struct jsonio_in *job, const char *op, const struct jsonio_in *in,
                         struct run_record *r, double start, struct err *e)
{
    struct jsonio_in lat = jsonio_object(in, "clat_ns"), list;
    struct ops_latency o;
    struct result *row;

    result_ops_init(&o);
    o.n = (uint64_t)jsonio_int(&lat, "N", 0, INT64_MAX);
    if (o.n == 0 || !import_member(&lat, "percentile"))
        return;
    list = jsonio_object(&lat, "percentile");
    o.mean_ns = jsonio_real(&lat, "mean");
    o.min_ns = jsonio_real(&lat, "min");
    o.max_ns = jsonio_real(&lat, "max");
    o.p50_ns = jsonio_real(&list, "50.000000");
    o.p90_ns = percentile(&list, "90.000000", o.n, 0.90);
    o.p95_ns = percentile(&list, "95.000000", o.n, 0.95);
    o.p99_ns = percentile(&list, "99.000000", o.n, 0.99);
    o.p999_ns = percentile(&list, "99.900000", o.n, 0.999);
    row = new_row(job, op, r, "latency", "us", LOWER_IS_BETTER, e);
    give(row, o.p50_ns * 1e-3, start, e);
    if (row && row->n_runs)
        row->ops = row->runs[0].ops = o;
}

static void read_direction(const struct jsonio_in *job, const char *op, struct run_record *r,
                           double start, struct err *e)
{
    struct jsonio_in in = jsonio_object(job, op);
    struct result *row;
    double bytes, ms;

    if (!jsonio_ok(job) || jsonio_int(&in, "total_ios", 0, INT64_MAX) == 0)
        return;
    bytes = jsonio_real(&in, "io_bytes");
    ms = jsonio_real(&in, "runtime");
    if (bytes > 0 && ms > 100) /* fio rounds the time to milliseconds */
        import_agree(&in, "bw_bytes", jsonio_real(&in, "bw_bytes"), bytes / ms * 1e3,
                     0.001 + 1 / ms);
    row = new_row(job, op, r, "bandwidth", "GB/s", HIGHER_IS_BETTER, e);
    give(row, jsonio_real(&in, "bw_bytes") * 1e-9, start, e);
    row = new_row(job, op, r, "iops", "IOPS", HIGHER_IS_BETTER, e);
    give(row, jsonio_real(&in, "iops"), start, e);
    read_latency(job, op, &in, r, start, e);
}

static void read_document(const json_t *json, const struct import_source *src,
                          struct run_record *out, struct err *why)
{
    static const char *const ops[] = { "read", "write", "trim" };
    struct jsonio_in in = jsonio_root(json, NULL, why), jobs;
    double start = import_member(&in, "timestamp") ? jsonio_real(&in, "timestamp") : (double)NAN;

    import_head(out, src, tool, import_text(&in, "fio version"), start, why);
    jobs = jsonio_array(&in, "jobs", JOBS_MAX);
    for (size_t i = 0; i < json_array_size(jobs.node) && jsonio_ok(&in); i++) {
        struct jsonio_in job = jsonio_item(&jobs, i);

        for (size_t k = 0; k < sizeof(ops) / sizeof(ops[0]); k++)
            if (import_member(&job, ops[k]))
                read_direction(&job, ops[k], out, start, why);
    }
}

/* fio prints its warnings before the JSON, into the same file. */
static size_t skip_warnings(const char *text, size_t n)
{
    size_t at = 0;

    while (at < n && text[at] != '{') {
        const char *end = memchr(text + at, '\n', n - at);

        at = end ? (size_t)(end - text) + 1 : n;
    }
    return at;
}

static int read_text(const struct import_source *src, struct run_record *out, struct err *e)
{
    return import_json(src, skip_warnings(src->text, src->n), "fio's file", read_document, out, e);
}

const struct importer import_fio = {
    .name = tool,
    .what = "JSON of fio",
    .detect = detect,
    .read = read_text,
};
