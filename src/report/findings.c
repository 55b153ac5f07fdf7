/* findings.c - every rule applied to every row. */
#include "report/findings.h"

#include <stddef.h>

#include "core/mem.h"

const char *finding_grade_name(enum finding_grade g)
{
    static const char *const names[] = { "fault", "warning", "hint" };

    return names[g];
}

void findings_release(struct findings *fs)
{
    for (int i = 0; i < fs->n; i++)
        mem_free(fs->list[i].cases);
    mem_free(fs->list);
    *fs = (struct findings){ 0 };
}

int findings_count(const struct findings *fs, enum finding_grade g)
{
    int n = 0;

    for (int i = 0; i < fs->n; i++)
        n += fs->list[i].rule->grade == g;
    return n;
}

/* The cases of one rule; n stays 0 where it does not hold. */
static int apply(const struct finding_rule *rule, const struct run_record *rec, struct finding *f,
                 struct err *e)
{
    size_t most = rule->of_run ? 1 : (size_t)rec->n_results;
    struct finding_case *fitted;

    *f = (struct finding){ .rule = rule, .cases = mem_calloc(most, sizeof(*f->cases)) };
    if (!f->cases)
        return ERR(e, ERR_NOMEM, "no memory for what the run says");
    if (rule->of_run) {
        f->n = rule->of_run(rec, f->cases[0].numbers, sizeof(f->cases[0].numbers));
        return 0;
    }
    for (int i = 0; i < rec->n_results; i++) {
        struct finding_case *c = &f->cases[f->n];

        c->row = &rec->results[i];
        f->n += rule->of_row(rec, c->row, c->numbers, sizeof(c->numbers));
    }
    fitted = mem_realloc(f->cases, (size_t)(f->n ? f->n : 1), sizeof(*fitted));
    f->cases = fitted ? fitted : f->cases;
    return 0;
}

int findings_make(const struct run_record *rec, struct findings *out, struct err *e)
{
    int rules = 0, rc = 0;

    *out = (struct findings){ 0 };
    while (finding_rule(rules))
        rules++;
    out->list = mem_calloc((size_t)rules, sizeof(*out->list));
    if (!out->list)
        return ERR(e, ERR_NOMEM, "no memory for what the run says");
    for (int grade = FINDING_FAULT; grade <= FINDING_HINT; grade++)
        for (int i = 0; i < rules; i++) {
            struct finding *f = &out->list[out->n];

            if (finding_rule(i)->grade != (enum finding_grade)grade)
                continue;
            rc = apply(finding_rule(i), rec, f, e);
            if (rc < 0) {
                findings_release(out);
                return rc;
            }
            if (f->n > 0)
                out->n++;
            else
                mem_free(f->cases);
        }
    return 0;
}
