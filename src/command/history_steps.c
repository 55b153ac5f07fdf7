/* history_steps.c - the runs at which a series became another. */
#include "command/history_steps.h"

#include <math.h>

#include "core/mem.h"
#include "core/stats.h"

/* A row that failed has no value, and a value that is none changes nothing. */
static bool counts(const struct history_point *p)
{
    return p->status == RESULT_OK && p->value > 0 && isfinite(p->value);
}

/* place: of each value among the points of the series. */
static int find(struct history_steps *out, const struct history_series *s, const size_t *place,
                struct err *e)
{
    const struct changepoint_config c = changepoint_defaults();
    struct changepoint found[HISTORY_STEPS_MAX];
    size_t n = 0;
    int rc = changepoint_find(out->values, out->n_values, &c, found, HISTORY_STEPS_MAX, &n, e);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        out->step[out->n++] =
            (struct history_step){ .first = &s->points[place[found[i].at]], .what = found[i] };
    return 0;
}

/* What the last value is to be seen beside: its own level, without itself. */
static void settle(struct history_steps *out)
{
    size_t from = out->n ? out->step[out->n - 1].what.at : 0, last = out->n_values - 1;

    out->last = out->values[last];
    if (last > from)
        out->before = stats_median(out->values + from, last - from);
    else if (out->n)
        out->before = out->step[out->n - 1].what.before;
}

int history_steps_find(const struct history_series *s, struct history_steps *out, struct err *e)
{
    size_t *place = mem_calloc(s->n_points, sizeof(*place));
    int rc = 0;

    *out = (struct history_steps){ .values = mem_calloc(s->n_points, sizeof(double)),
                                   .last = NAN,
                                   .before = NAN };
    if (!place || !out->values) {
        rc = ERR(e, ERR_NOMEM, "no memory for a series of %zu points", s->n_points);
        goto out;
    }
    for (size_t i = 0; i < s->n_points; i++)
        if (counts(&s->points[i])) {
            place[out->n_values] = i;
            out->values[out->n_values++] = s->points[i].value;
        }
    if (out->n_values == 0)
        goto out;
    TRY(find(out, s, place, e));
    settle(out);
out:
    mem_free(place);
    return rc;
}

void history_steps_release(struct history_steps *s)
{
    mem_free(s->values);
    *s = (struct history_steps){ 0 };
}
