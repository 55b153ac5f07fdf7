/* progress.c - what a run shows while it goes on. */
#include "report/progress.h"

#include <math.h>
#include <string.h>

#include "report/figures.h"
#include "report/style.h"
#include "report/textline.h"

enum { BAR_CELLS = 12, LINE = 512, REDRAW_NS = 100 * 1000 * 1000 };

void progress_begin(struct progress *p, const struct progress_config *c, uint64_t now_ns)
{
    *p = (struct progress){ .c = *c, .start_ns = now_ns, .row_start_ns = now_ns };
}

void progress_clear(struct progress *p)
{
    if (!p->drawn)
        return;
    fputs("\r\x1b[K", p->c.f);
    fflush(p->c.f);
    p->drawn = false;
}

static double planned_s(const struct progress *p, int index)
{
    return index < p->c.plan->n ? p->c.plan->cases[index].seconds : 0;
}

/* Runs of a row that are still to come after this round. */
static int runs_left(const struct progress *p, int index, const struct runner_event *ev)
{
    int runs = p->c.plan->cases[index].runs;

    if (runs == 0 || runs > ev->repeats)
        runs = ev->repeats;
    return runs > ev->repeat ? runs - ev->repeat - 1 : 0;
}

/* Is the row part of this round? */
static bool takes_part(const struct progress *p, int index, const struct runner_event *ev)
{
    int runs = p->c.plan->cases[index].runs;

    return runs == 0 || ev->repeat < runs;
}

double progress_left_s(const struct progress *p, const struct runner_event *ev, uint64_t now_ns)
{
    double left = 0, ratio = 1;
    double in_row = (double)(now_ns - p->row_start_ns) * 1e-9;

    for (int i = 0; i < p->c.plan->n; i++) {
        left += planned_s(p, i) * runs_left(p, i, ev);
        if (i > ev->index && takes_part(p, i, ev))
            left += planned_s(p, i);
    }
    /* Below a second of plan the ratio is setup noise; beyond these bounds something else is. */
    if (p->planned_done_s > 1)
        ratio = fmin(fmax(p->took_done_s / p->planned_done_s, 0.2), 5);
    return left * ratio + fmax(planned_s(p, ev->index) * ratio - in_row, 0);
}

/* "silicon.memory op=read level=dram" without axis names where words speak for themselves. */
static void name_of(const struct progress *p, int index, char *out, size_t cap)
{
    const struct plan_case *c;
    char text[LINE];
    size_t n;

    out[0] = '\0';
    if (index >= p->c.plan->n)
        return;
    c = &p->c.plan->cases[index];
    n = (size_t)snprintf(text, sizeof(text), "%s", c->bench->name);
    for (int i = 0; i < c->params.n && n < sizeof(text); i++) {
        const struct param *q = &c->params.p[i];
        bool number = q->text[0] >= '0' && q->text[0] <= '9';

        n += (size_t)snprintf(text + n, sizeof(text) - n, " %s%s%s", number ? q->axis->name : "",
                              number ? "=" : "", q->text);
    }
    if (c->device->kind != DEVICE_CPU && n < sizeof(text))
        snprintf(text + n, sizeof(text) - n, " %s", c->device->name);
    textline_clean(out, cap, text, p->c.utf8);
}

/* "sampling 5.012 ms +- 0.3 %" */
static void doing(const struct progress *p, const struct runner_event *ev, char *out, size_t cap)
{
    const struct sampling_progress *s = ev->progress;
    char number[FIGURES_TEXT], half[FIGURES_TEXT] = "";
    const char *phase = ev->phase ? ev->phase : ev->kind == RUNNER_CASE_START ? "starting" : "";
    struct figures_unit unit;

    if (!s || s->n == 0 || !isfinite(s->median_ns)) {
        snprintf(out, cap, "%s", phase);
        return;
    }
    unit = figures_unit_for("ns", s->median_ns);
    figures_number(number, s->median_ns * unit.factor, figures_decimals(s->median_ns * unit.factor),
                   p->c.utf8);
    if (isfinite(s->half_width)) {
        figures_percent(half, 100 * s->half_width, p->c.utf8);
        snprintf(out, cap, "%s %s %s %s %s", phase, number, unit.name,
                 p->c.utf8 ? "\xC2\xB1" : "+-", half);
    } else {
        snprintf(out, cap, "%s %s %s", phase, number, unit.name);
    }
}

/* The last column stays free: a character there makes some terminals wrap. */
static void draw(struct progress *p, const struct runner_event *ev, uint64_t now_ns)
{
    int columns = p->c.columns ? p->c.columns(p->c.self) : 80, room, used;
    double left = progress_left_s(p, ev, now_ns);
    double gone = (double)(now_ns - p->start_ns) * 1e-9;
    char name[LINE], what[96], cells[96], time[FIGURES_TEXT], head[LINE], tail[256];

    name_of(p, ev->index, name, sizeof(name));
    doing(p, ev, what, sizeof(what));
    figures_duration(time, left);
    style_bar(cells, sizeof(cells), gone + left > 0 ? gone / (gone + left) : 0, BAR_CELLS,
              p->c.utf8);
    snprintf(head, sizeof(head), "%d/%d ", ev->index + 1, ev->total);
    if (ev->repeats > 1)
        snprintf(head, sizeof(head), "%d/%d (%d/%d) ", ev->index + 1, ev->total, ev->repeat + 1,
                 ev->repeats);
    room = (columns > 1 ? columns : 2) - 1;
    used = (int)textline_width(head);
    snprintf(tail, sizeof(tail), "  %s  %s %s left", what, cells, time);
    if (used + (int)(textline_width(name) + textline_width(tail)) > room)
        snprintf(tail, sizeof(tail), "  %s  %s left", what, time);
    if (used + (int)(textline_width(name) + textline_width(tail)) > room)
        snprintf(tail, sizeof(tail), "  %s left", time);
    if (room - used - (int)textline_width(tail) < 8)
        tail[0] = '\0';
    textline_cut(name, sizeof(name), room - used - (int)textline_width(tail), p->c.utf8);
    snprintf(head + strlen(head), sizeof(head) - strlen(head), "%s", name);
    textline_cut(head, sizeof(head), room, p->c.utf8);
    fprintf(p->c.f, "\r%s%s\x1b[K", head, tail);
    fflush(p->c.f);
    p->drawn = true;
    p->drawn_ns = now_ns;
}

/* One row that is done, in one line of any length. */
static void print_done(struct progress *p, const struct runner_event *ev)
{
    const struct result *r = ev->result;
    bool loud = r->status == RESULT_FAILED || r->status == RESULT_INVALID;
    char name[LINE], reason[LINE], value[FIGURES_TEXT], half[FIGURES_TEXT];

    name_of(p, ev->index, name, sizeof(name));
    textline_clean(reason, sizeof(reason), r->reason, p->c.utf8);
    if (loud && p->c.colour)
        fputs("\x1b[1;31m", p->c.f);
    fprintf(p->c.f, "%d/%d %s: ", ev->index + 1, ev->total, name);
    if (r->status != RESULT_OK) {
        fprintf(p->c.f, "%s: %s",
                loud ? r->status == RESULT_FAILED ? "FAILED" : "INVALID" : "skipped", reason);
    } else {
        figures_number(value, r->value, figures_decimals(r->value), p->c.utf8);
        figures_number(half, (r->value_hi - r->value_lo) / 2, figures_decimals(r->value),
                       p->c.utf8);
        fprintf(p->c.f, "%s %s %s %s", value, p->c.utf8 ? "\xC2\xB1" : "+-", half, r->unit);
        if (isfinite(r->percent))
            fprintf(p->c.f, ", %.1f %% of the limit", r->percent);
        if (r->n_runs > 1)
            fprintf(p->c.f, " (%d runs)", r->n_runs);
    }
    if (loud && p->c.colour)
        fputs("\x1b[0m", p->c.f);
    fputc('\n', p->c.f);
    fflush(p->c.f);
}

static void finish_row(struct progress *p, const struct runner_event *ev, uint64_t now_ns)
{
    /* A skipped row says nothing about how well the others keep to the plan. */
    if (ev->result->status != RESULT_SKIPPED) {
        p->planned_done_s += planned_s(p, ev->index);
        p->took_done_s += (double)(now_ns - p->row_start_ns) * 1e-9;
    }
    p->row_start_ns = now_ns;
    if (!p->c.live || ev->result->status == RESULT_FAILED || ev->result->status == RESULT_INVALID) {
        progress_clear(p);
        print_done(p, ev);
    }
}

void progress_event(struct progress *p, const struct runner_event *ev, uint64_t now_ns)
{
    switch (ev->kind) {
    case RUNNER_CASE_START: p->row_start_ns = now_ns; break;
    case RUNNER_CASE_DONE: finish_row(p, ev, now_ns); return;
    case RUNNER_CASE_PROGRESS:
    default: break;
    }
    if (p->c.live &&
        (!p->drawn || ev->kind == RUNNER_CASE_START || now_ns - p->drawn_ns >= REDRAW_NS))
        draw(p, ev, now_ns);
}
