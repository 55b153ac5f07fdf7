/* verdict_json.c - a comparison as JSON. */
#include "store/verdict_json.h"

#include <math.h>

#include "json/jsonio.h"

enum { VERDICT_SCHEMA = 1 };

static json_t *side_json(const struct comparison *c, enum pair_side side)
{
    const struct judge_side *s = &c->side[side];
    json_t *o = json_object(), *ids = json_array();
    bool lost = false;

    for (int i = 0; i < s->n; i++)
        jsonio_append(ids, jsonio_new_text(s->records[i]->id), &lost);
    jsonio_put(o, "name", jsonio_new_text(c->label[side]), &lost);
    jsonio_put(o, "runs", ids, &lost);
    return jsonio_done(o, lost);
}

static json_t *changes_json(const struct manifest *m)
{
    json_t *all = json_array();
    bool lost = false;

    for (int i = 0; i < m->n; i++) {
        json_t *o = json_object();

        jsonio_put(o, "what", jsonio_new_text(m->change[i].what), &lost);
        jsonio_put(o, "a", jsonio_new_text(m->change[i].a), &lost);
        jsonio_put(o, "b", jsonio_new_text(m->change[i].b), &lost);
        jsonio_append(all, o, &lost);
    }
    return jsonio_done(all, lost);
}

static json_t *params_json(const struct result *r)
{
    json_t *o = json_object();
    bool lost = false;

    for (int i = 0; i < r->params.n; i++)
        jsonio_put(o, r->axis_name[i], jsonio_new_text(r->params.p[i].text), &lost);
    return jsonio_done(o, lost);
}

static json_t *sides_of(double a, double b)
{
    json_t *o = json_object();
    bool lost = false;

    jsonio_put(o, "a", jsonio_new_real(a), &lost);
    jsonio_put(o, "b", jsonio_new_real(b), &lost);
    return jsonio_done(o, lost);
}

static json_t *counts_of(const int n[SIDES])
{
    return json_pack("{si si}", "a", n[SIDE_A], "b", n[SIDE_B]);
}

static void put_figures(json_t *o, const struct verdict *v, enum direction d, bool *lost)
{
    double lo = verdict_percent(v->lo, d), hi = verdict_percent(v->hi, d);

    jsonio_put(o, "median", sides_of(v->median[SIDE_A], v->median[SIDE_B]), lost);
    jsonio_put(o, "processes", counts_of(v->n), lost);
    jsonio_put(o, "sessions", counts_of(v->sessions), lost);
    jsonio_put(o, "interleaved", json_boolean(v->interleaved), lost);
    jsonio_put(o, "change_pct", jsonio_new_real(verdict_percent(v->change, d)), lost);
    jsonio_put(o, "change_ci_pct", jsonio_new_pair(fmin(lo, hi), fmax(lo, hi)), lost);
    jsonio_put(o, "confidence", jsonio_new_real(v->confidence), lost);
    jsonio_put(o, "p", jsonio_new_real(v->p), lost);
    jsonio_put(o, "band_pct", jsonio_new_real(100 * expm1(v->band)), lost);
    jsonio_put(o, "detectable_pct", jsonio_new_real(100 * expm1(v->detectable)), lost);
    jsonio_put(o, "reliable_pct", jsonio_new_real(100 * expm1(v->reliable)), lost);
    jsonio_put(o, "change_in_cycles_pct", jsonio_new_real(verdict_percent(v->cycles, d)), lost);
    jsonio_put(o, "clocks_differ", json_boolean(v->clocks_differ), lost);
}

static json_t *row_json(const struct pair *p, const struct verdict *v)
{
    static const char *const gaps[] = { [GAP_ONLY_A] = "only_a",
                                        [GAP_ONLY_B] = "only_b",
                                        [GAP_INVALID] = "invalid",
                                        [GAP_BOTH] = "neither",
                                        [GAP_UNITS] = "units" };
    json_t *o = json_object();
    bool lost = false;

    jsonio_put(o, "name", jsonio_new_text(p->row->name), &lost);
    jsonio_put(o, "params", params_json(p->row), &lost);
    jsonio_put(o, "device", jsonio_new_text(p->row->device), &lost);
    jsonio_put(o, "metric", jsonio_new_text(p->row->metric), &lost);
    jsonio_put(o, "unit", jsonio_new_text(p->row->unit), &lost);
    jsonio_put(o, "direction", jsonio_new_text(direction_name(p->row->direction)), &lost);
    jsonio_put(o, "verdict", jsonio_new_text(verdict_word_name(v->word)), &lost);
    jsonio_put(o, "level", jsonio_new_text_or_null(verdict_level_name(v->level)), &lost);
    jsonio_put(o, "gap", v->gap == GAP_NONE ? json_null() : jsonio_new_text(gaps[v->gap]), &lost);
    put_figures(o, v, p->row->direction, &lost);
    jsonio_put(o, "promise_warn_pct", jsonio_new_real(v->promise.warn_pct), &lost);
    jsonio_put(o, "promise_fail_pct", jsonio_new_real(v->promise.fail_pct), &lost);
    jsonio_put(o, "promise_kept", json_boolean(v->kept), &lost);
    jsonio_put(o, "promise_refused", json_boolean(v->refused), &lost);
    jsonio_put(o, "reason", jsonio_new_text_or_null(v->reason), &lost);
    jsonio_put(o, "rule", jsonio_new_text_or_null(v->rule), &lost);
    return jsonio_done(o, lost);
}

static json_t *counts_json(const struct verdict_counts *c)
{
    return json_pack("{si si si si si si si si si}", "slower", c->slower, "faster", c->faster,
                     "same", c->same, "unclear", c->unclear, "warn", c->warn, "fail", c->fail,
                     "invalid", c->invalid, "gone", c->gone, "new", c->added);
}

json_t *verdict_json(const struct comparison *c, int exit_code)
{
    json_t *o, *rows;
    bool lost = false;

    jsonio_init();
    o = json_object();
    rows = json_array();
    for (int i = 0; i < c->pairs.n; i++)
        jsonio_append(rows, row_json(&c->pairs.p[c->order[i]], &c->verdicts[c->order[i]]), &lost);
    jsonio_put(o, "schema", json_integer(VERDICT_SCHEMA), &lost);
    jsonio_put(o, "a", side_json(c, SIDE_A), &lost);
    jsonio_put(o, "b", side_json(c, SIDE_B), &lost);
    jsonio_put(o, "same_machine", json_boolean(!c->other_machine), &lost);
    jsonio_put(o, "differences", changes_json(&c->manifest), &lost);
    jsonio_put(o, "counts", counts_json(&c->counts), &lost);
    jsonio_put(o, "exit_code", json_integer(exit_code), &lost);
    jsonio_put(o, "rows", rows, &lost);
    return jsonio_done(o, lost);
}
