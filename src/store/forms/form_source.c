/* form_source.c - one field of a form, out of a record. */
#include "store/forms/form_source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/targets.h"
#include "store/forms/form_row.h"

enum { KEY = 128, WHY = 400 };

static double scaled(const struct form_field *field, double x)
{
    return field->scale != 0 ? x * field->scale : x;
}

static void put_source(const struct form_field *field, const char *source, struct facts *out)
{
    char key[KEY];

    snprintf(key, sizeof(key), "sources.%s", field->path);
    facts_text(out, key, source);
}

/* Digits alone are a number. */
static void put_word(const struct form_field *field, const char *text, struct facts *out)
{
    if (*text && strlen(text) < 16 && text[strspn(text, "0123456789")] == '\0')
        facts_int(out, field->path, strtoll(text, NULL, 10));
    else
        facts_text(out, field->path, text);
}

static void put_bool(const struct form_field *field, bool value, struct facts *out)
{
    const char *no = field->which ? strchr(field->which, '|') : NULL;
    char yes[32];

    if (!no) {
        facts_bool(out, field->path, value);
        return;
    }
    snprintf(yes, sizeof(yes), "%.*s", (int)(no - field->which), field->which);
    facts_text(out, field->path, value ? yes : no + 1);
}

static void from_fact(const struct form_field *field, const struct facts *of, const char *prefix,
                      struct facts *out)
{
    const struct fact *f = facts_get(of, field->what);
    char source[KEY];

    if (!f) {
        facts_null(out, field->path, "the run does not say: no %s.%s", prefix, field->what);
        return;
    }
    switch (f->kind) {
    case FACT_TEXT: facts_text(out, field->path, f->text); break;
    case FACT_BOOL: put_bool(field, f->i, out); break;
    case FACT_INT:
        if (field->scale == 0 || field->scale == 1)
            facts_int(out, field->path, f->i);
        else
            facts_real(out, field->path, scaled(field, (double)f->i));
        break;
    case FACT_REAL: facts_real(out, field->path, scaled(field, f->r)); break;
    case FACT_NULL:
    default: facts_null(out, field->path, "%s", f->text); return;
    }
    snprintf(source, sizeof(source), "%s.%s", prefix, field->what);
    put_source(field, source, out);
}

/* The two names of "a|b". */
static void two_names(const char *what, char a[KEY], char b[KEY])
{
    size_t n = strcspn(what, "|");

    snprintf(a, KEY, "%.*s", (int)n, what);
    snprintf(b, KEY, "%s", what[n] ? what + n + 1 : "");
}

static void from_difference(const struct form_field *field, const struct facts *machine,
                            struct facts *out)
{
    char a[KEY], b[KEY];
    double x;

    two_names(field->what, a, b);
    x = facts_get_number(machine, a, NAN) - facts_get_number(machine, b, NAN);
    if (!(fabs(x) < 9e15)) {
        facts_null(out, field->path, "the run does not say: no machine.%s", a);
        return;
    }
    facts_int(out, field->path, (int64_t)x);
    put_source(field, "machine.*: total less available", out);
}

static void from_mean(const struct form_field *field, struct facts *out)
{
    char a[KEY], b[KEY];
    double x;

    two_names(field->what, a, b);
    x = (facts_get_number(out, a, NAN) + facts_get_number(out, b, NAN)) / 2;
    if (isnan(x)) {
        facts_null(out, field->path, "the mean of %s and %s, of which one is null", a, b);
        return;
    }
    facts_real(out, field->path, x);
    snprintf(a + strlen(a), KEY - strlen(a), " and %.50s: their mean", b);
    put_source(field, a, out);
}

static void put_number(const struct form_field *field, const struct result *row, double x,
                       struct facts *out)
{
    double factor =
        field->from == FORM_VALUE && field->unit ? target_unit_factor(row->unit, field->unit) : 1;

    if (isnan(factor))
        facts_null(out, field->path, "the row is in %s, which is not %s", row->unit, field->unit);
    else if (field->from <= FORM_OPS && field->from >= FORM_SAMPLES && field->scale == 0 &&
             x == floor(x) && fabs(x) < 9e15)
        facts_int(out, field->path, (int64_t)x);
    else
        facts_real(out, field->path, scaled(field, x * factor));
}

/* false: the row does not hold it. */
static bool put_from_row(const struct form_field *field, const struct result *row,
                         struct facts *out)
{
    const char *text = NULL;
    double x;

    switch ((int)field->from) {
    case FORM_PARAM: text = form_row_param(row, field->which); break;
    case FORM_INPUTS: text = row->inputs[0] ? row->inputs : NULL; break;
    case FORM_CLOCK:
        text = row->n_runs && row->runs[0].clock_source[0] ? row->runs[0].clock_source : NULL;
        break;
    default:
        x = form_row_number(row, field);
        if (!isfinite(x))
            return false;
        put_number(field, row, x, out);
        return true;
    }
    if (text)
        put_word(field, text, out);
    return text != NULL;
}

static void from_row(const struct form_field *field, const struct run_record *r, struct facts *out)
{
    char why[WHY], source[WHY];
    const struct result *row = form_row(r, field->what, why, sizeof(why));

    if (!row) {
        facts_null(out, field->path, "%s", why);
        return;
    }
    form_row_text(row, source, sizeof(source));
    if (!put_from_row(field, row, out)) {
        facts_null(out, field->path, "the row %s does not hold %s", source,
                   field->which ? field->which : "it (too few samples, or none)");
        return;
    }
    if (row->origin != ORIGIN_MEASURED)
        snprintf(source + strlen(source), sizeof(source) - strlen(source), " (%s)",
                 result_origin_name(row->origin));
    put_source(field, source, out);
}

/* What an import of this very form left; false: nothing. */
static bool from_import(const struct form *form, const struct form_field *field,
                        const struct run_record *r, struct facts *out)
{
    const struct result *row = NULL;
    const char *text;
    char source[WHY];

    if (field->from == FORM_PARAM || field->from == FORM_CASE) {
        for (int i = 0; i < form->n && !row; i++)
            if (form->fields[i].unit && form_setting_of(field, &form->fields[i]))
                row = form_row_imported(r, form->tool, form->fields[i].path);
        text = row ? form_row_param(row, field->which) : NULL;
        if (text)
            put_word(field, text, out);
        return text != NULL;
    }
    row = field->unit ? form_row_imported(r, form->tool, field->path) : NULL;
    if (!row)
        return false;
    if (row->status != RESULT_OK) {
        facts_null(out, field->path, "%s", row->reason);
        return true;
    }
    facts_real(out, field->path, row->value);
    form_row_text(row, source, sizeof(source));
    snprintf(source + strlen(source), sizeof(source) - strlen(source), " (imported)");
    put_source(field, source, out);
    return true;
}

void form_source(const struct form *form, const struct form_field *field,
                 const struct run_record *r, struct facts *out)
{
    if (from_import(form, field, r, out))
        return;
    switch ((int)field->from) {
    case FORM_WORD:
    case FORM_CASE: put_word(field, field->what, out); break;
    case FORM_START: facts_text(out, field->path, r->start); break;
    case FORM_MACHINE: from_fact(field, &r->machine, "machine", out); break;
    case FORM_BUILD: from_fact(field, &r->build, "build", out); break;
    case FORM_USED: from_difference(field, &r->machine, out); break;
    case FORM_MEAN: from_mean(field, out); break;
    case FORM_NEVER: facts_null(out, field->path, "%s", field->what); break;
    default: from_row(field, r, out); break;
    }
}
