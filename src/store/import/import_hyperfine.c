/* import_hyperfine.c - hyperfine's JSON.  A command that failed has no time worth keeping. */
#include "store/import/import_hyperfine.h"

#include <math.h>

#include "core/mem.h"
#include "core/stats.h"
#include "store/import/import_rows.h"

static const char tool[] = "hyperfine";
static const struct metric time_s = { "time", "s", METRIC_TIME_PER_ITEM, 1, LOWER_IS_BETTER };

static bool detect(const struct import_source *src)
{
    return import_contains(src, "\"results\"") && import_contains(src, "\"command\"") &&
           import_contains(src, "\"times\"");
}

/* Of the runs that hyperfine was told to go on after (-i). */
static int64_t failed_with(const struct jsonio_in *in)
{
    struct jsonio_in codes;

    if (!import_member(in, "exit_codes"))
        return 0;
    codes = jsonio_array(in, "exit_codes", SIZE_MAX);
    for (size_t i = 0; i < json_array_size(codes.node); i++) {
        const json_t *code = json_array_get(codes.node, i);

        /* null: ended by a signal. */
        if (!json_is_integer(code) || json_integer_value(code) != 0)
            return json_is_integer(code) ? json_integer_value(code) : -1;
    }
    return 0;
}

static void read_parameters(const struct jsonio_in *in, struct result *row, struct err *e)
{
    const char *name;
    json_t *value, *object;

    if (!import_member(in, "parameters"))
        return;
    object = json_object_get(in->node, "parameters");
    json_object_foreach(object, name, value)
    {
        if (json_is_string(value))
            import_param(row, name, json_string_value(value), e);
    }
}

static void read_one(const struct jsonio_in *in, struct run_record *r, double start, struct err *e)
{
    const struct work once = { .items = 1 };
    const char *command = import_text(in, "command");
    char why[80];
    struct result *row;
    double *ns;
    size_t n;

    ns = jsonio_reals(in, "times", &n);
    if (ns && n > 1)
        import_agree(in, "mean", jsonio_real(in, "mean"), stats_mean(ns, n), 1e-6);
    for (size_t i = 0; ns && i < n; i++)
        ns[i] *= 1e9;
    row = jsonio_ok(in) ? import_row(r, tool, "cpu", "time", "s", LOWER_IS_BETTER, e) : NULL;
    import_param(row, "command", command, e);
    if (row)
        read_parameters(in, row, e);
    snprintf(why, sizeof(why), "exit code %d in one of its runs", (int)failed_with(in));
    if (failed_with(in))
        import_refuse(row, RESULT_INVALID, why);
    else
        import_times(row, &time_s, ns, n, &once, start, e);
    mem_free(ns);
}

static void read_document(const json_t *json, const struct import_source *src,
                          struct run_record *out, struct err *why)
{
    struct jsonio_in in, list;

    import_head(out, src, tool, "", (double)NAN, why);
    in = jsonio_root(json, NULL, why);
    list = jsonio_array(&in, "results", 10000);
    for (size_t i = 0; i < json_array_size(list.node) && jsonio_ok(&in); i++) {
        struct jsonio_in item = jsonio_item(&list, i);

        read_one(&item, out, src->modified_unix_s, why);
    }
}

static int read_text(const struct import_source *src, struct run_record *out, struct err *e)
{
    return import_json(src, 0, "hyperfine's file", read_document, out, e);
}

const struct importer import_hyperfine = {
    .name = tool,
    .what = "JSON of hyperfine",
    .detect = detect,
    .read = read_text,
};
