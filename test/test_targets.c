/* Targets against rows whose figures are known, and the file that ships. */
#include "store/target_file.h"

#include "fixture_record.h"
#include "test.h"

static void units(void)
{
    CHECK_NEAR(target_unit_factor("ns", "ms"), 1e-6, 1e-18);
    CHECK_NEAR(target_unit_factor("GB/s", "TB/s"), 1e-3, 1e-15);
    CHECK_NEAR(target_unit_factor("GFLOPS", "TFLOPS"), 1e-3, 1e-15);
    CHECK_NEAR(target_unit_factor("s", "us"), 1e6, 1e-6);
    CHECK_NEAR(target_unit_factor("kIOPS", "IOPS"), 1e3, 0);
    CHECK_NEAR(target_unit_factor("img/min", "img/min"), 1, 0);
    CHECK(isnan(target_unit_factor("GB/s", "GB")));
    CHECK(isnan(target_unit_factor("GFLOPS", "GOPS")));
    CHECK(isnan(target_unit_factor("XB/s", "GB/s")));
}

/* Two rows of copy bandwidth, 100 and 80 GB/s at 50 and 40 % of their limit, and one failed. */
static void record_make(struct run_record *r, struct result rows[3])
{
    *r = (struct run_record){ .results = rows, .n_results = 3 };
    for (int i = 0; i < 3; i++) {
        fixture_row(&rows[i], i < 2 ? "silicon.memory" : "silicon.storage", "bandwidth", "GB/s",
                    HIGHER_IS_BETTER);
        rows[i].status = i < 2 ? RESULT_OK : RESULT_FAILED;
        rows[i].value = i ? 80 : 100;
        rows[i].value_lo = rows[i].value - 2;
        rows[i].value_hi = rows[i].value + 2;
        rows[i].percent = i ? 40 : 50;
        snprintf(rows[i].axis_name[0], sizeof(rows[i].axis_name[0]), "op");
        snprintf(rows[i].params.p[0].text, AXIS_TEXT, "copy");
        rows[i].params.n = 1;
        rows[i].seconds = 2 + i;
    }
    snprintf(rows[2].reason, sizeof(rows[2].reason), "the disk is full");
    facts_text(&r->machine, "cpu.model", "Example CPU 9000");
    facts_text(&r->machine, "gpus.0.model", "NVIDIA H200");
    snprintf(r->start, sizeof(r->start), "2026-11-21T07:54:32.123Z");
    snprintf(r->end, sizeof(r->end), "2026-11-21T07:55:02.123Z");
}

#define TARGET(fields)                                                                  \
    "{\"schema\": 1, \"title\": \"t\", \"targets\": [{\"id\": \"x\", \"what\": \"y\", " \
    "\"source\": \"z\", " fields "}]}"

static struct target_outcome hold(const char *text, const struct run_record *r)
{
    static struct targets ts;
    struct target_outcome o = { 0 };
    struct err e = { 0 };

    targets_release(&ts);
    CHECK_EQ(target_file_parse(text, strlen(text), &ts, &e), 0);
    CHECK_STR(e.msg, "");
    if (ts.n == 1)
        targets_judge(&ts, r, &o);
    return o;
}

static void statuses(void)
{
    struct result rows[3];
    struct run_record r;
    struct target_outcome o;

    record_make(&r, rows);
    o = hold(TARGET("\"of\": \"value\", \"name\": \"silicon.memory\", \"bound\": \">=\", "
                    "\"value\": 0.07, \"unit\": \"TB/s\""),
             &r);
    CHECK_EQ(o.status, TARGET_MET);
    CHECK_NEAR(o.measured, 0.08, 1e-9); /* the worst decides */
    CHECK(strstr(o.why, "worst of 2") != NULL);
    o = hold(TARGET("\"of\": \"value\", \"name\": \"silicon.m*\", \"bound\": \">=\", "
                    "\"value\": 81, \"unit\": \"GB/s\", \"hardware\": \"*H200*\""),
             &r);
    CHECK_EQ(o.status, TARGET_MISSED);
    CHECK(strstr(o.why, "across the bound") != NULL);
    CHECK_EQ(targets_code(&o, 1), 2);
    o = hold(TARGET("\"of\": \"value\", \"name\": \"silicon.memory\", \"bound\": \">=\", "
                    "\"value\": 1000, \"unit\": \"GB/s\", \"hardware\": \"*GB10*\""),
             &r);
    CHECK_EQ(o.status, TARGET_OTHER_HARDWARE);
    CHECK_NEAR(o.measured, 80, 0);
    CHECK_EQ(targets_code(&o, 1), 3);
    o = hold(TARGET("\"of\": \"percent\", \"name\": \"silicon.memory\", \"bound\": \">=\", "
                    "\"value\": 50"),
             &r);
    CHECK_EQ(o.status, TARGET_MISSED);
    CHECK_NEAR(o.measured, 40, 0);
    o = hold(TARGET("\"of\": \"value\", \"name\": \"silicon.storage\", \"bound\": \">=\", "
                    "\"value\": 1, \"unit\": \"GB/s\""),
             &r);
    CHECK_EQ(o.status, TARGET_INVALID);
    CHECK(strstr(o.why, "the disk is full") != NULL);
    CHECK_EQ(targets_code(&o, 1), 4);
    rows[2].status = RESULT_SKIPPED;
    o = hold(TARGET("\"of\": \"value\", \"name\": \"silicon.*\", \"bound\": \">=\", "
                    "\"value\": 1, \"unit\": \"GB/s\""),
             &r);
    CHECK_EQ(o.status, TARGET_MET); /* a row that is skipped takes nothing away */
    rows[2].status = RESULT_INVALID;
    o = hold(TARGET("\"of\": \"value\", \"name\": \"silicon.*\", \"bound\": \">=\", "
                    "\"value\": 1, \"unit\": \"GB/s\""),
             &r);
    CHECK_EQ(o.status, TARGET_INVALID); /* one that went wrong does, whatever the others have */
    o = hold(TARGET("\"of\": \"value\", \"name\": \"silicon.memory\", \"params\": {\"op\": "
                    "\"read\"}, \"bound\": \"<=\", \"value\": 1, \"unit\": \"GB/s\""),
             &r);
    CHECK_EQ(o.status, TARGET_NO_DATA);
    CHECK(strstr(o.why, "no row") != NULL);
    facts_release(&r.machine);
}

static void checks(void)
{
    struct result rows[3];
    struct run_record r;
    struct target_outcome o;

    record_make(&r, rows);
    o = hold(TARGET("\"of\": \"check\", \"check\": \"no_errors\""), &r);
    CHECK_EQ(o.status, TARGET_MISSED);
    CHECK(strstr(o.why, "silicon.storage") != NULL);
    o = hold(TARGET("\"of\": \"check\", \"check\": \"run_seconds\", \"value\": 30"), &r);
    CHECK_EQ(o.status, TARGET_MET);
    CHECK_NEAR(o.measured, 30, 0);
    o = hold(TARGET("\"of\": \"check\", \"check\": \"row_seconds\", \"value\": 3"), &r);
    CHECK_EQ(o.status, TARGET_MISSED); /* the third took 4 */
    o = hold(TARGET("\"of\": \"check\", \"check\": \"profiled\""), &r);
    CHECK_EQ(o.status, TARGET_NO_DATA);
    CHECK(o.why[0] != '\0');
    o = hold(TARGET("\"of\": \"check\", \"check\": \"consistent\""), &r);
    CHECK_EQ(o.status, TARGET_NO_DATA); /* no row has samples */
    facts_release(&r.machine);
}

static void what_ships(void)
{
    struct run_record nothing = { 0 };
    struct target_outcome *o;
    struct targets ts;
    struct err e = { 0 };

    if (target_file_read("share/targets/founding.json", &ts, &e) < 0)
        fprintf(stderr, "%s\n", e.msg);
    CHECK_EQ(e.code, 0);
    CHECK(ts.n > 40);
    o = mem_calloc((size_t)ts.n, sizeof(*o));
    targets_judge(&ts, &nothing, o);
    for (int i = 0; i < ts.n; i++) {
        CHECK(ts.t[i].source[0] == 'D');
        CHECK(o[i].status != TARGET_MISSED);
        CHECK(o[i].status == TARGET_MET || o[i].why[0]); /* an unmet item says why */
        for (int k = 0; k < i; k++)
            CHECK(strcmp(ts.t[i].id, ts.t[k].id) != 0);
    }
    mem_free(o);
    targets_release(&ts);
}

static void wrong_files(void)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        { "{", "targets: not valid JSON: line 1" },
        { "[]", "not an object" },
        { "{\"schema\": 2, \"title\": \"\", \"targets\": []}", "schema" },
        { TARGET("\"of\": \"speed\""), "targets[0].of" },
        { TARGET("\"of\": \"value\", \"name\": \"n\", \"bound\": \">\", \"value\": 1, \"unit\": "
                 "\"s\""),
          "targets[0].bound" },
        { TARGET("\"of\": \"value\", \"name\": \"n\", \"bound\": \">=\", \"value\": 1"),
          "targets[0].unit" },
        { TARGET("\"of\": \"value\", \"name\": \"n\", \"bound\": \">=\", \"value\": null, "
                 "\"unit\": \"s\""),
          "targets[0].value" },
        { TARGET("\"of\": \"check\", \"check\": \"run_seconds\""), "targets[0].value" },
        { TARGET("\"of\": \"check\", \"check\": \"luck\""), "targets[0].check" },
        { TARGET("\"of\": \"percent\", \"name\": \"n\", \"bound\": \">=\", \"value\": 1, "
                 "\"params\": {\"op\": 3}"),
          "targets[0].params.op" },
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct targets ts;
        struct err e = { 0 };

        CHECK_EQ(target_file_parse(wrong[i].text, strlen(wrong[i].text), &ts, &e), ERR_FORMAT);
        if (!strstr(e.msg, wrong[i].says))
            fprintf(stderr, "%s\n", e.msg);
        CHECK(strstr(e.msg, wrong[i].says) != NULL);
        CHECK(ts.t == NULL);
    }
}

int main(void)
{
    units();
    statuses();
    checks();
    what_ships();
    wrong_files();
    TEST_DONE();
}
