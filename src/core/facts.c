/* facts.c - a flat list of dotted keys with values or reasons. */
#include "core/facts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"

void facts_release(struct facts *fs)
{
    for (size_t i = 0; i < fs->n; i++) {
        mem_free(fs->f[i].key);
        mem_free(fs->f[i].text);
    }
    mem_free(fs->f);
    *fs = (struct facts){ 0 };
}

const struct fact *facts_get(const struct facts *fs, const char *key)
{
    for (size_t i = 0; i < fs->n; i++)
        if (strcmp(fs->f[i].key, key) == 0)
            return &fs->f[i];
    return NULL;
}

/* The slot of a key, emptied, or NULL with `lost` set. */
static struct fact *facts_slot(struct facts *fs, const char *key)
{
    struct fact *f = NULL;

    for (size_t i = 0; i < fs->n && !f; i++)
        if (strcmp(fs->f[i].key, key) == 0)
            f = &fs->f[i];
    if (f) {
        mem_free(f->text);
        *f = (struct fact){ .key = f->key };
        return f;
    }
    if (fs->n == fs->cap) {
        size_t cap = fs->cap ? fs->cap * 2 : 64;
        struct fact *grown = mem_realloc(fs->f, cap, sizeof(*grown));

        if (!grown) {
            fs->lost = true;
            return NULL;
        }
        fs->f = grown;
        fs->cap = cap;
    }
    f = &fs->f[fs->n];
    *f = (struct fact){ .key = mem_strdup(key) };
    if (!f->key) {
        fs->lost = true;
        return NULL;
    }
    fs->n++;
    return f;
}

static void facts_put_text(struct facts *fs, const char *key, enum fact_kind kind, const char *text)
{
    struct fact *f = facts_slot(fs, key);

    if (!f)
        return;
    f->text = mem_strdup(text);
    f->kind = f->text ? kind : FACT_NULL;
    if (!f->text)
        fs->lost = true;
}

void facts_text(struct facts *fs, const char *key, const char *value)
{
    facts_put_text(fs, key, FACT_TEXT, value);
}

void facts_int(struct facts *fs, const char *key, int64_t value)
{
    struct fact *f = facts_slot(fs, key);

    if (f) {
        f->kind = FACT_INT;
        f->i = value;
    }
}

void facts_real(struct facts *fs, const char *key, double value)
{
    struct fact *f;

    if (!isfinite(value)) {
        facts_null(fs, key, "not a finite number");
        return;
    }
    f = facts_slot(fs, key);
    if (f) {
        f->kind = FACT_REAL;
        f->r = value;
    }
}

void facts_bool(struct facts *fs, const char *key, bool value)
{
    struct fact *f = facts_slot(fs, key);

    if (f) {
        f->kind = FACT_BOOL;
        f->i = value;
    }
}

void facts_null(struct facts *fs, const char *key, const char *fmt, ...)
{
    char why[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    facts_put_text(fs, key, FACT_NULL, why);
}

const char *facts_get_text(const struct facts *fs, const char *key, const char *otherwise)
{
    const struct fact *f = facts_get(fs, key);

    return f && f->kind == FACT_TEXT ? f->text : otherwise;
}

double facts_get_number(const struct facts *fs, const char *key, double otherwise)
{
    const struct fact *f = facts_get(fs, key);

    if (f && f->kind == FACT_REAL)
        return f->r;
    if (f && (f->kind == FACT_INT || f->kind == FACT_BOOL))
        return (double)f->i;
    return otherwise;
}
