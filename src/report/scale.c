/* scale.c - from values to places in a picture, and the values worth a tick. */
#include "report/scale.h"

#include <math.h>
#include <stdio.h>

double scale_at(const struct scale *s, double v)
{
    double lo = s->log ? log10(s->lo) : s->lo, hi = s->log ? log10(s->hi) : s->hi;
    double part = ((s->log ? log10(v) : v) - lo) / (hi - lo);

    if (!(part > 0)) /* also NaN, and the logarithm of what has none */
        part = 0;
    return s->at_lo + fmin(part, 1) * (s->at_hi - s->at_lo);
}

/* The step of 1, 2 or 5 times a power of ten that gives at most `wanted` intervals. */
static double step_for(double range, int wanted)
{
    static const double steps[] = { 1, 2, 5, 10 };
    double rough = range / wanted, power = pow(10, floor(log10(rough)));

    for (int i = 0; i < 4; i++)
        if (steps[i] * power >= rough * (1 - 1e-9))
            return steps[i] * power;
    return 10 * power;
}

static void add(struct ticks *out, const struct scale *s, double v)
{
    double slack = (s->hi - s->lo) * 1e-9;

    if (out->n < TICKS_MAX && v >= s->lo - slack && v <= s->hi + slack)
        out->v[out->n++] = v;
}

static void log_ticks(const struct scale *s, int wanted, struct ticks *out)
{
    static const double between[] = { 1, 2, 5 };
    int first = (int)floor(log10(s->lo)), last = (int)ceil(log10(s->hi));
    int every = 1 + (last - first - 1) / wanted;
    bool fill = last - first <= wanted / 2;

    for (int p = first; p <= last; p++) {
        if ((p - first) % every)
            continue;
        for (int i = 0; i < (fill ? 3 : 1); i++)
            add(out, s, between[i] * pow(10, p));
    }
}

void scale_ticks(const struct scale *s, int wanted, struct ticks *out)
{
    double step, first;

    out->n = 0;
    wanted = wanted < 2 ? 2 : wanted > 10 ? 10 : wanted;
    if (!isfinite(s->lo) || !isfinite(s->hi) || !(s->hi > s->lo) || (s->log && !(s->lo > 0)))
        return;
    if (s->log) {
        log_ticks(s, wanted, out);
        return;
    }
    step = step_for(s->hi - s->lo, wanted);
    first = ceil(s->lo / step - 1e-9);
    for (int i = 0; i < TICKS_MAX && (first + i) * step <= s->hi + step / 2; i++)
        add(out, s, first + i == 0 ? 0 : (first + i) * step);
}

void scale_nice(struct scale *s, int wanted)
{
    double step;

    if (!isfinite(s->lo) || !isfinite(s->hi) || s->hi < s->lo) {
        s->lo = s->log ? 1 : 0;
        s->hi = s->log ? 10 : 1;
    }
    if (s->log) {
        s->lo = s->lo > 0 ? s->lo : s->hi > 0 ? s->hi / 1000 : 1;
        s->hi = s->hi > s->lo ? s->hi : 10 * s->lo;
        s->lo = pow(10, floor(log10(s->lo) + 1e-9));
        s->hi = pow(10, ceil(log10(s->hi) - 1e-9));
        return;
    }
    if (s->hi - s->lo < 1e-9 * fmax(fabs(s->lo), fabs(s->hi)) || s->hi == s->lo) {
        double around = s->lo == 0 ? 1 : fabs(s->lo) * 0.05;

        s->lo -= around;
        s->hi += around;
    }
    step = step_for(s->hi - s->lo, wanted);
    s->lo = step * floor(s->lo / step + 1e-9);
    s->hi = step * ceil(s->hi / step - 1e-9);
}

void scale_label(char out[SCALE_LABEL], double v)
{
    static const char *const prefix[] = { "", "k", "M", "G", "T", "P", "E" };
    double size = fabs(v);
    int p = 0;

    while (size >= 1000 * (1 - 1e-9) && p < 6) {
        size /= 1000;
        p++;
    }
    snprintf(out, SCALE_LABEL, "%s%.4g%s", v < 0 ? "\xE2\x88\x92" : "", size, prefix[p]);
}
