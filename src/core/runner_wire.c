/* runner_wire.c - the lines between the runner and its workers. */
#include "core/runner_wire.h"

#include <stdio.h>
#include <string.h>

void wire_case_write(char *buf, size_t cap, const struct plan_case *c)
{
    char settings[WIRE_SETTINGS];

    params_format(&c->params, settings, sizeof(settings));
    snprintf(buf, cap, "case %.17g %s %s %s", c->seconds, c->bench->name, c->device->name,
             settings);
}

int wire_case_read(const char *text, struct wire_case *out, struct err *e)
{
    int at = 0;

    *out = (struct wire_case){ 0 };
    if (sscanf(text, "%lf %63s %23s %n", &out->seconds, out->bench, out->device, &at) < 3 ||
        at == 0 || strlen(text + at) >= sizeof(out->settings))
        return ERR(e, ERR_FORMAT, "worker: not a case: %.60s", text);
    snprintf(out->settings, sizeof(out->settings), "%s", text + at);
    return 0;
}

void wire_ceiling_write(char *buf, size_t cap, const struct ceiling *c)
{
    snprintf(buf, cap, "ceiling %s\t%.17g\t%.17g\t%.17g\t%s\t%.17g", c->key, c->value, c->lo, c->hi,
             c->unit, c->measured_unix_s);
}

int wire_ceiling_read(const char *text, struct ceiling *out)
{
    *out = (struct ceiling){ 0 };
    return sscanf(text, "%159[^\t]\t%lf\t%lf\t%lf\t%15[^\t]\t%lf", out->key, &out->value, &out->lo,
                  &out->hi, out->unit, &out->measured_unix_s) == 6
               ? 0
               : ERR_FORMAT;
}

void wire_progress_write(char *buf, size_t cap, const char *phase,
                         const struct sampling_progress *p)
{
    if (p)
        snprintf(buf, cap, "progress %s %zu %.17g %.17g %.6g %.6g %d", phase, p->n, p->median_ns,
                 p->half_width, p->elapsed_s, p->budget_s, p->warming_up);
    else
        snprintf(buf, cap, "progress %s", phase);
}

int wire_progress_read(const char *text, char phase[16], struct sampling_progress *p, bool *has)
{
    int warming = 0, n;

    *p = (struct sampling_progress){ 0 };
    n = sscanf(text, "%15s %zu %lf %lf %lf %lf %d", phase, &p->n, &p->median_ns, &p->half_width,
               &p->elapsed_s, &p->budget_s, &warming);
    p->warming_up = warming != 0;
    *has = n == 7;
    return n >= 1 ? 0 : ERR_FORMAT;
}
