/* document.c - what all written forms of a report stand on. */
#include "report/document.h"

#include "core/mem.h"
#include "report/rows.h"

static int compare(struct report *r, const struct report_wish *wish, struct err *e)
{
    const char *const label[SIDES] = { r->earlier_label, r->runs[r->n - 1].name };
    struct judge_side sides[SIDES] = { [SIDE_B] = { .records = &r->shown, .n = 1 } };
    size_t used = 0;

    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers. */
    r->earlier = mem_calloc((size_t)r->n - 1, sizeof(*r->earlier));
    if (!r->earlier)
        return ERR(e, ERR_NOMEM, "no memory for the comparison");
    for (int i = 0; i < r->n - 1; i++) {
        r->earlier[i] = r->runs[i].record;
        if (used < sizeof(r->earlier_label))
            used += (size_t)snprintf(r->earlier_label + used, sizeof(r->earlier_label) - used,
                                     "%s%s", i ? ", " : "", r->runs[i].name);
    }
    sides[SIDE_A] = (struct judge_side){ .records = r->earlier, .n = r->n - 1 };
    return comparison_make(sides, label, &wish->rules, wish->force, &r->comparison, e);
}

int report_make(const struct report_wish *wish, struct report *out, struct err *e)
{
    int rc = 0;

    *out = (struct report){ .runs = wish->runs,
                            .n = wish->n,
                            .shown = wish->runs[wish->n - 1].record,
                            .targets = wish->targets };
    TRY(findings_make(out->shown, &out->findings, e));
    if (out->n > 1 && !wish->apart)
        TRY(compare(out, wish, e));
    if (out->targets) {
        out->outcomes = mem_calloc((size_t)out->targets->n, sizeof(*out->outcomes));
        if (!out->outcomes)
            TRY(ERR(e, ERR_NOMEM, "no memory for %d targets", out->targets->n));
        targets_judge(out->targets, out->shown, out->outcomes);
    }
out:
    if (rc < 0)
        report_release(out);
    return rc;
}

void report_release(struct report *r)
{
    findings_release(&r->findings);
    comparison_release(&r->comparison);
    mem_free(r->earlier);
    mem_free(r->outcomes);
    *r = (struct report){ 0 };
}

const struct verdict *report_verdict(const struct report *r, const struct result *row)
{
    for (int i = 0; i < r->comparison.pairs.n; i++)
        if (pair_same_row(r->comparison.pairs.p[i].row, row))
            return &r->comparison.verdicts[i];
    return NULL;
}

const struct result *report_before(const struct report *r, const struct result *row)
{
    const struct result *found = NULL;

    for (int i = r->n - 2; i >= 0 && !found; i--)
        found = row_find(r->runs[i].record, row);
    return found;
}
