/* page_findings.c - verdicts and findings in words: rule, numbers, causes, what to check next. */
#include <string.h>

#include "report/changes.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/rows.h"

enum { CASES_SHOWN = 4 };

static void write_case(FILE *f, const struct finding_case *c)
{
    char label[160];

    fputs("<li>", f);
    if (c->row) {
        row_label(c->row, label, sizeof(label), true);
        fputs("<b>", f);
        markup_htmlf(f, "%s %s %s", c->row->name,
                     strcmp(c->row->device, "cpu") ? c->row->device : "", label);
        fputs("</b>: ", f);
    }
    markup_html(f, c->numbers);
    fputs("</li>\n", f);
}

static void write_finding(FILE *f, const struct finding *x)
{
    const struct finding_rule *rule = x->rule;

    fprintf(f, "<article class=\"finding %s\"><h3><span class=\"grade\">%s</span> %s",
            finding_grade_name(rule->grade), finding_grade_name(rule->grade), rule->title);
    if (x->n > 1)
        fprintf(f, " <span class=\"count\">%d rows</span>", x->n);
    fputs("</h3>\n<ul class=\"cases\">", f);
    for (int i = 0; i < x->n && i < CASES_SHOWN; i++)
        write_case(f, &x->cases[i]);
    fputs("</ul>\n", f);
    if (x->n > CASES_SHOWN) {
        fprintf(f, "<details><summary>%d more</summary><ul class=\"cases\">", x->n - CASES_SHOWN);
        for (int i = CASES_SHOWN; i < x->n; i++)
            write_case(f, &x->cases[i]);
        fputs("</ul></details>\n", f);
    }
    fputs("<dl><div><dt>Rule</dt><dd>", f);
    markup_htmlf(f, "%s (%s)", rule->rule, rule->name);
    fputs("</dd></div><div><dt>Usually</dt><dd>", f);
    markup_html(f, rule->causes);
    fputs("</dd></div><div><dt>Check next</dt><dd>", f);
    markup_html(f, rule->check);
    fputs("</dd></div></dl></article>\n", f);
}

/* One verdict's rows. */
static void write_change(FILE *f, const struct report *r, enum verdict_word w, const char *kind)
{
    const struct change_words *words = change_words(w);
    int n = 0, shown = 0;
    char label[160];

    for (int i = 0; i < r->comparison.pairs.n; i++)
        n += change_is(&r->comparison.verdicts[i], w);
    if (n == 0)
        return;
    fprintf(f,
            "<article class=\"finding %s\"><h3><span class=\"grade\">%s</span> %s <span "
            "class=\"count\">%d row%s</span></h3>\n<ul class=\"cases\">",
            kind, verdict_word_name(w), words->title, n, n == 1 ? "" : "s");
    for (int i = 0; i < r->comparison.pairs.n; i++) {
        const struct result *row = r->comparison.pairs.p[i].row;

        if (!change_is(&r->comparison.verdicts[i], w))
            continue;
        if (shown++ == CASES_SHOWN)
            fprintf(f, "</ul>\n<details><summary>%d more</summary><ul class=\"cases\">",
                    n - CASES_SHOWN);
        row_label(row, label, sizeof(label), true);
        fputs("<li><b>", f);
        markup_htmlf(f, "%s %s%s%s", row->name, strcmp(row->device, "cpu") ? row->device : "",
                     strcmp(row->device, "cpu") ? " " : "", label);
        fputs("</b>: ", f);
        markup_html(f, r->comparison.verdicts[i].reason);
        fputs(" <span class=\"soft\">", f);
        markup_html(f, r->comparison.verdicts[i].rule);
        fputs("</span></li>\n", f);
    }
    fputs(n > CASES_SHOWN ? "</ul></details>\n" : "</ul>\n", f);
    fputs("<dl><div><dt>Usually</dt><dd>", f);
    markup_html(f, words->causes);
    fputs("</dd></div><div><dt>Check next</dt><dd>", f);
    markup_html(f, words->check);
    fputs("</dd></div></dl></article>\n", f);
}

void page_findings(FILE *f, const struct report *r)
{
    int hints = findings_count(&r->findings, FINDING_HINT), i = 0;

    page_section(f, "findings", "Findings",
                 "Each one names the rule that was met, the numbers that met it, what usually "
                 "causes it and what to check next. A fault means that a number is missing or "
                 "wrong, a warning that a number stands but something about it is not as it "
                 "should be, a hint how to read a number.");
    write_change(f, r, VERDICT_SLOWER, "fault");
    write_change(f, r, VERDICT_UNCLEAR, "warning");
    write_change(f, r, VERDICT_FASTER, "good");
    for (; i < r->findings.n && r->findings.list[i].rule->grade != FINDING_HINT; i++)
        write_finding(f, &r->findings.list[i]);
    if (i == 0)
        fputs("<p>No faults and no warnings.</p>\n", f);
    if (hints) {
        fprintf(f, "<details class=\"hints\"><summary>%d hint%s on reading the numbers</summary>\n",
                hints, hints == 1 ? "" : "s");
        for (; i < r->findings.n; i++)
            write_finding(f, &r->findings.list[i]);
        fputs("</details>\n", f);
    }
    page_section_end(f);
}
