/* import_llama_bench.c - llama-bench's JSON: an array of tests. */
#include "store/import/import_llama_bench.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/stats.h"
#include "store/import/import_rows.h"

static const char tool[] = "llama-bench";
static const struct metric tokens = { "throughput", "tok/s", METRIC_ITEMS_PER_S, 1,
                                      HIGHER_IS_BETTER };
enum { TESTS_MAX = 10000 };

static bool detect(const struct import_source *src)
{
    return import_contains(src, "\"build_commit\"") && import_contains(src, "\"n_prompt\"") &&
           import_contains(src, "\"samples_ns\"");
}

static void read_params(const struct jsonio_in *in, struct result *row, struct err *e)
{
    static const char *const numbers[][2] = { { "n_prompt", "prompt" },    { "n_gen", "gen" },
                                              { "n_depth", "depth" },      { "n_batch", "batch" },
                                              { "n_threads", "threads" },  { "flash_attn", "fa" },
                                              { "n_gpu_layers", "layers" } };

    import_param(row, "model", import_text(in, "model_type"), e);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const json_t *v = import_member(in, numbers[i][0]);

        if (json_is_boolean(v))
            import_param(row, numbers[i][1], json_is_true(v) ? "on" : "off", e);
        else if (v) /* not in files of every version */
            import_param_int(row, numbers[i][1],
                             jsonio_int(in, numbers[i][0], -INT32_MAX, INT32_MAX), e);
    }
}

static void check_samples(const struct jsonio_in *in, const double *ns, size_t n, double items)
{
    size_t n_rates;
    double *rates = jsonio_reals(in, "samples_ts", &n_rates);

    if (jsonio_ok(in) && n_rates != n)
        jsonio_bad(in, "samples_ts", "%zu items for %zu samples_ns", n_rates, n);
    import_agree(in, "avg_ns", jsonio_real(in, "avg_ns"), stats_mean(ns, n), 1e-6);
    for (size_t i = 0; i < n && jsonio_ok(in); i++)
        import_agree(in, "samples_ts", rates[i], items * 1e9 / ns[i], 1e-4);
    mem_free(rates);
}

static void read_test(const struct jsonio_in *in, struct run_record *r, struct err *e)
{
    bool cpu = strcmp(import_text(in, "backends"), "CPU") == 0;
    double start = import_time(import_text(in, "test_time"));
    struct work work = { 0 };
    struct result *row;
    double *ns;
    size_t n;

    work.items =
        (double)(jsonio_int(in, "n_prompt", 0, INT32_MAX) + jsonio_int(in, "n_gen", 0, INT32_MAX));
    ns = jsonio_reals(in, "samples_ns", &n);
    if (ns)
        check_samples(in, ns, n, work.items);
    row = jsonio_ok(in) ? import_row(r, tool, cpu ? "cpu" : "gpu:0", tokens.name, tokens.unit,
                                     tokens.direction, e)
                        : NULL;
    if (row) {
        read_params(in, row, e);
        snprintf(row->inputs, sizeof(row->inputs), "random tokens");
    }
    import_times(row, &tokens, ns, n, &work, start, e);
    mem_free(ns);
}

static void read_machine(const struct jsonio_in *in, struct run_record *r)
{
    facts_text(&r->machine, "cpu.model", import_text(in, "cpu_info"));
    if (import_text(in, "gpu_info")[0])
        facts_text(&r->machine, "gpus.0.model", import_text(in, "gpu_info"));
}

static void read_document(const json_t *json, const struct import_source *src,
                          struct run_record *out, struct err *why)
{
    const struct jsonio_in root = { .node = json, .key = "tests", .e = why };
    size_t n = json_is_array(json) ? json_array_size(json) : 0;

    if (n == 0 || n > TESTS_MAX)
        ERR(why, ERR_FORMAT, "not an array of 1 to %d tests", TESTS_MAX);
    for (size_t i = 0; i < n && !why->code; i++) {
        struct jsonio_in item = jsonio_item(&root, i);

        if (i == 0) {
            import_head(out, src, tool, import_text(&item, "build_commit"),
                        import_time(import_text(&item, "test_time")), why);
            read_machine(&item, out);
        }
        read_test(&item, out, why);
    }
}

static int read_text(const struct import_source *src, struct run_record *out, struct err *e)
{
    return import_json(src, 0, "llama-bench's file", read_document, out, e);
}

const struct importer import_llama_bench = {
    .name = tool,
    .what = "JSON of llama-bench",
    .detect = detect,
    .read = read_text,
};
