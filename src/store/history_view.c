/* history_view.c - runs and their figures over time, without any samples. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "store/history.h"
#include "store/history_db.h"
#include "store/history_row.h"

/* A list that grows as rows come. */
struct growing {
    void *items; /* owned */
    size_t n, cap, size;
};

static void *grow(struct growing *g, struct err *e)
{
    if (g->n == g->cap) {
        size_t more = g->cap ? 2 * g->cap : 64;
        void *p = mem_realloc(g->items, more, g->size);

        if (!p) {
            ERR(e, ERR_NOMEM, "no memory for %zu entries of the history", more);
            return NULL;
        }
        g->items = p;
        g->cap = more;
    }
    return (char *)g->items + g->size * g->n++;
}

/* ---- runs ---- */

static int take_run(void *self, const struct db_value *column, int n, struct err *e)
{
    struct history_run *r = grow(self, e);

    (void)n;
    if (!r)
        return ERR_NOMEM;
    history_row_run(column, r);
    return 0;
}

/* What begins with `machine`, or anything: the two ends of its range. */
static void machine_range(const struct history_filter *f, char lo[32], char hi[32])
{
    snprintf(lo, 32, "%.24s", f->machine ? f->machine : "");
    snprintf(hi, 32, "%.24s~", f->machine ? f->machine : "");
}

int history_runs(struct history *h, const struct history_filter *f, struct history_view *out,
                 struct err *e)
{
    struct growing runs = { .size = sizeof(struct history_run) };
    const struct db_rows rows = { .row = take_run, .self = &runs };
    char lo[32], hi[32];
    int rc;

    *out = (struct history_view){ 0 };
    machine_range(f, lo, hi);
    const struct db_value params[] = { db_text(lo), db_text(hi),
                                       db_int(f->last > 0 ? f->last : INT64_MAX) };
    rc = h->db->ops->exec(h->db,
                          "SELECT " HISTORY_ROW_RUN " FROM (SELECT * FROM run WHERE machine >= $1 "
                          "AND machine < $2 ORDER BY started DESC, seq DESC LIMIT $3) AS newest "
                          "ORDER BY started, seq",
                          params, 3, &rows, e);
    out->runs = runs.items;
    out->n_runs = runs.n;
    if (rc < 0)
        history_view_release(out);
    return rc;
}

/* ---- series ---- */

struct wanted_series {
    int64_t id;
    struct history_series s;
};

struct series_reading {
    struct growing list; /* of struct wanted_series */
    const struct history_filter *f;
};

static const char *direction_of(int i)
{
    return direction_name((enum direction)i);
}

static int take_series(void *self, const struct db_value *column, int n, struct err *e)
{
    struct series_reading *r = self;
    struct wanted_series *w;
    char name[48];

    (void)n;
    db_get_text(&column[2], name, sizeof(name));
    if (r->f->name && fnmatch(r->f->name, name, 0) != 0)
        return 0;
    w = grow(&r->list, e);
    if (!w)
        return ERR_NOMEM;
    *w = (struct wanted_series){ .id = db_get_int(&column[0]) };
    db_get_text(&column[1], w->s.machine, sizeof(w->s.machine));
    db_get_text(&column[2], w->s.name, sizeof(w->s.name));
    db_get_text(&column[3], w->s.settings, sizeof(w->s.settings));
    db_get_text(&column[4], w->s.device, sizeof(w->s.device));
    db_get_text(&column[5], w->s.metric, sizeof(w->s.metric));
    db_get_text(&column[6], w->s.unit, sizeof(w->s.unit));
    w->s.direction = (enum direction)history_row_word(&column[7], direction_of, 2);
    return 0;
}

static int read_series(struct history *h, struct series_reading *r, struct err *e)
{
    const struct db_rows rows = { .row = take_series, .self = r };
    char lo[32], hi[32];

    machine_range(r->f, lo, hi);
    const struct db_value params[] = { db_text(lo), db_text(hi) };
    return h->db->ops->exec(h->db,
                            "SELECT id, machine, name, settings, device, metric, unit, direction "
                            "FROM series WHERE machine >= $1 AND machine < $2 ORDER BY id",
                            params, 2, &rows, e);
}

/* ---- points ---- */

struct raw_point {
    int64_t series;
    size_t run; /* index in the view's runs, which are in the order of time */
    struct history_point p;
};

/* Where each run is in the view: seq -> index, by binary search. */
struct run_place {
    int64_t seq;
    size_t index;
};

struct point_reading {
    struct growing list;      /* of struct raw_point */
    struct run_place *places; /* n_places, by seq */
    size_t n_places;
};

static int by_seq(const void *a, const void *b)
{
    int64_t x = ((const struct run_place *)a)->seq, y = ((const struct run_place *)b)->seq;

    return (x > y) - (x < y);
}

static int by_series_and_time(const void *a, const void *b)
{
    const struct raw_point *x = a, *y = b;

    if (x->series != y->series)
        return x->series < y->series ? -1 : 1;
    return (x->run > y->run) - (x->run < y->run);
}

static const char *status_of(int i)
{
    return result_status_name((enum result_status)i);
}

static const char *origin_of(int i)
{
    return result_origin_name((enum result_origin)i);
}

static int take_point(void *self, const struct db_value *column, int n, struct err *e)
{
    struct point_reading *r = self;
    const struct run_place key = { .seq = db_get_int(&column[1]) }, *place;
    struct raw_point *p;

    (void)n;
    place = bsearch(&key, r->places, r->n_places, sizeof(key), by_seq);
    if (!place)
        return 0; /* older than what is asked for */
    p = grow(&r->list, e);
    if (!p)
        return ERR_NOMEM;
    *p = (struct raw_point){
        .series = db_get_int(&column[0]),
        .run = place->index,
        .p = { .status = (enum result_status)history_row_word(&column[2], status_of, 4),
               .origin = (enum result_origin)history_row_word(&column[3], origin_of, 4),
               .value = db_get_real(&column[4]),
               .lo = db_get_real(&column[5]),
               .hi = db_get_real(&column[6]),
               .processes = (int)db_get_int(&column[7]) }
    };
    db_get_text(&column[8], p->p.variant, sizeof(p->p.variant));
    return 0;
}

#define POINT_COLUMNS "series, run, status, origin, value, low, high, processes, variant"

/* Few series are asked for by name, many come in one go. */
enum { SINGLE_SERIES_MAX = 64 };

static int read_points(struct history *h, const struct history_view *v,
                       const struct wanted_series *w, size_t n, struct point_reading *r,
                       struct err *e)
{
    const struct db_rows rows = { .row = take_point, .self = r };
    int rc = 0;

    r->places = mem_calloc(v->n_runs, sizeof(*r->places));
    if (!r->places)
        return ERR(e, ERR_NOMEM, "no memory for %zu runs of the history", v->n_runs);
    r->n_places = v->n_runs;
    for (size_t i = 0; i < v->n_runs; i++)
        r->places[i] = (struct run_place){ .seq = v->runs[i].seq, .index = i };
    qsort(r->places, r->n_places, sizeof(*r->places), by_seq);
    if (v->n_runs == 0)
        goto out;
    if (n > SINGLE_SERIES_MAX) {
        const struct db_value first = db_int(r->places[0].seq);

        return h->db->ops->exec(h->db, "SELECT " POINT_COLUMNS " FROM result WHERE run >= $1",
                                &first, 1, &rows, e);
    }
    for (size_t i = 0; i < n; i++) {
        const struct db_value params[] = { db_int(w[i].id), db_int(r->places[0].seq) };

        TRY(h->db->ops->exec(h->db,
                             "SELECT " POINT_COLUMNS " FROM result WHERE series = $1 AND run >= $2",
                             params, 2, &rows, e));
    }
out:
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const struct history_series *x = a, *y = b;
    const char *const of_x[] = { x->machine, x->name, x->device, x->metric, x->unit, x->settings };
    const char *const of_y[] = { y->machine, y->name, y->device, y->metric, y->unit, y->settings };
    int d = 0;

    for (size_t i = 0; d == 0 && i < sizeof(of_x) / sizeof(of_x[0]); i++)
        d = strcmp(of_x[i], of_y[i]);
    return d;
}

/* Both lists are in the order of series; a series without points is left out. */
static int assemble(struct history_view *v, const struct wanted_series *w, size_t n,
                    const struct raw_point *raw, size_t n_raw, struct err *e)
{
    size_t at = 0;

    v->points = mem_calloc(n_raw, sizeof(*v->points));
    v->series = mem_calloc(n, sizeof(*v->series));
    if (!v->points || !v->series)
        return ERR(e, ERR_NOMEM, "no memory for %zu points of the history", n_raw);
    for (size_t i = 0; i < n; i++) {
        struct history_series *s = &v->series[v->n_series];

        *s = w[i].s;
        while (at < n_raw && raw[at].series < w[i].id)
            at++;
        s->points = &v->points[at];
        for (; at < n_raw && raw[at].series == w[i].id; at++) {
            v->points[at] = raw[at].p;
            v->points[at].run = &v->runs[raw[at].run];
            s->n_points++;
        }
        v->n_series += s->n_points > 0;
    }
    qsort(v->series, v->n_series, sizeof(*v->series), by_name);
    return 0;
}

int history_load(struct history *h, const struct history_filter *f, struct history_view *out,
                 struct err *e)
{
    struct series_reading series = { .list = { .size = sizeof(struct wanted_series) }, .f = f };
    struct point_reading points = { .list = { .size = sizeof(struct raw_point) } };
    int rc = 0;

    TRY(history_runs(h, f, out, e));
    TRY(read_series(h, &series, e));
    TRY(read_points(h, out, series.list.items, series.list.n, &points, e));
    if (points.list.n)
        qsort(points.list.items, points.list.n, sizeof(struct raw_point), by_series_and_time);
    TRY(assemble(out, series.list.items, series.list.n, points.list.items, points.list.n, e));
out:
    mem_free(series.list.items);
    mem_free(points.list.items);
    mem_free(points.places);
    if (rc < 0)
        history_view_release(out);
    return rc;
}

void history_view_release(struct history_view *v)
{
    mem_free(v->runs);
    mem_free(v->series);
    mem_free(v->points);
    *v = (struct history_view){ 0 };
}
