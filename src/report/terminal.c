/* terminal.c - what a person reads after a run. */
#include "report/terminal.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "report/columns.h"
#include "report/figures.h"
#include "report/footnotes.h"
#include "report/rows.h"
#include "report/textline.h"

enum field { LABEL, VALUE, HALF, LIMIT, KIND, BAR, REACHED, USUAL, NOTES, HEADROOM, COLUMNS };
enum { BAR_CELLS = 10 };

static const struct column columns[COLUMNS] = {
    [LABEL] = { "", 0, false },         [VALUE] = { "value", 2, true },
    [HALF] = { "", 1, false },          [LIMIT] = { "limit", 2, true },
    [KIND] = { "", 1, false },          [BAR] = { "", 2, false },
    [REACHED] = { "reached", 2, true }, [USUAL] = { "usual?", 2, false },
    [NOTES] = { "notes", 2, false },    [HEADROOM] = { "headroom", 2, true },
};
static const int optional[] = { BAR, USUAL, REACHED, LABEL, KIND };

struct line {
    const struct result *r;
    struct columns_row row;
};

struct table {
    struct line *lines; /* of rows that are not skipped, in the order of the record; owned */
    int n;
    struct columns columns;
    struct footnotes notes;
    const struct terminal_style *style;
};

/* ---- the cells of one row ---- */

static void fill_limit(struct line *l, const struct figures_unit *unit, bool utf8)
{
    const struct result *r = l->r;
    const struct limit *limit = row_limit(r);

    if (!limit) {
        snprintf(l->row.cell[LIMIT], COLUMNS_CELL, "-");
        snprintf(l->row.cell[HEADROOM], COLUMNS_CELL, "-");
        return;
    }
    figures_number(l->row.cell[LIMIT], limit->value * unit->factor,
                   figures_decimals(limit->value * unit->factor), utf8);
    snprintf(l->row.cell[KIND], COLUMNS_CELL, "%s", limit_kind_name(limit->kind));
    style_bar(l->row.cell[BAR], COLUMNS_CELL, r->percent / 100, BAR_CELLS, utf8);
    figures_percent(l->row.cell[REACHED], r->percent, utf8);
    figures_percent(l->row.cell[HEADROOM], 100 - r->percent, utf8);
}

/* Half the interval's width, or its ends where that would mislead: a wide one is lopsided. */
static void fill_interval(struct line *l, const struct figures_unit *unit, bool utf8)
{
    const struct result *r = l->r;
    double half = (r->value_hi - r->value_lo) / 2;
    int decimals = figures_decimals(r->value * unit->factor);
    char lo[FIGURES_TEXT], hi[FIGURES_TEXT];

    if (!isfinite(half))
        return;
    figures_number(hi, (half > r->value / 4 ? r->value_hi : half) * unit->factor, decimals, utf8);
    figures_number(lo, r->value_lo * unit->factor, decimals, utf8);
    if (half > r->value / 4)
        snprintf(l->row.cell[HALF], COLUMNS_CELL, "%s to %s", lo, hi);
    else
        snprintf(l->row.cell[HALF], COLUMNS_CELL, "%s %s", utf8 ? "\xC2\xB1" : "+-", hi);
}

static void fill_line(struct line *l, const struct figures_unit *unit, bool utf8)
{
    const struct result *r = l->r;
    double value = r->value * unit->factor;

    figures_number(l->row.cell[VALUE], value, figures_decimals(value), utf8);
    fill_interval(l, unit, utf8);
    if (r->expected.hi > 0 && isfinite(r->value))
        snprintf(l->row.cell[USUAL], COLUMNS_CELL, "%s",
                 r->value < r->expected.lo   ? "below"
                 : r->value > r->expected.hi ? "above"
                                             : "usual");
    fill_limit(l, unit, utf8);
}

/* ---- the table ---- */

/* false without memory. */
static bool table_make(struct table *t, const struct run_record *rec,
                       const struct terminal_style *style)
{
    *t = (struct table){ .style = style,
                         .columns = { .column = columns,
                                      .n = COLUMNS,
                                      .optional = optional,
                                      .n_optional = sizeof(optional) / sizeof(optional[0]),
                                      .style = style } };
    t->lines = mem_calloc((size_t)rec->n_results, sizeof(*t->lines));
    if (!t->lines)
        return false;
    for (int i = 0; i < rec->n_results; i++) {
        const struct result *r = &rec->results[i];
        struct figures_unit unit = row_group_unit(rec, r);
        struct line *l = &t->lines[t->n];
        char marks[COLUMNS_CELL];

        if (r->status == RESULT_SKIPPED)
            continue;
        l->r = r;
        row_label(r, l->row.cell[LABEL], COLUMNS_CELL, style->utf8);
        footnotes_add(&t->notes, r, marks, sizeof(marks));
        footnotes_shorten(marks, l->row.cell[NOTES], COLUMNS_CELL);
        if (r->status == RESULT_OK)
            fill_line(l, &unit, style->utf8);
        columns_widen(&t->columns, &l->row);
        t->n++;
    }
    columns_fit(&t->columns);
    return true;
}

static void table_release(struct table *t)
{
    mem_free(t->lines);
    footnotes_release(&t->notes);
}

/* "FAILED  reason" in the place of figures. */
static void print_alarm(FILE *f, const struct table *t, const struct line *l)
{
    const char *word = l->r->status == RESULT_FAILED ? "FAILED" : "INVALID";
    int at = COLUMNS_INDENT + t->columns.width[LABEL] + 2;

    style_paint(f, t->style, STYLE_ALARM);
    columns_label(f, &t->columns, l->row.cell[LABEL]);
    fprintf(f, "  %s  ", word);
    textline_wrap(f, l->r->reason, at + (int)strlen(word) + 2, at, style_columns(t->style),
                  t->style->utf8);
    style_paint(f, t->style, STYLE_PLAIN);
}

static void print_group(FILE *f, const struct table *t, const struct run_record *rec, int first)
{
    const struct result *head = t->lines[first].r;
    struct figures_unit unit = row_group_unit(rec, head);

    columns_group(f, t->style, head->name, head->device, head->metric, unit.name);
    for (int i = first; i < t->n; i++) {
        if (!row_same_group(t->lines[i].r, head))
            continue;
        if (t->lines[i].r->status == RESULT_OK)
            columns_print(f, &t->columns, &t->lines[i].row);
        else
            print_alarm(f, t, &t->lines[i]);
    }
}

static void print_level(FILE *f, const struct table *t, const struct run_record *rec, int first)
{
    if (t->columns.width[VALUE]) /* of rows that all failed there is nothing to head */
        columns_heads(f, &t->columns);
    for (int i = first; i < t->n; i++) {
        bool seen = !row_same_level(t->lines[i].r, t->lines[first].r);

        for (int j = first; j < i && !seen; j++)
            seen = row_same_group(t->lines[j].r, t->lines[i].r);
        if (!seen)
            print_group(f, t, rec, i);
    }
    fputc('\n', f);
}

static void print_notes(FILE *f, const struct table *t)
{
    for (int i = 0; i < t->notes.n; i++) {
        int used = fprintf(f, "%3d  ", i + 1);
        char text[512];

        footnotes_text(&t->notes, i, text, sizeof(text));
        textline_wrap(f, text, used, used, style_columns(t->style), t->style->utf8);
    }
    if (t->notes.n)
        fputc('\n', f);
}

/* Rows with the same name and reason are one line. */
static void print_skipped(FILE *f, const struct run_record *rec, const struct terminal_style *s)
{
    bool any = false;

    for (int i = 0; i < rec->n_results; i++) {
        const struct result *r = &rec->results[i];
        bool seen = r->status != RESULT_SKIPPED;
        char name[64];
        int alike = 0, used;

        for (int j = 0; j < rec->n_results && !seen; j++) {
            const struct result *o = &rec->results[j];
            bool same = o->status == RESULT_SKIPPED && strcmp(o->name, r->name) == 0 &&
                        strcmp(o->reason, r->reason) == 0;

            seen = same && j < i;
            alike += same;
        }
        if (seen)
            continue;
        if (!any)
            fputs("skipped:\n", f);
        any = true;
        textline_clean(name, sizeof(name), r->name, s->utf8);
        used = fprintf(f, "%*s%s", COLUMNS_INDENT, "", name);
        used += alike > 1 ? fprintf(f, " (%d rows): ", alike) : fprintf(f, ": ");
        textline_wrap(f, r->reason, used, 2 * COLUMNS_INDENT, style_columns(s), s->utf8);
    }
    if (any)
        fputc('\n', f);
}

void terminal_table(FILE *f, const struct run_record *rec, const struct terminal_style *style)
{
    struct table t;

    if (!table_make(&t, rec, style)) {
        fputs("no memory for the table\n", f);
        return;
    }
    for (int i = 0; i < t.n; i++) {
        bool seen = false;

        for (int j = 0; j < i && !seen; j++)
            seen = row_same_level(t.lines[j].r, t.lines[i].r);
        if (!seen)
            print_level(f, &t, rec, i);
    }
    print_notes(f, &t);
    print_skipped(f, rec, style);
    table_release(&t);
}

/* ---- above and below ---- */

/* "2 x Example GPU, 140 GiB", one line for each kind. */
static void print_gpus(FILE *f, const struct run_record *r, const struct terminal_style *s)
{
    for (int i = 0;; i++) {
        char key[48], text[200], size[FIGURES_TEXT] = "";
        const char *model, *other = NULL;
        double bytes;
        int alike = 1;

        snprintf(key, sizeof(key), "gpus.%d.model", i);
        model = facts_get_text(&r->machine, key, NULL);
        if (!model)
            return;
        snprintf(key, sizeof(key), "gpus.%d.memory_bytes", i);
        bytes = facts_get_number(&r->machine, key, NAN);
        do {
            snprintf(key, sizeof(key), "gpus.%d.model", i + 1);
            other = facts_get_text(&r->machine, key, NULL);
            if (other && strcmp(other, model) == 0) {
                alike++;
                i++;
            }
        } while (other && strcmp(other, model) == 0);
        if (isfinite(bytes))
            figures_gib(size, bytes);
        snprintf(text, sizeof(text), "%d x %.120s%s%s", alike, model, size[0] ? ", " : "", size);
        fprintf(f, "gpu       ");
        textline_wrap(f, text, 10, 10, style_columns(s), s->utf8);
    }
}

void terminal_header(FILE *f, const struct run_record *r, const char *warning,
                     const struct terminal_style *s)
{
    char text[300], size[FIGURES_TEXT] = "";
    double cores = facts_get_number(&r->machine, "cpu.cores_physical", NAN);
    double threads = facts_get_number(&r->machine, "cpu.threads", NAN);
    double bytes = facts_get_number(&r->machine, "memory.total_bytes", NAN);
    size_t n;

    style_paint(f, s, STYLE_BOLD);
    fputs("headroom", f);
    style_paint(f, s, STYLE_PLAIN);
    snprintf(text, sizeof(text), "%s, %.10s %.5s UTC", r->suite, r->start,
             strlen(r->start) > 11 ? r->start + 11 : "");
    fputs("  ", f);
    textline_wrap(f, text, 10, 10, style_columns(s), s->utf8);
    snprintf(text, sizeof(text), "%.200s", facts_get_text(&r->machine, "cpu.model", "unknown"));
    n = strlen(text);
    if (isfinite(cores) && isfinite(threads))
        snprintf(text + n, sizeof(text) - n, ", %.0f core%s, %.0f thread%s", cores,
                 cores > 1 ? "s" : "", threads, threads > 1 ? "s" : "");
    n = strlen(text);
    if (isfinite(bytes)) {
        figures_gib(size, bytes);
        snprintf(text + n, sizeof(text) - n, ", %s memory", size);
    }
    fputs("cpu       ", f);
    textline_wrap(f, text, 10, 10, style_columns(s), s->utf8);
    print_gpus(f, r, s);
    if (warning) {
        style_paint(f, s, STYLE_WARN);
        fputs("warning   ", f);
        textline_wrap(f, warning, 10, 10, style_columns(s), s->utf8);
        style_paint(f, s, STYLE_PLAIN);
    }
    fputc('\n', f);
}

void terminal_closing(FILE *f, const struct run_record *r, const char *file, double seconds,
                      const struct terminal_style *s)
{
    int count[4] = { 0 };
    char took[FIGURES_TEXT], text[600];
    size_t n;

    for (int i = 0; i < r->n_results; i++)
        count[r->results[i].status]++;
    figures_duration(took, seconds);
    n = (size_t)snprintf(text, sizeof(text), "%d row%s: %d ok", r->n_results,
                         r->n_results == 1 ? "" : "s", count[RESULT_OK]);
    for (int i = RESULT_SKIPPED; i <= RESULT_INVALID; i++)
        if (count[i])
            n += (size_t)snprintf(text + n, sizeof(text) - n, ", %d %s", count[i],
                                  result_status_name((enum result_status)i));
    n += (size_t)snprintf(text + n, sizeof(text) - n, "; took %s", took);
    if (r->status == RUN_INTERRUPTED)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "; interrupted");
    if (file)
        snprintf(text + n, sizeof(text) - n, "; written to %.400s", file);
    style_paint(f, s, count[RESULT_FAILED] || count[RESULT_INVALID] ? STYLE_ALARM : STYLE_BOLD);
    textline_wrap(f, text, 0, 2, style_columns(s), s->utf8);
    style_paint(f, s, STYLE_PLAIN);
}

void terminal_findings(FILE *f, const struct findings *fs, const struct terminal_style *s)
{
    enum { CASES = 3 };
    char label[COLUMNS_CELL], text[600];

    for (int i = 0; i < fs->n; i++) {
        const struct finding *x = &fs->list[i];

        if (x->rule->grade == FINDING_HINT)
            continue;
        style_paint(f, s, x->rule->grade == FINDING_FAULT ? STYLE_ALARM : STYLE_WARN);
        fprintf(f, "%s: ", finding_grade_name(x->rule->grade));
        style_paint(f, s, STYLE_PLAIN);
        textline_wrap(f, x->rule->title, 9, COLUMNS_INDENT, style_columns(s), s->utf8);
        for (int k = 0; k < x->n && k < CASES; k++) {
            const struct result *r = x->cases[k].row;

            if (r) {
                row_label(r, label, sizeof(label), s->utf8);
                snprintf(text, sizeof(text), "%s %s%s%s: %s", r->name, label,
                         strcmp(r->device, "cpu") ? ", " : "",
                         strcmp(r->device, "cpu") ? r->device : "", x->cases[k].numbers);
            } else {
                snprintf(text, sizeof(text), "%s", x->cases[k].numbers);
            }
            fprintf(f, "%*s", COLUMNS_INDENT, "");
            textline_wrap(f, text, COLUMNS_INDENT, 2 * COLUMNS_INDENT, style_columns(s), s->utf8);
        }
        if (x->n > CASES)
            fprintf(f, "%*sand %d more\n", COLUMNS_INDENT, "", x->n - CASES);
        snprintf(text, sizeof(text), "next: %s", x->rule->check);
        fprintf(f, "%*s", COLUMNS_INDENT, "");
        textline_wrap(f, text, COLUMNS_INDENT, 2 * COLUMNS_INDENT, style_columns(s), s->utf8);
    }
}
