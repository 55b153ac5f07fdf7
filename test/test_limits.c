/* Limits, the plausibility gate, facts, fingerprints, exit codes. */
#include "core/limits.h"

#include "core/mem.h"
#include "core/record.h"
#include "test.h"

static struct result row(double lo, double value, double hi, double limit, enum direction d)
{
    struct result r = { .status = RESULT_OK,
                        .direction = d,
                        .value = value,
                        .value_lo = lo,
                        .value_hi = hi,
                        .limits = { .binding = -1 } };

    snprintf(r.unit, sizeof(r.unit), "GB/s");
    limit_paper(&r.limits, limit, "2 x 3");
    limits_bind(&r.limits, d);
    return r;
}

static void gate(void)
{
    struct result r;
    char why[256];

    r = row(99, 100, 101, 102, HIGHER_IS_BETTER);
    CHECK(!limits_implausible(&r, 0, why, sizeof(why)));
    r = row(99, 103, 107, 102, HIGHER_IS_BETTER); /* its interval does not clear the limit */
    CHECK(!limits_implausible(&r, 0, why, sizeof(why)));
    r = row(103, 104, 107, 102, HIGHER_IS_BETTER);
    CHECK(!limits_implausible(&r, 0.02, why, sizeof(why)));
    CHECK(limits_implausible(&r, 0, why, sizeof(why)));
    CHECK(strstr(why, "measurement fault: 104 GB/s is 102.0 % of the paper limit 102 (2 x 3") !=
          NULL);
    r = row(9, 10, 11, 12, LOWER_IS_BETTER); /* a latency below what is possible */
    CHECK(limits_implausible(&r, 0, why, sizeof(why)));
    CHECK_NEAR(limits_percent(&r.limits, 10, LOWER_IS_BETTER), 120, 1e-9);
    r = row(9, 10, 13, 12, LOWER_IS_BETTER);
    CHECK(!limits_implausible(&r, 0, why, sizeof(why)));
    r = row(11.7, 11.8, 11.9, 12, LOWER_IS_BETTER);
    CHECK(limits_implausible(&r, 0, why, sizeof(why)));
    CHECK(!limits_implausible(&r, 0.02, why, sizeof(why)));
    /* A measured limit has an interval too: the value's must clear all of it. */
    r.limits.l[0].lo = 11.85;
    CHECK(!limits_implausible(&r, 0, why, sizeof(why)));
    r = row(103, 104, 107, 102, HIGHER_IS_BETTER);
    r.limits.l[0].hi = 103.5;
    CHECK(!limits_implausible(&r, 0, why, sizeof(why)));
    r = (struct result){ .limits = { .binding = -1 }, .value = 1e300, .value_lo = 1e300 };
    CHECK(!limits_implausible(&r, 0, why, sizeof(why)));
    CHECK(isnan(limits_percent(&r.limits, 1, HIGHER_IS_BETTER)));
}

static void binding(void)
{
    struct limits ls = { .binding = -1 };

    limit_none(&ls, "not known");
    limits_bind(&ls, HIGHER_IS_BETTER);
    CHECK_EQ(ls.binding, -1);
    limit_paper(&ls, 50, "a");
    limit_paper(&ls, 20, "b");
    limits_bind(&ls, HIGHER_IS_BETTER);
    CHECK_EQ(ls.binding, 2);
    limits_bind(&ls, LOWER_IS_BETTER);
    CHECK_EQ(ls.binding, 1);
    limit_paper(&ls, NAN, "c");
    limits_bind(&ls, HIGHER_IS_BETTER);
    CHECK_EQ(ls.binding, 2);
}

static void ceilings(void)
{
    struct ceilings cs = { 0 };
    struct ceiling c = { .key = "a", .value = 1 };

    CHECK(ceilings_get(&cs, "a") == NULL);
    for (int i = 0; i < 40; i++) {
        snprintf(c.key, sizeof(c.key), "k%d", i);
        c.value = i;
        CHECK_EQ(ceilings_put(&cs, &c, NULL), 0);
    }
    c.value = 99;
    CHECK_EQ(ceilings_put(&cs, &c, NULL), 0);
    CHECK_EQ(cs.n, 40);
    CHECK_NEAR(ceilings_get(&cs, "k39")->value, 99, 0);
    CHECK_NEAR(ceilings_get(&cs, "k7")->value, 7, 0);
    ceilings_release(&cs);
}

static void metrics(void)
{
    struct metric gbps = { "bandwidth", "GB/s", METRIC_BYTES_PER_S, 1e-9, HIGHER_IS_BETTER };
    struct metric ns = { "latency", "ns", METRIC_TIME_PER_ITEM, 1e9, LOWER_IS_BETTER };
    struct metric iops = { "iops", "IOPS", METRIC_ITEMS_PER_S, 1, HIGHER_IS_BETTER };
    struct metric flops = { "rate", "GFLOPS", METRIC_FLOPS_PER_S, 1e-9, HIGHER_IS_BETTER };
    struct metric watts = { "power", "W", METRIC_WATTS, 1, LOWER_IS_BETTER };
    struct metric flops_j = { "efficiency", "GFLOP/J", METRIC_FLOPS_PER_J, 1e-9, HIGHER_IS_BETTER };
    struct metric bytes_j = { "efficiency", "GB/J", METRIC_BYTES_PER_J, 1e-9, HIGHER_IS_BETTER };
    struct work w = { .flops = 4000, .bytes = { 1000, 500 }, .items = 10 };

    CHECK_NEAR(metric_value(&gbps, &w, 100), 15, 1e-12);
    CHECK_NEAR(metric_value(&ns, &w, 100), 10, 1e-12);
    CHECK_NEAR(metric_value(&iops, &w, 100), 1e8, 1e-3);
    CHECK_NEAR(metric_value(&flops, &w, 100), 40, 1e-12);
    CHECK(isnan(metric_value(&gbps, &w, 0)));
    /* 40 W for 100 ns are 4 uJ. */
    CHECK_NEAR(metric_energy_value(&watts, &w, 100, 40), 40, 1e-12);
    CHECK_NEAR(metric_energy_value(&flops_j, &w, 100, 40), 1, 1e-12);
    CHECK_NEAR(metric_energy_value(&bytes_j, &w, 100, 40), 0.375, 1e-12);
    CHECK(isnan(metric_energy_value(&watts, &w, 100, NAN)));
    CHECK(metric_of_energy(&watts) && metric_of_energy(&flops_j) && metric_of_energy(&bytes_j));
    CHECK(!metric_of_energy(&gbps) && !metric_of_energy(&ns));
}

static void facts_and_fingerprint(void)
{
    struct facts a = { 0 }, b = { 0 };
    char one[24], two[24];

    facts_text(&a, "cpu.model", "Some CPU");
    facts_int(&a, "cpu.threads", 8);
    facts_real(&a, "memory.total_bytes", 16.9e9);
    facts_null(&a, "gpus", "none of %d", 3);
    facts_real(&a, "x", NAN);
    CHECK_STR(facts_get_text(&a, "cpu.model", "-"), "Some CPU");
    CHECK_STR(facts_get_text(&a, "gpus", "-"), "-");
    CHECK_STR(facts_get(&a, "gpus")->text, "none of 3");
    CHECK_EQ(facts_get(&a, "x")->kind, FACT_NULL);
    CHECK_NEAR(facts_get_number(&a, "cpu.threads", -1), 8, 0);
    CHECK_NEAR(facts_get_number(&a, "nothing", -1), -1, 0);
    facts_int(&a, "x", 5);
    CHECK_EQ(facts_get(&a, "x")->i, 5);
    facts_text(&b, "cpu.model", "Some CPU");
    facts_int(&b, "cpu.threads", 8);
    facts_real(&b, "memory.total_bytes", 16.8e9); /* the kernel kept a little more back */
    facts_text(&b, "os.hostname", "other");
    machine_fingerprint(&a, one);
    machine_fingerprint(&b, two);
    CHECK_STR(one, two);
    CHECK_EQ(strlen(one), 16);
    facts_int(&b, "cpu.threads", 16);
    machine_fingerprint(&b, two);
    CHECK(strcmp(one, two) != 0);
    facts_int(&b, "cpu.threads", 8);
    facts_text(&b, "gpus.0.model", "A GPU");
    machine_fingerprint(&b, two);
    CHECK(strcmp(one, two) != 0);
    facts_release(&a);
    facts_release(&b);
    for (uint64_t n = 1; n < 6; n++) {
        mem_fail_at(n);
        facts_text(&a, "k", "v");
        facts_int(&a, "l", 1);
        mem_fail_at(0);
        CHECK(n > 4 || a.lost || facts_get(&a, "l"));
        facts_release(&a);
    }
}

static void exit_codes(void)
{
    struct result rows[3] = { { .status = RESULT_OK }, { .status = RESULT_SKIPPED } };
    struct run_record r = { .results = rows, .n_results = 2 };

    CHECK_EQ(run_record_exit_code(&r), 0);
    r.n_results = 3;
    rows[2].status = RESULT_FAILED;
    CHECK_EQ(run_record_exit_code(&r), 4);
    rows[2].status = RESULT_INVALID;
    CHECK_EQ(run_record_exit_code(&r), 4);
}

int main(void)
{
    gate();
    binding();
    ceilings();
    metrics();
    facts_and_fingerprint();
    exit_codes();
    TEST_DONE();
}
