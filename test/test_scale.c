/* test_scale.c - places and ticks, against values worked out by hand. */
#include "test.h"

#include "report/scale.h"

static void places(void)
{
    const struct scale x = { .lo = 10, .hi = 20, .at_lo = 100, .at_hi = 300 };
    const struct scale up = { .lo = 1, .hi = 1000, .at_lo = 90, .at_hi = 0, .log = true };

    CHECK_NEAR(scale_at(&x, 10), 100, 1e-12);
    CHECK_NEAR(scale_at(&x, 15), 200, 1e-12);
    CHECK_NEAR(scale_at(&x, 20), 300, 1e-12);
    CHECK_NEAR(scale_at(&x, 99), 300, 1e-12); /* held at the end */
    CHECK_NEAR(scale_at(&x, -99), 100, 1e-12);
    CHECK_NEAR(scale_at(&x, (double)NAN), 100, 1e-12);
    CHECK_NEAR(scale_at(&x, (double)INFINITY), 300, 1e-12);
    CHECK_NEAR(scale_at(&up, 1), 90, 1e-12);
    CHECK_NEAR(scale_at(&up, 10), 60, 1e-9);
    CHECK_NEAR(scale_at(&up, 0), 90, 1e-12); /* has no logarithm */
    CHECK_NEAR(scale_at(&up, -5), 90, 1e-12);
}

static void are(const struct ticks *t, int n, const double *v)
{
    CHECK_EQ(t->n, n);
    for (int i = 0; i < n && i < t->n; i++)
        CHECK_NEAR(t->v[i], v[i], 1e-9 * fabs(v[i]) + 1e-12);
}

static void ticks(void)
{
    struct ticks t;

    scale_ticks(&(struct scale){ .lo = 0, .hi = 100 }, 5, &t);
    are(&t, 6, (double[]){ 0, 20, 40, 60, 80, 100 });
    scale_ticks(&(struct scale){ .lo = -0.3, .hi = 0.25 }, 6, &t);
    are(&t, 6, (double[]){ -0.3, -0.2, -0.1, 0, 0.1, 0.2 });
    scale_ticks(&(struct scale){ .lo = 3.1, .hi = 3.4 }, 3, &t);
    are(&t, 4, (double[]){ 3.1, 3.2, 3.3, 3.4 });
    scale_ticks(&(struct scale){ .lo = 1, .hi = 100, .log = true }, 4, &t);
    are(&t, 7, (double[]){ 1, 2, 5, 10, 20, 50, 100 });
    scale_ticks(&(struct scale){ .lo = 1, .hi = 1e8, .log = true }, 4, &t);
    are(&t, 5, (double[]){ 1, 100, 1e4, 1e6, 1e8 });
    /* What has no ticks: empty, turned round, not finite, a logarithm of nothing. */
    scale_ticks(&(struct scale){ .lo = 1, .hi = 1 }, 5, &t);
    CHECK_EQ(t.n, 0);
    scale_ticks(&(struct scale){ .lo = 2, .hi = 1 }, 5, &t);
    CHECK_EQ(t.n, 0);
    scale_ticks(&(struct scale){ .lo = 0, .hi = (double)INFINITY }, 5, &t);
    CHECK_EQ(t.n, 0);
    scale_ticks(&(struct scale){ .lo = 0, .hi = 1, .log = true }, 5, &t);
    CHECK_EQ(t.n, 0);
}

static void widened(struct scale s, double lo, double hi)
{
    scale_nice(&s, 5);
    CHECK_NEAR(s.lo, lo, 1e-9 * fabs(lo) + 1e-12);
    CHECK_NEAR(s.hi, hi, 1e-9 * fabs(hi) + 1e-12);
}

static void widening(void)
{
    struct scale s = { .lo = 7, .hi = 7 };

    widened((struct scale){ .lo = 3, .hi = 97 }, 0, 100);
    widened((struct scale){ .lo = 0, .hi = 100 }, 0, 100);
    widened((struct scale){ .lo = 3, .hi = 4e5, .log = true }, 1, 1e6);
    widened((struct scale){ .lo = 10, .hi = 1000, .log = true }, 10, 1000);
    widened((struct scale){ .lo = (double)INFINITY, .hi = -(double)INFINITY }, 0, 1);
    scale_nice(&s, 5); /* one value: a range around it */
    CHECK(s.lo < 7 && s.hi > 7 && isfinite(s.lo) && isfinite(s.hi));
    s = (struct scale){ .lo = 0, .hi = 0, .log = true };
    scale_nice(&s, 5);
    CHECK(s.lo > 0 && s.hi > s.lo && isfinite(s.hi));
}

static void label_is(double v, const char *text)
{
    char out[SCALE_LABEL];

    scale_label(out, v);
    CHECK_STR(out, text);
}

static void labels(void)
{
    label_is(0, "0");
    label_is(0.05, "0.05");
    label_is(250, "250");
    label_is(999.9, "999.9");
    label_is(1000, "1k");
    label_is(1500, "1.5k");
    label_is(2e7, "20M");
    label_is(4.8e12, "4.8T");
    label_is(-20, "\xE2\x88\x92"
                  "20");
}

int main(void)
{
    places();
    ticks();
    widening();
    labels();
    TEST_DONE();
}
