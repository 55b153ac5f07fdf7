/* history_print.c - the history for people and as JSON. */
#include "command/history_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/history_steps.h"
#include "command/tty.h"
#include "core/mem.h"
#include "report/columns.h"
#include "report/figures.h"
#include "report/sparkline.h"
#include "report/textline.h"
#include "json/jsonio.h"

/* ---- for people ---- */

enum { LABEL, LINE, LAST, CHANGE, RUNS, COLUMNS, LINE_WIDTH = 24 };

static const struct column columns[COLUMNS] = {
    [LABEL] = { "", 0, false }, [LINE] = { "", 2, false }, [LAST] = { "", 2, true },
    [CHANGE] = { "", 1, true }, [RUNS] = { "", 2, false },
};

/* "op=read level=l1" -> "read l1", as in the table of a run. */
static void label_of(const char *settings, char *out, size_t cap, bool utf8)
{
    char text[400];
    size_t n = 0;

    text[0] = '\0';
    for (const char *word = settings; *word;) {
        size_t length = strcspn(word, " "), name = strcspn(word, "=");

        name = name < length ? name + 1 : 0;
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s", n ? " " : "",
                              (int)(length - name), word + name);
        word += length + strspn(word + length, " ");
    }
    textline_clean(out, cap, text[0] ? text : "-", utf8);
}

/* "+1.3 %"; "" where there is nothing to hold it against. */
static void change_text(char out[COLUMNS_CELL], double before, double after)
{
    out[0] = '\0';
    if (before > 0 && isfinite(after))
        snprintf(out, COLUMNS_CELL, "%+.1f %%", 100 * (after / before - 1));
}

static bool same_group(const struct history_series *a, const struct history_series *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->device, b->device) == 0 &&
           strcmp(a->metric, b->metric) == 0 && strcmp(a->unit, b->unit) == 0 &&
           strcmp(a->machine, b->machine) == 0;
}

/* A machine's name is that of its last run. */
static void print_machine(const struct history_series *s, const struct terminal_style *style)
{
    int used = printf("machine %s: ", s->machine);

    textline_wrap(stdout, s->points[s->n_points - 1].run->machine_name, used, COLUMNS_INDENT,
                  style_columns(style), style->utf8);
}

static void print_step(const struct history_series *s, const struct history_step *step,
                       const struct figures_unit *unit, bool utf8)
{
    double before = unit->factor * step->what.before, after = unit->factor * step->what.after;
    bool worse = (after > before) == (s->direction == LOWER_IS_BETTER);
    char from[FIGURES_TEXT], to[FIGURES_TEXT];

    figures_number(from, before, figures_decimals(before), utf8);
    figures_number(to, after, figures_decimals(after), utf8);
    printf("    %s at run %s (%.10s): %s to %s, %.1f %% %s%s\n",
           step->what.young ? "perhaps a step" : "step", step->first->run->id,
           step->first->run->start, from, to, fabs(100 * (after / before - 1)),
           worse ? "worse" : "better", step->what.young ? "; one more run would tell" : "");
    if (step->first->variant[0] && step->first > s->points &&
        strcmp(step->first[-1].variant, step->first->variant) != 0)
        printf("      its variant is %s, before it was %s\n", step->first->variant,
               step->first[-1].variant[0] ? step->first[-1].variant : "not named");
}

static void print_line(const struct history_series *s, const struct history_steps *steps,
                       const struct figures_unit *unit, const struct columns *table,
                       const struct cli_env *env)
{
    double last = unit->factor * steps->last;
    struct columns_row row = { 0 };

    label_of(s->settings, row.cell[LABEL], COLUMNS_CELL, env->utf8);
    sparkline(steps->values, steps->n_values, LINE_WIDTH, env->utf8, row.cell[LINE]);
    figures_number(row.cell[LAST], last, figures_decimals(last), env->utf8);
    change_text(row.cell[CHANGE], steps->before, steps->last);
    snprintf(row.cell[RUNS], COLUMNS_CELL, "%zu run%s", s->n_points, s->n_points == 1 ? "" : "s");
    columns_print(stdout, table, &row);
    for (int i = 0; i < steps->n; i++)
        print_step(s, &steps->step[i], unit, env->utf8);
}

/* One unit for all series below one heading, chosen for their largest last value. */
static struct figures_unit unit_of_group(const struct history_series *s, size_t n)
{
    double largest = 0;

    for (size_t i = 0; i < n && same_group(&s[0], &s[i]); i++)
        largest = fmax(largest, s[i].points[s[i].n_points - 1].value);
    return figures_unit_for(s->unit, largest);
}

/* A line is printed as soon as its steps are found: but for the labels, widths are set. */
static struct columns fitted(const struct history_view *v, const struct terminal_style *style)
{
    static const int optional[] = { LABEL, LINE };
    struct columns table = {
        .column = columns,
        .n = COLUMNS,
        .optional = optional,
        .n_optional = sizeof(optional) / sizeof(optional[0]),
        .style = style,
        .width = { [LINE] = LINE_WIDTH, [LAST] = 9, [CHANGE] = 9, [RUNS] = 9 },
    };

    for (size_t i = 0; i < v->n_series; i++) {
        struct columns_row row = { 0 };

        label_of(v->series[i].settings, row.cell[LABEL], COLUMNS_CELL, style->utf8);
        columns_widen(&table, &row);
    }
    columns_fit(&table);
    return table;
}

int history_print_series(const struct history_view *v, const struct cli_env *env, struct err *e)
{
    const struct terminal_style style = tty_style(env);
    const struct columns table = fitted(v, &style);
    struct figures_unit unit = { 0 };
    struct history_steps steps = { 0 };
    int rc = 0;

    for (size_t i = 0; i < v->n_series; i++) {
        const struct history_series *s = &v->series[i];

        if (i == 0 || !same_group(&s[-1], s)) {
            unit = unit_of_group(s, v->n_series - i);
            fputs(i ? "\n" : "", stdout);
            if (i == 0 || strcmp(s[-1].machine, s->machine) != 0)
                print_machine(s, &style);
            columns_group(stdout, &style, s->name, s->device, s->metric, unit.name);
        }
        TRY(history_steps_find(s, &steps, e));
        print_line(s, &steps, &unit, &table, env);
        history_steps_release(&steps);
    }
out:
    history_steps_release(&steps);
    return rc;
}

void history_print_runs(const struct history_view *v, const struct cli_env *env)
{
    int width = tty_style(env).columns;
    char name[96], line[400];

    for (size_t i = 0; i < v->n_runs; i++) {
        const struct history_run *r = &v->runs[i];

        textline_clean(name, sizeof(name), r->machine_name, env->utf8);
        snprintf(line, sizeof(line), "%s  %-8s  %-11s  %3d ok of %3d  %-8.8s  %.8s  %s", r->id,
                 r->suite, run_status_name(r->status), r->n_ok, r->n_rows,
                 r->commit[0] ? r->commit : "-", r->machine, name);
        if (env->stdout_tty)
            textline_cut(line, sizeof(line), width, env->utf8);
        puts(line);
    }
}

/* ---- as JSON ---- */

static json_t *run_json(const struct history_run *r)
{
    json_t *o = json_object();
    bool lost = !o;

    jsonio_put(o, "id", jsonio_new_text(r->id), &lost);
    jsonio_put(o, "start", jsonio_new_text(r->start), &lost);
    jsonio_put(o, "end", jsonio_new_text_or_null(r->end), &lost);
    jsonio_put(o, "suite", jsonio_new_text(r->suite), &lost);
    jsonio_put(o, "status", jsonio_new_text(run_status_name(r->status)), &lost);
    jsonio_put(o, "machine", jsonio_new_text(r->machine), &lost);
    jsonio_put(o, "machine_name", jsonio_new_text(r->machine_name), &lost);
    jsonio_put(o, "commit", jsonio_new_text_or_null(r->commit), &lost);
    jsonio_put(o, "rows", jsonio_new_count((uint64_t)r->n_rows), &lost);
    jsonio_put(o, "rows_ok", jsonio_new_count((uint64_t)r->n_ok), &lost);
    return jsonio_done(o, lost);
}

static json_t *point_json(const struct history_point *p)
{
    json_t *o = json_object();
    bool lost = !o;

    jsonio_put(o, "run", jsonio_new_text(p->run->id), &lost);
    jsonio_put(o, "status", jsonio_new_text(result_status_name(p->status)), &lost);
    jsonio_put(o, "origin", jsonio_new_text(result_origin_name(p->origin)), &lost);
    jsonio_put(o, "value", jsonio_new_real(p->value), &lost);
    jsonio_put(o, "value_ci", jsonio_new_pair(p->lo, p->hi), &lost);
    jsonio_put(o, "processes", jsonio_new_count((uint64_t)p->processes), &lost);
    jsonio_put(o, "variant", jsonio_new_text_or_null(p->variant), &lost);
    return jsonio_done(o, lost);
}

static json_t *step_json(const struct history_step *step)
{
    json_t *o = json_object();
    bool lost = !o;

    jsonio_put(o, "run", jsonio_new_text(step->first->run->id), &lost);
    jsonio_put(o, "before", jsonio_new_real(step->what.before), &lost);
    jsonio_put(o, "after", jsonio_new_real(step->what.after), &lost);
    jsonio_put(o, "p", jsonio_new_real(step->what.p), &lost);
    jsonio_put(o, "young", json_boolean(step->what.young), &lost);
    return jsonio_done(o, lost);
}

static json_t *series_json(const struct history_series *s)
{
    json_t *o = json_object(), *points = json_array(), *list = json_array();
    struct history_steps steps = { 0 };
    bool lost = !points || !list || history_steps_find(s, &steps, NULL) < 0;

    for (size_t i = 0; i < s->n_points && !lost; i++)
        jsonio_append(points, point_json(&s->points[i]), &lost);
    for (int i = 0; !lost && i < steps.n; i++)
        jsonio_append(list, step_json(&steps.step[i]), &lost);
    jsonio_put(o, "machine", jsonio_new_text(s->machine), &lost);
    jsonio_put(o, "name", jsonio_new_text(s->name), &lost);
    jsonio_put(o, "settings", jsonio_new_text(s->settings), &lost);
    jsonio_put(o, "device", jsonio_new_text(s->device), &lost);
    jsonio_put(o, "metric", jsonio_new_text(s->metric), &lost);
    jsonio_put(o, "unit", jsonio_new_text(s->unit), &lost);
    jsonio_put(o, "direction", jsonio_new_text(direction_name(s->direction)), &lost);
    jsonio_put(o, "points", points, &lost);
    jsonio_put(o, "steps", list, &lost);
    history_steps_release(&steps);
    return jsonio_done(o, lost);
}

int history_print_json(const struct history_view *v, bool runs_only, struct err *e)
{
    json_t *o, *runs, *series;
    bool lost = false;
    char *text;

    jsonio_init();
    o = json_object();
    runs = json_array();
    series = json_array();
    for (size_t i = 0; i < v->n_runs && !lost; i++)
        jsonio_append(runs, run_json(&v->runs[i]), &lost);
    for (size_t i = 0; i < v->n_series && !lost; i++)
        jsonio_append(series, series_json(&v->series[i]), &lost);
    jsonio_put(o, "runs", runs, &lost);
    if (runs_only)
        json_decref(series);
    else
        jsonio_put(o, "series", series, &lost);
    o = jsonio_done(o, lost);
    text = o ? jsonio_text_of(o) : NULL;
    json_decref(o);
    if (!text)
        return ERR(e, ERR_NOMEM, "no memory to show %zu runs", v->n_runs);
    puts(text);
    mem_free(text);
    return 0;
}
