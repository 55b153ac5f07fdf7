/* promise_file.c - promises that differ from the defaults. */
#include "store/promise_file.h"

#include <stdio.h>

#include "core/atomic_file.h"
#include "core/mem.h"
#include "json/jsonio.h"

enum { PROMISE_SCHEMA = 1, PROMISE_BYTES_MAX = 1 << 20 };
static const double PERCENT_MIN = 0.1, PERCENT_MAX = 1000;

static void glob_of(const struct jsonio_in *in, const char *key, char *buf, size_t cap)
{
    buf[0] = '\0';
    if (jsonio_ok(in) && json_object_get(in->node, key))
        jsonio_text(in, key, buf, cap);
}

static double percent_of(const struct jsonio_in *in, const char *key)
{
    double x = jsonio_real(in, key);

    if (jsonio_ok(in) && !(x >= PERCENT_MIN && x <= PERCENT_MAX))
        jsonio_bad(in, key, "a loss in percent, from %g to %g", PERCENT_MIN, PERCENT_MAX);
    return x;
}

static void parse_rule(const struct jsonio_in *in, struct promise_rule *r)
{
    glob_of(in, "name", r->name, sizeof(r->name));
    glob_of(in, "metric", r->metric, sizeof(r->metric));
    glob_of(in, "device", r->device, sizeof(r->device));
    r->warn_pct = percent_of(in, "warn_pct");
    r->fail_pct = percent_of(in, "fail_pct");
    if (jsonio_ok(in) && r->fail_pct < r->warn_pct)
        jsonio_bad(in, "fail_pct", "%g is less than warn_pct, %g", r->fail_pct, r->warn_pct);
}

static void parse(const json_t *json, struct promises *ps, struct err *e)
{
    struct jsonio_in in = jsonio_root(json, NULL, e), rules;
    size_t n;

    (void)jsonio_int(&in, "schema", PROMISE_SCHEMA, PROMISE_SCHEMA);
    rules = jsonio_array(&in, "promises", PROMISE_RULES_MAX);
    n = jsonio_ok(&in) ? json_array_size(rules.node) : 0;
    for (; (size_t)ps->n < n && jsonio_ok(&in); ps->n++) {
        struct jsonio_in item = jsonio_item(&rules, (size_t)ps->n);

        parse_rule(&item, &ps->rule[ps->n]);
    }
}

int promise_file_parse(const char *text, size_t n, struct promises *out, struct err *e)
{
    json_t *json = NULL;
    struct err why = { 0 };
    int rc;

    *out = (struct promises){ 0 };
    rc = jsonio_parse(text, n, "promises", &json, &why);
    if (rc == 0) {
        parse(json, out, &why);
        rc = why.code;
    }
    json_decref(json);
    if (rc < 0)
        ERR(e, rc, "%s", why.msg);
    return rc;
}

int promise_file_read(const char *path, struct promises *out, struct err *e)
{
    struct err why = { 0 };
    char *text = NULL;
    size_t n;
    int rc = 0;

    *out = (struct promises){ 0 };
    TRY(atomic_file_read(path, PROMISE_BYTES_MAX, &text, &n, e));
    rc = promise_file_parse(text, n, out, &why);
    if (rc < 0)
        ERR(e, rc, "%.150s: %s", path, why.msg);
out:
    mem_free(text);
    return rc;
}
