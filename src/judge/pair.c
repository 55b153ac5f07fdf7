/* pair.c - the same row on both sides of a comparison. */
#include "judge/pair.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/stats.h"

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

/* ---- interleaving ---- */

static int by_start(const void *a, const void *b)
{
    const struct pair_run *x = a, *y = b;

    return (x->start_unix_s > y->start_unix_s) - (x->start_unix_s < y->start_unix_s);
}

/* What a session found, as one run: the medians of its processes; and when it last began one. */
struct session {
    struct pair_run run;
    double last_start;
};

static double median_of(const struct pair_run *runs, int n,
                        double (*field)(const struct pair_run *))
{
    double x[64];
    int m = 0;

    for (int i = 0; i < n && m < 64; i++)
        if (isfinite(field(&runs[i])))
            x[m++] = field(&runs[i]);
    return stats_median(x, (size_t)m);
}

static double value_of(const struct pair_run *r)
{
    return r->value;
}

static double clock_of(const struct pair_run *r)
{
    return r->clock_hz;
}

static double throttled_of(const struct pair_run *r)
{
    return r->throttled;
}

/* The runs of a session stand together.  Owned by the caller; NULL without memory. */
static struct session *sessions_of(const struct pair_half *h)
{
    struct session *all = mem_calloc((size_t)h->n_sessions, sizeof(*all));
    int k = 0;

    for (int from = 0, to; all && from < h->n_runs; from = to, k++) {
        const struct pair_run *first = &h->runs[from];

        for (to = from + 1; to < h->n_runs && h->runs[to].session == first->session;)
            to++;
        all[k].run = *first;
        all[k].run.value = median_of(first, to - from, value_of);
        all[k].run.clock_hz = median_of(first, to - from, clock_of);
        all[k].run.throttled = median_of(first, to - from, throttled_of);
        all[k].last_start = all[k].run.start_unix_s;
        for (int i = from; i < to; i++) {
            all[k].run.start_unix_s = fmin(all[k].run.start_unix_s, h->runs[i].start_unix_s);
            all[k].last_start = fmax(all[k].last_start, h->runs[i].start_unix_s);
        }
    }
    if (all)
        qsort(all, (size_t)k, sizeof(*all), by_start);
    return all;
}

/* Two by two in time, one of each side, none while another was going on. */
static bool alternate(const struct session *a, const struct session *b, int n)
{
    for (int i = 0; i < n; i++) {
        bool apart =
            a[i].last_start < b[i].run.start_unix_s || b[i].last_start < a[i].run.start_unix_s;
        double end = fmax(a[i].last_start, b[i].last_start);

        if (!apart)
            return false;
        if (i + 1 < n && !(end < fmin(a[i + 1].run.start_unix_s, b[i + 1].run.start_unix_s)))
            return false;
    }
    return true;
}

static void become_sessions(struct pair_half *h, const struct session *s)
{
    for (int i = 0; i < h->n_sessions; i++)
        h->runs[i] = s[i].run;
    h->n_runs = h->n_sessions;
}

/* As many sessions on both sides, and in time they alternate: each is then one run of its pair. */
static int find_interleaving(struct pair *p, struct err *e)
{
    struct pair_half *a = &p->half[SIDE_A], *b = &p->half[SIDE_B];
    struct session *sa, *sb;
    int rc = 0;

    if (a->n_sessions != b->n_sessions || a->n_sessions < 2)
        return 0;
    sa = sessions_of(a);
    sb = sessions_of(b);
    if (!sa || !sb) {
        rc = ERR(e, ERR_NOMEM, "no memory to compare %s", p->row->name);
    } else if (alternate(sa, sb, a->n_sessions)) {
        become_sessions(a, sa);
        become_sessions(b, sb);
        p->interleaved = true;
    }
    mem_free(sa);
    mem_free(sb);
    return rc;
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
    TRY(find_interleaving(p, e));
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
        if (sides[s].n < 1) {
            rc = ERR(e, ERR_ARG, "nothing to compare: one side has no run");
            goto out;
        }
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
