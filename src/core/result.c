/* result.c - one row of a run. */
#include "core/result.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/stats.h"

const char *result_status_name(enum result_status s)
{
    static const char *const names[] = { "ok", "skipped", "failed", "invalid" };

    return names[s];
}

const char *result_origin_name(enum result_origin o)
{
    static const char *const names[] = { "measured", "estimated", "synthetic", "imported" };

    return names[o];
}

const char *direction_name(enum direction d)
{
    return d == HIGHER_IS_BETTER ? "higher" : "lower";
}

const char *work_memory_name(enum work_memory m)
{
    static const char *const names[] = { "dram", "cache", "hbm", "link", "storage" };

    return names[m];
}

const char *limit_kind_name(enum limit_kind k)
{
    static const char *const names[] = { "none", "paper", "measured", "latency" };

    return names[k];
}

void result_ops_init(struct ops_latency *o)
{
    *o = (struct ops_latency){ .mean_ns = NAN,
                               .min_ns = NAN,
                               .max_ns = NAN,
                               .p50_ns = NAN,
                               .p90_ns = NAN,
                               .p95_ns = NAN,
                               .p99_ns = NAN,
                               .p999_ns = NAN };
}

void result_run_init(struct result_run *run)
{
    static const char none[] = "no telemetry";

    *run = (struct result_run){ .value = NAN,
                                .value_lo = NAN,
                                .value_hi = NAN,
                                .clock_hz_median = NAN,
                                .clock_hz_min = NAN,
                                .clock_hz_max = NAN,
                                .throttled_fraction = NAN,
                                .cpu_seconds = NAN,
                                .context_switches = NAN,
                                .page_faults = NAN,
                                .energy_j = NAN,
                                .energy_lo_j = NAN,
                                .energy_hi_j = NAN,
                                .energy_s = NAN,
                                .idle_w = NAN };
    result_ops_init(&run->ops);
    snprintf(run->throttle_causes, sizeof(run->throttle_causes), "%s", none);
    snprintf(run->energy_reason, sizeof(run->energy_reason), "%s", none);
}

void result_release(struct result *r)
{
    for (int i = 0; i < r->n_runs; i++) {
        struct result_run *run = &r->runs[i];

        sampling_release(&run->sampling);
        mem_free(run->samples);
        for (int s = 0; s < run->n_telemetry; s++) {
            mem_free(run->telemetry[s].t_s);
            mem_free(run->telemetry[s].value);
        }
        mem_free(run->telemetry);
    }
    mem_free(r->runs);
    *r = (struct result){ 0 };
}

void result_note(struct result *r, const char *fmt, ...)
{
    va_list ap;

    for (int i = 0; i < RESULT_NOTES; i++) {
        if (r->notes[i][0])
            continue;
        va_start(ap, fmt);
        vsnprintf(r->notes[i], sizeof(r->notes[i]), fmt, ap);
        va_end(ap);
        return;
    }
}

const struct result_property *result_find(const struct result *r, const char *name)
{
    for (int i = 0; i < r->n_properties; i++)
        if (strcmp(r->properties[i].name, name) == 0)
            return &r->properties[i];
    return NULL;
}

static struct result_property *property_named(struct result *r, const char *name)
{
    for (int i = 0; i < r->n_properties; i++)
        if (strcmp(r->properties[i].name, name) == 0)
            return &r->properties[i];
    BUG_ON(r->n_properties == RESULT_PROPERTIES || strlen(name) >= sizeof(r->properties[0].name));
    return &r->properties[r->n_properties++];
}

void result_property(struct result *r, const char *name, double value, const char *unit)
{
    struct result_property *p = property_named(r, name);

    *p = (struct result_property){ .value = value };
    snprintf(p->name, sizeof(p->name), "%s", name);
    snprintf(p->unit, sizeof(p->unit), "%s", unit);
}

void result_property_text(struct result *r, const char *name, const char *fmt, ...)
{
    struct result_property *p = property_named(r, name);
    va_list ap;

    *p = (struct result_property){ .value = NAN };
    snprintf(p->name, sizeof(p->name), "%s", name);
    va_start(ap, fmt);
    vsnprintf(p->text, sizeof(p->text), fmt, ap);
    va_end(ap);
}

void result_settings(const struct result *r, char *buf, size_t cap)
{
    size_t n = 0;

    if (cap)
        buf[0] = '\0';
    for (int i = 0; i < r->params.n && n < cap; i++) {
        int w = snprintf(buf + n, cap - n, "%s%s=%s", i ? " " : "", r->axis_name[i],
                         r->params.p[i].text);

        n += w > 0 ? (size_t)w : 0;
    }
}

bool metric_of_energy(const struct metric *m)
{
    return m->basis == METRIC_WATTS || m->basis == METRIC_FLOPS_PER_J ||
           m->basis == METRIC_BYTES_PER_J;
}

double metric_energy_value(const struct metric *m, const struct work *w, double ns, double watts)
{
    double bytes = 0;

    if (!(ns > 0))
        return NAN; /* a clock that did not move measured nothing */
    for (int i = 0; i < WORK_MEMORIES; i++)
        bytes += w->bytes[i];
    switch (m->basis) {
    case METRIC_BYTES_PER_S: return m->scale * bytes / (ns * 1e-9);
    case METRIC_FLOPS_PER_S: return m->scale * w->flops / (ns * 1e-9);
    case METRIC_ITEMS_PER_S: return m->scale * w->items / (ns * 1e-9);
    case METRIC_TIME_PER_ITEM: return m->scale * ns * 1e-9 / w->items;
    case METRIC_WATTS: return m->scale * watts;
    case METRIC_FLOPS_PER_J: return m->scale * w->flops / (ns * 1e-9 * watts);
    case METRIC_BYTES_PER_J: return m->scale * bytes / (ns * 1e-9 * watts);
    default: return NAN;
    }
}

double metric_value(const struct metric *m, const struct work *w, double ns)
{
    return metric_energy_value(m, w, ns, NAN);
}
