/* noise_file.c - the noise of one machine as a file. */
#include "store/noise_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "core/mem.h"
#include "json/json_document.h"
#include "json/jsonio.h"

enum { NOISE_SCHEMA = 1, NOISE_ROWS_MAX = 10000 };

void noise_file_path(const char *folder, const char *fingerprint, char *out, size_t cap)
{
    if (!folder[0] || snprintf(out, cap, "%s/noise-%s.json", folder, fingerprint) >= (int)cap)
        out[0] = '\0';
}

static void parse_row(const struct jsonio_in *in, struct noise_row *r)
{
    jsonio_text(in, "name", r->name, sizeof(r->name));
    jsonio_text(in, "settings", r->settings, sizeof(r->settings));
    jsonio_text(in, "device", r->device, sizeof(r->device));
    jsonio_text(in, "metric", r->metric, sizeof(r->metric));
    r->spread = jsonio_real(in, "spread");
    r->n = (int)jsonio_int(in, "runs", 0, 1000000);
    if (jsonio_ok(in) && r->spread < 0)
        jsonio_bad(in, "spread", "a spread is not negative");
}

struct reading {
    const char *fingerprint; /* of this machine */
    struct noise *out;
};

static void parse(json_t *json, void *self, struct err *e)
{
    const struct reading *reading = self;
    struct noise *n = reading->out;
    struct jsonio_in in = jsonio_root(json, NULL, e), rows;
    size_t count;

    (void)jsonio_int(&in, "schema", NOISE_SCHEMA, NOISE_SCHEMA);
    jsonio_text(&in, "fingerprint", n->fingerprint, sizeof(n->fingerprint));
    if (jsonio_ok(&in) && strcmp(n->fingerprint, reading->fingerprint) != 0)
        jsonio_bad(&in, "fingerprint", "another machine's");
    jsonio_text(&in, "measured", n->measured, sizeof(n->measured));
    n->spread = jsonio_real(&in, "spread");
    n->comparisons = (int)jsonio_int(&in, "comparisons", 0, 1000000000);
    n->alarms = (int)jsonio_int(&in, "alarms", 0, 1000000000);
    rows = jsonio_array(&in, "rows", NOISE_ROWS_MAX);
    if (!jsonio_ok(&in))
        return;
    count = json_array_size(rows.node);
    n->rows = mem_calloc(count, sizeof(*n->rows));
    if (!n->rows) {
        jsonio_lost(&rows);
        return;
    }
    for (; (size_t)n->n_rows < count && jsonio_ok(&in); n->n_rows++) {
        struct jsonio_in item = jsonio_item(&rows, (size_t)n->n_rows);

        parse_row(&item, &n->rows[n->n_rows]);
    }
}

static const struct json_document document = { .what = "noise",
                                               .max_bytes = 4 << 20,
                                               .read = parse };

int noise_file_parse(const char *text, size_t n, const char *fingerprint, struct noise *out,
                     struct err *e)
{
    struct reading reading = { .fingerprint = fingerprint, .out = out };
    int rc;

    *out = (struct noise){ 0 };
    rc = json_document_parse(&document, text, n, &reading, e);
    if (rc < 0)
        noise_release(out);
    return rc;
}

int noise_file_read(const char *path, const char *fingerprint, struct noise *out, struct err *e)
{
    struct reading reading = { .fingerprint = fingerprint, .out = out };
    int rc;

    *out = (struct noise){ 0 };
    if (!path[0] || access(path, F_OK) < 0)
        return 0;
    rc = json_document_read(&document, path, &reading, e);
    if (rc < 0)
        noise_release(out);
    return rc;
}

static json_t *row_json(const struct noise_row *r)
{
    json_t *o = json_object();
    bool lost = false;

    jsonio_put(o, "name", jsonio_new_text(r->name), &lost);
    jsonio_put(o, "settings", jsonio_new_text(r->settings), &lost);
    jsonio_put(o, "device", jsonio_new_text(r->device), &lost);
    jsonio_put(o, "metric", jsonio_new_text(r->metric), &lost);
    jsonio_put(o, "spread", jsonio_new_real(r->spread), &lost);
    jsonio_put(o, "runs", json_integer(r->n), &lost);
    return jsonio_done(o, lost);
}

static json_t *noise_json(const struct noise *n)
{
    json_t *o, *rows;
    bool lost = false;

    jsonio_init();
    o = json_object();
    rows = json_array();
    for (int i = 0; i < n->n_rows; i++)
        jsonio_append(rows, row_json(&n->rows[i]), &lost);
    jsonio_put(o, "schema", json_integer(NOISE_SCHEMA), &lost);
    jsonio_put(o, "fingerprint", jsonio_new_text(n->fingerprint), &lost);
    jsonio_put(o, "measured", jsonio_new_text(n->measured), &lost);
    jsonio_put(o, "spread", jsonio_new_real(n->spread), &lost);
    jsonio_put(o, "comparisons", json_integer(n->comparisons), &lost);
    jsonio_put(o, "alarms", json_integer(n->alarms), &lost);
    jsonio_put(o, "rows", rows, &lost);
    return jsonio_done(o, lost);
}

static int fill(const void *self, FILE *f, struct err *e)
{
    json_t *json = noise_json(self);
    char *text = json ? jsonio_text_of(json) : NULL;
    int rc = 0;

    if (!text)
        rc = ERR(e, ERR_NOMEM, "no memory to write the noise of this machine");
    else if (fputs(text, f) < 0 || fputc('\n', f) < 0)
        rc = ERR(e, ERR_IO, "cannot write the noise of this machine");
    json_decref(json);
    mem_free(text);
    return rc;
}

int noise_file_write(const char *path, const struct noise *n, struct err *e)
{
    int rc = atomic_file_make_folders(path, e);

    return rc < 0 ? rc : atomic_file_write(path, fill, n, e);
}
