/* import_google_benchmark.c - Google Benchmark's JSON.
 *
 * A repetition (--benchmark_repetitions) is one sample; where a file has aggregates only, the
 * median among them is the value. */
#include "store/import/import_google_benchmark.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "store/import/import_rows.h"

static const char tool[] = "google-benchmark";
static const struct metric time_ns = { "time", "ns", METRIC_TIME_PER_ITEM, 1e9, LOWER_IS_BETTER };
enum { ENTRIES_MAX = 5000 };

/* Figures beside the time, where a benchmark has them. */
static const struct {
    const char *key, *metric, *unit;
    double scale;
} rates[] = {
    { "bytes_per_second", "bandwidth", "GB/s", 1e-9 },
    { "items_per_second", "throughput", "items/s", 1 },
};

static bool detect(const struct import_source *src)
{
    return import_contains(src, "\"benchmarks\"") && import_contains(src, "\"real_time\"");
}

/* Versions before 1.5 have neither run_name nor run_type, and aggregates are "NAME_mean". */
static const char *run_name(const struct jsonio_in *in)
{
    return import_text(in, import_member(in, "run_name") ? "run_name" : "name");
}

static bool is_aggregate(const struct jsonio_in *in)
{
    return import_member(in, "run_type") && strcmp(import_text(in, "run_type"), "aggregate") == 0;
}

static bool is_median(const struct jsonio_in *in)
{
    return is_aggregate(in) && strcmp(import_text(in, "aggregate_name"), "median") == 0;
}

static double unit_ns(const struct jsonio_in *in)
{
    static const char *const names[] = { "ns", "us", "ms", "s" };
    static const double ns[] = { 1, 1e3, 1e6, 1e9 };

    return ns[jsonio_word(in, "time_unit", names, 4, 0)];
}

/* What one name has in the file. */
struct group {
    const char *name;  /* borrowed */
    double *ns, *rate; /* n each; owned */
    size_t n;
    bool aggregate;     /* ns[0] is the median that the file states */
    const char *failed; /* borrowed; NULL: it did not */
};

static void add(const struct jsonio_in *item, const char *rate, struct group *g)
{
    const json_t *message = import_member(item, "error_message");

    if (json_is_true(import_member(item, "error_occurred"))) {
        g->failed = json_is_string(message) ? json_string_value(message) : "it failed";
        return;
    }
    g->ns[g->n] = jsonio_real(item, "real_time") * unit_ns(item);
    g->rate[g->n++] = rate && import_member(item, rate) ? jsonio_real(item, rate) : (double)NAN;
}

/* All of one name, from entry `from` on. */
static void gather(const struct jsonio_in *list, size_t from, const char *rate, struct group *g)
{
    size_t n = json_array_size(list->node);

    g->n = 0;
    for (size_t i = from; i < n && jsonio_ok(list); i++) {
        struct jsonio_in item = jsonio_item(list, i);

        if (strcmp(run_name(&item), g->name) == 0 &&
            (g->aggregate ? is_median(&item) : !is_aggregate(&item)))
            add(&item, rate, g);
    }
}

static void time_row(const struct group *g, struct run_record *r, double start, struct err *e)
{
    const struct work once = { .items = 1 };
    struct result *row = import_row(r, tool, "cpu", "time", "ns", LOWER_IS_BETTER, e);

    import_param(row, "benchmark", g->name, e);
    if (g->failed)
        import_refuse(row, RESULT_FAILED, g->failed);
    else if (g->aggregate)
        import_value(row, g->n ? g->ns[0] : 0, (double)NAN, (double)NAN, start, e);
    else
        import_times(row, &time_ns, g->ns, g->n, &once, start, e);
}

static void rate_row(struct group *g, size_t k, struct run_record *r, double start, struct err *e)
{
    struct result *row =
        import_row(r, tool, "cpu", rates[k].metric, rates[k].unit, HIGHER_IS_BETTER, e);

    import_param(row, "benchmark", g->name, e);
    for (size_t i = 0; i < g->n; i++)
        g->rate[i] *= rates[k].scale;
    if (g->aggregate)
        import_value(row, g->rate[0], (double)NAN, (double)NAN, start, e);
    else
        import_samples(row, g->rate, g->n, start, e);
    if (row && !strstr(g->name, "/real_time") && !strstr(g->name, "/manual_time"))
        result_note(row, "per second of CPU time, as Google Benchmark counts");
}

static void read_group(const struct jsonio_in *list, size_t from, struct group *g,
                       struct run_record *r, double start, struct err *e)
{
    struct jsonio_in first = jsonio_item(list, from);

    g->failed = NULL;
    g->name = run_name(&first);
    g->aggregate = is_aggregate(&first);
    gather(list, from, NULL, g);
    if (!jsonio_ok(list))
        return;
    time_row(g, r, start, e);
    for (size_t k = 0; k < sizeof(rates) / sizeof(rates[0]) && !g->failed; k++)
        if (import_member(&first, rates[k].key)) {
            gather(list, from, rates[k].key, g);
            if (jsonio_ok(list) && g->n)
                rate_row(g, k, r, start, e);
        }
}

/* Entry i opens its name: no entry before it has the name, and of aggregates it is the median of a
 * benchmark that has nothing else. */
static bool opens(const struct jsonio_in *list, size_t i)
{
    struct jsonio_in item = jsonio_item(list, i);
    const char *name = run_name(&item);

    if (is_aggregate(&item) && !is_median(&item))
        return false;
    for (size_t k = 0; k < i && jsonio_ok(list); k++) {
        struct jsonio_in before = jsonio_item(list, k);

        if (strcmp(run_name(&before), name) == 0 && (!is_aggregate(&before) || is_median(&before)))
            return false;
    }
    return jsonio_ok(list);
}

static void read_document(const json_t *json, const struct import_source *src,
                          struct run_record *out, struct err *why)
{
    struct jsonio_in in = jsonio_root(json, NULL, why), context = jsonio_object(&in, "context"),
                     list = jsonio_array(&in, "benchmarks", ENTRIES_MAX);
    double start = import_time(import_text(&context, "date"));
    size_t n = json_array_size(list.node);
    struct group g = { .ns = mem_calloc(n, sizeof(double)), .rate = mem_calloc(n, sizeof(double)) };

    if (!g.ns || !g.rate)
        jsonio_lost(&in);
    import_head(out, src, tool, "", start, why);
    if (import_member(&context, "num_cpus"))
        facts_int(&out->machine, "cpu.threads", jsonio_int(&context, "num_cpus", 1, 1 << 20));
    facts_null(&out->machine, "cpu.model", "Google Benchmark does not say");
    for (size_t i = 0; i < n && jsonio_ok(&in); i++)
        if (opens(&list, i))
            read_group(&list, i, &g, out, start, why);
    mem_free(g.ns);
    mem_free(g.rate);
}

static int read_text(const struct import_source *src, struct run_record *out, struct err *e)
{
    return import_json(src, 0, "Google Benchmark's file", read_document, out, e);
}

const struct importer import_google_benchmark = {
    .name = tool,
    .what = "JSON of Google Benchmark",
    .detect = detect,
    .read = read_text,
};
