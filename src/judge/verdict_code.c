/* verdict_code.c - verdicts counted, and the exit codes that follow. */
#include "judge/verdict.h"

static bool is_open(const struct verdict *v)
{
    if (v->gap == GAP_ONLY_A || v->gap == GAP_UNITS)
        return true;
    if (v->gap != GAP_NONE || v->level == LEVEL_FAIL)
        return false;
    return v->refused || (v->word == VERDICT_UNCLEAR && !v->kept);
}

struct verdict_counts verdict_count(const struct verdict *v, int n)
{
    struct verdict_counts c = { 0 };

    for (int i = 0; i < n; i++) {
        bool has = v[i].gap == GAP_NONE;

        c.faster += has && v[i].word == VERDICT_FASTER;
        c.same += has && v[i].word == VERDICT_SAME;
        c.slower += has && v[i].word == VERDICT_SLOWER;
        c.unclear += (has && v[i].word == VERDICT_UNCLEAR) || v[i].gap == GAP_UNITS;
        c.warn += v[i].level == LEVEL_WARN;
        c.fail += v[i].level == LEVEL_FAIL;
        c.invalid += v[i].gap == GAP_INVALID;
        c.gone += v[i].gap == GAP_ONLY_A;
        c.added += v[i].gap == GAP_ONLY_B;
        c.open += is_open(&v[i]);
    }
    return c;
}

int verdict_compare_code(const struct verdict_counts *c)
{
    if (c->invalid)
        return 4;
    if (c->slower)
        return 2;
    return c->unclear || c->gone ? 3 : 0;
}

int verdict_gate_code(const struct verdict_counts *c)
{
    if (c->invalid)
        return 4;
    if (c->fail)
        return 2;
    if (c->open)
        return 3;
    return c->warn ? 1 : 0;
}
