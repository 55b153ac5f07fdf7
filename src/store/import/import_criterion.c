/* import_criterion.c - Criterion.rs: its estimates, or its samples. */
#include "store/import/import_criterion.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "store/import/import_rows.h"

static const char tool[] = "criterion";
static const struct metric time_ns = { "time", "ns", METRIC_TIME_PER_ITEM, 1e9, LOWER_IS_BETTER };

static bool detect_estimates(const struct import_source *src)
{
    return import_contains(src, "\"median_abs_dev\"") &&
           import_contains(src, "\"confidence_interval\"");
}

static bool detect_sample(const struct import_source *src)
{
    return import_contains(src, "\"iters\"") && import_contains(src, "\"times\"");
}

/* "sum/u64/1000" of ".../criterion/sum/u64/1000/new/estimates.json", in name[cap]. */
static int name_of(const char *path, char *name, size_t cap, struct err *e)
{
    static const char folder[] = "criterion/";
    const char *from = path, *next, *file = strrchr(path, '/'), *end = file;

    while ((next = strstr(from, folder)))
        from = next + strlen(folder);
    while (end && end > from && end[-1] != '/') /* over "new" or "base" */
        end--;
    if (from == path || !end || end <= from + 1)
        return ERR(e, ERR_FORMAT,
                   "Criterion keeps a benchmark's name in the folders: import the file as it lies "
                   "in target/criterion/NAME/new");
    if ((size_t)(end - 1 - from) >= cap)
        return ERR(e, ERR_FORMAT, "the benchmark's name is longer than %zu bytes", cap - 1);
    snprintf(name, cap, "%.*s", (int)(end - 1 - from), from);
    return 0;
}

static struct result *new_row(const struct import_source *src, struct run_record *out,
                              struct err *e)
{
    struct result *row;
    char name[400];

    import_head(out, src, tool, "", (double)NAN, e);
    if (e->code || name_of(src->path, name, sizeof(name), e) < 0)
        return NULL;
    row = import_row(out, tool, "cpu", time_ns.name, time_ns.unit, time_ns.direction, e);
    import_param(row, "benchmark", name, e);
    return row;
}

static void estimates(const json_t *json, const struct import_source *src, struct run_record *out,
                      struct err *e)
{
    struct jsonio_in in = jsonio_root(json, NULL, e), median = jsonio_object(&in, "median"),
                     ci = jsonio_object(&median, "confidence_interval");
    double lo = jsonio_real(&ci, "lower_bound"), hi = jsonio_real(&ci, "upper_bound"),
           value = jsonio_real(&median, "point_estimate"),
           level = jsonio_real(&ci, "confidence_level");
    struct result *row;

    if (jsonio_ok(&in) && !(lo <= value && value <= hi))
        jsonio_bad(&median, "point_estimate", "%g is outside of its interval [%g, %g]", value, lo,
                   hi);
    row = jsonio_ok(&in) ? new_row(src, out, e) : NULL;
    if (fabs(level - 0.95) < 1e-9)
        import_value(row, value, lo, hi, src->modified_unix_s, e);
    else
        import_value(row, value, (double)NAN, (double)NAN, src->modified_unix_s, e);
}

static void sample(const json_t *json, const struct import_source *src, struct run_record *out,
                   struct err *e)
{
    struct jsonio_in in = jsonio_root(json, NULL, e);
    const struct work once = { .items = 1 };
    size_t n, n_iters;
    double *ns = jsonio_reals(&in, "times", &n), *iters = jsonio_reals(&in, "iters", &n_iters);
    struct result *row;

    if (jsonio_ok(&in) && n != n_iters)
        jsonio_bad(&in, "iters", "%zu items for %zu times", n_iters, n);
    row = jsonio_ok(&in) ? new_row(src, out, e) : NULL;
    for (size_t i = 0; row && i < n; i++)
        ns[i] /= iters[i];
    import_times(row, &time_ns, ns, n, &once, src->modified_unix_s, e);
    mem_free(ns);
    mem_free(iters);
}

static int read_estimates(const struct import_source *src, struct run_record *out, struct err *e)
{
    return import_json(src, 0, "Criterion's file", estimates, out, e);
}

static int read_sample(const struct import_source *src, struct run_record *out, struct err *e)
{
    return import_json(src, 0, "Criterion's file", sample, out, e);
}

const struct importer import_criterion_estimates = {
    .name = tool,
    .what = "estimates.json of Criterion",
    .detect = detect_estimates,
    .read = read_estimates,
};

const struct importer import_criterion_sample = {
    .name = tool,
    .what = "sample.json of Criterion",
    .detect = detect_sample,
    .read = read_sample,
};
