/* target_table.c - targets beside what was measured. */
#include "report/target_table.h"

#include <math.h>
#include <string.h>

#include "report/figures.h"
#include "report/markup.h"
#include "report/textline.h"

enum { TARGET_CELL = 64, ID_WIDTH = 24 };

enum field { ID, BOUND, EXPECTED, MEASURED, STATUS, FIELDS };
static const char *const heads[FIELDS] = { "target", "bound", "expected", "measured", "status" };

static void number_cell(char *out, double v, bool utf8)
{
    char number[FIGURES_TEXT];

    figures_number(number, v, v == floor(v) && fabs(v) < 1e6 ? 0 : figures_decimals(v), utf8);
    snprintf(out, TARGET_CELL, "%s", number);
}

static void fill(char cell[FIELDS][TARGET_CELL], const struct target_outcome *o, bool utf8)
{
    const struct target *t = o->target;
    char number[TARGET_CELL];

    memset(cell, 0, (size_t)FIELDS * TARGET_CELL);
    snprintf(cell[ID], TARGET_CELL, "%s", t->id);
    if (isfinite(t->value)) {
        number_cell(number, t->value, utf8);
        snprintf(cell[BOUND], TARGET_CELL, "%s %.40s %s",
                 t->bound == BOUND_AT_LEAST ? ">=" : "<=", number, t->unit);
    }
    if (isfinite(t->expected))
        number_cell(cell[EXPECTED], t->expected, utf8);
    number_cell(cell[MEASURED], o->measured, utf8);
    snprintf(cell[STATUS], TARGET_CELL, "%s", target_status_name(o->status));
}

static void print_cells(FILE *f, const char cell[FIELDS][TARGET_CELL], const int width[FIELDS])
{
    for (int k = 0; k < FIELDS; k++) {
        fprintf(f, "  ");
        if (k == EXPECTED || k == MEASURED)
            textline_right(f, cell[k], width[k]);
        else
            textline_left(f, cell[k], k + 1 < FIELDS ? width[k] : 0);
    }
    fputc('\n', f);
}

static const char *colour_of(enum target_status s)
{
    static const char *const colours[] = { "\x1b[32m", "\x1b[1;31m", "\x1b[2m", "\x1b[2m",
                                           "\x1b[1;31m" };

    return colours[s];
}

/* What it is, who said so, and why it is not met. */
static void print_words(FILE *f, const struct target_outcome *o, const struct terminal_style *s)
{
    const struct target *t = o->target;
    char text[600];

    snprintf(text, sizeof(text), "%s%s%s (%s)%s%s", t->what, o->why[0] ? ": " : "", o->why,
             t->source, t->note[0] ? "; " : "", t->note);
    fputs("      ", f);
    textline_wrap(f, text, 6, 6, s->columns < 40 ? 40 : s->columns, s->utf8);
}

void target_table(FILE *f, const struct targets *ts, const struct target_outcome *o,
                  const struct terminal_style *s)
{
    char cell[FIELDS][TARGET_CELL];
    int width[FIELDS], count[TARGET_STATUSES] = { 0 };

    for (int k = 0; k < FIELDS; k++)
        width[k] = (int)strlen(heads[k]);
    for (int i = 0; i < ts->n; i++) {
        fill(cell, &o[i], s->utf8);
        for (int k = 0; k < FIELDS; k++)
            width[k] = (int)fmax(width[k], (double)textline_width(cell[k]));
        count[o[i].status]++;
    }
    fprintf(f, "%s\n", ts->title);
    for (int k = 0; k < FIELDS; k++)
        snprintf(cell[k], TARGET_CELL, "%s", heads[k]);
    print_cells(f, cell, width);
    for (int i = 0; i < ts->n; i++) {
        fill(cell, &o[i], s->utf8);
        fputs(s->colour ? colour_of(o[i].status) : "", f);
        print_cells(f, cell, width);
        fputs(s->colour ? "\x1b[0m" : "", f);
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
    char cell[FIELDS][TARGET_CELL], text[600];

    fputs("\n### Targets: ", f);
    markup_markdown(f, ts->title);
    fputs("\n\n| target | what | bound | expected | measured | status | why |\n"
          "| --- | --- | --- | --: | --: | --- | --- |\n",
          f);
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
        for (int i = 0; i < ts->n; i++) {
            if (o[i].status != order[k])
                continue;
            fill(cell, &o[i], true);
            snprintf(text, sizeof(text), "%s (%s)", o[i].target->what, o[i].target->source);
            put_cell(f, cell[ID]);
            put_cell(f, text);
            for (int c = BOUND; c <= STATUS; c++)
                put_cell(f, cell[c]);
            put_cell(f, o[i].why);
            fputs("|\n", f);
        }
}
