/* telemetry_ring.c - the readings of the background sampler, and what can be asked of them. */
#include "host/telemetry_ring.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/mem.h"

int telemetry_ring_init(struct telemetry_ring *r, struct err *e)
{
    *r = (struct telemetry_ring){
        .rows = mem_calloc(TELEMETRY_RING, sizeof(*r->rows)),
        .time = mem_calloc(TELEMETRY_RING, sizeof(*r->time)),
        .value = mem_calloc(TELEMETRY_RING, sizeof(*r->value)),
    };
    if (r->rows && r->time && r->value)
        return 0;
    telemetry_ring_release(r);
    return ERR(e, ERR_NOMEM, "no memory for the telemetry's ring");
}

void telemetry_ring_release(struct telemetry_ring *r)
{
    mem_free(r->rows);
    mem_free(r->time);
    mem_free(r->value);
    *r = (struct telemetry_ring){ 0 };
}

static struct telemetry_row *row_at(const struct telemetry_ring *r, uint64_t i)
{
    return &r->rows[i % TELEMETRY_RING];
}

static uint64_t first_row(const struct telemetry_ring *r)
{
    return r->n > TELEMETRY_RING ? r->n - TELEMETRY_RING : 0;
}

struct telemetry_row *telemetry_ring_next(struct telemetry_ring *r)
{
    struct telemetry_row *row = row_at(r, r->n);

    *row = (struct telemetry_row){ .device = -1 };
    for (int i = 0; i < TELEMETRY_VALUES; i++)
        row->v[i] = (double)NAN;
    return row;
}

void telemetry_ring_push(struct telemetry_ring *r)
{
    r->n++;
}

uint64_t telemetry_ring_last_ns(const struct telemetry_ring *r)
{
    return r->n ? row_at(r, r->n - 1)->t_ns : 0;
}

static double value_of(const struct telemetry_row *row, struct telemetry_place p)
{
    return p.device < 0 || p.device == row->device ? row->v[p.value] : (double)NAN;
}

double telemetry_ring_counter(const struct telemetry_ring *r, struct telemetry_place p,
                              uint64_t t_ns)
{
    const struct telemetry_row *before = NULL;

    for (uint64_t i = first_row(r); i < r->n; i++) {
        const struct telemetry_row *row = row_at(r, i);
        double now = value_of(row, p), from, span;

        if (isnan(now))
            continue;
        if (row->t_ns < t_ns) {
            before = row;
            continue;
        }
        if (!before)
            return row->t_ns == t_ns ? now : (double)NAN;
        from = value_of(before, p);
        span = (double)(row->t_ns - before->t_ns);
        return from + (double)(t_ns - before->t_ns) / span * (now - from);
    }
    return (double)NAN;
}

uint64_t telemetry_ring_reading(const struct telemetry_ring *r, struct telemetry_place p,
                                uint64_t from_ns)
{
    for (uint64_t i = first_row(r); i < r->n; i++) {
        const struct telemetry_row *row = row_at(r, i);

        if (row->t_ns >= from_ns && !isnan(value_of(row, p)))
            return row->t_ns;
    }
    return UINT64_MAX;
}

unsigned telemetry_ring_breaks(const struct telemetry_ring *r, int device, uint64_t t0_ns,
                               uint64_t t1_ns)
{
    unsigned before = 0, after = 0;
    bool ended = false;

    for (uint64_t i = first_row(r); i < r->n; i++) {
        const struct telemetry_row *row = row_at(r, i);
        unsigned breaks = device < 0 ? row->breaks : row->device_breaks;

        if (device >= 0 && row->device != device)
            continue;
        if (row->t_ns <= t0_ns)
            before = breaks;
        if (!ended)
            after = breaks;
        ended = ended || row->t_ns >= t1_ns;
    }
    return after - before;
}

size_t telemetry_ring_collect(struct telemetry_ring *r, struct telemetry_place p,
                              const struct channel *c, uint64_t t0_ns, uint64_t t1_ns)
{
    double last_v = (double)NAN;
    uint64_t last_ns = 0;
    size_t n = 0;

    for (uint64_t i = first_row(r); i < r->n; i++) {
        const struct telemetry_row *row = row_at(r, i);
        double v = value_of(row, p), x = v;

        if (isnan(v) || row->t_ns > t1_ns)
            continue;
        if (c->kind == CHANNEL_COUNTER)
            x = (v - last_v) / (1e-9 * (double)(row->t_ns - last_ns));
        last_v = v;
        last_ns = row->t_ns;
        if (row->t_ns < t0_ns || !isfinite(x))
            continue;
        r->time[n] = 1e-9 * (double)(row->t_ns - t0_ns);
        r->value[n++] = x * c->scale;
    }
    return n;
}

void telemetry_ring_bins(const struct telemetry_ring *r, size_t n, size_t points, bool lowest,
                         struct series *out)
{
    size_t bins = n < points ? n : points;

    if (bins == 0)
        return;
    out->t_s = mem_calloc(bins, sizeof(double));
    out->value = mem_calloc(bins, sizeof(double));
    if (!out->t_s || !out->value) {
        snprintf(out->reason, sizeof(out->reason), "out of memory");
        return;
    }
    for (size_t b = 0; b < bins; b++) {
        size_t from = b * n / bins, to = (b + 1) * n / bins;
        double sum_t = 0, sum_v = 0, least = r->value[from];

        for (size_t i = from; i < to; i++) {
            sum_t += r->time[i];
            sum_v += r->value[i];
            least = fmin(least, r->value[i]);
        }
        out->t_s[b] = sum_t / (double)(to - from);
        out->value[b] = lowest ? least : sum_v / (double)(to - from);
    }
    out->n = bins;
}
