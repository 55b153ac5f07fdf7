/* jsonio.c - Jansson with our rules. */
#include "json/jsonio.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "json/json_alloc.h"

/* A path is at most this long in a message; deeper ones lose their beginning. */
enum { PATH_MAX_TEXT = 100 };

void jsonio_init(void)
{
    json_alloc_init();
}

struct load {
    const char *text;
    size_t n;
    json_t *json;
    json_error_t why;
};

static void load(void *self)
{
    struct load *l = self;

    l->json = json_loadb(l->text, l->n, JSON_REJECT_DUPLICATES, &l->why);
}

int jsonio_parse(const char *text, size_t n, const char *what, json_t **out, struct err *e)
{
    struct load l = { .text = text, .n = n };

    *out = NULL;
    if (!json_alloc_guarded(load, &l))
        return ERR(e, ERR_NOMEM, "%s: no memory to read %zu bytes", what, n);
    *out = l.json;
    if (l.json)
        return 0;
    return ERR(e, ERR_FORMAT, "%s: not valid JSON: line %d, column %d: %.60s", what, l.why.line,
               l.why.column, l.why.text);
}

struct print {
    const json_t *value;
    char *text;
};

static void print(void *self)
{
    struct print *p = self;

    p->text = json_dumps(p->value, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* The text is ours, not Jansson's allocator's, so that mem_free is its end. */
char *jsonio_text_of(const json_t *value)
{
    struct print p = { .value = value };
    char *copy;

    if (!json_alloc_guarded(print, &p) || !p.text)
        return NULL;
    copy = mem_strdup(p.text);
    json_alloc_free(p.text);
    return copy;
}

/* ---- reading ---- */

struct jsonio_in jsonio_root(const json_t *node, const char *name, struct err *e)
{
    struct jsonio_in in = { .node = node, .key = name, .e = e };

    if (!json_is_object(node))
        jsonio_bad(&in, NULL, "not an object");
    return in;
}

bool jsonio_ok(const struct jsonio_in *in)
{
    return in->e->code == 0;
}

/* Write one step before the path that begins at `at`; gives where it now begins.  What does not fit
 * behind `buf` is left out. */
static char *path_prepend(const char *buf, char *at, const char *step)
{
    size_t n = strlen(step);

    if (n <= (size_t)(at - buf))
        while (n > 0)
            *--at = step[--n];
    return at;
}

static void path_write(const struct jsonio_in *in, const char *key, char *out, size_t cap)
{
    char buf[PATH_MAX_TEXT], step[64];
    char *at = buf + sizeof(buf) - 1;

    *at = '\0';
    if (key) {
        snprintf(step, sizeof(step), "%s%.50s", in->key || in->up ? "." : "", key);
        at = path_prepend(buf, at, step);
    }
    for (; in; in = in->up) {
        if (in->key)
            snprintf(step, sizeof(step), "%s%.50s",
                     in->up && (in->up->key || in->up->up) ? "." : "", in->key);
        else if (in->up)
            snprintf(step, sizeof(step), "[%zu]", in->index);
        else
            step[0] = '\0';
        at = path_prepend(buf, at, step);
    }
    snprintf(out, cap, "%s", *at ? at : "document");
}

void jsonio_bad(const struct jsonio_in *in, const char *key, const char *fmt, ...)
{
    char path[PATH_MAX_TEXT], what[160];
    va_list ap;

    path_write(in, key, path, sizeof(path));
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    ERR(in->e, ERR_FORMAT, "%s: %s", path, what);
}

void jsonio_lost(const struct jsonio_in *in)
{
    char path[PATH_MAX_TEXT];

    path_write(in, NULL, path, sizeof(path));
    ERR(in->e, ERR_NOMEM, "%s: out of memory", path);
}

/* The member, or NULL after a fault, now or earlier. */
static const json_t *member(const struct jsonio_in *in, const char *key)
{
    const json_t *v;

    if (!jsonio_ok(in))
        return NULL;
    v = json_object_get(in->node, key);
    if (!v)
        jsonio_bad(in, key, "missing");
    return v;
}

struct jsonio_in jsonio_object(const struct jsonio_in *in, const char *key)
{
    const json_t *v = member(in, key);

    if (v && !json_is_object(v))
        jsonio_bad(in, key, "not an object");
    return (struct jsonio_in){ .node = v, .up = in, .key = key, .e = in->e };
}

struct jsonio_in jsonio_array(const struct jsonio_in *in, const char *key, size_t max)
{
    const json_t *v = member(in, key);

    if (v && !json_is_array(v))
        jsonio_bad(in, key, "not an array");
    else if (v && json_array_size(v) > max)
        jsonio_bad(in, key, "%zu items, more than %zu", json_array_size(v), max);
    return (struct jsonio_in){ .node = jsonio_ok(in) ? v : NULL, .up = in, .key = key, .e = in->e };
}

struct jsonio_in jsonio_item(const struct jsonio_in *array, size_t index)
{
    return (struct jsonio_in){
        .node = json_array_get(array->node, index), .up = array, .index = index, .e = array->e
    };
}

bool jsonio_is_null(const struct jsonio_in *in, const char *key)
{
    return json_is_null(member(in, key));
}

double jsonio_real(const struct jsonio_in *in, const char *key)
{
    const json_t *v = member(in, key);

    if (!v || json_is_null(v))
        return NAN;
    if (!json_is_number(v)) {
        jsonio_bad(in, key, "neither a number nor null");
        return NAN;
    }
    return json_number_value(v);
}

int64_t jsonio_int(const struct jsonio_in *in, const char *key, int64_t lo, int64_t hi)
{
    const json_t *v = member(in, key);

    if (!v)
        return 0;
    if (!json_is_integer(v) || json_integer_value(v) < lo || json_integer_value(v) > hi) {
        jsonio_bad(in, key, "not a whole number from %" PRId64 " to %" PRId64, lo, hi);
        return 0;
    }
    return json_integer_value(v);
}

bool jsonio_bool(const struct jsonio_in *in, const char *key)
{
    const json_t *v = member(in, key);

    if (v && !json_is_boolean(v))
        jsonio_bad(in, key, "neither true nor false");
    return json_is_true(v);
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
}

void jsonio_text(const struct jsonio_in *in, const char *key, char *buf, size_t cap)
{
    const json_t *v = member(in, key);

    buf[0] = '\0';
    if (!v || json_is_null(v))
        return;
    if (!json_is_string(v))
        jsonio_bad(in, key, "neither text nor null");
    else if (json_string_length(v) >= cap)
        jsonio_bad(in, key, "text of %zu bytes, more than %zu", json_string_length(v), cap - 1);
    else
        memcpy(buf, json_string_value(v), json_string_length(v) + 1);
    for (char *c = buf; *c; c++)
        if (is_control(*c))
            *c = ' ';
}

int jsonio_word(const struct jsonio_in *in, const char *key, const char *const *names, int n,
                int if_null)
{
    const json_t *v = member(in, key);
    const char *word = json_string_value(v);

    if (!v)
        return 0;
    if (json_is_null(v) && if_null >= 0)
        return if_null;
    for (int i = 0; word && i < n; i++)
        if (strcmp(names[i], word) == 0)
            return i;
    jsonio_bad(in, key, "\"%.40s\" is none of its words", word ? word : "(not text)");
    return 0;
}

void jsonio_pair(const struct jsonio_in *in, const char *key, double *lo, double *hi)
{
    const json_t *v = member(in, key);

    *lo = *hi = NAN;
    if (!v || json_is_null(v))
        return;
    if (json_array_size(v) != 2 || !json_is_number(json_array_get(v, 0)) ||
        !json_is_number(json_array_get(v, 1))) {
        jsonio_bad(in, key, "neither [low, high] nor null");
        return;
    }
    *lo = json_number_value(json_array_get(v, 0));
    *hi = json_number_value(json_array_get(v, 1));
    if (!(*lo <= *hi))
        jsonio_bad(in, key, "low end %.6g above high end %.6g", *lo, *hi);
}

double *jsonio_reals(const struct jsonio_in *in, const char *key, size_t *n)
{
    const json_t *v = member(in, key);
    size_t count = json_array_size(v);
    double *x;

    *n = 0;
    if (v && !json_is_array(v) && !json_is_null(v))
        jsonio_bad(in, key, "neither an array nor null");
    if (count == 0)
        return NULL;
    x = mem_calloc(count, sizeof(*x));
    if (!x) {
        jsonio_lost(in);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(v, i);

        if (!json_is_number(item) && !json_is_null(item)) {
            jsonio_bad(in, key, "item %zu is neither a number nor null", i);
            mem_free(x);
            return NULL;
        }
        x[i] = json_is_null(item) ? (double)NAN : json_number_value(item);
    }
    *n = count;
    return x;
}

/* ---- writing ---- */

void jsonio_put(json_t *obj, const char *key, json_t *value, bool *lost)
{
    if (json_object_set_new(obj, key, value) != 0)
        *lost = true;
}

void jsonio_append(json_t *array, json_t *value, bool *lost)
{
    if (json_array_append_new(array, value) != 0)
        *lost = true;
}

json_t *jsonio_done(json_t *value, bool lost)
{
    if (!lost)
        return value;
    json_decref(value);
    return NULL;
}

json_t *jsonio_new_real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *jsonio_new_count(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

/* Length of the UTF-8 sequence at s (RFC 3629: no surrogates, nothing overlong), 0 when it is
 * none.  Reads up to the first byte that does not fit, so a terminator ends it. */
static int utf8_length(const unsigned char *s)
{
    unsigned char lo = 0x80, hi = 0xBF;
    int n;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        n = 2;
    else if (s[0] >= 0xE0 && s[0] <= 0xEF)
        n = 3;
    else if (s[0] >= 0xF0 && s[0] <= 0xF4)
        n = 4;
    else
        return 0;
    if (s[0] == 0xE0)
        lo = 0xA0;
    else if (s[0] == 0xED)
        hi = 0x9F;
    else if (s[0] == 0xF0)
        lo = 0x90;
    else if (s[0] == 0xF4)
        hi = 0x8F;
    for (int i = 1; i < n; i++, lo = 0x80, hi = 0xBF)
        if (s[i] < lo || s[i] > hi)
            return 0;
    return n;
}

json_t *jsonio_new_text(const char *s)
{
    char *copy = mem_strdup(s);
    json_t *v;

    if (!copy)
        return NULL;
    for (char *p = copy; *p;) {
        int n = utf8_length((const unsigned char *)p);

        if (n == 0)
            *p = '?'; /* one byte for one byte: a text that fitted its field still fits */
        p += n ? n : 1;
    }
    v = json_string_nocheck(copy);
    mem_free(copy);
    return v;
}

json_t *jsonio_new_text_or_null(const char *s)
{
    return s[0] ? jsonio_new_text(s) : json_null();
}

json_t *jsonio_new_pair(double lo, double hi)
{
    json_t *pair;
    bool lost = false;

    if (!isfinite(lo) || !isfinite(hi) || !(lo <= hi))
        return json_null();
    pair = json_array();
    jsonio_append(pair, json_real(lo), &lost);
    jsonio_append(pair, json_real(hi), &lost);
    return jsonio_done(pair, lost);
}

json_t *jsonio_new_reals(const double *x, size_t n)
{
    json_t *array = json_array();
    bool lost = !array;

    for (size_t i = 0; i < n && !lost; i++)
        jsonio_append(array, jsonio_new_real(x[i]), &lost);
    return jsonio_done(array, lost);
}
