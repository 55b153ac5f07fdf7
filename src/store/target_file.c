/* target_file.c - absolute targets as a JSON file. */
#include "store/target_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "json/json_document.h"
#include "json/jsonio.h"

enum { TARGET_SCHEMA = 1, TARGETS_MAX = 2000 };

static bool has(const struct jsonio_in *in, const char *key)
{
    return jsonio_ok(in) && json_object_get(in->node, key);
}

static void optional_text(const struct jsonio_in *in, const char *key, char *buf, size_t cap)
{
    buf[0] = '\0';
    if (has(in, key))
        jsonio_text(in, key, buf, cap);
}

static double optional_real(const struct jsonio_in *in, const char *key)
{
    return has(in, key) ? jsonio_real(in, key) : (double)NAN;
}

static void parse_params(const struct jsonio_in *in, struct target *t)
{
    struct jsonio_in params;
    const char *axis;
    json_t *value;

    if (!has(in, "params"))
        return;
    params = jsonio_object(in, "params");
    if (!jsonio_ok(in))
        return;
    for (void *i = json_object_iter((json_t *)(uintptr_t)params.node); i && jsonio_ok(in);
         i = json_object_iter_next((json_t *)(uintptr_t)params.node, i)) {
        axis = json_object_iter_key(i);
        value = json_object_iter_value(i);
        if (t->n_params == TARGET_PARAMS)
            jsonio_bad(in, "params", "more than %d", TARGET_PARAMS);
        else if (!json_is_string(value) || json_string_length(value) >= sizeof(t->param[0][1]) ||
                 strlen(axis) >= sizeof(t->param[0][0]))
            jsonio_bad(&params, axis, "a text of less than %zu characters was expected",
                       sizeof(t->param[0][1]));
        else {
            snprintf(t->param[t->n_params][0], sizeof(t->param[0][0]), "%s", axis);
            snprintf(t->param[t->n_params++][1], sizeof(t->param[0][1]), "%s",
                     json_string_value(value));
        }
    }
}

static int count_of(const char *const *words)
{
    int n = 0;

    while (words[n])
        n++;
    return n;
}

static void parse_bound(const struct jsonio_in *in, struct target *t)
{
    static const char *const bounds[] = { ">=", "<=" };

    t->value = optional_real(in, "value");
    if (t->of == TARGET_CHECK) {
        bool bounded = strstr(target_checks[t->check], "seconds") != NULL;

        t->bound = BOUND_AT_MOST;
        if (jsonio_ok(in) && bounded != isfinite(t->value))
            jsonio_bad(in, "value", bounded ? "a number was expected" : "this check has none");
        return;
    }
    t->bound = (enum target_bound)jsonio_word(in, "bound", bounds, 2, -1);
    if (jsonio_ok(in) && !isfinite(t->value))
        jsonio_bad(in, "value", "a number was expected");
}

static void parse_target(const struct jsonio_in *in, struct target *t)
{
    static const char *const ofs[] = { "value", "percent", "check" };

    jsonio_text(in, "id", t->id, sizeof(t->id));
    jsonio_text(in, "what", t->what, sizeof(t->what));
    t->of = (enum target_of)jsonio_word(in, "of", ofs, 3, -1);
    if (!jsonio_ok(in))
        return;
    if (t->of == TARGET_CHECK)
        t->check = jsonio_word(in, "check", target_checks, count_of(target_checks), -1);
    else
        jsonio_text(in, "name", t->name, sizeof(t->name));
    optional_text(in, "device", t->device, sizeof(t->device));
    optional_text(in, "metric", t->metric, sizeof(t->metric));
    optional_text(in, "unit", t->unit, sizeof(t->unit));
    if (jsonio_ok(in) && t->of == TARGET_VALUE && !t->unit[0])
        jsonio_bad(in, "unit", "a target on a value has a unit");
    if (t->of == TARGET_PERCENT)
        snprintf(t->unit, sizeof(t->unit), "%%");
    parse_params(in, t);
    if (jsonio_ok(in))
        parse_bound(in, t);
    t->expected = optional_real(in, "expected");
    optional_text(in, "hardware", t->hardware, sizeof(t->hardware));
    jsonio_text(in, "source", t->source, sizeof(t->source));
    optional_text(in, "note", t->note, sizeof(t->note));
}

static void parse(json_t *json, void *self, struct err *e)
{
    struct targets *ts = self;
    struct jsonio_in in = jsonio_root(json, NULL, e), list;
    size_t n;

    (void)jsonio_int(&in, "schema", TARGET_SCHEMA, TARGET_SCHEMA);
    jsonio_text(&in, "title", ts->title, sizeof(ts->title));
    list = jsonio_array(&in, "targets", TARGETS_MAX);
    if (!jsonio_ok(&in))
        return;
    n = json_array_size(list.node);
    ts->t = mem_calloc(n, sizeof(*ts->t));
    if (!ts->t) {
        jsonio_lost(&list);
        return;
    }
    for (; (size_t)ts->n < n && jsonio_ok(&in); ts->n++) {
        struct jsonio_in item = jsonio_item(&list, (size_t)ts->n);

        parse_target(&item, &ts->t[ts->n]);
    }
}

static const struct json_document document = { .what = "targets",
                                               .max_bytes = 4 << 20,
                                               .read = parse };

int target_file_parse(const char *text, size_t n, struct targets *out, struct err *e)
{
    int rc;

    *out = (struct targets){ 0 };
    rc = json_document_parse(&document, text, n, out, e);
    if (rc < 0)
        targets_release(out);
    return rc;
}

int target_file_read(const char *path, struct targets *out, struct err *e)
{
    int rc;

    *out = (struct targets){ 0 };
    rc = json_document_read(&document, path, out, e);
    if (rc < 0)
        targets_release(out);
    return rc;
}
