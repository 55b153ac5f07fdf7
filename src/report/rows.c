/* rows.c - what every form of a report calls a row. */
#include "report/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge/pair.h"
#include "report/textline.h"

static const char *axis_of(const struct result *r, int i)
{
    return r->params.p[i].axis ? r->params.p[i].axis->name : r->axis_name[i];
}

void row_label(const struct result *r, char *out, size_t cap, bool utf8)
{
    char text[AXIS_MAX * (AXIS_TEXT + 26)] = "";

    for (int i = 0; i < r->params.n; i++) {
        const char *value = r->params.p[i].text;
        bool number = value[0] >= '0' && value[0] <= '9';
        size_t n = strlen(text);

        snprintf(text + n, sizeof(text) - n, "%s%s%s%s", n ? " " : "", number ? axis_of(r, i) : "",
                 number ? "=" : "", value);
    }
    textline_clean(out, cap, text[0] ? text : r->metric, utf8);
}

const char *row_setting(const struct result *r, const char *name)
{
    for (int i = 0; i < r->params.n; i++)
        if (strcmp(axis_of(r, i), name) == 0)
            return r->params.p[i].text;
    return NULL;
}

bool row_same_group(const struct result *a, const struct result *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->device, b->device) == 0 &&
           strcmp(a->metric, b->metric) == 0 && strcmp(a->unit, b->unit) == 0;
}

bool row_same_level(const struct result *a, const struct result *b)
{
    size_t n = strcspn(a->name, ".");

    return n == strcspn(b->name, ".") && strncmp(a->name, b->name, n) == 0;
}

const struct result *row_find(const struct run_record *rec, const struct result *like)
{
    for (int i = 0; i < rec->n_results; i++)
        if (pair_same_row(&rec->results[i], like))
            return &rec->results[i];
    return NULL;
}

struct figures_unit row_group_unit(const struct run_record *rec, const struct result *r)
{
    double largest = 0;

    for (int i = 0; i < rec->n_results; i++)
        if (row_same_group(&rec->results[i], r) && rec->results[i].status == RESULT_OK &&
            isfinite(rec->results[i].value))
            largest = fmax(largest, fabs(rec->results[i].value));
    return figures_unit_for(r->unit, largest);
}

struct figures_unit row_unit(const struct result *r)
{
    return figures_unit_for(r->unit, r->value);
}

bool row_first_of_group(const struct run_record *rec, int i)
{
    for (int j = 0; j < i; j++)
        if (row_same_group(&rec->results[j], &rec->results[i]))
            return false;
    return true;
}

bool row_first_of_level(const struct run_record *rec, int i)
{
    for (int j = 0; j < i; j++)
        if (row_same_level(&rec->results[j], &rec->results[i]))
            return false;
    return true;
}

const struct limit *row_limit(const struct result *r)
{
    if (r->limits.n == 0 || r->limits.binding < 0 || !isfinite(r->percent))
        return NULL;
    return &r->limits.l[r->limits.binding];
}

double row_half_width(const struct result *r)
{
    return (r->value_hi - r->value_lo) / 2 / fabs(r->value);
}
