/* verdict_markdown.c - a comparison as one summary for a pull request. */
#include "report/verdict_markdown.h"

#include <math.h>
#include <string.h>

#include "report/figures.h"
#include "report/markup.h"
#include "report/verdict_table.h"

enum { MARKDOWN_CELL = 300, MARKDOWN_CHANGES = 12 };

static void put_value(FILE *f, double value, const struct figures_unit *unit)
{
    char number[FIGURES_TEXT];
    double shown = value * unit->factor;

    figures_number(number, shown, figures_decimals(shown), true);
    fputs(number, f);
}

static void put_percent(FILE *f, double change, enum direction d)
{
    char number[FIGURES_TEXT];
    double percent = verdict_percent(change, d);

    figures_number(number, percent, fabs(percent) < 100 ? 1 : 0, true);
    fprintf(f, "%s%s", percent > 0 ? "+" : "", number);
}

static void put_row(FILE *f, const struct pair *p, const struct verdict *v)
{
    struct figures_unit unit =
        figures_unit_for(p->row->unit, fmax(v->median[SIDE_A], v->median[SIDE_B]));
    enum direction d = p->row->direction;
    char text[MARKDOWN_CELL], settings[200];

    comparison_word(v, text, sizeof(text));
    fprintf(f, v->level == LEVEL_FAIL || v->gap == GAP_INVALID ? "| **%s** | " : "| %s | ", text);
    result_settings(p->row, settings, sizeof(settings));
    snprintf(text, sizeof(text), "%s %s (%s)", p->row->name, settings, p->row->device);
    markup_markdown(f, text);
    for (int s = 0; s < SIDES; s++) {
        fputs(" | ", f);
        put_value(f, v->median[s], &unit);
    }
    fputs(" | ", f);
    markup_markdown(f, unit.name);
    fputs(" | ", f);
    if (isfinite(v->change)) {
        put_percent(f, v->change, d);
        fputs(" %", f);
    }
    if (isfinite(v->lo) && isfinite(v->hi)) {
        fputs(" (", f);
        put_percent(f, d == HIGHER_IS_BETTER ? v->hi : v->lo, d);
        fputs(" .. ", f);
        put_percent(f, d == HIGHER_IS_BETTER ? v->lo : v->hi, d);
        fputc(')', f);
    }
    fprintf(f, " | %d, %d | ", v->n[SIDE_A], v->n[SIDE_B]);
    markup_markdown(f, v->reason);
    fputs(" |\n", f);
}

static void put_differences(FILE *f, const struct manifest *m)
{
    if (!m->n)
        return;
    fputs("\nWhat else differs:\n\n| | A | B |\n| --- | --- | --- |\n", f);
    for (int i = 0; i < m->n && i < MARKDOWN_CHANGES; i++) {
        fputs("| ", f);
        markup_markdown(f, m->change[i].what);
        fputs(" | ", f);
        markup_markdown(f, m->change[i].a);
        fputs(" | ", f);
        markup_markdown(f, m->change[i].b);
        fputs(" |\n", f);
    }
    if (m->n + m->left_out > MARKDOWN_CHANGES)
        fprintf(f, "\nand %d more\n", m->n + m->left_out - MARKDOWN_CHANGES);
}

void verdict_markdown(FILE *f, const struct comparison *c, const char *outcome)
{
    char sum[200];
    int shown = 0;

    verdict_table_sum_text(c, sum, sizeof(sum));
    fprintf(f, "## headroom: %s\n\n%s.\n\nA is ", outcome, sum);
    markup_markdown(f, c->label[SIDE_A]);
    fputs(", B is ", f);
    markup_markdown(f, c->label[SIDE_B]);
    fputs(".\n", f);
    if (c->other_machine)
        fputs("\n**Different machines: forced; the changes are those of the machine first.**\n", f);
    fputs("\n| verdict | row | A | B | unit | change | runs | why |\n"
          "| --- | --- | --: | --: | --- | --: | --: | --- |\n",
          f);
    for (; shown < c->pairs.n && shown < VERDICT_MARKDOWN_ROWS; shown++)
        put_row(f, &c->pairs.p[c->order[shown]], &c->verdicts[c->order[shown]]);
    if (shown < c->pairs.n)
        fprintf(f, "\n%d more rows are not shown; they weigh less.\n", c->pairs.n - shown);
    put_differences(f, &c->manifest);
    for (int i = 0; i < c->pairs.n; i++)
        if (c->verdicts[c->order[i]].rule[0]) {
            fputs("\nRule: ", f);
            markup_markdown(f, c->verdicts[c->order[i]].rule);
            fputs(".\n", f);
            break;
        }
}
