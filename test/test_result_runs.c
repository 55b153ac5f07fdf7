/* What the runs of a row say together: value, interval, marks, and how a later run is joined. */
#include <math.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/result.h"
#include "core/rng.h"
#include "test.h"

static struct result row_of(const double *values, int n, double half)
{
    struct result r = { .limits = { .binding = -1 } };

    r.runs = mem_calloc((size_t)n, sizeof(*r.runs));
    r.n_runs = n;
    for (int i = 0; i < n; i++) {
        result_run_init(&r.runs[i]);
        r.runs[i].value = values[i];
        r.runs[i].value_lo = values[i] * (1 - half);
        r.runs[i].value_hi = values[i] * (1 + half);
    }
    result_settle(&r);
    return r;
}

/* Known answers: t of 2 degrees of freedom is 4.3027, of 1 12.706. */
static void intervals(void)
{
    const double one[] = { 100 }, three[] = { 99, 100, 101 }, two[] = { 100, 102 };
    const double same[] = { 50, 50, 50 }, zero[] = { 0, 1, 2 };
    const double seven[] = { 100, 101, 102, 103, 104, 105, 106 };
    struct result r = row_of(one, 1, 0.01);
    double half;

    CHECK(r.value == 100 && r.value_lo == 99 && r.value_hi == 101);
    result_release(&r);

    r = row_of(three, 3, 0.001);
    half = 4.3027 * 0.0100003 / sqrt(3); /* the logarithms lie 1 % apart, within 1e-4 */
    CHECK(r.value == 100);
    CHECK(isnan(r.percent));
    limit_paper(&r.limits, 200, "a limit");
    limits_bind(&r.limits, r.direction);
    result_settle(&r);
    CHECK_NEAR(r.percent, 50, 1e-9);
    CHECK_NEAR(log(r.value_hi / r.value_lo) / 2, half, 2e-6);
    CHECK_STR(r.unstable, "");
    result_release(&r);

    r = row_of(two, 2, 0.001);
    CHECK_NEAR(log(r.value_hi / r.value_lo) / 2, 12.706 * log(1.02) / 2, 1e-9);
    result_release(&r);

    /* Three that agree to the last digit do not make the samples' own doubt go away. */
    r = row_of(same, 3, 0.03);
    CHECK_NEAR(log(r.value_hi / r.value_lo) / 2, 0.03 / sqrt(3), 1e-5);
    result_release(&r);

    r = row_of(seven, 7, 0.001); /* order statistics over runs */
    CHECK(r.value == 103);
    CHECK(r.value_lo >= 100 && r.value_lo < 103 && r.value_hi > 103 && r.value_hi <= 106);
    result_release(&r);

    r = row_of(zero, 3, 0.5); /* no logarithm: the hull */
    CHECK(r.value == 1 && r.value_lo == 0 && r.value_hi == 3);
    result_release(&r);
}

static void marks(void)
{
    const double apart[] = { 100, 120, 100 }, near[] = { 100, 104, 100 };
    struct result r = row_of(apart, 3, 0.001);

    CHECK_STR(r.unstable, "its 3 runs differ by 11 % (standard deviation)");
    result_release(&r);
    r = row_of(near, 3, 0.001);
    CHECK_STR(r.unstable, "");
    /* One run's own trouble is not the row's: the others say what it is worth. */
    r.runs[1].sampling.stop = SAMPLING_UNSTABLE;
    result_settle(&r);
    CHECK_STR(r.unstable, "");
    r.n_runs = 1;
    r.runs[0].sampling.stop = SAMPLING_UNSTABLE;
    snprintf(r.runs[0].sampling.why, sizeof(r.runs[0].sampling.why), "trend");
    result_settle(&r);
    CHECK_STR(r.unstable, "trend");
    r.status = RESULT_FAILED;
    result_settle(&r);
    CHECK(isnan(r.value) && isnan(r.value_lo) && r.unstable[0] == '\0');
    r.n_runs = 3;
    result_release(&r);
}

/* Runs that differ by `between` while their samples know their median to `within`: how often does
 * the interval hold the truth, and how often do two rows' intervals overlap? */
static void coverage(int n, double between, double within, double least)
{
    enum { ROWS = 4000 };
    struct rng rng;
    int covered = 0, overlap = 0;
    double last_lo = 0, last_hi = INFINITY;

    rng_init(&rng, 17, (uint64_t)n);
    for (int i = 0; i < ROWS; i++) {
        double values[5];
        struct result r;

        for (int k = 0; k < n; k++)
            values[k] = 1000 * exp(between * rng_normal(&rng) + within * rng_normal(&rng));
        r = row_of(values, n, 1.96 * within);
        covered += r.value_lo <= 1000 && 1000 <= r.value_hi;
        overlap += r.value_lo <= last_hi && last_lo <= r.value_hi;
        CHECK(r.value_lo <= r.value && r.value <= r.value_hi);
        last_lo = r.value_lo;
        last_hi = r.value_hi;
        result_release(&r);
    }
    printf("%d runs, %.1f %% between and %.1f %% within: covers %.1f %%, neighbours overlap "
           "%.1f %%\n",
           n, 100 * between, 100 * within, 100.0 * covered / ROWS, 100.0 * overlap / ROWS);
    CHECK(covered >= least * ROWS);
    CHECK(overlap >= 0.97 * ROWS);
}

static void latencies(void)
{
    const double values[] = { 10, 11, 12 };
    struct result r = row_of(values, 3, 0.01);

    CHECK(r.ops.n == 0 && isnan(r.ops.p50_ns));
    r.runs[0].ops = (struct ops_latency){ 100, 50, 10, 900, 40, 60, 70, NAN, NAN };
    r.runs[2].ops = (struct ops_latency){ 300, 70, 12, 800, 44, 64, 66, 90, NAN };
    result_settle(&r);
    CHECK_EQ(r.ops.n, 400);
    CHECK_NEAR(r.ops.mean_ns, 65, 1e-12);
    CHECK(r.ops.min_ns == 10 && r.ops.max_ns == 900);
    CHECK_NEAR(r.ops.p50_ns, 42, 1e-12);
    CHECK_NEAR(r.ops.p95_ns, 68, 1e-12);
    CHECK(isnan(r.ops.p99_ns)); /* one of the runs does not support it */
    result_release(&r);
}

static struct result one(double value, const char *variant, const char *note)
{
    struct result r = row_of(&value, 1, 0.01);

    r.seconds = 1;
    r.check = (struct check){ .done = true, .passed_before = true, .passed_after = true };
    r.check.error = value;
    snprintf(r.variant, sizeof(r.variant), "%s", variant);
    result_note(&r, "%s", note);
    return r;
}

static void merging(void)
{
    struct result a = one(100, "avx2", "wrote 1.5 GB of 3 GB");
    struct result b = one(101, "avx2", "wrote 12 GB of 3.0 GB");
    struct result c = one(102, "avx512", "wrote 1.5 GB of 3 GiB");
    struct result skipped = { .status = RESULT_SKIPPED, .reason = "interrupted" };
    struct result wrong = { .status = RESULT_FAILED, .reason = "ERR_MISMATCH in verify: no" };

    result_property(&a, "bytes", 7, "bytes");
    result_property(&a, "bytes", 8, "bytes"); /* of that name there is one */
    result_property_text(&a, "hash", "%x", 0xabc);
    result_property(&b, "bytes", 9, "bytes"); /* the first run's stays */
    result_property_text(&b, "hash", "abc");
    result_property_text(&c, "hash", "abd");
    result_property_text(&a, "kernel", "copy_kernel, 132 blocks of 256");
    result_property_text(&b, "kernel", "copy_kernel, 264 blocks of 128");
    result_property_text(&c, "kernel", "another, of another variant");
    result_property_text(&c, "late", "only in a later run");
    CHECK_EQ(result_merge(&a, &b, NULL), 0);
    CHECK_EQ(a.n_runs, 2);
    CHECK_EQ(b.n_runs, 0);
    CHECK(a.n_properties == 3 && result_find(&a, "bytes")->value == 8);
    CHECK_STR(a.notes[0], "wrote 1.5 GB of 3 GB"); /* the same but for its figures: said once */
    CHECK_STR(a.notes[1], "kernel of another run: copy_kernel, 264 blocks of 128");
    CHECK_STR(a.notes[2], "");
    c.check.passed_after = false; /* one of the runs is enough */
    CHECK_EQ(result_merge(&a, &c, NULL), 0);
    CHECK_EQ(a.n_runs, 3);
    CHECK(a.check.passed_before && !a.check.passed_after);
    CHECK(a.value == 101 && a.seconds == 3 && a.check.error == 102);
    CHECK_STR(a.notes[2], "wrote 1.5 GB of 3 GiB");
    CHECK_STR(a.notes[3], "another run took the variant \"avx512\"");
    CHECK_STR(a.notes[4], "hash of another run: abd"); /* the same input gave another output */
    CHECK_STR(a.notes[5], "");
    CHECK(a.n_properties == 4 && !result_find(&a, "nothing"));
    CHECK_STR(result_find(&a, "late")->text, "only in a later run");
    CHECK_EQ(result_merge(&a, &skipped, NULL), 0);
    CHECK(a.status == RESULT_OK && a.n_runs == 3);
    CHECK_EQ(result_merge(&a, &wrong, NULL), 0);
    CHECK(a.status == RESULT_FAILED && isnan(a.value));
    CHECK_STR(a.reason, "in a later run: ERR_MISMATCH in verify: no");
    result_release(&b);
    b = one(103, "avx2", "late");
    CHECK_EQ(result_merge(&a, &b, NULL), 0);
    CHECK(a.status == RESULT_FAILED && a.n_runs == 3); /* it stays wrong */
    result_release(&a);
    result_release(&b);
    result_release(&c);
}

static void limited(struct result *r, double limit)
{
    limit_paper(&r->limits, limit, "the clock of this run");
    limits_bind(&r->limits, r->direction);
}

/* Each run has the limit of its own clock: the row's is the loosest, wherever it came. */
static void merging_limits(void)
{
    const double limits[][2] = { { 110, 103 }, { 103, 110 } };

    for (int i = 0; i < 2; i++) {
        struct result a = one(105, "avx2", "a"), b = one(102, "avx2", "b");

        limited(&a, limits[i][0]);
        limited(&b, limits[i][1]);
        CHECK_EQ(result_merge(&a, &b, NULL), 0);
        CHECK(a.limits.n == 1 && a.limits.l[0].value == 110);
        CHECK(a.percent < 100);
        result_release(&a);
        result_release(&b);
    }
}

int main(void)
{
    intervals();
    marks();
    for (int n = 2; n <= 5; n++)
        coverage(n, 0.004, 0.0005, 0.94);
    coverage(3, 0, 0.003, 0.94);
    coverage(3, 0.05, 0.01, 0.94);
    latencies();
    merging();
    merging_limits();
    TEST_DONE();
}
