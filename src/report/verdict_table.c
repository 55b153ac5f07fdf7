/* verdict_table.c - a comparison for a terminal. */
#include "report/verdict_table.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "report/columns.h"
#include "report/figures.h"
#include "report/rows.h"
#include "report/textline.h"

enum field { LABEL, BEFORE, AFTER, CHANGE, INTERVAL, TELLS, CHANCE, RUNS, WORD, COLUMNS };
enum { CHANGES_SHOWN = 12 };

static const struct column columns[COLUMNS] = {
    [LABEL] = { "", 0, false },          [BEFORE] = { "A", 2, true },
    [AFTER] = { "B", 2, true },          [CHANGE] = { "change", 2, true },
    [INTERVAL] = { "between", 2, true }, [TELLS] = { "tells from", 2, true },
    [CHANCE] = { "p", 2, true },         [RUNS] = { "runs", 2, true },
    [WORD] = { "verdict", 2, false },
};
static const int optional[] = { RUNS, CHANCE, LABEL, TELLS, INTERVAL };

struct line {
    const struct pair *pair;
    const struct verdict *v;
    struct columns_row row;
};

struct table {
    struct line *lines; /* n, in the comparison's order; owned */
    int n;
    struct columns columns;
    const struct terminal_style *style;
};

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
    snprintf(out, COLUMNS_CELL, "%s%s", percent > 0 ? "+" : "", number);
}

static void fill_change(struct line *l, bool utf8)
{
    const struct verdict *v = l->v;
    enum direction d = l->pair->row->direction;
    char ends[2][COLUMNS_CELL];

    if (isnan(v->change))
        return;
    percent_cell(l->row.cell[CHANGE], v->change, d, utf8);
    snprintf(l->row.cell[CHANGE] + strlen(l->row.cell[CHANGE]), 8, " %%");
    if (isfinite(v->lo) && isfinite(v->hi)) {
        percent_cell(ends[0], d == HIGHER_IS_BETTER ? v->hi : v->lo, d, utf8);
        percent_cell(ends[1], d == HIGHER_IS_BETTER ? v->lo : v->hi, d, utf8);
        snprintf(l->row.cell[INTERVAL], COLUMNS_CELL, "%.20s .. %.20s", ends[0], ends[1]);
    }
    if (isfinite(v->detectable))
        snprintf(l->row.cell[TELLS], COLUMNS_CELL, "%.1f %%", 100 * expm1(v->detectable));
    if (isfinite(v->p))
        snprintf(l->row.cell[CHANCE], COLUMNS_CELL, v->p < 0.0001 ? "<.0001" : "%.4f", v->p);
    snprintf(l->row.cell[RUNS], COLUMNS_CELL, "%d, %d", v->n[SIDE_A], v->n[SIDE_B]);
}

static void fill_line(struct line *l, const struct figures_unit *unit, bool utf8)
{
    static const enum field of[SIDES] = { BEFORE, AFTER };

    row_label(l->pair->row, l->row.cell[LABEL], COLUMNS_CELL, utf8);
    for (int s = 0; s < SIDES; s++) {
        double value = l->v->median[s] * unit->factor;

        figures_number(l->row.cell[of[s]], value, figures_decimals(value), utf8);
    }
    comparison_word(l->v, l->row.cell[WORD], COLUMNS_CELL);
    fill_change(l, utf8);
}

/* ---- the table ---- */

static bool table_make(struct table *t, const struct comparison *c, const struct terminal_style *s)
{
    *t = (struct table){ .style = s,
                         .n = c->pairs.n,
                         .columns = { .column = columns,
                                      .n = COLUMNS,
                                      .optional = optional,
                                      .n_optional = sizeof(optional) / sizeof(optional[0]),
                                      .style = s } };
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
        columns_widen(&t->columns, &l->row);
    }
    columns_fit(&t->columns);
    return true;
}

static enum style_colour colour_of(const struct verdict *v)
{
    if (v->gap == GAP_INVALID || v->level == LEVEL_FAIL)
        return STYLE_ALARM;
    if (v->gap == GAP_ONLY_A || v->level == LEVEL_WARN || v->word == VERDICT_SLOWER)
        return STYLE_WARN;
    if (v->gap == GAP_NONE && v->word == VERDICT_FASTER)
        return STYLE_GOOD;
    return v->word == VERDICT_UNCLEAR ? STYLE_DIM : STYLE_PLAIN;
}

static void print_line(FILE *f, const struct table *t, const struct line *l)
{
    enum style_colour colour = colour_of(l->v);

    if (colour != STYLE_PLAIN)
        style_paint(f, t->style, colour);
    columns_print(f, &t->columns, &l->row);
    if (colour != STYLE_PLAIN)
        style_paint(f, t->style, STYLE_PLAIN);
}

static void print_group(FILE *f, const struct table *t, const struct comparison *c, int first)
{
    const struct result *head = t->lines[first].pair->row;
    struct figures_unit unit = group_unit(c, head);

    columns_group(f, t->style, head->name, head->device, head->metric, unit.name);
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
        used = alike > 1 ? fprintf(f, "%*s%d rows: ", COLUMNS_INDENT, "", alike)
                         : fprintf(f, "%*s%s %s: ", COLUMNS_INDENT, "", row->name, settings);
        textline_wrap(f, text, used, 2 * COLUMNS_INDENT, style_columns(t->style), t->style->utf8);
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
        textline_wrap(f, t->lines[i].v->rule, 6, 6, style_columns(t->style), t->style->utf8);
        any = true;
    }
    if (any)
        fputc('\n', f);
}

void verdict_table_rows(FILE *f, const struct comparison *c, const struct terminal_style *s)
{
    struct table t;

    if (!table_make(&t, c, s)) {
        fputs("no memory for the table\n", f);
        return;
    }
    columns_heads(f, &t.columns);
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
    style_paint(f, s, STYLE_BOLD);
    fputs(side == SIDE_A ? "A" : "B", f);
    style_paint(f, s, STYLE_PLAIN);
    fputs("  ", f);
    textline_wrap(f, text, 3, 3, style_columns(s), s->utf8);
}

void verdict_table_header(FILE *f, const struct comparison *c, const struct terminal_style *s)
{
    char text[400];

    print_side(f, c, SIDE_A, s);
    print_side(f, c, SIDE_B, s);
    if (c->other_machine) {
        style_paint(f, s, STYLE_ALARM);
        textline_wrap(f, "ANOTHER MACHINE: forced; the changes are those of the machine first", 0,
                      3, style_columns(s), s->utf8);
        style_paint(f, s, STYLE_PLAIN);
    }
    for (int i = 0; i < c->manifest.n && i < CHANGES_SHOWN; i++) {
        const struct manifest_change *m = &c->manifest.change[i];

        snprintf(text, sizeof(text), "%s: %s %s %s", m->what, m->a, s->utf8 ? "\xE2\x86\x92" : "->",
                 m->b);
        fputs(i ? "          " : "differs   ", f);
        textline_wrap(f, text, 10, 12, style_columns(s), s->utf8);
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
    style_paint(f, s, c->counts.invalid || c->counts.fail ? STYLE_ALARM : STYLE_BOLD);
    textline_wrap(f, text, 0, 2, style_columns(s), s->utf8);
    style_paint(f, s, STYLE_PLAIN);
}
