/* test_store.c - a row of a run to JSON and back, and what must not come back. */
#include "fixture_record.h"

#include "store/result_json.h"
#include "store/result_parse.h"
#include "store/store_codec.h"
#include "json/jsonio.h"

/* text -> row -> text gives the same bytes, so every double came through bit by bit. */
static void round_trip(const struct result *r)
{
    struct err e = { 0 };
    struct result back;
    char *first = store_codec.encode(r, &e), *second;

    CHECK(first && !strchr(first, '\n'));
    CHECK_EQ(store_codec.decode(first, strlen(first), &back, &e), 0);
    CHECK_STR(e.msg, "");
    second = store_codec.encode(&back, &e);
    CHECK_STR(first, second);
    CHECK_EQ(back.status, r->status);
    CHECK_EQ(back.origin, r->origin);
    CHECK_EQ(back.n_runs, r->n_runs);
    CHECK_EQ(back.limits.n, r->limits.n);
    CHECK_EQ(back.limits.binding, r->limits.binding);
    CHECK(memcmp(&back.value, &r->value, sizeof(double)) == 0 || isnan(r->value));
    for (int i = 0; i < back.n_runs; i++) {
        const struct sampling_result *a = &back.runs[i].sampling, *b = &r->runs[i].sampling;

        CHECK_EQ(a->n, b->n);
        CHECK_EQ(memcmp(a->ns, b->ns, a->n * sizeof(double)), 0);
        CHECK_EQ(memcmp(a->start_s, b->start_s, a->n * sizeof(double)), 0);
        CHECK_EQ(a->stop, b->stop);
    }
    result_release(&back);
    mem_free(first);
    mem_free(second);
}

static void test_round_trip(void)
{
    struct result r[FIXTURE_ROWS];

    fixture_results(r);
    for (int i = 0; i < FIXTURE_ROWS; i++)
        round_trip(&r[i]);
    fixture_release(r);
}

/* Doubles at the edges of the format keep their bits. */
static void test_doubles(void)
{
    static const double edge[] = { 0.1,
                                   1.0 / 3,
                                   5e-324,
                                   2.2250738585072014e-308,
                                   -0.0,
                                   0.0,
                                   1e22,
                                   1.7976931348623157e308,
                                   9007199254740993.0 };

    for (size_t i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
        json_t *v = jsonio_new_real(edge[i]), *back;
        char *text = jsonio_text_of(v);
        double x;

        back = json_loads(text, JSON_DECODE_ANY, NULL);
        x = json_number_value(back);
        CHECK_EQ(memcmp(&x, &edge[i], sizeof(x)), 0);
        json_decref(v);
        json_decref(back);
        mem_free(text);
    }
    for (int i = 0; i < 2; i++) {
        json_t *v = jsonio_new_real(i ? (double)INFINITY : (double)NAN);

        CHECK(json_is_null(v));
        json_decref(v);
    }
}

/* Unavailable is null, also where the struct was only zeroed. */
static void test_null_not_zero(void)
{
    struct result r = { .name = "a.b", .status = RESULT_SKIPPED };
    json_t *json = result_json(&r);

    CHECK(json_is_null(json_object_get(json, "value")));
    CHECK(json_is_null(json_object_get(json, "value_ci")));
    CHECK(json_is_null(json_object_get(json_object_get(json, "limit"), "percent")));
    CHECK(json_is_null(json_object_get(json_object_get(json, "expected"), "range")));
    CHECK(json_is_null(json_object_get(json_object_get(json, "check"), "error")));
    CHECK(json_is_null(json_object_get(json, "ops_latency")));
    CHECK_STR(json_string_value(json_object_get(json, "reason")), "no reason was given");
    json_decref(json);
}

static void test_text(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "plain", "plain" },
        { "\xC2\xB5s \xE2\x88\x92 \xF0\x9F\x98\x80", "\xC2\xB5s \xE2\x88\x92 \xF0\x9F\x98\x80" },
        { "cut \xE2\x88", "cut ??" },   /* snprintf cut a character */
        { "\xC0\xAF", "??" },           /* overlong */
        { "\xED\xA0\x80", "???" },      /* surrogate */
        { "\xF4\x90\x80\x80", "????" }, /* above U+10FFFF */
        { "\xE0\x80\x80\xF0\x80\x80\x80\xFF", "????????" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *v = jsonio_new_text(cases[i].in);

        CHECK_STR(json_string_value(v), cases[i].out);
        json_decref(v);
    }
}

/* Walk "runs.0.samples_ns" to the parent of the last step. */
static json_t *walk(json_t *at, const char *path, const char **last)
{
    static char step[64];

    for (;;) {
        size_t n = strcspn(path, ".");

        memcpy(step, path, n);
        step[n] = '\0';
        if (!path[n]) {
            *last = step;
            return at;
        }
        at = json_is_array(at) ? json_array_get(at, (size_t)strtoul(step, NULL, 10))
                               : json_object_get(at, step);
        path += n + 1;
    }
}

/* Put `value` (JSON; NULL removes) at `path` of a good row: it must be refused with `message`. */
static void refused(const char *path, const char *value, const char *message)
{
    struct result r[FIXTURE_ROWS], back;
    struct err e = { 0 };
    const char *last;
    json_t *json, *at;

    fixture_results(r);
    json = result_json(&r[0]);
    at = walk(json, path, &last);
    if (json_is_array(at))
        json_array_set_new(at, (size_t)strtoul(last, NULL, 10),
                           json_loads(value, JSON_DECODE_ANY, NULL));
    else if (value)
        json_object_set_new(at, last, json_loads(value, JSON_DECODE_ANY, NULL));
    else
        json_object_del(at, last);
    CHECK_EQ(result_parse(json, &back, &e), ERR_FORMAT);
    if (!strstr(e.msg, message))
        fprintf(stderr, "%s = %s: \"%s\" lacks \"%s\"\n", path, value ? value : "(none)", e.msg,
                message);
    CHECK(strstr(e.msg, message) != NULL);
    CHECK(back.runs == NULL);
    json_decref(json);
    fixture_release(r);
}

static void test_refused(void)
{
    refused("name", NULL, "result.name: missing");
    refused("name", "7", "result.name: neither text");
    refused("name", "\"0123456789012345678901234567890123456789012345678\"", "49 bytes");
    refused("name", "\"\"", "result.name: empty");
    refused("params", "[]", "result.params: not an object");
    refused("params", "{\"a\":1}", "result.params.a: not an axis");
    refused("params",
            "{\"a\":\"1\",\"b\":\"1\",\"c\":\"1\",\"d\":\"1\",\"e\":\"1\",\"f\":\"1\",\"g\":\"1\","
            "\"h\":\"1\",\"i\":\"1\","
            "\"j\":\"1\",\"k\":\"1\",\"l\":\"1\",\"m\":\"1\",\"n\":\"1\",\"o\":\"1\",\"p\":\"1\","
            "\"q\":\"1\"}",
            "result.params: 17 of them");
    refused("status", "\"fine\"", "result.status: \"fine\"");
    refused("status", "null", "result.status");
    refused("status", "\"skipped\"", "result.value: a row that is skipped has none");
    refused("value", "\"12\"", "result.value: neither a number nor null");
    refused("value", "null", "result.value_ci: an interval of");
    refused("value_ci", "[2, 1]", "result.value_ci: low end");
    refused("value_ci", "[1]", "result.value_ci: neither");
    refused("value", "1.5", "result.limit.percent: ");
    refused("runs.0.value", "1.5", "but the median of its runs is");
    refused("limit.percent", "12.5", "result.limit.percent: 12.5");
    refused("limit.kind", "\"measured\"", "result.limit: not the binding one");
    refused("limit.value", "308", "result.limit: not the binding one");
    refused("limits.1.binding", "true", "result.limits[1].binding");
    refused("limits.0.value", "null", "result.limits[0].value: does not go");
    refused("limits", "[1]", "result.limits[0].kind: missing");
    refused("limits", "[1,2,3,4,5]", "result.limits: 5 items, more than 4");
    refused("check.verdict", "\"failed\"", "result.check.verdict: does not follow");
    refused("notes", "[1]", "result.notes: item 0");
    refused("notes", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]", "result.notes: 7 items");
    refused("properties", "{}", "result.properties: not an array");
    refused("properties", "[1]", "result.properties[0].name: missing");
    refused("properties.0.name", "\"\"", "result.properties[0].name: empty");
    refused("properties.1.name", "\"bytes_per_pass\"", "result.properties[1].name: empty, or");
    refused("properties.0.text", "\"x\"", "result.properties[0].text: beside a value");
    refused("properties.0.value", "\"x\"", "result.properties[0].value: neither");
    refused("work.bytes.dram", "true", "result.work.bytes.dram: neither");
    refused("ops_latency", "{\"n\":0}", "result.ops_latency.n: not a whole number from 1");
    refused("runs", "7", "result.runs: not an array");
    refused("runs", "[7]", "result.runs[0].start_unix_s: missing");
    refused("runs.1.samples_ns", "{}", "result.runs[1].samples_ns: neither an array");
    refused("runs.1.stop_reason", "\"tired\"", "result.runs[1].stop_reason: \"tired\"");
    refused("runs.0.reps_per_sample", "-1", "result.runs[0].reps_per_sample: not a whole");
    refused("runs.0.reps_per_sample", "1.5", "result.runs[0].reps_per_sample: not a whole");
    refused("runs.0.why", "12", "result.runs[0].why: neither text");
    refused("runs.0.interrupted", "0", "result.runs[0].interrupted: neither true");
    refused("runs.0.telemetry.0.t_s", "[0, 1]", "result.runs[0].telemetry[0].values: 3 of them");
    refused("runs.0.telemetry.0.values", "[0, \"x\", 1]", "telemetry[0].values: item 1 is neither");
}

/* Statistics that are not those of the samples. */
static void test_planted_statistics(void)
{
    static const char *const fields[] = {
        "median", "mean", "std", "mad", "min",    "max",
        "p50",    "p90",  "p95", "p99", "jitter", "longest_stall"
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        char path[64], message[64];

        snprintf(path, sizeof(path), "runs.0.time.%s_ns", fields[i]);
        snprintf(message, sizeof(message), "result.runs[0].time.%s_ns: ", fields[i]);
        refused(path, "123456.5", message);
    }
    refused("runs.0.time.median_ns", "null", "result.runs[0].time.median_ns");
    refused("runs.0.time.n", "399", "result.runs[0].time.n: 399, but there are 400");
    refused("runs.0.time", "null", "result.runs[0].time.n: 0, but there are 400");
    refused("runs.0.time.ci_ns", "[1, 2]", "result.runs[0].time.ci_ns: ");
    refused("runs.0.samples_ns.7", "null", "result.runs[0].samples_ns: item 7");
    refused("runs.0.samples_ns.7", "-3", "result.runs[0].samples_ns: item 7");
    refused("runs.0.samples_ns.7", "1", "result.runs[0].time.");
    refused("runs.0.samples_start_s", "[1]", "result.runs[0].samples_start_s: 1 items");
    refused("runs.0.outliers.mild", "401", "result.runs[0].outliers: more");
}

/* 40 samples do not support a p99. */
static void test_unsupported_percentile(void)
{
    struct result r[FIXTURE_ROWS], back;
    struct err e = { 0 };
    json_t *json;

    fixture_results(r);
    r[2].runs[0].sampling.summary.p99 = r[2].runs[0].sampling.summary.max;
    json = result_json(&r[2]);
    CHECK_EQ(result_parse(json, &back, &e), ERR_FORMAT);
    CHECK(strstr(e.msg, "p99_ns: needs 299 samples, there are 40") != NULL);
    json_decref(json);
    fixture_release(r);
}

static void test_hostile_text(void)
{
    static const char *const bad[] = {
        "",
        "{",
        "nonsense",
        "[]",
        "7",
        "null",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":\"\\u0000\"}",
        "{\"name\":\"\xFF\"}",
        "{\"name\":1e999}",
        "{\"name\":99999999999999999999999}",
        "{} {}",
    };
    struct result back;
    char *deep = mem_calloc(200001, 1);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err e = { 0 };

        CHECK_EQ(store_codec.decode(bad[i], strlen(bad[i]), &back, &e), ERR_FORMAT);
        CHECK(e.msg[0] != '\0');
    }
    memset(deep, '[', 200000);
    CHECK_EQ(store_codec.decode(deep, 200000, &back, NULL), ERR_FORMAT);
    mem_free(deep);
}

/* Without memory at any point: ERR_NOMEM, nothing leaked (under the sanitizers), no crash. */
static void test_out_of_memory(void)
{
    struct result r[FIXTURE_ROWS], back;
    char *text = NULL;
    uint64_t n;

    fixture_results(r);
    for (n = 1; !text; n += n < 200 ? 1 : 37) {
        struct err e = { 0 };

        mem_fail_at(n);
        text = store_codec.encode(&r[1], &e);
        mem_fail_at(0);
        CHECK(text || e.code == ERR_NOMEM);
    }
    CHECK(n > 100);
    for (n = 1;; n += n < 200 ? 1 : 37) {
        struct err e = { 0 };
        int rc;

        mem_fail_at(n);
        rc = store_codec.decode(text, strlen(text), &back, &e);
        mem_fail_at(0);
        if (rc == 0)
            break;
        CHECK_EQ(rc, ERR_NOMEM);
        CHECK_EQ(e.code, ERR_NOMEM);
    }
    CHECK(n > 100);
    result_release(&back);
    mem_free(text);
    fixture_release(r);
}

int main(void)
{
    test_round_trip();
    test_doubles();
    test_null_not_zero();
    test_text();
    test_refused();
    test_planted_statistics();
    test_unsupported_percentile();
    test_hostile_text();
    test_out_of_memory();
    TEST_DONE();
}
