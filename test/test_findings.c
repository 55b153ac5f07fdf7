/* test_findings.c - each rule is met by what it describes, and by nothing else. */
#include "fixture_record.h"

#include "report/findings.h"

static int count_of(const struct run_record *rec, const char *rule)
{
    struct findings fs;
    int n = 0;

    if (findings_make(rec, &fs, NULL) != 0)
        abort();
    for (int i = 0; i < fs.n; i++) {
        CHECK(fs.list[i].n > 0);
        CHECK(i == 0 || fs.list[i - 1].rule->grade <= fs.list[i].rule->grade);
        if (strcmp(fs.list[i].rule->name, rule) == 0)
            n = fs.list[i].n;
    }
    findings_release(&fs);
    return n;
}

/* A run of one row in which there is nothing to remark. */
static struct result *quiet(struct run_record *rec)
{
    struct result *r;

    *rec = (struct run_record){ .status = RUN_COMPLETE };
    rec->results = mem_calloc(2, sizeof(*rec->results));
    rec->n_results = 1;
    r = rec->results;
    fixture_row(r, "silicon.memory", "bandwidth", "GB/s", HIGHER_IS_BETTER);
    fixture_param(r, 0, "read");
    fixture_param(r, 1, "dram");
    limit_paper(&r->limits, 250, "channels x speed");
    fixture_runs(r, 1, 400, 5e6, 1e9);
    r->runs[0].throttled_fraction = (double)NAN;
    r->expected = (struct expected){ .lo = 150, .hi = 260, .source = "results/example.json" };
    return r;
}

static void setting(struct result *r, const char *axis, const char *text)
{
    int i = r->params.n++;

    r->params.p[i].axis = NULL;
    snprintf(r->params.p[i].text, AXIS_TEXT, "%s", text);
    snprintf(r->axis_name[i], sizeof(r->axis_name[i]), "%s", axis);
}

static void named(struct result *r, const char *name)
{
    snprintf(r->name, sizeof(r->name), "%s", name);
    r->params.n = 0;
}

static struct series *give_series(struct result *r, const char *name, const char *unit, double v)
{
    struct series *s = mem_calloc(1, sizeof(*s));

    r->runs[0].telemetry = s;
    r->runs[0].n_telemetry = 1;
    snprintf(s->name, sizeof(s->name), "%s", name);
    snprintf(s->unit, sizeof(s->unit), "%s", unit);
    s->t_s = mem_calloc(1, sizeof(double));
    s->value = mem_calloc(1, sizeof(double));
    s->value[0] = v;
    s->n = 1;
    return s;
}

static void nothing_to_remark(void)
{
    struct run_record rec;
    struct findings fs;

    quiet(&rec);
    CHECK_EQ(findings_make(&rec, &fs, NULL), 0);
    for (int i = 0; i < fs.n; i++)
        fprintf(stderr, "unexpected: %s: %s\n", fs.list[i].rule->name, fs.list[i].cases[0].numbers);
    CHECK_EQ(fs.n, 0);
    findings_release(&fs);
    run_record_release(&rec);
}

static void values(void)
{
    struct run_record rec;
    struct result *r = quiet(&rec);

    r->expected.lo = 230;
    CHECK_EQ(count_of(&rec, "below-usual-memory"), 1);
    r->expected.lo = r->value_hi; /* the interval must be clear of it */
    CHECK_EQ(count_of(&rec, "below-usual-memory"), 0);
    r->direction = LOWER_IS_BETTER; /* a latency is bad above */
    r->expected = (struct expected){ .lo = 1, .hi = r->value_lo, .source = "here" };
    CHECK_EQ(count_of(&rec, "below-usual-memory"), 0);
    r->expected.hi = r->value_lo * 0.99;
    CHECK_EQ(count_of(&rec, "below-usual-memory"), 1);
    r->direction = HIGHER_IS_BETTER;
    r->expected = (struct expected){ .lo = 230, .hi = 260, .source = "here" };
    snprintf(r->device, sizeof(r->device), "gpu:0");
    CHECK_EQ(count_of(&rec, "below-usual-memory"), 0);
    CHECK_EQ(count_of(&rec, "below-usual-gpu"), 1);
    snprintf(r->device, sizeof(r->device), "cpu");
    named(r, "silicon.compute");
    CHECK_EQ(count_of(&rec, "below-usual-compute"), 1);
    named(r, "silicon.storage");
    CHECK_EQ(count_of(&rec, "below-usual-storage"), 1);
    r->percent = 49.9;
    CHECK_EQ(count_of(&rec, "half-of-limit"), 1);
    setting(r, "threads", "one");
    CHECK_EQ(count_of(&rec, "half-of-limit"), 0);
    CHECK_EQ(count_of(&rec, "one-thread"), 1);
    r->percent = (double)NAN;
    CHECK_EQ(count_of(&rec, "no-limit"), 1);
    r->value_lo = r->value * 0.9;
    CHECK_EQ(count_of(&rec, "wide-interval"), 1);
    r->origin = ORIGIN_IMPORTED;
    CHECK_EQ(count_of(&rec, "not-measured-here"), 1);
    r->status = RESULT_INVALID;
    CHECK_EQ(count_of(&rec, "above-limit"), 0);
    CHECK_EQ(count_of(&rec, "not-a-measurement"), 1);
    r->origin = ORIGIN_MEASURED;
    CHECK_EQ(count_of(&rec, "above-limit"), 1);
    CHECK_EQ(count_of(&rec, "not-a-measurement"), 0);
    CHECK_EQ(count_of(&rec, "wide-interval"), 0); /* a row without a number has only that */
    r->status = RESULT_FAILED;
    CHECK_EQ(count_of(&rec, "failed"), 1);
    r->status = RESULT_SKIPPED;
    CHECK_EQ(count_of(&rec, "skipped"), 1);
    run_record_release(&rec);
}

static void storage(void)
{
    struct run_record rec;
    struct result *r = quiet(&rec);

    named(r, "silicon.storage");
    setting(r, "op", "randread");
    setting(r, "depth", "32");
    snprintf(r->unit, sizeof(r->unit), "IOPS");
    r->value = r->value_lo = r->value_hi = 574;
    CHECK_EQ(count_of(&rec, "random-reads-slow"), 1);
    r->value_hi = 10000;
    CHECK_EQ(count_of(&rec, "random-reads-slow"), 0);
    r->value_hi = 574;
    snprintf(r->params.p[1].text, AXIS_TEXT, "16"); /* one at a time is slow everywhere */
    CHECK_EQ(count_of(&rec, "random-reads-slow"), 0);
    r->ops = (struct ops_latency){ .n = 500, .p50_ns = 1e5, .p99_ns = 1.1e6 };
    CHECK_EQ(count_of(&rec, "long-tail"), 1);
    r->ops.p99_ns = 0.9e6;
    CHECK_EQ(count_of(&rec, "long-tail"), 0);
    r->ops.p99_ns = (double)NAN; /* not supported by the count: nothing is said */
    CHECK_EQ(count_of(&rec, "long-tail"), 0);
    CHECK_EQ(count_of(&rec, "page-cache"), 0);
    setting(r, "cache", "page");
    CHECK_EQ(count_of(&rec, "page-cache"), 1);
    run_record_release(&rec);
}

static void machine(void)
{
    struct run_record rec;
    struct result *r = quiet(&rec);
    struct result_run *run = &r->runs[0];
    struct series *s = give_series(r, "system.others_cpu", "%", 21);

    CHECK_EQ(count_of(&rec, "disturbed"), 1);
    s->value[0] = 19;
    CHECK_EQ(count_of(&rec, "disturbed"), 0);
    snprintf(s->name, sizeof(s->name), "system.steal");
    CHECK_EQ(count_of(&rec, "disturbed"), 1);
    s->value[0] = 4;
    CHECK_EQ(count_of(&rec, "disturbed"), 0);
    s->value[0] = 86;
    CHECK_EQ(count_of(&rec, "hot"), 0); /* in percent */
    snprintf(s->name, sizeof(s->name), "gpu.temperature");
    snprintf(s->unit, sizeof(s->unit), "C");
    CHECK_EQ(count_of(&rec, "hot"), 1);
    s->value[0] = (double)NAN;
    CHECK_EQ(count_of(&rec, "hot"), 0);
    run->clock_hz_median = 3e9;
    run->clock_hz_min = 2.6e9;
    CHECK_EQ(count_of(&rec, "clock-fell"), 1);
    run->clock_hz_min = 2.8e9;
    CHECK_EQ(count_of(&rec, "clock-fell"), 0);
    run->throttled_fraction = 0.93;
    CHECK_EQ(count_of(&rec, "throttled"), 1);
    run->throttled_fraction = (double)NAN;
    CHECK_EQ(count_of(&rec, "throttled"), 0);
    snprintf(r->unstable, sizeof(r->unstable), "its runs differ by 7 %%");
    CHECK_EQ(count_of(&rec, "unstable"), 1);
    run->sampling.summary.outliers_severe = 21; /* of 400 */
    CHECK_EQ(count_of(&rec, "outliers"), 1);
    run->sampling.summary.outliers_severe = 20;
    CHECK_EQ(count_of(&rec, "outliers"), 0);
    run->sampling.summary.outliers_severe = 2;
    run->sampling.summary.n = 19; /* too few to call one in twenty */
    CHECK_EQ(count_of(&rec, "outliers"), 0);
    r->floor_ns = run->sampling.summary.median;
    CHECK_EQ(count_of(&rec, "below-resolution"), 1);
    run_record_release(&rec);
}

static void whole_run(void)
{
    struct run_record rec;

    quiet(&rec);
    rec.status = RUN_INTERRUPTED;
    CHECK_EQ(count_of(&rec, "run-not-whole"), 1);
    facts_real(&rec.machine, "busy.others_cpu_pct", 120);
    CHECK_EQ(count_of(&rec, "busy-machine"), 1);
    facts_real(&rec.machine, "busy.others_cpu_pct", 3);
    facts_null(&rec.machine, "busy.steal_pct", "no /proc/stat");
    CHECK_EQ(count_of(&rec, "busy-machine"), 0);
    facts_real(&rec.machine, "busy.steal_pct", 6);
    CHECK_EQ(count_of(&rec, "busy-machine"), 1);
    facts_text(&rec.machine, "clock.governor", "powersave");
    CHECK_EQ(count_of(&rec, "governor"), 1);
    facts_text(&rec.machine, "clock.governor", "conservative");
    CHECK_EQ(count_of(&rec, "governor"), 1);
    facts_text(&rec.machine, "clock.governor", "ondemand");
    CHECK_EQ(count_of(&rec, "governor"), 1);
    facts_text(&rec.machine, "clock.governor", "performance");
    CHECK_EQ(count_of(&rec, "governor"), 0);
    facts_bool(&rec.build, "git.dirty", false);
    CHECK_EQ(count_of(&rec, "dirty-build"), 0);
    facts_bool(&rec.build, "git.dirty", true);
    CHECK_EQ(count_of(&rec, "dirty-build"), 1);
    run_record_release(&rec);
}

/* "FP16 10 TFLOPS, FP32 24: acceptable", said a founding document. */
static void tensor_units(void)
{
    struct run_record rec;
    struct result *r = quiet(&rec), *fp32;

    fp32 = &rec.results[1];
    rec.n_results = 2;
    named(r, "silicon.compute");
    snprintf(r->device, sizeof(r->device), "gpu:0");
    setting(r, "dtype", "fp16");
    r->value = 10;
    fixture_row(fp32, "silicon.compute", "bandwidth", "GB/s", HIGHER_IS_BETTER);
    snprintf(fp32->device, sizeof(fp32->device), "gpu:0");
    setting(fp32, "dtype", "fp32");
    fp32->value = 24;
    CHECK_EQ(count_of(&rec, "tensor-units-unused"), 1);
    r->value = 240;
    CHECK_EQ(count_of(&rec, "tensor-units-unused"), 0);
    run_record_release(&rec);
}

/* Of four links that should be alike one is slow; two others cannot say which of three it is. */
static void links(void)
{
    static const double rates[] = { 395, 394, 396, 300 };
    struct run_record rec = { .status = RUN_COMPLETE,
                              .results = mem_calloc(4, sizeof(*rec.results)) };
    struct result *slow = &rec.results[3];

    for (int i = 0; i < 4; i++) {
        struct result *r = &rec.results[rec.n_results++];

        fixture_row(r, "silicon.memory", "bandwidth", "GB/s", HIGHER_IS_BETTER);
        r->params.n = 0;
        snprintf(r->device, sizeof(r->device), "gpu:%d", i);
        setting(r, "op", "read");
        setting(r, "level", "peer");
        setting(r, "size", "1GiB");
        r->value = r->value_lo = r->value_hi = rates[i];
    }
    CHECK_EQ(count_of(&rec, "slow-link"), 1);
    slow->value_hi = 360; /* its interval reaches what the others have, less 10 % */
    CHECK_EQ(count_of(&rec, "slow-link"), 0);
    slow->value_hi = 300;
    snprintf(rec.results[0].params.p[0].text, AXIS_TEXT, "write"); /* another kind of copy */
    CHECK_EQ(count_of(&rec, "slow-link"), 0);
    snprintf(rec.results[0].params.p[0].text, AXIS_TEXT, "read");
    snprintf(rec.results[0].params.p[2].text, AXIS_TEXT, "64MiB"); /* another size */
    CHECK_EQ(count_of(&rec, "slow-link"), 0);
    rec.results[0].status = RESULT_SKIPPED;
    snprintf(rec.results[0].params.p[2].text, AXIS_TEXT, "1GiB");
    CHECK_EQ(count_of(&rec, "slow-link"), 0);
    run_record_release(&rec);
}

/* Every rule has all its words, and a name of its own. */
static void the_table(void)
{
    for (int i = 0; finding_rule(i); i++) {
        const struct finding_rule *r = finding_rule(i);

        CHECK(r->name && r->title && r->rule && r->causes && r->check);
        CHECK((r->of_row != NULL) != (r->of_run != NULL));
        for (int k = 0; k < i; k++)
            CHECK(strcmp(finding_rule(k)->name, r->name) != 0);
    }
    CHECK(finding_rule(-1) == NULL);
}

static void without_memory(void)
{
    struct run_record rec;
    struct findings fs;

    fixture_record(&rec);
    for (uint64_t n = 1; n < 200; n++) {
        int rc;

        mem_fail_at(n);
        rc = findings_make(&rec, &fs, NULL);
        mem_fail_at(0);
        if (rc == 0) {
            findings_release(&fs);
            break;
        }
        CHECK_EQ(rc, ERR_NOMEM);
        CHECK(fs.list == NULL && fs.n == 0);
    }
    run_record_release(&rec);
}

int main(void)
{
    nothing_to_remark();
    values();
    storage();
    machine();
    whole_run();
    tensor_units();
    links();
    the_table();
    without_memory();
    TEST_DONE();
}
