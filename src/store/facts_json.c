/* facts_json.c - flat facts as nested JSON and back. */
#include "store/facts_json.h"

#include <stdio.h>
#include <string.h>

/* Longest key, and the largest index that is taken for one of a list. */
enum { KEY_MAX_TEXT = 200, INDEX_MAX = 1023 };

/* Index of a step like "0" or "17", or -1. */
static int index_of(const char *step)
{
    int v = 0;

    if (!*step || strlen(step) > 4)
        return -1;
    for (; *step; step++) {
        if (*step < '0' || *step > '9')
            return -1;
        v = v * 10 + (*step - '0');
    }
    return v <= INDEX_MAX ? v : -1;
}

static json_t *fact_value(const struct fact *f)
{
    switch (f->kind) {
    case FACT_BOOL: return json_boolean(f->i);
    case FACT_INT: return json_integer(f->i);
    case FACT_REAL: return jsonio_new_real(f->r);
    case FACT_TEXT: return jsonio_new_text(f->text);
    case FACT_NULL:
    default: return json_null();
    }
}

/* What stands at `step` of a container; NULL when nothing does, or only a list's filler. */
static json_t *step_get(json_t *at, const char *step)
{
    json_t *v =
        json_is_array(at) ? json_array_get(at, (size_t)index_of(step)) : json_object_get(at, step);

    return json_is_null(v) ? NULL : v;
}

/* Set it (taken).  false: `at` cannot hold such a step. */
static bool step_set(json_t *at, const char *step, json_t *value, bool *lost)
{
    int index = index_of(step);

    if (json_is_object(at)) {
        jsonio_put(at, step, value, lost);
        return true;
    }
    if (!json_is_array(at) || index < 0) {
        json_decref(value);
        return false;
    }
    while (json_array_size(at) <= (size_t)index && !*lost)
        jsonio_append(at, json_null(), lost);
    if (json_array_set_new(at, (size_t)index, value) != 0)
        *lost = true;
    return true;
}

/* Cut a key at its dots; gives the number of steps, 0 where those or the key are too long. */
static int key_split(const char *key, char buf[KEY_MAX_TEXT], char *steps[FACTS_JSON_DEPTH])
{
    int n = 0;

    if (snprintf(buf, KEY_MAX_TEXT, "%s", key) >= KEY_MAX_TEXT)
        return 0;
    for (char *at = buf; at && n < FACTS_JSON_DEPTH; n++) {
        char *dot = strchr(at, '.');

        if (dot)
            *dot = '\0';
        steps[n] = at;
        at = dot ? dot + 1 : NULL;
        if (at && n == FACTS_JSON_DEPTH - 1)
            return 0;
    }
    return n;
}

/* Put one fact into the tree; false when its key runs through something that is not a container. */
static bool fact_put(json_t *tree, const struct fact *f, bool *lost)
{
    char buf[KEY_MAX_TEXT], *steps[FACTS_JSON_DEPTH];
    int n = key_split(f->key, buf, steps);

    for (int i = 0; i + 1 < n; i++) {
        json_t *next = step_get(tree, steps[i]);

        if (!next) {
            next = index_of(steps[i + 1]) >= 0 ? json_array() : json_object();
            if (!step_set(tree, steps[i], next, lost))
                return false;
        }
        if (*lost)
            return true;
        if (!json_is_object(next) && !json_is_array(next))
            return false;
        tree = next;
    }
    if (n == 0 || step_get(tree, steps[n - 1]))
        return false;
    return step_set(tree, steps[n - 1], fact_value(f), lost);
}

json_t *facts_json(const struct facts *fs)
{
    json_t *tree, *unavailable;
    bool lost = false;

    jsonio_init();
    tree = json_object();
    unavailable = json_object();
    for (size_t i = 0; i < fs->n && !lost && tree && unavailable; i++) {
        const struct fact *f = &fs->f[i];

        if (!fact_put(tree, f, &lost))
            jsonio_put(unavailable, f->key, json_string("its name collides with another's"), &lost);
        else if (f->kind == FACT_NULL)
            jsonio_put(unavailable, f->key, jsonio_new_text(f->text ? f->text : ""), &lost);
    }
    jsonio_put(tree, "unavailable", unavailable, &lost);
    return jsonio_done(tree, lost);
}

/* ---- reading ---- */

struct reading {
    struct facts *out;
    const json_t *unavailable;
};

static void read_one(const struct jsonio_in *in, const char *key, struct reading *r)
{
    const json_t *v = in->node;
    const char *why;

    if (r->out->n >= FACTS_JSON_MAX) {
        jsonio_bad(in, NULL, "more than %d fields", FACTS_JSON_MAX);
        return;
    }
    switch (json_typeof(v)) {
    case JSON_TRUE: facts_bool(r->out, key, true); break;
    case JSON_FALSE: facts_bool(r->out, key, false); break;
    case JSON_INTEGER: facts_int(r->out, key, json_integer_value(v)); break;
    case JSON_REAL: facts_real(r->out, key, json_real_value(v)); break;
    case JSON_STRING:
        if (json_string_length(v) > FACTS_JSON_TEXT)
            jsonio_bad(in, NULL, "text of %zu bytes", json_string_length(v));
        else
            facts_text(r->out, key, json_string_value(v));
        break;
    case JSON_NULL:
        why = json_string_value(json_object_get(r->unavailable, key));
        facts_null(r->out, key, "%s", why ? why : "");
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
    default: break;
    }
    if (r->out->lost)
        jsonio_lost(in);
}

static void read_tree(const struct jsonio_in *in, const char *key, int depth, struct reading *r);

/* One member or item: its key is that of its container and its own name. */
static void read_step(const struct jsonio_in *in, const char *key, const char *step, int depth,
                      struct reading *r)
{
    char longer[KEY_MAX_TEXT];

    if (snprintf(longer, sizeof(longer), "%s%s%s", key, *key ? "." : "", step) >=
        (int)sizeof(longer))
        jsonio_bad(in, NULL, "its name is too long");
    else if (json_is_object(in->node) || json_is_array(in->node))
        read_tree(in, longer, depth + 1, r);
    else
        read_one(in, longer, r);
}

static void read_tree(const struct jsonio_in *in, const char *key, int depth, struct reading *r)
{
    char step[32];

    if (depth > FACTS_JSON_DEPTH) {
        jsonio_bad(in, NULL, "more than %d levels", FACTS_JSON_DEPTH);
        return;
    }
    if (json_is_array(in->node)) {
        if (json_array_size(in->node) > INDEX_MAX + 1)
            jsonio_bad(in, NULL, "%zu items", json_array_size(in->node));
        for (size_t i = 0; i < json_array_size(in->node) && jsonio_ok(in); i++) {
            struct jsonio_in item = jsonio_item(in, i);

            snprintf(step, sizeof(step), "%zu", i);
            read_step(&item, key, step, depth, r);
        }
        return;
    }
    /* Iterating does not change the object; Jansson's iterators only lack the const. */
    for (void *at = json_object_iter((json_t *)(uintptr_t)in->node); at && jsonio_ok(in);
         at = json_object_iter_next((json_t *)(uintptr_t)in->node, at)) {
        const char *name = json_object_iter_key(at);
        struct jsonio_in child = {
            .node = json_object_iter_value(at), .up = in, .key = name, .e = in->e
        };

        if (depth == 0 && strcmp(name, "unavailable") == 0)
            continue;
        if (!*name || strchr(name, '.') || name[strspn(name, "0123456789")] == '\0')
            jsonio_bad(&child, NULL, "not a name");
        else
            read_step(&child, key, name, depth, r);
    }
}

void facts_json_parse(const struct jsonio_in *in, struct facts *out)
{
    struct reading r = { .out = out };
    struct jsonio_in unavailable;

    if (!jsonio_ok(in))
        return;
    unavailable = jsonio_object(in, "unavailable");
    r.unavailable = unavailable.node;
    if (jsonio_ok(in))
        read_tree(in, "", 0, &r);
}
