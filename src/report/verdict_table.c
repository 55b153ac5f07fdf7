/* verdict_table.c - a comparison for a terminal. */
#include "report/verdict_table.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "report/figures.h"
#include "report/rows.h"
#include "report/textline.h"

enum column { LABEL, BEFORE, AFTER, CHANGE, INTERVAL, TELLS, CHANCE, RUNS, WORD, COLUMNS };
enum { CELL = 96, LABEL_MIN = 8, NARROWEST = 40, INDENT = 2, CHANGES_SHOWN = 12 };

static const struct {
    const char *head;
    int gap;
    bool right;
} columns[COLUMNS] = {
    [LABEL] = { "", 0, false },          [BEFORE] = { "A", 2, true },
    [AFTER] = { "B", 2, true },          [CHANGE] = { "change", 2, true },
    [INTERVAL] = { "between", 2, true }, [TELLS] = { "tells from", 2, true },
    [CHANCE] = { "p", 2, true },         [RUNS] = { "runs", 2, true },
    [WORD] = { "verdict", 2, false },
};

/* What a narrow terminal does without, or has less of, the first to go first. */
static const enum column optional[] = { RUNS, CHANCE, LABEL, TELLS, INTERVAL };

struct line {
    const struct pair *pair;
    const struct verdict *v;
    char cell[COLUMNS][CELL];
};

struct table {
    struct line *lines; /* n, in the comparison's order; owned */
    int n;
    int width[COLUMNS]; /* 0: not shown */
    const struct terminal_style *style;
};

static const char *const BOLD = "\x1b[1m", *const ALARM = "\x1b[1;31m", *const WARN = "\x1b[33m",
                         *const GOOD = "\x1b[32m", *const DIM = "\x1b[2m", *const PLAIN = "\x1b[0m";

static void paint(FILE *f, const struct terminal_style *s, const char *colour)
{
    if (s->colour)
        fputs(colour, f);
}

static int full_width(const struct terminal_style *s)
{
    return s->columns < NARROWEST ? NARROWEST : s->columns;
}

/* ---- cells ---- */

static struct figures_unit group_unit(const struct comparison *c, const struct result *row)
{
    double largest = 0;

    for (int i = 0; i < c->pairs.n; i++)
        if (row_same_group(c->pairs.p[i].row, row))
            for (int s = 0; s < SIDES; s++)
                largest = fmax(largest, c->verdicts[i].median[s]);
    return figures_unit_for(row->unit, largest);
}

static void percent_cell(char *out, double change, enum direction d, bool utf8)
{
    char number[FIGURES_TEXT];
    double percent = verdict_percent(change, d);

    figures_number(number, percent, fabs(percent) < 100 ? 1 : 0, utf8);
    snprintf(out, CELL, "%s%s", percent > 0 ? "+" : "", number);
}

static void fill_change(struct line *l, bool utf8)
{
    const struct verdict *v = l->v;
    enum direction d = l->pair->row->direction;
    char ends[2][CELL];

    if (isnan(v->change))
        return;
    percent_cell(l->cell[CHANGE], v->change, d, utf8);
    snprintf(l->cell[CHANGE] + strlen(l->cell[CHANGE]), 8, " %%");
    if (isfinite(v->lo) && isfinite(v->hi)) {
        percent_cell(ends[0], d == HIGHER_IS_BETTER ? v->hi : v->lo, d, utf8);
        percent_cell(ends[1], d == HIGHER_IS_BETTER ? v->lo : v->hi, d, utf8);
        snprintf(l->cell[INTERVAL], CELL, "%.20s .. %.20s", ends[0], ends[1]);
    }
    if (isfinite(v->detectable))
        snprintf(l->cell[TELLS], CELL, "%.1f %%", 100 * expm1(v->detectable));
    if (isfinite(v->p))
        snprintf(l->cell[CHANCE], CELL, v->p < 0.0001 ? "<.0001" : "%.4f", v->p);
    snprintf(l->cell[RUNS], CELL, "%d, %d", v->n[SIDE_A], v->n[SIDE_B]);
}

static void fill_line(struct line *l, const struct figures_unit *unit, bool utf8)
{
    static const enum column of[SIDES] = { BEFORE, AFTER };

    row_label(l->pair->row, l->cell[LABEL], CELL, utf8);
    for (int s = 0; s < SIDES; s++) {
        double value = l->v->median[s] * unit->factor;

        figures_number(l->cell[of[s]], value, figures_decimals(value), utf8);
    }
    comparison_word(l->v, l->cell[WORD], CELL);
    fill_change(l, utf8);
}

/* ---- the table ---- */

static int total_width(const struct table *t)
{
    int sum = INDENT;

    for (int c = 0; c < COLUMNS; c++)
        if (t->width[c])
            sum += t->width[c] + columns[c].gap;
    return sum;
}

static void fit(struct table *t)
{
    int over;

    for (int c = 0; c < COLUMNS; c++)
        for (int i = 0; i < t->n; i++)
            t->width[c] = (int)fmax(t->width[c], (double)textline_width(t->lines[i].cell[c]));
    for (int c = 0; c < COLUMNS; c++)
        if (t->width[c])
            t->width[c] = (int)fmax(t->width[c], (double)textline_width(columns[c].head));
    for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
        over = total_width(t) - full_width(t->style);
        if (over > 0 && optional[i] == LABEL) /* a long one then has a line of its own */
            t->width[LABEL] = (int)fmax(LABEL_MIN, t->width[LABEL] - over);
        else if (over > 0)
            t->width[optional[i]] = 0;
    }
}

static bool table_make(struct table *t, const struct comparison *c, const struct terminal_style *s)
{
    *t = (struct table){ .style = s, .n = c->pairs.n };
    t->lines = mem_calloc((size_t)t->n, sizeof(*t->lines));
    if (!t->lines)
        return false;
    for (int i = 0; i < t->n; i++) {
        struct line *l = &t->lines[i];
        struct figures_unit unit;

        l->pair = &c->pairs.p[c->order[i]];
        l->v = &c->verdicts[c->order[i]];
        unit = group_unit(c, l->pair->row);
        fill_line(l, &unit, s->utf8);
    }
    fit(t);
    return true;
}

/* Nothing is printed behind the last cell that holds something. */
static void print_cells(FILE *f, const struct table *t, const char *const cell[COLUMNS])
{
    int last = COLUMNS - 1, pad = INDENT;

    while (last > 0 && (!t->width[last] || !cell[last][0]))
        last--;
    for (int c = 0; c <= last; c++) {
        if (!t->width[c])
            continue;
        fprintf(f, "%*s", pad + columns[c].gap, "");
        pad = 0;
        if (columns[c].right)
            textline_right(f, cell[c], t->width[c]);
        else
            textline_left(f, cell[c], c < last ? t->width[c] : 0);
    }
    fputc('\n', f);
}

static const char *colour_of(const struct verdict *v)
{
    if (v->gap == GAP_INVALID || v->level == LEVEL_FAIL)
        return ALARM;
    if (v->gap == GAP_ONLY_A || v->level == LEVEL_WARN || v->word == VERDICT_SLOWER)
        return WARN;
    if (v->gap == GAP_NONE && v->word == VERDICT_FASTER)
        return GOOD;
    return v->word == VERDICT_UNCLEAR ? DIM : "";
}

static void print_line(FILE *f, const struct table *t, const struct line *l)
{
    const char *cell[COLUMNS];

    for (int c = 0; c < COLUMNS; c++)
        cell[c] = l->cell[c];
    paint(f, t->style, colour_of(l->v));
    if ((int)textline_width(cell[LABEL]) > t->width[LABEL]) {
        fprintf(f, "%*s%s\n", INDENT, "", cell[LABEL]);
        cell[LABEL] = "";
    }
    print_cells(f, t, cell);
    paint(f, t->style, colour_of(l->v)[0] ? PLAIN : "");
}

static void print_group(FILE *f, const struct table *t, const struct comparison *c, int first)
{
    const struct result *head = t->lines[first].pair->row;
    struct figures_unit unit = group_unit(c, head);
    char text[160], clean[160];

    snprintf(text, sizeof(text), "%s, %s: %s in %s", head->name, head->device, head->metric,
             unit.name);
    textline_clean(clean, sizeof(clean), text, t->style->utf8);
    paint(f, t->style, BOLD);
    fputs(clean, f);
    paint(f, t->style, PLAIN);
    fputc('\n', f);
    for (int i = first; i < t->n; i++)
        if (row_same_group(t->lines[i].pair->row, head))
            print_line(f, t, &t->lines[i]);
}

/* ---- reasons ---- */

/* What follows from the figures in the table needs no words. */
static bool needs_reason(const struct verdict *v)
{
    return v->gap != GAP_NONE || v->clocks_differ || isnan(v->lo) || v->refused;
}

static void reason_of(const struct verdict *v, char *out, size_t cap)
{
    size_t n = (size_t)snprintf(out, cap, "%s", v->reason);

    if (v->refused && n < cap)
        snprintf(out + n, cap - n,
                 "; the promise of %g %% is refused: this machine's noise lets none below %.0f %% "
                 "be kept",
                 v->promise.warn_pct, ceil(v->keepable_pct));
}

/* One line a reason, with how many rows share it. */
static void print_reasons(FILE *f, const struct table *t)
{
    bool any = false;

    for (int i = 0; i < t->n; i++) {
        const struct verdict *v = t->lines[i].v;
        const struct result *row = t->lines[i].pair->row;
        char text[400], settings[160];
        int alike = 0, used;
        bool seen = !needs_reason(v);

        for (int j = 0; j < t->n && !seen; j++) {
            bool same =
                needs_reason(t->lines[j].v) && strcmp(t->lines[j].v->reason, v->reason) == 0;

            seen = same && j < i;
            alike += same;
        }
        if (seen)
            continue;
        fputs(any ? "" : "why:\n", f);
        any = true;
        reason_of(v, text, sizeof(text));
        result_settings(row, settings, sizeof(settings));
        used = alike > 1 ? fprintf(f, "%*s%d rows: ", INDENT, "", alike)
                         : fprintf(f, "%*s%s %s: ", INDENT, "", row->name, settings);
        textline_wrap(f, text, used, 2 * INDENT, full_width(t->style), t->style->utf8);
    }
    if (any)
        fputc('\n', f);
}

/* By which rule, each one once. */
static void print_rules(FILE *f, const struct table *t)
{
    bool any = false;

    for (int i = 0; i < t->n; i++) {
        bool seen = !t->lines[i].v->rule[0];

        for (int j = 0; j < i && !seen; j++)
            seen = strcmp(t->lines[j].v->rule, t->lines[i].v->rule) == 0;
        if (seen)
            continue;
        fputs(any ? "      " : "rule: ", f);
        textline_wrap(f, t->lines[i].v->rule, 6, 6, full_width(t->style), t->style->utf8);
        any = true;
    }
    if (any)
        fputc('\n', f);
}

void verdict_table_rows(FILE *f, const struct comparison *c, const struct terminal_style *s)
{
    const char *cell[COLUMNS];
    struct table t;

    if (!table_make(&t, c, s)) {
        fputs("no memory for the table\n", f);
        return;
    }
    for (int k = 0; k < COLUMNS; k++)
        cell[k] = columns[k].head;
    paint(f, s, DIM);
    print_cells(f, &t, cell);
    paint(f, s, PLAIN);
    for (int i = 0; i < t.n; i++) {
        bool seen = false;

        for (int j = 0; j < i && !seen; j++)
            seen = row_same_group(t.lines[j].pair->row, t.lines[i].pair->row);
        if (!seen)
            print_group(f, &t, c, i);
    }
    fputc('\n', f);
    print_reasons(f, &t);
    print_rules(f, &t);
    mem_free(t.lines);
}

/* ---- above and below ---- */

static void print_side(FILE *f, const struct comparison *c, enum pair_side side,
                       const struct terminal_style *s)
{
    const struct judge_side *records = &c->side[side];
    const struct run_record *last = records->records[records->n - 1];
    char text[400], many[48] = "";

    if (records->n > 1)
        snprintf(many, sizeof(many), ", %d sessions", records->n);
    snprintf(text, sizeof(text), "%.150s%s, %.10s %.5s UTC, headroom %.20s %.10s%s", c->label[side],
             many, last->start, strlen(last->start) > 11 ? last->start + 11 : "",
             facts_get_text(&last->build, "version", ""),
             facts_get_text(&last->build, "git.commit", ""),
             facts_get_number(&last->build, "git.dirty", 0) > 0 ? " with changes" : "");
    paint(f, s, BOLD);
    fputs(side == SIDE_A ? "A" : "B", f);
    paint(f, s, PLAIN);
    fputs("  ", f);
    textline_wrap(f, text, 3, 3, full_width(s), s->utf8);
}

void verdict_table_header(FILE *f, const struct comparison *c, const struct terminal_style *s)
{
    char text[400];

    print_side(f, c, SIDE_A, s);
    print_side(f, c, SIDE_B, s);
    if (c->other_machine) {
        paint(f, s, ALARM);
        textline_wrap(f, "ANOTHER MACHINE: forced; the changes are those of the machine first", 0,
                      3, full_width(s), s->utf8);
        paint(f, s, PLAIN);
    }
    for (int i = 0; i < c->manifest.n && i < CHANGES_SHOWN; i++) {
        const struct manifest_change *m = &c->manifest.change[i];

        snprintf(text, sizeof(text), "%s: %s %s %s", m->what, m->a, s->utf8 ? "\xE2\x86\x92" : "->",
                 m->b);
        fputs(i ? "          " : "differs   ", f);
        textline_wrap(f, text, 10, 12, full_width(s), s->utf8);
    }
    if (c->manifest.n + c->manifest.left_out > CHANGES_SHOWN)
        fprintf(f, "          and %d more (--json has them)\n",
                c->manifest.n + c->manifest.left_out - CHANGES_SHOWN);
    fputc('\n', f);
}

void verdict_table_sum_text(const struct comparison *c, char *out, size_t cap)
{
    const struct verdict_counts *k = &c->counts;
    const struct {
        int n;
        const char *word;
    } parts[] = { { k->invalid, "invalid" }, { k->slower, "slower" },   { k->faster, "faster" },
                  { k->same, "same" },       { k->unclear, "unclear" }, { k->gone, "gone" },
                  { k->added, "new" } };
    size_t n = (size_t)snprintf(out, cap, "%d row%s:", c->pairs.n, c->pairs.n == 1 ? "" : "s");
    bool any = false;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && n < cap; i++) {
        if (!parts[i].n)
            continue;
        n += (size_t)snprintf(out + n, cap - n, "%s %d %s", any ? "," : "", parts[i].n,
                              parts[i].word);
        any = true;
        if (i == 1 && n < cap && k->fail + k->warn)
            n += (size_t)snprintf(out + n, cap - n, " (%d fail, %d warn)", k->fail, k->warn);
    }
}

void verdict_table_sum(FILE *f, const struct comparison *c, const struct terminal_style *s)
{
    char text[200];

    verdict_table_sum_text(c, text, sizeof(text));
    paint(f, s, c->counts.invalid || c->counts.fail ? ALARM : BOLD);
    textline_wrap(f, text, 0, 2, full_width(s), s->utf8);
    paint(f, s, PLAIN);
}
