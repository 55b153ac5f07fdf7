/* limits.c - the ceilings a value is held against, and the plausibility gate. */
#include "core/limits.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/worker.h"

void ceilings_release(struct ceilings *cs)
{
    mem_free(cs->c);
    *cs = (struct ceilings){ 0 };
}

const struct ceiling *ceilings_get(const struct ceilings *cs, const char *key)
{
    for (int i = 0; i < cs->n; i++)
        if (strcmp(cs->c[i].key, key) == 0)
            return &cs->c[i];
    return NULL;
}

int ceilings_put(struct ceilings *cs, const struct ceiling *c, struct err *e)
{
    for (int i = 0; i < cs->n; i++)
        if (strcmp(cs->c[i].key, c->key) == 0) {
            cs->c[i] = *c;
            return 0;
        }
    if (cs->n == cs->cap) {
        int cap = cs->cap ? cs->cap * 2 : 16;
        struct ceiling *grown = mem_realloc(cs->c, (size_t)cap, sizeof(*grown));

        if (!grown)
            return ERR(e, ERR_NOMEM, "no memory for %d ceilings", cap);
        cs->c = grown;
        cs->cap = cap;
    }
    cs->c[cs->n++] = *c;
    return 0;
}

void ceiling_key(const char *bench, const struct params *p, const char *device, char *buf,
                 size_t cap)
{
    char settings[128];

    params_format(p, settings, sizeof(settings));
    snprintf(buf, cap, "%s %s @%s", bench, settings, device);
}

static struct limit *limits_next(struct limits *ls)
{
    BUG_ON(ls->n == LIMITS_MAX);
    ls->l[ls->n] = (struct limit){ .value = NAN, .lo = NAN, .hi = NAN };
    return &ls->l[ls->n++];
}

void limit_paper(struct limits *out, double value, const char *fmt, ...)
{
    struct limit *l = limits_next(out);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(l->source, sizeof(l->source), fmt, ap);
    va_end(ap);
    l->kind = LIMIT_PAPER;
    l->value = l->lo = l->hi = value;
}

void limit_none(struct limits *out, const char *fmt, ...)
{
    struct limit *l = limits_next(out);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(l->reason, sizeof(l->reason), fmt, ap);
    va_end(ap);
}

int limit_measured(struct bench_ctx *c, struct limits *out, const char *bench, const char *settings,
                   double factor, struct err *e)
{
    return limit_measured_on(
        c, out,
        &(struct limit_row){
            .device = c->device, .bench = bench, .settings = settings, .factor = factor },
        e);
}

int limit_measured_on(struct bench_ctx *c, struct limits *out, const struct limit_row *row,
                      struct err *e)
{
    struct ceiling ceiling;
    struct err why = { 0 };
    struct limit *l;
    char phases[24] = "";
    double factor;
    int rc = worker_ceiling(c->worker, row->device, row->bench, row->settings, &ceiling, &why);

    if (rc == ERR_INTERRUPT)
        return ERR(e, rc, "%s", why.msg);
    if (rc < 0) {
        limit_none(out, "no measured ceiling: %s", why.msg);
        return 0;
    }
    l = limits_next(out);
    l->kind = row->phases > 0 ? LIMIT_LATENCY : LIMIT_MEASURED;
    factor = row->phases > 0 ? row->phases * row->factor : row->factor;
    l->value = ceiling.value * factor;
    l->lo = ceiling.lo * factor;
    l->hi = ceiling.hi * factor;
    if (row->over > 0) {
        const double lo = l->lo;

        l->value = row->over / l->value;
        l->lo = row->over / l->hi;
        l->hi = row->over / lo;
    }
    if (row->phases > 0)
        snprintf(phases, sizeof(phases), "%.6g x ", row->phases);
    snprintf(l->source, sizeof(l->source), "%s%s = %.4g %s", phases, ceiling.key, ceiling.value,
             ceiling.unit);
    return 0;
}

void limits_bind(struct limits *ls, enum direction d)
{
    ls->binding = -1;
    for (int i = 0; i < ls->n; i++) {
        const struct limit *l = &ls->l[i];

        if (l->kind == LIMIT_NONE || !isfinite(l->value))
            continue;
        if (ls->binding < 0 || (d == HIGHER_IS_BETTER ? l->value < ls->l[ls->binding].value
                                                      : l->value > ls->l[ls->binding].value))
            ls->binding = i;
    }
}

double limits_percent(const struct limits *ls, double value, enum direction d)
{
    const struct limit *l;

    if (ls->n == 0 || ls->binding < 0)
        return NAN;
    l = &ls->l[ls->binding];
    return d == HIGHER_IS_BETTER ? 100 * value / l->value : 100 * l->value / value;
}

bool limits_implausible(const struct result *r, double slack, char *why, size_t cap)
{
    const struct limit *l;
    bool beyond;

    if (r->limits.n == 0 || r->limits.binding < 0)
        return false;
    l = &r->limits.l[r->limits.binding];
    if (r->direction == HIGHER_IS_BETTER)
        beyond = r->value_lo > l->hi * (1 + slack);
    else
        beyond = r->value_hi < l->lo / (1 + slack);
    if (beyond)
        snprintf(
            why, cap,
            "measurement fault: %.4g %s is %.1f %% of the %s limit %.4g (%.100s); the code, the "
            "count of work or the limit is wrong",
            r->value, r->unit, limits_percent(&r->limits, r->value, r->direction),
            limit_kind_name(l->kind), l->value, l->source);
    return beyond;
}
