/* ceilings_file.c - the cache of measured ceilings, one file per machine and boot. */
#include "store/ceilings_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/atomic_file.h"
#include "core/mem.h"
#include "store/ceiling_json.h"

enum { CACHE_SCHEMA = 1, CACHE_BYTES_MAX = 1 << 20 };

/* A cache from another form of this program or another machine is a fault like any other. */
static void parse(const json_t *json, const char *fingerprint, struct ceilings *cs, struct err *e)
{
    struct jsonio_in in = jsonio_root(json, NULL, e);
    char of[24];

    (void)jsonio_int(&in, "schema", CACHE_SCHEMA, CACHE_SCHEMA);
    jsonio_text(&in, "fingerprint", of, sizeof(of));
    if (jsonio_ok(&in) && strcmp(of, fingerprint) != 0)
        jsonio_bad(&in, "fingerprint", "another machine's");
    ceiling_json_parse(&in, cs);
}

static int load(const char *path, const char *fingerprint, struct ceilings *cs, struct err *e)
{
    struct ceilings found = { 0 };
    json_t *json = NULL;
    char *text = NULL;
    size_t n;
    int rc = 0;

    TRY(atomic_file_read(path, CACHE_BYTES_MAX, &text, &n, e));
    TRY(jsonio_parse(text, n, "cache", &json, e));
    parse(json, fingerprint, &found, e);
    TRY(e->code);
    for (int i = 0; i < found.n; i++)
        TRY(ceilings_put(cs, &found.c[i], e));
out:
    ceilings_release(&found);
    json_decref(json);
    mem_free(text);
    return rc;
}

void ceilings_file_load(const char *path, const char *fingerprint, struct ceilings *cs, char *note,
                        size_t note_cap)
{
    struct err e = { 0 };

    note[0] = '\0';
    if (access(path, F_OK) == 0 && load(path, fingerprint, cs, &e) < 0)
        snprintf(note, note_cap, "%s: the cached ceilings are ignored: %s", path, e.msg);
}

struct contents {
    const char *fingerprint;
    const struct ceilings *cs;
};

static json_t *contents_json(const struct contents *c)
{
    json_t *o, *list;
    bool lost = false;

    jsonio_init();
    o = json_object();
    list = json_array();
    for (int i = 0; i < c->cs->n; i++)
        jsonio_append(list, ceiling_json(&c->cs->c[i]), &lost);
    jsonio_put(o, "schema", json_integer(CACHE_SCHEMA), &lost);
    jsonio_put(o, "fingerprint", jsonio_new_text(c->fingerprint), &lost);
    jsonio_put(o, "ceilings", list, &lost);
    return jsonio_done(o, lost);
}

static int fill(const void *self, FILE *f, struct err *e)
{
    json_t *json = contents_json(self);
    char *text = json ? jsonio_text_of(json) : NULL;
    int rc = 0;

    if (!text)
        rc = ERR(e, ERR_NOMEM, "no memory to write the ceilings");
    else if (fputs(text, f) < 0 || fputc('\n', f) < 0)
        rc = ERR(e, ERR_IO, "cannot write the ceilings");
    json_decref(json);
    mem_free(text);
    return rc;
}

int ceilings_file_save(const char *path, const char *fingerprint, const struct ceilings *cs,
                       struct err *e)
{
    const struct contents contents = { .fingerprint = fingerprint, .cs = cs };

    int rc = atomic_file_make_folders(path, e);

    return rc < 0 ? rc : atomic_file_write(path, fill, &contents, e);
}
