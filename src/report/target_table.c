/* target_table.c - targets beside what was measured. */
#include "report/target_table.h"

#include <math.h>
#include <string.h>

#include "report/columns.h"
#include "report/figures.h"
#include "report/markup.h"
#include "report/textline.h"

enum field { ID, BOUND, EXPECTED, MEASURED, STATUS, FIELDS };

static const struct column columns[FIELDS] = {
    [ID] = { "target", 0, false },        [BOUND] = { "bound", 2, false },
    [EXPECTED] = { "expected", 2, true }, [MEASURED] = { "measured", 2, true },
    [STATUS] = { "status", 2, false },
};

static void number_cell(char *out, double v, bool utf8)
{
    char number[FIGURES_TEXT];

    figures_number(number, v, v == floor(v) && fabs(v) < 1e6 ? 0 : figures_decimals(v), utf8);
    snprintf(out, COLUMNS_CELL, "%s", number);
}

static void fill(struct columns_row *row, const struct target_outcome *o, bool utf8)
{
    const struct target *t = o->target;
    char number[COLUMNS_CELL];

    *row = (struct columns_row){ 0 };
    snprintf(row->cell[ID], COLUMNS_CELL, "%s", t->id);
    if (isfinite(t->value)) {
        number_cell(number, t->value, utf8);
        snprintf(row->cell[BOUND], COLUMNS_CELL, "%s %.40s %s",
                 t->bound == BOUND_AT_LEAST ? ">=" : "<=", number, t->unit);
    }
    if (isfinite(t->expected))
        number_cell(row->cell[EXPECTED], t->expected, utf8);
    number_cell(row->cell[MEASURED], o->measured, utf8);
    snprintf(row->cell[STATUS], COLUMNS_CELL, "%s", target_status_name(o->status));
}

static enum style_colour colour_of(enum target_status s)
{
    switch (s) {
    case TARGET_MET: return STYLE_GOOD;
    case TARGET_MISSED:
    case TARGET_INVALID: return STYLE_ALARM;
    case TARGET_OTHER_HARDWARE:
    case TARGET_NO_DATA:
    case TARGET_STATUSES: break;
    }
    return STYLE_DIM;
}

/* What it is, who said so, and why it is not met. */
static void print_words(FILE *f, const struct target_outcome *o, const struct terminal_style *s)
{
    const struct target *t = o->target;
    char text[600];

    snprintf(text, sizeof(text), "%s%s%s (%s)%s%s", t->what, o->why[0] ? ": " : "", o->why,
             t->source, t->note[0] ? "; " : "", t->note);
    fputs("      ", f);
    textline_wrap(f, text, 6, 6, style_columns(s), s->utf8);
}

void target_table(FILE *f, const struct targets *ts, const struct target_outcome *o,
                  const struct terminal_style *s)
{
    struct columns table = { .column = columns, .n = FIELDS, .style = s };
    int count[TARGET_STATUSES] = { 0 };
    struct columns_row row;

    for (int i = 0; i < ts->n; i++) {
        fill(&row, &o[i], s->utf8);
        columns_widen(&table, &row);
        count[o[i].status]++;
    }
    columns_fit(&table);
    fprintf(f, "%s\n", ts->title);
    columns_heads(f, &table);
    for (int i = 0; i < ts->n; i++) {
        fill(&row, &o[i], s->utf8);
        style_paint(f, s, colour_of(o[i].status));
        columns_print(f, &table, &row);
        style_paint(f, s, STYLE_PLAIN);
        print_words(f, &o[i], s);
    }
    fprintf(f, "%d targets:", ts->n);
    for (int k = 0, any = 0; k < TARGET_STATUSES; k++)
        if (count[k])
            fprintf(f, "%s %d %s", any++ ? "," : "", count[k],
                    target_status_name((enum target_status)k));
    fputc('\n', f);
}

static void put_cell(FILE *f, const char *text)
{
    fputs("| ", f);
    markup_markdown(f, text);
    fputc(' ', f);
}

/* What is wrong or missed first. */
void target_markdown(FILE *f, const struct targets *ts, const struct target_outcome *o)
{
    static const enum target_status order[] = { TARGET_INVALID, TARGET_MISSED, TARGET_MET,
                                                TARGET_OTHER_HARDWARE, TARGET_NO_DATA };
    struct columns_row row;
    char text[600];

    fputs("\n### Targets: ", f);
    markup_markdown(f, ts->title);
    fputs("\n\n| target | what | bound | expected | measured | status | why |\n"
          "| --- | --- | --- | --: | --: | --- | --- |\n",
          f);
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
        for (int i = 0; i < ts->n; i++) {
            if (o[i].status != order[k])
                continue;
            fill(&row, &o[i], true);
            snprintf(text, sizeof(text), "%s (%s)", o[i].target->what, o[i].target->source);
            put_cell(f, row.cell[ID]);
            put_cell(f, text);
            for (int c = BOUND; c <= STATUS; c++)
                put_cell(f, row.cell[c]);
            put_cell(f, o[i].why);
            fputs("|\n", f);
        }
}
