/* markdown.c - for a pull request: what got worse first, then what is farthest from its limit. */
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "report/changes.h"
#include "report/document.h"
#include "report/markup.h"
#include "report/rows.h"

enum { FIRST_ROWS = 20, BAR_CELLS = 10, CASES = 3 };

struct entry {
    const struct result *row;
    const struct verdict *verdict; /* NULL: nothing to compare with */
    int index;                     /* in the record: keeps the order among equals */
};

/* Smaller goes first: no number, slower by how much, unclear, then by headroom, skipped last. */
static int class_of(const struct entry *e)
{
    if (e->row->status == RESULT_FAILED || e->row->status == RESULT_INVALID)
        return 0;
    if (e->row->status == RESULT_SKIPPED)
        return 5;
    if (change_is(e->verdict, VERDICT_SLOWER))
        return 1;
    if (change_is(e->verdict, VERDICT_UNCLEAR))
        return 2;
    if (change_is(e->verdict, VERDICT_FASTER))
        return 3;
    return 4;
}

static double weight_of(const struct entry *e)
{
    if (e->verdict && class_of(e) < 4)
        return isfinite(e->verdict->change) ? -fabs(e->verdict->change) : 0;
    return isfinite(e->row->percent) ? e->row->percent : (double)INFINITY;
}

static int by_need(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    double wx, wy;

    if (class_of(x) != class_of(y))
        return class_of(x) - class_of(y);
    wx = weight_of(x);
    wy = weight_of(y);
    return wx < wy ? -1 : wx > wy ? 1 : x->index - y->index;
}

static void bar(FILE *f, double percent)
{
    int full = (int)lround(fmin(fmax(percent, 0), 100) / 100 * BAR_CELLS);

    if (isfinite(percent))
        fputc(' ', f);
    for (int i = 0; i < BAR_CELLS && isfinite(percent); i++)
        fputs(i < full ? "\xE2\x96\x88" : "\xE2\x96\x91", f);
}

static void value(FILE *f, double v, const struct figures_unit *unit)
{
    char text[FIGURES_TEXT];

    figures_number(text, v * unit->factor, figures_decimals(v * unit->factor), true);
    fputs(text, f);
    if (isfinite(v)) {
        fputc(' ', f);
        markup_markdown(f, unit->name);
    }
}

static void percent(FILE *f, double v, const char *sign)
{
    char text[FIGURES_TEXT];

    figures_percent(text, v, true);
    fprintf(f, "%s%s", isfinite(v) ? sign : "", text);
}

static void comparison(FILE *f, const struct entry *e, const struct figures_unit *unit)
{
    const struct verdict *v = e->verdict;
    double change;

    if (!v) {
        fputs(" | | |", f);
        return;
    }
    change = verdict_percent(v->change, e->row->direction);
    fputc(' ', f);
    value(f, v->median[SIDE_A], unit);
    fputs(" | ", f);
    percent(f, change, change > 0 ? "+" : "");
    fprintf(f, change_is(v, VERDICT_SLOWER) ? " | **%s** |" : " | %s |", change_word(v));
}

static void write_entry(FILE *f, const struct report *rep, const struct entry *e)
{
    const struct result *r = e->row;
    struct figures_unit unit = row_group_unit(rep->shown, r);
    char label[160], half[FIGURES_TEXT];

    row_label(r, label, sizeof(label), true);
    fputs("| ", f);
    markup_markdown(f, r->name);
    fputc(' ', f);
    markup_markdown(f, label);
    if (strcmp(r->device, "cpu") != 0) {
        fputs(", ", f);
        markup_markdown(f, r->device);
    }
    if (r->status != RESULT_OK) {
        fprintf(f, " | **%s**: ", result_status_name(r->status));
        markup_markdown(f, r->reason);
        fputs(rep->n > 1 ? " | | | | | |\n" : " | | |\n", f);
        return;
    }
    fputs(" | ", f);
    value(f, r->value, &unit);
    if (isfinite(row_half_width(r))) {
        figures_percent(half, 100 * row_half_width(r), true);
        fprintf(f, " \xC2\xB1 %s", half);
    }
    fputs(" |", f);
    if (rep->n > 1)
        comparison(f, e, &unit);
    bar(f, r->percent);
    fputc(' ', f);
    percent(f, r->percent, "");
    fputs(" | ", f);
    percent(f, 100 - r->percent, "");
    fputs(" |\n", f);
}

static void write_table(FILE *f, const struct report *rep, const struct entry *list, int from,
                        int to)
{
    fprintf(f, "| row | value |%s of the limit | headroom |\n| --- | ---: |%s --- | ---: |\n",
            rep->n > 1 ? " before | change | verdict |" : "",
            rep->n > 1 ? " ---: | ---: | --- |" : "");
    for (int i = from; i < to; i++)
        write_entry(f, rep, &list[i]);
}

static void write_head(FILE *f, const struct report *rep)
{
    const struct run_record *rec = rep->shown;
    int count[4] = { 0 };

    for (int i = 0; i < rec->n_results; i++)
        count[rec->results[i].status]++;
    fputs("### headroom: ", f);
    if (rep->n > 1) {
        struct verdict_counts c = verdict_count(rep->verdicts, rep->pairs.n);

        fprintf(f, "%d slower, %d unclear, %d faster, %d the same", c.slower, c.unclear, c.faster,
                c.same);
        if (c.gone)
            fprintf(f, ", %d no longer measured", c.gone);
        fputs("\n\n", f);
    } else {
        fprintf(f, "%d row%s measured\n\n", count[RESULT_OK], count[RESULT_OK] == 1 ? "" : "s");
    }
    markup_markdown(f, facts_get_text(&rec->machine, "cpu.model", "unknown CPU"));
    for (int i = 0;; i++) {
        char key[40];
        const char *model;

        snprintf(key, sizeof(key), "gpus.%d.model", i);
        model = facts_get_text(&rec->machine, key, NULL);
        if (!model)
            break;
        fputs(", ", f);
        markup_markdown(f, model);
    }
    fprintf(f, "; %.10s; %d ok, %d skipped, %d failed, %d invalid", rec->start, count[RESULT_OK],
            count[RESULT_SKIPPED], count[RESULT_FAILED], count[RESULT_INVALID]);
    if (rep->n > 1) {
        fputs("; against ", f);
        for (int i = 0; i < rep->n - 1; i++) {
            fputs(i ? ", " : "", f);
            markup_markdown(f, rep->runs[i].name);
        }
    }
    fputs("\n\n", f);
}

/* Every row that got slower, with the rule that says so. */
static void write_slower(FILE *f, const struct report *rep)
{
    const struct change_words *words = change_words(VERDICT_SLOWER);
    char label[160];
    int n = 0;

    for (int i = 0; i < rep->pairs.n; i++) {
        const struct verdict *v = &rep->verdicts[i];

        if (!change_is(v, VERDICT_SLOWER) || n++ >= FIRST_ROWS)
            continue;
        row_label(rep->pairs.p[i].row, label, sizeof(label), true);
        fputs("- **slower: ", f);
        markup_markdown(f, rep->pairs.p[i].row->name);
        fputc(' ', f);
        markup_markdown(f, label);
        fputs("**: ", f);
        markup_markdown(f, v->reason);
        fputs(" (", f);
        markup_markdown(f, v->rule);
        fputs(")\n", f);
    }
    if (!n)
        return;
    fputs("\nUsually: ", f);
    markup_markdown(f, words->causes);
    fputs(" Next: ", f);
    markup_markdown(f, words->check);
    fputs("\n\n", f);
}

static void write_finding(FILE *f, const struct finding *x)
{
    char label[160];

    fprintf(f, "- **%s: %s** (", finding_grade_name(x->rule->grade), x->rule->title);
    markup_markdown(f, x->rule->rule);
    fputs(").", f);
    for (int k = 0; k < x->n && k < CASES; k++) {
        fputs(k ? "; " : " ", f);
        if (x->cases[k].row) {
            row_label(x->cases[k].row, label, sizeof(label), true);
            markup_markdown(f, x->cases[k].row->name);
            fputc(' ', f);
            markup_markdown(f, label);
            fputs(": ", f);
        }
        markup_markdown(f, x->cases[k].numbers);
    }
    if (x->n > CASES)
        fprintf(f, "; and %d more", x->n - CASES);
    fputs(". Usually: ", f);
    markup_markdown(f, x->rule->causes);
    fputs(" Next: ", f);
    markup_markdown(f, x->rule->check);
    fputc('\n', f);
}

/* Faults are in sight; warnings are folded, hints left to the page. */
static void write_findings(FILE *f, const struct findings *fs)
{
    int warnings = findings_count(fs, FINDING_WARNING);

    for (int i = 0; i < fs->n; i++)
        if (fs->list[i].rule->grade == FINDING_FAULT)
            write_finding(f, &fs->list[i]);
    if (!warnings)
        return;
    fprintf(f, "\n<details><summary>%d warning%s</summary>\n\n", warnings,
            warnings == 1 ? "" : "s");
    for (int i = 0; i < fs->n; i++)
        if (fs->list[i].rule->grade == FINDING_WARNING)
            write_finding(f, &fs->list[i]);
    fputs("\n</details>\n", f);
}

void report_markdown(FILE *f, const struct report *rep)
{
    int n = rep->shown->n_results, first = n < FIRST_ROWS ? n : FIRST_ROWS;
    struct entry *list = mem_calloc((size_t)n, sizeof(*list));

    if (!list) {
        fputs("no memory for the table\n", f);
        return;
    }
    for (int i = 0; i < n; i++) {
        const struct result *r = &rep->shown->results[i];

        list[i] = (struct entry){ .row = r, .verdict = report_verdict(rep, r), .index = i };
    }
    qsort(list, (size_t)n, sizeof(*list), by_need);
    write_head(f, rep);
    write_table(f, rep, list, 0, first);
    if (n > first) {
        fprintf(f, "\n<details><summary>%d more rows</summary>\n\n", n - first);
        write_table(f, rep, list, first, n);
        fputs("\n</details>\n", f);
    }
    fputc('\n', f);
    write_slower(f, rep);
    write_findings(f, &rep->findings);
    mem_free(list);
}
