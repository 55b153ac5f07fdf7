/* promise_file.c - promises that differ from the defaults. */
#include "store/promise_file.h"

#include "json/json_document.h"
#include "json/jsonio.h"

enum { PROMISE_SCHEMA = 1 };
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

static void parse(json_t *json, void *self, struct err *e)
{
    struct promises *ps = self;
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

static const struct json_document document = { .what = "promises",
                                               .max_bytes = 1 << 20,
                                               .read = parse };

int promise_file_parse(const char *text, size_t n, struct promises *out, struct err *e)
{
    *out = (struct promises){ 0 };
    return json_document_parse(&document, text, n, out, e);
}

int promise_file_read(const char *path, struct promises *out, struct err *e)
{
    *out = (struct promises){ 0 };
    return json_document_read(&document, path, out, e);
}
