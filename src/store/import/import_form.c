/* import_form.c - files in the forms of the founding documents.
 *
 * Figures become rows "TOOL field=PATH".  In files that we did not write 0 stands for what was not
 * known, and what the document's own tool got wrong (form.h, fault) is not taken for a figure. */
#include "store/import/import_form.h"

#include <math.h>
#include <string.h>

#include "store/facts_json.h"
#include "store/forms/form.h"
#include "store/forms/form_print.h"
#include "store/import/import_rows.h"
#include "json/json_document.h"

/* A file that is being read. */
struct reading {
    const struct form *form;
    const struct facts *file;
    struct run_record *out;
    bool ours;  /* by headroom */
    bool their; /* by the document's own tool */
    double start;
    struct err *e;
};

static bool is_table(const struct import_source *src)
{
    return strncmp(src->text, form_print_heading, strlen(form_print_heading)) == 0;
}

/* The last name of a path, as it stands in a file. */
static bool has_name(const struct import_source *src, const char *path)
{
    const char *last = strrchr(path, '.');
    char quoted[64];

    snprintf(quoted, sizeof(quoted), is_table(src) ? "%s" : "\"%s\"", last ? last + 1 : path);
    return import_contains(src, quoted);
}

static const struct form *form_of(const struct import_source *src)
{
    for (int i = 0; forms[i]; i++)
        if (has_name(src, forms[i]->signs[0]) && has_name(src, forms[i]->signs[1]))
            return forms[i];
    return NULL;
}

static bool detect(const struct import_source *src)
{
    return (src->text[strspn(src->text, " \t\r\n")] == '{' || is_table(src)) &&
           form_of(src) != NULL;
}

/* ---- facts ---- */

static double number_of(const struct fact *f)
{
    return f->kind == FACT_INT ? (double)f->i : f->kind == FACT_REAL ? f->r : (double)NAN;
}

/* A fact that is a number: in the unit of ours. */
static void read_number(struct reading *in, const struct form_field *field, double x,
                        struct facts *out)
{
    if (x == 0 && !in->ours)
        return;
    x = x / field->scale * (in->their && field->theirs != 0 ? field->theirs : 1);
    if (!isfinite(x))
        ERR(in->e, ERR_FORMAT, "%s: no machine has that", field->path);
    else if (x == floor(x) && fabs(x) < 9e15)
        facts_int(out, field->what, (int64_t)x);
    else
        facts_real(out, field->what, x);
}

static void read_fact(struct reading *in, const struct form_field *field, const struct fact *f)
{
    struct facts *out = field->from == FORM_BUILD ? &in->out->build : &in->out->machine;
    double x = number_of(f);

    if (f->kind == FACT_NULL && f->text[0])
        facts_null(out, field->what, "%s", f->text);
    else if (field->scale != 0 && !isnan(x))
        read_number(in, field, x, out);
    else if (field->which && f->kind == FACT_TEXT)
        facts_bool(out, field->what,
                   strncmp(field->which, f->text, strcspn(field->which, "|")) == 0);
    else if (field->scale == 0 && !field->which && f->kind == FACT_TEXT)
        facts_text(out, field->what, f->text);
    else if (field->scale == 0 && !field->which && !isnan(x))
        facts_real(out, field->what, x);
}

/* ---- figures ---- */

static void read_settings(struct reading *in, const struct form_field *figure, struct result *row)
{
    for (int i = 0; i < in->form->n; i++) {
        const struct form_field *field = &in->form->fields[i];
        const struct fact *f = facts_get(in->file, field->path);

        if (!f || !form_setting_of(field, figure))
            continue;
        if (f->kind == FACT_TEXT)
            import_param(row, field->which, f->text, in->e);
        else if (f->kind == FACT_INT ||
                 (f->kind == FACT_REAL && f->r == floor(f->r) && fabs(f->r) < 9e15))
            import_param_int(row, field->which, (int64_t)number_of(f), in->e);
    }
}

static const char *metric_of(const char *unit)
{
    static const char *const known[][2] = {
        { "TFLOPS", "throughput" }, { "TOPS", "throughput" }, { "tok/s", "throughput" },
        { "1/s", "throughput" },    { "GB/s", "bandwidth" },  { "IOPS", "iops" },
        { "ms", "latency" },        { "ms2", "variance" },    { "W", "power" },
        { "C", "temperature" },     { "MHz", "clock" },       { "%", "utilisation" },
        { "J", "energy" },          { "MB", "memory" },
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i][0], unit) == 0)
            return known[i][1];
    return "value";
}

/* What the file has instead of a figure is its way to say that it does not know. */
static bool is_unknown(const struct fact *f)
{
    return f->kind == FACT_NULL ||
           (f->kind == FACT_TEXT && (strstr(f->text, "N/A") || strstr(f->text, "Not Supported")));
}

/* Why the document's own tool's figure is none; NULL: it is one. */
static const char *fault_of(const struct reading *in, const struct form_field *field, double x)
{
    if (!in->their || !field->fault || !form_holds(in->file, field->fault_if, true) ||
        (field->fault_up_to > 0 && x > field->fault_up_to))
        return NULL;
    return field->fault;
}

static void take_figure(struct reading *in, const struct form_field *field, double x,
                        struct result *row)
{
    const char *fault = fault_of(in, field, x);

    if (x == 0 && !in->ours) {
        import_refuse(row, RESULT_SKIPPED, "0 in the file, which also stands for not known there");
        return;
    }
    if (fault) {
        import_refuse(row, RESULT_INVALID, fault);
        return;
    }
    if (in->their && field->theirs != 0) {
        result_note(row, "%.6g in the file, times %.6g: %s", x, field->theirs, in->form->units);
        x *= field->theirs;
    }
    if (x == 0)
        row->value = 0; /* measured: an idle device's load */
    else
        import_value(row, x, NAN, NAN, in->start, in->e);
}

static void read_figure(struct reading *in, const struct form_field *field, const struct fact *f)
{
    const char *device =
        strstr(field->what, "@gpu") || (field->which && strstr(field->which, "gpu.")) ? "gpu:0"
                                                                                      : "cpu";
    struct result *row = import_row(in->out, in->form->tool, device, metric_of(field->unit),
                                    field->unit, field->of, in->e);
    double x = number_of(f);

    import_param(row, "field", field->path, in->e);
    if (!row)
        return;
    read_settings(in, field, row);
    if (is_unknown(f))
        import_refuse(row, RESULT_SKIPPED,
                      f->kind == FACT_TEXT ? "N/A in the file"
                      : f->text[0]         ? f->text
                                           : "null in the file");
    else if (!isfinite(x) || x < 0)
        ERR(in->e, ERR_FORMAT, "%s: a number from 0 on, or null, was expected", field->path);
    else
        take_figure(in, field, x, row);
}

static void read_fields(struct reading *in)
{
    for (int i = 0; i < in->form->n && !in->e->code; i++) {
        const struct form_field *field = &in->form->fields[i];
        const struct fact *f = facts_get(in->file, field->path);

        if (!f)
            continue;
        if (field->from == FORM_MACHINE || field->from == FORM_BUILD)
            read_fact(in, field, f);
        else if (field->unit)
            read_figure(in, field, f);
    }
    if (!facts_get(&in->out->machine, "cpu.model"))
        facts_null(&in->out->machine, "cpu.model", "the file does not say");
    if (in->out->machine.lost || in->out->build.lost)
        ERR(in->e, ERR_NOMEM, "no memory for what it says of the machine");
    if (in->out->n_results == 0 && !in->e->code)
        ERR(in->e, ERR_FORMAT, "none of the figures of %s", in->form->file);
}

static void read_facts(json_t *json, void *self, struct err *why)
{
    struct jsonio_in in = jsonio_root(json, NULL, why);
    bool lost = false;

    if (jsonio_ok(&in) && !json_object_get(json, "unavailable"))
        jsonio_put(json, "unavailable", json_object(), &lost);
    if (lost)
        jsonio_lost(&in);
    facts_json_parse(&in, self);
}

static int read_file(const struct import_source *src, struct facts *file, struct err *e)
{
    static const struct json_document document = { .what = "the file", .read = read_facts };

    return is_table(src) ? form_print_read(src->text, file, e)
                         : json_document_parse(&document, src->text, src->n, file, e);
}

static int read_text(const struct import_source *src, struct run_record *out, struct err *e)
{
    struct facts file = { 0 };
    struct err why = { 0 };
    struct reading in = { .form = form_of(src), .file = &file, .out = out, .e = &why };
    int rc = 0;

    TRY(read_file(src, &file, e));
    in.ours = form_holds(&file, "generator=headroom", false);
    in.their = !in.ours && form_holds(&file, in.form->own_if, true);
    in.start = import_time(facts_get_text(&file, "timestamp", ""));
    import_head(out, src, in.form->tool, facts_get_text(&file, "generator", ""), in.start, &why);
    if (!isfinite(in.start))
        in.start = src->modified_unix_s;
    read_fields(&in);
    if (why.code)
        rc = ERR(e, why.code, "%s", why.msg);
out:
    facts_release(&file);
    return rc;
}

const struct importer import_form = {
    .name = "form",
    .what = "forms D0, D2, D3",
    .detect = detect,
    .read = read_text,
};
