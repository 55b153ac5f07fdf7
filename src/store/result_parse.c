/* result_parse.c - a row of a run read back from JSON that anybody may have written. */
#include "store/result_parse.h"

#include <math.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "store/samples_check.h"

/* Counts come back as what they are in the structs. */
static uint64_t count(const struct jsonio_in *in, const char *key)
{
    return (uint64_t)jsonio_int(in, key, 0, INT64_MAX);
}

/* Is the member there?  What was added to the record later is missing in files of early builds. */
static bool has(const struct jsonio_in *in, const char *key)
{
    return jsonio_ok(in) && json_object_get(in->node, key);
}

static void parse_params(const struct jsonio_in *in, struct result *r)
{
    struct jsonio_in params = jsonio_object(in, "params");
    const char *name;
    json_t *value, *object;

    if (!jsonio_ok(in))
        return;
    if (json_object_size(params.node) > AXIS_MAX) {
        jsonio_bad(in, "params", "%zu of them, more than %d", json_object_size(params.node),
                   AXIS_MAX);
        return;
    }
    object = json_object_get(in->node, "params");
    json_object_foreach(object, name, value)
    {
        size_t n = strlen(name);

        if (n == 0 || n >= sizeof(r->axis_name[0]) || !json_is_string(value)) {
            jsonio_bad(&params, name, "not an axis with a text");
            return;
        }
        memcpy(r->axis_name[r->params.n], name, n + 1);
        jsonio_text(&params, name, r->params.p[r->params.n].text, AXIS_TEXT);
        r->params.n++;
    }
}

static void parse_time(const struct jsonio_in *run, struct stats_summary *s)
{
    static const char *const methods[] = { "none", "order_statistics", "effective_n" };
    struct jsonio_in in;

    *s = (struct stats_summary){ 0 };
    if (jsonio_is_null(run, "time"))
        return;
    in = jsonio_object(run, "time");
    s->n = (size_t)jsonio_int(&in, "n", 1, INT64_MAX);
    s->median = jsonio_real(&in, "median_ns");
    jsonio_pair(&in, "ci_ns", &s->median_ci.lo, &s->median_ci.hi);
    s->ci_method = (enum stats_method)jsonio_word(&in, "ci_method", methods, 3, -1);
    s->mean = jsonio_real(&in, "mean_ns");
    s->std = jsonio_real(&in, "std_ns");
    s->mad = jsonio_real(&in, "mad_ns");
    s->min = jsonio_real(&in, "min_ns");
    s->max = jsonio_real(&in, "max_ns");
    s->p50 = jsonio_real(&in, "p50_ns");
    s->p90 = jsonio_real(&in, "p90_ns");
    s->p95 = jsonio_real(&in, "p95_ns");
    s->p99 = jsonio_real(&in, "p99_ns");
    s->jitter = jsonio_real(&in, "jitter_ns");
    s->longest_stall = jsonio_real(&in, "longest_stall_ns");
}

static void parse_sampling(const struct jsonio_in *run, struct sampling_result *s)
{
    const char *stops[3];
    struct jsonio_in outliers;
    size_t n_starts;

    for (int i = 0; i < 3; i++)
        stops[i] = sampling_stop_name((enum sampling_stop)i);
    s->reps = count(run, "reps_per_sample");
    s->ns = jsonio_reals(run, "samples_ns", &s->n);
    s->cap = s->n;
    s->start_s = jsonio_reals(run, "samples_start_s", &n_starts);
    if (n_starts != s->n && !jsonio_is_null(run, "samples_start_s"))
        jsonio_bad(run, "samples_start_s", "%zu items for %zu samples", n_starts, s->n);
    parse_time(run, &s->summary);
    outliers = jsonio_object(run, "outliers");
    s->summary.outliers_mild = count(&outliers, "mild");
    s->summary.outliers_severe = count(&outliers, "severe");
    s->summary.autocorrelation = jsonio_real(run, "autocorrelation");
    s->drift_pct = jsonio_real(run, "drift_pct");
    s->per_second = jsonio_reals(run, "throughput_per_second", &s->n_seconds);
    s->stop = (enum sampling_stop)jsonio_word(run, "stop_reason", stops, 3, -1);
    jsonio_text(run, "why", s->why, sizeof(s->why));
    s->more_needed = count(run, "more_needed");
    s->interrupted = jsonio_bool(run, "interrupted");
    s->warmup_samples = count(run, "warmup_samples");
    s->warmup_s = jsonio_real(run, "warmup_s");
    s->wall_s = jsonio_real(run, "wall_s");
    s->sampled_s = jsonio_real(run, "sampled_s");
    samples_check(run, s);
}

static void parse_series(const struct jsonio_in *in, struct series *s)
{
    size_t n_times;

    jsonio_text(in, "name", s->name, sizeof(s->name));
    jsonio_text(in, "unit", s->unit, sizeof(s->unit));
    jsonio_text(in, "reason", s->reason, sizeof(s->reason));
    s->t_s = jsonio_reals(in, "t_s", &n_times);
    s->value = jsonio_reals(in, "values", &s->n);
    if (n_times != s->n)
        jsonio_bad(in, "values", "%zu of them at %zu times", s->n, n_times);
}

static void parse_telemetry(const struct jsonio_in *in, struct result_run *run)
{
    struct jsonio_in list = jsonio_array(in, "telemetry", SERIES_MAX);
    size_t n = json_array_size(list.node);

    if (n == 0)
        return;
    run->telemetry = mem_calloc(n, sizeof(*run->telemetry));
    if (!run->telemetry) {
        jsonio_lost(&list);
        return;
    }
    for (size_t i = 0; i < n && jsonio_ok(in); i++) {
        struct jsonio_in item = jsonio_item(&list, i);

        parse_series(&item, &run->telemetry[run->n_telemetry++]);
    }
}

/* A value and its interval: both, or neither. */
static void parse_value(const struct jsonio_in *in, double *value, double *lo, double *hi)
{
    *value = jsonio_real(in, "value");
    jsonio_pair(in, "value_ci", lo, hi);
    if (isnan(*value) && !isnan(*lo))
        jsonio_bad(in, "value_ci", "an interval of a value that is null");
}

/* Files of before the clock had a source and its throttling was kept do not say. */
static void parse_throttle(const struct jsonio_in *in, struct result_run *run)
{
    struct jsonio_in throttle;

    run->throttled_fraction = NAN;
    if (!has(in, "throttle"))
        return;
    throttle = jsonio_object(in, "throttle");
    run->throttled_fraction = jsonio_real(&throttle, "fraction");
    jsonio_text(&throttle, isnan(run->throttled_fraction) ? "reason" : "causes",
                run->throttle_causes, sizeof(run->throttle_causes));
    if (run->throttled_fraction < 0 || run->throttled_fraction > 1)
        jsonio_bad(&throttle, "fraction", "%g is not a part of 1", run->throttled_fraction);
}

static void parse_clock(const struct jsonio_in *in, struct result_run *run)
{
    struct jsonio_in clock = jsonio_object(in, "clock_hz");

    run->clock_hz_median = jsonio_real(&clock, "median");
    run->clock_hz_min = jsonio_real(&clock, "min");
    run->clock_hz_max = jsonio_real(&clock, "max");
    if (has(&clock, "source"))
        jsonio_text(&clock, "source", run->clock_source, sizeof(run->clock_source));
}

static void parse_energy(const struct jsonio_in *in, struct result_run *run)
{
    struct jsonio_in energy = jsonio_object(in, "energy");

    run->energy_j = jsonio_real(&energy, "energy_j");
    run->idle_w = jsonio_real(&energy, "idle_w");
    jsonio_text(&energy, "reason", run->energy_reason, sizeof(run->energy_reason));
    run->energy_lo_j = run->energy_hi_j = run->energy_s = NAN;
    if (!has(&energy, "window_s"))
        return;
    jsonio_pair(&energy, "energy_ci_j", &run->energy_lo_j, &run->energy_hi_j);
    run->energy_s = jsonio_real(&energy, "window_s");
}

static void parse_ops(const struct jsonio_in *in, struct ops_latency *o)
{
    struct jsonio_in ops;

    result_ops_init(o);
    if (!has(in, "ops_latency") || jsonio_is_null(in, "ops_latency"))
        return;
    ops = jsonio_object(in, "ops_latency");
    o->n = (uint64_t)jsonio_int(&ops, "n", 1, INT64_MAX);
    o->mean_ns = jsonio_real(&ops, "mean_ns");
    o->min_ns = jsonio_real(&ops, "min_ns");
    o->max_ns = jsonio_real(&ops, "max_ns");
    o->p50_ns = jsonio_real(&ops, "p50_ns");
    o->p90_ns = jsonio_real(&ops, "p90_ns");
    o->p95_ns = jsonio_real(&ops, "p95_ns");
    o->p99_ns = jsonio_real(&ops, "p99_ns");
    o->p999_ns = jsonio_real(&ops, "p999_ns");
}

/* Those of a metric that is not made from times. */
static void parse_samples(const struct jsonio_in *in, struct result_run *run)
{
    if (!has(in, "samples"))
        return;
    run->samples = jsonio_reals(in, "samples", &run->n_samples);
    if (run->samples && run->sampling.n > 0)
        jsonio_bad(in, "samples", "beside samples_ns: a metric is made from times, or it is not");
    for (size_t i = 0; run->samples && i < run->n_samples; i++)
        if (isnan(run->samples[i]))
            jsonio_bad(in, "samples", "item %zu is null", i);
}

static void parse_run(const struct jsonio_in *in, struct result_run *run)
{

    run->start_unix_s = jsonio_real(in, "start_unix_s");
    parse_value(in, &run->value, &run->value_lo, &run->value_hi);
    parse_sampling(in, &run->sampling);
    parse_samples(in, run);
    parse_ops(in, &run->ops);
    parse_clock(in, run);
    parse_throttle(in, run);
    run->cpu_seconds = jsonio_real(in, "cpu_time_s");
    run->context_switches = jsonio_real(in, "context_switches");
    run->page_faults = jsonio_real(in, "page_faults");
    if (has(in, "device_faults"))
        jsonio_text(in, "device_faults", run->device_faults, sizeof(run->device_faults));
    parse_energy(in, run);
    parse_telemetry(in, run);
}

static void parse_runs(const struct jsonio_in *in, struct result *r)
{
    struct jsonio_in list = jsonio_array(in, "runs", RESULT_PARSE_RUNS_MAX);
    size_t n = json_array_size(list.node);

    if (n == 0)
        return;
    r->runs = mem_calloc(n, sizeof(*r->runs));
    if (!r->runs) {
        jsonio_lost(&list);
        return;
    }
    for (size_t i = 0; i < n && jsonio_ok(in); i++) {
        struct jsonio_in item = jsonio_item(&list, i);

        parse_run(&item, &r->runs[r->n_runs++]);
    }
}

static void parse_work(const struct jsonio_in *in, struct work *w)
{
    struct jsonio_in work = jsonio_object(in, "work"), bytes = jsonio_object(&work, "bytes");

    w->flops = jsonio_real(&work, "flops");
    w->items = jsonio_real(&work, "items");
    for (int m = 0; m < WORK_MEMORIES; m++)
        w->bytes[m] = jsonio_real(&bytes, work_memory_name((enum work_memory)m));
}

static void parse_one_limit(const struct jsonio_in *in, struct limit *l)
{
    const char *kinds[4];

    for (int i = 0; i < 4; i++)
        kinds[i] = limit_kind_name((enum limit_kind)i);
    l->kind = (enum limit_kind)jsonio_word(in, "kind", kinds, 4, LIMIT_NONE);
    l->value = jsonio_real(in, "value");
    jsonio_pair(in, "value_ci", &l->lo, &l->hi);
    jsonio_text(in, "source", l->source, sizeof(l->source));
    jsonio_text(in, "reason", l->reason, sizeof(l->reason));
    if ((l->kind == LIMIT_NONE) != isnan(l->value))
        jsonio_bad(in, "value", "does not go with its kind");
}

/* `limits` holds all bounds, `limit` repeats the binding one with the percentage. */
static void parse_limits(const struct jsonio_in *in, struct result *r)
{
    struct jsonio_in list = jsonio_array(in, "limits", LIMITS_MAX);
    struct jsonio_in binding = jsonio_object(in, "limit");
    struct limit stated = { 0 };

    r->limits.binding = -1;
    for (size_t i = 0; i < json_array_size(list.node) && jsonio_ok(in); i++) {
        struct jsonio_in item = jsonio_item(&list, i);
        struct limit *l = &r->limits.l[r->limits.n++];

        parse_one_limit(&item, l);
        if (!jsonio_bool(&item, "binding"))
            continue;
        if (r->limits.binding >= 0 || l->kind == LIMIT_NONE)
            jsonio_bad(&item, "binding", "not the one that binds");
        r->limits.binding = (int)i;
    }
    parse_one_limit(&binding, &stated);
    r->percent = jsonio_real(&binding, "percent");
    if (!jsonio_ok(in))
        return;
    if (r->limits.binding < 0 ? stated.kind != LIMIT_NONE
                              : stated.kind != r->limits.l[r->limits.binding].kind ||
                                    stated.value != r->limits.l[r->limits.binding].value)
        jsonio_bad(&binding, NULL, "not the binding one of limits");
}

static void check_percent(const struct jsonio_in *in, const struct result *r)
{
    double truth = limits_percent(&r->limits, r->value, r->direction);

    if (!isnan(r->percent) && !(fabs(r->percent - truth) <= 1e-9 * fabs(truth)))
        jsonio_bad(in, "limit.percent", "%.17g, but value and limit give %.17g", r->percent, truth);
}

static void parse_check(const struct jsonio_in *in, struct check *c)
{
    static const char *const verdicts[] = { "not done", "passed", "failed" };
    struct jsonio_in check = jsonio_object(in, "check");
    int verdict = jsonio_word(&check, "verdict", verdicts, 3, -1);

    jsonio_text(&check, "reference", c->reference, sizeof(c->reference));
    c->error = jsonio_real(&check, "error");
    c->tolerance = jsonio_real(&check, "tolerance");
    c->passed_before = jsonio_bool(&check, "passed_before");
    c->passed_after = jsonio_bool(&check, "passed_after");
    c->done = verdict != 0;
    if (jsonio_ok(in) && c->done && (verdict == 1) != (c->passed_before && c->passed_after))
        jsonio_bad(&check, "verdict", "does not follow from passed_before and passed_after");
}

static void parse_notes(const struct jsonio_in *in, struct result *r)
{
    struct jsonio_in list = jsonio_array(in, "notes", RESULT_NOTES);

    for (size_t i = 0; i < json_array_size(list.node) && jsonio_ok(in); i++) {
        const json_t *note = json_array_get(list.node, i);
        size_t n = json_string_length(note);

        if (n == 0 || n >= sizeof(r->notes[i]))
            jsonio_bad(in, "notes", "item %zu is not a text of 1 to %zu bytes", i,
                       sizeof(r->notes[i]) - 1);
        else
            memcpy(r->notes[i], json_string_value(note), n + 1);
    }
}

static void parse_properties(const struct jsonio_in *in, struct result *r)
{
    struct jsonio_in list;

    if (!has(in, "properties"))
        return;
    list = jsonio_array(in, "properties", RESULT_PROPERTIES);
    for (size_t i = 0; i < json_array_size(list.node) && jsonio_ok(in); i++) {
        struct jsonio_in item = jsonio_item(&list, i);
        struct result_property *p = &r->properties[r->n_properties];

        jsonio_text(&item, "name", p->name, sizeof(p->name));
        p->value = jsonio_real(&item, "value");
        jsonio_text(&item, "unit", p->unit, sizeof(p->unit));
        jsonio_text(&item, "text", p->text, sizeof(p->text));
        if (p->name[0] == '\0' || result_find(r, p->name))
            jsonio_bad(&item, "name", "empty, or there twice");
        if (p->text[0] && !isnan(p->value))
            jsonio_bad(&item, "text", "beside a value");
        r->n_properties++;
    }
}

/* What the row is: its name and the words that classify it. */
static void parse_head(const struct jsonio_in *in, struct result *r)
{
    const char *directions[2], *statuses[4], *origins[4];

    for (int i = 0; i < 4; i++) {
        statuses[i] = result_status_name((enum result_status)i);
        origins[i] = result_origin_name((enum result_origin)i);
    }
    for (int i = 0; i < 2; i++)
        directions[i] = direction_name((enum direction)i);
    jsonio_text(in, "name", r->name, sizeof(r->name));
    parse_params(in, r);
    jsonio_text(in, "device", r->device, sizeof(r->device));
    jsonio_text(in, "metric", r->metric, sizeof(r->metric));
    jsonio_text(in, "unit", r->unit, sizeof(r->unit));
    r->direction = (enum direction)jsonio_word(in, "direction", directions, 2, -1);
    r->status = (enum result_status)jsonio_word(in, "status", statuses, 4, -1);
    jsonio_text(in, "reason", r->reason, sizeof(r->reason));
    r->origin = (enum result_origin)jsonio_word(in, "origin", origins, 4, -1);
    parse_value(in, &r->value, &r->value_lo, &r->value_hi);
    if (!jsonio_ok(in))
        return;
    if (r->name[0] == '\0')
        jsonio_bad(in, "name", "empty");
    if (r->status != RESULT_OK && !isnan(r->value))
        jsonio_bad(in, "value", "a row that is %s has none", result_status_name(r->status));
    if (r->status != RESULT_OK && r->reason[0] == '\0')
        jsonio_bad(in, "reason", "a row that is %s says why", result_status_name(r->status));
}

void result_parse_in(const struct jsonio_in *in, struct result *r)
{
    struct jsonio_in expected;

    *r = (struct result){ 0 };
    if (jsonio_ok(in) && !json_is_object(in->node))
        jsonio_bad(in, NULL, "not an object");
    parse_head(in, r);
    if (has(in, "unstable"))
        jsonio_text(in, "unstable", r->unstable, sizeof(r->unstable));
    parse_limits(in, r);
    expected = jsonio_object(in, "expected");
    jsonio_pair(&expected, "range", &r->expected.lo, &r->expected.hi);
    jsonio_text(&expected, "source", r->expected.source, sizeof(r->expected.source));
    parse_check(in, &r->check);
    jsonio_text(in, "variant", r->variant, sizeof(r->variant));
    jsonio_text(in, "timing_mode", r->timing_mode, sizeof(r->timing_mode));
    jsonio_text(in, "inputs", r->inputs, sizeof(r->inputs));
    parse_notes(in, r);
    parse_properties(in, r);
    r->floor_ns = jsonio_real(in, "floor_ns");
    r->seconds = jsonio_real(in, "duration_s");
    parse_work(in, &r->work);
    parse_ops(in, &r->ops);
    parse_runs(in, r);
    if (jsonio_ok(in))
        check_percent(in, r);
    samples_check_row(in, r);
    if (!jsonio_ok(in))
        result_release(r);
}

int result_parse(const json_t *json, struct result *out, struct err *e)
{
    struct err why = { 0 };
    struct jsonio_in in;

    jsonio_init();
    in = jsonio_root(json, "result", &why);
    result_parse_in(&in, out);
    return why.code ? ERR(e, why.code, "%s", why.msg) : 0;
}
