/* promise.c - which loss a gate promises to catch, and whether it can. */
#include "judge/promise.h"

#include <math.h>
#include <stdio.h>

#include "core/registry.h"

static const double WARN_PCT = 10, FAIL_PCT = 20;

/* Of the Hodges-Lehmann estimate against the mean, for normal differences: pi / 3. */
static const double HODGES_LEHMANN = 1.0471975511965976;
static const double Z_OF_95 = 1.959963984540054;    /* two-sided */
static const double Z_OF_POWER = 1.281551565544600; /* 90 % */
/* Half the last look's interval in standard errors: 20 pairs know their spread to a sixth. */
static const double REACH = 2.1;

static bool matches(const char *pattern, const char *text)
{
    return !pattern[0] || registry_matches(pattern, text);
}

struct promise promise_for(const struct promises *ps, const struct result *row)
{
    struct promise p = { .warn_pct = WARN_PCT, .fail_pct = FAIL_PCT, .source = "default" };

    for (int i = 0; ps && i < ps->n; i++) {
        const struct promise_rule *r = &ps->rule[i];

        if (!matches(r->name, row->name) || !matches(r->metric, row->metric) ||
            !matches(r->device, row->device))
            continue;
        p.warn_pct = r->warn_pct;
        p.fail_pct = r->fail_pct;
        snprintf(p.source, sizeof(p.source), "rule %d: %s", i + 1, r->name[0] ? r->name : "*");
    }
    return p;
}

double promise_line(double promised_pct)
{
    return log1p(promised_pct / 100) / 2;
}

double promise_smallest(double spread, double band, int pairs)
{
    double error = spread * sqrt(2 * HODGES_LEHMANN / pairs);
    double by_line = 2 * 2 * Z_OF_95 * error; /* the line is half of it */
    double by_power = band + (2 * REACH + Z_OF_POWER) * error;

    return 100 * expm1(fmax(by_line, by_power));
}
