/* document.c - what all written forms of a report stand on. */
#include "report/document.h"

#include "core/mem.h"
#include "report/rows.h"

static int compare(struct report *r, const struct verdict_rules *rules, struct err *e)
{
    struct judge_side sides[SIDES] = { [SIDE_B] = { .records = &r->shown, .n = 1 } };
    int rc = 0;

    r->earlier = mem_calloc((size_t)r->n - 1, sizeof(*r->earlier));
    if (!r->earlier)
        return ERR(e, ERR_NOMEM, "no memory for the comparison");
    for (int i = 0; i < r->n - 1; i++)
        r->earlier[i] = r->runs[i].record;
    sides[SIDE_A] = (struct judge_side){ .records = r->earlier, .n = r->n - 1 };
    TRY(pairs_make(sides, &r->pairs, e));
    r->verdicts = mem_calloc((size_t)r->pairs.n, sizeof(*r->verdicts));
    if (!r->verdicts)
        return ERR(e, ERR_NOMEM, "no memory for the verdicts");
    TRY(verdict_judge(&r->pairs, rules, r->verdicts, e));
out:
    return rc;
}

int report_make(const struct report_run *runs, int n, const struct verdict_rules *rules,
                struct report *out, struct err *e)
{
    int rc = 0;

    *out = (struct report){ .runs = runs, .n = n, .shown = runs[n - 1].record };
    TRY(findings_make(out->shown, &out->findings, e));
    if (n > 1)
        TRY(compare(out, rules, e));
out:
    if (rc < 0)
        report_release(out);
    return rc;
}

void report_release(struct report *r)
{
    findings_release(&r->findings);
    pairs_release(&r->pairs);
    mem_free(r->earlier);
    mem_free(r->verdicts);
    *r = (struct report){ 0 };
}

const struct verdict *report_verdict(const struct report *r, const struct result *row)
{
    for (int i = 0; i < r->pairs.n; i++)
        if (pair_same_row(r->pairs.p[i].row, row))
            return &r->verdicts[i];
    return NULL;
}

const struct result *report_before(const struct report *r, const struct result *row)
{
    const struct result *found = NULL;

    for (int i = r->n - 2; i >= 0 && !found; i--)
        found = row_find(r->runs[i].record, row);
    return found;
}
