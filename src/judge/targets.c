/* targets.c - absolute targets against what was measured. */
#include "judge/targets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/registry.h"
#include "judge/target_check.h"

const char *target_status_name(enum target_status s)
{
    static const char *const names[] = { "met", "missed", "no data", "other hardware", "invalid" };

    return names[s];
}

void targets_release(struct targets *ts)
{
    mem_free(ts->t);
    *ts = (struct targets){ 0 };
}

/* ---- units ---- */

/* The power of ten of what stands before `base` in `unit`; NaN where that is no prefix. */
static double prefix_of(const char *unit, const char *base)
{
    static const struct {
        char letter;
        double factor;
    } prefixes[] = { { 'n', 1e-9 }, { 'u', 1e-6 }, { 'm', 1e-3 }, { 'k', 1e3 },
                     { 'M', 1e6 },  { 'G', 1e9 },  { 'T', 1e12 }, { 'P', 1e15 } };
    size_t n = strlen(unit), b = strlen(base);

    if (n < b || strcmp(unit + n - b, base) != 0)
        return NAN;
    if (n == b)
        return 1;
    for (size_t i = 0; n == b + 1 && i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (unit[0] == prefixes[i].letter)
            return prefixes[i].factor;
    return NAN;
}

double target_unit_factor(const char *from, const char *to)
{
    static const char *const bases[] = {
        "s", "B/s", "B", "FLOPS", "OPS", "IOPS", "J", "W", "tok/s"
    };

    if (strcmp(from, to) == 0)
        return 1;
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        double factor = prefix_of(from, bases[i]) / prefix_of(to, bases[i]);

        if (isfinite(factor))
            return factor;
    }
    return NAN;
}

/* ---- which rows ---- */

static bool matches(const char *pattern, const char *text)
{
    return !pattern[0] || registry_matches(pattern, text);
}

static bool is_of(const struct target *t, const struct result *r)
{
    if (!matches(t->name, r->name) || !matches(t->device, r->device) ||
        !matches(t->metric, r->metric))
        return false;
    for (int i = 0; i < t->n_params; i++) {
        bool agrees = false;

        for (int k = 0; k < r->params.n; k++)
            agrees |= strcmp(r->axis_name[k], t->param[i][0]) == 0 &&
                      matches(t->param[i][1], r->params.p[k].text);
        if (!agrees)
            return false;
    }
    return true;
}

/* Is the machine the one that the target assumes: by the model of its CPU or of a GPU? */
static bool is_hardware(const struct target *t, const struct facts *machine)
{
    if (!t->hardware[0])
        return true;
    for (size_t i = 0; i < machine->n; i++) {
        const struct fact *f = &machine->f[i];
        bool model = strcmp(f->key, "cpu.model") == 0 ||
                     (strncmp(f->key, "gpus.", 5) == 0 && strstr(f->key, ".model"));

        if (model && f->kind == FACT_TEXT && registry_matches(t->hardware, f->text))
            return true;
    }
    return false;
}

/* What of a row the target bounds, in the target's unit. */
static bool measure(const struct target *t, const struct result *r, double *value, double *lo,
                    double *hi)
{
    double factor;

    if (r->status != RESULT_OK)
        return false;
    if (t->of == TARGET_PERCENT) {
        *value = *lo = *hi = r->percent;
        return isfinite(r->percent);
    }
    factor = target_unit_factor(r->unit, t->unit);
    *value = r->value * factor;
    *lo = r->value_lo * factor;
    *hi = r->value_hi * factor;
    return isfinite(*value);
}

static bool is_worse(enum target_bound b, double x, double than)
{
    return b == BOUND_AT_LEAST ? x < than : x > than;
}

static bool is_bad(const struct result *r)
{
    return r->status == RESULT_FAILED || r->status == RESULT_INVALID;
}

/* The worst row that matches decides, and none is worse than one that went wrong. */
static void hold(struct target_outcome *o, const struct run_record *r)
{
    const struct target *t = o->target;
    const struct result *bad = NULL;
    int matched = 0;

    for (int i = 0; i < r->n_results; i++) {
        double value, lo, hi;

        if (!is_of(t, &r->results[i]))
            continue;
        matched++;
        bad = !bad && is_bad(&r->results[i]) ? &r->results[i] : bad;
        if (!measure(t, &r->results[i], &value, &lo, &hi)) {
            if (!o->why[0] && r->results[i].reason[0])
                snprintf(o->why, sizeof(o->why), "%.190s", r->results[i].reason);
            continue;
        }
        if (o->row && !is_worse(t->bound, value, o->measured))
            continue;
        o->row = &r->results[i];
        o->measured = value;
        o->lo = lo;
        o->hi = hi;
    }
    if (bad) {
        o->row = bad;
        o->status = TARGET_INVALID;
        o->measured = o->lo = o->hi = NAN;
        snprintf(o->why, sizeof(o->why), "%s: %.170s", result_status_name(bad->status),
                 bad->reason);
    } else if (o->row) {
        o->status = is_worse(t->bound, o->measured, t->value) ? TARGET_MISSED : TARGET_MET;
        o->why[0] = '\0';
        if (o->lo < t->value && o->hi > t->value)
            snprintf(o->why, sizeof(o->why), "its interval reaches across the bound");
        else if (matched > 1)
            snprintf(o->why, sizeof(o->why), "the worst of %d rows", matched);
    } else if (!matched) {
        snprintf(o->why, sizeof(o->why), "not measured: no row of %.47s", t->name);
    } else if (!o->why[0]) {
        snprintf(o->why, sizeof(o->why), "no value in %s", t->of == TARGET_PERCENT ? "%" : t->unit);
    }
}

void targets_judge(const struct targets *ts, const struct run_record *r, struct target_outcome *out)
{
    for (int i = 0; i < ts->n; i++) {
        out[i] = (struct target_outcome){
            .target = &ts->t[i], .measured = NAN, .lo = NAN, .hi = NAN, .status = TARGET_NO_DATA
        };
        if (ts->t[i].of != TARGET_CHECK)
            hold(&out[i], r);
        if (out[i].status != TARGET_NO_DATA && !is_hardware(&ts->t[i], &r->machine)) {
            out[i].status = TARGET_OTHER_HARDWARE;
            snprintf(out[i].why, sizeof(out[i].why), "it is for %.90s", ts->t[i].hardware);
        }
    }
    for (int i = 0; i < ts->n; i++)
        if (ts->t[i].of == TARGET_CHECK)
            target_check(&out[i], r, out, ts->n);
}

int targets_code(const struct target_outcome *o, int n)
{
    int count[TARGET_STATUSES] = { 0 };

    for (int i = 0; i < n; i++)
        count[o[i].status]++;
    if (count[TARGET_INVALID])
        return 4;
    if (count[TARGET_MISSED])
        return 2;
    return count[TARGET_MET] ? 0 : 3;
}
