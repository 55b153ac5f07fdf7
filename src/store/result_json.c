/* result_json.c - one row of a run as JSON. */
#include "store/result_json.h"

#include <math.h>

#include "json/jsonio.h"

static const char *ci_method_name(enum stats_method m)
{
    static const char *const names[] = { "none", "order_statistics", "effective_n" };

    return names[m];
}

static json_t *params_json(const struct result *r)
{
    json_t *o = json_object();
    bool lost = !o;

    for (int i = 0; i < r->params.n; i++) {
        const struct param *p = &r->params.p[i];

        jsonio_put(o, p->axis ? p->axis->name : r->axis_name[i], jsonio_new_text(p->text), &lost);
    }
    return jsonio_done(o, lost);
}

static json_t *time_json(const struct stats_summary *s)
{
    json_t *o;
    bool lost = false;

    if (s->n == 0)
        return json_null();
    o = json_object();
    jsonio_put(o, "n", jsonio_new_count(s->n), &lost);
    jsonio_put(o, "median_ns", jsonio_new_real(s->median), &lost);
    jsonio_put(o, "ci_ns", jsonio_new_pair(s->median_ci.lo, s->median_ci.hi), &lost);
    jsonio_put(o, "ci_method", json_string(ci_method_name(s->ci_method)), &lost);
    jsonio_put(o, "mean_ns", jsonio_new_real(s->mean), &lost);
    jsonio_put(o, "std_ns", jsonio_new_real(s->std), &lost);
    jsonio_put(o, "mad_ns", jsonio_new_real(s->mad), &lost);
    jsonio_put(o, "min_ns", jsonio_new_real(s->min), &lost);
    jsonio_put(o, "max_ns", jsonio_new_real(s->max), &lost);
    jsonio_put(o, "p50_ns", jsonio_new_real(s->p50), &lost);
    jsonio_put(o, "p90_ns", jsonio_new_real(s->p90), &lost);
    jsonio_put(o, "p95_ns", jsonio_new_real(s->p95), &lost);
    jsonio_put(o, "p99_ns", jsonio_new_real(s->p99), &lost);
    jsonio_put(o, "jitter_ns", jsonio_new_real(s->jitter), &lost);
    jsonio_put(o, "longest_stall_ns", jsonio_new_real(s->longest_stall), &lost);
    return jsonio_done(o, lost);
}

static json_t *telemetry_json(const struct result_run *run)
{
    json_t *list = json_array();
    bool lost = !list;

    for (int i = 0; i < run->n_telemetry; i++) {
        const struct series *s = &run->telemetry[i];
        json_t *o = json_object();

        jsonio_put(o, "name", jsonio_new_text(s->name), &lost);
        jsonio_put(o, "unit", jsonio_new_text(s->unit), &lost);
        jsonio_put(o, "t_s", jsonio_new_reals(s->t_s, s->n), &lost);
        jsonio_put(o, "values", jsonio_new_reals(s->value, s->n), &lost);
        jsonio_put(o, "reason", jsonio_new_text_or_null(s->reason), &lost);
        jsonio_append(list, o, &lost);
    }
    return jsonio_done(list, lost);
}

/* Two counts under their names. */
static json_t *counts_json(const char *a, uint64_t na, const char *b, uint64_t nb)
{
    json_t *o = json_object();
    bool lost = false;

    jsonio_put(o, a, jsonio_new_count(na), &lost);
    jsonio_put(o, b, jsonio_new_count(nb), &lost);
    return jsonio_done(o, lost);
}

static json_t *clock_json(const struct result_run *run)
{
    json_t *o = json_object();
    bool lost = false;

    jsonio_put(o, "median", jsonio_new_real(run->clock_hz_median), &lost);
    jsonio_put(o, "min", jsonio_new_real(run->clock_hz_min), &lost);
    jsonio_put(o, "max", jsonio_new_real(run->clock_hz_max), &lost);
    jsonio_put(o, "source", jsonio_new_text_or_null(run->clock_source), &lost);
    return jsonio_done(o, lost);
}

static json_t *throttle_json(const struct result_run *run)
{
    bool known = isfinite(run->throttled_fraction), lost = false;
    json_t *o = json_object(), *text = jsonio_new_text_or_null(run->throttle_causes);

    jsonio_put(o, "fraction", jsonio_new_real(run->throttled_fraction), &lost);
    jsonio_put(o, known ? "causes" : "reason", text, &lost);
    jsonio_put(o, known ? "reason" : "causes", json_null(), &lost);
    return jsonio_done(o, lost);
}

static json_t *energy_json(const struct result_run *run)
{
    json_t *o = json_object();
    bool lost = false;

    jsonio_put(o, "energy_j", jsonio_new_real(run->energy_j), &lost);
    jsonio_put(o, "energy_ci_j", jsonio_new_pair(run->energy_lo_j, run->energy_hi_j), &lost);
    jsonio_put(o, "window_s", jsonio_new_real(run->energy_s), &lost);
    jsonio_put(o, "idle_w", jsonio_new_real(run->idle_w), &lost);
    jsonio_put(o, "reason", jsonio_new_text_or_null(run->energy_reason), &lost);
    return jsonio_done(o, lost);
}

static void put_sampling(json_t *o, const struct sampling_result *s, bool *lost)
{
    jsonio_put(o, "reps_per_sample", jsonio_new_count(s->reps), lost);
    jsonio_put(o, "samples_ns", jsonio_new_reals(s->ns, s->n), lost);
    jsonio_put(o, "samples_start_s", s->start_s ? jsonio_new_reals(s->start_s, s->n) : json_null(),
               lost);
    jsonio_put(o, "time", time_json(&s->summary), lost);
    jsonio_put(o, "outliers",
               counts_json("mild", s->summary.outliers_mild, "severe", s->summary.outliers_severe),
               lost);
    jsonio_put(o, "autocorrelation",
               s->summary.n ? jsonio_new_real(s->summary.autocorrelation) : json_null(), lost);
    jsonio_put(o, "drift_pct", s->n ? jsonio_new_real(s->drift_pct) : json_null(), lost);
    jsonio_put(o, "throughput_per_second",
               s->n_seconds ? jsonio_new_reals(s->per_second, s->n_seconds) : json_null(), lost);
    jsonio_put(o, "stop_reason", json_string(sampling_stop_name(s->stop)), lost);
    jsonio_put(o, "why", jsonio_new_text_or_null(s->why), lost);
    jsonio_put(o, "more_needed", jsonio_new_count(s->more_needed), lost);
    jsonio_put(o, "interrupted", json_boolean(s->interrupted), lost);
    jsonio_put(o, "warmup_samples", jsonio_new_count(s->warmup_samples), lost);
    jsonio_put(o, "warmup_s", jsonio_new_real(s->warmup_s), lost);
    jsonio_put(o, "wall_s", jsonio_new_real(s->wall_s), lost);
    jsonio_put(o, "sampled_s", jsonio_new_real(s->sampled_s), lost);
}

static json_t *ops_json(const struct ops_latency *ops)
{
    json_t *o;
    bool lost = false;

    if (ops->n == 0)
        return json_null();
    o = json_object();
    jsonio_put(o, "n", jsonio_new_count(ops->n), &lost);
    jsonio_put(o, "mean_ns", jsonio_new_real(ops->mean_ns), &lost);
    jsonio_put(o, "min_ns", jsonio_new_real(ops->min_ns), &lost);
    jsonio_put(o, "max_ns", jsonio_new_real(ops->max_ns), &lost);
    jsonio_put(o, "p50_ns", jsonio_new_real(ops->p50_ns), &lost);
    jsonio_put(o, "p90_ns", jsonio_new_real(ops->p90_ns), &lost);
    jsonio_put(o, "p95_ns", jsonio_new_real(ops->p95_ns), &lost);
    jsonio_put(o, "p99_ns", jsonio_new_real(ops->p99_ns), &lost);
    jsonio_put(o, "p999_ns", jsonio_new_real(ops->p999_ns), &lost);
    return jsonio_done(o, lost);
}

static json_t *run_json(const struct result_run *run, bool has_value)
{
    json_t *o = json_object();
    bool lost = !o;

    jsonio_put(o, "start_unix_s", jsonio_new_real(run->start_unix_s), &lost);
    jsonio_put(o, "value", has_value ? jsonio_new_real(run->value) : json_null(), &lost);
    jsonio_put(o, "value_ci",
               has_value ? jsonio_new_pair(run->value_lo, run->value_hi) : json_null(), &lost);
    put_sampling(o, &run->sampling, &lost);
    jsonio_put(o, "samples",
               run->samples ? jsonio_new_reals(run->samples, run->n_samples) : json_null(), &lost);
    jsonio_put(o, "ops_latency", ops_json(&run->ops), &lost);
    jsonio_put(o, "clock_hz", clock_json(run), &lost);
    jsonio_put(o, "throttle", throttle_json(run), &lost);
    jsonio_put(o, "device_faults", jsonio_new_text_or_null(run->device_faults), &lost);
    jsonio_put(o, "cpu_time_s", jsonio_new_real(run->cpu_seconds), &lost);
    jsonio_put(o, "context_switches", jsonio_new_real(run->context_switches), &lost);
    jsonio_put(o, "page_faults", jsonio_new_real(run->page_faults), &lost);
    jsonio_put(o, "energy", energy_json(run), &lost);
    jsonio_put(o, "telemetry", telemetry_json(run), &lost);
    return jsonio_done(o, lost);
}

static json_t *runs_json(const struct result *r)
{
    json_t *list = json_array();
    bool lost = !list;

    for (int i = 0; i < r->n_runs; i++)
        jsonio_append(list, run_json(&r->runs[i], r->status == RESULT_OK), &lost);
    return jsonio_done(list, lost);
}

static json_t *work_json(const struct work *w)
{
    json_t *o = json_object(), *bytes = json_object();
    bool lost = !bytes;

    for (int m = 0; m < WORK_MEMORIES; m++)
        jsonio_put(bytes, work_memory_name((enum work_memory)m), jsonio_new_real(w->bytes[m]),
                   &lost);
    jsonio_put(o, "flops", jsonio_new_real(w->flops), &lost);
    jsonio_put(o, "bytes", bytes, &lost);
    jsonio_put(o, "items", jsonio_new_real(w->items), &lost);
    return jsonio_done(o, lost);
}

static bool holds(const struct limit *l)
{
    return l->kind != LIMIT_NONE && isfinite(l->value);
}

/* The fields that `limit` and each of `limits` share. */
static json_t *one_limit_json(const struct limit *l)
{
    json_t *o = json_object();
    bool lost = false, is = l && holds(l);
    const char *reason = !l ? "" : l->reason[0] || is ? l->reason : "it has no finite value";

    jsonio_put(o, "kind", is ? json_string(limit_kind_name(l->kind)) : json_null(), &lost);
    jsonio_put(o, "value", is ? jsonio_new_real(l->value) : json_null(), &lost);
    jsonio_put(o, "value_ci", is ? jsonio_new_pair(l->lo, l->hi) : json_null(), &lost);
    jsonio_put(o, "source", is ? jsonio_new_text_or_null(l->source) : json_null(), &lost);
    jsonio_put(o, "reason", jsonio_new_text_or_null(reason), &lost);
    return jsonio_done(o, lost);
}

static const struct limit *binding_of(const struct limits *ls)
{
    if (ls->binding < 0 || ls->binding >= ls->n || !holds(&ls->l[ls->binding]))
        return NULL;
    return &ls->l[ls->binding];
}

static json_t *limit_json(const struct result *r)
{
    const struct limit *binding = binding_of(&r->limits);
    /* Without one, the first reason speaks for all. */
    json_t *o = one_limit_json(binding || r->limits.n == 0 ? binding : &r->limits.l[0]);
    bool lost = !o, has = binding && r->status == RESULT_OK;

    jsonio_put(o, "percent", has ? jsonio_new_real(r->percent) : json_null(), &lost);
    return jsonio_done(o, lost);
}

static json_t *limits_json(const struct limits *ls)
{
    const struct limit *binding = binding_of(ls);
    json_t *list = json_array();
    bool lost = !list;

    for (int i = 0; i < ls->n; i++) {
        json_t *o = one_limit_json(&ls->l[i]);

        jsonio_put(o, "binding", json_boolean(&ls->l[i] == binding), &lost);
        jsonio_append(list, o, &lost);
    }
    return jsonio_done(list, lost);
}

static json_t *expected_json(const struct expected *x)
{
    json_t *o = json_object();
    bool lost = !o, known = x->hi > 0; /* an untouched struct is zero, and knows nothing */

    jsonio_put(o, "range", known ? jsonio_new_pair(x->lo, x->hi) : json_null(), &lost);
    jsonio_put(o, "source", jsonio_new_text_or_null(x->source), &lost);
    return jsonio_done(o, lost);
}

static json_t *check_json(const struct check *c)
{
    const char *verdict = !c->done                              ? "not done"
                          : c->passed_before && c->passed_after ? "passed"
                                                                : "failed";
    json_t *o = json_object();
    bool lost = !o;

    jsonio_put(o, "verdict", json_string(verdict), &lost);
    jsonio_put(o, "reference", jsonio_new_text_or_null(c->reference), &lost);
    jsonio_put(o, "error", c->done ? jsonio_new_real(c->error) : json_null(), &lost);
    jsonio_put(o, "tolerance", c->done ? jsonio_new_real(c->tolerance) : json_null(), &lost);
    jsonio_put(o, "passed_before", json_boolean(c->passed_before), &lost);
    jsonio_put(o, "passed_after", json_boolean(c->passed_after), &lost);
    return jsonio_done(o, lost);
}

static json_t *notes_json(const struct result *r)
{
    json_t *list = json_array();
    bool lost = !list;

    for (int i = 0; i < RESULT_NOTES && r->notes[i][0]; i++)
        jsonio_append(list, jsonio_new_text(r->notes[i]), &lost);
    return jsonio_done(list, lost);
}

static json_t *properties_json(const struct result *r)
{
    json_t *list = json_array();
    bool lost = !list;

    for (int i = 0; i < r->n_properties; i++) {
        const struct result_property *p = &r->properties[i];
        json_t *o = json_object();

        jsonio_put(o, "name", jsonio_new_text(p->name), &lost);
        jsonio_put(o, "value", jsonio_new_real(p->value), &lost);
        jsonio_put(o, "unit", jsonio_new_text_or_null(p->unit), &lost);
        jsonio_put(o, "text", jsonio_new_text_or_null(p->text), &lost);
        jsonio_append(list, o, &lost);
    }
    return jsonio_done(list, lost);
}

json_t *result_json(const struct result *r)
{
    bool ok = r->status == RESULT_OK, lost = false;
    const char *reason = ok || r->reason[0] ? r->reason : "no reason was given";
    json_t *o;

    jsonio_init();
    o = json_object();
    jsonio_put(o, "name", jsonio_new_text(r->name), &lost);
    jsonio_put(o, "params", params_json(r), &lost);
    jsonio_put(o, "device", jsonio_new_text(r->device), &lost);
    jsonio_put(o, "metric", jsonio_new_text(r->metric), &lost);
    jsonio_put(o, "unit", jsonio_new_text(r->unit), &lost);
    jsonio_put(o, "direction", json_string(direction_name(r->direction)), &lost);
    jsonio_put(o, "status", json_string(result_status_name(r->status)), &lost);
    jsonio_put(o, "reason", jsonio_new_text_or_null(reason), &lost);
    jsonio_put(o, "origin", json_string(result_origin_name(r->origin)), &lost);
    jsonio_put(o, "value", ok ? jsonio_new_real(r->value) : json_null(), &lost);
    jsonio_put(o, "value_ci", ok ? jsonio_new_pair(r->value_lo, r->value_hi) : json_null(), &lost);
    jsonio_put(o, "unstable", jsonio_new_text_or_null(r->unstable), &lost);
    jsonio_put(o, "limit", limit_json(r), &lost);
    jsonio_put(o, "limits", limits_json(&r->limits), &lost);
    jsonio_put(o, "expected", expected_json(&r->expected), &lost);
    jsonio_put(o, "check", check_json(&r->check), &lost);
    jsonio_put(o, "variant", jsonio_new_text_or_null(r->variant), &lost);
    jsonio_put(o, "timing_mode", jsonio_new_text_or_null(r->timing_mode), &lost);
    jsonio_put(o, "inputs", jsonio_new_text_or_null(r->inputs), &lost);
    jsonio_put(o, "notes", notes_json(r), &lost);
    jsonio_put(o, "properties", properties_json(r), &lost);
    jsonio_put(o, "floor_ns", ok ? jsonio_new_real(r->floor_ns) : json_null(), &lost);
    jsonio_put(o, "duration_s", jsonio_new_real(r->seconds), &lost);
    jsonio_put(o, "work", work_json(&r->work), &lost);
    jsonio_put(o, "ops_latency", ops_json(&r->ops), &lost);
    jsonio_put(o, "runs", runs_json(r), &lost);
    return jsonio_done(o, lost);
}
