/* evidence.c - tests over the runs of one row. */
#include "judge/evidence.h"

#include <math.h>
#include <stdio.h>

#include "core/mem.h"

const int verdict_looks[LOOKS] = { 6, 10, 20 };

/* The first share is what the smallest p of its look needs of a one-sided 0.005 (1/924), the last
 * look has most. */
static const double shares[LOOKS] = { 0.22, 0.20, 0.58 };

/* Early looks are strict; the last one has the interval that people know. */
static const double alphas[LOOKS] = { 0.005, 0.01, 0.025 };

/* Sessions never agree better than this: what rounds or repeats itself looks exact. */
static const double SESSION_STD_MIN = 0.005;

/* Logarithms of a side's runs, larger is worse; owned by the caller. */
static double *logs_of(const struct pair_half *h, enum direction d)
{
    double *x = mem_calloc((size_t)h->n_runs, sizeof(*x));

    for (int i = 0; x && i < h->n_runs; i++)
        x[i] = d == HIGHER_IS_BETTER ? -log(h->runs[i].value) : log(h->runs[i].value);
    return x;
}

static int look_at(const double *a, const double *b, int pairs, struct shift_test *out,
                   struct err *e)
{
    double *difference;
    int rc;

    if (pairs < PAIRED_MIN)
        return shift_test_two_sample(a, (size_t)pairs, b, (size_t)pairs, out, e);
    difference = mem_calloc((size_t)pairs, sizeof(*difference));
    if (!difference)
        return ERR(e, ERR_NOMEM, "no memory to compare %d pairs", pairs);
    for (int i = 0; i < pairs; i++)
        difference[i] = b[i] - a[i];
    rc = shift_test_paired(difference, (size_t)pairs, out, e);
    mem_free(difference);
    return rc;
}

/* A look after the last is the last one, with all the pairs that there are. */
static int gather_pairs(const double *a, const double *b, int pairs, struct evidence *ev,
                        struct err *e)
{
    int rc = 0;

    for (int k = 0; k < LOOKS && pairs >= verdict_looks[k]; k++) {
        int n = k + 1 < LOOKS ? verdict_looks[k] : pairs;

        TRY(look_at(a, b, n, &ev->look[k], e));
        ev->share[k] = shares[k];
        ev->alpha[k] = alphas[k];
        ev->pairs[k] = n;
        ev->n_looks = k + 1;
    }
    if (ev->n_looks == 0)
        snprintf(ev->lack, sizeof(ev->lack), "%d interleaved pairs; the first look needs %d", pairs,
                 verdict_looks[0]);
out:
    return rc;
}

/* ---- stored runs: the session is the unit, because its runs share a state of the machine ---- */

struct sessions {
    double *median; /* of each; n; owned */
    int n;
    double runs; /* of a session, the mean */
};

/* The runs of a session stand together: pairs_make adds record by record.  NULL without memory. */
static struct sessions sessions_of(const struct pair_half *h, const double *x)
{
    struct sessions s = { .runs = (double)h->n_runs / h->n_sessions };

    s.median = mem_calloc((size_t)h->n_sessions, sizeof(*s.median));
    for (int from = 0, to; s.median && from < h->n_runs; from = to) {
        for (to = from + 1; to < h->n_runs && h->runs[to].session == h->runs[from].session;)
            to++;
        s.median[s.n++] = stats_median(x + from, (size_t)(to - from));
    }
    return s;
}

/* What B's sessions agree on: the one of two that is nearer to A, the median of more.  A single
 * session in which the machine was slow so does not count where a second was run. */
static double agreed(const struct sessions *b, double mean_of_a)
{
    double first = b->median[0], second = b->n > 1 ? b->median[1] : first;

    if (b->n > 2)
        return stats_median(b->median, (size_t)b->n);
    return fabs(second - mean_of_a) < fabs(first - mean_of_a) ? second : first;
}

/* What a session of B with fewer runs than those of A scatters in addition: the variance of a
 * median is pi/2 of that of a mean. */
static double fewer_runs(const struct sessions *a, const struct sessions *b, double spread)
{
    return isfinite(spread) ? M_PI_2 * spread * spread * fmax(0, 1 / b->runs - 1 / a->runs) : 0;
}

/* With sessions enough on both sides. */
static void test_sessions(const struct sessions *a, const struct sessions *b, struct evidence *ev)
{
    double mean = stats_mean(a->median, (size_t)a->n), std = stats_std(a->median, (size_t)a->n);
    double of_b = b->n > 2 ? M_PI_2 / b->n : 1; /* in units of the variance of one session */
    double variance = fmax(std * std, SESSION_STD_MIN * SESSION_STD_MIN);

    ev->look[0] = shift_test_student(
        agreed(b, mean) - mean,
        sqrt(variance * (1.0 / a->n + of_b) + of_b * fewer_runs(a, b, ev->spread)), a->n - 1);
    ev->share[0] = 1;
    ev->alpha[0] = alphas[LOOKS - 1];
    ev->n_looks = 1;
}

static int gather_sessions(const struct pair *p, double *const x[SIDES], struct evidence *ev,
                           struct err *e)
{
    const struct pair_half *a = &p->half[SIDE_A], *b = &p->half[SIDE_B];
    struct sessions sa, sb;
    int rc = 0;

    if (a->n_sessions < SESSIONS_MIN) {
        snprintf(ev->lack, sizeof(ev->lack),
                 "runs of %d and %d sessions, not interleaved: a difference of sessions is also "
                 "one of the machine's state; compare --ab, or %d sessions of A, tell them apart",
                 a->n_sessions, b->n_sessions, SESSIONS_MIN);
        return 0;
    }
    if (b->n_runs < RUNS_MIN) {
        snprintf(ev->lack, sizeof(ev->lack),
                 "%d run%s of B: fewer than %d can be one spike (run --repeat %d)", b->n_runs,
                 b->n_runs == 1 ? "" : "s", RUNS_MIN, RUNS_MIN);
        return 0;
    }
    sa = sessions_of(a, x[SIDE_A]);
    sb = sessions_of(b, x[SIDE_B]);
    if (sa.median && sb.median)
        test_sessions(&sa, &sb, ev);
    else
        rc = ERR(e, ERR_NOMEM, "no memory to compare %s", p->row->name);
    mem_free(sa.median);
    mem_free(sb.median);
    return rc;
}

int evidence_gather(const struct pair *p, struct evidence *ev, struct err *e)
{
    const struct pair_half *a = &p->half[SIDE_A], *b = &p->half[SIDE_B];
    double *x[SIDES] = { 0 };
    int rc = 0;

    *ev = (struct evidence){ .spread = NAN };
    if (a->n_runs == 0 || b->n_runs == 0)
        return 0;
    for (int s = 0; s < SIDES; s++) {
        x[s] = logs_of(&p->half[s], p->row->direction);
        if (!x[s]) {
            rc = ERR(e, ERR_NOMEM, "no memory to compare %s", p->row->name);
            goto out;
        }
    }
    for (int s = 0; s < SIDES; s++)
        ev->spread = fmax(ev->spread, stats_std(x[s], (size_t)p->half[s].n_runs));
    TRY(shift_test_two_sample(x[SIDE_A], (size_t)a->n_runs, x[SIDE_B], (size_t)b->n_runs, &ev->all,
                              e));
    if (p->interleaved)
        TRY(gather_pairs(x[SIDE_A], x[SIDE_B], a->n_runs, ev, e));
    else
        TRY(gather_sessions(p, x, ev, e));
out:
    mem_free(x[SIDE_A]);
    mem_free(x[SIDE_B]);
    if (rc < 0)
        evidence_release(ev);
    return rc;
}

void evidence_release(struct evidence *ev)
{
    for (int k = 0; k < LOOKS; k++)
        shift_test_release(&ev->look[k]);
    shift_test_release(&ev->all);
    *ev = (struct evidence){ 0 };
}
