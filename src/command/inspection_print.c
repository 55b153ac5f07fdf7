/* inspection_print.c - `headroom model inspect` for people: long arrays shortened, tensors of
 * layers that are alike in one line. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/inspection.h"
#include "core/mem.h"
#include "report/columns.h"
#include "report/textline.h"
#include "json/jsonio.h"

enum { NAME_CELL = 64, GROUPS_MAX = 400 };

/* "98.4 MB": decimal, as bytes per second are. */
static void bytes_text(char out[32], double bytes)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    int u = 0;

    for (; bytes >= 999.5 && u < 4; u++)
        bytes /= 1000;
    snprintf(out, 32, u ? "%.3g %s" : "%.0f %s", bytes, units[u]);
}

static void count_text(char out[32], double n)
{
    if (n < 1e6)
        snprintf(out, 32, "%.0f", n);
    else
        snprintf(out, 32, n < 1e9 ? "%.1f M" : "%.2f G", n / (n < 1e9 ? 1e6 : 1e9));
}

/* Shown as text of `cap` bytes: what is cut ends in dots. */
static void span_text(char *out, size_t cap, struct span s, bool utf8)
{
    char raw[256];
    size_t n = s.n < sizeof(raw) - 1 ? s.n : sizeof(raw) - 1;

    for (size_t i = 0; i < n; i++) {
        raw[i] = s.p[i];
        if (!raw[i])
            raw[i] = ' ';
    }
    raw[n] = '\0';
    textline_clean(out, cap, raw, utf8);
}

/* ---- summary ---- */

static void line(const char *label, const char *text, const struct terminal_style *style)
{
    printf("  %-11s ", label);
    textline_wrap(stdout, text, 14, 14, style_columns(style), style->utf8);
}

static void print_shape(const struct llm_config *c, const struct terminal_style *style)
{
    static const char *const ropes[] = { [ROPE_NONE] = "learned positions",
                                         [ROPE_PAIR] = "RoPE of pairs",
                                         [ROPE_HALF] = "RoPE of halves" };
    static const char *const acts[] = { [ACTIVATION_GELU_TANH] = "GELU (tanh)",
                                        [ACTIVATION_SILU] = "SiLU",
                                        [ACTIVATION_RELU2] = "squared ReLU" };
    char text[400], base[32] = "", window[48] = "";

    if (c->rope != ROPE_NONE)
        snprintf(base, sizeof(base), ", base %g", (double)c->theta);
    if (c->window)
        snprintf(window, sizeof(window), " (sliding window %d)", c->window);
    snprintf(text, sizeof(text), "%s: %s", llm_family_name(c->family), c->name);
    line("model", text, style);
    snprintf(text, sizeof(text),
             "%d layers of %d, feed-forward %d, %d heads of %d (%d of keys and values); "
             "vocabulary %d, context %d%s",
             c->layers, c->dim, c->ff, c->heads, c->head_dim, c->kv_heads, c->vocab, c->context,
             window);
    line("shape", text, style);
    snprintf(text, sizeof(text), "%s%s, %s%s, %s%s, %s head",
             c->layer_norm ? "LayerNorm" : "RMSNorm", c->sub_norm ? " with sub-norms" : "",
             ropes[c->rope], base, c->gated ? "gated " : "", acts[c->act],
             c->tied ? "tied" : "own");
    line("made of", text, style);
}

/* A reason without the path that it begins with: that is above it. */
static const char *reason(const struct inspection *x, const struct err *why)
{
    const char *path = model_file_path(x->file);
    size_t n = strlen(path);

    if (strncmp(why->msg, path, n) == 0 && strncmp(why->msg + n, ": ", 2) == 0)
        return why->msg + n + 2;
    return why->msg;
}

static void print_summary(const struct inspection *x, const struct terminal_style *style)
{
    char bytes[32], values[32], weights[32], text[400];

    bytes_text(bytes, (double)model_file_bytes(x->file));
    snprintf(text, sizeof(text), "%s", model_file_path(x->file));
    textline_wrap(stdout, text, 0, 2, style_columns(style), style->utf8);
    snprintf(text, sizeof(text), "%s, %s, %zu tensors",
             model_file_format(x->file) == MODEL_GGUF ? "GGUF" : "safetensors", bytes,
             x->all.tensors);
    if (model_file_shards(x->file) > 1)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), " in %d files",
                 model_file_shards(x->file));
    line("file", text, style);
    if (model_file_synthetic(x->file))
        line("SYNTHETIC", "random weights: speed and memory are a model's, text is not", style);
    if (x->all.values) {
        count_text(values, (double)x->all.values);
        bytes_text(weights, (double)x->all.bytes);
        snprintf(text, sizeof(text), "%s in %s, %.3f bytes a weight", values, weights,
                 (double)x->all.bytes / (double)x->all.values);
        line("parameters", text, style);
    }
    if (x->model) {
        print_shape(llm_model_config(x->model), style);
        snprintf(text, sizeof(text), "yes, %s", llm_model_types(x->model));
    } else {
        snprintf(text, sizeof(text), "no: %s", reason(x, &x->no_model));
    }
    line("runs", text, style);
    if (x->tokenizer)
        snprintf(text, sizeof(text), "%s, %d tokens", tokenizer_kind(x->tokenizer),
                 tokenizer_size(x->tokenizer));
    else
        snprintf(text, sizeof(text), "none that we have: %s", reason(x, &x->no_tokenizer));
    line("tokenizer", text, style);
    if (x->chat != CHAT_NONE)
        line("chat", chat_template_name(x->chat), style);
    else if (x->no_chat.code)
        line("chat", reason(x, &x->no_chat), style);
}

/* ---- keys ---- */

static void element_text(const struct model_file *m, const char *key, size_t i, bool utf8,
                         char *out, size_t cap)
{
    char text[64];
    struct span s;
    int64_t whole;
    double real;
    bool on;

    if (model_file_array_string(m, key, i, &s)) {
        span_text(text, sizeof(text), s, utf8);
        snprintf(out, cap, "\"%s\"", text);
    } else if (model_file_array_int(m, key, i, &whole)) {
        snprintf(out, cap, "%" PRId64, whole);
    } else if (model_file_array_float(m, key, i, &real)) {
        snprintf(out, cap, "%.6g", real);
    } else if (model_file_array_bool(m, key, i, &on)) {
        snprintf(out, cap, "%s", on ? "true" : "false");
    }
}

static void array_text(const struct model_file *m, const char *key, bool utf8, char *out,
                       size_t cap)
{
    char one[80];
    enum gguf_type of;
    size_t n = 0, at;

    model_file_array(m, key, &of, &n);
    at = (size_t)snprintf(out, cap, "%zu %s%s:", n, gguf_type_name(of),
                          of == GGUF_STRING && n != 1 ? "s" : "");
    for (size_t i = 0; i < n && at + sizeof(one) + 2 < cap; i++) {
        element_text(m, key, i, utf8, one, sizeof(one));
        at += (size_t)snprintf(out + at, cap - at, "%s %s", i ? "," : "", one);
        if (i + 1 < n && at + sizeof(one) + 2 >= cap)
            snprintf(out + at, cap - at, ", ...");
    }
}

static void value_text(const struct model_file *m, const char *key, bool utf8, char *out,
                       size_t cap)
{
    struct span s;
    int64_t whole;
    double real;
    bool on;

    if (model_file_string(m, key, &s))
        span_text(out, cap, s, utf8);
    else if (model_file_array(m, key, NULL, NULL))
        array_text(m, key, utf8, out, cap);
    else if (model_file_int(m, key, &whole))
        snprintf(out, cap, "%" PRId64, whole);
    else if (model_file_float(m, key, &real))
        snprintf(out, cap, "%.6g", real);
    else if (model_file_bool(m, key, &on))
        snprintf(out, cap, "%s", on ? "true" : "false");
}

/* One line each: cut, not wrapped. */
static void print_key(const char *name, const char *text, int width,
                      const struct terminal_style *style)
{
    char value[COLUMNS_CELL];
    int room = style_columns(style) - width - 4;

    snprintf(value, sizeof(value), "%s", text);
    textline_cut(value, sizeof(value), room < 20 ? 20 : room, style->utf8);
    printf("  ");
    textline_left(stdout, name, width);
    printf("  %s\n", value);
}

static void print_keys(const struct model_file *m, const struct terminal_style *style)
{
    char shown[NAME_CELL], text[256];
    int width = 0;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < model_file_keys(m); i++) {
            struct span s = model_file_key(m, i, NULL);
            char *name = mem_calloc(s.n + 1, 1);

            if (!name)
                return;
            memcpy(name, s.p, s.n);
            span_text(shown, sizeof(shown), s, style->utf8);
            textline_cut(shown, sizeof(shown), 44, style->utf8);
            if (pass == 0 && (int)textline_width(shown) > width)
                width = (int)textline_width(shown);
            text[0] = '\0';
            if (pass == 1) {
                value_text(m, name, style->utf8, text, sizeof(text));
                print_key(shown, text, width, style);
            }
            mem_free(name);
        }
}

/* What safetensors have instead: config.json's plain values. */
static void print_config(const json_t *config, const struct terminal_style *style)
{
    char shown[NAME_CELL], text[256];
    const char *name;
    void *at = json_object_iter((json_t *)(uintptr_t)config);

    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)config, at)) {
        const json_t *v = json_object_iter_value(at);
        char *dump = json_is_string(v) ? NULL : jsonio_text_of(v);

        name = json_object_iter_key(at);
        span_text(shown, sizeof(shown), (struct span){ name, strlen(name) }, style->utf8);
        name = dump ? dump : json_string_value(v);
        span_text(text, sizeof(text), (struct span){ name ? name : "", name ? strlen(name) : 0 },
                  style->utf8);
        print_key(shown, text, 28, style);
        mem_free(dump);
    }
}

/* ---- types and tensors ---- */

static void print_types(const struct inspection *x, const struct terminal_style *style)
{
    static const struct column column[] = { { "type", 0, false },
                                            { "tensors", 2, true },
                                            { "parameters", 2, true },
                                            { "bytes", 2, true },
                                            { "bytes a weight", 2, true } };
    struct columns table = { .column = column, .n = 5, .style = style };
    struct columns_row row[DTYPES + 1];
    int n = 0;

    for (int t = 0; t <= DTYPES; t++) {
        const struct inspection_total *of = t < DTYPES ? &x->type[t] : &x->all;
        struct columns_row *r = &row[n];

        if (!of->tensors || (t == DTYPES && n < 2))
            continue;
        n++;
        snprintf(r->cell[0], COLUMNS_CELL, "%s",
                 t < DTYPES ? dtype_info((enum dtype)t)->name : "all");
        snprintf(r->cell[1], COLUMNS_CELL, "%zu", of->tensors);
        count_text(r->cell[2], (double)of->values);
        bytes_text(r->cell[3], (double)of->bytes);
        snprintf(r->cell[4], COLUMNS_CELL, "%.3f",
                 of->values ? (double)of->bytes / (double)of->values : 0.0);
        columns_widen(&table, r);
    }
    columns_fit(&table);
    columns_heads(stdout, &table);
    for (int i = 0; i < n; i++)
        columns_print(stdout, &table, &row[i]);
}

/* Tensors whose names differ in one number only. */
struct tensor_group {
    const struct tensor *first;
    size_t before, after; /* of the name, around the number */
    long lo, hi;          /* -1: no number */
    size_t n;
};

static struct tensor_group group_of(const struct tensor *t)
{
    struct tensor_group g = { .first = t, .lo = -1, .hi = -1, .n = 1, .before = strlen(t->name) };
    size_t at = strcspn(t->name, "0123456789"), digits = strspn(t->name + at, "0123456789");

    if (digits && digits < 6 && at && t->name[at - 1] == '.' && t->name[at + digits] == '.') {
        g.before = at;
        g.after = strlen(t->name) - at - digits;
        g.lo = g.hi = strtol(t->name + at, NULL, 10);
    }
    return g;
}

static bool same_group(const struct tensor_group *a, const struct tensor_group *b)
{
    const char *x = a->first->name, *y = b->first->name;

    return a->lo >= 0 && b->lo >= 0 && a->before == b->before && a->after == b->after &&
           memcmp(x, y, a->before) == 0 &&
           strcmp(x + strlen(x) - a->after, y + strlen(y) - b->after) == 0 &&
           a->first->dtype == b->first->dtype &&
           memcmp(a->first->dims, b->first->dims, sizeof(a->first->dims)) == 0;
}

/* Gives how many tensors did not fit into the groups. */
static size_t make_groups(const struct model_file *m, struct tensor_group *group, int *n_groups)
{
    size_t n, rest = 0;
    const struct tensor *t = model_file_tensors(m, &n);

    for (size_t i = 0; i < n; i++) {
        struct tensor_group g = group_of(&t[i]);
        int k = 0;

        while (k < *n_groups && !same_group(&group[k], &g))
            k++;
        if (k == GROUPS_MAX) {
            rest++;
        } else if (k == *n_groups) {
            group[(*n_groups)++] = g;
        } else {
            group[k].n++;
            group[k].lo = g.lo < group[k].lo ? g.lo : group[k].lo;
            group[k].hi = g.hi > group[k].hi ? g.hi : group[k].hi;
        }
    }
    return rest;
}

static void group_row(const struct tensor_group *g, bool utf8, struct columns_row *r)
{
    const struct tensor *t = g->first;
    char raw[256];
    size_t at;

    *r = (struct columns_row){ 0 };
    if (g->n == 1)
        snprintf(raw, sizeof(raw), "%s", t->name);
    else
        snprintf(raw, sizeof(raw), "%.*s{%ld-%ld}%s", (int)g->before, t->name, g->lo, g->hi,
                 t->name + strlen(t->name) - g->after);
    textline_clean(r->cell[0], 100, raw, utf8);
    snprintf(r->cell[1], COLUMNS_CELL, "%s", dtype_info(t->dtype)->name);
    at = (size_t)snprintf(r->cell[2], COLUMNS_CELL, "%" PRIu64, t->dims[0]);
    for (int d = 1; d < t->n_dims; d++)
        at += (size_t)snprintf(r->cell[2] + at, COLUMNS_CELL - at, " x %" PRIu64, t->dims[d]);
    bytes_text(r->cell[3], (double)t->bytes);
    if (g->n > 1)
        snprintf(r->cell[4], COLUMNS_CELL, "x %zu", g->n);
}

static void print_tensors(const struct inspection *x, const struct terminal_style *style)
{
    static const struct column column[] = {
        { "tensor", 0, false }, { "type", 2, false }, { "shape", 2, false },
        { "bytes", 2, true },   { "", 1, false },
    };
    static const int optional[] = { 0 };
    struct columns table = {
        .column = column, .n = 5, .style = style, .optional = optional, .n_optional = 1
    };
    struct tensor_group *group = mem_calloc(GROUPS_MAX, sizeof(*group));
    struct columns_row row;
    size_t rest;
    int n = 0;

    if (!group)
        return;
    rest = make_groups(x->file, group, &n);
    for (int i = 0; i < n; i++) {
        group_row(&group[i], style->utf8, &row);
        columns_widen(&table, &row);
    }
    columns_fit(&table);
    columns_heads(stdout, &table);
    for (int i = 0; i < n; i++) {
        group_row(&group[i], style->utf8, &row);
        columns_print(stdout, &table, &row);
    }
    if (rest)
        printf("  ... and %zu more (--json has all)\n", rest);
    mem_free(group);
}

void inspection_print(const struct inspection *x, const struct terminal_style *style)
{
    const json_t *config = model_file_json(x->file, "config.json");

    print_summary(x, style);
    if (model_file_keys(x->file) || config)
        putchar('\n');
    print_keys(x->file, style);
    print_config(config, style);
    if (x->all.tensors) {
        putchar('\n');
        print_types(x, style);
        putchar('\n');
        print_tensors(x, style);
    }
}
