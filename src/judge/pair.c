/* pair.c - the same row on both sides of a comparison. */
#include "judge/pair.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

bool pair_same_row(const struct result *a, const struct result *b)
{
    if (strcmp(a->name, b->name) != 0 || strcmp(a->device, b->device) != 0 ||
        strcmp(a->metric, b->metric) != 0 || a->params.n != b->params.n)
        return false;
    for (int i = 0; i < a->params.n; i++)
        if (strcmp(a->axis_name[i], b->axis_name[i]) != 0 ||
            strcmp(a->params.p[i].text, b->params.p[i].text) != 0)
            return false;
    return true;
}

static const struct result *row_of(const struct run_record *rec, const struct result *like)
{
    for (int i = 0; i < rec->n_results; i++)
        if (pair_same_row(&rec->results[i], like))
            return &rec->results[i];
    return NULL;
}

static int add_runs(struct pair_half *h, const struct result *row, int session, struct err *e)
{
    struct pair_run *more =
        mem_realloc(h->runs, (size_t)h->n_runs + (size_t)row->n_runs, sizeof(*more));
    int before = h->n_runs;

    if (!more)
        return ERR(e, ERR_NOMEM, "no memory for the runs of %s", row->name);
    h->runs = more;
    for (int i = 0; i < row->n_runs; i++) {
        const struct result_run *run = &row->runs[i];

        if (!(run->value > 0) || isinf(run->value))
            continue; /* no ratio can be made of it */
        h->runs[h->n_runs++] = (struct pair_run){ .value = run->value,
                                                  .start_unix_s = run->start_unix_s,
                                                  .clock_hz = run->clock_hz_median,
                                                  .throttled = run->throttled_fraction,
                                                  .session = session };
    }
    h->n_sessions += h->n_runs > before;
    return 0;
}

static int fill_half(struct pair_half *h, const struct judge_side *side, const struct result *like,
                     struct err *e)
{
    int rc = 0;

    for (int i = 0; i < side->n; i++) {
        const struct result *row = row_of(side->records[i], like);

        if (!row)
            continue;
        h->last = row;
        h->last_record = i;
        h->n_bad += row->status == RESULT_FAILED || row->status == RESULT_INVALID;
        if (row->status == RESULT_OK && row->n_runs)
            TRY(add_runs(h, row, i, e));
    }
out:
    return rc;
}

static int by_start(const void *a, const void *b)
{
    const struct pair_run *x = a, *y = b;

    return (x->start_unix_s > y->start_unix_s) - (x->start_unix_s < y->start_unix_s);
}

/* As many runs on both sides, and in time they come two by two, one of each side. */
static void find_interleaving(struct pair *p)
{
    const struct pair_half *a = &p->half[SIDE_A], *b = &p->half[SIDE_B];

    if (a->n_runs != b->n_runs || a->n_runs < 2)
        return;
    for (int s = 0; s < SIDES; s++) {
        for (int i = 0; i < p->half[s].n_runs; i++)
            if (!isfinite(p->half[s].runs[i].start_unix_s))
                return;
        qsort(p->half[s].runs, (size_t)p->half[s].n_runs, sizeof(*p->half[s].runs), by_start);
    }
    for (int i = 0; i + 1 < a->n_runs; i++) {
        double end = fmax(a->runs[i].start_unix_s, b->runs[i].start_unix_s);
        double next = fmin(a->runs[i + 1].start_unix_s, b->runs[i + 1].start_unix_s);

        if (!(end < next))
            return;
    }
    p->interleaved = true;
}

static int add_pair(const struct judge_side sides[SIDES], const struct result *like,
                    struct pairs *out, struct err *e)
{
    struct pair *more = mem_realloc(out->p, (size_t)out->n + 1, sizeof(*more));
    struct pair *p;
    int rc = 0;

    if (!more)
        return ERR(e, ERR_NOMEM, "no memory to compare %d rows", out->n + 1);
    out->p = more;
    p = &out->p[out->n++];
    *p = (struct pair){ .row = like };
    for (int s = 0; s < SIDES; s++)
        TRY(fill_half(&p->half[s], &sides[s], like, e));
    find_interleaving(p);
out:
    return rc;
}

static bool known(const struct pairs *ps, const struct result *row)
{
    for (int i = 0; i < ps->n; i++)
        if (pair_same_row(ps->p[i].row, row))
            return true;
    return false;
}

int pairs_make(const struct judge_side sides[SIDES], struct pairs *out, struct err *e)
{
    int rc = 0;

    *out = (struct pairs){ 0 };
    for (int s = SIDES - 1; s >= 0; s--) {
        if (sides[s].n < 1)
            return ERR(e, ERR_ARG, "nothing to compare: one side has no run");
        for (int r = sides[s].n - 1; r >= 0; r--) {
            const struct run_record *rec = sides[s].records[r];

            for (int i = 0; i < rec->n_results; i++)
                if (!known(out, &rec->results[i]))
                    TRY(add_pair(sides, &rec->results[i], out, e));
        }
    }
out:
    if (rc < 0)
        pairs_release(out);
    return rc;
}

void pairs_release(struct pairs *ps)
{
    for (int i = 0; i < ps->n; i++)
        for (int s = 0; s < SIDES; s++)
            mem_free(ps->p[i].half[s].runs);
    mem_free(ps->p);
    *ps = (struct pairs){ 0 };
}
